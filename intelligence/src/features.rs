//! What the readers see of a text: numbered features, hashed, each with the words it comes from.

use crate::concepts::Concepts;
use crate::fold::{Word, words};
use crate::keywords::Keywords;
use crate::skeleton::{consonants, skeleton};
use crate::tense::tense;
use std::collections::BTreeMap;

/// Features are hashed to this many buckets.
pub const BUCKETS: usize = 1 << 18;
/// Words of a text that are read: what a citizen wants stands near the beginning.
const WORDS: usize = 400;
/// Concepts whose pairs are looked at.
const PAIRED: usize = 24;
/// Words after a sign of danger in which its tense is looked for.
const NEAR: usize = 5;

/// One feature of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Where it is hashed to.
    pub bucket: u32,
    /// How much it weighs in this text.
    pub value: f32,
    /// The first word it comes from, and the last.
    pub words: (u16, u16),
}

/// Which families of features are made; for comparing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Families {
    /// Folded words and their letters.
    pub folded: bool,
    /// The common form of all scripts.
    pub common: bool,
    /// The hand-written list of meanings.
    pub concepts: bool,
    /// The keywords of the configuration.
    pub keywords: bool,
}

impl Families {
    /// All of them: what ships.
    pub const ALL: Families = Families { folded: true, common: true, concepts: true, keywords: true };
}

/// Makes features.
#[derive(Debug, Clone)]
pub struct Features {
    concepts: Concepts,
    keywords: Keywords,
    families: Families,
}

impl Features {
    /// From the word lists.
    pub fn new(concepts: Concepts, keywords: Keywords, families: Families) -> Self {
        Self { concepts, keywords, families }
    }

    /// The keywords they look for.
    pub fn keywords(&self) -> &Keywords {
        &self.keywords
    }

    /// The concepts they look for.
    pub fn concepts(&self) -> &Concepts {
        &self.concepts
    }

    /// The words of a text that are read.
    pub fn words(&self, text: &str) -> Vec<Word> {
        let mut all = words(text);
        all.truncate(WORDS);
        all
    }

    /// The features of these words.
    pub fn of(&self, words: &[Word]) -> Vec<Feature> {
        let mut made = Made::default();
        let shown: Vec<String> = words.iter().map(|w| without_numbers(&w.folded)).collect();
        if self.families.folded {
            spelled(&shown, Spelling { family: 10, letters: 3..=5, force: [1.0, 0.4, 0.4] }, &mut made);
        }
        if self.families.common {
            let bare: Vec<String> = shown.iter().map(|w| skeleton(w)).collect();
            spelled(&bare, Spelling { family: 20, letters: 3..=4, force: [0.9, 0.4, 0.4] }, &mut made);
            for (at, word) in bare.iter().enumerate() {
                made.add(30, &consonants(word), (at, at));
            }
            made.close(0.7, 5);
        }
        if self.families.concepts {
            self.meanings(words, &mut made);
        }
        if self.families.keywords {
            self.known_words(words, &mut made);
        }
        made.features
    }

    /// What the keywords alone say of each category: shares of what was found, each below one.
    pub fn told_by_keywords(&self, words: &[Word], categories: &[String]) -> Vec<f32> {
        let mut told = vec![0.0f32; categories.len()];
        for hit in self.keywords.lexicon.find(words) {
            let length = (hit.words.1 - hit.words.0) as f32;
            let at = self.keywords.groups.get(hit.group).and_then(|code| categories.iter().position(|c| c == code));
            if let Some(told) = at.and_then(|at| told.get_mut(at)) {
                // A longer phrase says more than its weight alone.
                *told += hit.weight * (1.0 + 0.25 * length);
            }
        }
        // One weak word alone tells little: the constant keeps it low.
        let all: f32 = told.iter().sum::<f32>() + 1.5;
        told.iter_mut().for_each(|share| *share /= all);
        told
    }

    fn meanings(&self, words: &[Word], made: &mut Made) {
        let found = self.concepts.find(words);
        for (id, at) in &found {
            made.add(40, &id.to_string(), *at);
        }
        made.close(1.8, 2);
        let found = &found[..found.len().min(PAIRED)];
        for (n, (first, at)) in found.iter().enumerate() {
            for (second, other) in &found[n + 1..] {
                let (low, high) = (first.min(second), first.max(second));
                made.add(41, &format!("{low} {high}"), (at.0, other.1));
            }
        }
        made.close(1.2, 3);
        self.kinds(words, found, made);
    }

    /// What speaks of danger, with when it is said to happen and what takes its force away.
    fn kinds(&self, words: &[Word], found: &[(usize, (usize, usize))], made: &mut Made) {
        let kinds: Vec<(&str, usize, (usize, usize))> =
            found.iter().filter_map(|(id, at)| self.concepts.kind_of(*id).map(|kind| (kind, *id, *at))).collect();
        let mut signs: BTreeMap<&str, usize> = BTreeMap::new();
        for (kind, _, at) in &kinds {
            *signs.entry(kind).or_default() += 1;
            made.add(42, kind, *at);
            let near = words.iter().enumerate().skip(at.0).take(at.1 - at.0 + NEAR).find_map(|(n, w)| tense(w).map(|t| (n, t)));
            let (until, said) = near.map_or((at.1, "none"), |(n, t)| (n, t.name()));
            made.add(43, &format!("{kind} {said}"), (at.0, until.max(at.1)));
        }
        for (kind, signs) in signs {
            made.add(44, &format!("{kind} {}", signs.min(4)), (0, 0));
        }
        made.close(1.0, 3);
        for (kind, _, at) in kinds.iter().filter(|(kind, ..)| !matches!(*kind, "safe" | "ask")) {
            for (_, id, other) in kinds.iter().filter(|(kind, ..)| matches!(*kind, "safe" | "ask")) {
                made.add(45, &format!("{kind} {id}"), (at.0.min(other.0), at.1.max(other.1)));
            }
        }
        made.close(0.8, 3);
    }

    fn known_words(&self, words: &[Word], made: &mut Made) {
        for hit in self.keywords.lexicon.find(words) {
            let family = if hit.weight > 3.0 { 50 } else { 51 };
            made.add(family, &hit.group.to_string(), hit.words);
        }
        made.close(1.2, 3);
        let heard = self.keywords.emergencies.look(words);
        if heard.score > 0.0 {
            made.add(52, if heard.is { "danger" } else { "hint" }, (0, 0));
        }
        if self.keywords.emergencies.is_long_ago(words) {
            made.add(52, "past", (0, 0));
        }
        made.close(0.8, 2);
    }
}

/// How words are taken apart.
struct Spelling {
    family: u8,
    letters: std::ops::RangeInclusive<usize>,
    /// Of words, of two words, of letters.
    force: [f32; 3],
}

fn spelled(words: &[String], spelling: Spelling, made: &mut Made) {
    let Spelling { family, letters, force } = spelling;
    let telling = |word: &(usize, &String)| !made_of_nothing(word.1);
    for (at, word) in words.iter().enumerate().filter(telling) {
        made.add(family, word, (at, at));
    }
    made.close(force[0], 5);
    for (at, two) in words.windows(2).enumerate() {
        made.add(family + 1, &format!("{} {}", two[0], two[1]), (at, at + 1));
    }
    for (at, three) in words.windows(3).enumerate() {
        made.add(family + 2, &format!("{} {}", three[0], three[2]), (at, at + 2));
    }
    made.close(force[1], 5);
    for (at, word) in words.iter().enumerate().filter(telling) {
        let edged: Vec<char> = std::iter::once('_').chain(word.chars().take(24)).chain(['_']).collect();
        for n in letters.clone() {
            for run in edged.windows(n) {
                made.add(family + 3, &run.iter().collect::<String>(), (at, at));
            }
        }
    }
    made.close(force[2], 40);
}

/// English words, folded, that say nothing alone: an English text has more of them than of others, and they would drown these. Beside
/// another word they still count.
const NOTHING: [&str; 43] = [
    "te", "a", "an", "of", "to", "and", "in", "on", "at", "bi", "for", "from", "bit", "is", "are", "am", "be", "ben", "bas", "ber", "has",
    "hab", "had", "it", "its", "tat", "tis", "tose", "tei", "ei", "mi", "me", "i", "ur", "us", "he", "she", "his", "her", "but", "or",
    "as", "so",
];

fn made_of_nothing(folded: &str) -> bool {
    NOTHING.contains(&folded)
}

/// A number says by its length what it is, not by its digits.
fn without_numbers(folded: &str) -> String {
    if !folded.starts_with(|c: char| c.is_ascii_digit()) {
        return folded.to_owned();
    }
    let digits = folded.chars().take_while(char::is_ascii_digit).count();
    if digits <= 1 { folded.to_owned() } else { format!("#{}{}", digits.min(12), &folded[digits..]) }
}

/// Features being made, family by family.
#[derive(Default)]
struct Made {
    features: Vec<Feature>,
    closed: usize,
}

impl Made {
    fn add(&mut self, family: u8, content: &str, words: (usize, usize)) {
        if content.is_empty() {
            return;
        }
        let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let bucket = (hash(family, content.as_bytes()) % BUCKETS as u64) as u32;
        self.features.push(Feature { bucket, value: 1.0, words: (narrow(words.0), narrow(words.1)) });
    }

    /// Gives the features since the last call together the length `force`; what occurs twice counts once. Where there are fewer
    /// than `enough`, they are shorter: two words must not be as sure as ten.
    fn close(&mut self, force: f32, enough: usize) {
        let mut seen = std::collections::HashSet::new();
        let mut kept: Vec<Feature> = self.features.drain(self.closed..).collect();
        kept.retain(|feature| seen.insert(feature.bucket));
        let value = force / (kept.len().max(enough) as f32).sqrt();
        self.features.extend(kept.into_iter().map(|feature| Feature { value, ..feature }));
        self.closed = self.features.len();
    }
}

/// FNV-1a, and a stir at the end, because its low bits are poor.
fn hash(family: u8, content: &[u8]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64 ^ u64::from(family);
    for byte in std::iter::once(&family).chain(content) {
        h = (h ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    h ^= h >> 32;
    h = h.wrapping_mul(0xd6e8_feb8_6659_fd93);
    h ^ (h >> 32)
}
