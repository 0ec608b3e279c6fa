//! What the engine tells the owner of a stream.

use crate::quality::StreamStats;
use std::time::Duration;

/// Something happened on a stream. `tag` is the owner's own name for the stream, given to
/// [`crate::MediaEngine::open`].
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// A playlist came to its end, or was stopped or replaced.
    Played {
        /// The owner's name for the stream.
        tag: u64,
        /// The playlist's own number.
        id: u64,
        /// Whether all of it was sent.
        finished: bool,
    },
    /// The far end pressed a key. Reported once a press, when it begins.
    Digit {
        /// The owner's name for the stream.
        tag: u64,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How it was carried.
        source: DigitSource,
    },
    /// Somebody began to speak (only while listening).
    SpeechBegan {
        /// The owner's name for the stream.
        tag: u64,
    },
    /// The speaker fell silent (only while listening).
    SpeechEnded {
        /// The owner's name for the stream.
        tag: u64,
        /// How long the speech lasted, in milliseconds, without the silence that ended it.
        spoke_ms: u32,
    },
    /// Nothing has been received for the silence limit, though the far end should be sending. Reported once.
    MediaStopped {
        /// The owner's name for the stream.
        tag: u64,
        /// Since the last packet, or since the stream was connected.
        silent_for: Duration,
    },
    /// Media came back after [`MediaEvent::MediaStopped`].
    MediaResumed {
        /// The owner's name for the stream.
        tag: u64,
    },
    /// The stream's transport came up: sound can flow ([`crate::Stream::carry`]).
    TransportUp {
        /// The owner's name for the stream.
        tag: u64,
    },
    /// The far end of the stream's transport is gone.
    TransportDown {
        /// The owner's name for the stream.
        tag: u64,
    },
    /// The stream is closed; its sockets are free again. The last event of a stream.
    Closed {
        /// The owner's name for the stream.
        tag: u64,
        /// What the line was like.
        stats: StreamStats,
    },
}

/// How a digit reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigitSource {
    /// As a named event beside the sound (RFC 4733).
    Rfc4733,
    /// As two tones in the sound (ITU-T Q.23), found by a Goertzel detector.
    InBand,
}
