//! How much money a text speaks of.

use crate::phone::digit_value;

/// Words and signs for rupees, before or after the number.
const RUPEES: [&str; 12] = ["₹", "rs", "inr", "rupee", "rupees", "taka", "টাকা", "টাকার", "টাকাও", "रुपये", "रुपए", "रुपया"];
/// Words that make a number larger.
const LARGER: [(&str, u64); 9] = [
    ("thousand", 1_000),
    ("hajar", 1_000),
    ("হাজার", 1_000),
    ("हज़ार", 1_000),
    ("हजार", 1_000),
    ("lakh", 100_000),
    ("লাখ", 100_000),
    ("লক্ষ", 100_000),
    ("लाख", 100_000),
];

/// The largest amount of rupees that a text names in digits (of any of the three scripts); none where it names none. `1,20,000` is one
/// number, `2 lakh` is two hundred thousand; a number beside no word for money is no amount.
pub fn rupees_in(text: &str) -> Option<u64> {
    let tokens = tokens(text);
    let mut largest = None;
    for (n, token) in tokens.iter().enumerate() {
        let Token::Number(number) = token else { continue };
        let word = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
            Some(Token::Word(word)) => word.as_str(),
            _ => "",
        };
        let larger = LARGER.iter().find(|(name, _)| *name == word(Some(n + 1)));
        let after = if larger.is_some() { n + 2 } else { n + 1 };
        let money = |word: &str| RUPEES.contains(&word);
        if money(word(n.checked_sub(1))) || money(word(Some(after))) {
            let amount = number.saturating_mul(larger.map_or(1, |(_, times)| *times));
            largest = largest.max(Some(amount));
        }
    }
    largest
}

enum Token {
    Number(u64),
    Word(String),
}

fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut chars) = (Vec::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if let Some(first) = digit_value(c) {
            let mut digits = String::from(first);
            while let Some(next) = chars.peek().copied() {
                match digit_value(next) {
                    Some(digit) => digits.push(digit),
                    None if next == ',' => {}
                    None => break,
                }
                chars.next();
            }
            // Longer ones are names of accounts, not amounts.
            if let Some(number) = digits.parse().ok().filter(|_| digits.len() <= 10) {
                tokens.push(Token::Number(number));
            }
        } else if c == '₹' {
            tokens.push(Token::Word("₹".into()));
        } else if is_of_a_word(c) {
            let mut word: String = c.to_lowercase().collect();
            while let Some(next) = chars.peek().copied().filter(|next| is_of_a_word(*next) && digit_value(*next).is_none()) {
                word.extend(next.to_lowercase());
                chars.next();
            }
            tokens.push(Token::Word(word));
        }
    }
    tokens
}

/// Letters, and the signs that stand with them in Bengali and Hindi.
fn is_of_a_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\u{0900}'..='\u{0965}' | '\u{0970}'..='\u{09E5}' | '\u{09F0}'..='\u{09FF}')
}
