//! Phrases with weights, found in a text by their folded words.

use super::fold::{Word, words};
use std::collections::{HashMap, HashSet};

/// Phrases of several groups (categories, emergency), each with a weight.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    phrases: Vec<Phrase>,
    /// Phrases by their first word.
    by_first: HashMap<String, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Phrase {
    /// As it stands in the data.
    source: String,
    words: Vec<Stem>,
    group: usize,
    weight: f32,
}

/// A word of a phrase, and how the text may go on after it.
#[derive(Debug, Clone)]
struct Stem {
    folded: String,
    exact: bool,
}

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<'a> {
    /// The phrase as it stands in the data.
    pub phrase: &'a str,
    /// Its group.
    pub group: usize,
    /// Its weight.
    pub weight: f32,
    /// First and last word of the text that it covers.
    pub words: (usize, usize),
}

/// Words that may stand between two words of a phrase.
const GAP: usize = 1;

impl Lexicon {
    /// Adds a phrase. `=` after a word wants the word exactly; otherwise its inflections are found too.
    ///
    /// # Errors
    /// A sentence if the phrase has no word, or more than eight.
    pub fn add(&mut self, group: usize, source: &str, weight: f32) -> Result<(), String> {
        let mut stems = Vec::new();
        for piece in source.split_whitespace() {
            let exact = piece.ends_with('=');
            stems.extend(words(piece).into_iter().map(|word| Stem { folded: word.folded, exact }));
        }
        if stems.is_empty() || stems.len() > 8 {
            return Err(format!("the phrase {source:?} must have 1 to 8 words"));
        }
        let id = self.phrases.len();
        self.by_first.entry(stems[0].folded.clone()).or_default().push(id);
        self.phrases.push(Phrase { source: source.to_owned(), words: stems, group, weight });
        Ok(())
    }

    /// Every phrase found, by place; of a phrase found twice only the first, and of phrases of one group that begin
    /// at one word only the longest.
    pub fn find<'a>(&'a self, text: &[Word]) -> Vec<Hit<'a>> {
        let mut seen = HashSet::new();
        let mut hits = self.find_each(text);
        hits.retain(|hit| seen.insert((hit.group, hit.phrase)));
        hits
    }

    /// As [`Lexicon::find`], each time a phrase occurs.
    pub fn find_each<'a>(&'a self, text: &[Word]) -> Vec<Hit<'a>> {
        let mut hits: Vec<Hit<'a>> = Vec::new();
        for first in 0..text.len() {
            let here = hits.len();
            for id in self.beginning_with(&text[first].folded) {
                let phrase = &self.phrases[id];
                if let Some(last) = phrase.matches(text, first) {
                    hits.push(Hit { phrase: &phrase.source, group: phrase.group, weight: phrase.weight, words: (first, last) });
                }
            }
            keep_longest(&mut hits, here);
        }
        hits
    }

    fn beginning_with<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.filter_map(|end| self.by_first.get(&word[..end])).flatten().copied()
    }
}

impl Phrase {
    /// The last word covered, if the phrase begins at `first`.
    fn matches(&self, text: &[Word], first: usize) -> Option<usize> {
        let mut at = first;
        for (n, stem) in self.words.iter().enumerate() {
            let gap = if n == 0 { 0 } else { GAP };
            at = (at..=at + gap).find(|i| text.get(*i).is_some_and(|word| stem.fits(&word.folded)))?;
            at += 1;
        }
        Some(at - 1)
    }
}

impl Stem {
    fn fits(&self, word: &str) -> bool {
        let Some(rest) = word.strip_prefix(self.folded.as_str()) else { return false };
        if rest.is_empty() || self.exact {
            return rest.is_empty();
        }
        let latin = self.folded.is_ascii();
        match (self.folded.chars().count(), rest.chars().count()) {
            (4.., 1..=5) if !latin => true,
            (4.., 1..=4) if latin => true,
            _ => SUFFIXES.contains(&rest),
        }
    }
}

/// Endings that also a short word may take, folded: Bengali, Hindi, romanised and English.
const SUFFIXES: [&str; 38] = [
    "র",
    "ের",
    "ে",
    "তে",
    "টা",
    "টি",
    "টার",
    "টির",
    "কে",
    "ও",
    "ই",
    "গুলো",
    "গুলি",
    "দের",
    "রা",
    "া",
    "য",
    "টাই",
    "খানা",
    "এর",
    "ों",
    "ें",
    "े",
    "ा",
    "ि",
    "ियों",
    "ो",
    "s",
    "er",
    "e",
    "te",
    "ta",
    "ti",
    "tar",
    "ke",
    "r",
    "o",
    "ed",
];

fn keep_longest(hits: &mut Vec<Hit<'_>>, from: usize) {
    if hits.len() - from < 2 {
        return;
    }
    let here = hits.split_off(from);
    for hit in &here {
        let longer = here.iter().any(|o| o.group == hit.group && (o.words.1, o.weight) > (hit.words.1, hit.weight));
        if !longer && !hits[from..].iter().any(|kept| kept.group == hit.group) {
            hits.push(hit.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon(phrases: &[(usize, &str)]) -> Lexicon {
        let mut lexicon = Lexicon::default();
        for (group, phrase) in phrases {
            lexicon.add(*group, phrase, 1.0).expect("valid");
        }
        lexicon
    }

    fn found(lexicon: &Lexicon, text: &str) -> Vec<String> {
        lexicon.find(&words(text)).into_iter().map(|h| h.phrase.to_owned()).collect()
    }

    #[test]
    fn inflections_gaps_and_spellings() {
        let all = lexicon(&[(0, "রেশন কার্ড"), (1, "জল"), (2, "ration card"), (3, "bus="), (4, "bhata")]);
        assert_eq!(found(&all, "আমার রেশনের কার্ডটা হারিয়েছে"), ["রেশন কার্ড"]);
        assert_eq!(found(&all, "জলের কল; জলদি"), ["জল"]);
        assert_eq!(found(&all, "amar Rashan nai, RATION er CARD"), ["ration card"]);
        assert_eq!(found(&all, "business bus"), ["bus="]);
        assert_eq!(found(&all, "vata bondho"), ["bhata"]);
        assert!(found(&all, "ration shop").is_empty());
        assert!(lexicon(&[]).add(0, " ", 1.0).is_err());
    }

    #[test]
    fn the_longest_of_a_group_counts_once() {
        let all = lexicon(&[(0, "street"), (0, "street light"), (1, "street")]);
        assert_eq!(found(&all, "street light street light"), ["street light", "street"]);
    }
}
