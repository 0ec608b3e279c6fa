//! `confirm`: 1 is yes, 2 is once more, 0 is a person. Silence counts as yes: the words are kept anyway.

use super::keys::{Offer, patience};
use super::{Go, Nature, Verb};
use crate::act::Input;
use crate::duration::Span;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Ask whether what was understood is right.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// Names of prompts.
    prompts: Vec<String>,
    /// How long a key is waited for.
    #[serde(default = "patience")]
    timeout: Span,
    /// The step that follows 1, and silence.
    yes: String,
    /// The step that follows 2.
    again: String,
    /// The step that follows 0.
    person: String,
}

impl Confirm {
    fn offer(&self) -> Offer<'_> {
        Offer { prompts: &self.prompts, wrong: "wrong-key", silent: "no-key", timeout: self.timeout, tries: 2, otherwise: &self.yes }
    }
}

impl Verb for Confirm {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        self.offer().enter(scene)
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let to = match input {
            Input::Digit('1') => &self.yes,
            Input::Digit('2') => &self.again,
            Input::Digit('0') => &self.person,
            Input::Digit(_) => return self.offer().wrong_key(scene),
            _ => return self.offer().without_key(input, scene),
        };
        scene.stop();
        scene.cancel_timer();
        Go::To(to.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("1".into(), &self.yes), ("2".into(), &self.again), ("0".into(), &self.person)]
    }

    fn alone(&self) -> Vec<&str> {
        vec![&self.yes]
    }

    fn prompts(&self) -> Vec<&str> {
        let own = self.prompts.iter().map(String::as_str);
        own.chain(["wrong-key", "no-key"]).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Asking
    }
}
