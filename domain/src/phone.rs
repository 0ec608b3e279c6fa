//! Telephone numbers in the form of ITU-T E.164.

use serde::{Deserialize, Serialize};

/// A telephone number in E.164 form: `+` and 7 to 15 digits, the first not zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// The text cannot be read as a telephone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number: write it as +919137091370, or as 10 digits for India")]
pub struct NotAPhoneNumber;

impl PhoneNumber {
    /// Reads a number as people, SIP headers and gateways write it. Digits may be Latin, Bengali
    /// or Devanagari; spaces, dashes, dots and brackets are ignored; `00` and `+` introduce a
    /// country code. A bare Indian mobile (10 digits from 6–9), or an Indian number with a trunk
    /// zero, gets +91.
    ///
    /// # Errors
    /// [`NotAPhoneNumber`] if no number can be made of it (`anonymous`, a short code, letters).
    pub fn parse(text: &str) -> Result<Self, NotAPhoneNumber> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        let (mut plus, mut digits) = (false, String::with_capacity(16));
        for c in text.chars() {
            match c {
                '+' if digits.is_empty() && !plus => plus = true,
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '\u{2010}'..='\u{2015}' => {}
                _ => digits.push(digit_value(c).ok_or(NotAPhoneNumber)?),
            }
            if digits.len() > 17 {
                return Err(NotAPhoneNumber);
            }
        }
        if !plus && let Some(rest) = digits.strip_prefix("00") {
            (plus, digits) = (true, rest.to_owned());
        }
        let full = match (plus, digits.len()) {
            (true, _) => digits,
            (false, 10) if digits.starts_with(['6', '7', '8', '9']) => format!("91{digits}"),
            (false, 11) if digits.starts_with('0') => format!("91{}", &digits[1..]),
            (false, 12) if digits.starts_with("91") => digits,
            _ => return Err(NotAPhoneNumber),
        };
        if !(7..=15).contains(&full.len()) || full.starts_with('0') {
            return Err(NotAPhoneNumber);
        }
        Ok(Self(format!("+{full}")))
    }

    /// The number with its plus sign: `+919830012345`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an SMS can be expected to arrive there: for India, only mobiles (6–9).
    pub fn takes_sms(&self) -> bool {
        match self.0.strip_prefix("+91") {
            Some(national) => national.len() == 10 && national.starts_with(['6', '7', '8', '9']),
            None => true,
        }
    }

    /// The number with all but its last three digits hidden, for logs and masked views.
    pub fn masked(&self) -> String {
        let tail = &self.0[self.0.len() - 3..];
        format!("{}…{tail}", &self.0[..3])
    }
}

/// The ASCII digit for a Latin, Bengali or Devanagari digit.
pub fn digit_value(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '০'..='৯' => char::from_digit(c as u32 - '০' as u32, 10),
        '०'..='९' => char::from_digit(c as u32 - '०' as u32, 10),
        _ => None,
    }
}

impl std::fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for PhoneNumber {
    type Err = NotAPhoneNumber;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotAPhoneNumber;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for text in ["98300 12345", "+91-98300-12345", "098300 12345", "0091 9830012345", "৯৮৩০০১২৩৪৫", "९८३००१२३४५", "tel:+919830012345"]
        {
            assert_eq!(PhoneNumber::parse(text).map(|n| n.to_string()), Ok("+919830012345".to_owned()), "{text}");
        }
        assert_eq!(PhoneNumber::parse("033 2214 5555").map(|n| n.to_string()), Ok("+913322145555".to_owned()));
        for text in ["", "anonymous", "1000", "+0123456789", "12345678901234567890", "+-", "98300x2345"] {
            assert!(PhoneNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_landline_takes_no_sms_and_a_mask_hides_the_middle() {
        let landline = PhoneNumber::parse("03322145555").expect("valid");
        let mobile = PhoneNumber::parse("9830012345").expect("valid");
        assert!(!landline.takes_sms() && mobile.takes_sms());
        assert_eq!(mobile.masked(), "+91…345");
    }
}
