//! `transfer`: the caller is joined with another party; the call ends when that party hangs up.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input, Piece};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Join with another party.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// A SIP URI, or a telephone number for the trunk.
    to: String,
    /// What is said first.
    #[serde(default)]
    prompts: Vec<String>,
    /// The step that follows when nobody answers.
    failed: String,
}

/// The call gives up ringing before; if it does not, the flow does.
const LIMIT: Duration = Duration::from_secs(90);

impl Verb for Transfer {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.act(Act::Transfer { to: self.to.clone() });
        scene.timer(LIMIT);
        if self.prompts.is_empty() {
            scene.play_pieces(vec![Piece::Music])
        } else {
            scene.play(&self.prompts)
        }
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::TransferResult(true) => {
                scene.cancel_timer();
                Go::Stay
            }
            Input::TransferResult(false) => {
                scene.cancel_timer();
                scene.stop();
                Go::To(self.failed.clone())
            }
            Input::Timer(id) if scene.is_timer(*id) => {
                scene.stop();
                Go::To(self.failed.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        vec![("failed".into(), &self.failed)]
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Person
    }
}
