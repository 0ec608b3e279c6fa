//! Offer and answer (RFC 3264): which codec, which keys, which way. Pure; chance arrives as keys.

use crate::sdp::{Audio, Crypto, Direction, Sdp, SdpError, Written};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;

/// A codec that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Codec {
    Pcmu,
    Pcma,
    G722,
}

impl Codec {
    /// Its static payload type (RFC 3551).
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
        }
    }

    fn encoding(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU/8000",
            Codec::Pcma => "PCMA/8000",
            Codec::G722 => "G722/8000",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Codec::Pcmu, Codec::Pcma, Codec::G722].into_iter().find(|c| c.encoding().split('/').next() == Some(name))
    }
}

/// What we can and want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// Encryption of media by SDES (RFC 4568); only over TLS is it worth anything.
    pub srtp: SrtpPolicy,
}

/// Whether media are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpPolicy {
    /// Never.
    Off,
    /// Where the other side offers it.
    Allowed,
    /// Always: a call without it is refused.
    Required,
}

/// A suite of SRTP (RFC 4568 §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum SrtpSuite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm128HmacSha1_32,
}

impl SrtpSuite {
    fn name(self) -> &'static str {
        match self {
            SrtpSuite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            SrtpSuite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32].into_iter().find(|s| s.name() == name)
    }
}

/// Keys of both directions: 16 bytes of key, 14 of salt.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Ours: what we send.
    pub local: [u8; 30],
    /// Theirs: what we receive.
    pub remote: [u8; 30],
    /// The suite.
    pub suite: SrtpSuite,
}

impl std::fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SrtpKeys").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// What both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaParams {
    /// Where to send.
    pub remote: SocketAddr,
    /// Where to send RTCP.
    pub remote_rtcp: SocketAddr,
    /// The codec.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// Payload type of telephone-event.
    pub dtmf_pt: Option<u8>,
    /// Which way, seen from us.
    pub direction: Direction,
    /// Keys, if encrypted.
    pub srtp: Option<SrtpKeys>,
    /// Packet length in milliseconds.
    pub ptime_ms: u32,
}

/// An answer and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// What to answer.
    pub answer: Sdp,
    /// What was agreed.
    pub media: MediaParams,
}

/// Why there is no agreement: answer 488.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAgreement {
    /// The description cannot be used.
    #[error(transparent)]
    Sdp(#[from] SdpError),
    /// No codec in common.
    #[error("no codec in common: we speak PCMA, PCMU and G.722")]
    NoCommonCodec,
    /// One side insists on encryption, the other does not offer it.
    #[error("media must be encrypted (SDES, AES_CM_128_HMAC_SHA1_80) and the other side does not offer it")]
    Encryption,
}

/// Answers an offer.
///
/// # Errors
/// [`NoAgreement`]: answer 488.
pub fn negotiate(offer: &Sdp, can: &Capabilities, local: SocketAddr) -> Result<Negotiated, NoAgreement> {
    let audio = offer.audio()?;
    let (codec, payload_type) = common(&audio, &can.codecs)?;
    let encrypted = audio.profile.contains("SAVP");
    let chosen = audio.crypto.iter().find_map(|c| Some((c, SrtpSuite::named(&c.suite)?, decode(&c.key)?)));
    let srtp = match (can.srtp, chosen) {
        (SrtpPolicy::Off, _) | (SrtpPolicy::Allowed, None) if encrypted => return Err(NoAgreement::Encryption),
        (SrtpPolicy::Required, None) => return Err(NoAgreement::Encryption),
        (SrtpPolicy::Off, _) | (_, None) => None,
        (_, Some((crypto, suite, remote))) => Some((crypto.tag, SrtpKeys { local: new_key(), remote, suite })),
    };
    let ours = srtp.as_ref().map(|(tag, keys)| Crypto { tag: *tag, suite: keys.suite.name().into(), key: STANDARD.encode(keys.local) });
    let direction = audio.direction.reversed();
    let lines = offer.media_lines();
    let answer = Written {
        local,
        version: version(),
        profile: &audio.profile,
        formats: &[(payload_type, codec.encoding())],
        dtmf: audio.dtmf,
        direction,
        crypto: ours.as_ref(),
        offered: Some((&lines, audio.index)),
    };
    let media = params(&audio, codec, payload_type, direction, srtp.map(|(_, keys)| keys));
    Ok(Negotiated { answer: answer.write(), media })
}

/// Our offer to whom we call, in clear and with keys. Which one is sent is settled by the way that the call takes: with keys over
/// TLS, in clear otherwise; where one is refused (488) and the policy leaves a choice, the other follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    clear: Sdp,
    encrypted: Sdp,
    policy: SrtpPolicy,
}

impl Offers {
    /// Of all that we can.
    pub fn of(can: &Capabilities, local: SocketAddr) -> Self {
        let with = |srtp| make_offer(&Capabilities { srtp, ..can.clone() }, local);
        Self { clear: with(SrtpPolicy::Off), encrypted: with(SrtpPolicy::Required), policy: can.srtp }
    }

    /// What to send by a way whose own policy, if it has one, counts before ours.
    pub(crate) fn first(&self, way: Option<SrtpPolicy>, secure: bool) -> &Sdp {
        match way.unwrap_or(self.policy) {
            SrtpPolicy::Off => &self.clear,
            SrtpPolicy::Required => &self.encrypted,
            SrtpPolicy::Allowed if secure => &self.encrypted,
            SrtpPolicy::Allowed => &self.clear,
        }
    }

    /// What to send by the same way after `refused`, if there is a choice.
    pub(crate) fn other(&self, way: Option<SrtpPolicy>, refused: &Sdp) -> Option<&Sdp> {
        match way.unwrap_or(self.policy) {
            SrtpPolicy::Allowed if *refused == self.clear => Some(&self.encrypted),
            SrtpPolicy::Allowed => Some(&self.clear),
            SrtpPolicy::Off | SrtpPolicy::Required => None,
        }
    }

    /// Reads the answer to whichever was sent.
    ///
    /// # Errors
    /// [`NoAgreement`]: hang up.
    pub fn accept(&self, answer: &Sdp) -> Result<MediaParams, NoAgreement> {
        let encrypted = answer.audio()?.profile.contains("SAVP");
        accept_answer(if encrypted { &self.encrypted } else { &self.clear }, answer)
    }
}

/// One offer, sent as it stands by any way.
impl From<Sdp> for Offers {
    fn from(offer: Sdp) -> Self {
        Self { clear: offer.clone(), encrypted: offer, policy: SrtpPolicy::Off }
    }
}

/// An offer of all that we can.
pub fn make_offer(can: &Capabilities, local: SocketAddr) -> Sdp {
    let formats: Vec<(u8, &str)> = can.codecs.iter().map(|c| (c.payload_type(), c.encoding())).collect();
    let encrypted = can.srtp == SrtpPolicy::Required;
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let crypto = encrypted.then(|| Crypto { tag: 1, suite: suite.name().into(), key: STANDARD.encode(new_key()) });
    let written = Written {
        local,
        version: version(),
        profile: if encrypted { "RTP/SAVP" } else { "RTP/AVP" },
        formats: &formats,
        dtmf: Some(101),
        direction: Direction::SendRecv,
        crypto: crypto.as_ref(),
        offered: None,
    };
    written.write()
}

/// Reads the answer to our offer.
///
/// # Errors
/// [`NoAgreement`]: hang up.
pub fn accept_answer(offer: &Sdp, answer: &Sdp) -> Result<MediaParams, NoAgreement> {
    let (ours, theirs) = (offer.audio()?, answer.audio()?);
    if theirs.addr.port() == 0 {
        return Err(NoAgreement::NoCommonCodec);
    }
    let offered: Vec<Codec> = ours.formats.iter().filter_map(|f| Codec::named(&f.name)).collect();
    let (codec, payload_type) = common(&theirs, &offered)?;
    let keys = match (ours.crypto.first(), theirs.crypto.first()) {
        (None, _) => None,
        (Some(_), None) => return Err(NoAgreement::Encryption),
        (Some(mine), Some(other)) => {
            let suite = SrtpSuite::named(&other.suite).ok_or(NoAgreement::Encryption)?;
            let (local, remote) = decode(&mine.key).zip(decode(&other.key)).ok_or(NoAgreement::Encryption)?;
            Some(SrtpKeys { local, remote, suite })
        }
    };
    Ok(params(&theirs, codec, payload_type, theirs.direction.reversed(), keys))
}

fn params(theirs: &Audio, codec: Codec, payload_type: u8, direction: Direction, srtp: Option<SrtpKeys>) -> MediaParams {
    MediaParams { remote: theirs.addr, remote_rtcp: theirs.rtcp, codec, payload_type, dtmf_pt: theirs.dtmf, direction, srtp, ptime_ms: 20 }
}

/// The first codec of theirs that we speak; theirs is the order that counts (RFC 3264 §6.1).
fn common(audio: &Audio, ours: &[Codec]) -> Result<(Codec, u8), NoAgreement> {
    let known = audio.formats.iter().filter(|f| f.rate == 8000).filter_map(|f| Some((Codec::named(&f.name)?, f.payload_type)));
    known.into_iter().find(|(codec, _)| ours.contains(codec)).ok_or(NoAgreement::NoCommonCodec)
}

fn decode(key: &str) -> Option<[u8; 30]> {
    STANDARD.decode(key).ok()?.try_into().ok()
}

fn new_key() -> [u8; 30] {
    rand::random()
}

/// Version of a description: grows with each one written.
fn version() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static VERSION: AtomicU64 = AtomicU64::new(1);
    VERSION.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn can(srtp: SrtpPolicy) -> Capabilities {
        Capabilities { codecs: vec![Codec::Pcma, Codec::Pcmu, Codec::G722], srtp }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn both_sides_agree_on_the_same_thing() {
        for policy in [SrtpPolicy::Off, SrtpPolicy::Required] {
            let offer = make_offer(&can(policy), at("192.0.2.1:4000"));
            let agreed = negotiate(&offer, &can(policy), at("192.0.2.2:5000")).expect("agreed");
            let seen = accept_answer(&offer, &agreed.answer).expect("accepted");
            assert_eq!((seen.codec, seen.dtmf_pt, seen.remote), (Codec::Pcma, Some(101), at("192.0.2.2:5000")));
            assert_eq!(agreed.media.remote, at("192.0.2.1:4000"));
            assert_eq!(seen.srtp.is_some(), policy == SrtpPolicy::Required);
            if let (Some(a), Some(b)) = (seen.srtp, agreed.media.srtp) {
                assert!(a.local == b.remote && a.remote == b.local);
            }
        }
    }

    #[test]
    fn hold_is_answered_by_receiving_only_and_video_is_refused_in_its_place() {
        let offer = Sdp("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 4000 RTP/AVP 97 8\r\na=rtpmap:97 opus/48000/2\r\na=sendonly\r\n".into());
        let agreed = negotiate(&offer, &can(SrtpPolicy::Allowed), at("192.0.2.2:5000")).expect("agreed");
        assert_eq!(agreed.media.direction, Direction::RecvOnly);
        assert_eq!(agreed.answer.media_lines(), ["m=video 0 RTP/AVP 96", "m=audio 5000 RTP/AVP 8"]);
    }

    #[test]
    fn there_is_no_agreement_without_a_codec_or_with_contrary_wishes_about_keys() {
        let opus = Sdp("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\n".into());
        assert_eq!(negotiate(&opus, &can(SrtpPolicy::Off), at("192.0.2.2:5000")).err(), Some(NoAgreement::NoCommonCodec));
        let open = make_offer(&can(SrtpPolicy::Off), at("192.0.2.1:4000"));
        assert_eq!(negotiate(&open, &can(SrtpPolicy::Required), at("192.0.2.2:5000")).err(), Some(NoAgreement::Encryption));
        let secret = make_offer(&can(SrtpPolicy::Required), at("192.0.2.1:4000"));
        assert_eq!(negotiate(&secret, &can(SrtpPolicy::Off), at("192.0.2.2:5000")).err(), Some(NoAgreement::Encryption));
    }

    #[test]
    fn keys_are_offered_over_tls_and_the_other_offer_follows_a_refusal() {
        let offers = |policy| Offers::of(&can(policy), at("192.0.2.1:4000"));
        let has_keys = |offer: &Sdp| !offer.audio().expect("audio").crypto.is_empty();
        let allowed = offers(SrtpPolicy::Allowed);
        let (clear, keys) = (allowed.first(None, false), allowed.first(None, true));
        assert_eq!((has_keys(clear), has_keys(keys)), (false, true));
        assert_eq!((allowed.other(None, clear), allowed.other(None, keys)), (Some(keys), Some(clear)));
        // A trunk that asks for keys never gets an offer without.
        let way = Some(SrtpPolicy::Required);
        assert_eq!((allowed.first(way, false), allowed.other(way, keys)), (keys, None));
        assert!(!has_keys(offers(SrtpPolicy::Off).first(None, true)));
        for policy in [SrtpPolicy::Off, SrtpPolicy::Required] {
            let offer = allowed.first(Some(policy), false);
            let answer = negotiate(offer, &can(SrtpPolicy::Allowed), at("192.0.2.2:5000")).expect("agreed").answer;
            assert_eq!(allowed.accept(&answer).expect("agreed").srtp.is_some(), policy == SrtpPolicy::Required);
        }
    }
}
