//! What a field executive brings back.

use crate::contact::Attachment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a field executive says of a visit. Times are the device's, put right by how far its clock was off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitReport {
    /// The device's own name for it: the same name twice is the same report.
    pub key: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was seen.
    pub remarks: String,
    /// What the checklist says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: Answers,
    /// Where the device was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// When it was written.
    pub written_at: Timestamp,
    /// By how many seconds the device's clock was ahead of ours when it was sent.
    #[serde(default)]
    pub clock_ahead_s: i64,
    /// Photographs, a voice, a signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How the beneficiary stands behind it.
    #[serde(default)]
    pub word: Word,
}

/// Answers of a checklist, by the item's code.
pub type Answers = BTreeMap<String, String>;

/// What came of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// They were there.
    Seen {
        /// Whether the matter is settled, by what they saw.
        settled: bool,
    },
    /// They could not see it.
    CouldNot {
        /// Code of the reason.
        reason: String,
    },
}

/// How the beneficiary stands behind a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Not at all: nobody was met, or they would not.
    #[default]
    None,
    /// They signed on the screen.
    Signature,
    /// They read out the code that was sent to their telephone.
    Code,
}

/// Where a device was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// WGS 84 latitude in degrees.
    pub lat: f64,
    /// WGS 84 longitude in degrees.
    pub lon: f64,
    /// The place is within so many metres of it with 95 % probability, as the device says.
    pub accuracy_m: f64,
    /// When it was found, by the device's clock put right.
    pub at: Timestamp,
}
