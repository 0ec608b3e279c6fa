//! How far a model is believed, by language: measured, never assumed.

use crate::SpeechError;
use daak_domain::language::Language;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a recogniser's text in a language may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Measured useless: the recogniser is not even asked.
    Nothing,
    /// A phonetic guess in Latin letters beside the recording.
    Hint,
    /// A draft for people. It decides nothing.
    Draft,
    /// May stand as the text of record.
    Record,
}

/// The word error rates measured for one model, kept in `trust.toml` beside it.
///
/// ```toml
/// [model."0a1b…"]            # SHA-256 of the model file, or the name of the server's model
/// en = { wer = 0.087, clips = 40, material = "Debian asterisk-core-sounds-en, 8 kHz" }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustTable {
    /// By model, then by language code.
    #[serde(default)]
    pub model: BTreeMap<String, BTreeMap<Language, Measured>>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Word error rate; 0.1 is one word wrong in ten, and it may exceed 1.
    pub wer: f64,
    /// Clips of real human speech it was measured on.
    pub clips: u32,
    /// What they were.
    #[serde(default)]
    pub material: String,
}

impl Measured {
    /// Highest word error rate at which text may stand as the text of record.
    pub const RECORD_WER: f64 = 0.15;
    /// Fewest clips from which that is concluded.
    pub const RECORD_CLIPS: u32 = 20;
    /// Word error rate from which on text is worth nothing, even to people.
    pub const USELESS_WER: f64 = 0.75;

    /// What follows from this measurement.
    pub fn trust(&self) -> Trust {
        if !self.wer.is_finite() || self.wer >= Self::USELESS_WER {
            Trust::Nothing
        } else if self.wer <= Self::RECORD_WER && self.clips >= Self::RECORD_CLIPS {
            Trust::Record
        } else {
            Trust::Draft
        }
    }
}

impl TrustTable {
    /// The file beside a model: `trust.toml` in the same directory.
    pub fn beside(model: &Path) -> PathBuf {
        model.with_file_name("trust.toml")
    }

    /// Reads a table; a missing file is an empty one.
    ///
    /// # Errors
    /// A sentence with file and line if it is there and cannot be read.
    pub fn load(path: &Path) -> Result<Self, SpeechError> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|e| SpeechError::NoRecogniser(format!("{}: {}", path.display(), e.to_string().trim())))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(SpeechError::NoRecogniser(format!("{} cannot be read: {e}", path.display()))),
        }
    }

    /// Writes the table, whole or not at all.
    ///
    /// # Errors
    /// The disk's own.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        let unfinished = path.with_extension("toml.part");
        std::fs::write(&unfinished, text)?;
        std::fs::rename(unfinished, path)
    }

    /// Notes a measurement, in place of an earlier one.
    pub fn note(&mut self, model: &str, language: Language, measured: Measured) {
        self.model.entry(model.to_owned()).or_default().insert(language, measured);
    }

    /// The measurement for a model and language.
    pub fn measured(&self, model: &str, language: Language) -> Option<&Measured> {
        self.model.get(model)?.get(&language)
    }

    /// How far a model is believed. What was never measured is a draft; Bengali, where it is not
    /// measured good, is a phonetic hint.
    pub fn trust(&self, model: &str, language: Language) -> Trust {
        let trust = self.measured(model, language).map_or(Trust::Draft, Measured::trust);
        if language == Language::Bn && trust < Trust::Record { Trust::Hint } else { trust }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn measured(wer: f64, clips: u32) -> Measured {
        Measured { wer, clips, material: String::new() }
    }

    #[test]
    fn a_language_is_trusted_only_when_measured_good_on_enough_clips() {
        let mut table = TrustTable::default();
        assert_eq!(table.trust("m", Language::En), Trust::Draft, "never measured");
        table.note("m", Language::En, measured(0.09, 40));
        assert_eq!(table.trust("m", Language::En), Trust::Record);
        assert_eq!(table.trust("another", Language::En), Trust::Draft, "a measurement belongs to its model");
        table.note("m", Language::En, measured(0.09, 5));
        assert_eq!(table.trust("m", Language::En), Trust::Draft, "too few clips");
        table.note("m", Language::En, measured(0.2, 500));
        assert_eq!(table.trust("m", Language::En), Trust::Draft);
        table.note("m", Language::Hi, measured(1.3, 40));
        assert_eq!(table.trust("m", Language::Hi), Trust::Nothing);
        table.note("m", Language::Hi, measured(f64::NAN, 40));
        assert_eq!(table.trust("m", Language::Hi), Trust::Nothing);
    }

    #[test]
    fn bengali_is_a_hint_until_a_model_is_measured_good_for_it() {
        let mut table = TrustTable::default();
        assert_eq!(table.trust("m", Language::Bn), Trust::Hint);
        table.note("m", Language::Bn, measured(1.0, 40));
        assert_eq!(table.trust("m", Language::Bn), Trust::Hint);
        table.note("m", Language::Bn, measured(0.12, 40));
        assert_eq!(table.trust("m", Language::Bn), Trust::Record);
    }

    #[test]
    fn a_table_survives_the_disk_and_a_mistake_in_it_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trust.toml");
        assert_eq!(TrustTable::load(&path).unwrap(), TrustTable::default());
        let mut table = TrustTable::default();
        table.note("m", Language::En, measured(0.09, 40));
        table.save(&path).unwrap();
        assert_eq!(TrustTable::load(&path).unwrap(), table);
        std::fs::write(&path, "[model.m]\nen = { wer = \"low\" }\n").unwrap();
        let error = TrustTable::load(&path).unwrap_err().to_string();
        assert!(error.contains("trust.toml") && error.contains("line 2"), "{error}");
    }
}
