//! `[insight]`: measures and reports.

use daak_domain::language::Language;
use serde::Deserialize;

/// `[insight]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Insight {
    /// Who gets the report of each week by mail.
    pub weekly_to: Vec<String>,
    /// Its language.
    pub weekly_language: Language,
}

impl Default for Insight {
    fn default() -> Self {
        Self { weekly_to: Vec::new(), weekly_language: Language::Bn }
    }
}
