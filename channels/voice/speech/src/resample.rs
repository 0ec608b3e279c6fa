//! Changing the sampling rate: a band-limiting filter (Kaiser-windowed sinc) in polyphase form.

use crate::SpeechError;
use std::ops::RangeInclusive;

/// The rates that can be converted, in Hz.
pub(crate) const RATES: RangeInclusive<u32> = 8_000..=48_000;

/// Zero crossings of the sinc on each side. With [`BETA`] this passes up to 0.43 of the lower rate
/// (3.45 kHz of 8 kHz) and holds what would fold back 60 dB down.
const CROSSINGS: f64 = 32.0;
/// Shape of the Kaiser window: stop band at -60 dB.
const BETA: f64 = 5.65;
/// Middle of the filter's slope, as a share of the lower rate's Nyquist frequency.
const CUTOFF: f64 = 0.93;

/// Converts samples from one rate to another.
pub(crate) fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, SpeechError> {
    for rate in [from, to] {
        if !RATES.contains(&rate) {
            return Err(SpeechError::BadRate(rate));
        }
    }
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let divisor = gcd(from, to);
    let (up, down) = (u64::from(to / divisor), u64::from(from / divisor));
    let filter = Filter::new(from, to, up);
    let outputs = (samples.len() as u64 * up).div_ceil(down);
    Ok((0..outputs).map(|n| filter.at(samples, n * down / up, (n * down % up) as usize)).collect())
}

/// One row of coefficients for each of the places that an output can have between two inputs.
struct Filter {
    half: usize,
    phases: Vec<f32>,
}

impl Filter {
    fn new(from: u32, to: u32, up: u64) -> Self {
        // Band edge in cycles per input sample.
        let edge = 0.5 * CUTOFF * f64::from(from.min(to)) / f64::from(from);
        let half = (CROSSINGS / (2.0 * edge)).ceil() as usize;
        let width = 2 * half;
        let mut phases = Vec::with_capacity(width * up as usize);
        for phase in 0..up {
            let between = phase as f64 / up as f64;
            let row: Vec<f64> = (0..width).map(|tap| kernel(tap as f64 - (half as f64 - 1.0) - between, edge, half as f64)).collect();
            let sum: f64 = row.iter().sum();
            phases.extend(row.iter().map(|c| (c / sum) as f32));
        }
        Self { half, phases }
    }

    /// The output that lies `phase` steps behind input sample `centre`.
    fn at(&self, samples: &[f32], centre: u64, phase: usize) -> f32 {
        let width = 2 * self.half;
        let row = &self.phases[phase * width..][..width];
        let first = centre as i64 - (self.half as i64 - 1);
        let skipped = (-first).clamp(0, width as i64) as usize;
        let begin = (first + skipped as i64) as usize;
        let end = (begin + width - skipped).min(samples.len());
        let Some(inputs) = samples.get(begin..end) else { return 0.0 };
        inputs.iter().zip(&row[skipped..]).map(|(sample, weight)| sample * weight).sum()
    }
}

/// The windowed sinc at `t` input samples from its middle.
fn kernel(t: f64, edge: f64, half: f64) -> f64 {
    let place = t / half;
    if place.abs() >= 1.0 {
        return 0.0;
    }
    let x = 2.0 * std::f64::consts::PI * edge * t;
    let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
    2.0 * edge * sinc * bessel(BETA * (1.0 - place * place).sqrt()) / bessel(BETA)
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tone(rate: u32, hz: f64, seconds: f64) -> Vec<f32> {
        (0..(f64::from(rate) * seconds) as usize)
            .map(|n| (2.0 * std::f64::consts::PI * hz * n as f64 / f64::from(rate)).sin() as f32 * 0.5)
            .collect()
    }

    /// Amplitude of one frequency in the middle of the sound.
    fn amplitude(samples: &[f32], rate: u32, hz: f64) -> f64 {
        let inner = &samples[samples.len() / 4..samples.len() * 3 / 4];
        let (mut re, mut im) = (0.0, 0.0);
        for (n, s) in inner.iter().enumerate() {
            let angle = 2.0 * std::f64::consts::PI * hz * n as f64 / f64::from(rate);
            re += f64::from(*s) * angle.cos();
            im += f64::from(*s) * angle.sin();
        }
        2.0 * (re * re + im * im).sqrt() / inner.len() as f64
    }

    #[test]
    fn a_tone_keeps_its_height_and_loudness() {
        for (from, to) in [(8000, 16000), (16000, 8000), (22050, 8000), (22050, 16000), (44100, 8000), (48000, 16000), (8000, 48000)] {
            for hz in [300.0, 1000.0, 3200.0] {
                let out = resample(&tone(from, hz, 0.5), from, to).unwrap();
                assert_eq!(out.len(), (to as usize).div_ceil(2), "{from} to {to}");
                let got = amplitude(&out, to, hz);
                assert!((got - 0.5).abs() < 0.005, "{from} to {to} at {hz} Hz: {got}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_removed_rather_than_folded_back() {
        for hz in [4100.0, 5000.0, 7000.0, 10000.0] {
            let out = resample(&tone(22050, hz, 0.5), 22050, 8000).unwrap();
            let loudest = out[400..out.len() - 400].iter().fold(0f32, |a, s| a.max(s.abs()));
            assert!(loudest < 0.5 * 0.003, "{hz} Hz leaves {loudest}");
        }
    }

    #[test]
    fn going_up_adds_no_mirror_image() {
        let out = resample(&tone(8000, 3000.0, 0.5), 8000, 16000).unwrap();
        assert!(amplitude(&out, 16000, 5000.0) < 0.001);
    }

    #[test]
    fn odd_input_is_refused_or_answered_with_the_right_length() {
        assert_eq!(resample(&[], 8000, 16000).unwrap(), Vec::<f32>::new());
        assert_eq!(resample(&[0.5], 8000, 16000).unwrap().len(), 2);
        assert_eq!(resample(&[0.5; 3], 48000, 8000).unwrap().len(), 1);
        assert_eq!(resample(&[0.5], 0, 16000), Err(SpeechError::BadRate(0)));
        assert_eq!(resample(&[0.5], 8000, 96000), Err(SpeechError::BadRate(96000)));
    }
}
