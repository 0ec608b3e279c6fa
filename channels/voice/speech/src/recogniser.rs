//! What every recogniser is and gives.

use crate::{SpeechError, Trust};
use daak_domain::language::Language;
use daak_domain::seam::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Turns speech into text. Implementations are cheap to share and bound their own work.
pub trait Recogniser: Send + Sync + 'static {
    /// Writes down what is said in `pcm`: one channel, signed 16 bit, at `rate` Hz (8 to 48 kHz).
    ///
    /// Dropping the future cancels the work; a caller puts its own limit around it.
    ///
    /// # Errors
    /// [`SpeechError::Busy`] at once when the queue is full; the others as they say.
    fn recognise(&self, pcm: Arc<[i16]>, rate: u32, language: Language) -> BoxFuture<'static, Result<Recognition, SpeechError>>;

    /// How far text in this language is believed.
    fn trust(&self, language: Language) -> Trust;
}

/// What was understood of a clip, and how far it can be believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognition {
    /// NFC text, trimmed. Latin letters where [`Recognition::hint`] is set. May be empty.
    pub text: String,
    /// The language that was asked for.
    pub language: Language,
    /// Mean probability of the tokens, 0 to 1; 0.5 where a server tells none.
    pub confidence: f32,
    /// The text may stand as the text of record: the language is trusted and nothing speaks against this clip.
    pub trusted: bool,
    /// The text is a phonetic guess in Latin letters, for search and for calling a person in
    /// danger; never the text of record.
    pub hint: bool,
    /// No guard found fault with the text.
    pub reliable: bool,
    /// The guard that found fault.
    pub why_unreliable: Option<&'static str>,
    /// The words with their probabilities and places, where the engine tells them.
    pub words: Vec<Word>,
    /// Length of the clip.
    pub clip: Duration,
    /// From the start of the work to its end, the wait in the queue left out.
    pub took: Duration,
    /// Processor time of the work; zero where another machine did it.
    pub cpu: Duration,
}

/// A word of a [`Recognition`].
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its letters, with the punctuation that follows it.
    pub text: String,
    /// Where it begins, in milliseconds of the clip (about ±200 ms).
    pub from_ms: u32,
    /// Where it ends, in milliseconds of the clip.
    pub to_ms: u32,
    /// Lowest probability of its tokens, 0 to 1.
    pub confidence: f32,
}

/// There is no recogniser, and this is why.
#[derive(Debug, Clone)]
pub struct NoRecogniser {
    why: String,
}

impl NoRecogniser {
    /// `why` completes the sentence "speech is not recognised here: …" and says what would mend it.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

impl Recogniser for NoRecogniser {
    fn recognise(&self, _pcm: Arc<[i16]>, _rate: u32, _language: Language) -> BoxFuture<'static, Result<Recognition, SpeechError>> {
        let error = SpeechError::NoRecogniser(self.why.clone());
        Box::pin(std::future::ready(Err(error)))
    }

    fn trust(&self, _language: Language) -> Trust {
        Trust::Nothing
    }
}
