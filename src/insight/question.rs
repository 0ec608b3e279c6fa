//! What is asked: which tickets, of which days.

use crate::store::{TicketQuery, Within};
use daak_domain::Timestamp;
use daak_domain::insight::{Day, Dimension, Listing, Span};
use std::collections::BTreeSet;

/// Which tickets are counted, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Only tickets that are this in that dimension; empty: where it is not known.
    pub only: Vec<(Dimension, String)>,
    /// The days of the period.
    pub period: Span,
    /// The moment of asking.
    pub now: Timestamp,
    /// Which tickets whoever asks may know of.
    pub seen: Seen,
}

/// Which tickets somebody may know of, besides a department and a district, which are conditions like any other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Those of these offices; none: of all.
    pub offices: Option<BTreeSet<String>>,
    /// Those that complain of none of these offices.
    pub not_about: BTreeSet<String>,
}

impl Seen {
    /// Whether there are any of which they may not know. Then no sums are asked: they are of all tickets.
    pub fn is_bounded(&self) -> bool {
        self.offices.is_some() || !self.not_about.is_empty()
    }
}

/// More than can be answered at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// The period.
    #[error("the period has {asked} days, expected 1 to {most}{hint}")]
    Period {
        /// Asked for.
        asked: i32,
        /// At most.
        most: i32,
        /// What else can be done.
        hint: &'static str,
    },
    /// Counted one by one, which is done within bounds only.
    #[error("of tickets told apart in this way no sums are kept: ask for at most {most} days, or with fewer filters")]
    NotKept {
        /// Days at most.
        most: i32,
    },
}

/// Longest period of one table.
pub const LONGEST: i32 = 3_660;
/// Longest period where tickets are counted one by one.
pub const LONGEST_ONE_BY_ONE: i32 = 92;

impl Question {
    /// The day of asking.
    pub fn today(&self) -> Day {
        Day::of(self.now)
    }

    /// Whether the period is one that can be answered.
    ///
    /// # Errors
    /// [`TooMuch::Period`].
    pub fn bounded(&self, most: i32, hint: &'static str) -> Result<(), TooMuch> {
        match self.period.days() {
            1.. if self.period.days() <= most => Ok(()),
            asked => Err(TooMuch::Period { asked, most, hint }),
        }
    }

    /// The question with one more condition.
    pub fn and(&self, dimension: Dimension, wanted: &str) -> Self {
        let mut only: Vec<_> = self.only.iter().filter(|(d, _)| *d != dimension).cloned().collect();
        only.push((dimension, wanted.to_owned()));
        Self { only, ..self.clone() }
    }

    /// The list of tickets, as the store knows it.
    pub fn query(&self, list: &Listing) -> TicketQuery {
        let only = |dimension| self.only.iter().find(|(d, _)| *d == dimension).map(|(_, wanted)| wanted.clone());
        let registered = within(list.registered);
        TicketQuery {
            states: list.states.clone(),
            from: registered.from,
            to: registered.to,
            due: within(list.due),
            closed: within(list.closed),
            reopened: within(list.reopened),
            closure: list.closure,
            closed_late: list.late,
            offices: match (only(Dimension::Office), &self.seen.offices) {
                (Some(one), Some(own)) => Some([one].into_iter().filter(|one| own.contains(one)).collect()),
                (Some(one), None) => Some([one].into()),
                (None, own) => own.clone(),
            },
            not_about: self.seen.not_about.clone(),
            department: only(Dimension::Department),
            category: only(Dimension::Category),
            class: only(Dimension::Class).and_then(|class| class.parse().ok()),
            district: only(Dimension::District),
            block: only(Dimension::Block),
            channel: only(Dimension::Channel).and_then(|channel| channel.parse().ok()),
            officer: only(Dimension::Officer),
            ..TicketQuery::default()
        }
    }

    /// The list of tickets, as `GET /tickets` is asked for it.
    pub fn list(&self, list: &Listing) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        let open = list.states.len() > 2;
        if open {
            pairs.push(("state", "open".into()));
        } else if !list.states.is_empty() {
            pairs.push(("state", list.states.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(",")));
        }
        for (names, days) in [
            (("from", "to"), list.registered),
            (("due_from", "due_to"), list.due),
            (("closed_from", "closed_to"), list.closed),
            (("reopened_from", "reopened_to"), list.reopened),
        ] {
            let within = within(days);
            pairs.extend(within.from.map(|at| (names.0, shown(at))));
            pairs.extend(within.to.map(|at| (names.1, shown(at))));
        }
        pairs.extend(list.closure.map(|closure| ("closure", closure.as_str().to_owned())));
        pairs.extend(list.late.map(|late| ("closed_late", late.to_string())));
        for (dimension, wanted) in &self.only {
            pairs.push((dimension.as_str(), if wanted.is_empty() { "none".into() } else { wanted.clone() }));
        }
        let escaped = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value)));
        escaped.collect::<Vec<_>>().join("&")
    }
}

fn within(days: Option<Span>) -> Within {
    let Some(Span { from, to }) = days else { return Within::default() };
    Within { from: (from > Day::FIRST).then(|| from.begins()), to: (to < Day::LAST).then(|| to.plus(1).begins()) }
}

fn shown(at: Timestamp) -> String {
    at.to_string()
}

/// A value of a query (RFC 3986 §2.3: what is not unreserved is escaped).
fn escape(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~,:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
