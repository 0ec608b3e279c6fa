//! Countries from which residents overseas write, and their clocks.

use crate::taxonomy::{MasterError, rows};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// A country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2 code; `ZZ` for any other.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
    /// Its time zones by IANA name, the one with most people first.
    pub zones: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    code: String,
    name_en: String,
    name_bn: String,
    name_hi: String,
    zones: String,
}

impl Country {
    /// Reads `countries.csv`, in its order.
    ///
    /// # Errors
    /// The first mistake with its line: a code that stands twice, a zone that is none.
    pub fn read(text: &str) -> Result<Vec<Self>, MasterError> {
        let mut countries: Vec<Self> = Vec::new();
        for (line, row) in rows::<Row>("countries.csv", text)? {
            let wrong = |what: String| MasterError { file: "countries.csv", line, what };
            let zones: Vec<_> = row.zones.split('|').map(|zone| zone.trim().to_owned()).collect();
            if let Some(zone) = zones.iter().find(|zone| TimeZone::get(zone).is_err()) {
                return Err(wrong(format!("{zone:?} is no time zone: write Asia/Dubai, several separated by |")));
            }
            let two = row.code.len() == 2 && row.code.bytes().all(|b| b.is_ascii_uppercase());
            if !two || countries.iter().any(|known| known.code == row.code) {
                return Err(wrong(format!("{:?} is no code of two letters, or stands twice", row.code)));
            }
            countries.push(Self { code: row.code, name_en: row.name_en, name_bn: row.name_bn, name_hi: row.name_hi, zones });
        }
        Ok(countries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_right_and_mistakes_have_their_line() {
        let shipped = include_str!("../../config/countries.csv");
        let countries = Country::read(shipped).expect("shipped");
        assert!(countries.len() > 30 && countries.iter().all(|c| !c.name_bn.is_empty() && !c.name_hi.is_empty()));
        let wrong = Country::read(&shipped.replace("Asia/Dubai", "Asia/Nowhere")).expect_err("no such zone");
        assert_eq!((wrong.line, wrong.what.contains("Asia/Nowhere")), (2, true));
        assert!(Country::read(&shipped.replace("\nSA,", "\nAE,")).expect_err("twice").what.contains("stands twice"));
    }
}
