//! One frequency at a time: making it, and measuring it (Goertzel, 1958).

use std::f32::consts::PI;

/// A sine of that peak amplitude.
pub fn sine(rate: u32, hz: f32, amplitude: f32, samples: usize) -> Vec<i16> {
    // Phase in f64: over minutes an f32 would drift.
    let step = 2.0 * std::f64::consts::PI * f64::from(hz) / f64::from(rate.max(1));
    (0..samples).map(|n| (f64::from(amplitude) * (step * n as f64).sin()) as i16).collect()
}

/// Peak amplitude of the part of `pcm` at `hz`.
pub fn level_of(pcm: &[i16], rate: u32, hz: f32) -> f32 {
    if pcm.is_empty() || rate == 0 {
        return 0.0;
    }
    2.0 * goertzel(pcm, coefficient(rate, hz)).sqrt() / pcm.len() as f32
}

/// The constant of the filter for one frequency.
pub(crate) fn coefficient(rate: u32, hz: f32) -> f32 {
    2.0 * (2.0 * PI * hz / rate as f32).cos()
}

/// Squared magnitude of the spectrum at the filter's frequency: `(amplitude * samples / 2)²` for a pure tone.
#[inline]
pub(crate) fn goertzel(pcm: &[i16], coefficient: f32) -> f32 {
    let (mut last, mut before) = (0.0f32, 0.0f32);
    for sample in pcm {
        let now = f32::from(*sample) + coefficient * last - before;
        before = last;
        last = now;
    }
    last * last + before * before - coefficient * last * before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_heard_at_its_own_frequency_only() {
        let pcm = sine(8000, 440.0, 8000.0, 1600);
        assert!((level_of(&pcm, 8000, 440.0) - 8000.0).abs() < 200.0);
        assert!(level_of(&pcm, 8000, 880.0) < 100.0);
        assert_eq!(level_of(&[], 8000, 440.0), 0.0);
    }
}
