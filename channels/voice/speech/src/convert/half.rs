//! IEEE 754 binary16.

/// The same number as binary32; exact.
pub(super) fn widen(half: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(half >> 15) << 31, u32::from(half >> 10 & 31), u32::from(half & 0x3ff));
    match exponent {
        0 => f32::from_bits(sign | (fraction as f32 / 16_777_216.0).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// The nearest binary16, ties to even.
pub(super) fn narrow(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let magnitude = f32::from_bits(bits & 0x7fff_ffff);
    if magnitude.is_nan() {
        return sign | 0x7e00;
    }
    if magnitude >= 65_520.0 {
        return sign | 0x7c00;
    }
    if magnitude < 6.103_515_6e-5 {
        // Subnormal: a multiple of 2^-24.
        return sign | (magnitude * 16_777_216.0).round_ties_even() as u16;
    }
    let rounded = (bits & 0x7fff_ffff) + 0xfff + (bits >> 13 & 1);
    sign | ((rounded >> 13) - (112 << 10)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_the_way_there_and_back() {
        for half in 0..=u16::MAX {
            let wide = widen(half);
            if wide.is_nan() {
                assert_eq!(narrow(wide) & 0x7c00, 0x7c00);
            } else {
                assert_eq!(narrow(wide), half, "{half:#x} is {wide}");
            }
        }
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest() {
        assert_eq!([widen(0x3c00), widen(0xc000), widen(0x7bff), widen(1)], [1.0, -2.0, 65504.0, 5.960_464_5e-8]);
        assert_eq!(narrow(1.0 + 1.0 / 2048.0), 0x3c00, "a tie goes to the even one");
        assert_eq!(narrow(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!([narrow(65_519.0), narrow(65_520.0), narrow(-1e9)], [0x7bff, 0x7c00, 0xfc00]);
        assert_eq!(narrow(1e-9), 0);
    }
}
