//! `lookup`: how a ticket stands, for whoever has its number.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use crate::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;

/// Ask how a ticket stands.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The value that holds the number.
    number: String,
    /// The longest wait.
    #[serde(default = "limit")]
    limit: Span,
    /// The step that follows; the values `state`, `due`, `registered` and `department` (its code, for a message) are set.
    found: String,
    /// The step that follows when there is no such ticket.
    missing: String,
    /// The step that follows when it cannot be said now.
    unavailable: String,
}

const fn limit() -> Span {
    seconds(6)
}

impl Verb for Lookup {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let Some(number) = scene.value(&self.number).and_then(Value::ticket) else { return Go::To(self.missing.clone()) };
        scene.act(Act::LookUp { number });
        scene.timer(self.limit.0);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let to = match input {
            Input::LookedUp(Ok(Some(standing))) => {
                scene.set("state", Value::State(standing.state));
                scene.set("due", Value::Date(standing.due_at));
                scene.set("registered", Value::Date(standing.registered_at));
                scene.set("department", Value::Text(standing.department.clone()));
                &self.found
            }
            Input::LookedUp(Ok(None)) => &self.missing,
            Input::LookedUp(Err(_)) => &self.unavailable,
            Input::Timer(id) if scene.is_timer(*id) => &self.unavailable,
            _ => return Go::Stay,
        };
        scene.cancel_timer();
        Go::To(to.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("found".into(), &self.found), ("missing".into(), &self.missing), ("unavailable".into(), &self.unavailable)]
    }

    fn sets(&self) -> Vec<&str> {
        vec!["state", "due", "registered", "department"]
    }

    fn uses(&self) -> Vec<&str> {
        vec![&self.number]
    }

    fn deed(&self) -> Option<String> {
        Some("hear how a ticket stands".to_owned())
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }
}
