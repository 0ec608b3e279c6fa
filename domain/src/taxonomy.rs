//! The masters that classify: categories, departments, schemes, as files of the configuration.

use crate::ticket::SlaClass;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The category of what cannot be told.
pub const UNCLASSIFIED: &str = "other.unclassified";

/// What a ticket may be about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
    /// Code of the department whose it is.
    pub department: String,
    /// The scheme, if it belongs to one.
    pub scheme: Option<String>,
    /// Class of limit.
    pub sla_class: SlaClass,
}

/// An office of the state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Department {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi; empty where the file has none.
    #[serde(default)]
    pub name_hi: String,
    /// 1 if it answers emergencies.
    pub emergency_capable: u8,
}

/// What the state gives: a pension, a card, a house.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Scheme {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Code of the department whose it is.
    pub department: String,
    /// `cash`, `pension`, `insurance` and so on; shown, not branched on.
    pub kind: String,
}

/// The taxonomy: categories by code, departments by code, each category's department among them.
#[derive(Debug, Clone, Default)]
pub struct Taxonomy {
    /// Schemes by code; none until [`Taxonomy::with_schemes`].
    pub schemes: BTreeMap<String, Scheme>,
    /// By code.
    pub categories: BTreeMap<String, Category>,
    /// By code.
    pub departments: BTreeMap<String, Department>,
}

/// What is wrong with a file of masters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct MasterError {
    /// Name of the file.
    pub file: &'static str,
    /// Its line, from 1.
    pub line: u64,
    /// A sentence.
    pub what: String,
}

impl Taxonomy {
    /// Reads `taxonomy.csv` and `departments.csv`.
    ///
    /// # Errors
    /// The first mistake: a row of another form, a code twice, a department that does not exist, no
    /// category for what cannot be told.
    pub fn read(categories: &str, departments: &str) -> Result<Self, MasterError> {
        let departments = by_code("departments.csv", departments, |d: &Department| &d.code)?;
        let rows = rows::<Category>("taxonomy.csv", categories)?;
        for (line, category) in &rows {
            if !departments.contains_key(&category.department) {
                let what = format!("there is no department {:?} in departments.csv", category.department);
                return Err(MasterError { file: "taxonomy.csv", line: *line, what });
            }
        }
        let categories = by_code("taxonomy.csv", categories, |c: &Category| &c.code)?;
        if !categories.contains_key(UNCLASSIFIED) {
            return Err(MasterError {
                file: "taxonomy.csv",
                line: 1,
                what: format!("the category {UNCLASSIFIED} is needed for what cannot be told"),
            });
        }
        Ok(Self { schemes: BTreeMap::new(), categories, departments })
    }

    /// Adds `schemes.csv`.
    ///
    /// # Errors
    /// The first mistake: a row of another form, a code twice, a department that does not exist.
    pub fn with_schemes(mut self, schemes: &str) -> Result<Self, MasterError> {
        let file = "schemes.csv";
        for (line, scheme) in rows::<Scheme>(file, schemes)? {
            if !self.departments.contains_key(&scheme.department) {
                let what = format!("there is no department {:?} in departments.csv", scheme.department);
                return Err(MasterError { file, line, what });
            }
        }
        self.schemes = by_code(file, schemes, |s: &Scheme| &s.code)?;
        Ok(self)
    }

    /// The category of this code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.get(code)
    }
}

/// The rows of a CSV file with their lines.
///
/// # Errors
/// The first row of another form.
pub fn rows<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<(u64, T)>, MasterError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| MasterError { file, line: 1, what: e.to_string() })?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| MasterError { file, line: e.position().map_or(1, csv::Position::line), what: e.to_string() })?;
        let line = record.position().map_or(1, csv::Position::line);
        let row = record.deserialize(Some(&header)).map_err(|e| MasterError { file, line, what: e.to_string() })?;
        rows.push((line, row));
    }
    Ok(rows)
}

fn by_code<T: DeserializeOwned>(file: &'static str, text: &str, code: impl Fn(&T) -> &String) -> Result<BTreeMap<String, T>, MasterError> {
    let mut known = BTreeMap::new();
    for (line, row) in rows::<T>(file, text)? {
        let code = code(&row).clone();
        if code.is_empty() || known.insert(code.clone(), row).is_some() {
            return Err(MasterError { file, line, what: format!("the code {code:?} is empty or stands twice") });
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATEGORIES: &str = include_str!("../../config/taxonomy.csv");
    const DEPARTMENTS: &str = include_str!("../../config/departments.csv");

    #[test]
    fn the_first_edition_has_47_categories() {
        let taxonomy = Taxonomy::read(CATEGORIES, DEPARTMENTS).expect("the shipped files are good");
        assert_eq!(taxonomy.categories.len(), 47);
        assert_eq!(taxonomy.category("fire.fire").map(|c| c.sla_class), Some(SlaClass::Emergency));
    }

    #[test]
    fn the_schemes_belong_to_departments() {
        let schemes = include_str!("../../config/schemes.csv");
        let taxonomy = Taxonomy::read(CATEGORIES, DEPARTMENTS).expect("good");
        assert_eq!(taxonomy.clone().with_schemes(schemes).expect("good").schemes.len(), 43);
        let wrong = taxonomy.with_schemes(&schemes.replacen(",WCD,", ",XXX,", 1)).expect_err("no such department");
        assert_eq!(wrong.to_string(), "schemes.csv:2: there is no department \"XXX\" in departments.csv");
    }

    #[test]
    fn mistakes_are_named_with_file_and_line() {
        let wrong = |from: &str, to: &str| Taxonomy::read(&CATEGORIES.replacen(from, to, 1), DEPARTMENTS).expect_err(from);
        assert!(wrong("emergency", "urgent").what.contains("urgent"));
        assert!(wrong(",HFW,", ",XXX,").to_string().contains("there is no department \"XXX\""));
        assert!(wrong("wcd.rupashree", "wcd.kanyashree").to_string().starts_with("taxonomy.csv:4: the code"));
    }
}
