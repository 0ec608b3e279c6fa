//! espeak-ng as a process. Its licence (GPL-3) forbids linking; the text goes in on stdin, never as
//! an argument, where it could be taken for an option and is visible to every user of the machine.

use super::SpeakerConfig;
use crate::{Pcm, SpeechError};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Longest text, in bytes; about three minutes of speech.
const MOST_TEXT: usize = 6_000;
/// Most sound that is read, in bytes: ten minutes at 22,050 Hz.
const MOST_SOUND: u64 = 600 * 22_050 * 2;

/// Speaks one text, at the rate of the synthesiser.
pub(super) async fn synthesise(config: &SpeakerConfig, voice: &str, text: &str) -> Result<Pcm, SpeechError> {
    let text = harmless(text)?;
    tokio::time::timeout(config.limit, run(config, voice, text)).await.map_err(|_| SpeechError::TimedOut(config.limit))?
}

/// What the program calls itself.
pub(super) async fn version(program: &Path) -> Result<String, SpeechError> {
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .map_err(|_| SpeechError::NoSynthesiser(format!("{} does not answer", program.display())))?;
    let output = output.map_err(|e| missing(program, &e))?;
    let line = String::from_utf8_lossy(&output.stdout);
    Ok(line.lines().next().unwrap_or_default().split("  ").next().unwrap_or_default().to_owned())
}

async fn run(config: &SpeakerConfig, voice: &str, text: String) -> Result<Pcm, SpeechError> {
    let mut child = Command::new(&config.program)
        .args(["-v", voice, "-b", "1", "-s", &config.pace.to_string(), "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| missing(&config.program, &e))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(SpeechError::Unspoken("its pipes could not be opened".to_owned()));
    };
    let (mut sound, mut complaint) = (Vec::new(), String::new());
    let (mut stdout, mut stderr) = (stdout.take(MOST_SOUND), stderr.take(2_000));
    // It may end before it has read everything: what it says then is told by its exit.
    let give = async move {
        let _ = stdin.write_all(text.as_bytes()).await;
        drop(stdin);
    };
    let (_, heard, _) = tokio::join!(give, stdout.read_to_end(&mut sound), stderr.read_to_string(&mut complaint));
    heard.map_err(|e| SpeechError::Unspoken(e.to_string()))?;
    if sound.len() as u64 >= MOST_SOUND {
        return Err(SpeechError::Unspoken("the text gives more than ten minutes of speech".to_owned()));
    }
    let status = child.wait().await.map_err(|e| SpeechError::Unspoken(e.to_string()))?;
    if !status.success() {
        return Err(SpeechError::Unspoken(format!("{} ended with {status}: {}", config.program.display(), complaint.trim())));
    }
    Pcm::from_wav(&sound)
        .map_err(|why| SpeechError::Unspoken(format!("what it gave is no sound: {why} {}", complaint.trim()).trim().to_owned()))
}

fn missing(program: &Path, error: &std::io::Error) -> SpeechError {
    SpeechError::NoSynthesiser(format!("{} cannot be started ({error})", program.display()))
}

/// Without control characters and without `[[…]]`, which would be taken for phonemes.
fn harmless(text: &str) -> Result<String, SpeechError> {
    if text.len() > MOST_TEXT {
        return Err(SpeechError::Unspoken(format!("the text has {} bytes, at most {MOST_TEXT} are spoken", text.len())));
    }
    let plain = text.chars().map(|c| if c.is_control() || matches!(c, '[' | ']') { ' ' } else { c });
    let plain: String = plain.collect();
    if plain.trim().is_empty() { Err(SpeechError::Unspoken("the text is empty".to_owned())) } else { Ok(plain) }
}
