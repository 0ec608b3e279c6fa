//! G.711 (ITU-T, 1988): 8-bit companding, by table.

/// The byte that means silence in µ-law.
pub const ULAW_SILENCE: u8 = 0xff;
/// The byte that means silence in A-law.
pub const ALAW_SILENCE: u8 = 0xd5;

static ULAW: [i16; 256] = table(Law::U);
static ALAW: [i16; 256] = table(Law::A);
/// From the sample's upper 14 bits.
static ULAW_OF: [u8; 16384] = compress_ulaw_table();
/// From the sample's upper 13 bits.
static ALAW_OF: [u8; 8192] = compress_alaw_table();

/// µ-law to 16-bit linear.
#[inline]
pub fn ulaw_decode(byte: u8) -> i16 {
    ULAW[usize::from(byte)]
}

/// A-law to 16-bit linear.
#[inline]
pub fn alaw_decode(byte: u8) -> i16 {
    ALAW[usize::from(byte)]
}

/// 16-bit linear to µ-law.
#[inline]
pub fn ulaw_encode(sample: i16) -> u8 {
    ULAW_OF[usize::from((sample as u16) >> 2)]
}

/// 16-bit linear to A-law.
#[inline]
pub fn alaw_encode(sample: i16) -> u8 {
    ALAW_OF[usize::from((sample as u16) >> 3)]
}

#[derive(Clone, Copy)]
enum Law {
    U,
    A,
}

const fn table(law: Law) -> [i16; 256] {
    let mut out = [0; 256];
    let mut i = 0;
    while i < 256 {
        out[i] = match law {
            Law::U => expand_ulaw(i as u8),
            Law::A => expand_alaw(i as u8),
        };
        i += 1;
    }
    out
}

const fn expand_ulaw(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = (byte >> 4) & 7;
    let magnitude = ((((byte & 15) as i32) << 3) + 0x84) << exponent;
    let value = magnitude - 0x84;
    if byte & 0x80 != 0 { -value as i16 } else { value as i16 }
}

const fn expand_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let exponent = (byte >> 4) & 7;
    let mantissa = ((byte & 15) as i32) << 4;
    let value = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if byte & 0x80 != 0 { value as i16 } else { -value as i16 }
}

const fn compress_ulaw_table() -> [u8; 16384] {
    let mut out = [0; 16384];
    let mut i = 0;
    while i < 16384 {
        // The middle of the four samples that share this entry.
        let sample = ((i as u16) << 2) as i16 as i32;
        let (sign, mut magnitude) = if sample < 0 { (0x80, -sample - 2) } else { (0, sample + 2) };
        if magnitude > 32635 {
            magnitude = 32635;
        }
        magnitude += 0x84;
        let mut exponent = 7;
        while exponent > 0 && magnitude & (0x80 << exponent) == 0 {
            exponent -= 1;
        }
        let mantissa = (magnitude >> (exponent + 3)) & 15;
        out[i] = !((sign | (exponent << 4) | mantissa) as u8);
        i += 1;
    }
    out
}

const fn compress_alaw_table() -> [u8; 8192] {
    let mut out = [0; 8192];
    let mut i = 0;
    while i < 8192 {
        let sample = (((i as u16) << 3) as i16 as i32) >> 3;
        let (sign, magnitude) = if sample < 0 { (0, -sample - 1) } else { (0x80, sample) };
        let mut exponent = 7;
        while exponent > 0 && magnitude & (0x10 << exponent) == 0 {
            exponent -= 1;
        }
        let mantissa = if exponent == 0 { (magnitude >> 1) & 15 } else { (magnitude >> exponent) & 15 };
        out[i] = ((sign | (exponent << 4) | mantissa) as u8) ^ 0x55;
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_recommendation() {
        assert_eq!(ulaw_decode(0xff), 0);
        assert_eq!(ulaw_decode(0x80), 32124);
        assert_eq!(ulaw_decode(0x00), -32124);
        assert_eq!(alaw_decode(0xd5), 8);
        assert_eq!(alaw_decode(0xaa), 32256);
        assert_eq!(alaw_decode(0x2a), -32256);
        assert_eq!(ulaw_encode(0), 0xff);
        assert_eq!(ulaw_encode(32767), 0x80);
        assert_eq!(ulaw_encode(-32768), 0x00);
        assert_eq!(alaw_encode(0), 0xd5);
        assert_eq!(alaw_encode(32767), 0xaa);
        assert_eq!(alaw_encode(-32768), 0x2a);
    }

    #[test]
    fn every_code_survives_the_way_there_and_back() {
        for byte in 0..=255u8 {
            assert_eq!(alaw_encode(alaw_decode(byte)), byte);
            // µ-law has two zeros; the negative one becomes the positive one.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(ulaw_encode(ulaw_decode(byte)), expected);
        }
    }

    #[test]
    fn no_sample_is_off_by_more_than_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let s = i32::from(sample);
            for back in [ulaw_decode(ulaw_encode(sample)), alaw_decode(alaw_encode(sample))] {
                let limit = 16 + s.abs() / 24;
                assert!((i32::from(back) - s).abs() <= limit, "{sample} became {back}");
            }
        }
    }
}
