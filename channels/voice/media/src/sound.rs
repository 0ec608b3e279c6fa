//! Prompts and tones, encoded once in every codec so that playing them copies bytes.

use crate::codec::{Codec, Encoder, FRAME, resample::resample};
use crate::tone::sine;
use bytes::Bytes;

/// A piece of sound, ready to be sent in each codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// G.711 µ-law, whole frames of 160 bytes.
    pub pcmu: Bytes,
    /// G.711 A-law, whole frames of 160 bytes.
    pub pcma: Bytes,
    /// G.722, whole frames of 160 bytes.
    pub g722: Bytes,
    /// Length in milliseconds.
    pub ms: u32,
}

/// Why a WAV file cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// Not RIFF/WAVE, or cut off inside its headers.
    #[error("this is not a WAV file: convert it, for example with `sox IN -r 16000 -c 1 -b 16 OUT.wav`")]
    NotWav,
    /// A format that is not read here.
    #[error("WAV format {format} with {bits} bits is not read: use 16-bit PCM, A-law or µ-law (`sox IN -r 16000 -c 1 -b 16 OUT.wav`)")]
    Format {
        /// `wFormatTag`.
        format: u16,
        /// Bits a sample.
        bits: u16,
    },
    /// Rate or number of channels that no prompt has.
    #[error("{rate} Hz with {channels} channels is not read: use 8000 to 48000 Hz, mono or stereo")]
    Rate {
        /// Samples a second.
        rate: u32,
        /// Channels.
        channels: u16,
    },
}

impl Sound {
    /// Encodes samples of any rate; the last frame is filled up with silence.
    pub fn from_pcm(rate: u32, samples: &[i16]) -> Sound {
        let narrow = padded(resample(samples, rate, 8000), FRAME);
        let mut wide = resample(samples, rate, 16000);
        wide.resize(narrow.len() * 2, 0);
        let mut pcmu = Vec::with_capacity(narrow.len());
        let mut pcma = Vec::with_capacity(narrow.len());
        Encoder::new(Codec::Pcmu).encode(&narrow, &mut pcmu);
        Encoder::new(Codec::Pcma).encode(&narrow, &mut pcma);
        let g722 = crate::codec::g722::Encoder::new().encode(&wide);
        let ms = u32::try_from(samples.len() as u64 * 1000 / u64::from(rate.max(1))).unwrap_or(u32::MAX);
        Sound { pcmu: pcmu.into(), pcma: pcma.into(), g722: g722.into(), ms }
    }

    /// Reads a WAV file: 16-bit PCM, A-law or µ-law; stereo is mixed to one channel.
    ///
    /// # Errors
    /// A sentence that says how to make a file that can be read.
    pub fn from_wav(file: &[u8]) -> Result<Sound, SoundError> {
        let (rate, pcm) = read_wav(file)?;
        Ok(Self::from_pcm(rate, &pcm))
    }

    /// Number of 20 ms frames.
    pub fn frames(&self) -> usize {
        self.pcma.len() / FRAME
    }

    /// One frame of 160 bytes; silence past the end.
    pub fn frame(&self, codec: Codec, at: usize) -> &[u8] {
        let all = match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
            Codec::G722 => &self.g722,
        };
        all.get(at * FRAME..(at + 1) * FRAME).unwrap_or(&[])
    }
}

/// One sine, or two at once, such as a ring-back or a beep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// First frequency in Hz.
    pub hz: f32,
    /// Second frequency in Hz, added with the same level.
    pub second_hz: Option<f32>,
    /// Level of each in dB below full scale, for example -10.
    pub level_db: f32,
    /// Length in milliseconds, at most a minute.
    pub ms: u32,
}

impl Tone {
    /// The beep after which a citizen speaks: 1 kHz for 300 ms at -10 dB.
    pub const BEEP: Tone = Tone { hz: 1000.0, second_hz: None, level_db: -10.0, ms: 300 };

    /// The two tones of a key (ITU-T Q.23); `None` if there is no such key.
    pub fn dtmf(digit: char, ms: u32) -> Option<Tone> {
        let (low, high) = crate::dtmf::frequencies(digit)?;
        Some(Tone { hz: low, second_hz: Some(high), level_db: -9.0, ms })
    }

    /// Encodes it, with 5 ms of fading at both ends.
    pub fn to_sound(self) -> Sound {
        Sound::from_pcm(16000, &self.to_pcm(16000))
    }

    /// Its samples.
    pub fn to_pcm(self, rate: u32) -> Vec<i16> {
        let samples = (u64::from(self.ms.min(60_000)) * u64::from(rate) / 1000) as usize;
        let amplitude = 32767.0 * 10f32.powf(self.level_db.min(0.0) / 20.0);
        let mut pcm = sine(rate, self.hz, amplitude, samples);
        if let Some(hz) = self.second_hz {
            for (a, b) in pcm.iter_mut().zip(sine(rate, hz, amplitude, samples)) {
                *a = a.saturating_add(b);
            }
        }
        let fade = (rate as usize / 200).min(samples / 2);
        for i in 0..fade {
            let share = i as f32 / fade as f32;
            pcm[i] = (f32::from(pcm[i]) * share) as i16;
            let end = samples - 1 - i;
            pcm[end] = (f32::from(pcm[end]) * share) as i16;
        }
        pcm
    }
}

fn padded(mut pcm: Vec<i16>, to: usize) -> Vec<i16> {
    pcm.resize(pcm.len().div_ceil(to) * to, 0);
    pcm
}

/// Rate and samples of a WAV file.
///
/// # Errors
/// As [`Sound::from_wav`].
pub fn read_wav(file: &[u8]) -> Result<(u32, Vec<i16>), SoundError> {
    if file.len() < 12 || &file[..4] != b"RIFF" || &file[8..12] != b"WAVE" {
        return Err(SoundError::NotWav);
    }
    let mut format = None;
    let mut rest = &file[12..];
    while rest.len() >= 8 {
        let size = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        // A stream that was cut off, or written to a pipe, claims more than it has.
        let body = &rest[8..8 + size.min(rest.len() - 8)];
        match &rest[..4] {
            b"fmt " => format = Some(WavFormat::read(body)?),
            b"data" => {
                let format = format.ok_or(SoundError::NotWav)?;
                return Ok((format.rate, format.samples(body)));
            }
            _ => {}
        }
        rest = rest.get(8 + size + (size & 1)..).unwrap_or(&[]);
    }
    Err(SoundError::NotWav)
}

#[derive(Clone, Copy)]
struct WavFormat {
    tag: u16,
    channels: u16,
    rate: u32,
}

impl WavFormat {
    fn read(body: &[u8]) -> Result<Self, SoundError> {
        if body.len() < 16 {
            return Err(SoundError::NotWav);
        }
        let word = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
        let mut tag = word(0);
        let (channels, bits) = (word(2), word(14));
        let rate = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
        if tag == 0xfffe && body.len() >= 26 {
            tag = word(24);
        }
        if !matches!((tag, bits), (1, 16) | (6 | 7, 8)) {
            return Err(SoundError::Format { format: tag, bits });
        }
        if !(8000..=48000).contains(&rate) || !(1..=2).contains(&channels) {
            return Err(SoundError::Rate { rate, channels });
        }
        Ok(Self { tag, channels, rate })
    }

    fn samples(self, body: &[u8]) -> Vec<i16> {
        use crate::codec::g711::{alaw_decode, ulaw_decode};
        let all: Vec<i16> = match self.tag {
            6 => body.iter().map(|b| alaw_decode(*b)).collect(),
            7 => body.iter().map(|b| ulaw_decode(*b)).collect(),
            _ => body.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect(),
        };
        if self.channels == 1 {
            return all;
        }
        all.chunks_exact(2).map(|pair| ((i32::from(pair[0]) + i32::from(pair[1])) / 2) as i16).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Decoder;
    use crate::tone::level_of;
    use proptest::prelude::*;

    fn decoded(sound: &Sound, codec: Codec) -> Vec<i16> {
        let mut out = Vec::new();
        let mut decoder = Decoder::new(codec);
        for at in 0..sound.frames() {
            decoder.decode(sound.frame(codec, at), &mut out);
        }
        out
    }

    #[test]
    fn a_prompt_sounds_the_same_in_every_codec() {
        let sound = Sound::from_pcm(22050, &sine(22050, 700.0, 9000.0, 22050 / 2 + 10));
        assert_eq!(sound.ms, 500);
        assert_eq!(sound.frames(), 26, "a started frame is filled up");
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let level = level_of(&decoded(&sound, codec)[400..3600], 8000, 700.0);
            assert!((level - 9000.0).abs() < 500.0, "{codec:?}: {level}");
        }
    }

    #[test]
    fn a_key_has_its_two_tones() {
        let pcm = Tone::dtmf('5', 100).map(|t| t.to_pcm(8000)).unwrap_or_default();
        assert!(level_of(&pcm[100..700], 8000, 770.0) > 5000.0);
        assert!(level_of(&pcm[100..700], 8000, 1336.0) > 5000.0);
        assert_eq!(Tone::dtmf('x', 100), None);
    }

    fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        out.extend(tag.to_le_bytes());
        out.extend(channels.to_le_bytes());
        out.extend(rate.to_le_bytes());
        out.extend((rate * u32::from(channels) * u32::from(bits) / 8).to_le_bytes());
        out.extend((channels * bits / 8).to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend(b"data");
        out.extend(u32::MAX.to_le_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn wav_files_of_each_kind_are_read_and_others_refused_with_advice() {
        assert_eq!(read_wav(&wav(1, 1, 8000, 16, &[1, 0, 2, 0])), Ok((8000, vec![1, 2])));
        assert_eq!(read_wav(&wav(1, 2, 16000, 16, &[2, 0, 4, 0])), Ok((16000, vec![3])));
        assert_eq!(read_wav(&wav(6, 1, 8000, 8, &[0xd5])), Ok((8000, vec![8])));
        assert_eq!(read_wav(&wav(7, 1, 8000, 8, &[0xff])), Ok((8000, vec![0])));
        assert!(matches!(read_wav(&wav(3, 1, 8000, 32, &[])), Err(SoundError::Format { format: 3, bits: 32 })));
        assert!(matches!(read_wav(&wav(1, 6, 8000, 16, &[])), Err(SoundError::Rate { .. })));
        assert_eq!(Sound::from_wav(b"ID3 not a wav at all"), Err(SoundError::NotWav));
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
            file.extend(&bytes);
            let _ = read_wav(&file);
            let _ = read_wav(&bytes);
        }
    }
}
