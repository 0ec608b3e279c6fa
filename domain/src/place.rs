//! Districts, blocks and municipalities, and finding them by code or by a name as people write it.
//!
//! A name is looked up as it is written (case, script of digits, punctuation and nukta aside), then by its other spellings, then
//! by its sound. What several places are called stays several: there are two Bishnupur, and whoever says "Barasat" may mean the
//! town or one of two blocks.

use crate::spelling::{plain, sound};
use crate::taxonomy::{MasterError, rows};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A district.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct District {
    /// LGD code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Its headquarters.
    pub headquarters: String,
    /// Latitude of the headquarters (that of South 24 Parganas lies outside it).
    pub lat: f64,
    /// Longitude of the headquarters.
    pub lon: f64,
    /// Other spellings, separated by `|`.
    pub aliases: String,
}

/// A block or a municipality.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Local {
    /// LGD code.
    pub code: String,
    /// LGD code of its district, where known.
    #[serde(default)]
    pub district: Option<String>,
    /// Name in English.
    pub name_en: String,
    /// Other spellings, separated by `|`.
    #[serde(default)]
    pub aliases: String,
    /// Which of the two it is.
    #[serde(skip)]
    pub kind: LocalKind,
}

/// What kind of local body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LocalKind {
    /// A block, in the country.
    #[default]
    Block,
    /// A municipality, corporation, notified area or cantonment.
    Municipality,
}

/// All places of the masters.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By LGD code.
    pub districts: BTreeMap<String, District>,
    /// By LGD code; blocks and municipalities.
    pub locals: BTreeMap<String, Local>,
    district_names: Names,
    local_names: Names,
}

/// Codes by name and by sound.
#[derive(Debug, Clone, Default)]
struct Names {
    written: HashMap<String, BTreeSet<String>>,
    /// By the name without its numeral: barasat for Barasat-I and Barasat-II.
    stems: HashMap<String, BTreeSet<String>>,
    sounds: HashMap<String, BTreeSet<String>>,
}

/// A name shorter than this is no evidence by itself: "Para" is also a neighbourhood, "Sagar" the sea.
const SHORT_NAME: usize = 6;
/// Letters that a sound must have to be heard.
const ENOUGH_SOUND: usize = 3;
/// Letters of a name in which one may be wrong, and in which two.
const ENOUGH_FOR_ONE: usize = 6;
const ENOUGH_FOR_TWO: usize = 11;
/// Words at the beginning of a text among which a misspelt name is looked for: looking costs.
const MISSPELT_WITHIN: usize = 400;
/// Words that a name has at most.
const LONGEST_NAME: usize = 4;

impl Places {
    /// Reads `districts.csv`, `blocks.csv` and `municipalities.csv`.
    ///
    /// # Errors
    /// The first mistake with its file and line.
    pub fn read(districts: &str, blocks: &str, municipalities: &str) -> Result<Self, MasterError> {
        let mut places = Self::default();
        for (line, district) in rows::<District>("districts.csv", districts)? {
            let code = district.code.clone();
            for name in [district.name_en.as_str(), &district.name_bn].into_iter().chain(district.aliases.split('|')) {
                places.district_names.add(name, &code);
            }
            if let Some(other) = places.district_names.rival(&code) {
                let what = format!("{} and {other} have a name in common: a district's names are its own", district.name_en);
                return Err(MasterError { file: "districts.csv", line, what });
            }
            if code.is_empty() || places.districts.insert(code.clone(), district).is_some() {
                return Err(MasterError { file: "districts.csv", line, what: format!("the code {code:?} is empty or stands twice") });
            }
        }
        places.add_locals("blocks.csv", blocks, LocalKind::Block)?;
        places.add_locals("municipalities.csv", municipalities, LocalKind::Municipality)?;
        Ok(places)
    }

    fn add_locals(&mut self, file: &'static str, text: &str, kind: LocalKind) -> Result<(), MasterError> {
        for (line, mut local) in rows::<Local>(file, text)? {
            let wrong = |what| Err(MasterError { file, line, what });
            local.kind = kind;
            if let Some(district) = local.district.as_ref().filter(|d| !self.districts.contains_key(*d)) {
                return wrong(format!("its district {district:?} is not in districts.csv"));
            }
            if local.code.is_empty() || self.locals.contains_key(&local.code) {
                return wrong(format!("the code {:?} is empty or stands twice", local.code));
            }
            for name in [local.name_en.as_str()].into_iter().chain(local.aliases.split('|')) {
                self.local_names.add(name, &local.code);
            }
            self.locals.insert(local.code.clone(), local);
        }
        Ok(())
    }

    /// The district of this LGD code or name, in any spelling of the masters or one that sounds like it.
    pub fn district(&self, code_or_name: &str) -> Option<&District> {
        let text = code_or_name.trim();
        self.districts.get(text).or_else(|| {
            let found = self.district_names.find(text);
            self.districts.get(*found.first().filter(|_| found.len() == 1)?)
        })
    }

    /// Blocks and municipalities of this LGD code or name, within a district where that is known. More than one if the
    /// name is ambiguous.
    pub fn locals(&self, code_or_name: &str, district: Option<&str>) -> Vec<&Local> {
        let text = code_or_name.trim();
        if let Some(local) = self.locals.get(text) {
            return vec![local];
        }
        self.of_codes(&self.local_names.find(without_kind(&plain(text))), district)
    }

    /// District and block that a text names. Names of one or several words are looked for as whole words, in Bengali with
    /// their case endings; a block counts only if it is the only one of its name (within the district, if that was named), and a
    /// short name, or one found by sound, only if something else speaks for it: its district, or the word block.
    pub fn named_in(&self, text: &str) -> (Option<&District>, Option<&Local>) {
        let text = plain(text);
        let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).take(4_000).collect();
        let found = self.district_among(&words);
        let district = found.and_then(|(code, ..)| self.districts.get(code));
        // The words that named the district name nothing else: no Bardhaman in "Purba Bardhaman".
        let (before, after) = found.map_or((&words[..], &[][..]), |(_, at, n)| (&words[..at], &words[at + n..]));
        let within = district.map(|d| d.code.as_str());
        (district, self.local_among(before, within).or_else(|| self.local_among(after, within)))
    }

    /// The code of the district that a phrase names, where the phrase begins, and how many words it has.
    fn district_among(&self, words: &[&str]) -> Option<(&str, usize, usize)> {
        let written = phrases(words).find_map(|phrase| {
            let names = &self.district_names.written;
            let codes = names.get(&phrase.text).or_else(|| {
                let stems = inflected(&phrase.text).into_iter().filter(|stem| stem.chars().count() > 3);
                stems.into_iter().find_map(|stem| names.get(stem))
            })?;
            Some((codes.first()?.as_str(), phrase.at, phrase.words))
        });
        written.or_else(|| self.district_misspelt(&words[..words.len().min(MISSPELT_WITHIN)]))
    }

    /// As above, where a name is one of no other district and written almost so: a letter lost, doubled or mistaken, two in a long name.
    fn district_misspelt(&self, words: &[&str]) -> Option<(&str, usize, usize)> {
        phrases(words).find_map(|phrase| {
            let near = |name: &str| [phrase.text.as_str()].into_iter().chain(inflected(&phrase.text)).any(|form| almost(form, name));
            let mut codes = self.district_names.written.iter().filter(|(name, _)| near(name)).filter_map(|(_, codes)| codes.first());
            let first = codes.next()?;
            codes.all(|other| other == first).then_some((first.as_str(), phrase.at, phrase.words))
        })
    }

    fn local_among(&self, words: &[&str], district: Option<&str>) -> Option<&Local> {
        let only = |codes: BTreeSet<&str>| match self.of_codes(&codes, district).as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let in_named_district = |local: &Local| district.is_some() && local.district.as_deref() == district;
        phrases(words).find_map(|Phrase { text, after, .. }| {
            let called_so = after.is_some_and(|word| KINDS.iter().any(|kind| word.starts_with(kind)));
            let is_district_too = self.district_names.is_named(&text);
            if let Some(local) = only(self.local_names.written_so(&text)) {
                let long = text.len() >= SHORT_NAME && !is_district_too;
                return (called_so || long || in_named_district(local)).then_some(local);
            }
            let may_be_heard = called_so || district.is_some() && !text.is_ascii();
            if !may_be_heard || is_district_too {
                return None;
            }
            only(self.local_names.sounding_so(&text)).filter(|local| called_so || in_named_district(local))
        })
    }

    fn of_codes(&self, codes: &BTreeSet<&str>, district: Option<&str>) -> Vec<&Local> {
        let found = codes.iter().filter_map(|code| self.locals.get(*code));
        found.filter(|local| district.is_none() || local.district.is_none() || local.district.as_deref() == district).collect()
    }
}

impl Names {
    fn add(&mut self, name: &str, code: &str) {
        let written = numbered(&plain(name));
        if written.is_empty() {
            return;
        }
        let mut add = |names: fn(&mut Self) -> &mut HashMap<String, BTreeSet<String>>, name: String| {
            names(self).entry(name).or_default().insert(code.to_owned());
        };
        if let Some(stem) = stem(&written) {
            add(|n| &mut n.stems, stem.to_owned());
            add(|n| &mut n.sounds, sound(stem));
        }
        add(|n| &mut n.sounds, sound(&written));
        add(|n| &mut n.written, written);
    }

    /// Another that has a name in common with this one.
    fn rival(&self, code: &str) -> Option<&str> {
        let shared = self.written.values().find(|codes| codes.len() > 1 && codes.contains(code))?;
        shared.iter().map(String::as_str).find(|other| *other != code)
    }

    fn is_named(&self, phrase: &str) -> bool {
        self.written.contains_key(phrase) || inflected(phrase).into_iter().any(|stem| self.written.contains_key(stem))
    }

    /// All that are written so, with a numeral or without.
    fn written_so(&self, phrase: &str) -> BTreeSet<&str> {
        let written = numbered(phrase);
        [&self.written, &self.stems].into_iter().filter_map(|names| names.get(&written)).flatten().map(String::as_str).collect()
    }

    /// All that sound so, with a case ending or without (সিঙ্গুরের, হাওড়াতে); none if there is too little to hear.
    fn sounding_so(&self, phrase: &str) -> BTreeSet<&str> {
        let sound = sound(&numbered(phrase));
        let endings: &[char] = if phrase.is_ascii() { &[] } else { &['r', 't', 'k'] };
        let forms = [sound.as_str()].into_iter().chain(endings.iter().filter_map(|ending| sound.strip_suffix(*ending)));
        let codes = forms.filter(|form| form.len() >= ENOUGH_SOUND).find_map(|form| self.sounds.get(form));
        codes.into_iter().flatten().map(String::as_str).collect()
    }

    /// All that are called so: as written, or else as it sounds.
    fn find(&self, name: &str) -> BTreeSet<&str> {
        let name = plain(name);
        let written = self.written_so(&name);
        if written.is_empty() { self.sounding_so(&name) } else { written }
    }
}

/// Whether a word is a name with a letter or two lost, added, or mistaken (Levenshtein 1966). The first letter must be right, and a
/// name of several words must have as many.
fn almost(word: &str, name: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), name.chars().collect());
    let may = match a.len().min(b.len()) {
        ..ENOUGH_FOR_ONE => return false,
        ENOUGH_FOR_ONE..ENOUGH_FOR_TWO => 1,
        _ => 2,
    };
    let spaces = |text: &[char]| text.iter().filter(|c| **c == ' ').count();
    if a.first() != b.first() || a.len().abs_diff(b.len()) > may || spaces(&a) != spaces(&b) || a.iter().any(char::is_ascii_digit) {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()] <= may
}

/// What follows or ends the name of a local body.
const KINDS: [&str; 9] = ["block", "ব্লক", "municipality", "corporation", "পৌরসভা", "পুরসভা", "ব্লকে", "ब्लॉक", "नगरपालिका"];

/// "singur block" is Singur.
fn without_kind(name: &str) -> &str {
    let ends = KINDS.iter().find_map(|kind| name.strip_suffix(kind)).map(str::trim_end);
    ends.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// The name without its numeral.
fn stem(written: &str) -> Option<&str> {
    ["i", "ii", "iii"].iter().find_map(|numeral| written.strip_suffix(numeral)?.strip_suffix(' '))
}

/// "barasat 1" is Barasat-I.
fn numbered(written: &str) -> String {
    let numeral = |(arabic, roman): &(&str, &str)| Some(format!("{} {roman}", written.strip_suffix(arabic)?.strip_suffix(' ')?));
    [("1", "i"), ("2", "ii"), ("3", "iii")].iter().find_map(numeral).unwrap_or_else(|| written.to_owned())
}

/// A run of words.
struct Phrase<'a> {
    text: String,
    /// Its first word, counted from 0.
    at: usize,
    words: usize,
    /// The word that follows.
    after: Option<&'a str>,
}

/// Every run of one to four words, the longest runs first, from the left.
fn phrases<'a>(words: &'a [&'a str]) -> impl Iterator<Item = Phrase<'a>> + 'a {
    (1..=LONGEST_NAME).rev().flat_map(move |n| {
        let phrase = move |(at, run): (usize, &[&str])| Phrase { text: run.join(" "), at, words: n, after: words.get(at + n).copied() };
        words.windows(n).enumerate().map(phrase)
    })
}

/// A Bengali name without the endings it may have, in Bengali letters or in Latin ones: বাঁকুড়ার, মালদায়, সিঙ্গুরের, Bankurar, Nadiate.
fn inflected(phrase: &str) -> Vec<&str> {
    const ENDINGS: [&str; 8] = ["\u{9c7}র", "\u{9c7}", "য\u{9bc}ে", "য", "ত\u{9c7}", "র", "ক\u{9c7}", "\u{9c7}ও"];
    const LATIN: [&str; 7] = ["er", "r", "te", "e", "y", "ay", "ke"];
    /// A shorter stem in Latin letters is another word.
    const LATIN_STEM: usize = 5;
    if phrase.is_ascii() {
        return LATIN.iter().filter_map(|ending| phrase.strip_suffix(ending)).filter(|stem| stem.len() >= LATIN_STEM).collect();
    }
    ENDINGS.iter().filter_map(|ending| phrase.strip_suffix(ending)).filter(|stem| !stem.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 3] = [
        include_str!("../../config/districts.csv"),
        include_str!("../../config/blocks.csv"),
        include_str!("../../config/municipalities.csv"),
    ];

    fn places() -> Places {
        Places::read(FILES[0], FILES[1], FILES[2]).expect("the shipped files are good")
    }

    fn names(found: &[&Local]) -> Vec<String> {
        found.iter().map(|l| l.name_en.clone()).collect()
    }

    #[test]
    fn the_masters_are_whole() {
        let places = places();
        let blocks = places.locals.values().filter(|l| l.kind == LocalKind::Block);
        assert_eq!((places.districts.len(), blocks.clone().count(), places.locals.len()), (23, 346, 346 + 129));
        assert!(!blocks.clone().any(|b| b.district.as_deref() == Some("315")), "Kolkata has no blocks");
        assert!(places.locals.values().all(|l| l.district.is_some()));
        let districts: BTreeSet<_> = blocks.filter_map(|b| b.district.as_deref()).collect();
        assert_eq!(districts.len(), 22);
    }

    #[test]
    fn a_district_is_found_by_every_spelling() {
        let places = places();
        for text in ["303", "North 24 Parganas", "24 PARAGANAS NORTH", "উত্তর ২৪ পরগনা", "উত্তর 24 পরগনা", " n24p "]
        {
            assert_eq!(places.district(text).map(|d| d.code.as_str()), Some("303"), "{text}");
        }
        for (text, code) in [("Haora", "313"), ("Murshidabaad", "319"), ("নদীয়া", "320"), ("Hugli", "312")] {
            assert_eq!(places.district(text).map(|d| d.code.as_str()), Some(code), "{text}");
        }
        assert!(places.district("Atlantis").is_none() && places.district("").is_none());
    }

    #[test]
    fn a_block_is_found_in_bengali_and_an_ambiguous_name_stays_ambiguous() {
        let places = places();
        assert_eq!(names(&places.locals("সিঙ্গুর", None)), ["Singur"]);
        assert_eq!(names(&places.locals("Singur block", None)), ["Singur"]);
        assert_eq!(names(&places.locals("কাকদ্বীপ", Some("304"))), ["Kakdwip"]);
        assert_eq!(names(&places.locals("Barasat", None)), ["Barasat", "Barasat-I", "Barasat-II"]);
        assert_eq!(names(&places.locals("barasat 1", Some("303"))).len(), 1);
        assert_eq!(places.locals("Sankrail", None).len(), 2);
        assert_eq!(names(&places.locals("Sankrail", Some("313"))), ["Sankrail"]);
        assert_eq!(names(&places.locals("2906", None)), ["Amta-II"]);
        assert!(places.locals("x", None).is_empty() && places.locals("", None).is_empty());
    }

    #[test]
    fn places_are_found_in_a_sentence() {
        let places = places();
        let found = |text: &str| {
            let (district, local) = places.named_in(text);
            (district.map_or("", |d| d.name_en.as_str()).to_owned(), local.map_or("", |l| l.name_en.as_str()).to_owned())
        };
        for (text, district, local) in [
            ("No water in our village in Bankura since May", "Bankura", ""),
            ("বাঁকুড়ার গ্রামে জল নেই", "Bankura", ""),
            ("মালদায় রাস্তা ভাঙা", "Malda", ""),
            ("bankurar grame jol nei", "Bankura", ""),
            ("dokkhin 24 porgonar rasta bhanga", "South 24 Parganas", ""),
            ("मुर्शिदाबाद में बाढ़", "Murshidabad", ""),
            ("Purba Bardhaman, Kalna", "Purba Bardhaman", ""),
            ("there is nothing here", "", ""),
            ("Amdanga block, North 24 Parganas", "North 24 Parganas", "Amdanga"),
            ("আমার বাড়ি সিঙ্গুর ব্লকে", "", "Singur"),
            ("হুগলি জেলার সিঙ্গুরের রাস্তা", "Hooghly", "Singur"),
            ("amader para te jol nei", "", ""),
            ("Para block, Purulia", "Purulia", "Para"),
            ("Gosaba te badh bhenge geche", "", "Gosaba"),
            ("the street light in our sagar colony", "", ""),
        ] {
            assert_eq!(found(text), (district.to_owned(), local.to_owned()), "{text}");
        }
    }

    #[test]
    fn districts_are_found_as_people_misspell_them() {
        let places = places();
        let cases: Vec<(&str, &str)> = include_str!("../tests/places.tsv").lines().filter_map(|line| line.split_once('\t')).collect();
        let found = |text: &str| places.named_in(text).0.map_or("-", |d| d.code.as_str());
        let missed: Vec<_> = cases.iter().filter(|(code, text)| found(text) != *code).collect();
        assert!(cases.len() > 80 && missed.len() * 100 <= cases.len() * 3, "{missed:?} of {}", cases.len());
        // What names no district must not become one.
        assert!(missed.iter().all(|(code, _)| *code != "-"), "{missed:?}");
    }

    #[test]
    fn mistakes_are_named_with_file_and_line() {
        let error = |n: usize, from: &str, to: &str| {
            let mut files = FILES.map(str::to_owned);
            files[n] = files[n].replacen(from, to, 1);
            Places::read(&files[0], &files[1], &files[2]).expect_err(from).to_string()
        };
        assert!(error(0, "304,South", "303,South").starts_with("districts.csv:3: "), "{}", error(0, "304,South", "303,South"));
        assert!(error(0, ",24 Paraganas South", ",Bankura").contains("name in common"));
        assert_eq!(error(1, "2724,303", "2724,999"), "blocks.csv:3: its district \"999\" is not in districts.csv");
        assert!(error(2, "250168,312", "2724,312").contains("municipalities.csv:3: the code \"2724\" is empty or stands twice"));
        assert!(error(0, "22.72079", "north").starts_with("districts.csv:2: "));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,80}") {
            let places = places_once();
            places.named_in(&text);
            places.locals(&text, None);
            places.district(&text);
        }
    }

    fn places_once() -> &'static Places {
        static PLACES: std::sync::OnceLock<Places> = std::sync::OnceLock::new();
        PLACES.get_or_init(places)
    }
}
