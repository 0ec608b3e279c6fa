//! `set`: the language of the call, or a value.

use super::{Go, Mistake, Nature, Verb, next};
use crate::session::Scene;
use crate::value::Value;
use daak_domain::language::Language;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Set the language or a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// `bn`, `hi` or `en`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    language: Option<Language>,
    /// Values by name.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// The step that follows.
    next: String,
}

impl Verb for Set {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        if let Some(language) = self.language {
            scene.set_language(language);
        }
        for (name, value) in &self.values {
            scene.set(name, Value::Text(value.clone()));
        }
        Go::To(self.next.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        next(&self.next)
    }

    fn sets(&self) -> Vec<&str> {
        self.values.keys().map(String::as_str).collect()
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let unserved = self.language.filter(|language| !Language::SERVED.contains(language));
        let mistake = |language: Language| Mistake {
            word: language.code().to_owned(),
            what: format!("there are no prompts in {language}"),
            expected: Language::SERVED.map(Language::code).join(", "),
        };
        unserved.map(mistake).into_iter().collect()
    }

    fn nature(&self) -> Nature {
        Nature::Instant
    }
}
