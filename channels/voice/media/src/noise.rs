//! Comfort noise: what is heard when nothing is said, so that the line does not seem dead.

use crate::codec::{Codec, Encoder, FRAME};
use std::sync::LazyLock;

/// Frames until it repeats; long enough not to be heard as a rhythm.
const FRAMES: usize = 53;
/// Peak amplitude: about -66 dB below full scale.
const LEVEL: i32 = 24;

static NOISE: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let pcm = white(FRAMES * FRAME, LEVEL, 0x5eed);
    [Codec::Pcmu, Codec::Pcma, Codec::G722].map(|codec| {
        let mut out = Vec::with_capacity(FRAMES * FRAME);
        Encoder::new(codec).encode(&pcm, &mut out);
        out
    })
});

/// The frame of a round.
pub(crate) fn frame(codec: Codec, round: u64) -> &'static [u8] {
    let at = (round % FRAMES as u64) as usize * FRAME;
    let all = match codec {
        Codec::Pcmu => &NOISE[0],
        Codec::Pcma => &NOISE[1],
        Codec::G722 => &NOISE[2],
    };
    &all[at..at + FRAME]
}

/// White noise of that peak amplitude, the same for the same seed.
pub(crate) fn white(samples: usize, peak: i32, seed: u32) -> Vec<i16> {
    let mut state = seed.max(1);
    let span = 2 * peak.unsigned_abs() + 1;
    (0..samples)
        .map(|_| {
            // xorshift32 (Marsaglia, 2003).
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (((state >> 8) % span) as i32 - peak) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Decoder;

    #[test]
    fn it_is_quiet_but_not_silent_in_every_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let mut pcm = Vec::new();
            let mut decoder = Decoder::new(codec);
            for round in 0..2 * FRAMES as u64 {
                decoder.decode(frame(codec, round), &mut pcm);
            }
            let power = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64;
            assert!((3.0..60.0).contains(&power.sqrt()), "{codec:?}: {}", power.sqrt());
        }
    }
}
