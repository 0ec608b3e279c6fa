//! FLAC (RFC 9639), written frame by frame: what was written is whole up to the last frame, even if the program dies.
//!
//! Fixed predictors and Rice codes, without look-ahead: a call of two speakers comes to about a third of its samples' size.

/// Samples a frame and channel: a fifth of a second at 8 kHz.
const BLOCK: usize = 1600;
const MAX_PARTITION_ORDER: u32 = 5;

/// Encodes 16-bit sound of one or two channels.
#[derive(Debug)]
pub struct FlacEncoder {
    rate: u32,
    /// Samples that do not fill a frame yet.
    pending: [Vec<i16>; 2],
    stereo: bool,
    frame: u32,
}

impl FlacEncoder {
    /// For `channels` (1 or 2) at `rate` samples a second.
    pub fn new(channels: u8, rate: u32) -> Self {
        Self { rate: rate.clamp(1, 655_350), pending: [Vec::new(), Vec::new()], stereo: channels >= 2, frame: 0 }
    }

    /// What the file begins with. The length is left open, as the format allows, since it is not known yet.
    pub fn header(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.bytes.extend(b"fLaC");
        // Last metadata block, STREAMINFO, 34 bytes (§8.2).
        bits.bytes.extend([0x80, 0, 0, 34]);
        bits.put(BLOCK as u64, 16);
        bits.put(BLOCK as u64, 16);
        bits.put(0, 24);
        bits.put(0, 24);
        bits.put(u64::from(self.rate), 20);
        bits.put(u64::from(self.stereo), 3);
        bits.put(15, 5);
        bits.put(0, 36);
        bits.bytes.extend([0; 16]);
        bits.bytes
    }

    /// Takes samples (`right` of the same length; ignored for one channel) and gives the frames that are complete.
    pub fn push(&mut self, left: &[i16], right: &[i16]) -> Vec<u8> {
        self.pending[0].extend_from_slice(left);
        if self.stereo {
            self.pending[1].extend_from_slice(&right[..right.len().min(left.len())]);
            let length = self.pending[0].len();
            self.pending[1].resize(length, 0);
        }
        let mut out = Vec::new();
        while self.pending[0].len() >= BLOCK {
            self.write_frame(BLOCK, &mut out);
        }
        out
    }

    /// The last frame, which may be short; empty if nothing is left.
    pub fn finish(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let rest = self.pending[0].len();
        if rest > 0 {
            self.write_frame(rest, &mut out);
        }
        out
    }

    /// §9.1: header, a subframe for each channel, checksum.
    fn write_frame(&mut self, length: usize, out: &mut Vec<u8>) {
        let mut bits = Bits::default();
        // Sync code, fixed block size.
        bits.put(0b1111_1111_1111_1000, 16);
        // Block size in 16 bits at the end of the header; sample rate from STREAMINFO.
        bits.put(0b0111_0000, 8);
        bits.put(u64::from(self.stereo), 4);
        // 16 bits a sample.
        bits.put(0b1000, 4);
        coded_number(&mut bits, self.frame);
        bits.put(length as u64 - 1, 16);
        let check = crc8(&bits.bytes);
        bits.put(u64::from(check), 8);
        for channel in 0..=usize::from(self.stereo) {
            let samples: Vec<i32> = self.pending[channel].drain(..length).map(i32::from).collect();
            subframe(&samples, &mut bits);
        }
        bits.align();
        let check = crc16(&bits.bytes);
        bits.put(u64::from(check), 16);
        out.append(&mut bits.bytes);
        self.frame = (self.frame + 1) & 0x7fff_ffff;
    }
}

/// §9.2: constant, by a fixed predictor, or verbatim, whichever is shortest.
fn subframe(samples: &[i32], bits: &mut Bits) {
    if samples.windows(2).all(|w| w[0] == w[1]) {
        bits.put(0, 8);
        bits.signed(samples[0], 16);
        return;
    }
    let mut best: Option<(usize, Vec<i32>, Coding)> = None;
    let mut residual = samples.to_vec();
    for order in 0..=4.min(samples.len() - 1) {
        if order > 0 {
            residual = residual.windows(2).map(|w| w[1] - w[0]).collect();
        }
        let coding = Coding::choose(&residual, samples.len(), order);
        let size = coding.size + 16 * order as u64;
        if best.as_ref().is_none_or(|(o, _, c)| size < c.size + 16 * *o as u64) {
            best = Some((order, residual.clone(), coding));
        }
    }
    match best {
        Some((order, residual, coding)) if coding.size + 16 * (order as u64) < 16 * samples.len() as u64 => {
            bits.put(0b0001_0000 | (order as u64) << 1, 8);
            samples[..order].iter().for_each(|s| bits.signed(*s, 16));
            coding.write(&residual, samples.len(), order, bits);
        }
        _ => {
            bits.put(0b0000_0010, 8);
            samples.iter().for_each(|s| bits.signed(*s, 16));
        }
    }
}

/// How a residual is divided, and each part's Rice parameter (§9.2.7).
struct Coding {
    partition_order: u32,
    parameters: Vec<u32>,
    size: u64,
}

impl Coding {
    fn choose(residual: &[i32], block: usize, order: usize) -> Self {
        let mut best: Option<Self> = None;
        for partition_order in 0..=MAX_PARTITION_ORDER {
            let Some(parts) = partitions(residual, block, order, partition_order) else { break };
            let mut size = 6;
            let parameters: Vec<u32> = parts
                .iter()
                .map(|part| {
                    let (parameter, bits) = rice_parameter(part);
                    size += 4 + bits;
                    parameter
                })
                .collect();
            if best.as_ref().is_none_or(|b| size < b.size) {
                best = Some(Self { partition_order, parameters, size });
            }
        }
        best.unwrap_or(Self { partition_order: 0, parameters: vec![14], size: u64::MAX / 2 })
    }

    fn write(&self, residual: &[i32], block: usize, order: usize, bits: &mut Bits) {
        // Rice codes with parameters of 4 bits.
        bits.put(0, 2);
        bits.put(u64::from(self.partition_order), 4);
        let Some(parts) = partitions(residual, block, order, self.partition_order) else { return };
        for (part, parameter) in parts.iter().zip(&self.parameters) {
            bits.put(u64::from(*parameter), 4);
            for value in *part {
                let folded = fold(*value);
                bits.unary(folded >> parameter);
                bits.put(u64::from(folded) & ((1 << parameter) - 1), *parameter);
            }
        }
    }
}

/// The parts of a residual; `None` if the block cannot be divided so.
fn partitions(residual: &[i32], block: usize, order: usize, partition_order: u32) -> Option<Vec<&[i32]>> {
    let count = 1usize << partition_order;
    let length = block / count;
    if !block.is_multiple_of(count) || length <= order {
        return None;
    }
    let (first, mut rest) = residual.split_at_checked(length - order)?;
    let mut parts = vec![first];
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(length)?;
        parts.push(part);
        rest = after;
    }
    Some(parts)
}

/// The parameter that codes a part in the fewest bits, and how many.
fn rice_parameter(part: &[i32]) -> (u32, u64) {
    let sum: u64 = part.iter().map(|v| u64::from(fold(*v))).sum();
    let mean = sum / part.len().max(1) as u64;
    let guess = (64 - mean.leading_zeros()).min(14);
    let size = |k: u32| part.iter().map(|v| u64::from(fold(*v) >> k) + 1 + u64::from(k)).sum::<u64>();
    (guess.saturating_sub(1)..=guess.min(14)).map(|k| (k, size(k))).min_by_key(|(_, size)| *size).unwrap_or((14, u64::MAX / 4))
}

/// Positive and negative numbers in turn: 0, -1, 1, -2, 2…
fn fold(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// §9.1.5: as UTF-8, extended to 31 bits.
fn coded_number(bits: &mut Bits, number: u32) {
    if number < 0x80 {
        return bits.put(u64::from(number), 8);
    }
    let mut more = 1;
    while more < 5 && u64::from(number) >= 1 << (6 * more + 6 - more) {
        more += 1;
    }
    let lead = (0xff00u32 >> (more + 1)) & 0xff;
    bits.put(u64::from(lead | (number >> (6 * more))), 8);
    for n in (0..more).rev() {
        bits.put(u64::from(0x80 | ((number >> (6 * n)) & 0x3f)), 8);
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    /// Up to 48 bits.
    fn put(&mut self, value: u64, width: u32) {
        self.waiting = (self.waiting << width) | (value & ((1u64 << width) - 1));
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.waiting >> self.count) as u8);
        }
    }

    fn signed(&mut self, value: i32, width: u32) {
        self.put(value as u32 as u64, width);
    }

    /// So many zeros and a one.
    fn unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(1, zeros + 1);
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ byte, |c, _| if c & 0x80 != 0 { (c << 1) ^ 0x07 } else { c << 1 }))
}

static CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)])
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::noise::white;
    use crate::tone::sine;
    use proptest::prelude::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    /// Decodes with sox (which `make setup` installs): interleaved samples.
    fn decoded(file: &[u8], complains: bool) -> Vec<i16> {
        let mut sox = Command::new("sox")
            .args(["-V1", "-t", "flac", "-", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("install sox");
        let mut stdin = sox.stdin.take().expect("piped");
        let file = file.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&file));
        let output = sox.wait_with_output().expect("ran");
        let _ = writer.join();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(complains || (output.status.success() && said.is_empty()), "{said}");
        output.stdout.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
    }

    fn encoded(channels: u8, left: &[i16], right: &[i16], step: usize) -> Vec<u8> {
        let mut encoder = FlacEncoder::new(channels, 8000);
        let mut file = encoder.header();
        for (at, chunk) in left.chunks(step).enumerate() {
            let from = (at * step).min(right.len());
            file.extend(encoder.push(chunk, &right[from..(from + chunk.len()).min(right.len())]));
        }
        file.extend(encoder.finish());
        file
    }

    fn interleaved(left: &[i16], right: &[i16]) -> Vec<i16> {
        left.iter().zip(right).flat_map(|(l, r)| [*l, *r]).collect()
    }

    #[test]
    fn a_real_decoder_gives_back_every_sample() {
        let left = [sine(8000, 300.0, 12000.0, 9000), vec![0; 4000], white(5000, 32767, 1), vec![i16::MIN, i16::MAX, i16::MIN, 7]].concat();
        let right: Vec<i16> = left.iter().rev().copied().collect();
        for step in [160, 1600, 20_000] {
            assert_eq!(decoded(&encoded(2, &left, &right, step), false), interleaved(&left, &right), "step {step}");
        }
        assert_eq!(decoded(&encoded(1, &left, &[], 777), false), left);
    }

    #[test]
    fn more_frames_than_fit_in_one_byte_are_numbered() {
        let pcm = white(1600 * 2300, 5, 3);
        assert_eq!(decoded(&encoded(1, &pcm, &[], 16_000), false), pcm);
    }

    #[test]
    fn what_is_cut_off_is_whole_up_to_the_last_frame() {
        let pcm = sine(8000, 440.0, 8000.0, 16_000);
        let file = encoded(1, &pcm, &[], 160);
        let cut = decoded(&file[..file.len() - 100], true);
        assert!(cut.len() >= 16_000 - 2 * BLOCK, "{} samples", cut.len());
        assert_eq!(cut[..12_000], pcm[..12_000]);
    }

    #[test]
    fn speech_like_sound_is_made_small() {
        let pcm = sine(8000, 300.0, 6000.0, 80_000);
        let file = encoded(2, &pcm, &vec![0; 80_000], 1600);
        assert!(file.len() < 80_000, "{} bytes for 320000", file.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_samples_survive(left in proptest::collection::vec(any::<i16>(), 1..4000), quiet in 0u32..16) {
            let left: Vec<i16> = left.iter().map(|s| s >> quiet).collect();
            let right: Vec<i16> = left.iter().map(|s| s.wrapping_mul(3)).collect();
            prop_assert_eq!(decoded(&encoded(2, &left, &right, 500), false), interleaved(&left, &right));
        }
    }
}
