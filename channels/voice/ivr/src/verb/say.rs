//! `say`: prompts, one after the other. Keys pressed meanwhile skip what is left if `skip` is set.

use super::{Go, Nature, Verb, next};
use crate::act::Input;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Say prompts, then go on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// Names of prompts, in order.
    prompts: Vec<String>,
    /// Whether any key skips the rest.
    #[serde(default)]
    skip: bool,
    /// The step that follows.
    next: String,
}

impl Verb for Say {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.play(&self.prompts);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::Played(id) if scene.is_playing(*id) => Go::To(self.next.clone()),
            Input::Digit(_) if self.skip => {
                scene.stop();
                Go::To(self.next.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        next(&self.next)
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }
}
