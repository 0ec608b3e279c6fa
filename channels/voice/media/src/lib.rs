//! RTP on threads of its own: play, listen, bridge, record.
//!
//! A [`MediaEngine`] runs one thread a core. Each call leg opens a [`Stream`], which is a pair of sockets owned by one of these
//! threads, and gives it orders that never wait; what happens comes back as [`MediaEvent`]s through a bounded channel.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use voice_media::{Codec, MediaConfig, MediaEngine, Sound, StreamParams, Tone};
//!
//! let engine = MediaEngine::start(MediaConfig::default())?;
//! let (events, mut happened) = tokio::sync::mpsc::channel(64);
//! let stream = engine.open(events, 1)?;
//! stream.connect(StreamParams::plain("192.0.2.1:4000".parse()?, Codec::Pcma));
//! stream.play_sound(Arc::new(Tone::BEEP.to_sound()), 7);
//! let event = happened.blocking_recv(); // Played { tag: 1, id: 7, finished: true }
//! # Ok(())
//! # }
//! ```
//!
//! How it keeps time: each thread ticks every 5 ms at fixed points of monotonic time and serves a quarter of its streams in each
//! tick, so that a stream reads and sends once in 20 ms and the streams' packets are spread out. A joined stream is also read as
//! soon as something arrives. A thread that comes late leaves a round out and says so in the RTP timestamp; it never sends a burst.

pub mod codec;
pub mod dtmf;
mod engine;
mod event;
pub mod flac;
pub mod inband;
mod jitter;
mod mix;
mod noise;
mod os;
mod play;
mod quality;
mod recording;
pub mod rtcp;
pub mod rtp;
mod session;
mod sound;
pub mod srtp;
mod stream;
pub mod tone;
mod transport;
pub mod voice;
mod worker;

pub use codec::Codec;
pub use engine::{Load, MediaConfig, MediaEngine, MediaError, ThreadLoad};
pub use event::{DigitSource, MediaEvent};
pub use flac::FlacEncoder;
pub use play::{PlayItem, Playlist};
pub use quality::{StreamStats, mean_opinion_score};
pub use recording::{Record, RecordedAudio};
pub use sound::{Sound, SoundError, Tone, read_wav};
pub use srtp::{SrtpKeys, SrtpSuite};
pub use stream::{Stream, StreamParams};
pub use transport::{Carried, Transport};
