//! `subflow`: another flow, and back.

use super::{Go, Nature, Verb, next};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Do another flow, then go on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subflow {
    /// Name of the flow.
    flow: String,
    /// The step that follows.
    next: String,
}

impl Verb for Subflow {
    fn enter(&self, _: &mut Scene<'_>) -> Go {
        Go::Into(self.flow.clone(), self.next.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        next(&self.next)
    }

    fn nature(&self) -> Nature {
        Nature::Instant
    }

    fn enters(&self) -> Option<&str> {
        Some(&self.flow)
    }
}
