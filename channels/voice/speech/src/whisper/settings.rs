//! What Whisper is told for a clip. The figures are measured: docs/decisions/0010-speech-window.md.

use daak_domain::language::Language;
use std::time::Duration;

/// How much of its 30 s window Whisper's encoder looks at. It costs the same for any clip unless
/// the window is made smaller, and it starts to invent when the window ends with the speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AudioContext {
    /// The cheapest window that loses no accuracy for the clip's length.
    #[default]
    Fitting,
    /// The whole window always.
    Whole,
    /// This many positions of 20 ms, for measuring.
    Fixed(u16),
    /// The clip and so many milliseconds of silence, for measuring.
    Margin(u16),
}

/// Silence behind the clip that the encoder must see: with half of it one word in twenty is lost
/// on longer clips, with none four in five.
const MARGIN: Duration = Duration::from_millis(2_000);
/// The window grows in steps of so many positions.
const STEP: i32 = 64;
/// Positions for a second.
const A_SECOND: f32 = 50.0;

impl AudioContext {
    /// Positions of the encoder for a clip, at most `most`; 0 leaves whisper.cpp its own choice.
    pub(super) fn positions(self, clip: Duration, most: i32) -> i32 {
        let with = |margin: Duration| {
            let positions = ((clip + margin).as_secs_f32() * A_SECOND).ceil() as i32;
            positions.saturating_add(STEP - 1) / STEP * STEP
        };
        let wanted = match self {
            Self::Whole => 0,
            Self::Fixed(positions) => i32::from(positions),
            Self::Margin(milliseconds) => with(Duration::from_millis(milliseconds.into())),
            Self::Fitting => with(MARGIN),
        };
        if wanted >= most { 0 } else { wanted }
    }
}

/// Romanised Bengali about nothing in particular. Told this beforehand, a model too small for
/// Bengali keeps to steady Latin-letter phonetic writing. No word of danger or grievance stands in
/// it: what is told beforehand tends to be heard.
pub(crate) const BENGALI_IN_LATIN: &str = "Ami banglay kotha bolchi. Tumi kemon acho? Aaj akash khub porishkar, shokale ora bajare giyechilo, \
    bikele phire eshe cha khabe. Chotobelay ma golpo shonaten, baba gaan gaiten.";

/// Whisper's name of a language.
pub(super) fn name(language: Language) -> &'static str {
    language.code()
}
