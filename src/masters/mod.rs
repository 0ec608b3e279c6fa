//! The masters, read from the files of `[data] folder` when the program starts: what a government changes without us.

use crate::insight::geography::{Geography, Level, Shape};
use crate::insight::report::Rule as ReportRule;
use daak_domain::Timestamp;
use daak_domain::calendar::Calendars;
use daak_domain::closure::{ClosureReason, Evidence};
use daak_domain::country::Country;
use daak_domain::escalation::EscalationRule;
use daak_domain::feedback::FeedbackRule;
use daak_domain::insight::Measures;
use daak_domain::office::Offices;
use daak_domain::place::Places;
use daak_domain::routing::{Explained, Matter, Routes};
use daak_domain::sla::Limits;
use daak_domain::taxonomy::Taxonomy;
use daak_domain::visit::VisitRules;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that classifies, places and limits.
pub struct Masters {
    /// Categories and departments.
    pub taxonomy: Taxonomy,
    /// Districts, blocks, municipalities.
    pub places: Places,
    /// When the lines are open, and the holidays.
    pub calendars: Calendars,
    /// Countries from which residents overseas write.
    pub countries: Vec<Country>,
    /// Limits by class, category and office.
    pub limits: Limits,
    /// Offices as a tree.
    pub offices: Offices,
    /// Which office a matter goes to.
    pub routes: Routes,
    /// Who is reminded before a limit, and told after it.
    pub escalation: EscalationRule,
    /// Names the rules by which limits are counted: other rules, another name.
    pub rules_of_time: String,
    /// How citizens are asked whether it is settled.
    pub feedback: FeedbackRule,
    /// When somebody goes and looks, and what their report must stand.
    pub visits: VisitRules,
    /// Why an office may call a matter settled.
    pub closure_reasons: Vec<ClosureReason>,
    /// Texts that people at the desk send often.
    pub canned: Vec<CannedText>,
    /// What may have come of a talk with a citizen.
    pub dispositions: Vec<Disposition>,
    /// What is measured.
    pub measures: Measures,
    /// What reports say.
    pub report: ReportRule,
    /// What the map draws.
    pub geography: Geography,
}

/// A text that people at the desk send often, in the languages in which citizens are answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CannedText {
    /// Its code.
    pub code: String,
    /// In Bengali.
    pub bn: String,
    /// In Hindi.
    pub hi: String,
    /// In English.
    pub en: String,
}

/// Places that a canned text may have.
const PLACES: [&str; 3] = ["number", "due", "department"];

/// What may have come of a talk with a citizen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
}

/// A master that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MastersError {
    /// A file is not there.
    #[error("{file} cannot be read ({why}): set data.folder to the folder with the project's masters", file = .file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's word.
        why: String,
    },
    /// A file has a mistake.
    #[error("{folder}: {what}", folder = .folder.display())]
    Mistake {
        /// Where the file is.
        folder: PathBuf,
        /// File, line, and what is wrong.
        what: String,
    },
}

impl Masters {
    /// Reads and checks every file, as of today.
    ///
    /// # Errors
    /// The first file that is missing or has a mistake, with its line.
    pub fn load(folder: &Path) -> Result<Self, MastersError> {
        Self::load_on(folder, day_of(Timestamp::now()))
    }

    fn load_on(folder: &Path, today: Date) -> Result<Self, MastersError> {
        let text = |name: &str| read(folder, name);
        let mistake = |what: String| MastersError::Mistake { folder: folder.to_owned(), what };
        let taxonomy = Taxonomy::read(&text("taxonomy.csv")?, &text("departments.csv")?).map_err(|why| mistake(why.to_string()))?;
        let taxonomy = taxonomy.with_schemes(&text("schemes.csv")?).map_err(|why| mistake(why.to_string()))?;
        let places = Places::read(&text("districts.csv")?, &text("blocks.csv")?, &text("municipalities.csv")?)
            .map_err(|why| mistake(why.to_string()))?;
        let calendars = Calendars::read(&text("calendar.toml")?).map_err(|why| mistake(format!("calendar.toml: {why}")))?;
        let countries = Country::read(&text("countries.csv")?).map_err(|why| mistake(why.to_string()))?;
        let limits = Limits::read(&text("sla.toml")?, &calendars).map_err(|why| mistake(format!("sla.toml: {why}")))?;
        let offices = Offices::read(&text("offices.csv")?, &taxonomy, &places).map_err(|why| mistake(why.to_string()))?;
        let routes = Routes::read(&text("routes.toml")?, &offices, &taxonomy, &places, today);
        let routes = routes.map_err(|why| mistake(format!("routes.toml: {why}")))?;
        check_limits(&limits, &taxonomy, &offices).map_err(mistake)?;
        let escalation = EscalationRule::read(&text("escalation.toml")?).map_err(|why| mistake(format!("escalation.toml: {why}")))?;
        let rules_of_time = ["calendar.toml", "sla.toml", "escalation.toml"].map(text).into_iter().collect::<Result<Vec<_>, _>>()?;
        let rules_of_time = hex::encode(Sha256::digest(rules_of_time.join("\0")));
        let feedback = FeedbackRule::read(&text("feedback.toml")?).map_err(|why| mistake(format!("feedback.toml: {why}")))?;
        let visits = VisitRules::read(&text("visits.toml")?, &taxonomy).map_err(|why| mistake(format!("visits.toml: {why}")))?;
        let closure_reasons = closure_reasons(&text("closure_reasons.toml")?).map_err(mistake)?;
        let canned = canned(&text("canned.toml")?).map_err(mistake)?;
        let dispositions = dispositions(&text("dispositions.toml")?).map_err(mistake)?;
        let measures = Measures::read(&text("measures.toml")?).map_err(|why| mistake(format!("measures.toml: {why}")))?;
        let report = ReportRule::read(&text("report.toml")?, &measures).map_err(|why| mistake(format!("report.toml: {why}")))?;
        let mut geography = Geography::around(&places, &block_places(&text("block_places.csv")?).map_err(mistake)?);
        for level in [Level::District, Level::Block] {
            geography = geography.with(level, boundaries(&boundaries_file(folder, level)).map_err(mistake)?);
        }
        Ok(Self {
            taxonomy,
            places,
            calendars,
            countries,
            limits,
            offices,
            routes,
            escalation,
            rules_of_time,
            feedback,
            visits,
            closure_reasons,
            canned,
            dispositions,
            measures,
            report,
            geography,
        })
    }

    /// The day of an instant, where the offices are.
    pub fn day(&self, at: Timestamp) -> Date {
        day_of(at)
    }

    /// Which office a matter goes to at an instant, and why.
    pub fn route(&self, matter: &Matter<'_>, at: Timestamp) -> Explained {
        self.routes.explain(matter, &self.offices, &self.places, self.day(at))
    }

    /// Code of the office above the one that has a ticket; the same one at the top.
    pub fn superior<'a>(&'a self, holder: &'a str, at: Timestamp) -> &'a str {
        self.offices.superior(holder, self.day(at)).map_or(holder, |office| &office.code)
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC)).date()
}

/// Categories and offices that have limits of their own are there.
fn check_limits(limits: &Limits, taxonomy: &Taxonomy, offices: &Offices) -> Result<(), String> {
    for (category, office) in limits.named() {
        let known = |code: &str| {
            let beginning = code.strip_suffix('*');
            taxonomy.categories.keys().any(|known| beginning.map_or(known == code, |beginning| known.starts_with(beginning)))
        };
        if let Some(code) = category.filter(|code| !known(code)) {
            return Err(format!("sla.toml: no category of taxonomy.csv is {code:?}"));
        }
        if let Some(code) = office.filter(|code| !offices.is_known(code)) {
            return Err(format!("sla.toml: there is no office {code:?}: see offices.csv"));
        }
    }
    Ok(())
}

/// Where `daak geo import` lays boundaries.
pub fn boundaries_file(folder: &Path, level: Level) -> PathBuf {
    folder.join(match level {
        Level::District => "boundaries_district.json",
        Level::Block => "boundaries_block.json",
    })
}

/// Boundaries that were imported; none where there is no file.
fn boundaries(file: &Path) -> Result<Vec<Shape>, String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}: import the boundaries again with `daak geo import`", file.display());
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).map_err(|why| named(&why)),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(why) => Err(named(&why)),
    }
}

/// Where the offices of blocks lie, by LGD code: longitude and latitude.
fn block_places(text: &str) -> Result<BTreeMap<String, [f64; 2]>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Office {
        code: String,
        lat: f64,
        lon: f64,
    }
    let mut offices = BTreeMap::new();
    for (line, office) in daak_domain::taxonomy::rows::<Office>("block_places.csv", text).map_err(|why| why.to_string())? {
        if !(5.0..38.0).contains(&office.lat) || !(67.0..99.0).contains(&office.lon) {
            return Err(format!("block_places.csv:{line}: {}, {} lies outside of India", office.lat, office.lon));
        }
        if offices.insert(office.code.clone(), [office.lon, office.lat]).is_some() {
            return Err(format!("block_places.csv:{line}: the code {} stands twice", office.code));
        }
    }
    Ok(offices)
}

fn read(folder: &Path, name: &str) -> Result<String, MastersError> {
    let file = folder.join(name);
    std::fs::read_to_string(&file).map_err(|why| MastersError::Unreadable { file, why: why.to_string() })
}

fn closure_reasons(text: &str) -> Result<Vec<ClosureReason>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        reasons: Vec<ClosureReason>,
    }
    let file: File = parsed("closure_reasons.toml", text)?;
    if let Some(wrong) = file.reasons.iter().find(|reason| !reason.classes.is_empty() && reason.evidence == Evidence::None) {
        return Err(format!(
            "closure_reasons.toml: {}: classes are named for which evidence is needed, but not which evidence",
            wrong.code
        ));
    }
    if file.reasons.is_empty() { Err("closure_reasons.toml: expected at least one reason".into()) } else { Ok(file.reasons) }
}

fn canned(text: &str) -> Result<Vec<CannedText>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        texts: Vec<CannedText>,
    }
    let file: File = parsed("canned.toml", text)?;
    for canned in &file.texts {
        for (language, text) in [("bn", &canned.bn), ("hi", &canned.hi), ("en", &canned.en)] {
            let mut rest = text.as_str();
            while let Some((_, behind)) = rest.split_once('{') {
                let name = behind.split('}').next().unwrap_or_default();
                if !PLACES.contains(&name) {
                    let expected = PLACES.join(", ");
                    return Err(format!("canned.toml: {} ({language}): {{{name}}} is no place, expected one of {expected}", canned.code));
                }
                rest = behind;
            }
        }
    }
    Ok(file.texts)
}

fn dispositions(text: &str) -> Result<Vec<Disposition>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        dispositions: Vec<Disposition>,
    }
    let file: File = parsed("dispositions.toml", text)?;
    if file.dispositions.is_empty() { Err("dispositions.toml: expected at least one".into()) } else { Ok(file.dispositions) }
}

/// A TOML file of masters; a mistake with its line.
fn parsed<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|why: toml::de::Error| {
        let line = why.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        format!("{file}:{line}: {}", why.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masters_that_ship_are_whole() {
        let masters = Masters::load(Path::new("config")).expect("they are valid");
        assert!(masters.taxonomy.categories.len() > 20 && masters.places.districts.len() > 20);
        assert!(masters.closure_reasons.iter().any(|reason| reason.code == "resolved"));
    }

    #[test]
    fn a_mistake_is_named_with_file_and_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = Masters::load(folder.path()).err().expect("nothing is there").to_string();
        assert!(missing.contains("taxonomy.csv cannot be read") && missing.contains("set data.folder"), "{missing}");
        for file in std::fs::read_dir("config").expect("there").flatten().filter(|f| f.path().is_file()) {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
        }
        std::fs::write(folder.path().join("closure_reasons.toml"), "[[reasons]]\ncode = \"x\"\nnme_en = \"X\"\n").expect("written");
        let wrong = Masters::load(folder.path()).err().expect("a mistake").to_string();
        assert!(wrong.contains("closure_reasons.toml:3: unknown field `nme_en`"), "{wrong}");
        let place = canned("[[texts]]\ncode = \"x\"\nbn = \"{nmber}\"\nhi = \"\"\nen = \"\"\n").expect_err("a mistake");
        assert!(place.contains("x (bn): {nmber} is no place, expected one of number, due, department"), "{place}");
    }
}
