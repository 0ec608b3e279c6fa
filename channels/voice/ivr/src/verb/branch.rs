//! `branch`: by a value, or by what is known of the call (`language`, `language_known`, `caller_known`).

use super::{Go, Nature, Verb, by_key};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Go on by a value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Name of the value.
    on: String,
    /// The step that follows each of its contents.
    #[serde(default)]
    cases: BTreeMap<String, String>,
    /// Words that lead to a step when one of them is in it; words of two steps decide nothing.
    #[serde(default)]
    words: BTreeMap<String, Vec<String>>,
    /// The step that follows any other.
    otherwise: String,
}

impl Branch {
    /// The one step of whose words some are in the text.
    fn by_word(&self, text: &str) -> Option<&String> {
        let text = text.to_lowercase();
        // Bengali and Hindi vowel signs are no letters to Unicode: words are cut at spaces and full stops only.
        let cut = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || c == '।';
        let said: Vec<_> = text.split(cut).filter(|word| !word.is_empty()).collect();
        let hit = |words: &[String]| words.iter().any(|word| said.contains(&word.to_lowercase().as_str()));
        let mut hits = self.words.iter().filter(|(_, words)| hit(words));
        let (to, _) = hits.next()?;
        hits.next().is_none().then_some(to)
    }
}

impl Verb for Branch {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let content = scene.content(&self.on);
        let to = self.cases.get(&content).or_else(|| self.by_word(&content)).unwrap_or(&self.otherwise);
        Go::To(to.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = by_key(&self.cases);
        ways.extend(self.words.keys().map(|to| ("words".to_owned(), to.as_str())));
        ways.push(("otherwise".into(), &self.otherwise));
        ways
    }

    fn uses(&self) -> Vec<&str> {
        vec![&self.on]
    }

    fn nature(&self) -> Nature {
        Nature::Instant
    }
}
