//! Keys of the telephone as named events (RFC 4733): receiving and sending. In-band detection is in `inband`.

use std::collections::VecDeque;

/// Units of RTP time in one round.
const ROUND: u32 = 160;
/// Silence between two digits, in rounds of 20 ms.
const GAP: u32 = 3;
/// Digits that may wait to be sent.
const QUEUE: usize = 64;
/// Volume of what we send: 10 dB below 0 dBm0.
const VOLUME: u8 = 10;

const KEYS: &[u8; 16] = b"0123456789*#ABCD";
const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
pub(crate) const PAD: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// The key of an event code 0–15; others are no keys.
pub fn key_of(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).map(|k| char::from(*k))
}

/// The event code of a key.
pub fn event_of(key: char) -> Option<u8> {
    let key = u8::try_from(key.to_ascii_uppercase()).ok()?;
    KEYS.iter().position(|k| *k == key).map(|at| at as u8)
}

/// The two tones of a key in Hz (ITU-T Q.23).
pub fn frequencies(key: char) -> Option<(f32, f32)> {
    let key = key.to_ascii_uppercase();
    for (row, keys) in PAD.iter().enumerate() {
        if let Some(column) = keys.iter().position(|k| *k == key) {
            return Some((LOW[row], HIGH[column]));
        }
    }
    None
}

pub(crate) fn low_tones() -> [f32; 4] {
    LOW
}

pub(crate) fn high_tones() -> [f32; 4] {
    HIGH
}

/// The payload of one event packet (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPayload {
    /// Which event; 0–15 are keys.
    pub event: u8,
    /// The key was released.
    pub end: bool,
    /// dB below 0 dBm0, 0 to 63.
    pub volume: u8,
    /// So far, in units of RTP time.
    pub duration: u16,
}

impl EventPayload {
    /// Reads the first event of a payload; `None` if it is cut off.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let p = payload.first_chunk::<4>()?;
        Some(Self { event: p[0], end: p[1] & 0x80 != 0, volume: p[1] & 0x3f, duration: u16::from_be_bytes([p[2], p[3]]) })
    }

    /// The four bytes.
    pub fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, (u8::from(self.end) << 7) | (self.volume & 0x3f), high, low]
    }
}

/// Tells each press once, whichever of its packets arrive.
///
/// All packets of a press carry the timestamp of its beginning, so a press is known by it: repeated and lost packets,
/// a lost beginning or a lost end change nothing.
#[derive(Debug, Clone, Default)]
pub struct EventReceiver {
    last: Option<Press>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    timestamp: u32,
    event: u8,
    duration: u16,
    ended: bool,
}

impl EventReceiver {
    /// Takes one packet; the key, if a press begins with it.
    pub fn take(&mut self, timestamp: u32, payload: &[u8]) -> Option<char> {
        let event = EventPayload::parse(payload)?;
        let key = key_of(event.event)?;
        let press = Press { timestamp, event: event.event, duration: event.duration, ended: event.end };
        let Some(last) = &mut self.last else {
            self.last = Some(press);
            return Some(key);
        };
        let later = timestamp.wrapping_sub(last.timestamp);
        if later == 0 {
            last.duration = last.duration.max(event.duration);
            last.ended |= event.end;
            return None;
        }
        if later > u32::MAX / 2 {
            // Of a press before the last: a packet that was overtaken. A source that begun anew is told by its SSRC.
            return None;
        }
        // A press longer than the duration field is told in segments (§2.5.1.3): the next begins where this one ends.
        let segment = !last.ended && last.event == event.event && last.duration >= 0xff00 && later <= 0x1_0140;
        self.last = Some(press);
        if segment { None } else { Some(key) }
    }
}

/// Sends presses one after the other: an event packet in each round, the end three times.
#[derive(Debug, Clone, Default)]
pub struct EventSender {
    queue: VecDeque<(u8, u32)>,
    now: Option<Sending>,
    gap: u32,
}

#[derive(Debug, Clone, Copy)]
struct Sending {
    event: u8,
    timestamp: u32,
    elapsed: u32,
    length: u32,
    ends: u8,
}

/// What to send in a round in place of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// Of the beginning of the press.
    pub timestamp: u32,
    /// On the first packet.
    pub marker: bool,
    /// What to send.
    pub payload: EventPayload,
}

impl EventSender {
    /// Adds a press of `ms` (40 to 2000). False if it is no key, or too many wait.
    pub fn press(&mut self, key: char, ms: u32) -> bool {
        let Some(event) = event_of(key) else { return false };
        if self.queue.len() >= QUEUE {
            return false;
        }
        self.queue.push_back((event, ms.clamp(40, 2000).div_ceil(20) * ROUND));
        true
    }

    /// Takes out the next press, to be sent as tones: the key and its length in milliseconds.
    pub fn next_press(&mut self) -> Option<(char, u32)> {
        let (event, length) = self.queue.pop_front()?;
        Some((key_of(event)?, length / ROUND * 20))
    }

    /// Whether there is nothing to send.
    pub fn is_idle(&self) -> bool {
        self.now.is_none() && self.queue.is_empty() && self.gap == 0
    }

    /// The packet of this round, whose sound would have had `timestamp`.
    pub fn round(&mut self, timestamp: u32) -> Option<EventPacket> {
        if self.now.is_none() {
            if self.gap > 0 {
                self.gap -= 1;
                return None;
            }
            let (event, length) = self.queue.pop_front()?;
            self.now = Some(Sending { event, timestamp, elapsed: 0, length, ends: 0 });
        }
        let sending = self.now.as_mut()?;
        let marker = sending.elapsed == 0;
        sending.elapsed = (sending.elapsed + ROUND).min(sending.length);
        let end = sending.elapsed >= sending.length;
        let payload = EventPayload { event: sending.event, end, volume: VOLUME, duration: sending.elapsed as u16 };
        let packet = EventPacket { timestamp: sending.timestamp, marker, payload };
        if end {
            sending.ends += 1;
            if sending.ends == 3 {
                self.now = None;
                self.gap = GAP;
            }
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(keys: &str) -> Vec<EventPacket> {
        let mut sender = EventSender::default();
        assert!(keys.chars().all(|k| sender.press(k, 100)));
        let mut out = Vec::new();
        let mut timestamp = 0u32.wrapping_sub(800);
        while !sender.is_idle() {
            out.extend(sender.round(timestamp));
            timestamp = timestamp.wrapping_add(ROUND);
        }
        out
    }

    fn heard<'a>(packets: impl IntoIterator<Item = &'a EventPacket>) -> String {
        let mut receiver = EventReceiver::default();
        packets.into_iter().filter_map(|p| receiver.take(p.timestamp, &p.payload.to_bytes())).collect()
    }

    #[test]
    fn every_key_is_heard_once() {
        assert_eq!(heard(&sent("0123456789*#ABCD")), "0123456789*#ABCD");
        assert_eq!(heard(&sent("5555")), "5555");
    }

    #[test]
    fn a_press_grows_and_its_end_is_sent_three_times() {
        let packets = sent("7");
        let durations: Vec<_> = packets.iter().map(|p| (p.payload.duration, p.payload.end, p.marker)).collect();
        let expected = [(160, false, true), (320, false, false), (480, false, false), (640, false, false)];
        assert_eq!(durations[..4], expected);
        assert_eq!(durations[4..], [(800, true, false); 3]);
        assert!(packets.iter().all(|p| p.timestamp == packets[0].timestamp));
    }

    #[test]
    fn lost_ends_lost_beginnings_and_overtaken_packets_change_nothing() {
        let packets = sent("12");
        let (one, two) = packets.split_at(packets.len() / 2);
        assert_eq!(heard(one.iter().filter(|p| !p.payload.end).chain(two)), "12", "ends lost");
        assert_eq!(heard(one.iter().filter(|p| p.payload.end).chain(two)), "12", "only ends came");
        assert_eq!(heard(one.iter().take(3).chain(two).chain(&one[3..])), "12", "the first press's end came last");
    }

    #[test]
    fn a_very_long_press_in_segments_is_one_press() {
        let mut receiver = EventReceiver::default();
        let payload = |duration, end| EventPayload { event: 3, end, volume: 10, duration }.to_bytes();
        assert_eq!(receiver.take(1000, &payload(160, false)), Some('3'));
        assert_eq!(receiver.take(1000, &payload(0xffff, false)), None);
        assert_eq!(receiver.take(1000 + 0xffff, &payload(160, false)), None);
        assert_eq!(receiver.take(1000 + 0xffff, &payload(900, true)), None);
        assert_eq!(receiver.take(200_000, &payload(160, false)), Some('3'));
    }

    #[test]
    fn what_is_no_key_is_not_sent_and_the_queue_is_bounded() {
        let mut sender = EventSender::default();
        assert!(!sender.press('x', 100));
        let taken = (0..1000).filter(|_| sender.press('1', 100)).count();
        assert_eq!(taken, QUEUE);
    }

    proptest! {
        #[test]
        fn no_payload_makes_the_receiver_panic(packets in proptest::collection::vec((any::<u32>(), proptest::collection::vec(any::<u8>(), 0..8)), 0..50)) {
            let mut receiver = EventReceiver::default();
            for (timestamp, payload) in packets {
                let _ = receiver.take(timestamp, &payload);
            }
        }

        #[test]
        fn any_loss_that_spares_one_packet_of_each_press_is_harmless(lost in proptest::collection::vec(any::<bool>(), 64)) {
            let packets = sent("13579");
            let of_one = packets.len() / 5;
            let kept: Vec<_> = packets.iter().enumerate().filter(|(i, _)| i % of_one == of_one - 1 || !lost[*i % 64]).map(|(_, p)| p).collect();
            prop_assert_eq!(heard(kept), "13579");
        }
    }
}
