//! The codecs of the telephone network. Each carries 160 bytes in 20 ms, and each counts RTP time in 8 kHz
//! (G.722 too, by an old mistake that RFC 3551 §4.5.2 keeps).

pub mod g711;
pub mod g722;
pub mod resample;

use serde::{Deserialize, Serialize};

/// Encoded bytes, and units of RTP time, in 20 ms.
pub const FRAME: usize = 160;

/// An audio codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s, 16 kHz.
    G722,
}

impl Codec {
    /// The payload type that RFC 3551 gives it.
    pub fn static_payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
        }
    }

    /// Samples a second of the sound itself.
    pub fn sample_rate(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma => 8000,
            Codec::G722 => 16000,
        }
    }
}

/// Decodes one stream to 8 kHz. Keeps the state of G.722 and of the filter between packets.
pub struct Decoder {
    codec: Codec,
    wide: Option<Box<(g722::Decoder, resample::Halver)>>,
}

impl Decoder {
    /// Fresh.
    pub fn new(codec: Codec) -> Self {
        let wide = (codec == Codec::G722).then(|| Box::new((g722::Decoder::new(), resample::Halver::default())));
        Self { codec, wide }
    }

    /// Which codec it reads.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends one 8 kHz sample for each byte of the payload.
    pub fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        match (self.codec, &mut self.wide) {
            (Codec::G722, Some(wide)) => {
                let (decoder, halver) = wide.as_mut();
                halver.process(&decoder.decode(payload), out);
            }
            (Codec::Pcmu, _) => out.extend(payload.iter().map(|b| g711::ulaw_decode(*b))),
            _ => out.extend(payload.iter().map(|b| g711::alaw_decode(*b))),
        }
    }
}

/// Encodes one stream of 8 kHz samples.
pub struct Encoder {
    codec: Codec,
    wide: Option<Box<(g722::Encoder, resample::Doubler)>>,
}

impl Encoder {
    /// Fresh.
    pub fn new(codec: Codec) -> Self {
        let wide = (codec == Codec::G722).then(|| Box::new((g722::Encoder::new(), resample::Doubler::default())));
        Self { codec, wide }
    }

    /// Which codec it writes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends one byte for each 8 kHz sample.
    pub fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        match (self.codec, &mut self.wide) {
            (Codec::G722, Some(wide)) => {
                let (encoder, doubler) = wide.as_mut();
                let mut twice = Vec::with_capacity(pcm.len() * 2);
                doubler.process(pcm, &mut twice);
                out.extend(encoder.encode(&twice));
            }
            (Codec::Pcmu, _) => out.extend(pcm.iter().map(|s| g711::ulaw_encode(*s))),
            _ => out.extend(pcm.iter().map(|s| g711::alaw_encode(*s))),
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder({:?})", self.codec)
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({:?})", self.codec)
    }
}
