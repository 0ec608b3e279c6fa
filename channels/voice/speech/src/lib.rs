//! Speech to text and text to speech, outside the call path.
//!
//! A call hands a clip to a [`Recogniser`] and goes on when the flow's limit is reached, whether
//! an answer came or not: the futures may be dropped at any moment, which cancels the work. Text
//! is believed only as far as the model was measured for the language ([`Trust`]); below that the
//! citizen's voice itself is the statement.
//!
//! - [`WhisperPool`]: Whisper in this process, a bounded number of workers, the model kept warm;
//! - [`HttpRecogniser`]: any server that speaks `/v1/audio/transcriptions`;
//! - [`NoRecogniser`]: there is none, and it says why;
//! - [`Speaker`]: text to speech through espeak-ng, for what no recorded prompt can say;
//! - [`doctor`]: measures word error rates, from which trust comes;
//! - [`fetch`]: fetches a small model once;
//! - [`convert`]: makes the model file that whisper.cpp loads out of the published weights.

pub mod convert;
pub mod doctor;
mod error;
pub mod fetch;
mod http;
mod judge;
mod pcm;
mod pool;
mod recogniser;
mod resample;
mod speaker;
mod trust;
mod whisper;

pub use error::SpeechError;
pub use http::{HttpConfig, HttpRecogniser};
pub use pcm::Pcm;
pub use pool::PoolLoad;
pub use recogniser::{NoRecogniser, Recogniser, Recognition, Word};
pub use speaker::{Speaker, SpeakerConfig, recorded};
pub use trust::{Measured, Trust, TrustTable};
pub use whisper::{AudioContext, WhisperConfig, WhisperPool};
