//! Statements that say nearly the same, among a million: MinHash (Broder 1997) over the words' common form, found by bands.
//!
//! The common form of words is what Bengali, Hindi and Latin letters share, so that a text and its romanised twin come near each other;
//! a translation does not. What is found is a suggestion to a person, with how near it is.

use crate::fold::words;
use crate::skeleton::{consonants, skeleton};
use std::collections::HashSet;

/// Bands, and hashes of each: of two texts that share half of what they say, 80 % are found; of those that share a tenth, 1 %.
const BANDS: usize = 12;
const ROWS: usize = 3;
const HASHES: usize = BANDS * ROWS;
/// Buckets of each band.
const BUCKETS: usize = 1 << 20;
/// Newest texts of a bucket that are looked at: a flood of copies must not slow the search for others.
const LOOKED_AT: usize = 128;
/// Words of a text that are compared.
const WORDS: usize = 200;
/// Nothing follows.
const END: u32 = u32::MAX;

/// What remains of a text when it is only to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch([u16; HASHES]);

impl Sketch {
    /// Of a text; `None` where it has too little to compare.
    pub fn of(text: &str) -> Option<Self> {
        let bare: Vec<String> =
            words(text).iter().take(WORDS).map(|w| consonants(&skeleton(&w.folded))).filter(|w| !w.is_empty()).collect();
        let mut pieces: HashSet<u64> = bare.iter().filter(|w| w.len() > 1).map(|w| hash(w.bytes())).collect();
        pieces.extend(bare.windows(2).map(|two| hash(two[0].bytes().chain([b' ']).chain(two[1].bytes()))));
        if pieces.len() < 4 {
            return None;
        }
        let least = |n: usize| pieces.iter().map(|piece| stirred(piece ^ SALT.wrapping_mul(n as u64 + 1))).min().unwrap_or(0);
        let mut all = [0u16; HASHES];
        all.iter_mut().enumerate().for_each(|(n, kept)| *kept = (least(n) >> 20) as u16);
        Some(Self(all))
    }

    /// The share of what two texts say that both say (Jaccard), as far as the sketches tell: give or take 0.08.
    pub fn likeness(&self, other: &Self) -> f32 {
        // Sixteen bits are alike by chance so seldom that nothing need be taken off.
        self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count() as f32 / HASHES as f32
    }

    fn buckets(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.chunks_exact(ROWS).map(|rows| stirred(rows.iter().fold(7, |all, row| all * 65_599 + u64::from(*row))) as usize % BUCKETS)
    }
}

const SALT: u64 = 0x9E37_79B9_7F4A_7C15;

fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    stirred(bytes.fold(0xcbf2_9ce4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

fn stirred(mut h: u64) -> u64 {
    h ^= h >> 31;
    h = h.wrapping_mul(0x94D0_49BB_1331_11EB);
    h ^ (h >> 29)
}

/// Sketches of many texts, ready to be searched: about 170 bytes a text.
#[derive(Debug, Clone)]
pub struct Near {
    keys: Vec<u64>,
    sketches: Vec<Sketch>,
    /// The newest text of each bucket, band by band.
    newest: Vec<u32>,
    /// The text before, of each text in each band.
    before: Vec<u32>,
}

/// A text that says nearly the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likely {
    /// Its key.
    pub key: u64,
    /// How much of what both say is common, 0 to 1.
    pub likeness: f32,
}

impl Default for Near {
    fn default() -> Self {
        Self { keys: Vec::new(), sketches: Vec::new(), newest: vec![END; BANDS * BUCKETS], before: Vec::new() }
    }
}

impl Near {
    /// Adds a text under a key of its own.
    pub fn add(&mut self, key: u64, sketch: Sketch) {
        let Ok(id) = u32::try_from(self.keys.len()) else { return };
        for (band, bucket) in sketch.buckets().enumerate() {
            let newest = &mut self.newest[band * BUCKETS + bucket];
            self.before.push(std::mem::replace(newest, id));
        }
        self.keys.push(key);
        self.sketches.push(sketch);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The nearest texts from a likeness on, best first, at most `most`.
    pub fn like(&self, sketch: &Sketch, from: f32, most: usize) -> Vec<Likely> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (band, bucket) in sketch.buckets().enumerate() {
            let mut id = self.newest[band * BUCKETS + bucket];
            for _ in 0..LOOKED_AT {
                let Some(other) = self.sketches.get(id as usize) else { break };
                if seen.insert(id) {
                    let likeness = sketch.likeness(other);
                    if likeness >= from {
                        found.push(Likely { key: self.keys[id as usize], likeness });
                    }
                }
                id = self.before[id as usize * BANDS + band];
            }
        }
        found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(b.key.cmp(&a.key)));
        found.truncate(most);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::noise::misread;

    const ONE: &str = "আমাদের গ্রামের রাস্তা দুই বছর ধরে ভাঙা, পঞ্চায়েতকে বলেও কাজ হয়নি, বাচ্চারা স্কুলে যেতে পারে না";

    fn sketch(text: &str) -> Sketch {
        Sketch::of(text).expect("enough words")
    }

    #[test]
    fn the_same_words_are_near_in_any_script_and_others_are_far() {
        let romanised = "amader gramer rasta dui bochor dhore bhanga, ponchayetke boleo kaj hoyni, baccara skule jete pare na";
        let other = sketch("রেশন ডিলার চাল কম দেয়, স্লিপ চাইলে গালাগাল করে, খাদ্য দপ্তরে জানিয়েছি");
        assert!((sketch(ONE).likeness(&sketch(ONE)) - 1.0).abs() < 1e-6);
        assert!(sketch(ONE).likeness(&sketch(romanised)) > 0.3, "{}", sketch(ONE).likeness(&sketch(romanised)));
        assert!(sketch(ONE).likeness(&other) < 0.1);
        assert!(Sketch::of("").is_none() && Sketch::of("ok 😀").is_none());
    }

    #[test]
    fn a_copy_with_mistakes_is_found_among_others() {
        let mut near = Near::default();
        let mut chance = Chance::new(5);
        let words: Vec<String> = (0..400).map(|n| format!("{}{}o{}", ["ka", "te", "mu", "ri"][n % 4], n, n * 7 % 31)).collect();
        for key in 0..3_000u64 {
            let text: Vec<&str> = (0..14).map(|_| chance.one(&words).as_str()).collect();
            near.add(key, sketch(&text.join(" ")));
        }
        near.add(9_999, sketch(ONE));
        let found = near.like(&sketch(&misread(ONE, 0.02, &mut chance)), 0.4, 5);
        assert_eq!(found.first().map(|f| f.key), Some(9_999));
        assert_eq!(found.len(), 1, "nothing else is near: {found:?}");
    }

    #[test]
    fn a_flood_of_copies_hides_nothing_newer() {
        let mut near = Near::default();
        (0..2_000).for_each(|key| near.add(key, sketch(ONE)));
        near.add(7_777, sketch(ONE));
        assert_eq!(near.like(&sketch(ONE), 0.9, 1).first().map(|f| f.key), Some(7_777));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,200}") {
            if let Some(sketch) = Sketch::of(&text) {
                proptest::prop_assert!((sketch.likeness(&sketch) - 1.0).abs() < 1e-6);
            }
        }
    }
}
