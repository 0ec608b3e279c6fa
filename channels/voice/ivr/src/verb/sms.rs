//! `sms`: a message to the caller, by template. Whether it arrives is the outbox's affair.

use super::{Go, Nature, Verb, next};
use crate::act::Act;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Send the caller a message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Name of the template.
    template: String,
    /// Names of the values that fill it.
    #[serde(default)]
    values: Vec<String>,
    /// The step that follows.
    next: String,
}

impl Verb for Sms {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let values = self.values.iter().map(|name| (name.clone(), scene.content(name))).collect();
        scene.act(Act::Sms { template: self.template.clone(), values });
        Go::To(self.next.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        next(&self.next)
    }

    fn uses(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Instant
    }
}
