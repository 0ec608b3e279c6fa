//! Words in a report that are signs of how it was made.

use crate::fold::Word;
use crate::lexicon::Lexicon;
use serde::Deserialize;

/// `data/atr.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtrWords {
    done: Vec<String>,
    future: Vec<String>,
    forwarded: Vec<String>,
    contacted: Vec<String>,
    visited: Vec<String>,
    boilerplate: Vec<String>,
    refused: Vec<String>,
    rule: Vec<String>,
    tries: Vec<String>,
    court: Vec<String>,
    told_where: Vec<String>,
    withdrew: Vec<String>,
}

/// What words are a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Done,
    Future,
    Forwarded,
    Contacted,
    Visited,
    Boilerplate,
    Refused,
    Rule,
    Tries,
    Court,
    ToldWhere,
    Withdrew,
}

const ALL: [Sign; 12] = [
    Sign::Done,
    Sign::Future,
    Sign::Forwarded,
    Sign::Contacted,
    Sign::Visited,
    Sign::Boilerplate,
    Sign::Refused,
    Sign::Rule,
    Sign::Tries,
    Sign::Court,
    Sign::ToldWhere,
    Sign::Withdrew,
];

/// Finds signs.
#[derive(Debug, Clone)]
pub struct Signs(Lexicon);

/// Before a word for what was done, these say that it was not.
const NOT_BEFORE: [&str; 6] = ["not", "to", "yet", "be", "will", "shall"];
/// After it, in Bengali and Hindi, these do.
const NOT_AFTER: [&str; 4] = ["না", "নি", "নয়", "नहीं"];

impl Signs {
    /// From the data.
    pub fn new(data: &AtrWords) -> Result<Self, String> {
        let lists = [
            &data.done,
            &data.future,
            &data.forwarded,
            &data.contacted,
            &data.visited,
            &data.boilerplate,
            &data.refused,
            &data.rule,
            &data.tries,
            &data.court,
            &data.told_where,
            &data.withdrew,
        ];
        let mut lexicon = Lexicon::default();
        for (group, list) in lists.into_iter().enumerate() {
            for phrase in list {
                lexicon.add(group, phrase, 1.0)?;
            }
        }
        Ok(Self(lexicon))
    }

    /// Signs in a text, with the words as they stand there.
    pub fn find(&self, text: &str, words: &[Word]) -> Vec<(Sign, String)> {
        let said = |at: usize| words.get(at).map_or("", |w| &text[w.at.clone()]);
        let mut found = Vec::new();
        for hit in self.0.find_each(words) {
            let sign = ALL[hit.group];
            let (first, last) = hit.words;
            let before = first.checked_sub(1).map_or("", said).to_lowercase();
            let denied = NOT_BEFORE.contains(&before.as_str()) || NOT_AFTER.contains(&said(last + 1));
            if matches!(sign, Sign::Done | Sign::Contacted | Sign::Visited) && denied {
                continue;
            }
            found.push((sign, text[words[first].at.start..words[last].at.end].to_owned()));
        }
        found
    }
}
