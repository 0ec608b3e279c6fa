//! What arrives: whom to believe, and what it says.

use super::{Session, since};
use crate::codec::Codec;
use crate::event::{DigitSource, MediaEvent};
use crate::quality::StreamStats;
use crate::rtp::{Arrival, Packet, Sequence, is_rtcp};
use crate::srtp::Rejected;
use crate::stream::StreamParams;
use crate::worker::Now;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A packet that was taken, and what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'a> {
    pub(crate) packet: Packet<'a>,
    pub(crate) kind: Kind,
    /// It belongs to a new source, or to one that begun anew.
    pub(crate) fresh: bool,
}

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound in the agreed codec.
    Sound,
    /// A named event; with the key if a press begins.
    Event(Option<char>),
}

/// Comfort noise (RFC 3389) has this payload type whether agreed or not.
const COMFORT_NOISE: u8 = 13;
/// A stranger may take the place of a silent source only if it continues its sequence.
const REBIND_AFTER: Duration = Duration::from_millis(500);

/// The receiving side.
#[derive(Debug)]
pub(crate) struct Reception {
    /// Where the session description says that sound comes from.
    signalled: Option<SocketAddr>,
    /// Where it does come from.
    source: Option<SocketAddr>,
    ssrc: Option<u32>,
    sequence: Sequence,
    /// Of sources before the present one.
    earlier_expected: u64,
    earlier_received: u64,
    /// RFC 3550 §A.8, in sixteenths of a unit of RTP time.
    transit: Option<i64>,
    jitter16: i64,
    last: Option<Instant>,
    since: Option<Instant>,
    stopped: bool,
    received: u64,
    strangers: u64,
    malformed: u64,
    replayed: u64,
    wrong_type: u64,
}

impl Reception {
    pub(super) fn new() -> Self {
        Self {
            signalled: None,
            source: None,
            ssrc: None,
            sequence: Sequence::default(),
            earlier_expected: 0,
            earlier_received: 0,
            transit: None,
            jitter16: 0,
            last: None,
            since: None,
            stopped: false,
            received: 0,
            strangers: 0,
            malformed: 0,
            replayed: 0,
            wrong_type: 0,
        }
    }

    /// A session description came. A changed address forgets the source.
    pub(super) fn expect(&mut self, params: &StreamParams, now: Instant) {
        if self.signalled != Some(params.remote) {
            self.signalled = Some(params.remote);
            self.source = None;
        }
        // Silence counts from here: the far end may have been held until now.
        self.since = Some(now);
        self.last = None;
        self.stopped = false;
    }

    /// Where the far end's sound comes from, once known.
    pub(super) fn source(&self) -> Option<SocketAddr> {
        self.source
    }

    pub(super) fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// Extended highest sequence number of the present source.
    pub(super) fn highest(&self) -> u32 {
        self.sequence.highest()
    }

    pub(super) fn count_stranger(&mut self) {
        self.strangers += 1;
    }

    pub(super) fn count_malformed(&mut self) {
        self.malformed += 1;
    }

    /// Interarrival jitter in units of RTP time.
    pub(super) fn jitter(&self) -> u32 {
        u32::try_from(self.jitter16 >> 4).unwrap_or(u32::MAX)
    }

    /// Once, when nothing came for as long as the limit.
    pub(super) fn silence(&mut self, now: Instant, limit: Duration) -> Option<Duration> {
        let silent_for = since(now, self.last.or(self.since)?);
        if self.stopped || silent_for < limit {
            return None;
        }
        self.stopped = true;
        Some(silent_for)
    }

    /// Packets expected and received from all sources.
    pub(super) fn totals(&self) -> (u64, u64) {
        let expected = self.earlier_expected + u64::from(self.sequence.expected());
        (expected, self.earlier_received + u64::from(self.sequence.received()))
    }

    pub(super) fn tell(&self, stats: &mut StreamStats) {
        let (expected, received) = self.totals();
        stats.received = self.received;
        stats.lost = expected.saturating_sub(received);
        stats.loss_pct = if expected == 0 { 0.0 } else { stats.lost as f32 * 100.0 / expected as f32 };
        stats.jitter_ms = self.jitter16 as f32 / 16.0 / 8.0;
        stats.from_strangers = self.strangers;
        stats.malformed = self.malformed;
        stats.replayed = self.replayed;
        stats.wrong_type = self.wrong_type;
    }

    /// Whether a well-formed packet from there may be believed. The source is settled by the first packet; an
    /// address nearer to that of the session description goes before it; a source that moved is followed if it goes on counting.
    fn believes(&mut self, from: SocketAddr, packet: &Packet<'_>, now: Instant) -> bool {
        if self.source == Some(from) {
            return true;
        }
        let believed = match self.source {
            None => true,
            Some(source) if self.rank(from) > self.rank(source) => true,
            Some(_) => {
                let silent = self.last.is_none_or(|last| since(now, last) >= REBIND_AFTER);
                let ahead = packet.header.sequence.wrapping_sub(self.sequence.highest() as u16);
                silent && self.ssrc == Some(packet.header.ssrc) && (1..1000).contains(&ahead)
            }
        };
        if believed {
            self.source = Some(from);
        }
        believed
    }

    /// How near an address is to the one of the session description: the same, the same host (behind a translator), or another.
    fn rank(&self, address: SocketAddr) -> u8 {
        match self.signalled {
            Some(signalled) if signalled == address => 2,
            Some(signalled) if signalled.ip() == address.ip() => 1,
            _ => 0,
        }
    }

    fn measure_jitter(&mut self, timestamp: u32, arrived: u64) {
        // Nanoseconds to units of 125 µs.
        let transit = (arrived / 125_000) as i64 - i64::from(timestamp);
        if let Some(before) = self.transit {
            // The timestamp wraps around; the difference of two neighbours does not.
            let d = i64::from((transit - before) as i32).abs();
            if d < 8000 {
                self.jitter16 += d - ((self.jitter16 + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }

    /// Follows source and sequence; whether the packet is to be taken, and whether its source is fresh.
    fn follow(&mut self, packet: &Packet<'_>) -> (bool, bool) {
        let mut fresh = false;
        if self.ssrc != Some(packet.header.ssrc) {
            self.set_aside();
            self.ssrc = Some(packet.header.ssrc);
            fresh = true;
        }
        let before = self.sequence.clone();
        match self.sequence.take(packet.header.sequence) {
            Arrival::New | Arrival::Reordered => (true, fresh),
            Arrival::Restarted => {
                self.earlier_expected += u64::from(before.expected());
                self.earlier_received += u64::from(before.received());
                self.transit = None;
                (true, true)
            }
            Arrival::Replayed | Arrival::Suspect => {
                self.replayed += 1;
                (false, false)
            }
        }
    }

    fn set_aside(&mut self) {
        self.earlier_expected += u64::from(self.sequence.expected());
        self.earlier_received += u64::from(self.sequence.received());
        self.sequence = Sequence::default();
        self.transit = None;
    }
}

/// What was agreed about what comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    codec: Codec,
    codec_type: u8,
    key_type: Option<u8>,
    expected: bool,
}

impl Session {
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let params = self.params.as_ref()?;
        Some(Wanted { codec: params.codec, codec_type: params.payload_type, key_type: params.dtmf_pt, expected: params.receive })
    }

    /// Whether a packet is of an agreed type; one that is not is counted.
    pub(super) fn is_wanted(&mut self, packet: &Packet<'_>, agreed: Wanted) -> bool {
        let payload_type = packet.header.payload_type;
        let wanted = payload_type == agreed.codec_type || Some(payload_type) == agreed.key_type || payload_type == COMFORT_NOISE;
        self.reception.wrong_type += u64::from(!wanted);
        wanted
    }

    /// Takes in one datagram of the RTP socket.
    pub(crate) fn take_in<'a>(&mut self, data: &'a mut [u8], from: Option<SocketAddr>, arrived: u64, now: Now) -> Option<Taken<'a>> {
        let from = from?;
        let params = self.wanted()?;
        if is_rtcp(data) {
            self.take_report(data, Some(from), now);
            return None;
        }
        let data: &'a [u8] = match &mut self.srtp {
            None => data,
            Some(srtp) => match srtp.incoming.unprotect(data) {
                Ok(length) => &data[..length],
                Err(Rejected::Replayed) => {
                    self.reception.replayed += 1;
                    return None;
                }
                Err(Rejected::Forged) => {
                    self.reception.malformed += 1;
                    return None;
                }
            },
        };
        let Ok(packet) = Packet::parse(data) else {
            self.reception.malformed += 1;
            return None;
        };
        if !self.is_wanted(&packet, params) {
            return None;
        }
        if !self.reception.believes(from, &packet, now.at) {
            self.reception.strangers += 1;
            return None;
        }
        self.take_packet(packet, params, arrived, now)
    }

    /// Takes in a packet whose source is believed.
    pub(super) fn take_packet<'a>(&mut self, packet: Packet<'a>, agreed: Wanted, arrived: u64, now: Now) -> Option<Taken<'a>> {
        let Wanted { codec, key_type, expected, .. } = agreed;
        let wanted = packet.header.payload_type;
        let (taken, fresh) = self.reception.follow(&packet);
        if !taken {
            return None;
        }
        if fresh {
            self.keys_in = Default::default();
        }
        self.reception.received += 1;
        self.reception.last = Some(now.at);
        if std::mem::take(&mut self.reception.stopped) {
            self.outbox.say(MediaEvent::MediaResumed { tag: self.tag });
        }
        if !expected || wanted == COMFORT_NOISE {
            return None;
        }
        if Some(wanted) == key_type {
            let key = self.keys_in.take(packet.header.timestamp, packet.payload);
            if let Some(digit) = key {
                self.outbox.say(MediaEvent::Digit { tag: self.tag, digit, source: DigitSource::Rfc4733 });
            }
            return Some(Taken { packet, kind: Kind::Event(key), fresh });
        }
        self.reception.measure_jitter(packet.header.timestamp, arrived);
        let taken = Taken { packet, kind: Kind::Sound, fresh };
        self.ears.hear(codec, &taken);
        Some(taken)
    }
}
