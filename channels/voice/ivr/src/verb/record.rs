//! `record`: what the caller says after the tone is kept. # ends it, silence ends it, and so does the longest time.

use super::{Go, Mistake, Nature, Verb, by_key, wrong_keys};
use crate::act::{Act, Input};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Keep what the caller says after the tone.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Names of prompts that say so.
    prompts: Vec<String>,
    /// The longest.
    #[serde(default = "longest")]
    max: Span,
    /// Silence after speech that ends it.
    #[serde(default = "silence")]
    silence_end: Span,
    /// The step that follows.
    next: String,
    /// The step that follows when nothing was said.
    silent: String,
    /// The step that follows each of these keys; what was being said is thrown away. Any other key ends the recording.
    #[serde(default)]
    keys: BTreeMap<String, String>,
    /// It is a short answer, not a statement. A statement is taken in however the call ends; an answer only by `register`.
    #[serde(default)]
    answer: bool,
    /// What is said is an emergency, also if the caller hangs up in the middle of it.
    #[serde(default)]
    emergency: bool,
}

const fn longest() -> Span {
    seconds(180)
}

const fn silence() -> Span {
    seconds(4)
}

/// The recorder ends by itself; if it does not, the flow goes on all the same.
const GRACE: std::time::Duration = std::time::Duration::from_secs(30);

impl Verb for Record {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.play(&self.prompts);
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let recording = scene.visit.phase == 1;
        match input {
            Input::Played(id) if scene.is_playing(*id) && !recording => self.begin(scene),
            Input::Digit(key) => self.key(*key, recording, scene),
            Input::RecordingEnded { heard_speech, .. } if recording => {
                scene.cancel_timer();
                scene.act(Act::Listen { speech: false });
                Go::To(if *heard_speech { self.next.clone() } else { self.silent.clone() })
            }
            Input::Timer(id) if scene.is_timer(*id) && recording => {
                scene.act(Act::StopRecording { keep: true });
                Go::To(self.silent.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = by_key(&self.keys);
        ways.extend(super::next(&self.next));
        ways.push(("silent".into(), &self.silent));
        ways
    }

    fn alone(&self) -> Vec<&str> {
        vec![&self.silent]
    }

    fn mistakes(&self) -> Vec<Mistake> {
        wrong_keys(self.keys.keys())
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Asking
    }
}

impl Record {
    fn key(&self, key: char, recording: bool, scene: &mut Scene<'_>) -> Go {
        if let Some(to) = self.keys.get(&key.to_string()) {
            if recording {
                scene.act(Act::StopRecording { keep: false });
            }
            scene.stop();
            scene.cancel_timer();
            return Go::To(to.clone());
        }
        if recording {
            scene.act(Act::StopRecording { keep: true });
        } else if key == '#' {
            scene.stop();
            return self.begin(scene);
        }
        Go::Stay
    }

    fn begin(&self, scene: &mut Scene<'_>) -> Go {
        scene.visit.phase = 1;
        scene.act(Act::StartRecording {
            max: self.max.0,
            beep: true,
            silence_end: self.silence_end.0,
            emergency: self.emergency,
            answer: self.answer,
        });
        scene.timer(self.max.0 + GRACE);
        Go::Stay
    }
}
