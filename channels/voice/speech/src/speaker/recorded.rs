//! Prompts recorded by a person: `{dir}/{language}/{name}.wav`.

use crate::{Pcm, SpeechError};
use daak_domain::language::Language;
use std::path::Path;

/// The recorded prompt `name` in `language`, or `None` if nobody has recorded it yet. Sound at
/// another rate than 8 or 16 kHz is brought to 16 kHz. Reads the disk: prepare prompts at start.
///
/// # Errors
/// [`SpeechError::BadRecording`] if the file is there and cannot be used, or the name is not made
/// of lower-case letters, digits, `-` and `_`, with dots between them (`your-wait.1`: the first piece of `your-wait`).
pub fn recorded(dir: &Path, language: Language, name: &str) -> Result<Option<Pcm>, SpeechError> {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    let plain = name.len() <= 64 && name.split('.').all(word);
    if !plain {
        return Err(SpeechError::BadRecording(format!(
            "{name:?} is no name of a prompt: use lower-case letters, digits, - and _, with dots between"
        )));
    }
    let path = dir.join(language.code()).join(format!("{name}.wav"));
    if !path.is_file() {
        return Ok(None);
    }
    let sound = Pcm::read_wav(&path)?;
    if sound.samples.is_empty() {
        return Err(SpeechError::BadRecording(format!("{}: it holds no sound", path.display())));
    }
    Ok(Some(if matches!(sound.rate, 8_000 | 16_000) { sound } else { sound.resampled(16_000)? }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_prompt_is_found_by_language_and_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("bn")).unwrap();
        let sound = Pcm { rate: 44_100, samples: vec![100; 44_100] };
        std::fs::write(dir.path().join("bn/welcome.wav"), sound.to_wav()).unwrap();
        let found = recorded(dir.path(), Language::Bn, "welcome").unwrap().unwrap();
        assert_eq!((found.rate, found.samples.len()), (16_000, 16_000));
        assert_eq!(recorded(dir.path(), Language::Hi, "welcome").unwrap(), None);
        std::fs::write(dir.path().join("bn/wait.1.wav"), sound.to_wav()).unwrap();
        assert!(recorded(dir.path(), Language::Bn, "wait.1").unwrap().is_some());
        assert_eq!(recorded(dir.path(), Language::Bn, "wait.2").unwrap(), None);
        std::fs::write(dir.path().join("bn/broken.wav"), b"not sound").unwrap();
        let error = recorded(dir.path(), Language::Bn, "broken").unwrap_err().to_string();
        assert!(error.contains("broken.wav"), "{error}");
    }

    #[test]
    fn a_name_never_leaves_the_directory() {
        for name in ["../bn/welcome", "/etc/passwd", "", "..", "a..b", ".a", "Großbuchstabe"] {
            assert!(recorded(Path::new("/"), Language::Bn, name).is_err(), "{name}");
        }
    }
}
