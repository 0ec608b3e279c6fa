//! What can go wrong with speech. Nothing here is ever a reason to end a call.

use daak_domain::language::Language;
use std::time::Duration;

/// Why there is no text, or no voice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// No recogniser is configured, or its model could not be loaded.
    #[error("speech is not recognised here: {0}")]
    NoRecogniser(String),
    /// The model was measured to be useless for this language, so it is not asked.
    #[error("the model was measured useless for {0}: keep the voice and let a person write it down")]
    Useless(Language),
    /// Every worker is busy and the queue is full. Said at once, never after a wait.
    #[error("the recogniser is busy, {waiting} clips wait already: try again later or raise [speech] queue")]
    Busy {
        /// Clips in the queue.
        waiting: usize,
    },
    /// The work took longer than its limit and was stopped.
    #[error("no text within {0:?}: the work was stopped; try again later or raise the limit")]
    TimedOut(Duration),
    /// The worker that held the clip died; another has taken its place.
    #[error("the worker died over this clip and was replaced: try again, or keep the voice alone")]
    WorkerDied,
    /// The clip is longer than is accepted.
    #[error("the clip lasts {seconds} s, at most {limit} s are recognised: cut it into parts")]
    TooLong {
        /// Length of the clip in seconds.
        seconds: u64,
        /// The limit in seconds.
        limit: u64,
    },
    /// Too little sound to hold a word.
    #[error("the clip lasts {0} ms: nothing shorter than 100 ms is recognised")]
    TooShort(u64),
    /// A sampling rate outside 8 to 48 kHz.
    #[error("{0} Hz is not a sampling rate that can be used: give 8 to 48 kHz")]
    BadRate(u32),
    /// The engine itself refused.
    #[error("the recogniser failed: {0}")]
    Failed(String),
    /// The server of the speech service could not be reached, or answered something else than a transcript.
    #[error("the speech server did not answer as it should: {0}")]
    Server(String),
    /// The synthesiser is not installed or cannot be started.
    #[error("text cannot be spoken: {0}; install it with `apt-get install espeak-ng`")]
    NoSynthesiser(String),
    /// The synthesiser ran but gave no usable sound.
    #[error("the synthesiser gave no sound: {0}")]
    Unspoken(String),
    /// A recording that cannot be played.
    #[error("the recording cannot be used: {0}")]
    BadRecording(String),
}
