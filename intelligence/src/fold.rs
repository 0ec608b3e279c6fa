//! Words in a form in which spellings that people take for the same are the same.

use daak_domain::phone::digit_value;
use unicode_normalization::UnicodeNormalization;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: see [`fold`].
    pub folded: String,
    /// Where it stands in the text, in bytes.
    pub at: std::ops::Range<usize>,
}

/// Texts are looked at as far as this, in characters: what a citizen wants stands near the beginning.
pub const LOOKED_AT: usize = 20_000;

/// The words of `text`, in order.
pub fn words(text: &str) -> Vec<Word> {
    let (mut words, mut start) = (Vec::new(), None);
    for (at, c) in text.char_indices().take(LOOKED_AT).chain([(text.len(), ' ')]) {
        match (belongs_to_word(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let folded = fold(&text[from..at]);
                if !folded.is_empty() {
                    words.push(Word { folded, at: from..at });
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Letters, digits, and the signs that Indic scripts write around letters; apostrophes and joiners inside a word.
fn belongs_to_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '\u{0900}'..='\u{0963}' | '\u{0980}'..='\u{09FE}' | '\u{200C}' | '\u{200D}' | '\u{0300}'..='\u{036F}' | '\'' | '’')
}

/// Folds one word: case, marks, digits of three scripts, Bengali and Hindi letters that sound alike and are
/// mistaken for each other, and in Latin letters the many ways to romanise (`bhata`, `vata`, `bhaataa`).
pub fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfd() {
        match digit_value(c).unwrap_or(c) {
            'ী' => out.push('ি'),
            'ূ' => out.push('ু'),
            'ণ' => out.push('ন'),
            'শ' | 'ষ' => out.push('স'),
            'ৎ' => out.push('ত'),
            'ी' => out.push('ि'),
            'ू' => out.push('ु'),
            'ण' => out.push('न'),
            'श' | 'ष' => out.push('स'),
            'ँ' => out.push('ं'),
            'ঁ' | '\u{09BC}' | '\u{093C}' | '\u{200C}' | '\u{200D}' | '\'' | '’' | '\u{0300}'..='\u{036F}' => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    if out.bytes().any(|b| b.is_ascii_alphabetic()) { fold_latin(&out) } else { out }
}

/// Aspirates lose their h, long vowels their length, doubled letters their double.
fn fold_latin(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len());
    let mut i = 0;
    while let Some(&c) = letters.get(i) {
        let next = letters.get(i + 1).copied();
        let (folded, taken) = match (c, next) {
            ('c', Some('h')) => ("c", if letters.get(i + 2) == Some(&'h') { 3 } else { 2 }),
            ('s', Some('h')) => ("s", 2),
            ('p', Some('h')) => ("f", 2),
            ('t' | 'd' | 'b' | 'g' | 'k' | 'j', Some('h')) => (latin(c), 2),
            ('c', Some('k')) => ("k", 2),
            ('e', Some('e')) | ('i', Some('i')) => ("i", 2),
            ('o', Some('o' | 'u')) => ("u", 2),
            _ => (latin(c), 1),
        };
        i += taken;
        if folded.is_empty() {
            out.push(c);
        } else if !out.ends_with(folded) || c.is_ascii_digit() {
            out.push_str(folded);
        }
    }
    out
}

fn latin(c: char) -> &'static str {
    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    match c {
        'c' | 'q' => "k",
        'v' | 'w' => "b",
        'z' => "j",
        'y' => "i",
        'x' => "ks",
        _ => ALPHABET.find(c).map_or("", |at| &ALPHABET[at..=at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for (a, b) in [
            ("ভাতা", "ভাতা"),
            ("নথীভূক্ত", "নথিভুক্ত"),
            ("শহর", "সহর"),
            ("bhata", "vata"),
            ("Bhaataa", "bata"),
            ("laxmir", "laksmir"),
            ("বাঁধ", "বাধ"),
            ("गाँव", "गांव"),
            ("২০২৪", "2024"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("1100"), fold("10"));
    }

    #[test]
    fn words_know_where_they_stand() {
        let text = "আমার রেশন-কার্ড, don't!";
        let found: Vec<_> = words(text).into_iter().map(|w| text[w.at].to_owned()).collect();
        assert_eq!(found, ["আমার", "রেশন", "কার্ড", "don't"]);
    }
}
