//! Facts that stand in a text: sums of money, dates, numbers of applications, the person complained of.

use crate::fold::{Word, words};
use daak_domain::phone::digit_value;
use serde::Serialize;
use std::collections::BTreeSet;

/// What stands in a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facts {
    /// Sums in rupees.
    pub money: Vec<u64>,
    /// Dates as written, digits in ASCII: `24/11/2026`, `12 march 2024`.
    pub dates: Vec<String>,
    /// Numbers of applications, receipts, transactions, as written without spaces.
    pub references: Vec<String>,
    /// Whom the text complains of, by office: `pradhan`, `dealer`.
    pub complained_of: Vec<String>,
}

/// Facts of a kind are at most so many.
const MOST: usize = 8;

/// Words for a hundred, a thousand, a lakh, and what they stand for.
const TIMES: [(&str, u64); 16] = [
    ("হাজার", 1_000),
    ("हज़ार", 1_000),
    ("हजार", 1_000),
    ("hajar", 1_000),
    ("hazar", 1_000),
    ("thousand", 1_000),
    ("হাজাৰ", 1_000),
    ("k", 1_000),
    ("লাখ", 100_000),
    ("লক্ষ", 100_000),
    ("लाख", 100_000),
    ("lakh", 100_000),
    ("lac", 100_000),
    ("lakhs", 100_000),
    ("শো", 100),
    ("শ", 100),
];
const RUPEES: [&str; 14] = ["টাকা", "টাকার", "টাকাটা", "रुपये", "रुपए", "रुपया", "taka", "takar", "rupees", "rupee", "rs", "inr", "rupay", "rupaye"];
const MONTHS: [[&str; 4]; 12] = [
    ["january", "jan", "জানুয়ারি", "जनवरी"],
    ["february", "feb", "ফেব্রুয়ারি", "फरवरी"],
    ["march", "mar", "মার্চ", "मार्च"],
    ["april", "apr", "এপ্রিল", "अप्रैल"],
    ["may", "may", "মে", "मई"],
    ["june", "jun", "জুন", "जून"],
    ["july", "jul", "জুলাই", "जुलाई"],
    ["august", "aug", "আগস্ট", "अगस्त"],
    ["september", "sept", "সেপ্টেম্বর", "सितंबर"],
    ["october", "oct", "অক্টোবর", "अक्टूबर"],
    ["november", "nov", "নভেম্বর", "नवंबर"],
    ["december", "dec", "ডিসেম্বর", "दिसंबर"],
];
/// Offices that people complain of.
const OFFICES: [(&str, &[&str]); 12] = [
    ("pradhan", &["প্রধান", "pradhan", "prodhan", "मुखिया", "प्रधान", "mukhiya"]),
    ("member", &["মেম্বার", "সদস্য", "member"]),
    ("dealer", &["ডিলার", "dealer", "डीलर", "कोटेदार", "kotedar"]),
    ("contractor", &["ঠিকাদার", "contractor", "ठेकेदार", "thikadar", "thekedar"]),
    ("bdo", &["বিডিও", "bdo", "बीडीओ"]),
    ("doctor", &["ডাক্তার", "ডাক্তারবাবু", "doctor", "डॉक्टर", "daktar"]),
    ("headmaster", &["হেডমাস্টার", "হেডস্যার", "headmaster", "headmistress", "हेडमास्टर"]),
    ("police", &["পুলিশ", "ওসি", "police", "पुलिस"]),
    ("councillor", &["কাউন্সিলর", "councillor", "counciller", "पार्षद"]),
    ("clerk", &["কেরানি", "clerk", "kerani", "बाबू"]),
    ("employer", &["মালিক", "employer", "मालिक", "malik"]),
    ("lineman", &["লাইনম্যান", "lineman", "लाइनमैन"]),
];

/// Facts in `text`.
pub fn facts(text: &str) -> Facts {
    let all = words(text);
    let plain: Vec<String> = all.iter().map(|w| ascii(&text[w.at.clone()])).collect();
    Facts {
        money: money(text, &all, &plain),
        dates: dates(text, &all, &plain),
        references: references(&plain),
        complained_of: offices(&plain),
    }
}

fn ascii(word: &str) -> String {
    word.chars().map(|c| digit_value(c).unwrap_or(c)).flat_map(char::to_lowercase).collect()
}

fn number(word: &str) -> Option<u64> {
    (!word.is_empty() && word.len() <= 9 && word.bytes().all(|b| b.is_ascii_digit())).then(|| word.parse().ok()).flatten()
}

/// The number that begins at a word, with its thousands separated by commas (`1,20,000`), and the word after it.
fn grouped(text: &str, all: &[Word], plain: &[String], at: usize) -> Option<(u64, usize)> {
    let mut digits = number(plain.get(at)?)?.to_string();
    let mut next = at + 1;
    while let (Some(word), Some(before)) = (plain.get(next), all.get(next - 1)) {
        let comma = text.get(before.at.end..all[next].at.start) == Some(",");
        if !(comma && (2..=3).contains(&word.len()) && number(word).is_some() && digits.len() < 9) {
            break;
        }
        digits.push_str(word);
        next += 1;
    }
    Some((number(&digits)?, next))
}

fn money(text: &str, all: &[Word], plain: &[String]) -> Vec<u64> {
    let mut sums = BTreeSet::new();
    let mut at = 0;
    while at < plain.len() {
        let Some((mut sum, mut next)) = grouped(text, all, plain, at) else {
            at += 1;
            continue;
        };
        let times = plain.get(next).and_then(|word| TIMES.iter().find(|(name, _)| name == word));
        if let Some((_, by)) = times {
            sum = sum.saturating_mul(*by);
            next += 1;
        }
        let is_rupees = |word: Option<&String>| word.is_some_and(|w| RUPEES.contains(&w.as_str()));
        let sign = text[..all[at].at.start].trim_end().ends_with(['₹', '৳']);
        let before = at.checked_sub(1).and_then(|i| plain.get(i));
        if sign || is_rupees(before) || is_rupees(plain.get(next)) || times.is_some_and(|(_, by)| *by >= 1_000) {
            sums.insert(sum);
        }
        at = next;
    }
    sums.into_iter().take(MOST).collect()
}

fn dates(text: &str, all: &[Word], plain: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let between = |a: usize, b: usize| text.get(all[a].at.end..all[b].at.start).unwrap_or_default();
    let in_range = |at: usize, low: u64, high: u64| plain.get(at).and_then(|w| number(w)).filter(|n| (low..=high).contains(n));
    for at in 0..plain.len() {
        let slash = |a: usize| a + 1 < all.len() && matches!(between(a, a + 1), "/" | "-" | ".");
        if let (Some(day), Some(month), Some(year)) = (in_range(at, 1, 31), in_range(at + 1, 1, 12), in_range(at + 2, 0, 2100))
            && slash(at)
            && slash(at + 1)
        {
            let year = if year < 100 { year + 2000 } else { year };
            found.push(format!("{day:02}/{month:02}/{year}"));
        }
        let named = |i: usize| plain.get(i).and_then(|w| MONTHS.iter().position(|names| names.contains(&w.as_str())));
        if let (Some(day), Some(month)) = (in_range(at, 1, 31), named(at + 1)) {
            let year = in_range(at + 2, 1950, 2100).map(|y| format!(" {y}")).unwrap_or_default();
            found.push(format!("{day} {}{year}", MONTHS[month][0]));
        }
    }
    found.truncate(MOST);
    found
}

/// Letters and digits of at least six places with at least four digits, which are no money and no year.
fn references(plain: &[String]) -> Vec<String> {
    let is = |word: &&String| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        word.is_ascii() && word.len() <= 24 && digits >= 4 && (digits >= 7 || (word.len() >= 6 && digits < word.len()))
    };
    let mut found: Vec<String> = plain.iter().filter(is).map(|w| w.to_uppercase()).collect();
    found.truncate(MOST);
    found
}

fn offices(plain: &[String]) -> Vec<String> {
    let stands = |name: &str| plain.iter().any(|word| word == name || (name.chars().count() >= 4 && word.starts_with(name)));
    OFFICES.iter().filter(|(_, names)| names.iter().any(|name| stands(name))).map(|(office, _)| (*office).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_found() {
        let found = facts("প্রধান ২০ হাজার টাকা নিয়েছে ১২/০৩/২০২৪ তারিখে, আবেদন নং WB12345678");
        assert_eq!(found.money, [20_000]);
        assert_eq!(found.dates, ["12/03/2024"]);
        assert_eq!(found.references, ["WB12345678"]);
        assert_eq!(found.complained_of, ["pradhan"]);
        assert_eq!(facts("paid Rs. 1,20,000 on 5 March 2025").money, [120_000]);
        assert_eq!(facts("paid Rs. 1,20,000 on 5 March 2025").dates, ["5 march 2025"]);
        assert_eq!(facts("ward 12, 5 km, 2024").money, [0u64; 0]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,80}") {
            facts(&text);
        }
    }
}
