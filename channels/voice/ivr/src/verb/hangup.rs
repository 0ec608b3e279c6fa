//! `hangup`: a last word, and the end.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// End the call.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hangup {
    /// What is said first.
    #[serde(default)]
    prompts: Vec<String>,
}

impl Verb for Hangup {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        if self.prompts.is_empty() {
            scene.act(Act::HangUp)
        } else {
            scene.play(&self.prompts)
        }
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        if matches!(input, Input::Played(id) if scene.is_playing(*id)) {
            scene.act(Act::HangUp);
        }
        Go::Stay
    }

    fn ways(&self) -> Vec<(String, &str)> {
        Vec::new()
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::End
    }
}
