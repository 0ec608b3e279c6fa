//! Lengths of time as flows write them: `500ms`, `6s`, `2m`.

use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Span(pub Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no length of time: write 500ms, 6s or 2m");
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let ms = match &text[digits..] {
            "ms" => number,
            "s" => number.saturating_mul(1_000),
            "m" => number.saturating_mul(60_000),
            _ => return Err(wrong()),
        };
        if ms > 3_600_000 { Err(format!("{text:?} is longer than an hour")) } else { Ok(Self(Duration::from_millis(ms))) }
    }
}

/// So many seconds.
pub(crate) const fn seconds(n: u64) -> Span {
    Span(Duration::from_secs(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_nonsense_is_refused() {
        assert_eq!(Span::try_from("6s".to_owned()), Ok(seconds(6)));
        assert_eq!(Span::try_from("2m".to_owned()), Ok(seconds(120)));
        for text in ["6", "s", "", "-1s", "2h", "999m", "99999999999999999999s", "৬s"] {
            assert!(Span::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
