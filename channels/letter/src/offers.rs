//! What a letter seems to say of its sender: offered to a person, never believed by itself.

use crate::reading::{PageReading, ReadWord};
use daak_domain::phone::{PhoneNumber, digit_value};
use serde::{Deserialize, Serialize};

/// A value that a person may confirm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What it would be.
    pub field: Field,
    /// Its value.
    pub value: String,
    /// Page of the letter, from 1.
    pub page: u32,
    /// Line of the page.
    pub line: u32,
    /// Mean confidence of its words, 0 to 100.
    pub confidence: u8,
}

/// Fields that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Field {
    Name,
    Address,
    Phone,
    Pin,
    District,
    Subject,
}

/// Words that stand before a value, in the three languages of letters.
const LABELS: &[(Field, &[&str])] = &[
    (Field::Subject, &["বিষয়", "বিষয়", "विषय", "subject", "sub"]),
    (Field::Address, &["ঠিকানা", "पता", "address", "গ্রাম", "ग्राम", "vill", "village"]),
    (Field::District, &["জেলা", "जिला", "ज़िला", "district", "dist"]),
    (Field::Name, &["নাম", "नाम", "name", "প্রেরক", "प्रेषक", "from"]),
];

/// Words after which the sender's name stands on a line of its own.
const FAREWELLS: &[&str] =
    &["বিনীত", "নিবেদক", "ইতি", "ভবদীয়", "भवदीय", "भवदीया", "प्रार्थी", "निवेदक", "yours faithfully", "yours sincerely", "yours truly"];

/// Most offers of a letter.
const MOST: usize = 40;
/// Longest value in characters.
const LONGEST: usize = 200;

/// Looks through the pages of a letter.
pub fn find(pages: &[PageReading]) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (page, reading) in (1..).zip(pages) {
        let lines: Vec<&[ReadWord]> = reading.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let text = joined(line);
            let found = numbers(&text).into_iter().chain(labelled(&text)).chain(signed(&text, lines.get(at + 1).copied()));
            for (field, value) in found {
                let value: String = value.chars().take(LONGEST).collect();
                if offers.len() < MOST && !offers.iter().any(|o: &Offer| o.field == field && o.value == value) {
                    offers.push(Offer { field, value, page, line: line.first().map_or(0, |w| w.line), confidence: mean(line) });
                }
            }
        }
    }
    offers
}

fn joined(line: &[ReadWord]) -> String {
    line.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn mean(line: &[ReadWord]) -> u8 {
    (line.iter().map(|w| u32::from(w.confidence)).sum::<u32>() / line.len().max(1) as u32) as u8
}

/// Telephone numbers and PIN codes: runs of digits of any script, with spaces and hyphens inside.
fn numbers(line: &str) -> Vec<(Field, String)> {
    let (mut found, mut run) = (Vec::new(), String::new());
    for c in line.chars().chain([' ', '|']) {
        match digit_value(c) {
            Some(digit) => run.push(digit),
            None if matches!(c, ' ' | '-' | '+') && !run.ends_with(' ') && !run.is_empty() => run.push(' '),
            None if matches!(c, ' ' | '-' | '+') => {}
            None => found.extend(number(&std::mem::take(&mut run))),
        }
    }
    found
}

fn number(run: &str) -> Option<(Field, String)> {
    let digits: String = run.chars().filter(char::is_ascii_digit).collect();
    let local =
        digits.strip_prefix("91").filter(|d| d.len() == 10).or(digits.strip_prefix('0').filter(|d| d.len() == 10)).unwrap_or(&digits);
    match local.len() {
        10 if local.starts_with(['6', '7', '8', '9']) => Some((Field::Phone, PhoneNumber::parse(local).ok()?.to_string())),
        6 if local.starts_with(|c: char| ('1'..='8').contains(&c)) && !run.trim().contains(' ') => Some((Field::Pin, local.to_owned())),
        6 if run.trim().split(' ').map(str::len).eq([3, 3]) && !local.starts_with(['0', '9']) => Some((Field::Pin, local.to_owned())),
        _ => None,
    }
}

/// A value after a label: `জেলা: হুগলি`, `Dist. Hooghly`, `Subject - …`.
fn labelled(line: &str) -> Vec<(Field, String)> {
    let mut found = Vec::new();
    for part in line.split([',', ';', '|']) {
        let part = part.trim();
        for (field, labels) in LABELS {
            let value = labels.iter().filter_map(|label| after(part, label)).min_by_key(|v| v.len());
            if let Some(value) = value {
                // A subject and an address go on after a comma.
                let whole = matches!(field, Field::Subject | Field::Address);
                let start = value.as_ptr() as usize - line.as_ptr() as usize;
                let value = if whole { &line[start..] } else { value };
                found.push((*field, value.trim_end_matches(['।', '.', ',', '|']).trim().to_owned()));
                break;
            }
        }
    }
    found.retain(|(_, value)| value.chars().filter(|c| c.is_alphanumeric()).count() >= 2);
    found
}

/// What follows `label` at the begin of `part`, past a colon, a full stop or a hyphen.
fn after<'a>(part: &'a str, label: &str) -> Option<&'a str> {
    let head = part.get(..label.len())?;
    if !head.eq_ignore_ascii_case(label) {
        return None;
    }
    let rest = part[label.len()..].trim_start();
    let value = rest.trim_start_matches([':', '.', '-', '–', '—', 'ঃ', '=', ' ']);
    (value.len() < rest.len() && !value.is_empty()).then_some(value)
}

/// The line below a farewell.
fn signed(line: &str, next: Option<&[ReadWord]>) -> Option<(Field, String)> {
    let plain = line.trim().trim_end_matches([',', '।', '-', ':', '.', ' ']).to_lowercase();
    let name = joined(next?);
    let words = name.split_whitespace().count();
    let looks_like_one = (1..=5).contains(&words) && !name.chars().any(|c| digit_value(c).is_some()) && !name.contains([':', '।']);
    (FAREWELLS.contains(&plain.as_str()) && looks_like_one).then(|| (Field::Name, name.trim_matches([',', '.', '(', ')', ' ']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letter(text: &str) -> Vec<(Field, String)> {
        let words = (0..).zip(text.lines()).flat_map(|(line, words)| {
            words.split(' ').map(move |w| ReadWord { text: w.into(), confidence: 90, line, place: [0; 4] }).collect::<Vec<_>>()
        });
        let page = PageReading { words: words.collect(), ..PageReading::unread((1, 1), None, None) };
        find(&[page]).into_iter().map(|o| (o.field, o.value)).collect()
    }

    #[test]
    fn a_bengali_letter_offers_its_sender() {
        let found = letter("বিষয়: রাস্তা মেরামত, আলো\nআমাদের রাস্তা ভাঙা।\nবিনীত,\nরহিমা বিবি\nগ্রাম: চাঁপাডাঙা, জেলা: হুগলি, পিন ৭১২৪০১\nমোবাইল ৯৮৩০০ ১২৩৪৫");
        assert_eq!(
            found,
            vec![
                (Field::Subject, "রাস্তা মেরামত, আলো".to_owned()),
                (Field::Name, "রহিমা বিবি".to_owned()),
                (Field::Pin, "712401".to_owned()),
                (Field::Address, "চাঁপাডাঙা, জেলা: হুগলি, পিন ৭১২৪০১".to_owned()),
                (Field::District, "হুগলি".to_owned()),
                (Field::Phone, "+919830012345".to_owned()),
            ]
        );
    }

    #[test]
    fn hindi_and_english_too_and_other_numbers_are_left_alone() {
        let found = letter("विषय : सड़क की मरम्मत\nभवदीय\nराम प्रसाद\nजिला - मालदा");
        assert_eq!(
            found,
            vec![(Field::Subject, "सड़क की मरम्मत".into()), (Field::Name, "राम प्रसाद".into()), (Field::District, "मालदा".into())]
        );
        let found = letter(
            "Sub: Pension\nDated 12-06-2024 for Rs 1 000 000\nYours faithfully,\nRahima Bibi\nPh +91 98300-12345, Pin 712 401\nTicket 1234567890",
        );
        let fields: Vec<Field> = found.iter().map(|(f, _)| *f).collect();
        assert_eq!(fields, vec![Field::Subject, Field::Name, Field::Phone, Field::Pin], "{found:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(text in "(\\PC|[0-9০-৯+ \n:-]){0,200}") {
            for (_, value) in letter(&text) {
                prop_assert!(value.chars().count() <= LONGEST);
            }
        }
    }
}
