//! The first, rough understanding: by keywords.

use super::understanding::{Alternative, Entities, Understand, Understanding};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Number, SlaClass};
use daak_intelligence::atr::{ActionTaken, Grievance, Judgement, Verifier};
use daak_intelligence::facts::facts;
use daak_intelligence::fold::{LOOKED_AT, Word, words};
use daak_intelligence::keywords::Keywords;
use daak_intelligence::mask::{self, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// The category of what cannot be told.
pub const UNCLASSIFIED: &str = "other.unclassified";

/// From this confidence on, a category whose class is emergency is one, though no word of danger was heard.
const SURE_OF_DANGER: f32 = 0.6;

/// Understands by keywords.
pub struct Rough {
    keywords: Keywords,
    categories: BTreeMap<String, CategoryFacts>,
    places: Box<dyn FindPlaces>,
    verifier: Verifier,
}

/// What the taxonomy says of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryFacts {
    /// Department code.
    pub department: String,
    /// Class of limit.
    pub sla_class: SlaClass,
    /// The scheme it is about, if it is about one.
    pub scheme: Option<String>,
}

/// Finds places that a text names.
pub trait FindPlaces: Send + Sync + 'static {
    /// Codes of the district and of the block or municipality, where they are named; the district of a block that is named alone.
    fn places_in(&self, text: &str) -> (Option<String>, Option<String>);

    /// Code and name of the district that a text names, or that a code is of.
    fn district_of(&self, text: &str) -> Option<(String, String)>;
}

impl Rough {
    /// From the data. `categories` is the taxonomy by code.
    ///
    /// # Errors
    /// A sentence if the taxonomy has no category for what cannot be told.
    pub fn new(keywords: Keywords, categories: BTreeMap<String, CategoryFacts>, places: Box<dyn FindPlaces>) -> Result<Self, String> {
        if !categories.contains_key(UNCLASSIFIED) {
            return Err(format!("the taxonomy needs a category {UNCLASSIFIED} for what cannot be told"));
        }
        Ok(Self { keywords, categories, places, verifier: Verifier::shipped()? })
    }

    /// Categories by score, best first, with each its first place in the text.
    fn scores(&self, text: &[Word]) -> Vec<(usize, f32)> {
        let mut scores: BTreeMap<usize, (f32, usize)> = BTreeMap::new();
        for hit in self.keywords.lexicon.find(text) {
            let length = (hit.words.1 - hit.words.0) as f32;
            let entry = scores.entry(hit.group).or_insert((0.0, hit.words.0));
            // A longer phrase says more than its weight alone.
            entry.0 += hit.weight * (1.0 + 0.25 * length);
        }
        let mut scores: Vec<_> = scores.into_iter().map(|(group, (score, at))| (group, score, at)).collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.2.cmp(&b.2)));
        scores.into_iter().map(|(group, score, _)| (group, score)).collect()
    }
}

impl Understand for Rough {
    fn judge(&self, grievance: Grievance<'_>, report: ActionTaken<'_>) -> Judgement {
        self.verifier.judge(grievance, report, &|text| self.places.district_of(text))
    }

    fn understand(&self, text: &str, told: Option<Language>) -> Understanding {
        let tongue = self.keywords.languages.detect(text);
        let words = words(text);
        let scores = self.scores(&words);
        let mut emergency = self.keywords.emergencies.look(&words);
        let sum: f32 = scores.iter().take(4).map(|(_, score)| score).sum();
        // One weak word alone tells little: the constant keeps such a guess below a half.
        let confidence = |score: f32| score / (sum + 1.5);
        let mut ranked = scores.iter().map(|(group, score)| (self.keywords.groups[*group].as_str(), confidence(*score)));
        let (category, sure) = ranked.next().unwrap_or((UNCLASSIFIED, 0.0));
        let alternatives = ranked.take(3).map(|(code, sure)| Alternative { category: code.to_owned(), confidence: sure }).collect();
        let facts = self.categories.get(category).or_else(|| self.categories.get(UNCLASSIFIED));
        let class = facts.map_or(SlaClass::Individual, |f| f.sla_class);
        if class == SlaClass::Emergency && !emergency.is && sure >= SURE_OF_DANGER && !self.keywords.emergencies.is_long_ago(&words) {
            emergency.is = true;
            emergency.score = emergency.score.max(sure);
            emergency.because.push(format!("category {category}"));
        }
        // A category that means danger, spoken of as long ago or without much certainty, has the limit of one person's matter.
        let sla_class = match class {
            _ if emergency.is => SlaClass::Emergency,
            SlaClass::Emergency => SlaClass::Individual,
            other => other,
        };
        Understanding {
            language: told.unwrap_or(tongue.language),
            romanised: tongue.romanised,
            category: category.to_owned(),
            department: facts.map(|f| f.department.clone()).unwrap_or_default(),
            sla_class,
            confidence: sure,
            entities: entities(text, &*self.places, facts.filter(|_| sure > 0.0)),
            emergency,
            look: true,
            because: Vec::new(),
            alternatives,
        }
    }
}

/// Names and numbers in a text whose category has these facts.
pub(super) fn entities(text: &str, places: &dyn FindPlaces, category: Option<&CategoryFacts>) -> Entities {
    let text = text.char_indices().nth(LOOKED_AT).map_or(text, |(end, _)| &text[..end]);
    let (district, block) = places.places_in(text);
    let found = mask::find(text);
    let phone = found.iter().filter(|f| f.kind == Kind::Phone).find_map(|f| PhoneNumber::parse(&text[f.at.clone()]).ok());
    let personal: BTreeSet<Kind> = found.iter().map(|f| f.kind).collect();
    let stated = facts(&mask::mask(text));
    Entities {
        district,
        block,
        scheme: category.and_then(|c| c.scheme.clone()),
        phone: phone.map(String::from),
        tickets: ticket_numbers(text),
        personal: personal.into_iter().collect(),
        money: stated.money,
        dates: stated.dates,
        references: stated.references,
        complained_of: stated.complained_of,
    }
}

/// Groups of ten digits whose check digit fits, and which are no telephone number as written with +91 or 0.
fn ticket_numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    for c in text.chars().take(LOOKED_AT).chain(['.']) {
        if daak_domain::phone::digit_value(c).is_some() || (matches!(c, ' ' | '-') && !run.is_empty()) {
            run.push(c);
        } else {
            if let Ok(number) = Number::parse(&run)
                && !found.contains(&number.digits())
                && found.len() < 5
            {
                found.push(number.digits());
            }
            run.clear();
        }
    }
    found
}
