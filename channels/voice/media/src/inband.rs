//! Keys pressed as tones in the sound (ITU-T Q.23, Q.24), found by Goertzel filters.

use crate::codec::FRAME;
use crate::dtmf::{PAD, high_tones, low_tones};
use crate::tone::{coefficient, goertzel};
use std::sync::LazyLock;

static LOW: LazyLock<[f32; 4]> = LazyLock::new(|| low_tones().map(|hz| coefficient(8000, hz)));
static HIGH: LazyLock<[f32; 4]> = LazyLock::new(|| high_tones().map(|hz| coefficient(8000, hz)));

/// Mean square below which nothing is looked for: about -42 dB below full scale.
const QUIET: f32 = 70_000.0;
/// Share of the frame's power in the two tones: of a frame that a tone fills, and of one that it begins or ends in.
const WHOLE: f32 = 0.60;
const PART: f32 = 0.38;
/// The stronger group may exceed the other by that factor of power: 8 dB (the widest that Q.24 lists).
const TWIST: f32 = 6.3;
/// A tone exceeds the others of its group by that factor of power.
const ALONE: f32 = 6.0;

/// Finds presses in consecutive frames of 20 ms.
///
/// A press is told when one frame is filled by the two tones of a key and its neighbour holds them at least in part: so 40 ms are always
/// enough, 20 never.
#[derive(Debug, Clone, Default)]
pub struct InBand {
    /// What the last frame held, and whether it was filled.
    last: Option<(char, bool)>,
    /// The key that is being pressed, and frames since it was last seen.
    pressed: Option<(char, u8)>,
}

impl InBand {
    /// Takes the next frame of 8 kHz; the key, if a press begins.
    pub fn take(&mut self, frame: &[i16; FRAME]) -> Option<char> {
        let seen = look(frame);
        let before = std::mem::replace(&mut self.last, seen);
        if let Some((pressed, missing)) = self.pressed {
            match seen {
                Some((key, _)) if key == pressed => {
                    self.pressed = Some((pressed, 0));
                    return None;
                }
                // A dropped packet is no release.
                _ if missing == 0 && !is_quiet(frame) => {
                    self.pressed = Some((pressed, 1));
                    return None;
                }
                _ => self.pressed = None,
            }
        }
        let ((key, whole), (key_before, whole_before)) = (seen?, before?);
        if key == key_before && (whole || whole_before) {
            self.pressed = Some((key, 0));
            return Some(key);
        }
        None
    }
}

fn power(frame: &[i16; FRAME]) -> f32 {
    frame.iter().map(|s| f32::from(*s) * f32::from(*s)).sum::<f32>() / FRAME as f32
}

fn is_quiet(frame: &[i16; FRAME]) -> bool {
    power(frame) < QUIET
}

/// The key whose tones make up the frame, and whether they fill it.
fn look(frame: &[i16; FRAME]) -> Option<(char, bool)> {
    let power = power(frame);
    if power < QUIET {
        return None;
    }
    let low = LOW.map(|c| goertzel(frame, c));
    let high = HIGH.map(|c| goertzel(frame, c));
    let (row, column) = (strongest(&low)?, strongest(&high)?);
    let (a, b) = (low[row], high[column]);
    if a > b * TWIST || b > a * TWIST {
        return None;
    }
    // A tone of amplitude A has the squared magnitude (A * n / 2)² and the power A² / 2.
    let share = (a + b) * 2.0 / (FRAME * FRAME) as f32 / power;
    (share > PART).then_some((PAD[row][column], share > WHOLE))
}

/// The one that stands alone in its group.
fn strongest(group: &[f32; 4]) -> Option<usize> {
    let best = (0..4).max_by(|a, b| group[*a].total_cmp(&group[*b]))?;
    (0..4).all(|i| i == best || group[best] > group[i] * ALONE).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::white;
    use crate::sound::Tone;
    use crate::tone::sine;
    use proptest::prelude::*;

    fn find(pcm: &[i16]) -> String {
        let mut detector = InBand::default();
        pcm.as_chunks::<FRAME>().0.iter().filter_map(|f| detector.take(f)).collect()
    }

    fn dial(keys: &str, ms: u32, pause_ms: usize, offset: usize) -> Vec<i16> {
        let mut pcm = vec![0; offset];
        for key in keys.chars() {
            pcm.extend(Tone::dtmf(key, ms).map(|t| t.to_pcm(8000)).unwrap_or_default());
            pcm.extend(vec![0; pause_ms * 8]);
        }
        pcm
    }

    #[test]
    fn every_key_is_found_once_wherever_it_begins() {
        let keys = "0123456789*#ABCD5577";
        for offset in (0..160).step_by(20) {
            assert_eq!(find(&dial(keys, 70, 50, offset)), keys, "offset {offset}");
            assert_eq!(find(&dial(keys, 300, 100, offset)), keys, "offset {offset}");
        }
    }

    #[test]
    fn forty_five_milliseconds_are_enough_and_twenty_are_not() {
        for offset in (0..160).step_by(10) {
            assert_eq!(find(&dial("159D", 45, 60, offset)), "159D", "offset {offset}");
            assert_eq!(find(&dial("159D", 19, 60, offset)), "", "offset {offset}");
        }
    }

    #[test]
    fn keys_are_found_in_noise() {
        let mut pcm = dial("2580", 100, 80, 33);
        let noise = white(pcm.len(), 3000, 9);
        for (sample, noise) in pcm.iter_mut().zip(noise) {
            *sample = sample.saturating_add(noise);
        }
        assert_eq!(find(&pcm), "2580");
    }

    #[test]
    fn single_tones_noise_and_chords_are_no_keys() {
        for hz in (300..3400).step_by(20) {
            assert_eq!(find(&sine(8000, hz as f32, 9000.0, 1600)), "", "{hz} Hz");
        }
        assert_eq!(find(&white(80_000, 9000, 3)), "");
        let dial_tone: Vec<i16> = sine(8000, 350.0, 6000.0, 8000).iter().zip(sine(8000, 440.0, 6000.0, 8000)).map(|(a, b)| a + b).collect();
        assert_eq!(find(&dial_tone), "");
    }

    proptest! {
        #[test]
        fn frequency_and_level_may_be_off_a_little(
            detune in -0.015f32..0.015, twist_db in -5.0f32..5.0, level_db in -30.0f32..-6.0, offset in 0usize..160,
        ) {
            let amplitude = 16000.0 * 10f32.powf(level_db / 20.0);
            let second = amplitude * 10f32.powf(twist_db / 20.0);
            let mut pcm = vec![0; offset];
            pcm.extend(
                sine(8000, 852.0 * (1.0 + detune), amplitude, 800).iter()
                    .zip(sine(8000, 1336.0 * (1.0 + detune), second, 800))
                    .map(|(a, b)| a.saturating_add(b)),
            );
            pcm.extend([0; 320]);
            prop_assert_eq!(find(&pcm), "8");
        }
    }
}
