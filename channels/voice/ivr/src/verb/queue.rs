//! `queue`: the caller waits for a person, hears music and now and then the place in the line, and may choose to be called
//! back or to go on another way.

use super::{Go, Mistake, Nature, Verb, by_key, wrong_keys};
use crate::act::{Act, Input, Piece, QueueOutcome};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use crate::value::Value;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

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
    /// What is said while waiting, at most every `every`. The values `place` and `wait` are set; a prompt that needs the
    /// wait is left out while no wait can be told.
    #[serde(default)]
    position: Vec<String>,
    /// How often the place is said.
    #[serde(default = "every")]
    every: Span,
    /// The longest wait, whatever the queue says: then the caller goes on as if sent away.
    #[serde(default = "longest")]
    longest: Span,
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

const fn longest() -> Span {
    seconds(45 * 60)
}

/// The shortest time between two announcements.
const SHORTEST: Duration = Duration::from_secs(5);

/// Phases of the visit.
const TOLD: u8 = 0; // something is being said
const MUSIC: u8 = 1;
const TALKING: u8 = 2;

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
                match wait {
                    Some(wait) => scene.set("wait", Value::Minutes(wait.as_secs().div_ceil(60))),
                    None => scene.unset("wait"), // nobody knows: nothing is promised
                }
            }
            Input::Played(id) if scene.is_playing(*id) && scene.visit.phase == TOLD => self.music(scene),
            Input::Played(id) if scene.is_playing(*id) && scene.visit.phase == MUSIC => scene.play_pieces(vec![Piece::Music]),
            Input::Timer(id) if scene.is_timer(*id) && scene.visit.phase == MUSIC => {
                scene.visit.tries += 1;
                if self.every.0 * scene.visit.tries >= self.longest.0 {
                    scene.stop();
                    scene.act(Act::LeaveQueue { callback: None });
                    return Go::To(self.sent_away.clone());
                }
                self.say_place(scene);
            }
            Input::Digit(key) if scene.visit.phase != TALKING => {
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

    fn alone(&self) -> Vec<&str> {
        vec![&self.sent_away]
    }

    fn sets(&self) -> Vec<&str> {
        vec!["place", "wait"]
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut found = wrong_keys(self.keys.keys());
        if self.every.0 < SHORTEST {
            let what = "the place is said without a pause".to_owned();
            found.push(Mistake { word: "every".to_owned(), what, expected: "5s or more".to_owned() });
        }
        found
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
        scene.visit.phase = MUSIC;
        scene.play_pieces(vec![Piece::Music]);
        scene.timer(self.every.0);
    }

    fn say_place(&self, scene: &mut Scene<'_>) {
        if self.position.is_empty() || scene.value("place").is_none() {
            scene.timer(self.every.0);
        } else {
            scene.visit.phase = TOLD;
            scene.play(&self.position);
        }
    }
}
