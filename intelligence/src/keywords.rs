//! `config/keywords.toml`: the words behind the first rough understanding, checked when the program starts.

use super::emergency::{Emergencies, EmergencyWords};
use super::language::{Languages, SmallWords};
use super::lexicon::Lexicon;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The words, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Keywords {
    /// Tells languages apart.
    pub languages: Languages,
    /// Hears danger.
    pub emergencies: Emergencies,
    /// Words of categories.
    pub lexicon: Lexicon,
    /// Category code of each group of the lexicon.
    pub groups: Vec<String>,
}

/// A mistake in the keywords.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct KeywordError {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1; 0 where the file cannot be read.
    pub line: usize,
    /// What is wrong and what to write.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    language: Spanned<SmallWords>,
    emergency: Spanned<EmergencyWords>,
    category: BTreeMap<Spanned<String>, Category>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Category {
    strong: Vec<Spanned<String>>,
    fair: Vec<Spanned<String>>,
    weak: Vec<Spanned<String>>,
}

/// Weights of `strong`, `fair` and `weak`.
const WEIGHTS: [f32; 3] = [4.0, 2.0, 1.0];

impl Keywords {
    /// Reads the file at `path`. `known` tells whether a code is one of the taxonomy.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn load(path: &Path, known: impl Fn(&str) -> bool) -> Result<Self, KeywordError> {
        let text = std::fs::read_to_string(path).map_err(|e| KeywordError {
            file: path.to_owned(),
            line: 0,
            what: format!("cannot be read ({e}): set data.folder to the folder with the project's masters"),
        })?;
        Self::read(&text, path, known)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`Keywords::load`].
    pub fn read(text: &str, path: &Path, known: impl Fn(&str) -> bool) -> Result<Self, KeywordError> {
        let wrong = |at: usize, what: String| KeywordError { file: path.to_owned(), line: line_of(text, at), what };
        let file: File = toml::from_str(text).map_err(|e| wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let (at_language, at_emergency) = (file.language.span().start, file.emergency.span().start);
        let languages = Languages::new(file.language.into_inner()).map_err(|e| wrong(at_language, e))?;
        let emergencies = Emergencies::new(file.emergency.get_ref()).map_err(|e| wrong(at_emergency, e))?;
        let (mut lexicon, mut groups) = (Lexicon::default(), Vec::new());
        for (code, category) in file.category {
            if !known(code.get_ref()) {
                return Err(wrong(code.span().start, format!("{:?} is no category of the taxonomy", code.get_ref())));
            }
            for (phrases, weight) in [category.strong, category.fair, category.weak].into_iter().zip(WEIGHTS) {
                for phrase in phrases {
                    lexicon.add(groups.len(), phrase.get_ref(), weight).map_err(|e| wrong(phrase.span().start, e))?;
                }
            }
            groups.push(code.into_inner());
        }
        Ok(Self { languages, emergencies, lexicon, groups })
    }
}

/// The line, from 1, in which byte `at` stands.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[language]\nbn_latin = [\"ami\"]\nhi_latin = [\"hai\"]\nen = [\"the\"]\nhi_devanagari = []\nne_devanagari = []\n\
        [emergency]\nthreshold = 0.75\ncertain = [\"on fire\"]\nlikely = []\nhint = []\nnot_after = []\nnot_before = []\nlong_ago = []\n\
        [category.\"a.b\"]\nstrong = [\"ration card\"]\n";

    fn error(text: &str) -> String {
        Keywords::read(text, Path::new("keywords.toml"), |code| code == "a.b").expect_err("refused").to_string()
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        assert!(Keywords::read(GOOD, Path::new("k"), |_| true).is_ok());
        assert_eq!(error(&GOOD.replace("a.b", "a.c")), "keywords.toml:15: \"a.c\" is no category of the taxonomy");
        assert!(error(&GOOD.replace("\"ration card\"", "\" \"")).starts_with("keywords.toml:16: the phrase"));
        assert!(error(&GOOD.replace("\"the\"", "\"the\", \"ami\"")).starts_with("keywords.toml:1: the small word \"ami\""));
        assert!(error(&GOOD.replace("strong", "stronk")).starts_with("keywords.toml:16: unknown field `stronk`"));
        assert!(error(&GOOD.replace("0.75", "7.5")).contains("0.1 to 1.0"));
        assert!(error("[").starts_with("keywords.toml:1: "));
    }
}
