//! What is sent: one packet a round, in a stream that is continuous for the receiver whatever it is made of.

use super::Session;
use crate::codec::{Codec, Encoder, FRAME};
use crate::noise;
use crate::os;
use crate::play::Frame;
use crate::rtp::{HEADER, Header};
use crate::sound::Tone;
use crate::srtp::OVERHEAD;
use crate::worker::Now;
use std::net::SocketAddr;

/// Rounds without a relayed packet after which the receiver hears comfort noise.
const QUIET_ROUNDS: u64 = 10;
/// Silence after a key's tones, in frames.
const KEY_PAUSE: usize = 3;

/// The sending side: one source for as long as the stream lives.
#[derive(Debug)]
pub(crate) struct Transmission {
    pub(super) ssrc: u32,
    /// Of the next packet of our own.
    pub(super) sequence: u16,
    /// Of the present round.
    pub(super) timestamp: u32,
    /// Highest timestamp sent.
    pub(super) last_timestamp: u32,
    /// The next packet begins a talk spurt.
    pub(super) marker: bool,
    pub(super) round: Option<u64>,
    pub(super) packets: u64,
    pub(super) octets: u64,
}

impl Transmission {
    pub(super) fn new() -> Self {
        let bits = os::random();
        let timestamp = os::random() as u32;
        Self {
            ssrc: (bits >> 32) as u32,
            sequence: bits as u16,
            timestamp,
            last_timestamp: timestamp.wrapping_sub(FRAME as u32),
            marker: true,
            round: None,
            packets: 0,
            octets: 0,
        }
    }

    /// Rounds are counted by the thread: a stream that moves counts anew.
    pub(super) fn settle(&mut self, round: u64) {
        self.round = Some(round);
    }

    /// Moves the media clock to this round; how many rounds were missed. What was missed is a gap in time, with a mark.
    pub(super) fn begin_round(&mut self, round: u64) -> u64 {
        let passed = self.round.map_or(1, |last| round.saturating_sub(last)).max(1);
        self.round = Some(round);
        self.timestamp = self.timestamp.wrapping_add((passed as u32).wrapping_mul(FRAME as u32));
        if passed > 1 && self.packets > 0 {
            self.marker = true;
            return passed - 1;
        }
        0
    }

    /// Header of the next packet of our own.
    pub(super) fn own(&mut self, payload_type: u8, timestamp: u32, marker: bool) -> Header {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        Header { payload_type, marker, sequence, timestamp, ssrc: self.ssrc }
    }
}

impl Session {
    /// Sends what this round has to send.
    pub(super) fn send_round(&mut self, now: Now) {
        let Some(params) = self.params.as_ref().filter(|p| p.send) else { return };
        let (codec, payload_type, key_type) = (params.codec, params.payload_type, params.dtmf_pt);
        if let Some(key_type) = key_type.filter(|_| !self.keys_out.is_idle()) {
            let timestamp = self.own_time();
            if let Some(event) = self.keys_out.round(timestamp) {
                let header = self.transmission.own(key_type, event.timestamp, event.marker);
                self.relay.skip_one();
                return self.emit(header, &event.payload.to_bytes(), now);
            }
        }
        if key_type.is_none() && self.send_tones(codec, payload_type, now) {
            return;
        }
        if self.is_joined() && self.player.is_none() && self.mixer.is_none() && self.relay.quiet_for(now.round) < QUIET_ROUNDS {
            return;
        }
        let mut frame = [0; FRAME];
        let mut over = false;
        match self.player.as_mut().map(|p| p.next(codec)) {
            Some(Frame::Sound(sound)) => frame[..sound.len()].copy_from_slice(sound),
            Some(Frame::End) => {
                over = true;
                frame.copy_from_slice(noise::frame(codec, now.round));
            }
            Some(Frame::Silence) => frame.copy_from_slice(noise::frame(codec, now.round)),
            None => self.unplayed(codec, now, &mut frame),
        }
        if over {
            self.stop_playing(true);
        }
        let timestamp = self.own_time();
        let marker = std::mem::take(&mut self.transmission.marker);
        let header = self.transmission.own(payload_type, timestamp, marker);
        self.relay.interrupted();
        self.ears.overhear(codec, timestamp, &frame);
        self.emit(header, &frame, now);
    }

    /// What is sent while nothing is played: the sum of several, where the far end hears several; else comfort noise.
    fn unplayed(&mut self, codec: Codec, now: Now, frame: &mut [u8; FRAME]) {
        let Some(mixer) = &mut self.mixer else { return frame.copy_from_slice(noise::frame(codec, now.round)) };
        let mut sum = Vec::with_capacity(FRAME);
        mixer.next(codec, &mut sum);
        frame.copy_from_slice(&sum);
    }

    /// Sends a frame of a key's tones, where no events are agreed. Whether there was one.
    fn send_tones(&mut self, codec: Codec, payload_type: u8, now: Now) -> bool {
        if self.tones_out.is_empty() {
            let Some((key, ms)) = self.keys_out.next_press() else { return false };
            let Some(tone) = Tone::dtmf(key, ms) else { return false };
            let mut pcm = tone.to_pcm(8000);
            pcm.resize(pcm.len().next_multiple_of(FRAME) + KEY_PAUSE * FRAME, 0);
            let mut encoded = Vec::with_capacity(pcm.len());
            Encoder::new(codec).encode(&pcm, &mut encoded);
            self.tones_out.extend(encoded);
        }
        let length = self.tones_out.len().min(FRAME);
        let frame: Vec<u8> = self.tones_out.drain(..length).collect();
        let timestamp = self.own_time();
        let marker = std::mem::take(&mut self.transmission.marker);
        let header = self.transmission.own(payload_type, timestamp, marker);
        self.relay.interrupted();
        self.ears.overhear(codec, timestamp, &frame);
        self.emit(header, &frame, now);
        true
    }

    /// The timestamp of a packet of our own in this round: never before one that was relayed.
    fn own_time(&mut self) -> u32 {
        let t = &mut self.transmission;
        let after = t.last_timestamp.wrapping_add(FRAME as u32);
        if (t.timestamp.wrapping_sub(after) as i32) < 0 {
            t.timestamp = after;
        }
        t.timestamp
    }

    /// Where sound goes: to where it comes from, or to where the session description says.
    fn destination(&self) -> Option<SocketAddr> {
        let signalled = self.params.as_ref()?.remote;
        // The old way to hold a call is an address of zeros (RFC 2543 §B.5).
        if signalled.port() == 0 || signalled.ip().is_unspecified() {
            return None;
        }
        Some(self.reception.source().filter(|_| self.symmetric).unwrap_or(signalled))
    }

    /// Sends one packet. What the network cannot take now is lost, as sound is.
    pub(super) fn emit(&mut self, header: Header, payload: &[u8], now: Now) {
        let mut datagram = [0u8; os::DATAGRAM];
        let length = HEADER + payload.len();
        let destination = self.destination();
        if destination.is_none() && !self.is_carried() {
            return;
        }
        if length + OVERHEAD > datagram.len() {
            return;
        }
        datagram[..HEADER].copy_from_slice(&header.to_bytes());
        datagram[HEADER..length].copy_from_slice(payload);
        let t = &mut self.transmission;
        if header.timestamp.wrapping_sub(t.last_timestamp) < u32::MAX / 2 {
            t.last_timestamp = header.timestamp;
        }
        t.packets += 1;
        t.octets += payload.len() as u64;
        if self.is_carried() {
            return self.send_carried(&datagram[..length], now);
        }
        let length = match &mut self.srtp {
            None => length,
            Some(srtp) => match srtp.outgoing.protect(&mut datagram, length) {
                Some(length) => length,
                None => return,
            },
        };
        if let Some(destination) = destination {
            let _ = self.rtp.send_to(&datagram[..length], destination);
        }
    }
}
