//! Understanding by the trained model, joined to the masters.

use super::rough::{CategoryFacts, FindPlaces, UNCLASSIFIED, entities};
use super::understanding::{Alternative, Understand, Understanding};
use daak_domain::language::Language;
use daak_domain::ticket::SlaClass;
use daak_intelligence::atr::{ActionTaken, Grievance, Judgement, Verifier};
use daak_intelligence::fold::Word;
use daak_intelligence::language::Tongue;
use daak_intelligence::{Danger, Emergency, Form, Keywords, Model, Reading, Urgency};
use std::collections::BTreeMap;

/// Understands by the model, in which the keywords have their part. What they know of time past is asked once more where danger is
/// heard: last year's fire is no emergency.
pub struct Trained {
    model: Model,
    keywords: Keywords,
    categories: BTreeMap<String, CategoryFacts>,
    places: Box<dyn FindPlaces>,
    verifier: Verifier,
}

/// Alternatives that are told.
const ALTERNATIVES: usize = 5;
/// What is told as long ago must be heard so clearly, unless a word is certain of danger now.
const OF_LONG_AGO: f32 = 0.8;
/// Below this confidence not even a guess is made.
const GUESS_FROM: f32 = 0.15;
/// Danger that is heard so clearly cannot wait for the two hours of its class.
const CLEAR: f32 = 0.75;

impl Trained {
    /// From the model in this program, the keywords and the taxonomy.
    ///
    /// # Errors
    /// A sentence if the model does not fit: it is damaged, or the taxonomy has other categories than it was taught.
    pub fn new(
        model: Model,
        keywords: Keywords,
        categories: BTreeMap<String, CategoryFacts>,
        places: Box<dyn FindPlaces>,
    ) -> Result<Self, String> {
        let taught = &model.head.categories;
        if let Some(code) = categories.keys().find(|code| !taught.contains(code)) {
            return Err(format!("the model was not taught the category {code}: write texts for it and run `daak train`"));
        }
        if let Some(code) = taught.iter().find(|code| !categories.contains_key(*code)) {
            return Err(format!("the taxonomy no longer has the category {code} that the model was taught: run `daak train`"));
        }
        Ok(Self { model, keywords, categories, places, verifier: Verifier::shipped()? })
    }

    /// The category, how far it is believed, and what else it may be. Too unsure, or nothing to read: a person says it.
    fn category(&self, reading: &Reading, empty: bool) -> (String, f32, Vec<Alternative>) {
        let told = |(code, sure): &(String, f32)| Alternative { category: code.clone(), confidence: *sure };
        let Some(first) = reading.categories.first().filter(|_| !empty) else { return (UNCLASSIFIED.to_owned(), 0.0, Vec::new()) };
        let unsure = first.1 < GUESS_FROM;
        let category = if unsure { UNCLASSIFIED } else { first.0.as_str() };
        let others = reading.categories.iter().filter(|(code, _)| code != category).take(ALTERNATIVES);
        (category.to_owned(), first.1, others.map(told).collect())
    }

    fn emergency(&self, reading: &Reading, words: &[Word]) -> Emergency {
        let heard = reading.heard;
        let certain = self.keywords.emergencies.look(words);
        let threshold = match self.model.head.danger_from {
            from if !certain.is && self.keywords.emergencies.is_long_ago(words) => from.max(OF_LONG_AGO),
            from => from,
        };
        let is = !words.is_empty() && heard >= threshold;
        if !is {
            return Emergency { score: if words.is_empty() { 0.0 } else { heard }, ..Emergency::default() };
        }
        let kinds = Danger::ALL.iter().zip(&reading.dangers).skip(1);
        let kind = kinds.max_by(|a, b| a.1.total_cmp(b.1)).map_or(Danger::Medical, |(kind, _)| *kind);
        let mut because = reading.danger_because.clone();
        because.extend(certain.because.into_iter().filter(|_| certain.is));
        because.dedup();
        let urgency = if heard >= CLEAR || kind == Danger::SelfHarm { Urgency::Now } else { Urgency::Soon };
        Emergency { is, score: heard.max(threshold), because, kind: Some(kind), urgency: Some(urgency) }
    }

    /// The language by script; Latin letters by what the model says of them.
    fn tongue(&self, text: &str, reading: &Reading) -> Tongue {
        let tongue = self.keywords.languages.detect(text);
        let latin = tongue.romanised || tongue.language == Language::En;
        if !latin || tongue.confidence == 0.0 {
            return tongue;
        }
        let sure = |form: Form| Form::ALL.iter().position(|f| *f == form).and_then(|at| reading.forms.get(at)).copied().unwrap_or(0.0);
        let forms = [(Language::Bn, sure(Form::BengaliLatin)), (Language::Hi, sure(Form::HindiLatin)), (Language::En, sure(Form::English))];
        let best = forms.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(tongue, |(language, confidence)| Tongue { language, romanised: language != Language::En, confidence })
    }
}

impl Understand for Trained {
    fn judge(&self, grievance: Grievance<'_>, report: ActionTaken<'_>) -> Judgement {
        self.verifier.judge(grievance, report, &|text| self.places.district_of(text))
    }

    fn understand(&self, text: &str, told: Option<Language>) -> Understanding {
        let words = self.model.features().words(text);
        let reading = self.model.read_words(text, &words);
        let (category, confidence, alternatives) = self.category(&reading, words.is_empty());
        let emergency = self.emergency(&reading, &words);
        let tongue = self.tongue(text, &reading);
        let facts = self.categories.get(&category);
        let sla_class = match facts.map_or(SlaClass::Individual, |f| f.sla_class) {
            _ if emergency.is => SlaClass::Emergency,
            // A category that means danger, spoken of as long ago, has the limit of one person's matter.
            SlaClass::Emergency => SlaClass::Individual,
            other => other,
        };
        Understanding {
            language: told.unwrap_or(tongue.language),
            romanised: tongue.romanised,
            department: facts.map(|f| f.department.clone()).unwrap_or_default(),
            entities: entities(text, &*self.places, facts),
            look: confidence < self.model.head.look_below,
            because: if category == UNCLASSIFIED { Vec::new() } else { reading.because },
            category,
            sla_class,
            confidence,
            emergency,
            alternatives,
        }
    }
}
