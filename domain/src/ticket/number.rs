//! Registration numbers that can be said on the telephone and typed on a keypad.

use crate::phone::digit_value;
use serde::{Deserialize, Serialize};

/// A ticket's registration number: ten decimal digits, of which the last is a check digit by
/// Damm (2004), which catches every wrong digit and every swap of neighbours. The first digit is
/// never 0, so that it is never mistaken for a telephone number with a trunk prefix, and ten
/// digits are never an Aadhaar number (twelve).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(u64);

/// The text is not a registration number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATicketNumber {
    /// Not ten digits.
    #[error("a registration number has 10 digits")]
    Length,
    /// The check digit does not fit: somebody misheard or mistyped.
    #[error("this number has a mistake in it: compare it with your SMS")]
    CheckDigit,
}

/// The quasigroup of Damm's dissertation, order 10.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

const FIRST: u64 = 100_000_000;
const COUNT: u64 = 900_000_000;

impl Number {
    /// The number of the `serial`-th ticket. Serials are scattered over the whole range by a fixed
    /// permutation, so that neither the next number nor the day's count can be guessed from one.
    /// The permutation is `serial × a + b mod 900,000,000` with `a` coprime to it; serials repeat
    /// after 900 million.
    pub fn from_serial(serial: u64) -> Self {
        const A: u128 = 618_033_989;
        const B: u128 = 271_828_182;
        let scattered = ((u128::from(serial) * A + B) % u128::from(COUNT)) as u64;
        let body = FIRST + scattered;
        Self(body * 10 + u64::from(damm(body)))
    }

    /// Reads a number as people write and say it: digits of three scripts, spaces and dashes.
    ///
    /// # Errors
    /// [`NotATicketNumber`] tells whether digits are missing or one of them is wrong.
    pub fn parse(text: &str) -> Result<Self, NotATicketNumber> {
        let mut value = 0u64;
        let mut count = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '–')) {
            let digit = digit_value(c).and_then(|d| d.to_digit(10)).ok_or(NotATicketNumber::Length)?;
            count += 1;
            if count > 10 {
                return Err(NotATicketNumber::Length);
            }
            value = value * 10 + u64::from(digit);
        }
        Self::from_value(value, count)
    }

    /// From its value as an integer, as stored.
    ///
    /// # Errors
    /// As [`Number::parse`].
    pub fn from_u64(value: u64) -> Result<Self, NotATicketNumber> {
        Self::from_value(value, if value >= 1_000_000_000 { 10 } else { 9 })
    }

    fn from_value(value: u64, digits: u32) -> Result<Self, NotATicketNumber> {
        if digits != 10 || !(1_000_000_000..=9_999_999_999).contains(&value) {
            return Err(NotATicketNumber::Length);
        }
        if u64::from(damm(value / 10)) != value % 10 {
            return Err(NotATicketNumber::CheckDigit);
        }
        Ok(Self(value))
    }

    /// The ten digits as an integer, for storage.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The ten digits, without grouping, for keypads and addresses.
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// In groups as it is written for people: `612 345 6789`.
    pub fn grouped(self) -> String {
        let d = self.digits();
        format!("{} {} {}", &d[..3], &d[3..6], &d[6..])
    }
}

fn damm(mut body: u64) -> u8 {
    let mut digits = [0u8; 20];
    let mut n = 0;
    while body > 0 {
        digits[n] = (body % 10) as u8;
        body /= 10;
        n += 1;
    }
    digits[..n].iter().rev().fold(0u8, |interim, &d| DAMM[usize::from(interim)][usize::from(d)])
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Number {
    type Err = NotATicketNumber;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Number {
    type Error = NotATicketNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.digits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_example_of_damm() {
        assert_eq!(damm(572), 4);
    }

    proptest! {
        #[test]
        fn every_number_reads_back_and_every_slip_is_caught(serial in 0u64..900_000_000, place in 0usize..10, by in 1u8..10) {
            let number = Number::from_serial(serial);
            prop_assert_eq!(Number::parse(&number.grouped()), Ok(number));
            let mut digits = number.digits().into_bytes();
            let right = digits.clone();
            digits[place] = (digits[place] - b'0' + by) % 10 + b'0';
            prop_assert!(Number::parse(std::str::from_utf8(&digits).unwrap_or_default()).is_err());
            let mut swapped = right.clone();
            if place < 9 && swapped[place] != swapped[place + 1] {
                swapped.swap(place, place + 1);
                prop_assert!(Number::parse(std::str::from_utf8(&swapped).unwrap_or_default()).is_err());
            }
        }

        #[test]
        fn different_serials_have_different_numbers(a in 0u64..900_000_000, b in 0u64..900_000_000) {
            prop_assert_eq!(a == b, Number::from_serial(a) == Number::from_serial(b));
        }
    }

    #[test]
    fn bengali_digits_are_digits() {
        let number = Number::from_serial(7);
        let bengali: String = number.digits().chars().filter_map(|c| char::from_u32('০' as u32 + c.to_digit(10)?)).collect();
        assert_eq!(Number::parse(&bengali), Ok(number));
    }
}
