//! Change of sampling rate.
//!
//! [`Halver`] and [`Doubler`] keep state for live sound between 16 and 8 kHz; [`resample`] turns a whole prompt of any rate into
//! another. All are windowed-sinc filters, flat to about 3.4 kHz at 8 kHz.

use std::f32::consts::PI;
use std::sync::LazyLock;

const TAPS: usize = 47;

/// A half-band low-pass: cut-off at a quarter of the higher rate.
static HALF_BAND: LazyLock<[f32; TAPS]> = LazyLock::new(|| {
    let mut taps = [0.0; TAPS];
    let mut sum = 0.0;
    for (i, tap) in taps.iter_mut().enumerate() {
        let x = i as f32 - (TAPS - 1) as f32 / 2.0;
        *tap = sinc(x / 2.0 * 0.94) * blackman(i as f32 / (TAPS - 1) as f32);
        sum += *tap;
    }
    taps.map(|t| t / sum)
});

/// 16 kHz to 8 kHz, keeping its state from packet to packet.
#[derive(Debug, Clone)]
pub struct Halver {
    history: [f32; TAPS],
}

/// 8 kHz to 16 kHz, keeping its state from packet to packet.
#[derive(Debug, Clone)]
pub struct Doubler {
    history: [f32; TAPS / 2 + 1],
}

impl Default for Halver {
    fn default() -> Self {
        Self { history: [0.0; TAPS] }
    }
}

impl Default for Doubler {
    fn default() -> Self {
        Self { history: [0.0; TAPS / 2 + 1] }
    }
}

impl Halver {
    /// Appends one sample for each two.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        for pair in input.chunks_exact(2) {
            self.history.copy_within(2.., 0);
            self.history[TAPS - 2] = f32::from(pair[0]);
            self.history[TAPS - 1] = f32::from(pair[1]);
            let sum: f32 = self.history.iter().zip(HALF_BAND.iter()).map(|(a, b)| a * b).sum();
            out.push(sum as i16);
        }
    }
}

impl Doubler {
    /// Appends two samples for each one.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) {
        let len = self.history.len();
        for sample in input {
            self.history.copy_within(1.., 0);
            self.history[len - 1] = f32::from(*sample);
            let (mut even, mut odd) = (0.0, 0.0);
            for (i, value) in self.history.iter().enumerate() {
                even += value * HALF_BAND[2 * i];
                odd += HALF_BAND.get(2 * i + 1).map_or(0.0, |tap| value * tap);
            }
            // The taps run backwards in time here: the odd phase is the earlier one.
            out.push((odd * 2.0) as i16);
            out.push((even * 2.0) as i16);
        }
    }
}

/// A whole recording at another rate. Rates of 0 give nothing.
pub fn resample(input: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to {
        return input.to_vec();
    }
    if from == 0 || to == 0 || input.is_empty() {
        return Vec::new();
    }
    // Rates are whole numbers: the places between two samples repeat, so each has its taps worked out once.
    let common = greatest_common_divisor(from, to);
    let (up, down) = ((to / common) as usize, (from / common) as usize);
    // The filter cuts at the lower of the two half rates.
    let cut = (to as f32 / from as f32).min(1.0) * 0.94;
    let reach = (16.0 / cut).ceil() as usize;
    let phases: Vec<Vec<f32>> = (0..up).map(|phase| taps(phase as f32 / up as f32, cut, reach)).collect();
    let length = (input.len() * up + down / 2) / down;
    (0..length)
        .map(|n| {
            let (centre, phase) = (n * down / up, n * down % up);
            let before = (reach - 1).saturating_sub(centre); // taps that lie before the first sample
            let start = (centre + before + 1 - reach).min(input.len());
            let sum: f32 = input[start..].iter().zip(&phases[phase][before..]).map(|(sample, tap)| f32::from(*sample) * tap).sum();
            sum as i16
        })
        .collect()
}

/// The windowed sinc around a place `fraction` of a sample behind its tap `reach - 1`.
fn taps(fraction: f32, cut: f32, reach: usize) -> Vec<f32> {
    (0..2 * reach)
        .map(|i| {
            let x = i as f32 + 1.0 - reach as f32 - fraction;
            sinc(x * cut) * blackman((x / reach as f32 + 1.0) / 2.0) * cut
        })
        .collect()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn sinc(x: f32) -> f32 {
    if x.abs() < 1e-6 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// `at` from 0 to 1.
fn blackman(at: f32) -> f32 {
    let at = at.clamp(0.0, 1.0);
    0.42 - 0.5 * (2.0 * PI * at).cos() + 0.08 * (4.0 * PI * at).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{level_of, sine};

    #[test]
    fn a_tone_keeps_its_pitch_and_level_at_every_rate() {
        for from in [8000, 11025, 16000, 22050, 44100, 48000] {
            let there = resample(&sine(from, 1000.0, 10000.0, from as usize), from, 8000);
            assert_eq!(there.len(), 8000);
            let level = level_of(&there[800..7200], 8000, 1000.0);
            assert!((level - 10000.0).abs() < 300.0, "{from}: {level}");
        }
    }

    #[test]
    fn any_length_of_any_rate_keeps_its_duration_and_its_level() {
        for (from, to) in [(8000, 16000), (16000, 8000), (22050, 8000), (11025, 16000), (47999, 8000)] {
            for length in [1, 2, 19, 1000, 4001] {
                let there = resample(&vec![1000; length], from, to);
                let expected = length as f64 * f64::from(to) / f64::from(from);
                assert!((there.len() as f64 - expected).abs() <= 1.0, "{length} of {from}: {} of {to}", there.len());
                if length > 1000 {
                    let middle = there[there.len() / 2];
                    assert!((980..=1020).contains(&middle), "{from} to {to}: {middle}");
                }
            }
        }
        assert!(resample(&[], 8000, 16000).is_empty());
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_removed() {
        let there = resample(&sine(16000, 6000.0, 10000.0, 16000), 16000, 8000);
        assert!(level_of(&there[800..7200], 8000, 2000.0) < 100.0);
        let mut halved = Vec::new();
        Halver::default().process(&sine(16000, 6000.0, 10000.0, 16000), &mut halved);
        assert!(level_of(&halved[800..7200], 8000, 2000.0) < 100.0);
    }

    #[test]
    fn live_doubling_and_halving_keep_a_tone() {
        let mut twice = Vec::new();
        let mut doubler = Doubler::default();
        for frame in sine(8000, 1000.0, 10000.0, 8000).chunks(160) {
            doubler.process(frame, &mut twice);
        }
        assert_eq!(twice.len(), 16000);
        assert!((level_of(&twice[1600..14400], 16000, 1000.0) - 10000.0).abs() < 300.0);
        assert!(level_of(&twice[1600..14400], 16000, 7000.0) < 150.0, "an image is left");
        let mut back = Vec::new();
        Halver::default().process(&twice, &mut back);
        assert!((level_of(&back[800..7200], 8000, 1000.0) - 10000.0).abs() < 300.0);
    }
}
