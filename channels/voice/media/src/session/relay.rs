//! Passing a partner's sound on: rewritten so that the receiver sees one continuous stream.

use super::Session;
use super::receive::{Kind, Taken};
use crate::codec::{Codec, Decoder, Encoder, FRAME};
use crate::rtp::Header;
use crate::worker::Now;

/// Distances between the partner's numbers and ours.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    mapping: Option<Mapping>,
    /// Round of the last relayed packet, or of the beginning.
    last_round: Option<u64>,
    transcoder: Option<Box<(Decoder, Encoder)>>,
}

#[derive(Debug, Clone, Copy)]
struct Mapping {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Of the partner's first packet under this mapping: what comes from before it is left out.
    first: u16,
}

impl Relay {
    /// A packet of our own took the next sequence number.
    pub(super) fn skip_one(&mut self) {
        if let Some(mapping) = &mut self.mapping {
            mapping.sequence = mapping.sequence.wrapping_add(1);
        }
    }

    /// Sound of our own was sent in between: the next relayed packet begins a new mapping.
    pub(super) fn interrupted(&mut self) {
        self.mapping = None;
    }

    /// Rounds since something was relayed.
    pub(super) fn quiet_for(&mut self, round: u64) -> u64 {
        round.saturating_sub(*self.last_round.get_or_insert(round))
    }
}

impl Session {
    /// Sends a packet that the partner received in `codec`.
    pub(crate) fn relay(&mut self, taken: &Taken<'_>, codec: Codec, now: Now) {
        let Some(params) = self.params.as_ref().filter(|p| p.send) else { return };
        let (own_codec, payload_type, key_type) = (params.codec, params.payload_type, params.dtmf_pt);
        let out_type = match taken.kind {
            Kind::Sound => payload_type,
            Kind::Event(key) => match key_type {
                Some(key_type) => key_type,
                // The other side knows no events: it gets the tones.
                None => {
                    if let Some(key) = key {
                        self.keys_out.press(key, 100);
                    }
                    return;
                }
            },
        };
        // A key's tones, what is played since the join, and the sum of several go before what the partner says meanwhile.
        let covered = self.player.is_some() || self.mixer.is_some();
        if !self.tones_out.is_empty() || (covered && taken.kind == Kind::Sound) {
            return;
        }
        let Some(header) = self.map(taken, out_type) else { return };
        self.relay.last_round = Some(now.round);
        if taken.kind != Kind::Sound || codec == own_codec {
            if taken.kind == Kind::Sound {
                self.ears.overhear(own_codec, header.timestamp, taken.packet.payload);
            }
            return self.emit(header, taken.packet.payload, now);
        }
        let mut pcm = Vec::with_capacity(FRAME);
        let mut encoded = Vec::with_capacity(FRAME);
        let stale = self.relay.transcoder.as_ref().is_none_or(|t| t.0.codec() != codec || t.1.codec() != own_codec);
        if stale {
            self.relay.transcoder = None;
        }
        let transcoder = self.relay.transcoder.get_or_insert_with(|| Box::new((Decoder::new(codec), Encoder::new(own_codec))));
        transcoder.0.decode(taken.packet.payload, &mut pcm);
        transcoder.1.encode(&pcm, &mut encoded);
        self.ears.overhear(own_codec, header.timestamp, &encoded);
        self.emit(header, &encoded, now);
    }

    /// Our header for a partner's packet; `None` for one from before the mapping began.
    fn map(&mut self, taken: &Taken<'_>, payload_type: u8) -> Option<Header> {
        let theirs = taken.packet.header;
        let t = &mut self.transmission;
        let mut marker = theirs.marker;
        let known = self.relay.mapping.filter(|m| !taken.fresh && m.ssrc == theirs.ssrc);
        let mapping = match known {
            Some(mapping) => mapping,
            None => {
                let after = t.last_timestamp.wrapping_add(FRAME as u32);
                let begin = if (t.timestamp.wrapping_sub(after) as i32) < 0 { after } else { t.timestamp };
                marker = true;
                let mapping = Mapping {
                    ssrc: theirs.ssrc,
                    sequence: t.sequence.wrapping_sub(theirs.sequence),
                    timestamp: begin.wrapping_sub(theirs.timestamp),
                    first: theirs.sequence,
                };
                self.relay.mapping = Some(mapping);
                mapping
            }
        };
        if (theirs.sequence.wrapping_sub(mapping.first) as i16) < 0 && known.is_some() {
            // Wraps after 32768 packets: the beginning is forgotten before that.
            return None;
        }
        if theirs.sequence.wrapping_sub(mapping.first) > 1000
            && let Some(mapping) = &mut self.relay.mapping
        {
            mapping.first = theirs.sequence.wrapping_sub(500);
        }
        let sequence = theirs.sequence.wrapping_add(mapping.sequence);
        let next = sequence.wrapping_add(1);
        if (next.wrapping_sub(t.sequence) as i16) > 0 {
            t.sequence = next;
        }
        let timestamp = theirs.timestamp.wrapping_add(mapping.timestamp);
        Some(Header { payload_type, marker, sequence, timestamp, ssrc: t.ssrc })
    }
}
