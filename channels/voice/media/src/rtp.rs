//! RTP packets (RFC 3550 §5.1): reading, writing, and what may be said of their sequence.

/// The fixed part of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the payload is.
    pub payload_type: u8,
    /// First packet after a silence, or of an event.
    pub marker: bool,
    /// Counts packets, modulo 2¹⁶.
    pub sequence: u16,
    /// Sampling instant, in units of the codec's clock (8 kHz for all of ours).
    pub timestamp: u32,
    /// Names the source.
    pub ssrc: u32,
}

/// A packet as it lies in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Fixed header.
    pub header: Header,
    /// Without contributing sources, extension and padding.
    pub payload: &'a [u8],
}

/// Not an RTP packet, or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a whole RTP packet (RFC 3550 section 5.1)")]
pub struct Malformed;

/// Length of a header without contributing sources.
pub const HEADER: usize = 12;

impl Header {
    /// The twelve bytes.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[0] = 0x80;
        out[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        out
    }
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// If it is no RTP of version 2 or ends before its own lengths say so.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let start = payload_start(datagram).ok_or(Malformed)?;
        let mut end = datagram.len();
        if datagram[0] & 0x20 != 0 {
            let padding = usize::from(datagram[end - 1]);
            if padding == 0 || padding > end - start {
                return Err(Malformed);
            }
            end -= padding;
        }
        let header = Header {
            payload_type: datagram[1] & 0x7f,
            marker: datagram[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([datagram[2], datagram[3]]),
            timestamp: u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]),
            ssrc: u32::from_be_bytes([datagram[8], datagram[9], datagram[10], datagram[11]]),
        };
        Ok(Self { header, payload: &datagram[start..end] })
    }
}

/// Where the payload begins: after the contributing sources and the extension (§5.3.1). `None` if the datagram ends before, or
/// is not of version 2.
pub fn payload_start(datagram: &[u8]) -> Option<usize> {
    if datagram.len() < HEADER || datagram[0] >> 6 != 2 {
        return None;
    }
    let mut start = HEADER + 4 * usize::from(datagram[0] & 0x0f);
    if datagram[0] & 0x10 != 0 {
        let words = datagram.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (start <= datagram.len()).then_some(start)
}

/// Whether a datagram on an RTP port is RTCP (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.len() >= 8 && datagram[0] >> 6 == 2 && (192..=223).contains(&datagram[1])
}

/// What the sequence number of a packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The next, or one after a gap.
    New,
    /// Late but not seen before.
    Reordered,
    /// Seen before, or too old to tell.
    Replayed,
    /// Far away from the others. Two such in a row are a new beginning (RFC 3550 §A.1).
    Suspect,
    /// The second after a [`Self::Suspect`]: the source has begun anew.
    Restarted,
}

/// Follows the sequence numbers of one source: extended to 32 bits, with a window of 64 against replays.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    begun: bool,
    base: u32,
    highest: u32,
    /// Bit n: `highest - n` was seen.
    window: u64,
    received: u32,
    suspect: Option<u16>,
}

/// A jump ahead of up to a minute is a gap; more is suspect.
const MAX_GAP: u16 = 3000;

impl Sequence {
    /// Takes one packet.
    pub fn take(&mut self, sequence: u16) -> Arrival {
        if !self.begun {
            self.restart(sequence);
            return Arrival::New;
        }
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead != 0 && ahead < MAX_GAP {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
            self.window = if ahead < 64 { (self.window << ahead) | 1 } else { 1 };
            self.received += 1;
            self.suspect = None;
            return Arrival::New;
        }
        let behind = (self.highest as u16).wrapping_sub(sequence);
        if behind < 64 {
            let bit = 1u64 << behind;
            if self.window & bit != 0 {
                return Arrival::Replayed;
            }
            self.window |= bit;
            // One from before the first that we saw was never expected.
            if self.highest.wrapping_sub(u32::from(behind)) >= self.base {
                self.received += 1;
            }
            return Arrival::Reordered;
        }
        if behind < MAX_GAP && self.suspect != Some(sequence) {
            self.suspect = Some(sequence.wrapping_add(1));
            return Arrival::Replayed;
        }
        if self.suspect == Some(sequence) {
            self.restart(sequence);
            return Arrival::Restarted;
        }
        self.suspect = Some(sequence.wrapping_add(1));
        Arrival::Suspect
    }

    /// Extended highest sequence number received.
    pub fn highest(&self) -> u32 {
        self.highest
    }

    /// Packets that should have come since the beginning.
    pub fn expected(&self) -> u32 {
        if self.begun { self.highest.wrapping_sub(self.base).wrapping_add(1) } else { 0 }
    }

    /// Packets that came.
    pub fn received(&self) -> u32 {
        self.received
    }

    fn restart(&mut self, sequence: u16) {
        *self = Self { begun: true, base: u32::from(sequence), highest: u32::from(sequence), window: 1, received: 1, suspect: None };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_packet_survives_the_way_there_and_back() {
        let header = Header { payload_type: 101, marker: true, sequence: 65535, timestamp: 0xdead_beef, ssrc: 7 };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend(b"sound");
        assert_eq!(Packet::parse(&bytes), Ok(Packet { header, payload: b"sound" }));
    }

    #[test]
    fn sources_extension_and_padding_are_no_payload() {
        let mut bytes = Header { payload_type: 0, marker: false, sequence: 1, timestamp: 2, ssrc: 3 }.to_bytes().to_vec();
        bytes[0] |= 0x20 | 0x10 | 1;
        bytes.extend([0; 4]);
        bytes.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
        bytes.extend(b"ab");
        bytes.extend([0, 0, 3]);
        assert_eq!(Packet::parse(&bytes).map(|p| p.payload), Ok(&b"ab"[..]));
        let cut = bytes.len() - 6;
        assert_eq!(Packet::parse(&bytes[..cut]), Err(Malformed));
    }

    #[test]
    fn gaps_reordering_replays_and_restarts_are_told_apart() {
        let mut s = Sequence::default();
        assert_eq!(s.take(65534), Arrival::New);
        assert_eq!(s.take(65534), Arrival::Replayed);
        assert_eq!(s.take(1), Arrival::New);
        assert_eq!(s.take(65535), Arrival::Reordered);
        assert_eq!(s.take(65535), Arrival::Replayed);
        assert_eq!((s.expected(), s.received(), s.highest()), (4, 3, 65537));
        assert_eq!(s.take(30000), Arrival::Suspect);
        assert_eq!(s.take(2), Arrival::New, "one stray packet changes nothing");
        assert_eq!(s.take(40000), Arrival::Suspect);
        assert_eq!(s.take(40001), Arrival::Restarted);
        assert_eq!(s.take(40002), Arrival::New);
        assert_eq!(s.expected(), 2);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() <= bytes.len() - HEADER);
            }
            let _ = is_rtcp(&bytes);
        }

        #[test]
        fn no_more_is_received_than_expected(sequences in proptest::collection::vec(any::<u16>(), 0..300)) {
            let mut s = Sequence::default();
            for sequence in sequences {
                s.take(sequence);
                prop_assert!(s.received() <= s.expected());
            }
        }

        #[test]
        fn nothing_is_taken_twice(mut order in proptest::collection::vec(0u16..40, 1..80), start in any::<u16>()) {
            let mut s = Sequence::default();
            let mut seen = std::collections::HashSet::new();
            for n in order.drain(..) {
                let fresh = seen.insert(n);
                let arrival = s.take(start.wrapping_add(n));
                prop_assert_eq!(fresh, matches!(arrival, Arrival::New | Arrival::Reordered));
            }
        }
    }
}
