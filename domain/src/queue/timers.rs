//! When something is due that nobody will say.

use crate::call::CallId;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// What can be due. Each stands in the table once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Timer {
    /// An agent's state has a limit: ringing, wrap-up, left alone.
    Agent(usize),
    /// A caller has waited as long as the queue allows.
    Deadline(CallId),
    /// A caller has waited long enough for somebody who speaks the language.
    Widen(CallId),
    /// A caller or callback that rested may be offered again.
    Rested(CallId),
    /// A callback has taken too long.
    Attempt(CallId),
    /// Callers of a queue are told their places.
    Tell(usize),
    /// A queue has had no agent for a while.
    Nobody(usize),
}

/// The table of timers: one time each, the earliest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    order: BTreeSet<(Timestamp, Timer)>,
    at: HashMap<Timer, Timestamp>,
}

impl Timers {
    /// Sets a timer, in place of the one that stood. A time beyond the calendar is never.
    pub(super) fn arm(&mut self, timer: Timer, now: Timestamp, after: Duration) {
        self.cancel(timer);
        if let Ok(at) = now.checked_add(after) {
            self.order.insert((at, timer));
            self.at.insert(timer, at);
        }
    }

    pub(super) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    pub(super) fn is_armed(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes the earliest one that is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Timer> {
        let (at, timer) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.order.remove(&(at, timer));
        self.at.remove(&timer);
        Some(timer)
    }
}
