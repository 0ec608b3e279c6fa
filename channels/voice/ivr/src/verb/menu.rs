//! `menu`: keys are offered; a key may be pressed while the prompts are still heard (barge-in).

use super::keys::{Offer, patience, tries};
use super::{Go, Mistake, Nature, Verb, by_key, wrong_keys, wrong_tries};
use crate::act::Input;
use crate::duration::Span;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Offer keys.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Names of prompts that say which key does what.
    prompts: Vec<String>,
    /// The step that follows each key.
    keys: BTreeMap<String, String>,
    /// How long a key is waited for after the prompts.
    #[serde(default = "patience")]
    timeout: Span,
    /// How often it is asked.
    #[serde(default = "tries")]
    tries: u32,
    /// The step that follows when no key that was offered was pressed.
    otherwise: String,
}

impl Menu {
    fn offer(&self) -> Offer<'_> {
        Offer {
            prompts: &self.prompts,
            wrong: "wrong-key",
            silent: "no-key",
            timeout: self.timeout,
            tries: self.tries,
            otherwise: &self.otherwise,
        }
    }
}

impl Verb for Menu {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        self.offer().enter(scene)
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let Input::Digit(key) = input else { return self.offer().without_key(input, scene) };
        match self.keys.get(&key.to_string()) {
            Some(to) => {
                scene.stop();
                scene.cancel_timer();
                Go::To(to.clone())
            }
            None => self.offer().wrong_key(scene),
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = by_key(&self.keys);
        ways.push(("otherwise".into(), &self.otherwise));
        ways
    }

    fn alone(&self) -> Vec<&str> {
        vec![&self.otherwise]
    }

    fn mistakes(&self) -> Vec<Mistake> {
        wrong_keys(self.keys.keys()).into_iter().chain(wrong_tries(self.tries)).collect()
    }

    fn prompts(&self) -> Vec<&str> {
        let own = self.prompts.iter().map(String::as_str);
        own.chain(["wrong-key", "no-key"]).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Asking
    }
}
