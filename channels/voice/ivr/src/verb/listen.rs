//! `listen`: the recording is recognised, within a limit. A language that is not trusted with the engine has a way of its own.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input, Recognition};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use crate::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Have the recording recognised.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// What is said if it takes a while.
    #[serde(default)]
    prompts: Vec<String>,
    /// The longest wait.
    #[serde(default = "limit")]
    limit: Span,
    /// The value that the text is set to.
    into: String,
    /// The step that follows when the text can be read back.
    understood: String,
    /// The step that follows when the voice itself is the statement, or recognition is down or late.
    voice_only: String,
}

const fn limit() -> Span {
    seconds(12)
}

/// The engine keeps the limit; if it does not, the flow does.
const GRACE: Duration = Duration::from_secs(1);

impl Verb for Listen {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.act(Act::Recognise { limit: self.limit.0 });
        scene.await_answer(&self.prompts, self.limit.0 + GRACE);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::Recognised(Recognition::Text { text, trusted: true, .. }) => {
                scene.cancel_timer();
                scene.set(&self.into, Value::Text(text.clone()));
                Go::To(self.understood.clone())
            }
            Input::Recognised(_) => {
                scene.cancel_timer();
                Go::To(self.voice_only.clone())
            }
            Input::Timer(id) if scene.is_timer(*id) && scene.gave_up_waiting(&self.prompts, self.limit.0 + GRACE) => {
                Go::To(self.voice_only.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("understood".into(), &self.understood), ("voice only".into(), &self.voice_only)]
    }

    fn sets(&self) -> Vec<&str> {
        vec![&self.into]
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }

    fn needs_speech(&self) -> Option<&str> {
        Some(&self.understood)
    }
}
