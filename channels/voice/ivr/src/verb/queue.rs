//! `queue`: the caller waits for a person, hears music and now and then the place in the line, and may choose to be called
//! back or to go on another way.

use super::{Go, Nature, Verb, by_key};
use crate::act::{Act, Input, Piece, QueueOutcome};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use crate::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Wait for a person.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name of the queue.
    queue: String,
    /// Goes before all others.
    #[serde(default)]
    emergency: bool,
    /// What is said first.
    #[serde(default)]
    prompts: Vec<String>,
    /// What is said with the place in the line (`place`, `wait`), at most every `every`.
    #[serde(default)]
    position: Vec<String>,
    /// How often the place is said.
    #[serde(default = "every")]
    every: Span,
    /// The step that follows each key.
    #[serde(default)]
    keys: BTreeMap<String, String>,
    /// The step that follows when the talk is over.
    next: String,
    /// The step that follows when the queue sends the caller away: too long a line or wait, nobody there.
    sent_away: String,
}

const fn every() -> Span {
    seconds(45)
}

/// Phases of the visit.
const WAITING: u8 = 0;
const TALKING: u8 = 1;

impl Verb for Queue {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.act(Act::Queue { name: self.queue.clone(), emergency: self.emergency });
        if self.prompts.is_empty() {
            self.music(scene)
        } else {
            scene.play(&self.prompts)
        }
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::QueueResult(QueueOutcome::Answered) => {
                scene.visit.phase = TALKING;
                scene.cancel_timer();
            }
            Input::QueueResult(QueueOutcome::TalkEnded) => return Go::To(self.next.clone()),
            Input::QueueResult(QueueOutcome::Returned { .. }) => {
                scene.stop();
                scene.cancel_timer();
                return Go::To(self.sent_away.clone());
            }
            Input::QueueResult(QueueOutcome::Position { place, wait }) => {
                scene.set("place", Value::Count(u64::from(*place)));
                scene.set("wait", Value::Minutes(wait.map_or(0, |w| w.as_secs().div_ceil(60))));
                scene.visit.digits = place.to_string();
            }
            Input::Played(id) if scene.is_playing(*id) && scene.visit.phase == WAITING => self.music(scene),
            Input::Timer(id) if scene.is_timer(*id) && scene.visit.phase == WAITING => self.say_place(scene),
            Input::Digit(key) if scene.visit.phase == WAITING => {
                if let Some(to) = self.keys.get(&key.to_string()) {
                    scene.stop();
                    scene.cancel_timer();
                    if !scene.keeps_place(to) {
                        scene.act(Act::LeaveQueue { callback: None });
                    }
                    return Go::To(to.clone());
                }
            }
            _ => {}
        }
        Go::Stay
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = by_key(&self.keys);
        ways.push(("talked".into(), &self.next));
        ways.push(("sent away".into(), &self.sent_away));
        ways
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().chain(&self.position).map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Person
    }
}

impl Queue {
    fn music(&self, scene: &mut Scene<'_>) {
        scene.play_pieces(vec![Piece::Music]);
        scene.timer(self.every.0);
    }

    fn say_place(&self, scene: &mut Scene<'_>) {
        if self.position.is_empty() || scene.value("place").is_none() {
            scene.timer(self.every.0);
        } else {
            scene.play(&self.position);
        }
    }
}
