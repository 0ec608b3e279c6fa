//! What Whisper is told for a clip. The figures are measured: docs/decisions/speech.md.

use daak_domain::language::Language;
use std::time::Duration;

/// How much of its 30 s window Whisper's encoder looks at. It costs the same for any clip unless
/// the window is made smaller, and it starts to invent when the window ends soon after the speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioContext {
    /// The cheapest window that loses no accuracy for the clip's length.
    Fitting,
    /// The whole window always.
    Whole,
    /// This many positions of 20 ms, for measuring.
    Fixed(u16),
}

impl Default for AudioContext {
    fn default() -> Self {
        Self::Fitting
    }
}

impl AudioContext {
    /// Positions of the encoder for a clip, at most `most`; 0 leaves whisper.cpp its own choice.
    pub(super) fn positions(self, clip: Duration, most: i32) -> i32 {
        let wanted = match self {
            Self::Whole => 0,
            Self::Fixed(positions) => i32::from(positions),
            Self::Fitting => STEPS.into_iter().find(|(seconds, _)| clip.as_secs_f32() < *seconds).map_or(0, |(_, positions)| positions),
        };
        if wanted >= most { 0 } else { wanted }
    }
}

/// Clips shorter than so many seconds get so many positions.
const STEPS: [(f32, i32); 1] = [(13.0, 768)];

/// Romanised Bengali, in the words of the matter. Told this beforehand, a model too small for
/// Bengali keeps to steady Latin-letter phonetic writing.
pub(crate) const BENGALI_IN_LATIN: &str = "Namaskar, ami Bardhaman theke bolchi. Amader gramer rasta kharap, pani jol nei, bidyut nei. \
    Amar rashon card hoyni, bhata pacchi na. Bari bhenge geche, bonyar jol dhukeche. Daktar nei, hashpatal bondho. Doya kore shahajjo korun.";

/// Whisper's name of a language.
pub(super) fn name(language: Language) -> &'static str {
    language.code()
}
