//! The index of words is kept in volumes, as a registry keeps its books: a volume holds the words of so many tickets
//! that were registered one after the other. The newest is looked into first, and most searches end there, however
//! common the word: what a volume costs does not grow with the number of tickets.
//!
//! A word bears its volume's number in front, so that one index holds them all.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Tickets whose words share a volume.
pub(super) const TICKETS: i64 = 1 << 16;
/// Most volumes that are looked into at once.
const AT_ONCE: i64 = 64;
/// Stands between the number of the volume and the word. No word of a text contains it.
const OF: char = '\u{e001}';
/// Stands for the number of a volume that only the database knows: that of the ticket it looks at.
pub(super) const ITS_OWN: &str = "\u{e002}";

/// The volume of the ticket with this serial.
pub(super) fn volume(serial: i64) -> i64 {
    serial / TICKETS
}

/// The word as it stands in a volume.
pub(super) fn in_volume(volume: &str, word: &str) -> String {
    format!("{volume}{OF}{word}")
}

/// All the words as they stand in a volume, separated by spaces.
pub(super) fn entry(volume: i64, words: &BTreeSet<String>) -> String {
    let volume = volume.to_string();
    words.iter().map(|word| in_volume(&volume, word)).collect::<Vec<_>>().join(" ")
}

/// From this volume back to the first, a few at a time: the newest alone, then twice as many each time. A rare word is
/// found within few steps, a common one within the first.
pub(super) fn newest_first(newest: i64) -> impl Iterator<Item = RangeInclusive<i64>> {
    let mut next = Some((newest, 1));
    std::iter::from_fn(move || {
        let (last, many) = next.filter(|(last, _)| *last >= 0)?;
        let first = (last - many + 1).max(0);
        next = Some((first - 1, (many * 2).min(AT_ONCE)));
        Some(first..=last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_volume_is_looked_into_once_and_the_newest_first() {
        for newest in [0, 1, 2, 3, 100, 1000] {
            let looked: Vec<i64> = newest_first(newest).flat_map(|span| span.rev().collect::<Vec<_>>()).collect();
            assert_eq!(looked, (0..=newest).rev().collect::<Vec<_>>());
        }
        assert_eq!(newest_first(-1).count(), 0);
        assert!(newest_first(10_000).all(|span| span.count() <= 64));
    }

    #[test]
    fn no_word_of_one_volume_begins_a_word_of_another() {
        assert!(!in_volume("12", "road").starts_with(&in_volume("1", "")));
        assert_eq!(entry(3, &["a".into(), "b".into()].into()), format!("3{OF}a 3{OF}b"));
    }
}
