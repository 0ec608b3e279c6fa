//! Recordings of people, with what they say.

use crate::{Pcm, SpeechError};
use daak_domain::language::Language;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One recording.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The file's name.
    pub name: String,
    /// What is said.
    pub text: String,
    /// The sound.
    pub sound: Pcm,
}

/// Recordings in one language.
#[derive(Debug, Clone)]
pub struct Material {
    /// What it is, for the table of trust.
    pub name: String,
    /// The language.
    pub language: Language,
    /// The recordings, in order of their names.
    pub samples: Vec<Sample>,
}

impl Material {
    /// Recordings of a directory: each `NAME.wav` with what is said in `NAME.txt`. This is how a
    /// helpline measures its own callers.
    ///
    /// # Errors
    /// A sentence naming the file that cannot be used.
    pub fn from_directory(dir: &Path, language: Language) -> Result<Self, SpeechError> {
        let unreadable = |path: &Path, e: &std::io::Error| SpeechError::BadRecording(format!("{}: {e}", path.display()));
        let mut texts: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(|e| unreadable(dir, &e))? {
            let path = entry.map_err(|e| unreadable(dir, &e))?.path();
            if path.extension().is_some_and(|e| e == "txt") && path.with_extension("wav").is_file() {
                texts.push(path);
            }
        }
        texts.sort();
        let mut samples = Vec::new();
        for path in texts {
            let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            samples.push(Sample { name, text: text.trim().to_owned(), sound: Pcm::read_wav(&path.with_extension("wav"))? });
        }
        Ok(Self { name: format!("{} recordings of {}", samples.len(), dir.display()), language, samples })
    }

    /// The English telephone prompts of Debian's `asterisk-core-sounds-en-wav` (8 kHz, one
    /// speaker, CC-BY-SA 3.0), those with at least `least` words and shorter than 30 s. `None` if
    /// the package is not installed.
    pub fn debian_english(least: usize) -> Option<Self> {
        let list = std::fs::read("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz").ok()?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(list.as_slice()).take(4 << 20).read_to_string(&mut text).ok()?;
        let dir = Path::new("/usr/share/asterisk/sounds/en_US_f_Allison");
        let mut samples: Vec<Sample> = spoken_lines(&text, least)
            .filter_map(|(name, said)| {
                let sound = Pcm::read_wav(&dir.join(name).with_extension("wav")).ok()?;
                let fits = sound.duration().as_secs() < 30;
                fits.then(|| Sample { name: name.to_owned(), text: said.to_owned(), sound })
            })
            .collect();
        samples.sort_by(|a, b| a.name.cmp(&b.name));
        samples.dedup_by(|a, b| a.text == b.text);
        let name = "asterisk-core-sounds-en-wav, 8 kHz".to_owned();
        (!samples.is_empty()).then_some(Self { name, language: Language::En, samples })
    }

    /// Every n-th recording, so that about `most` are left.
    #[must_use]
    pub fn thinned(mut self, most: usize) -> Self {
        let step = self.samples.len().div_ceil(most.max(1)).max(1);
        self.samples = self.samples.into_iter().step_by(step).collect();
        self
    }
}

/// `name: what is said`, without comments, sounds (`[beep]`) and short ones.
fn spoken_lines(list: &str, least: usize) -> impl Iterator<Item = (&str, &str)> {
    let lines = list.lines().filter(|line| !line.starts_with(';')).filter_map(|line| line.split_once(": "));
    lines.map(|(name, said)| (name.trim(), said.trim())).filter(move |(name, said)| {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        plain && !said.contains(['[', '<', '(']) && said.split_whitespace().count() >= least
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_spoken_are_told_from_the_others() {
        let list = "; a comment: with a colon\n\nwelcome: Welcome to the helpline.\nbeep: [a simple beep tone]\n../x: not a name at all\nyes: Yes.\n";
        assert_eq!(spoken_lines(list, 2).collect::<Vec<_>>(), [("welcome", "Welcome to the helpline.")]);
    }

    #[test]
    fn a_directory_of_sound_and_text_is_read_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "two"), ("a", " one \n")] {
            std::fs::write(dir.path().join(name).with_extension("txt"), text).unwrap();
            std::fs::write(dir.path().join(name).with_extension("wav"), Pcm { rate: 8000, samples: vec![1; 800] }.to_wav()).unwrap();
        }
        std::fs::write(dir.path().join("alone.txt"), "no sound").unwrap();
        let material = Material::from_directory(dir.path(), Language::Bn).unwrap();
        let read: Vec<_> = material.samples.iter().map(|s| (s.name.as_str(), s.text.as_str())).collect();
        assert_eq!(read, [("a", "one"), ("b", "two")]);
        assert_eq!(material.thinned(1).samples.len(), 1);
        assert!(Material::from_directory(Path::new("/nonexistent"), Language::Bn).is_err());
    }
}
