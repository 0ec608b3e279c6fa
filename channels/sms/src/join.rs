//! Parts become a message, in whatever order they come. Pure: the time is an argument.

use crate::alphabet::text_of;
use crate::concat::Concat;
use daak_domain::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A part of a message from a citizen, as it is kept until the others are there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From whom, as the network wrote it.
    pub from: String,
    /// To which of our numbers.
    pub to: String,
    /// Its place.
    pub place: Concat,
    /// Its text, as UTF-16 units: a surrogate pair may be split between two parts.
    pub units: Vec<u16>,
    /// When it reached us.
    pub received_at: Timestamp,
}

/// Neither the number nor the text reaches a log.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Parts of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heap {
    parts: BTreeMap<u8, Part>,
    /// It is to be handed in: all parts are there, or no more will come.
    ready: bool,
}

/// A message put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Its parts, for whoever keeps them.
    pub parts: Vec<Part>,
    /// What is there of its text; `[…]` stands where parts are missing.
    pub text: String,
    /// Parts that did not arrive.
    pub missing: usize,
    /// When its first part reached us.
    pub received_at: Timestamp,
}

type Name = (String, String, u16, u8);

/// Puts messages together.
#[derive(Debug)]
pub struct Joiner {
    patience: SignedDuration,
    heaps: BTreeMap<Name, Heap>,
    /// Messages that replaced heaps of the same reference, and wait to be handed in.
    pushed_out: Vec<Heap>,
    /// Messages that were handed in lately, with the parts they had: those come again when our answer was lost.
    done: VecDeque<(Name, Vec<Part>)>,
}

/// Messages whose parts are waited for at most; beyond, the oldest goes as it is.
const MOST: usize = 10_000;
/// Messages remembered after they were handed in.
const REMEMBERED: usize = 2_000;

impl Joiner {
    /// Waits so long for missing parts.
    pub fn new(patience: SignedDuration) -> Self {
        Self { patience, heaps: BTreeMap::new(), pushed_out: Vec::new(), done: VecDeque::new() }
    }

    /// A part came. `false` if it belongs to a message that was handed in already: nothing is to be kept.
    pub fn add(&mut self, part: Part) -> bool {
        let name = (part.from.clone(), part.to.clone(), part.place.reference, part.place.total);
        let alike = |known: &Part| known.place == part.place && known.units == part.units;
        if self.done.iter().any(|(done, parts)| *done == name && parts.iter().any(alike)) {
            return false;
        }
        let heap = self.heaps.entry(name).or_insert_with(|| Heap { parts: BTreeMap::new(), ready: false });
        if heap.parts.get(&part.place.part).is_some_and(|known| known.units != part.units) {
            // The telephone counts references up to 255 and begins again: this is another message.
            let replaced = std::mem::replace(heap, Heap { parts: BTreeMap::new(), ready: false });
            self.pushed_out.push(replaced);
        }
        heap.parts.entry(part.place.part).or_insert(part.clone());
        heap.ready |= heap.parts.len() == usize::from(part.place.total);
        if self.heaps.len() > MOST
            && let Some(oldest) = self.heaps.iter().min_by_key(|(_, heap)| heap.began()).map(|(name, _)| name.clone())
            && let Some(heap) = self.heaps.remove(&oldest)
        {
            self.pushed_out.push(heap);
        }
        true
    }

    /// Messages to hand in now: whole ones, and those whose missing parts were waited for long enough. Each is answered again
    /// until [`Joiner::settled`] says that it was taken.
    pub fn due(&self, now: Timestamp) -> Vec<Whole> {
        let late = |heap: &Heap| heap.began().is_some_and(|began| now.duration_since(began) >= self.patience);
        let ready = self.heaps.values().filter(|heap| heap.ready || late(heap));
        ready.chain(&self.pushed_out).map(Heap::whole).collect()
    }

    /// A message was taken: its parts are forgotten.
    pub fn settled(&mut self, whole: &Whole) {
        self.pushed_out.retain(|heap| !heap.parts.values().eq(&whole.parts));
        let name = whole.parts.first().map(|p| (p.from.clone(), p.to.clone(), p.place.reference, p.place.total));
        let Some(name) = name else { return };
        if self.heaps.get(&name).is_some_and(|heap| heap.parts.values().eq(&whole.parts)) {
            self.heaps.remove(&name);
        }
        if self.done.len() >= REMEMBERED {
            self.done.pop_front();
        }
        self.done.push_back((name, whole.parts.clone()));
    }

    /// When a message will next be due for want of its parts.
    pub fn next(&self) -> Option<Timestamp> {
        self.heaps.values().filter_map(|heap| heap.began()?.checked_add(self.patience).ok()).min()
    }
}

impl Heap {
    fn began(&self) -> Option<Timestamp> {
        self.parts.values().map(|part| part.received_at).min()
    }

    fn whole(&self) -> Whole {
        let total = self.parts.values().map(|p| p.place.total).max().unwrap_or(0);
        let (mut units, mut gap) = (Vec::new(), false);
        for place in 1..=total {
            match self.parts.get(&place) {
                Some(part) => {
                    units.extend_from_slice(&part.units);
                    gap = false;
                }
                None if !std::mem::replace(&mut gap, true) => units.extend(" […] ".encode_utf16()),
                None => {}
            }
        }
        Whole {
            parts: self.parts.values().cloned().collect(),
            text: text_of(&units).trim().to_owned(),
            missing: usize::from(total) - self.parts.len().min(usize::from(total)),
            received_at: self.began().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn part(reference: u16, total: u8, part: u8, text: &str, second: i64) -> Part {
        let place = Concat { reference, total, part };
        Part { from: "919830012345".into(), to: "1000".into(), place, units: text.encode_utf16().collect(), received_at: at(second) }
    }

    fn joiner() -> Joiner {
        Joiner::new(SignedDuration::from_mins(10))
    }

    #[test]
    fn what_never_comes_is_marked() {
        let mut joiner = joiner();
        assert!(joiner.add(part(7, 4, 2, "দুই", 0)));
        assert!(joiner.due(at(599)).is_empty());
        assert_eq!(joiner.next(), Some(at(600)));
        let due = joiner.due(at(600));
        assert_eq!((due[0].text.as_str(), due[0].missing), ("[…] দুই […]", 3));
        joiner.settled(&due[0]);
        assert!(joiner.due(at(900)).is_empty() && joiner.next().is_none());
        assert!(!joiner.add(part(7, 4, 2, "দুই", 700)), "it comes again: our answer was lost");
    }

    #[test]
    fn a_pair_split_between_parts_is_one_letter() {
        let mut joiner = joiner();
        let (mut first, mut second) = (part(1, 2, 1, "", 0), part(1, 2, 2, "", 1));
        (first.units, second.units) = (vec![0x0995, 0xd83d], vec![0xde00, 0x0996]);
        joiner.add(second);
        joiner.add(first);
        assert_eq!(joiner.due(at(1))[0].text, "ক😀খ");
    }

    #[test]
    fn a_reference_that_is_used_again_is_another_message() {
        let mut joiner = joiner();
        joiner.add(part(1, 2, 1, "one", 0));
        joiner.add(part(1, 2, 1, "uno", 5));
        joiner.add(part(1, 2, 2, "due", 6));
        let texts: Vec<_> = joiner.due(at(6)).into_iter().map(|whole| whole.text).collect();
        assert_eq!(texts, ["unodue", "one […]"]);
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_give_the_text(text in "[a-zক-হ😀 ]{1,60}", seed in any::<u64>(), cut in 1usize..9) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let pieces: Vec<_> = units.chunks(cut).collect();
            prop_assume!((2..=255).contains(&pieces.len()));
            let total = pieces.len() as u8;
            let mut parts: Vec<_> = (1u8..).zip(&pieces).map(|(n, piece)| Part { units: piece.to_vec(), ..part(3, total, n, "", 0) }).collect();
            parts.extend(parts.clone());
            parts.sort_by_key(|p| (seed >> (p.place.part % 60)) ^ u64::from(p.place.part).wrapping_mul(seed | 1));
            let mut joiner = joiner();
            let mut wholes = Vec::new();
            for part in parts {
                joiner.add(part);
                for whole in joiner.due(at(1)) {
                    joiner.settled(&whole);
                    wholes.push(whole);
                }
            }
            prop_assert_eq!(wholes.len(), 1);
            prop_assert_eq!(&wholes[0].text, text.trim());
            prop_assert_eq!(joiner.next(), None);
        }
    }
}
