//! `hours`: whether the lines are open by a calendar.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input};
use crate::session::Scene;
use crate::value::Value;
use daak_domain::call::AfterHours;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Go on by whether the lines are open.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Name of the calendar.
    calendar: String,
    /// The step that follows when they are open.
    open: String,
    /// The step that follows when they are closed; the value `opens` is set.
    closed: String,
}

/// The calendar answers at once; if it does not, the lines count as open.
const LIMIT: Duration = Duration::from_secs(2);

impl Verb for Hours {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.act(Act::AskHours { calendar: self.calendar.clone() });
        scene.timer(LIMIT);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let to = match input {
            Input::Hours(AfterHours::Closed { until, .. }) => {
                if let Some(until) = until {
                    scene.set("opens", Value::Moment(*until));
                }
                &self.closed
            }
            Input::Hours(AfterHours::Open) => &self.open,
            Input::Timer(id) if scene.is_timer(*id) => &self.open,
            _ => return Go::Stay,
        };
        scene.cancel_timer();
        Go::To(to.clone())
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("open".into(), &self.open), ("closed".into(), &self.closed)]
    }

    fn sets(&self) -> Vec<&str> {
        vec!["opens"]
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }
}
