//! Voice activity: when somebody speaks, as against silence, noise and tones.
//!
//! Energy above a floor that follows the noise; of that, only what is periodic as voices are (a pitch of 60 to 400 Hz) begins speech; and what is
//! made of few pure tones (a ring-back, a beep, a fax) does not, because each of its samples follows from the six before. Costs nothing while it is quiet.

use crate::codec::FRAME;
use std::collections::VecDeque;

/// What changed with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Somebody began to speak, some frames ago.
    Began,
    /// The speaker has been silent for half a second; spoke that long before.
    Ended {
        /// Milliseconds from the first to the last frame of speech.
        spoke_ms: u32,
    },
}

/// Energy of a frame, in dB over a sample of 1, below which it is silence: about -52 dB below full scale.
const QUIET_DB: f32 = 38.0;
/// Over the noise.
const ABOVE_NOISE_DB: f32 = 8.0;
/// The floor rises by that much a frame, and falls at once.
const RISE_DB: f32 = 0.06;
/// Likeness of a voiced frame with itself a period later.
const VOICED: f32 = 0.60;
/// Ratio of a frame's power to what cannot be foretold of it, above which it is made of tones: 27 dB.
const FORETOLD: f64 = 500.0;
/// So many of the last frames must be voiced.
const NEEDED: usize = 4;
const AMONG: usize = 10;
/// Half a second of silence ends speech.
const HANGOVER: u32 = 25;

/// Tells speech in consecutive frames of 20 ms at 8 kHz.
#[derive(Debug, Clone)]
pub struct VoiceDetector {
    floor_db: f32,
    /// Of the last frames: whether voiced.
    recent: VecDeque<bool>,
    /// Frames since speech began, and since it was last heard.
    speaking: Option<(u32, u32)>,
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self { floor_db: 30.0, recent: VecDeque::new(), speaking: None }
    }
}

impl VoiceDetector {
    /// Takes the next frame.
    pub fn take(&mut self, frame: &[i16; FRAME]) -> Option<Voice> {
        let level = level_db(frame);
        self.follow_noise(level);
        let active = level > QUIET_DB && level > self.floor_db + ABOVE_NOISE_DB;
        let voiced = active && is_voice(frame);
        self.recent.push_back(voiced);
        if self.recent.len() > AMONG {
            self.recent.pop_front();
        }
        let count = self.recent.iter().filter(|v| **v).count();
        match &mut self.speaking {
            None => {
                if count < NEEDED {
                    return None;
                }
                let first = self.recent.iter().position(|v| *v).unwrap_or(0);
                self.speaking = Some(((self.recent.len() - first) as u32, 0));
                Some(Voice::Began)
            }
            Some((since, silent)) => {
                *since += 1;
                // Consonants carry on what a vowel began, but noise alone does not.
                *silent = if active && count > 0 { 0 } else { *silent + 1 };
                if *silent < HANGOVER {
                    return None;
                }
                let spoke_ms = since.saturating_sub(*silent) * 20;
                self.speaking = None;
                self.recent.clear();
                Some(Voice::Ended { spoke_ms })
            }
        }
    }

    /// Whether speech is going on.
    pub fn is_speaking(&self) -> bool {
        self.speaking.is_some()
    }

    fn follow_noise(&mut self, level: f32) {
        if level < self.floor_db {
            // A single digital zero says nothing about the room.
            self.floor_db += (level - self.floor_db) * 0.2;
        } else {
            self.floor_db += RISE_DB.min(level - self.floor_db);
        }
        self.floor_db = self.floor_db.max(20.0);
    }
}

fn is_voice(frame: &[i16; FRAME]) -> bool {
    periodicity(frame) > VOICED && predictability(frame) < FORETOLD
}

fn level_db(frame: &[i16; FRAME]) -> f32 {
    let power = frame.iter().map(|s| f32::from(*s) * f32::from(*s)).sum::<f32>() / FRAME as f32;
    10.0 * (power + 1.0).log10()
}

/// How like the frame is to itself a period later, 0 to 1.
fn periodicity(frame: &[i16; FRAME]) -> f32 {
    const HALF: usize = FRAME / 2;
    let mut x = [0.0f32; HALF];
    for (value, pair) in x.iter_mut().zip(frame.as_chunks::<2>().0) {
        *value = f32::from(pair[0]) + f32::from(pair[1]);
    }
    // Takes the slope out of traffic, wind and hum, which would be like itself at every short lag.
    let mut before = x[0];
    for value in &mut x {
        (*value, before) = (*value - 0.9 * before, *value);
    }
    let mut best = 0.0f32;
    for lag in 10..=62 {
        let (early, late) = (&x[..HALF - lag], &x[lag..]);
        let (mut product, mut a, mut b) = (0.0f32, 1.0f32, 1.0f32);
        for (e, l) in early.iter().zip(late) {
            product += e * l;
            a += e * e;
            b += l * l;
        }
        let likeness = product / (a * b).sqrt();
        // Long lags compare few samples and agree by chance: they must do better.
        let likeness = likeness * (1.0 - 0.25 * lag as f32 / HALF as f32);
        best = best.max(likeness);
    }
    best
}

/// Power of the frame over the power of what a linear prediction from six samples leaves of it (covariance method). Three
/// sines at once are foretold whole, but for the noise of G.711; the throat is not.
fn predictability(frame: &[i16; FRAME]) -> f64 {
    const ORDER: usize = 6;
    let x = frame.map(f64::from);
    let dot = |i: usize, j: usize| -> f64 { x[ORDER - i..FRAME - i].iter().zip(&x[ORDER - j..FRAME - j]).map(|(a, b)| a * b).sum() };
    let power = dot(0, 0) + 1.0;
    let mut rows = [[0.0f64; ORDER + 1]; ORDER];
    for (i, row) in rows.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            // The last column is what is to be foretold.
            *value = dot(i + 1, (j + 1) % (ORDER + 1));
        }
        row[i] += power * 1e-6;
    }
    let weights = solve(rows);
    let left: f64 = (ORDER..FRAME)
        .map(|n| {
            let foretold: f64 = weights.iter().enumerate().map(|(i, w)| w * x[n - 1 - i]).sum();
            (x[n] - foretold).powi(2)
        })
        .sum();
    power / (left + 1.0)
}

/// Solves a positive definite system by elimination; the last column is the right side.
fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> [f64; N] {
    for i in 0..N {
        let pivot = rows[i];
        for row in &mut rows[i + 1..] {
            let factor = row[i] / pivot[i];
            for (value, above) in row.iter_mut().zip(&pivot) {
                *value -= factor * above;
            }
        }
    }
    let mut out = [0.0; N];
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|j| rows[i][j] * out[j]).sum();
        out[i] = (rows[i][M - 1] - known) / rows[i][i];
    }
    out
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::codec::{Codec, Decoder, Encoder};
    use crate::noise::white;
    use crate::sound::read_wav;
    use crate::tone::sine;
    use std::path::Path;

    fn through_a_line(pcm: &[i16]) -> Vec<i16> {
        let (mut encoded, mut out) = (Vec::new(), Vec::new());
        Encoder::new(Codec::Pcma).encode(pcm, &mut encoded);
        Decoder::new(Codec::Pcma).decode(&encoded, &mut out);
        out
    }

    /// What is told, each with the time of the frame in milliseconds.
    fn told(pcm: &[i16]) -> Vec<(usize, Voice)> {
        let mut detector = VoiceDetector::default();
        let line = through_a_line(pcm);
        line.as_chunks::<FRAME>().0.iter().enumerate().filter_map(|(n, f)| detector.take(f).map(|v| (n * 20, v))).collect()
    }

    /// A vowel: the harmonics of a wavering pitch under two formants.
    fn vowel(ms: usize) -> Vec<i16> {
        let mut phase = 0.0f32;
        (0..ms * 8)
            .map(|n| {
                let t = n as f32 / 8000.0;
                let pitch = 140.0 + 15.0 * (t * 9.0).sin();
                phase += 2.0 * std::f32::consts::PI * pitch / 8000.0;
                let sum: f32 = (1..20)
                    .map(|h| {
                        let hz = pitch * h as f32;
                        let formants = 1.0 / (1.0 + ((hz - 700.0) / 150.0).powi(2)) + 0.5 / (1.0 + ((hz - 1200.0) / 200.0).powi(2));
                        formants * (phase * h as f32).sin()
                    })
                    .sum();
                (sum * 3000.0 * (0.6 + 0.4 * (t * 25.0).sin())) as i16
            })
            .collect()
    }

    #[test]
    fn a_voice_begins_soon_and_its_length_is_told_without_the_silence_after() {
        let pcm = [vec![0; 8000], vowel(1000), vec![0; 8000]].concat();
        let told = told(&pcm);
        assert!(matches!(told[0], (1000..=1200, Voice::Began)), "{told:?}");
        assert!(matches!(told[1], (2400..=2600, Voice::Ended { spoke_ms: 880..=1040 })), "{told:?}");
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn noise_of_any_colour_and_level_is_no_voice() {
        for peak in [30, 300, 3000, 10000] {
            assert_eq!(told(&white(80_000, peak, 5)), [], "white noise of {peak}");
            for slope in [0.7f32, 0.97] {
                let mut last = 0.0f32;
                let brown: Vec<i16> = white(80_000, peak, 7)
                    .iter()
                    .map(|s| {
                        last = last * slope + f32::from(*s) * (1.0 - slope).sqrt();
                        last as i16
                    })
                    .collect();
                assert_eq!(told(&brown), [], "noise of {peak} with slope {slope}");
            }
        }
    }

    #[test]
    fn the_tones_of_the_network_are_no_voice() {
        let both = |a: f32, b: f32| -> Vec<i16> {
            sine(8000, a, 5000.0, 8000).iter().zip(sine(8000, b, 5000.0, 8000)).map(|(x, y)| x.saturating_add(y)).collect()
        };
        for tone in [both(440.0, 480.0), both(350.0, 440.0), both(480.0, 620.0), both(400.0, 425.0), both(770.0, 1336.0)] {
            let cadence = [tone.clone(), vec![0; 8000], tone, vec![0; 4000]].concat();
            assert_eq!(told(&cadence), []);
        }
        for hz in [50.0, 400.0, 425.0, 1000.0, 1100.0, 2100.0] {
            let tone = sine(8000, hz, 8000.0, 4000);
            assert_eq!(told(&[tone.clone(), vec![0; 4000], tone].concat()), [], "{hz} Hz");
        }
    }

    /// Real people, over a line with noise 15 dB below them, and no key is found in what they say.
    #[test]
    fn people_are_heard() {
        let folder = Path::new("/usr/share/asterisk/sounds/en_US_f_Allison/digits");
        let files = std::fs::read_dir(folder).expect("install asterisk-core-sounds-en-wav (`make setup` does)");
        let (mut clips, mut heard, mut keys) = (0, 0, 0);
        for file in files.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "wav")) {
            let (rate, speech) = read_wav(&std::fs::read(file.path()).expect("readable")).expect("a WAV file");
            if rate != 8000 || speech.len() < 4000 {
                continue;
            }
            let loudness = (speech.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / speech.len() as f32).sqrt();
            let mut pcm = [vec![0; 4000], speech, vec![0; 8000]].concat();
            for (sample, noise) in pcm.iter_mut().zip(white(160_000, (loudness * 0.3) as i32, 11)) {
                *sample = sample.saturating_add(noise);
            }
            clips += 1;
            let told = told(&pcm);
            heard += usize::from(told.iter().any(|(at, v)| *v == Voice::Began && *at >= 400));
            let mut inband = crate::inband::InBand::default();
            keys += through_a_line(&pcm).as_chunks::<FRAME>().0.iter().filter_map(|f| inband.take(f)).count();
        }
        assert!(clips > 20, "{clips} clips");
        assert!(heard * 100 >= clips * 97, "heard {heard} of {clips}");
        assert_eq!(keys, 0);
    }
}
