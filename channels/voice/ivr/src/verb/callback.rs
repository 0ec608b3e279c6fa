//! `callback`: the caller leaves the line and is called back when the place comes up.

use super::{Go, Nature, Verb};
use crate::act::Act;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Leave the queue and be called back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The step that follows.
    next: String,
    /// The step that follows when the caller's number is not known.
    no_number: String,
}

impl Verb for Callback {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        match scene.caller().cloned() {
            Some(number) => {
                scene.act(Act::LeaveQueue { callback: Some(number) });
                Go::To(self.next.clone())
            }
            None => {
                scene.act(Act::LeaveQueue { callback: None });
                Go::To(self.no_number.clone())
            }
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("next".into(), &self.next), ("no number".into(), &self.no_number)]
    }

    fn keeps_place(&self) -> bool {
        true
    }

    fn nature(&self) -> Nature {
        Nature::Person
    }
}
