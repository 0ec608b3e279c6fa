//! `record`: what the caller says after the tone is kept. # ends it, silence ends it, and so does the longest time.

use super::{Go, Nature, Verb};
use crate::act::{Act, Input};
use crate::duration::{Span, seconds};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

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
    /// The step that follows when 0 is pressed.
    #[serde(default)]
    zero: Option<String>,
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
            Input::Digit('0') if self.zero.is_some() => {
                if recording {
                    scene.act(Act::StopRecording { keep: false });
                }
                scene.stop();
                scene.cancel_timer();
                Go::To(self.zero.clone().unwrap_or_default())
            }
            Input::Digit(_) if recording => {
                scene.act(Act::StopRecording { keep: true });
                Go::Stay
            }
            Input::Digit('#') => {
                scene.stop();
                self.begin(scene)
            }
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
        let mut ways = super::next(&self.next);
        ways.push(("silent".into(), &self.silent));
        ways.extend(self.zero.as_deref().map(|to| ("0".to_owned(), to)));
        ways
    }

    fn prompts(&self) -> Vec<&str> {
        self.prompts.iter().map(String::as_str).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Asking
    }
}

impl Record {
    fn begin(&self, scene: &mut Scene<'_>) -> Go {
        scene.visit.phase = 1;
        scene.act(Act::StartRecording { max: self.max.0, beep: true, silence_end: self.silence_end.0 });
        scene.timer(self.max.0 + GRACE);
        Go::Stay
    }
}
