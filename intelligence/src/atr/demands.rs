//! What a grievance asks for, clause by clause, and whether a report speaks of it: compared by meaning, so that a report in
//! English can answer a citizen who wrote in Bengali.

use crate::concepts::Concepts;
use crate::fold::words;
use crate::skeleton::{consonants, skeleton};
use std::collections::BTreeSet;

/// One clause that asks for something.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand<'a> {
    /// Its text.
    pub text: &'a str,
    spoken_of: Spoken,
}

/// What a text speaks of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spoken {
    concepts: BTreeSet<usize>,
    words: BTreeSet<String>,
}

/// Meanings that stand in every grievance, and say nothing of its matter.
const EVERYWHERE: [&str; 30] = [
    "not_received",
    "stopped",
    "pending",
    "rejected",
    "applied",
    "how_to_apply",
    "portal",
    "list_name",
    "now",
    "today_tonight",
    "yesterday",
    "long_past",
    "help_me",
    "send_people",
    "village",
    "panchayat",
    "block_office",
    "official",
    "name_wrong",
    "girl",
    "child",
    "woman",
    "husband",
    "old_person",
    "is_well_now",
    "rumour",
    "should_be_done",
    "bank_account",
    "duare_sarkar",
    "house",
];
/// Clauses that are looked at.
const MOST: usize = 12;
/// Letters a word must have to be compared by sound.
const ENOUGH: usize = 4;

/// The clauses of a grievance that speak of a matter.
pub fn of<'a>(asked: &'a str, concepts: &Concepts) -> Vec<Demand<'a>> {
    let clauses = asked.split(['.', '!', '?', '।', '\n', ';']).map(str::trim).filter(|c| !c.is_empty());
    let demands = clauses.map(|text| Demand { text, spoken_of: spoken_of(text, concepts) });
    let mut demands: Vec<Demand<'a>> = demands.filter(|d| !d.spoken_of.concepts.is_empty()).take(MOST).collect();
    if demands.is_empty() && words(asked).len() > 2 {
        let spoken_of = spoken_of(asked, concepts);
        demands.push(Demand { text: asked, spoken_of });
    }
    demands
}

/// What a text speaks of.
pub fn spoken_of(text: &str, concepts: &Concepts) -> Spoken {
    let all = words(text);
    let matter = concepts.find(&all).into_iter().map(|(id, _)| id).filter(|id| !EVERYWHERE.contains(&concepts.name(*id)));
    let sounds = all.iter().map(|w| consonants(&skeleton(&w.folded))).filter(|s| s.len() >= ENOUGH);
    Spoken { concepts: matter.collect(), words: sounds.collect() }
}

impl Demand<'_> {
    /// Whether a report speaks of it.
    pub fn is_met_by(&self, report: &Spoken) -> bool {
        let shared = self.spoken_of.concepts.intersection(&report.concepts).count();
        shared > 0 || self.spoken_of.words.intersection(&report.words).count() >= 2
    }
}
