//! `play`: a tone or music for a while; a key may end it.

use super::{Go, Nature, Verb};
use crate::act::{Input, Piece};
use crate::duration::Span;
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Play a tone or music for a while.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// What.
    sound: Sound,
    /// For how long.
    lasts: Span,
    /// The step that follows when it has ended.
    next: String,
    /// The step that follows when a key is pressed meanwhile; without it keys do nothing.
    #[serde(default)]
    on_key: Option<String>,
}

/// What is played.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sound {
    /// A soft tone of 440 Hz.
    Tone,
    /// Hold music.
    Music,
    /// Nothing.
    Silence,
}

impl Verb for Play {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        let ms = u32::try_from(self.lasts.0.as_millis()).unwrap_or(u32::MAX);
        match self.sound {
            Sound::Tone => scene.play_pieces(vec![Piece::Tone { hz: 440, ms }]),
            Sound::Silence => scene.play_pieces(vec![Piece::Silence(ms)]),
            Sound::Music => {
                scene.play_pieces(vec![Piece::Music]);
                scene.timer(self.lasts.0);
            }
        }
        Go::Stay
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match (input, &self.on_key) {
            (Input::Played(id), _) if scene.is_playing(*id) => Go::To(self.next.clone()),
            (Input::Timer(id), _) if scene.is_timer(*id) => {
                scene.stop();
                Go::To(self.next.clone())
            }
            (Input::Digit(_), Some(to)) => {
                scene.stop();
                Go::To(to.clone())
            }
            _ => Go::Stay,
        }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = super::next(&self.next);
        ways.extend(self.on_key.as_deref().map(|to| ("key".to_owned(), to)));
        ways
    }

    fn nature(&self) -> Nature {
        Nature::Passing
    }
}
