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

/// The names of the recordings of the ten digits.
pub const DIGIT_NAMES: [&str; 10] =
    ["digit-0", "digit-1", "digit-2", "digit-3", "digit-4", "digit-5", "digit-6", "digit-7", "digit-8", "digit-9"];

/// The ten digits in words.
pub fn digit_words(language: Language) -> &'static [&'static str; 10] {
    &DIGITS[place(language)]
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

/// A length of time, in the unit that a person would choose: minutes, hours or days, the latter two rounded up.
pub fn duration(length: std::time::Duration, language: Language) -> String {
    let minutes_left = length.as_secs().div_ceil(60);
    let (n, names) = match minutes_left {
        0..=90 => return minutes(minutes_left, language),
        91..=2_160 => (minutes_left.div_ceil(60), ["ঘণ্টা", "घंटे", "hours"]),
        _ => (minutes_left.div_ceil(1_440), ["দিন", "दिन", "days"]),
    };
    format!("{} {}", count(n, language), names[place(language)])
}

/// A day: its number and month, in India's time.
pub fn date(at: Timestamp, language: Language) -> String {
    let day = at.to_zoned_datetime(india()).date();
    let (number, month) = (u64::from(day.day().unsigned_abs()), MONTHS[place(language)][usize::from(day.month().unsigned_abs()) - 1]);
    format!("{} {month}", count(number, language))
}

/// A time of day, in India's time: "nine in the morning", সকাল নয়টা, सुबह नौ बजे.
pub fn time(at: Timestamp, language: Language) -> String {
    let time = at.to_zoned_datetime(india()).time();
    let (hour, minute) = (time.hour().unsigned_abs(), u64::from(time.minute().unsigned_abs()));
    let part = match hour {
        4..=11 => ["সকাল", "सुबह", "in the morning"],
        12..=15 => ["দুপুর", "दोपहर", "in the afternoon"],
        16..=18 => ["বিকেল", "शाम", "in the afternoon"],
        19 => ["সন্ধ্যা", "शाम", "in the evening"],
        _ => ["রাত", "रात", "at night"],
    }[place(language)];
    let hours = count(u64::from(if hour % 12 == 0 { 12 } else { hour % 12 }), language);
    match (place(language), minute) {
        (0, 0) => format!("{part} {hours}টা"),
        (0, _) => format!("{part} {hours}টা {} মিনিট", count(minute, language)),
        (1, 0) => format!("{part} {hours} बजे"),
        (1, _) => format!("{part} {hours} बजकर {} मिनट", count(minute, language)),
        (_, 0) => format!("{hours} {part}"),
        _ => format!("{hours} {} {part}", count(minute, language)),
    }
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
        let opens = "2026-11-24T03:30:00Z".parse().expect("a time");
        assert_eq!(time(opens, Language::Bn), "সকাল নয়টা");
        assert_eq!(time(opens, Language::Hi), "सुबह नौ बजे");
        assert_eq!(time(at, Language::En), "one thirty at night");
        let of = |s: u64, language| duration(std::time::Duration::from_secs(s), language);
        assert_eq!(of(61, Language::En), "two minutes");
        assert_eq!(of(2 * 3_600, Language::Bn), "দুই ঘণ্টা");
        assert_eq!(of(7 * 86_400, Language::Hi), "सात दिन");
    }

    #[test]
    fn the_tables_are_whole_and_without_repetition() {
        for table in &UNDER_HUNDRED {
            let distinct: std::collections::BTreeSet<_> = table.iter().collect();
            assert_eq!(distinct.len(), 100);
        }
    }
}
