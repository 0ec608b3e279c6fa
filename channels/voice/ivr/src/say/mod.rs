//! Turning numbers, dates and ticket numbers into words of the three languages: a synthesiser reads digits badly
//! ("four thousand five hundred…"), and nobody can write those down.

mod words;

use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::ticket::Number;
use jiff::tz::{Offset, TimeZone};
use words::{DIGITS, MONTHS, UNDER_HUNDRED};

/// The place of a language in the tables.
fn place(language: Language) -> usize {
    match language.answered_in() {
        Language::Hi => 1,
        Language::En => 2,
        _ => 0,
    }
}

/// Digits, one by one.
pub fn digits(text: &str, language: Language) -> String {
    let words = text.chars().filter_map(|c| c.to_digit(10)).map(|d| DIGITS[place(language)][d as usize]);
    words.collect::<Vec<_>>().join(" ")
}

/// A ticket's number: digit by digit, in the groups in which it is written, with a pause between them.
pub fn ticket(number: Number, language: Language) -> String {
    let groups = number.grouped();
    groups.split(' ').map(|group| digits(group, language)).collect::<Vec<_>>().join(", ")
}

/// A whole number: as one word up to 99, digit by digit beyond.
pub fn count(n: u64, language: Language) -> String {
    match (usize::try_from(n), place(language)) {
        (Ok(n @ 0..100), 2) => english(n),
        (Ok(n @ 0..100), place) => UNDER_HUNDRED[place][n].to_owned(),
        _ => digits(&n.to_string(), language),
    }
}

/// A day: its number and month, in India's time.
pub fn date(at: Timestamp, language: Language) -> String {
    let day = at.to_zoned_datetime(india()).date();
    let (number, month) = (u64::from(day.day().unsigned_abs()), MONTHS[place(language)][usize::from(day.month().unsigned_abs()) - 1]);
    format!("{} {month}", count(number, language))
}

/// India's time, which has no summer.
fn india() -> TimeZone {
    Offset::from_seconds(19_800).map_or(TimeZone::UTC, TimeZone::fixed)
}

/// Minutes.
pub fn minutes(n: u64, language: Language) -> String {
    let n = n.max(1);
    match place(language) {
        0 => format!("{} মিনিট", count(n, language)),
        1 => format!("{} मिनट", count(n, language)),
        _ if n == 1 => "one minute".to_owned(),
        _ => format!("{} minutes", count(n, language)),
    }
}

fn english(n: usize) -> String {
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
    const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    match (n / 10, n % 10) {
        (0 | 1, _) => SMALL[n].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{} {}", TENS[tens], SMALL[ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_number_is_said_digit_by_digit_in_groups() {
        let number = Number::from_serial(1);
        for language in Language::SERVED {
            let said = ticket(number, language);
            assert_eq!(said.split(", ").map(|group| group.split(' ').count()).collect::<Vec<_>>(), [3, 3, 4], "{said}");
            assert!(!said.chars().any(char::is_numeric), "{said}");
        }
        assert_eq!(digits("৬1-২", Language::En), "one", "only what is a Latin digit is said");
        assert_eq!(digits("612", Language::Bn), "ছয় এক দুই");
        assert_eq!(digits("612", Language::Hi), "छह एक दो");
    }

    #[test]
    fn counts_dates_and_minutes_are_words() {
        assert_eq!(count(42, Language::En), "forty two");
        assert_eq!(count(42, Language::Bn), "বিয়াল্লিশ");
        assert_eq!(count(42, Language::Hi), "बयालीस");
        let at = "2026-11-23T20:00:00Z".parse().expect("a time");
        assert_eq!(date(at, Language::En), "twenty four November");
        assert_eq!(date(at, Language::Bn), "চব্বিশ নভেম্বর");
        assert_eq!(minutes(0, Language::En), "one minute");
        assert_eq!(minutes(5, Language::Hi), "पाँच मिनट");
    }

    #[test]
    fn the_tables_are_whole_and_without_repetition() {
        for table in &UNDER_HUNDRED {
            let distinct: std::collections::BTreeSet<_> = table.iter().collect();
            assert_eq!(distinct.len(), 100);
        }
    }
}
