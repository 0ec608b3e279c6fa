//! What a line was like.

/// The figures of one stream, at its end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StreamStats {
    /// RTP packets taken from the far end (sound and digits).
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets of the far end that never came (RFC 3550 §A.3).
    pub lost: u64,
    /// Lost packets in per cent of those expected.
    pub loss_pct: f32,
    /// Interarrival jitter in milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f32,
    /// Round-trip time by RTCP, in milliseconds, where the far end reports.
    pub rtt_ms: Option<f32>,
    /// Loss of what we sent in per cent, as the far end last reported it.
    pub far_loss_pct: Option<f32>,
    /// Mean opinion score estimated from loss, jitter and delay, 1 to 4.5.
    pub mos: f32,
    /// Packets that came after their turn had passed (only counted while sound is decoded).
    pub late: u64,
    /// Frames of 20 ms that were made up (only counted while sound is decoded).
    pub concealed: u64,
    /// Chunks of a recording that its sink had no room for.
    pub recording_dropped: u64,
    /// Datagrams from strangers.
    pub from_strangers: u64,
    /// Datagrams that are no RTP, are cut off, or fail authentication.
    pub malformed: u64,
    /// Packets that had come before.
    pub replayed: u64,
    /// Packets of a payload type that was not agreed.
    pub wrong_type: u64,
}
