//! The words of the public pages, one file a language.

use daak_domain::language::Language;
use daak_domain::ticket::State;
use minijinja::Value;
use std::sync::LazyLock;
use toml::Table;

/// The words in one language.
#[derive(Clone, Copy)]
pub struct Words(&'static (Table, Value));

static BN: LazyLock<(Table, Value)> = LazyLock::new(|| read(include_str!("bn.toml")));
static HI: LazyLock<(Table, Value)> = LazyLock::new(|| read(include_str!("hi.toml")));
static EN: LazyLock<(Table, Value)> = LazyLock::new(|| read(include_str!("en.toml")));

/// A file that does not parse is found by the test below.
fn read(text: &str) -> (Table, Value) {
    let table: Table = toml::from_str(text).unwrap_or_default();
    let value = Value::from(minijinja::value::Serde(&table));
    (table, value)
}

impl Words {
    /// In a language of the pages.
    pub fn of(language: Language) -> Self {
        Self(match language.answered_in() {
            Language::Hi => &HI,
            Language::En => &EN,
            _ => &BN,
        })
    }

    /// All of them, for a page.
    pub fn page(self) -> Value {
        self.0.1.clone()
    }

    /// A state.
    pub fn state(self, state: State) -> String {
        self.get("state", state.as_str()).to_owned()
    }

    /// A step in a ticket's life; `{}` in it stands for `value`.
    pub fn step(self, kind: &str, value: Option<&str>) -> String {
        self.get("step", kind).replace("{}", value.unwrap_or_default())
    }

    /// A word of a section.
    pub fn get(self, section: &str, name: &str) -> &'static str {
        self.0.0.get(section).and_then(|section| section.get(name)).and_then(toml::Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table, before: &str) -> Vec<(String, usize)> {
        let all = table.iter().flat_map(|(name, value)| match value {
            toml::Value::Table(inner) => names(inner, &format!("{before}{name}.")),
            toml::Value::String(text) => vec![(format!("{before}{name}"), text.matches("{}").count())],
            _ => vec![],
        });
        all.collect()
    }

    #[test]
    fn every_word_is_there_in_every_language_with_the_same_places() {
        let all = Language::SERVED.map(|language| names(&Words::of(language).0.0, ""));
        assert!(all[0].len() > 40);
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
    }

    #[test]
    fn every_state_and_every_step_has_its_word() {
        for language in Language::SERVED {
            for state in State::ALL {
                assert!(!Words::of(language).state(state).is_empty(), "{language} {state}");
            }
            assert!(Words::of(language).step("given", Some("PWD")).contains("PWD"));
        }
    }
}
