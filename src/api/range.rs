//! `Range: bytes=…` (RFC 9110 §14) for one range, which is what players ask for.

use std::ops::RangeInclusive;

/// What part of a file of `size` bytes is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(RangeInclusive<u64>),
    /// Bytes that there are not: 416.
    Outside,
}

/// Reads the header; one that has another unit, several ranges, or makes no sense is ignored, as the RFC allows.
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else { return Wanted::Whole };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    let number = |text: &str| text.trim().parse::<u64>();
    match (first.trim(), last.trim()) {
        ("", suffix) => match number(suffix) {
            Ok(0) => Wanted::Outside,
            Ok(_) if size == 0 => Wanted::Outside,
            Ok(length) => Wanted::Part(size.saturating_sub(length)..=size - 1),
            Err(_) => Wanted::Whole,
        },
        (first, "") => match number(first) {
            Ok(first) if first < size => Wanted::Part(first..=size - 1),
            Ok(_) => Wanted::Outside,
            Err(_) => Wanted::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) if first > last => Wanted::Whole,
            (Ok(first), Ok(_)) if first >= size => Wanted::Outside,
            (Ok(first), Ok(last)) => Wanted::Part(first..=last.min(size - 1)),
            _ => Wanted::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_players_send_them() {
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 10), Wanted::Part(0..=9));
        assert_eq!(wanted(Some("bytes=2-4"), 10), Wanted::Part(2..=4));
        assert_eq!(wanted(Some("bytes=2-400"), 10), Wanted::Part(2..=9));
        assert_eq!(wanted(Some("bytes=-3"), 10), Wanted::Part(7..=9));
        assert_eq!(wanted(Some("bytes=-30"), 10), Wanted::Part(0..=9));
        assert_eq!(wanted(Some("bytes=10-"), 10), Wanted::Outside);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Outside);
        for ignored in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=1-2,4-5", "bytes=", "bytes=-"] {
            assert_eq!(wanted(Some(ignored), 10), Wanted::Whole, "{ignored}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_asks_for_bytes_that_are_not_there(header in "bytes=[0-9,-]{0,30}|\\PC{0,20}", size in 0u64..50) {
            if let Wanted::Part(part) = wanted(Some(&header), size) {
                proptest::prop_assert!(part.start() <= part.end() && *part.end() < size);
            }
        }
    }
}
