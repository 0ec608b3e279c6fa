//! The words by which a ticket is found: the same on both databases, for every script.
//!
//! Text is decomposed where spelling varies (nukta, joiners), digits of three scripts become Latin, letters
//! become lower case; a word is a run of letters, combining marks and digits. Neither database's own tokeniser
//! leaves Bengali words whole, so both are given words and nothing else.

use daak_domain::phone::digit_value;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// Longest word that is indexed, in characters; the rest of it is not looked at.
const LONGEST: usize = 40;
/// Most different words of one text.
const MOST: usize = 4_000;

/// The different words of a text, normalised.
pub fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut word = String::new();
    for c in text.nfd().chain(std::iter::once(' ')) {
        if is_ignored(c) {
            continue;
        }
        if let Some(digit) = digit_value(c) {
            word.push(digit);
        } else if is_mark(c) || c.is_alphanumeric() {
            if c.is_ascii() { word.push(c.to_ascii_lowercase()) } else { word.extend(c.to_lowercase()) }
        } else if !word.is_empty() {
            found.insert(word.chars().take(LONGEST).collect());
            word.clear();
            if found.len() >= MOST {
                break;
            }
        }
    }
    found
}

/// Joiners and the nukta: people write the same word with and without them.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}' | '\u{9bc}' | '\u{93c}')
}

/// Combining marks: vowel signs, hasanta, candrabindu, and the Latin ones.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{951}'..='\u{957}' | '\u{962}' | '\u{963}'
        | '\u{981}'..='\u{983}' | '\u{9be}'..='\u{9cd}' | '\u{9d7}' | '\u{9e2}' | '\u{9e3}' | '\u{9fe}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn spellings_that_people_mix_are_the_same_word() {
        assert_eq!(of("বাড়ি"), of("বা\u{9a1}\u{9bc}ি"));
        assert_eq!(of("र\u{94d}\u{200d}क"), of("र\u{94d}क"));
        assert_eq!(of("২০২৬ সাল"), of("2026 সাল"));
        assert_eq!(of("ROAD, road; Road!"), ["road"]);
    }

    #[test]
    fn a_bengali_word_stays_whole_and_its_beginning_is_a_beginning() {
        assert_eq!(of("রাস্তা ভাঙা।").len(), 2);
        assert!(of("রাস্তা")[0].starts_with(&of("রাস")[0]));
    }

    #[test]
    fn a_flood_of_words_is_bounded() {
        let text: String = (0..50_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&text).len(), MOST);
        assert_eq!(of(&"x".repeat(10_000))[0].len(), LONGEST);
    }
}
