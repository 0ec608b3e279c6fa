//! Word error rate: the least number of words put in, left out or changed, against the words that
//! were said (Levenshtein distance over words).

use std::ops::AddAssign;

/// Words that are wrong, of words that were said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Errors {
    /// Words put in, left out or changed.
    pub wrong: usize,
    /// Words that were said.
    pub said: usize,
}

impl Errors {
    /// Their ratio; 0 when nothing was said.
    pub fn rate(self) -> f64 {
        self.wrong as f64 / self.said.max(1) as f64
    }
}

impl AddAssign for Errors {
    fn add_assign(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.said += other.said;
    }
}

/// Compares a text with what was said. Case and punctuation do not count; "5" is "five".
pub fn word_errors(said: &str, heard: &str) -> Errors {
    let (said, heard) = (words(said), words(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (n, expected) in said.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = n + 1;
        for (m, got) in heard.iter().enumerate() {
            let change = diagonal + usize::from(expected != got);
            diagonal = row[m + 1];
            row[m + 1] = change.min(row[m] + 1).min(diagonal + 1);
        }
    }
    Errors { wrong: row[heard.len()], said: said.len() }
}

fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace(['\'', '’'], "");
    let parts = plain.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '।' | '…' | '–' | '—' | '“' | '”'));
    parts.filter(|w| !w.is_empty()).flat_map(spelled).collect()
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Figures as English words, up to 99; longer ones digit by digit.
fn spelled(word: &str) -> Vec<String> {
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return vec![word.to_owned()];
    }
    let names: Vec<&str> = match word.parse::<usize>() {
        Ok(n) if n < 20 && word.len() <= 2 => vec![SMALL[n]],
        Ok(n) if n < 100 && word.len() == 2 => [TENS[n / 10 - 2]].into_iter().chain((n % 10 > 0).then(|| SMALL[n % 10])).collect(),
        _ => word.bytes().map(|b| SMALL[usize::from(b - b'0')]).collect(),
    };
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_that_are_wrong() {
        let cases = [
            ("Press one for English.", "press 1, for english", 0, 4),
            ("the road is broken", "the road was broken", 1, 4),
            ("the road is broken", "road is broken down", 2, 4),
            ("the road", "", 2, 2),
            ("", "noise", 1, 0),
            ("You have twenty five messages", "You've 25 messages", 2, 5),
            ("call 033", "call zero three three", 0, 4),
            ("রাস্তা ভেঙে গেছে।", "রাস্তা ভেঙে গেছে", 0, 3),
        ];
        for (said, heard, wrong, of) in cases {
            assert_eq!(word_errors(said, heard), Errors { wrong, said: of }, "{said:?} against {heard:?}");
        }
    }
}
