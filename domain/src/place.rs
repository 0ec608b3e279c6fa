//! Districts, blocks and municipalities, and finding them by code or by a name as people write it.

use crate::taxonomy::{MasterError, rows};
use serde::Deserialize;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

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
}

/// All places of the masters.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By LGD code.
    pub districts: BTreeMap<String, District>,
    /// By LGD code; blocks and municipalities.
    pub locals: BTreeMap<String, Local>,
    district_names: BTreeMap<String, String>,
    local_names: BTreeMap<String, Vec<String>>,
}

impl Places {
    /// Reads `districts.csv`, `blocks.csv` and `municipalities.csv`.
    ///
    /// # Errors
    /// The first mistake with its file and line.
    pub fn read(districts: &str, blocks: &str, municipalities: &str) -> Result<Self, MasterError> {
        let mut places = Self::default();
        for (line, district) in rows::<District>("districts.csv", districts)? {
            let code = district.code.clone();
            for name in [&district.name_en, &district.name_bn].into_iter().map(String::as_str).chain(district.aliases.split('|')) {
                if !name.is_empty() {
                    places.district_names.insert(plain(name), code.clone());
                }
            }
            if places.districts.insert(code.clone(), district).is_some() {
                return Err(MasterError { file: "districts.csv", line, what: format!("the code {code} stands twice") });
            }
        }
        for (file, text) in [("blocks.csv", blocks), ("municipalities.csv", municipalities)] {
            for (line, local) in rows::<Local>(file, text)? {
                if local.district.as_ref().is_some_and(|d| !places.districts.contains_key(d)) {
                    return Err(MasterError { file, line, what: "its district is not in districts.csv".into() });
                }
                places.local_names.entry(plain(&local.name_en)).or_default().push(local.code.clone());
                places.locals.insert(local.code.clone(), local);
            }
        }
        Ok(places)
    }

    /// The district of this LGD code or name, in any spelling of the masters.
    pub fn district(&self, code_or_name: &str) -> Option<&District> {
        let text = code_or_name.trim();
        self.districts.get(text).or_else(|| self.districts.get(self.district_names.get(&plain(text))?))
    }

    /// Blocks and municipalities of this LGD code or name, within a district where that is known. More
    /// than one if the name is ambiguous (there are two Kalna).
    pub fn locals(&self, code_or_name: &str, district: Option<&str>) -> Vec<&Local> {
        let text = code_or_name.trim();
        if let Some(local) = self.locals.get(text) {
            return vec![local];
        }
        let codes = self.local_names.get(&plain(text)).map_or(&[][..], Vec::as_slice);
        let found = codes.iter().filter_map(|code| self.locals.get(code));
        found.filter(|local| district.is_none() || local.district.is_none() || local.district.as_deref() == district).collect()
    }

    /// District and block that a text names. Names of one or several words are looked for as whole words; a
    /// block counts only if it is the only one of its name (within the district, if that was named).
    pub fn named_in(&self, text: &str) -> (Option<&District>, Option<&Local>) {
        let text = format!(" {} ", plain(text));
        let phrases = phrases(&text);
        let known = |phrase: &&&str| phrase.len() > 3;
        let named = phrases.iter().filter(known).filter_map(|phrase| self.district_names.get_key_value(*phrase));
        let district = named.max_by_key(|(name, _)| name.len());
        let district = district.and_then(|(_, code)| self.districts.get(code)).or_else(|| self.district_inflected(&text));
        let within = district.map(|d| d.code.as_str());
        let found = phrases.iter().filter(known).filter_map(|phrase| self.local_names.get_key_value(*phrase));
        let mut names: Vec<_> = found.collect::<BTreeMap<_, _>>().into_iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let local = names.into_iter().find_map(|(name, _)| match self.locals(name, within).as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        (district, local)
    }

    /// A Bengali name with a case ending (বাঁকুড়ার, মালদায়).
    fn district_inflected(&self, text: &str) -> Option<&District> {
        let found = self.district_names.iter().filter(|(name, _)| !name.is_ascii() && name.chars().count() > 3).find(|(name, _)| {
            text.match_indices(&format!(" {name}"))
                .any(|(at, found)| text[at + found.len()..].split(' ').next().is_some_and(|rest| rest.chars().count() <= 2))
        });
        self.districts.get(found?.1)
    }
}

/// Most words of a name.
const LONGEST_NAME: usize = 5;

/// Every run of one to [`LONGEST_NAME`] words of a plain text that begins and ends with a space.
fn phrases(text: &str) -> Vec<&str> {
    let spaces: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    let runs = spaces.iter().enumerate().flat_map(|(n, from)| spaces[n + 1..].iter().take(LONGEST_NAME).map(move |to| (*from + 1, *to)));
    runs.filter(|(from, to)| from < to).map(|(from, to)| &text[from..to]).collect()
}

/// A name without the differences that mean nothing: case, marks of joining and nukta, punctuation, spaces.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd() {
        if matches!(c, '\u{9bc}' | '\u{93c}' | '\u{200b}'..='\u{200d}') {
            continue;
        }
        let keep = c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{963}' | '\u{981}'..='\u{9e3}');
        if keep {
            out.extend(crate::phone::digit_value(c).unwrap_or(c).to_lowercase());
        } else if !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let read = Places::read(
            include_str!("../../config/districts.csv"),
            include_str!("../../config/blocks.csv"),
            include_str!("../../config/municipalities.csv"),
        );
        read.expect("the shipped files are good")
    }

    #[test]
    fn a_district_is_found_by_every_spelling() {
        let places = places();
        for text in ["303", "North 24 Parganas", "24 PARAGANAS NORTH", "উত্তর ২৪ পরগনা", "উত্তর 24 পরগনা", " n24p "]
        {
            assert_eq!(places.district(text).map(|d| d.code.as_str()), Some("303"), "{text}");
        }
        assert!(places.district("Atlantis").is_none());
    }

    #[test]
    fn places_are_found_in_a_sentence() {
        let places = places();
        let district = |text: &str| places.named_in(text).0.map(|d| d.name_en.clone());
        assert_eq!(district("No water in our village in Bankura since May").as_deref(), Some("Bankura"));
        assert_eq!(district("বাঁকুড়ার গ্রামে জল নেই").as_deref(), Some("Bankura"));
        assert_eq!(district("Purba Bardhaman, Kalna").as_deref(), Some("Purba Bardhaman"));
        assert_eq!(district("there is nothing here"), None);
        assert_eq!(places.named_in("Amdanga block, North 24 Parganas").1.map(|l| l.name_en.as_str()), Some("Amdanga"));
    }
}
