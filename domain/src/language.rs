//! The languages in which citizens speak and are answered.

use serde::{Deserialize, Serialize};

/// A language that the helpline is addressed in. Prompts, messages and pages exist in
/// [`Language::SERVED`]; the others are recognised and answered through a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Bengali, বাংলা: the default.
    #[default]
    Bn,
    /// Hindi, हिन्दी.
    Hi,
    /// English.
    En,
    /// Nepali, नेपाली.
    Ne,
    /// Urdu, اردو.
    Ur,
}

impl Language {
    /// Languages in which every prompt, message and page must exist.
    pub const SERVED: [Language; 3] = [Language::Bn, Language::Hi, Language::En];

    /// The two-letter code of ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Language::Bn => "bn",
            Language::Hi => "hi",
            Language::En => "en",
            Language::Ne => "ne",
            Language::Ur => "ur",
        }
    }

    /// The language in which to answer: itself if it is served; Hindi for Nepali and Urdu.
    pub fn answered_in(self) -> Language {
        match self {
            Language::Ne | Language::Ur => Language::Hi,
            served => served,
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is not the code of a known language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {0:?}: use one of bn, hi, en, ne, ur")]
pub struct UnknownLanguage(pub String);

impl std::str::FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a BCP 47 tag by its first subtag: `bn`, `bn-IN`, `BN_in`.
    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "bn" | "ben" => Ok(Language::Bn),
            "hi" | "hin" => Ok(Language::Hi),
            "en" | "eng" => Ok(Language::En),
            "ne" | "nep" => Ok(Language::Ne),
            "ur" | "urd" => Ok(Language::Ur),
            _ => Err(UnknownLanguage(tag.chars().take(20).collect())),
        }
    }
}
