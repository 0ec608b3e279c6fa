//! Whether life or limb are at stake now: words, and what takes their force away.

use super::fold::Word;
use super::lexicon::{Hit, Lexicon};
use super::seeds::Danger;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What speaks for an emergency.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Emergency {
    /// Whether it is to be treated as one.
    pub is: bool,
    /// 0 to 1.
    pub score: f32,
    /// The words that say so.
    pub because: Vec<String>,
    /// What endangers, where it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Danger>,
    /// How fast somebody must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
}

/// How fast somebody must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Minutes count.
    Now,
    /// Within two hours.
    Soon,
}

impl Emergency {
    /// Whether a citizen may harm themself: a person takes over at once, gently, by the script for it.
    pub fn is_self_harm(&self) -> bool {
        self.is && self.kind == Some(Danger::SelfHarm)
    }
}

/// `[emergency]` of the keywords.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyWords {
    /// From this score on it is an emergency.
    threshold: f32,
    /// Each is enough alone.
    certain: Vec<String>,
    /// Two of these are enough.
    likely: Vec<String>,
    /// These add to others.
    hint: Vec<String>,
    /// Right after the words (Bengali, Hindi): it did not happen.
    not_after: Vec<String>,
    /// Right before the words (English): it did not happen.
    not_before: Vec<String>,
    /// Near the words: it was long ago, or is only spoken of.
    long_ago: Vec<String>,
}

/// Looks for emergencies.
#[derive(Debug, Clone)]
pub struct Emergencies {
    words: Lexicon,
    not_after: Lexicon,
    not_before: Lexicon,
    long_ago: Lexicon,
    threshold: f32,
}

/// Force of `certain`, `likely` and `hint`.
const WEIGHTS: [f32; 3] = [1.0, 0.5, 0.25];
/// What remains of a word's force when it is denied, or long ago.
const DENIED: f32 = 0.0;
const PAST: f32 = 0.3;
/// How near "long ago" must stand, in words.
const NEAR: usize = 6;

impl Emergencies {
    /// From the data.
    ///
    /// # Errors
    /// A sentence about the phrase that cannot be used.
    pub fn new(data: &EmergencyWords) -> Result<Self, String> {
        if !(0.1..=1.0).contains(&data.threshold) {
            return Err(format!("the threshold {} must be 0.1 to 1.0", data.threshold));
        }
        let mut words = Lexicon::default();
        for (list, weight) in [&data.certain, &data.likely, &data.hint].into_iter().zip(WEIGHTS) {
            for phrase in list {
                words.add(0, phrase, weight)?;
            }
        }
        let guard = |list: &[String]| {
            let mut lexicon = Lexicon::default();
            list.iter().try_for_each(|phrase| lexicon.add(0, phrase, 1.0)).map(|()| lexicon)
        };
        Ok(Self {
            words,
            not_after: guard(&data.not_after)?,
            not_before: guard(&data.not_before)?,
            long_ago: guard(&data.long_ago)?,
            threshold: data.threshold,
        })
    }

    /// Whether the text speaks of something long ago.
    pub fn is_long_ago(&self, text: &[Word]) -> bool {
        !self.long_ago.find(text).is_empty()
    }

    /// Looks at a text's words.
    pub fn look(&self, text: &[Word]) -> Emergency {
        let hits = self.words.find_each(text);
        if hits.is_empty() {
            return Emergency::default();
        }
        let places = |lexicon: &Lexicon| lexicon.find_each(text).into_iter().map(|hit| hit.words).collect::<Vec<_>>();
        let (after, before, past) = (places(&self.not_after), places(&self.not_before), places(&self.long_ago));
        let force = |hit: &Hit<'_>| {
            let (first, last) = hit.words;
            let denied = after.iter().any(|(at, _)| *at == last + 1) || before.iter().any(|(_, end)| *end < first && first - end <= 2);
            let long_ago = past.iter().any(|(at, end)| at.saturating_sub(last) <= NEAR && first.saturating_sub(*end) <= NEAR);
            hit.weight
                * if denied {
                    DENIED
                } else if long_ago {
                    PAST
                } else {
                    1.0
                }
        };
        let mut because: Vec<(f32, &Hit<'_>)> = hits.iter().map(|hit| (force(hit), hit)).filter(|(force, _)| *force > 0.0).collect();
        because.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut seen = HashSet::new();
        because.retain(|(_, hit)| seen.insert(hit.phrase));
        let score = because.iter().map(|(force, _)| force).sum::<f32>().min(1.0);
        Emergency {
            is: score >= self.threshold,
            score,
            because: because.iter().take(8).map(|(_, hit)| hit.phrase.to_owned()).collect(),
            ..Emergency::default()
        }
    }
}
