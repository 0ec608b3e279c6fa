//! Sound as samples: reading it from WAV, its level, its length.

use crate::{SpeechError, resample};
use std::path::Path;
use std::time::Duration;

/// One channel of signed 16 bit samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcm {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

impl Pcm {
    /// How long it sounds.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate.max(1)))
    }

    /// The same sound at another rate, band-limited to the lower of the two.
    ///
    /// # Errors
    /// [`SpeechError::BadRate`] outside 8 to 48 kHz.
    pub fn resampled(&self, rate: u32) -> Result<Pcm, SpeechError> {
        if rate == self.rate {
            return Ok(self.clone());
        }
        Ok(Pcm { rate, samples: to_i16(&resample::resample(&to_f32(&self.samples), self.rate, rate)?) })
    }

    /// Reads a WAV file of integer samples, of any number of channels (they are averaged).
    ///
    /// # Errors
    /// [`SpeechError::BadRecording`] with the file's name and what is wrong with it.
    pub fn read_wav(path: &Path) -> Result<Pcm, SpeechError> {
        let bytes = std::fs::read(path).map_err(|e| SpeechError::BadRecording(format!("{}: {e}", path.display())))?;
        Self::from_wav(&bytes).map_err(|e| SpeechError::BadRecording(format!("{}: {e}", path.display())))
    }

    /// Reads the bytes of a WAV file. A length in the header that is larger than what follows, as
    /// programs write that stream their output, is taken as "to the end".
    pub(crate) fn from_wav(bytes: &[u8]) -> Result<Pcm, String> {
        let (format, data) = chunks(bytes)?;
        let channels = u16::from_le_bytes([format[2], format[3]]);
        let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
        let bits = u16::from_le_bytes([format[14], format[15]]);
        let kind = u16::from_le_bytes([format[0], format[1]]);
        if !matches!(kind, 1 | 0xFFFE) || !matches!(bits, 8 | 16) || !(1..=8).contains(&channels) {
            return Err(format!("it holds {bits} bit samples of kind {kind} in {channels} channels; save it as 16 bit PCM"));
        }
        if !resample::RATES.contains(&rate) {
            return Err(format!("its rate is {rate} Hz; save it at 8 to 48 kHz"));
        }
        let frame = usize::from(channels) * usize::from(bits / 8);
        let samples = data.chunks_exact(frame).map(|frame| mean_of_channels(frame, bits)).collect();
        Ok(Pcm { rate, samples })
    }

    /// A WAV file of 16 bit samples.
    pub fn to_wav(&self) -> Vec<u8> {
        let bytes = (self.samples.len() * 2) as u32;
        let mut out = Vec::with_capacity(44 + bytes as usize);
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&(36 + bytes).to_le_bytes());
        out.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        out.extend_from_slice(&self.rate.to_le_bytes());
        out.extend_from_slice(&(self.rate * 2).to_le_bytes());
        out.extend_from_slice(b"\x02\0\x10\0data");
        out.extend_from_slice(&bytes.to_le_bytes());
        out.extend(self.samples.iter().flat_map(|s| s.to_le_bytes()));
        out
    }
}

/// The bodies of the `fmt ` chunk (at least 16 bytes) and the `data` chunk.
fn chunks(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err("it is not a WAV file".to_owned());
    }
    let (mut rest, mut format) = (&bytes[12..], None);
    while let Some((head, body)) = rest.split_at_checked(8) {
        let claimed = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let chunk = &body[..claimed.min(body.len())];
        match &head[..4] {
            b"fmt " if chunk.len() >= 16 => format = Some(chunk),
            b"data" => return format.map(|f| (f, chunk)).ok_or_else(|| "its data comes before its format".to_owned()),
            _ => {}
        }
        rest = body.get(claimed.saturating_add(claimed & 1)..).unwrap_or_default();
    }
    Err("it holds no sound".to_owned())
}

fn mean_of_channels(frame: &[u8], bits: u16) -> i16 {
    let (sum, channels) = if bits == 8 {
        (frame.iter().map(|&b| (i32::from(b) - 128) << 8).sum::<i32>(), frame.len())
    } else {
        (frame.chunks_exact(2).map(|b| i32::from(i16::from_le_bytes([b[0], b[1]]))).sum::<i32>(), frame.len() / 2)
    };
    (sum / channels as i32) as i16
}

/// Samples as numbers from -1 to 1.
pub(crate) fn to_f32(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&s| f32::from(s) / 32768.0).collect()
}

/// Numbers from -1 to 1 as samples; what is beyond is clipped.
pub(crate) fn to_i16(samples: &[f32]) -> Vec<i16> {
    samples.iter().map(|s| (s * 32768.0).round().clamp(-32768.0, 32767.0) as i16).collect()
}

/// Level of the parts that sound: the root mean square of those 20 ms frames that lie within
/// 30 dB of the loudest, in dB below full scale. `None` for silence.
pub(crate) fn active_level(samples: &[f32], rate: u32) -> Option<f32> {
    let frame = (rate / 50).max(1) as usize;
    let powers: Vec<f32> = samples.chunks(frame).map(|f| f.iter().map(|s| s * s).sum::<f32>() / f.len() as f32).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    if loudest < 1e-9 {
        return None;
    }
    let active: Vec<f32> = powers.into_iter().filter(|p| *p > loudest * 1e-3).collect();
    Some(10.0 * (active.iter().sum::<f32>() / active.len() as f32).log10())
}

/// How long somebody seems to speak: 20 ms frames louder than -50 dB and 9 dB above the quietest
/// tenth. A rough guide that needs no model; it takes noise bursts for speech.
pub(crate) fn sounding(samples: &[f32], rate: u32) -> Duration {
    let frame = (rate / 50).max(1) as usize;
    let powers: Vec<f32> = samples.chunks_exact(frame).map(|f| f.iter().map(|s| s * s).sum::<f32>() / frame as f32).collect();
    let mut sorted = powers.clone();
    sorted.sort_by(f32::total_cmp);
    let quiet = sorted.get(sorted.len() / 10).copied().unwrap_or_default();
    // A clip without a pause has no quiet tenth: then only the absolute limit counts.
    let limit = if quiet > 1e-4 { 1e-5 } else { (quiet * 8.0).max(1e-5) };
    Duration::from_millis(20 * powers.iter().filter(|p| **p > limit).count() as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_wav_file_is_read_as_it_was_written() {
        let sound = Pcm { rate: 8000, samples: vec![0, 1, -1, 32767, -32768] };
        assert_eq!(Pcm::from_wav(&sound.to_wav()).unwrap(), sound);
        assert_eq!(
            wav::WavReader::new(&sound.to_wav()[..]).unwrap().samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(),
            sound.samples
        );
    }

    #[test]
    fn a_length_beyond_the_end_means_to_the_end() {
        let mut bytes = Pcm { rate: 22050, samples: vec![7; 100] }.to_wav();
        bytes[40..44].copy_from_slice(&0x7fff_f000u32.to_le_bytes());
        assert_eq!(Pcm::from_wav(&bytes).unwrap().samples.len(), 100);
    }

    #[test]
    fn a_broken_file_is_an_error_at_every_length_and_never_a_panic() {
        let whole = Pcm { rate: 8000, samples: vec![3; 20] }.to_wav();
        for end in 0..44 {
            let cut = Pcm::from_wav(&whole[..end]);
            assert!(cut.is_err() || cut.unwrap().samples.is_empty());
        }
        for (place, value) in [(20, 3u8), (22, 0), (22, 9), (34, 24), (24, 1)] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            assert!(Pcm::from_wav(&bytes).is_err(), "byte {place} = {value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_a_file_is_sound_or_an_error(mut bytes: Vec<u8>, flips: Vec<(usize, u8)>, cut: usize) {
            let mut whole = Pcm { rate: 8000, samples: vec![3; 50] }.to_wav();
            for (place, value) in flips {
                let end = whole.len();
                whole[place % end] = value;
            }
            whole.truncate(cut % 145);
            for input in [&whole, &bytes] {
                if let Ok(sound) = Pcm::from_wav(input) {
                    assert!(sound.samples.len() <= input.len() && crate::resample::RATES.contains(&sound.rate));
                }
            }
            bytes.splice(0..0, *b"RIFF\0\0\0\0WAVE");
            let _ = Pcm::from_wav(&bytes);
        }
    }

    #[test]
    fn the_level_leaves_pauses_out() {
        let tone: Vec<f32> = (0..8000).map(|n| 0.1 * (n as f32 * 0.5).sin()).collect();
        let mut spaced = tone.clone();
        spaced.extend(vec![0.0; 16000]);
        let (whole, paused) = (active_level(&tone, 8000).unwrap(), active_level(&spaced, 8000).unwrap());
        assert!((whole + 23.0).abs() < 0.2, "{whole}");
        assert!((whole - paused).abs() < 0.2);
        assert_eq!(active_level(&[0.0; 800], 8000), None);
        assert_eq!(sounding(&spaced, 8000), Duration::from_secs(1));
        assert_eq!(sounding(&vec![0.0; 8000], 8000), Duration::ZERO);
    }
}
