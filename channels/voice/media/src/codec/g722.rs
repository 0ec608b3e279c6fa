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
