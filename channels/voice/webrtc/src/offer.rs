//! What a browser may offer, and why an offer is refused.

use str0m::change::SdpOffer;
use str0m::format::Codec;

/// The telephone's codecs. A browser is answered with one of them, so that a call is relayed and never transcoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum G711 {
    /// A-law, payload type 8.
    Pcma,
    /// µ-law, payload type 0.
    Pcmu,
}

impl G711 {
    pub(crate) fn codec(self) -> Codec {
        match self {
            G711::Pcma => Codec::PCMA,
            G711::Pcmu => Codec::PCMU,
        }
    }
}

/// Why an offer was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is too long, or no session description.
    #[error("this is no session description (RFC 8866): {0}")]
    Malformed(String),
    /// More or other than one stream of sound.
    #[error("expected one stream of sound and nothing else: offer one audio track, no video, no data channel")]
    NotOneVoice,
    /// No codec of the telephone.
    #[error("no codec in common: offer PCMA or PCMU at 8000 Hz")]
    NoCommonCodec,
    /// What was agreed cannot work (no fingerprint, no credentials).
    #[error("the offer cannot be answered: {0}")]
    Unusable(String),
}

/// The longest offer that is looked at. Chromium's is about 3 kB.
const LONGEST: usize = 32 * 1024;

/// Reads an offer of exactly one stream of sound.
pub(crate) fn read(text: &str) -> Result<SdpOffer, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::Malformed(format!("longer than {LONGEST} bytes")));
    }
    let mut media = text.lines().filter(|line| line.starts_with("m="));
    match (media.next(), media.next()) {
        (Some(only), None) if only.starts_with("m=audio ") => {}
        (None, _) => return Err(Refused::Malformed("it has no media".into())),
        _ => return Err(Refused::NotOneVoice),
    }
    SdpOffer::from_sdp_string(text).map_err(|why| Refused::Malformed(why.to_string()))
}
