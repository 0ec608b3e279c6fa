//! Recording: both directions in step, in chunks of a fifth of a second.

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// What the far end says, such as a citizen's statement.
    Received,
    /// The far end on the left, what it hears on the right.
    BothStereo,
}

/// A piece of a recording: 8 kHz, at most a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAudio {
    /// Where it begins, from the beginning of the recording. A gap before it was lost to a full sink.
    pub at_ms: u64,
    /// What the far end said.
    pub left: Vec<i16>,
    /// What it heard, of the same length; empty when only the received side is recorded.
    pub right: Vec<i16>,
    /// Silence in place of what was said, by order. The pause begins and ends with a short mark that can be heard.
    pub paused: bool,
}
