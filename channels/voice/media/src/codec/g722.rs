//! G.722 at 64 kbit/s (ITU-T, 2012): 16 kHz in two sub-bands, one byte for two samples.
//! The algorithm is the public-domain one of Steve Underwood, as the crate `ezk-g722` carries it.

use ezk_g722::libg722::{Bitrate, decoder, encoder};

/// Decodes one stream.
pub struct Decoder(decoder::Decoder);

/// Encodes one stream.
pub struct Encoder(encoder::Encoder);

impl Decoder {
    /// Fresh state.
    pub fn new() -> Self {
        Self(decoder::Decoder::new(Bitrate::Mode1_64000, false, false))
    }

    /// Two 16 kHz samples for each byte. Any bytes are sound of some kind.
    pub fn decode(&mut self, payload: &[u8]) -> Vec<i16> {
        self.0.decode(payload)
    }
}

impl Encoder {
    /// Fresh state.
    pub fn new() -> Self {
        Self(encoder::Encoder::new(Bitrate::Mode1_64000, false, false))
    }

    /// One byte for each two 16 kHz samples; a last odd sample is left out.
    pub fn encode(&mut self, pcm: &[i16]) -> Vec<u8> {
        let even = pcm.len() & !1;
        self.0.encode(&pcm[..even])
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{level_of, sine};
    use proptest::prelude::*;

    #[test]
    fn a_tone_survives_on_either_side_of_the_band() {
        for hz in [700.0, 5500.0] {
            let encoded = Encoder::new().encode(&sine(16000, hz, 8000.0, 16000));
            assert_eq!(encoded.len(), 8000);
            let level = level_of(&Decoder::new().decode(&encoded)[1600..14400], 16000, hz);
            assert!((level - 8000.0).abs() < 800.0, "{hz} Hz: {level}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_and_any_samples_are_sound(
            bytes in proptest::collection::vec(any::<u8>(), 0..2000), pcm in proptest::collection::vec(any::<i16>(), 0..2000),
        ) {
            prop_assert_eq!(Decoder::new().decode(&bytes).len(), bytes.len() * 2);
            prop_assert_eq!(Encoder::new().encode(&pcm).len(), pcm.len() / 2);
        }

        #[test]
        fn the_loudest_square_waves_do_not_overflow(period in 1usize..40) {
            let pcm: Vec<i16> = (0..4000).map(|n| if n / period % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
            let encoded = Encoder::new().encode(&pcm);
            prop_assert_eq!(Decoder::new().decode(&encoded).len(), 4000);
        }
    }
}
