//! Which parts belong to which message, and what became of them. Pure: the time is an argument.

use super::receipt::{IdDialect, MessageState, Receipt, plain};
use daak_domain::Timestamp;
use daak_domain::carrier::{Delivery, Fate, Sent};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Parts that were taken and not yet reported. A receipt of something older is passed on by the SMS centre's own name.
#[derive(Debug, Default)]
pub struct Tally {
    dialect: IdDialect,
    /// Learnt of the carrier, where the dialect is not configured.
    learnt: Option<IdDialect>,
    parts: HashMap<String, Part>,
    order: VecDeque<String>,
    messages: HashMap<String, Message>,
    /// Receipts that came before the answer which names their message.
    early: HashMap<String, Receipt>,
    early_order: VecDeque<String>,
}

#[derive(Debug)]
struct Part {
    key: String,
    to: String,
    at: Timestamp,
}

#[derive(Debug)]
struct Message {
    of: usize,
    arrived: usize,
    failed: bool,
}

/// What to do with a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing of it is news: it is on its way, or other parts are still to come.
    Nothing,
    /// The message's fate is known.
    Tell(Delivery),
    /// No part of this name is known: it is from before a restart, and the outbox may know it; or its answer is still on its
    /// way, and [`Tally::taken`] will tell. (If the process dies before that answer, the message is sent again under another name.)
    Stranger(Delivery),
}

/// Parts remembered at most.
const MOST: usize = 200_000;
/// Receipts kept at most for an answer that is still to come.
const EARLY: usize = 10_000;

impl Tally {
    /// For a carrier that writes names in this way.
    pub fn new(dialect: IdDialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// The SMS centre took a part of the message `key`, which has `of` parts in all. Answers what is to be told if its receipt
    /// had come before.
    pub fn taken(&mut self, id: &str, key: &str, to: &str, of: usize, now: Timestamp) -> Option<Delivery> {
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
            && let Some(part) = self.parts.remove(&oldest)
        {
            self.messages.remove(&part.key);
        }
        let name = plain(id);
        self.messages.entry(key.to_owned()).or_insert(Message { of, arrived: 0, failed: false });
        if self.parts.insert(name.clone(), Part { key: key.to_owned(), to: to.to_owned(), at: now }).is_none() {
            self.order.push_back(name.clone());
        }
        let as_written = [name, IdDialect::HexToDecimal.meeting(id), IdDialect::DecimalToHex.meeting(id)];
        let early = as_written.iter().find_map(|written| self.early.get(written).filter(|r| same_telephone(to, &r.from)).cloned())?;
        match self.receipt(&early) {
            Verdict::Tell(delivery) => Some(delivery),
            Verdict::Nothing | Verdict::Stranger(_) => None,
        }
    }

    /// A receipt came. Of several parts, the first that failed decides; all must have arrived for the message to have.
    pub fn receipt(&mut self, receipt: &Receipt) -> Verdict {
        let fate = match (receipt.state.is_final(), receipt.state.failure()) {
            (false, _) => return Verdict::Nothing,
            (true, None) => Fate::Delivered,
            (true, Some(why)) => Fate::Failed(receipt.error.as_ref().map_or_else(|| why.to_owned(), |code| format!("{why} (code {code})"))),
        };
        let Some(name) = self.find(receipt) else {
            let dialect = self.learnt.unwrap_or(self.dialect);
            self.keep_early(receipt);
            return Verdict::Stranger(Delivery { message: Sent::Carrier(dialect.meeting(&receipt.id)), fate });
        };
        self.early.remove(&plain(&receipt.id));
        let Some(part) = self.parts.remove(&name) else { return Verdict::Nothing };
        let Some(message) = self.messages.get_mut(&part.key) else { return Verdict::Nothing };
        message.arrived += 1;
        let (last, failed) = (message.arrived >= message.of, message.failed);
        message.failed |= receipt.state != MessageState::Delivered;
        if last {
            self.messages.remove(&part.key);
        }
        let news = if failed { false } else { last || matches!(fate, Fate::Failed(_)) };
        if news { Verdict::Tell(Delivery { message: Sent::Key(part.key), fate }) } else { Verdict::Nothing }
    }

    fn keep_early(&mut self, receipt: &Receipt) {
        if self.early_order.len() >= EARLY
            && let Some(oldest) = self.early_order.pop_front()
        {
            self.early.remove(&oldest);
        }
        let name = plain(&receipt.id);
        if self.early.insert(name.clone(), receipt.clone()).is_none() {
            self.early_order.push_back(name);
        }
    }

    /// The name under which the part is known. Without a configured dialect, other bases are tried, and only a part that
    /// went to the same telephone is believed to be meant.
    fn find(&mut self, receipt: &Receipt) -> Option<String> {
        let dialects = match self.learnt.unwrap_or(self.dialect) {
            IdDialect::Auto => vec![IdDialect::Same, IdDialect::HexToDecimal, IdDialect::DecimalToHex],
            known => vec![known],
        };
        let sure = dialects.len() == 1;
        for dialect in dialects {
            let name = dialect.meeting(&receipt.id);
            if self.parts.get(&name).is_some_and(|part| sure || same_telephone(&part.to, &receipt.from)) {
                let telling = plain(&receipt.id) != name || receipt.id.bytes().any(|b| b.is_ascii_alphabetic());
                if dialect != IdDialect::Same || telling {
                    self.learnt = Some(dialect);
                }
                return Some(name);
            }
        }
        None
    }

    /// Forgets parts that nobody will report any more.
    pub fn forget_before(&mut self, before: Timestamp) {
        while let Some(name) = self.order.front() {
            match self.parts.get(name) {
                Some(part) if part.at >= before => break,
                Some(part) => {
                    self.messages.remove(&part.key);
                    self.parts.remove(name);
                }
                None => {}
            }
            self.order.pop_front();
        }
    }

    /// Parts that are still to be reported, by message.
    pub fn open(&self) -> BTreeMap<&str, usize> {
        let mut open = BTreeMap::new();
        for part in self.parts.values() {
            *open.entry(part.key.as_str()).or_default() += 1;
        }
        open
    }
}

/// Numbers are written with and without country code: the last nine digits decide.
fn same_telephone(one: &str, other: &str) -> bool {
    let tail = |text: &str| text.bytes().rev().filter(u8::is_ascii_digit).take(9).collect::<Vec<_>>();
    let (one, other) = (tail(one), tail(other));
    !one.is_empty() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;
    const TO: &str = "919830012345";

    fn receipt(id: &str, state: MessageState) -> Receipt {
        Receipt { id: id.into(), state, error: None, from: TO.into() }
    }

    fn key(verdict: &Verdict) -> Option<(&str, bool)> {
        match verdict {
            Verdict::Tell(Delivery { message: Sent::Key(key), fate }) => Some((key, *fate == Fate::Delivered)),
            _ => None,
        }
    }

    #[test]
    fn all_parts_must_have_arrived() {
        let mut tally = Tally::default();
        for id in ["01", "02", "03"] {
            tally.taken(id, "k", TO, 3, AT);
        }
        assert_eq!(tally.receipt(&receipt("1", MessageState::OnItsWay)), Verdict::Nothing);
        assert_eq!(tally.receipt(&receipt("3", MessageState::Delivered)), Verdict::Nothing);
        assert_eq!(tally.receipt(&receipt("1", MessageState::Delivered)), Verdict::Nothing);
        assert!(matches!(tally.receipt(&receipt("3", MessageState::Delivered)), Verdict::Stranger(_)), "repeated");
        assert_eq!(key(&tally.receipt(&receipt("2", MessageState::Delivered))), Some(("k", true)));
        assert!(tally.open().is_empty());
    }

    #[test]
    fn the_first_that_failed_decides() {
        let mut tally = Tally::default();
        tally.taken("a", "k", TO, 2, AT);
        tally.taken("b", "k", TO, 2, AT);
        assert_eq!(key(&tally.receipt(&receipt("A", MessageState::Expired))), Some(("k", false)));
        assert_eq!(tally.receipt(&receipt("b", MessageState::Delivered)), Verdict::Nothing);
    }

    #[test]
    fn a_receipt_may_come_before_the_answer() {
        let mut tally = Tally::default();
        assert!(matches!(tally.receipt(&receipt("2587", MessageState::Delivered)), Verdict::Stranger(_)));
        assert_eq!(tally.taken("a1b", "k", "+91 98300 99999", 1, AT), None, "another telephone");
        let told = tally.taken("A1B", "k", TO, 1, AT).expect("it was there before");
        assert_eq!(told, Delivery { message: Sent::Key("k".into()), fate: Fate::Delivered });
    }

    #[test]
    fn another_base_is_found_out_and_remembered() {
        let mut tally = Tally::default();
        tally.taken("A1B", "k", TO, 1, AT);
        tally.taken("1F", "other", "919830099999", 1, AT);
        assert_eq!(key(&tally.receipt(&receipt("2587", MessageState::Delivered))), Some(("k", true)));
        // From before a restart: by the name that the answer gave.
        let stranger = tally.receipt(&receipt("31337", MessageState::Delivered));
        assert_eq!(stranger, Verdict::Stranger(Delivery { message: Sent::Carrier("7a69".into()), fate: Fate::Delivered }));
        let mut elsewhere = receipt("31", MessageState::Delivered);
        elsewhere.from = "9830099999".into();
        assert_eq!(key(&tally.receipt(&elsewhere)), Some(("other", true)));
    }

    #[test]
    fn a_number_in_two_bases_does_not_settle_another_citizens_message() {
        let mut tally = Tally::default();
        tally.taken("31", "not this", "919830099999", 1, AT); // 0x31 = 49
        tally.taken("1f", "this", TO, 1, AT);
        assert_eq!(key(&tally.receipt(&receipt("31", MessageState::Delivered))), Some(("this", true)));
    }

    proptest! {
        #[test]
        fn every_message_is_told_once(parts in proptest::collection::vec(1usize..5, 1..20), seed in any::<u64>()) {
            let (mut tally, mut ids) = (Tally::default(), Vec::new());
            for (message, of) in parts.iter().enumerate() {
                for part in 0..*of {
                    let id = format!("{message:02x}{part:02x}z");
                    tally.taken(&id, &message.to_string(), TO, *of, AT);
                    ids.push(id);
                }
            }
            ids.sort_by_key(|id| id.bytes().fold(seed, |sum, b| sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(b.into())));
            let told: Vec<_> = ids.iter().filter_map(|id| key(&tally.receipt(&receipt(id, MessageState::Delivered))).map(|(k, _)| k.to_owned())).collect();
            prop_assert_eq!(told.len(), parts.len());
            prop_assert!(tally.open().is_empty() && tally.messages.is_empty());
        }
    }
}
