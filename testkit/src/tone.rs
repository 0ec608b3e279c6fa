//! Who hears whom, proved by frequency: each party speaks its own tone.

use std::f64::consts::TAU;
use std::path::Path;

/// A sine of `hz` at half scale, `ms` long, at `rate` samples a second.
pub fn sine(hz: f64, ms: u32, rate: u32) -> Vec<i16> {
    let count = u64::from(rate) * u64::from(ms) / 1000;
    (0..count).map(|n| ((TAU * hz * n as f64 / f64::from(rate)).sin() * 16_000.0) as i16).collect()
}

/// The share of the signal's power that lies at `hz`, 0 to 1 (Goertzel 1958, over blocks of 50 ms,
/// the loudest block counts). Silence has no share.
pub fn share(samples: &[i16], rate: u32, hz: f64) -> f64 {
    let block = (rate / 20) as usize;
    samples.chunks_exact(block).map(|b| block_share(b, rate, hz)).fold(0.0, f64::max)
}

/// How many milliseconds of the signal consist mostly (over half of the power) of `hz`.
pub fn heard_ms(samples: &[i16], rate: u32, hz: f64) -> u32 {
    let block = (rate / 50) as usize;
    let blocks = samples.chunks_exact(block).filter(|b| block_share(b, rate, hz) > 0.5).count();
    u32::try_from(blocks).unwrap_or(u32::MAX).saturating_mul(20)
}

fn block_share(block: &[i16], rate: u32, hz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hz / f64::from(rate)).cos();
    let (mut s1, mut s2, mut power) = (0.0, 0.0, 0.0);
    for &sample in block {
        let x = f64::from(sample);
        let s0 = x + coefficient * s1 - s2;
        (s2, s1) = (s1, s0);
        power += x * x;
    }
    let at_hz = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    let n = block.len() as f64;
    if power / n < 100.0 { 0.0 } else { (2.0 * at_hz / n / power).min(1.0) }
}

/// Writes a mono 16-bit WAV file.
///
/// # Panics
/// If the file cannot be written.
pub fn write_wav(path: &Path, samples: &[i16], rate: u32) {
    let spec = wav::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: wav::SampleFormat::Int };
    let mut writer = wav::WavWriter::create(path, spec).expect("the WAV file can be created");
    for &sample in samples {
        writer.write_sample(sample).expect("the WAV file can be written");
    }
    writer.finalize().expect("the WAV file can be finished");
}

/// Reads a WAV file's first channel and its rate, also one that is still being written (its header
/// then tells no length). `None` while there is nothing to read.
pub fn read_wav(path: &Path) -> Option<(Vec<i16>, u32)> {
    let bytes = std::fs::read(path).ok()?;
    let rate = u32::from_le_bytes(bytes.get(24..28)?.try_into().ok()?);
    let channels = usize::from(u16::from_le_bytes(bytes.get(22..24)?.try_into().ok()?)).max(1);
    let data = bytes.windows(4).position(|w| w == b"data")? + 8;
    let samples = bytes.get(data..)?.chunks_exact(2 * channels).map(|c| i16::from_le_bytes([c[0], c[1]])).collect();
    Some((samples, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_heard_at_its_own_frequency_only() {
        let tone = sine(700.0, 400, 8000);
        assert!(share(&tone, 8000, 700.0) > 0.95);
        assert!(share(&tone, 8000, 1100.0) < 0.05);
        assert!(heard_ms(&tone, 8000, 700.0) >= 380);
        assert_eq!(heard_ms(&vec![0; 8000], 8000, 700.0), 0);
    }
}
