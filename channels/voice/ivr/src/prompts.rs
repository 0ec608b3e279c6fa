//! The catalogue of prompts: what is said, in each language.

use crate::act::Piece;
use crate::say;
use crate::value::Value;
use daak_domain::language::Language;
use std::collections::{BTreeMap, BTreeSet};

/// Prompts by name, then by language.
#[derive(Debug, Clone, Default)]
pub struct Prompts(pub(crate) BTreeMap<String, BTreeMap<Language, String>>);

impl Prompts {
    /// The text of a prompt in a language, or in the one that answers for it.
    pub fn text(&self, name: &str, language: Language) -> Option<&str> {
        self.0.get(name)?.get(&language.answered_in()).map(String::as_str)
    }

    /// Every prompt that never changes, with its language and text: what can be made ready before anybody calls.
    pub fn fixed(&self) -> impl Iterator<Item = (&str, Language, &str)> {
        let all =
            self.0.iter().flat_map(|(name, texts)| texts.iter().map(move |(language, text)| (name.as_str(), *language, text.as_str())));
        all.filter(|(_, _, text)| !text.contains('{'))
    }

    /// The languages in which a prompt is missing; all of them if there is no such prompt.
    pub(crate) fn missing(&self, name: &str) -> Vec<Language> {
        let texts = self.0.get(name);
        Language::SERVED.into_iter().filter(|l| texts.and_then(|t| t.get(l)).is_none_or(|t| t.trim().is_empty())).collect()
    }

    /// The names of the values that a prompt needs.
    pub(crate) fn needs(&self, name: &str) -> BTreeSet<String> {
        let texts = self.0.get(name).into_iter().flat_map(BTreeMap::values);
        texts.flat_map(|text| places(text).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// What is played for a prompt: itself if it never changes, else its text with the values in words.
    pub(crate) fn piece(&self, name: &str, language: Language, values: &BTreeMap<String, Value>) -> Option<Piece> {
        let text = self.text(name, language)?;
        if !text.contains('{') {
            return Some(Piece::Prompt { name: name.to_owned(), text: text.to_owned() });
        }
        let mut said = text.to_owned();
        for place in places(text) {
            let words = values.get(place).map(|value| self.words(value, language)).unwrap_or_default();
            said = said.replace(&format!("{{{place}}}"), &words);
        }
        Some(Piece::Say(said))
    }

    fn words(&self, value: &Value, language: Language) -> String {
        match value {
            Value::Text(text) => text.clone(),
            Value::Ticket(number) => say::ticket(*number, language),
            Value::Date(at) => say::date(*at, language),
            Value::Count(n) => say::count(*n, language),
            Value::Minutes(n) => say::minutes(*n, language),
            Value::State(state) => self.text(&format!("state-{}", state.as_str()), language).unwrap_or(state.as_str()).to_owned(),
        }
    }
}

/// The names between braces.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
