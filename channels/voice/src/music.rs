//! What a waiting caller hears: a quiet tune of our own, so that nobody's rights are needed.
//!
//! Raga Bhupali's five notes (Sa Re Ga Pa Dha), plucked, about half a minute, then again. A
//! recording `prompts/music.wav` is preferred where an office has one.

use std::f64::consts::TAU;

const RATE: u32 = 16_000;
/// Sa, in hertz; comfortable for a telephone's band.
const SA: f64 = 277.18;
/// Length of one beat in seconds.
const BEAT: f64 = 0.48;
/// (semitones above Sa, beats); −100 is a rest.
const TUNE: &[(i32, u32)] = &[
    (0, 2),
    (2, 1),
    (4, 2),
    (-100, 1),
    (4, 1),
    (7, 2),
    (4, 1),
    (2, 2),
    (0, 2),
    (-100, 2),
    (7, 2),
    (9, 1),
    (7, 2),
    (4, 1),
    (7, 1),
    (9, 1),
    (12, 3),
    (-100, 1),
    (12, 1),
    (9, 2),
    (7, 1),
    (4, 2),
    (2, 1),
    (4, 1),
    (7, 2),
    (4, 1),
    (2, 1),
    (0, 3),
    (-100, 3),
];

/// The tune as sound at 16 kHz.
pub(crate) fn tune() -> (u32, Vec<i16>) {
    let beats: u32 = TUNE.iter().map(|(_, beats)| beats).sum();
    let mut sound = vec![0.0f64; (f64::from(RATE) * BEAT * f64::from(beats)) as usize];
    let mut at = 0.0;
    for &(step, beats) in TUNE {
        if step > -100 {
            pluck(&mut sound, at, SA * 2f64.powf(f64::from(step) / 12.0));
        }
        at += BEAT * f64::from(beats);
    }
    (RATE, sound.iter().map(|s| (s.clamp(-1.0, 1.0) * 5_500.0) as i16).collect())
}

/// Adds a plucked string with three partials that die away.
fn pluck(sound: &mut [f64], start_s: f64, hz: f64) {
    let start = (start_s * f64::from(RATE)) as usize;
    let length = (1.6 * f64::from(RATE)) as usize;
    for (n, sample) in sound.iter_mut().skip(start).take(length).enumerate() {
        let t = n as f64 / f64::from(RATE);
        let attack = (t / 0.008).min(1.0);
        let partials = (TAU * hz * t).sin()
            + 0.35 * (TAU * 2.0 * hz * t).sin() * (-3.0 * t).exp()
            + 0.15 * (TAU * 3.0 * hz * t).sin() * (-6.0 * t).exp();
        *sample += 0.6 * attack * (-2.6 * t).exp() * partials;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tune_is_quiet_and_about_half_a_minute() {
        let (rate, sound) = tune();
        let seconds = sound.len() as u32 / rate;
        assert!((15..40).contains(&seconds), "{seconds}");
        assert!(sound.iter().all(|s| s.abs() < 8_000));
        assert!(sound.iter().any(|s| s.abs() > 1_000));
    }
}
