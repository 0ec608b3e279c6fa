//! `register`: the recording becomes a ticket, or joins one. The number is only ever said when it exists.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use crate::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;

/// Take the recording in as a ticket.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// What is said if it takes a while.
    #[serde(default)]
    prompts: Vec<String>,
    /// What is taken in, in place of the recording: an answer given by a key.
    #[serde(default)]
    words: Option<String>,
    /// The caller declared an emergency.
    #[serde(default)]
    emergency: bool,
    /// The value that holds the number of the ticket it is about.
    #[serde(default)]
    about: Option<String>,
    /// The longest wait.
    #[serde(default = "limit")]
    limit: Span,
    /// The step that follows; the value `number` is set.
    next: String,
    /// The step that follows when it could not be stored in time. The recording is still kept and taken in later.
    unavailable: String,
}

const fn limit() -> Span {
    seconds(10)
}

impl Verb for Register {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let about = self.about.as_deref().and_then(|name| scene.value(name)).and_then(Value::ticket);
        scene.act(Act::TakeIn { words: self.words.clone(), declared_emergency: self.emergency, about });
        scene.await_answer(&self.prompts, self.limit.0);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::TakenIn(Ok(receipt)) => {
                scene.cancel_timer();
                scene.set("number", Value::Ticket(receipt.number));
                scene.set("due", Value::Date(receipt.due_at));
                Go::To(self.next.clone())
            }
            Input::TakenIn(Err(_)) => {
                scene.cancel_timer();
                Go::To(self.unavailable.clone())
            }
            Input::Timer(id) if scene.is_timer(*id) && scene.gave_up_waiting(&self.prompts, self.limit.0) => {
                Go::To(self.unavailable.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = super::next(&self.next);
        ways.push(("unavailable".into(), &self.unavailable));
        ways
    }

    fn sets(&self) -> Vec<&str> {
        vec!["number", "due"]
    }

    fn uses(&self) -> Vec<&str> {
        self.about.as_deref().into_iter().collect()
    }

    fn deed(&self) -> Option<String> {
        Some(if self.emergency { "register an emergency" } else { "register" }.to_owned())
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }
}
