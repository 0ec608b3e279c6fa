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
    cases: BTreeMap<String, String>,
    /// The step that follows any other.
    otherwise: String,
}

impl Verb for Branch {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let content = scene.content(&self.on);
        Go::To(self.cases.get(&content).unwrap_or(&self.otherwise).clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = by_key(&self.cases);
        ways.push(("otherwise".into(), &self.otherwise));
        ways
    }

    fn nature(&self) -> Nature {
        Nature::Instant
    }
}
