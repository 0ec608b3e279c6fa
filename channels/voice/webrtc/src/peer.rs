//! One browser's far end.

use crate::identity::Identity;
use crate::offer::{self, G711, Refused};
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::format::{Codec, FormatParams};
use str0m::media::{Frequency, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionMap, RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceConnectionState, Input, Rtc, RtcConfig};

/// The far end of one connection with a browser.
pub struct Peer {
    rtc: Rtc,
    /// The address that the browser sends to.
    candidate: SocketAddr,
    voice: Mid,
    source: Option<Ssrc>,
    /// Of the last packet sent, extended to 64 bits: the machine counts the rollovers of SRTP by it.
    sequence: Option<u64>,
    /// When the machine wants to be told the time.
    due: Instant,
    /// The last packet received, as plain RTP.
    packet: Vec<u8>,
    gone: bool,
    told: bool,
}

/// What was agreed with the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The answer to the browser's offer.
    pub sdp: String,
    /// The codec, both ways.
    pub codec: G711,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// Payload type of telephone-event/8000 (RFC 4733), where the browser knows it.
    pub event_type: Option<u8>,
}

/// What a peer wants done.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this to the browser.
    Datagram {
        /// Where it is.
        to: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// The browser said this: a whole RTP packet, header and payload, without extensions.
    Packet(&'a [u8]),
    /// Both sides are sure of each other: sound can flow.
    Connected,
    /// The browser closed the connection, or has not been heard of for long. The last output.
    Gone,
}

/// Payload type that we propose for telephone-event; the browser's own goes before it.
const EVENTS: u8 = 101;
const HEADER: usize = 12;

impl Peer {
    /// Answers a browser's offer, as of `now`. `candidate` is the address that the browser is told to send to; what comes there
    /// is given to [`Self::receive`]. The answer names `preferred`, or the other G.711 if that is all the browser offers.
    ///
    /// # Errors
    /// [`Refused`] says what the offer lacks.
    pub fn answer(
        identity: &Identity,
        offer: &str,
        candidate: SocketAddr,
        preferred: G711,
        now: Instant,
    ) -> Result<(Self, Agreed), Refused> {
        let other = if preferred == G711::Pcma { G711::Pcmu } else { G711::Pcma };
        for codec in [preferred, other] {
            let offer = offer::read(offer)?;
            match Self::answer_with(identity, offer, candidate, codec, now) {
                Err(Refused::NoCommonCodec) => {}
                done => return done,
            }
        }
        Err(Refused::NoCommonCodec)
    }

    fn answer_with(
        identity: &Identity,
        offer: SdpOffer,
        candidate: SocketAddr,
        codec: G711,
        now: Instant,
    ) -> Result<(Self, Agreed), Refused> {
        let mut config = RtcConfig::new()
            .set_crypto_provider(identity.provider.clone())
            .set_dtls_cert(identity.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_extension_map(ExtensionMap::empty())
            .clear_codecs()
            .enable_pcma(codec == G711::Pcma, false)
            .enable_pcmu(codec == G711::Pcmu, false);
        let events = FormatParams::parse_line("0-16");
        config.codec_config().add_config(EVENTS.into(), None, Codec::Tele, Frequency::EIGHT_KHZ, None, events);
        let mut rtc = config.build(now);
        let host = Candidate::host(candidate, "udp").map_err(unusable)?;
        rtc.add_local_candidate(host);
        let answer = rtc.sdp_api().accept_offer(offer).map_err(unusable)?;
        let sdp = answer.to_sdp_string();
        let voice = sdp.lines().find_map(|line| line.strip_prefix("a=mid:")).map(Mid::from).ok_or(Refused::NoCommonCodec)?;
        let agreed_type = |rtc: &Rtc, codec: Codec| -> Option<u8> {
            let wanted: Vec<Pt> = rtc.media(voice)?.remote_pts().to_vec();
            let params = rtc.codec_config().params().iter();
            params
                .filter(|p| p.spec().codec == codec && p.spec().clock_rate == Frequency::EIGHT_KHZ)
                .map(|p| p.pt())
                .find_map(|pt| wanted.contains(&pt).then_some(*pt))
        };
        let payload_type = agreed_type(&rtc, codec.codec()).ok_or(Refused::NoCommonCodec)?;
        let event_type = agreed_type(&rtc, Codec::Tele);
        let source = rtc.direct_api().stream_tx_by_mid(voice, None).map(|stream| stream.ssrc());
        let agreed = Agreed { sdp, codec, payload_type, event_type };
        let peer = Self { rtc, candidate, voice, source, sequence: None, due: now, packet: Vec::new(), gone: false, told: false };
        Ok((peer, agreed))
    }

    /// A datagram came from `from` at `now`. What is neither STUN nor DTLS nor SRTP of this connection is dropped.
    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        let Ok(contents) = datagram.try_into() else { return };
        let receive = Receive { proto: Protocol::Udp, source: from, destination: self.candidate, contents };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            self.give(input);
        }
    }

    /// Sends one RTP packet, given whole and plain. Before the connection is up it is dropped, as late sound is.
    pub fn send(&mut self, rtp: &[u8], now: Instant) {
        if !self.rtc.is_connected() || rtp.len() <= HEADER || rtp[0] != 0x80 {
            return;
        }
        let Some(ssrc) = self.source.or_else(|| self.find_source()) else { return };
        let Some(sequence) = self.extend(u16::from_be_bytes([rtp[2], rtp[3]])) else { return };
        let timestamp = u32::from_be_bytes([rtp[4], rtp[5], rtp[6], rtp[7]]);
        let payload_type = Pt::new_with_value(rtp[1] & 0x7f);
        let write = RtpWrite::new(payload_type, sequence.into(), timestamp, now, &rtp[HEADER..]).marker(rtp[1] & 0x80 != 0);
        if let Some(stream) = self.rtc.direct_api().stream_tx(&ssrc) {
            stream.write_rtp(write);
            self.give(Input::Timeout(now));
        }
    }

    /// Lets time pass, if anything waits for it.
    pub fn tick(&mut self, now: Instant) {
        if now >= self.due {
            self.give(Input::Timeout(now));
        }
    }

    /// What to do next; `None` when there is nothing until something comes or time passes.
    pub fn poll(&mut self, now: Instant) -> Option<Output<'_>> {
        let mut passed = false;
        loop {
            if self.gone {
                return (!std::mem::replace(&mut self.told, true)).then_some(Output::Gone);
            }
            match self.rtc.poll_output() {
                Ok(str0m::Output::Transmit(transmit)) => {
                    return Some(Output::Datagram { to: transmit.destination, bytes: transmit.contents.into() });
                }
                Ok(str0m::Output::Event(Event::RtpPacket(packet))) => {
                    write_plain(&packet, &mut self.packet);
                    return Some(Output::Packet(&self.packet));
                }
                Ok(str0m::Output::Event(Event::Connected)) => return Some(Output::Connected),
                Ok(str0m::Output::Event(Event::Closed | Event::IceConnectionStateChange(IceConnectionState::Disconnected))) => {
                    self.gone = true
                }
                Ok(str0m::Output::Event(_)) => {}
                Ok(str0m::Output::Timeout(at)) => {
                    self.due = at;
                    self.gone = !self.rtc.is_alive();
                    if self.gone {
                        continue;
                    }
                    // The same moment is never told twice, so that this ends.
                    if at > now || std::mem::replace(&mut passed, true) {
                        return None;
                    }
                    self.give(Input::Timeout(now));
                }
                Err(_) => self.gone = true,
            }
        }
    }

    /// Says farewell; [`Self::poll`] then has the last datagrams.
    pub fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.gone = true;
        }
    }

    fn give(&mut self, input: Input<'_>) {
        // What cannot be read is dropped by the machine; an error means that it cannot go on.
        if self.rtc.handle_input(input).is_err() {
            self.gone = true;
        }
    }

    fn find_source(&mut self) -> Option<Ssrc> {
        self.source = self.rtc.direct_api().stream_tx_by_mid(self.voice, None).map(|stream| stream.ssrc());
        self.source
    }

    /// The 64-bit number nearest to the last one sent; `None` for one from before the first.
    fn extend(&mut self, sequence: u16) -> Option<u64> {
        let extended = match self.sequence {
            // The receiver begins with a rollover count of zero (RFC 3711 §3.3.1).
            None => u64::from(sequence),
            Some(last) => last.checked_add_signed(i64::from(sequence.wrapping_sub(last as u16) as i16))?,
        };
        self.sequence = self.sequence.max(Some(extended));
        Some(extended)
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("connected", &self.rtc.is_connected()).field("gone", &self.gone).finish_non_exhaustive()
    }
}

fn write_plain(packet: &RtpPacket, into: &mut Vec<u8>) {
    let header = &packet.header;
    into.clear();
    into.push(0x80);
    into.push((u8::from(header.marker) << 7) | (*header.payload_type & 0x7f));
    into.extend_from_slice(&header.sequence_number.to_be_bytes());
    into.extend_from_slice(&header.timestamp.to_be_bytes());
    into.extend_from_slice(&(*header.ssrc).to_be_bytes());
    into.extend_from_slice(&packet.payload);
}

fn unusable(why: impl std::fmt::Display) -> Refused {
    Refused::Unusable(why.to_string())
}
