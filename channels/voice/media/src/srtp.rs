//! SRTP.

/// The keys of one stream, from the `crypto` lines of both sides (RFC 4568).
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Master key (16 bytes) and salt (14 bytes) for what we send.
    pub local: [u8; 30],
    /// Master key and salt for what the far end sends.
    pub remote: [u8; 30],
    /// The agreed suite.
    pub suite: SrtpSuite,
}

/// A crypto suite of RFC 4568 §6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`: a shorter tag on RTP; RTCP keeps 80 bits.
    AesCm128HmacSha1_32,
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SrtpKeys({:?}, keys not shown)", self.suite)
    }
}
