//! The jitter buffer: puts what arrives into the order and pace of speech, and makes up what is missing.
//!
//! It serves recording, recognition and detectors only. Relayed packets pass it by: the far end has a buffer of its own.

use crate::codec::{Codec, Decoder, FRAME};

/// Half a second at 8 kHz.
const RING: usize = 4096;
/// First delay: three packets of the usual length.
const DELAY: u32 = 3 * FRAME as u32;
const MAX_DELAY: u32 = 12 * FRAME as u32;
/// Older than this is no late packet but a source with a new sense of time.
const LOST_TRACK: i32 = 2000;
/// How long a delay that is longer than needed is kept, in packets (ten seconds).
const PATIENCE: u32 = 500;
/// What is made up fades out over this many samples.
const FADE: usize = 480;
/// Joints between the made up and the real are blended over this many samples.
const BLEND: usize = 40;
const PITCH: std::ops::Range<usize> = 40..160;

/// Decodes packets as they come, and gives 20 ms of 8 kHz sound each round.
#[derive(Debug)]
pub(crate) struct JitterBuffer {
    decoder: Decoder,
    ring: Box<[i16; RING]>,
    there: Box<[bool; RING]>,
    /// Timestamp of the next sample to be given; `None` before the first packet.
    next: Option<u32>,
    delay: u32,
    /// Least time that packets were early, and over how many packets this was seen.
    margin: (u32, u32),
    conceal: bool,
    history: [i16; 2 * FRAME],
    /// Samples since the last real one; `FADE` or more is silence.
    gap: usize,
    /// What is repeated in a gap, and how much of it was given.
    period: Vec<i16>,
    given: usize,
    /// Real samples that are still to be blended with the continuation.
    blend: usize,
    pcm: Vec<i16>,
    late: u64,
    concealed: u64,
}

/// What a frame is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// At least some of it arrived.
    Sound,
    /// It is a continuation of what was before.
    MadeUp,
    /// Silence: nothing has arrived for a while.
    Nothing,
}

impl JitterBuffer {
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            decoder: Decoder::new(codec),
            ring: Box::new([0; RING]),
            there: Box::new([false; RING]),
            next: None,
            delay: DELAY,
            margin: (u32::MAX, 0),
            conceal: true,
            history: [0; 2 * FRAME],
            gap: FADE,
            period: Vec::new(),
            given: 0,
            blend: 0,
            pcm: Vec::with_capacity(FRAME),
            late: 0,
            concealed: 0,
        }
    }

    /// One whose gaps are silence: for what we send, where a gap is meant.
    pub(crate) fn without_concealment(codec: Codec) -> Self {
        Self { conceal: false, ..Self::new(codec) }
    }

    pub(crate) fn late(&self) -> u64 {
        self.late
    }

    pub(crate) fn concealed(&self) -> u64 {
        self.concealed
    }

    /// How far what is given lies behind what arrives, in samples.
    pub(crate) fn delay(&self) -> u32 {
        self.delay
    }

    /// Takes another delay, so that two buffers stay in step.
    pub(crate) fn set_delay(&mut self, delay: u32) {
        if let Some(next) = &mut self.next {
            *next = next.wrapping_add(self.delay).wrapping_sub(delay);
        }
        self.delay = delay;
    }

    /// Takes a packet. `fresh`: its source is new, so its time has nothing to do with what was before.
    pub(crate) fn put(&mut self, codec: Codec, timestamp: u32, payload: &[u8], fresh: bool) {
        if self.decoder.codec() != codec {
            self.decoder = Decoder::new(codec);
        }
        let payload = &payload[..payload.len().min(RING / 4)];
        let mut pcm = std::mem::take(&mut self.pcm);
        pcm.clear();
        self.decoder.decode(payload, &mut pcm);
        if fresh {
            self.next = None;
        }
        self.place(timestamp, &pcm);
        self.pcm = pcm;
    }

    fn place(&mut self, timestamp: u32, pcm: &[i16]) {
        let mut next = *self.next.get_or_insert(timestamp.wrapping_sub(self.delay));
        let mut ahead = timestamp.wrapping_sub(next) as i32;
        if ahead < -LOST_TRACK || ahead > (RING - pcm.len()) as i32 {
            self.there.fill(false);
            self.margin = (u32::MAX, 0);
            next = timestamp.wrapping_sub(self.delay);
            ahead = self.delay as i32;
        }
        if ahead < 0 {
            self.late += 1;
            // Wait longer from now on, so that the next one as late as this comes in time.
            let more = (ahead.unsigned_abs().next_multiple_of(FRAME as u32)).min(MAX_DELAY.saturating_sub(self.delay));
            self.delay += more;
            next = next.wrapping_sub(more);
            ahead += more as i32;
            self.margin = (u32::MAX, 0);
        }
        self.next = Some(next);
        self.relax(ahead.max(0) as u32);
        let skip = usize::try_from(-ahead).unwrap_or(0).min(pcm.len());
        for (n, sample) in pcm.iter().enumerate().skip(skip) {
            let at = timestamp.wrapping_add(n as u32) as usize % RING;
            self.ring[at] = *sample;
            self.there[at] = true;
        }
    }

    /// Shortens a delay that no packet has needed for long, by one frame.
    fn relax(&mut self, ahead: u32) {
        self.margin = (self.margin.0.min(ahead), self.margin.1 + 1);
        if self.margin.1 < PATIENCE {
            return;
        }
        if self.margin.0 > DELAY + FRAME as u32 {
            self.next = self.next.map(|n| n.wrapping_add(FRAME as u32));
            self.delay = self.delay.saturating_sub(FRAME as u32).max(DELAY);
        }
        self.margin = (u32::MAX, 0);
    }

    /// The next 20 ms.
    pub(crate) fn take(&mut self, out: &mut [i16; FRAME]) -> Heard {
        let Some(next) = self.next else {
            out.fill(0);
            return Heard::Nothing;
        };
        let silent_before = self.gap >= FADE;
        let mut real = 0;
        for n in 0..FRAME {
            let at = next.wrapping_add(n as u32) as usize % RING;
            out[n] = if std::mem::take(&mut self.there[at]) {
                real += 1;
                self.real(self.ring[at])
            } else {
                if self.gap == 0 {
                    self.begin_gap(&out[..n]);
                }
                self.made_up()
            };
        }
        self.next = Some(next.wrapping_add(FRAME as u32));
        self.history.copy_within(FRAME.., 0);
        self.history[FRAME..].copy_from_slice(out);
        match real {
            0 if silent_before || !self.conceal => Heard::Nothing,
            0 => {
                self.concealed += 1;
                Heard::MadeUp
            }
            _ => Heard::Sound,
        }
    }

    fn real(&mut self, sample: i16) -> i16 {
        if self.gap > 0 {
            self.blend = if self.gap < FADE { BLEND } else { 0 };
            self.gap = 0;
        }
        if self.blend == 0 {
            return sample;
        }
        let made_up = i32::from(self.continued());
        let rest = self.blend as i32;
        self.blend -= 1;
        ((i32::from(sample) * (BLEND as i32 - rest) + made_up * rest) / BLEND as i32) as i16
    }

    fn made_up(&mut self) -> i16 {
        if !self.conceal || self.gap >= FADE {
            self.gap = FADE;
            return 0;
        }
        self.gap += 1;
        self.continued()
    }

    /// Finds what to repeat: the last period of the sound before the gap.
    fn begin_gap(&mut self, frame: &[i16]) {
        let mut before = self.history;
        before.copy_within(frame.len().., 0);
        let end = before.len() - frame.len();
        before[end..].copy_from_slice(frame);
        let period = if self.conceal { pitch(&before) } else { 1 };
        self.period.clear();
        self.period.extend_from_slice(&before[before.len() - period..]);
        self.given = 0;
    }

    fn continued(&mut self) -> i16 {
        let sample = self.period.get(self.given % self.period.len().max(1)).copied().unwrap_or(0);
        let left = FADE.saturating_sub(self.given) as i32;
        self.given += 1;
        (i32::from(sample) * left / FADE as i32) as i16
    }
}

/// The period at which the end of `history` best repeats itself, in samples.
fn pitch(history: &[i16; 2 * FRAME]) -> usize {
    let end = &history[history.len() - FRAME..];
    let mut best = (0.0f32, FRAME);
    for lag in PITCH.step_by(2) {
        let before = &history[history.len() - FRAME - lag..history.len() - lag];
        let (mut product, mut power) = (0.0f32, 1.0f32);
        for (a, b) in end.iter().zip(before) {
            product += f32::from(*a) * f32::from(*b);
            power += f32::from(*b) * f32::from(*b);
        }
        let likeness = product.max(0.0).powi(2) / power;
        if likeness > best.0 {
            best = (likeness, lag);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Encoder;
    use crate::tone::{level_of, sine};
    use proptest::prelude::*;

    /// Frames of a tone, with their timestamps.
    fn speech(hz: f32, frames: usize, from: u32) -> Vec<(u32, Vec<u8>)> {
        let mut encoder = Encoder::new(Codec::Pcma);
        sine(8000, hz, 8000.0, frames * FRAME)
            .chunks(FRAME)
            .enumerate()
            .map(|(n, pcm)| {
                let mut payload = Vec::new();
                encoder.encode(pcm, &mut payload);
                (from.wrapping_add((n * FRAME) as u32), payload)
            })
            .collect()
    }

    /// Each element is what arrives before a round.
    fn heard(rounds: &[Vec<(u32, Vec<u8>)>]) -> (JitterBuffer, Vec<i16>) {
        let mut buffer = JitterBuffer::new(Codec::Pcma);
        let mut all = Vec::new();
        let mut out = [0; FRAME];
        for arrived in rounds {
            for (timestamp, payload) in arrived {
                buffer.put(Codec::Pcma, *timestamp, payload, false);
            }
            buffer.take(&mut out);
            all.extend_from_slice(&out);
        }
        (buffer, all)
    }

    #[test]
    fn sound_comes_out_whole_whatever_the_packets_length_and_order() {
        let packets = speech(400.0, 40, u32::MAX - 1000);
        let mut rounds: Vec<Vec<_>> = Vec::new();
        // Two packets in every second round, the later one first; then halves of packets.
        for pair in packets[..20].chunks(2) {
            rounds.push(vec![pair[1].clone(), pair[0].clone()]);
            rounds.push(vec![]);
        }
        for (timestamp, payload) in &packets[20..] {
            rounds.push(vec![(*timestamp, payload[..80].to_vec()), (timestamp.wrapping_add(80), payload[80..].to_vec())]);
        }
        rounds.extend(vec![vec![]; 2]);
        let (buffer, all) = heard(&rounds);
        let sound = &all[DELAY as usize + FRAME..40 * FRAME];
        assert!((level_of(sound, 8000, 400.0) - 8000.0).abs() < 200.0, "{}", level_of(sound, 8000, 400.0));
        assert_eq!((buffer.late(), buffer.concealed()), (0, 0));
    }

    #[test]
    fn a_lost_packet_is_made_up_without_a_click() {
        let rounds: Vec<_> =
            speech(200.0, 40, 0).into_iter().enumerate().map(|(n, p)| if n % 10 == 5 { vec![] } else { vec![p] }).collect();
        let (buffer, all) = heard(&rounds);
        assert_eq!(buffer.concealed(), 4);
        let sound = &all[DELAY as usize + FRAME..];
        assert!(level_of(sound, 8000, 200.0) > 7500.0);
        // A sine of 200 Hz and 8000 moves by at most 1257 a sample; a hole would jump by up to 8000.
        let jump = sound.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max().unwrap_or(0);
        assert!(jump < 2600, "a jump of {jump}");
    }

    #[test]
    fn what_is_made_up_fades_to_silence() {
        let mut rounds: Vec<_> = speech(200.0, 10, 0).into_iter().map(|p| vec![p]).collect();
        rounds.extend(vec![vec![]; 20]);
        let (buffer, all) = heard(&rounds);
        assert_eq!(buffer.concealed(), 3);
        assert!(all[all.len() - 10 * FRAME..].iter().all(|s| *s == 0));
    }

    #[test]
    fn the_delay_grows_when_packets_come_late_and_shrinks_again() {
        let packets = speech(400.0, 2000, 77);
        let mut rounds: Vec<Vec<_>> = vec![Vec::new(); 2000];
        for (n, packet) in packets.into_iter().enumerate() {
            // For a while every eighth packet is 120 ms late.
            let late = if n < 200 && n % 8 == 7 { 6 } else { 0 };
            rounds[(n + late).min(1999)].push(packet);
        }
        let mut buffer = JitterBuffer::new(Codec::Pcma);
        let mut out = [0; FRAME];
        let mut widest = 0;
        for arrived in &rounds {
            for (timestamp, payload) in arrived {
                buffer.put(Codec::Pcma, *timestamp, payload, false);
            }
            buffer.take(&mut out);
            widest = widest.max(buffer.delay());
        }
        assert!((4 * FRAME as u32..=8 * FRAME as u32).contains(&widest), "{widest}");
        assert!(buffer.late() <= 3, "{}", buffer.late());
        assert!(buffer.delay() < widest);
    }

    #[test]
    fn a_source_that_jumps_in_time_is_followed() {
        let mut rounds: Vec<_> = speech(400.0, 20, 1000).into_iter().map(|p| vec![p]).collect();
        rounds.extend(speech(400.0, 20, 500_000).into_iter().map(|p| vec![p]));
        rounds.extend(speech(400.0, 20, 2000).into_iter().map(|p| vec![p]));
        let (_, all) = heard(&rounds);
        for from in [10, 30, 50] {
            let sound = &all[from * FRAME..(from + 8) * FRAME];
            assert!(level_of(sound, 8000, 400.0) > 7500.0, "at {from}");
        }
    }

    proptest! {
        #[test]
        fn no_packet_makes_it_panic(
            packets in proptest::collection::vec((any::<u32>(), 0usize..2000, any::<bool>()), 0..60),
            near in proptest::collection::vec((0u32..9000, 0usize..500, any::<bool>()), 0..60),
        ) {
            let mut buffer = JitterBuffer::new(Codec::G722);
            let mut out = [0; FRAME];
            for (timestamp, length, fresh) in packets.into_iter().chain(near) {
                buffer.put(Codec::Pcmu, timestamp, &vec![0x55; length], fresh);
                buffer.take(&mut out);
                prop_assert!((DELAY..=MAX_DELAY).contains(&buffer.delay()));
            }
        }
    }
}
