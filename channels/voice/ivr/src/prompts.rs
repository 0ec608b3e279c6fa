//! The catalogue of prompts: what is said, in each language.

use crate::act::Piece;
use crate::error::{FlowError, Mark};
use crate::say;
use crate::source::{Content, Node, from_node};
use crate::value::Value;
use daak_domain::language::Language;
use std::collections::{BTreeMap, BTreeSet};

/// Prompts by name, then by language.
///
/// A prompt into which values are put (`{number}`) is said in parts, so that what stands around the values can be
/// recorded by a person: the parts of `your-number` are `your-number.1`, `your-number.2` and so on.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    prompts: BTreeMap<String, Prompt>,
    /// What never changes, by the name of its recording: whole prompts, parts of prompts, digits.
    fixed: BTreeMap<String, BTreeMap<Language, String>>,
}

#[derive(Debug, Clone)]
struct Prompt {
    mark: Mark,
    texts: BTreeMap<Language, String>,
    parts: BTreeMap<Language, Vec<Part>>,
}

/// A stretch of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Said always, under this name.
    Fixed(String, String),
    /// The value of this name.
    Value(String),
}

/// A pause between the groups of a number, in milliseconds: long enough to write the group down.
const BETWEEN_GROUPS: u32 = 450;

impl Prompts {
    /// Reads the catalogue.
    ///
    /// # Errors
    /// A language that is not served or is missing, an empty text, a brace without its partner, a value that one
    /// language says and another does not.
    pub(crate) fn read(file: &str, root: &Node) -> Result<Self, Vec<FlowError>> {
        let mut errors = Vec::new();
        let mut found = Self::default();
        let Content::Map(entries) = &root.content else {
            return Err(vec![FlowError::at(file, root.mark, format!("the catalogue is {}", root.kind()), "prompts by name")]);
        };
        for (key, node) in entries {
            match from_node::<BTreeMap<Language, String>>(file, node) {
                Ok(texts) => {
                    for (language, text) in &texts {
                        let place = node.get(language.code()).map_or(key.mark, |n| n.mark);
                        if let Some((what, expected)) = mistake(text) {
                            errors.push(FlowError::at(file, place, format!("{} ({language}): {what}", key.text), expected));
                        }
                    }
                    if let Some((what, expected)) = disagreement(&texts) {
                        errors.push(FlowError::at(file, key.mark, format!("prompt {:?} {what}", key.text), expected));
                    }
                    found.insert(&key.text, key.mark, texts);
                }
                Err(error) => errors.push(FlowError { what: format!("prompt {}: {}", key.text, error.what), ..error }),
            }
        }
        if errors.is_empty() { Ok(found) } else { Err(errors) }
    }

    fn insert(&mut self, name: &str, mark: Mark, texts: BTreeMap<Language, String>) {
        let parts: BTreeMap<Language, Vec<Part>> = texts.iter().map(|(l, text)| (*l, parts(name, text))).collect();
        for (language, parts) in &parts {
            for part in parts {
                if let Part::Fixed(name, text) = part {
                    self.fixed.entry(name.clone()).or_default().insert(*language, text.clone());
                }
            }
        }
        self.prompts.insert(name.to_owned(), Prompt { mark, texts, parts });
    }

    /// The text of a prompt in a language, or in the one that answers for it.
    pub fn text(&self, name: &str, language: Language) -> Option<&str> {
        self.prompts.get(name)?.texts.get(&language.answered_in()).map(String::as_str)
    }

    /// Everything that never changes, by the name of its recording, with its language and text: what can be made
    /// ready before anybody calls, and what somebody with a good voice should record.
    pub fn fixed(&self) -> impl Iterator<Item = (&str, Language, &str)> {
        let own = self.fixed.iter().flat_map(|(name, texts)| texts.iter().map(move |(l, text)| (name.as_str(), *l, text.as_str())));
        let digits =
            Language::SERVED.into_iter().flat_map(|l| say::DIGIT_NAMES.iter().zip(say::digit_words(l)).map(move |(n, w)| (*n, l, *w)));
        own.chain(if self.prompts.is_empty() { None } else { Some(digits) }.into_iter().flatten())
    }

    /// Where a prompt stands in its file.
    pub(crate) fn mark(&self, name: &str) -> Option<Mark> {
        self.prompts.get(name).map(|prompt| prompt.mark)
    }

    /// The languages in which a prompt is missing; all of them if there is no such prompt.
    pub(crate) fn missing(&self, name: &str) -> Vec<Language> {
        let texts = self.prompts.get(name).map(|prompt| &prompt.texts);
        Language::SERVED.into_iter().filter(|l| texts.is_none_or(|t| !t.contains_key(l))).collect()
    }

    /// The names of the values that a prompt needs.
    pub(crate) fn needs(&self, name: &str) -> BTreeSet<String> {
        let texts = self.prompts.get(name).into_iter().flat_map(|prompt| prompt.texts.values());
        texts.flat_map(|text| places(text).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// What is played for a prompt: itself if it never changes, else its parts with the values between them. Nothing if
    /// a value is not known.
    pub(crate) fn pieces(&self, name: &str, language: Language, values: &BTreeMap<String, Value>) -> Vec<Piece> {
        let language = language.answered_in();
        let parts = self.prompts.get(name).and_then(|prompt| prompt.parts.get(&language)).map(Vec::as_slice).unwrap_or_default();
        if parts.iter().any(|part| matches!(part, Part::Value(name) if !values.contains_key(name))) {
            return Vec::new();
        }
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                Part::Fixed(name, text) => pieces.push(Piece::Prompt { name: name.clone(), text: text.clone() }),
                Part::Value(name) => pieces.extend(values.get(name).into_iter().flat_map(|value| self.said(value, language))),
            }
        }
        pieces
    }

    fn said(&self, value: &Value, language: Language) -> Vec<Piece> {
        match value {
            Value::Text(text) => vec![Piece::Say(text.clone())],
            Value::Ticket(number) => digits(&number.grouped(), language),
            Value::Digits(typed) => digits(typed, language),
            Value::Date(at) => vec![Piece::Say(say::date(*at, language))],
            Value::Moment(at) => vec![Piece::Say(format!("{}, {}", say::date(*at, language), say::time(*at, language)))],
            Value::Count(n) => vec![Piece::Say(say::count(*n, language))],
            Value::Minutes(n) => vec![Piece::Say(say::minutes(*n, language))],
            Value::State(state) => {
                let name = format!("state-{}", state.as_str());
                let text = self.text(&name, language).unwrap_or(state.as_str()).to_owned();
                vec![Piece::Prompt { name, text }]
            }
        }
    }
}

/// Digits one by one, each a recording of its own, with a pause between groups.
fn digits(groups: &str, language: Language) -> Vec<Piece> {
    let words = say::digit_words(language);
    let digit = |c: char| match c.to_digit(10) {
        Some(d) => Piece::Prompt { name: say::DIGIT_NAMES[d as usize].to_owned(), text: words[d as usize].to_owned() },
        None => Piece::Silence(BETWEEN_GROUPS),
    };
    groups.chars().map(digit).collect()
}

/// Cuts a text at its values. What holds no letter (the full stop after the last value) is not said.
fn parts(name: &str, text: &str) -> Vec<Part> {
    if !text.contains('{') {
        return vec![Part::Fixed(name.to_owned(), text.to_owned())];
    }
    let (mut found, mut rest, mut n) = (Vec::new(), text, 0);
    loop {
        let (fixed, value) = match rest.split_once('{') {
            Some((fixed, after)) => (fixed, after.split_once('}')),
            None => (rest, None),
        };
        let fixed = fixed.trim_matches(|c: char| c.is_whitespace() || matches!(c, '।' | '.' | ','));
        if fixed.chars().any(char::is_alphanumeric) {
            n += 1;
            found.push(Part::Fixed(format!("{name}.{n}"), fixed.to_owned()));
        }
        let Some((value, after)) = value else { return found };
        found.push(Part::Value(value.to_owned()));
        rest = after;
    }
}

/// The names between braces.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn mistake(text: &str) -> Option<(&'static str, &'static str)> {
    if text.trim().is_empty() {
        return Some(("there is no text", "what is said"));
    }
    let name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let braces = |c: char| text.matches(c).count();
    if braces('{') != braces('}') || braces('{') != places(text).filter(|n| name(n)).count() {
        return Some(("the braces do not hold the name of a value", "{name}, in small letters"));
    }
    None
}

fn disagreement(texts: &BTreeMap<Language, String>) -> Option<(String, String)> {
    let codes = |all: &[Language]| all.iter().map(|l| l.code()).collect::<Vec<_>>().join(", ");
    let missing: Vec<_> = Language::SERVED.into_iter().filter(|l| !texts.contains_key(l)).collect();
    if !missing.is_empty() {
        return Some((format!("is not there in {}", codes(&missing)), format!("a text in each of {}", codes(&Language::SERVED))));
    }
    let values = |language: Language| texts.get(&language).map(|text| places(text).collect::<BTreeSet<_>>()).unwrap_or_default();
    let first = values(Language::SERVED[0]);
    let other = Language::SERVED.into_iter().find(|l| values(*l) != first)?;
    let list = |set: BTreeSet<&str>| if set.is_empty() { "none".to_owned() } else { set.into_iter().collect::<Vec<_>>().join(", ") };
    Some((format!("says other values in {other} ({})", list(values(other))), format!("those of {}: {}", Language::SERVED[0], list(first))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_value_can_be_recorded() {
        let fixed = |n: u8, text: &str| Part::Fixed(format!("p.{n}"), text.to_owned());
        let value = |name: &str| Part::Value(name.to_owned());
        assert_eq!(parts("p", "Your number is: {number}."), [fixed(1, "Your number is:"), value("number")]);
        assert_eq!(parts("p", "{a} and {b}"), [value("a"), fixed(1, "and"), value("b")]);
        assert_eq!(parts("p", "অভিযোগ {state}। তারিখ {due}।"), [fixed(1, "অভিযোগ"), value("state"), fixed(2, "তারিখ"), value("due")]);
        assert_eq!(parts("p", "No value."), [Part::Fixed("p".into(), "No value.".into())]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_cut(text in "[ab{} .]{0,30}") {
            let _ = (parts("p", &text), mistake(&text));
        }
    }
}
