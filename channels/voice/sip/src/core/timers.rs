//! What is due when. An alarm is never taken back: whoever it wakes looks whether it still matters.

use super::TxId;
use crate::leg::LegId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    Server(TxId),
    Client(TxId),
    Leg(LegId, LegAlarm),
    Trunk(usize),
}

/// What a leg waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LegAlarm {
    /// Our 2xx is repeated until its ACK comes.
    Repeat,
    /// A reliable provisional response is repeated until its PRACK comes.
    RepeatProvisional,
    /// Nobody answered our INVITE.
    Ring,
    /// This trunk does not answer at all.
    Patience,
    /// The session is to be refreshed.
    Refresh,
    /// The session lapses.
    Lapse,
    /// An offer is made again after a collision.
    Again,
    /// What is left of a leg is forgotten.
    Forget,
}

pub(crate) const LEG_ALARMS: usize = 8;

/// Alarms that may wait before those that wake nobody any more are thrown out.
const FEW: usize = 8_192;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Alarm)>>,
    /// So many were there after the last time that it was tidied.
    tidied: usize,
}

impl Timers {
    pub(crate) fn push(&mut self, at: Instant, alarm: Alarm) {
        self.heap.push(Reverse((at, alarm)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Alarm)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }

    /// Whether there are so many that it is worth to [`Timers::tidy`].
    pub(crate) fn is_full(&self) -> bool {
        self.heap.len() > FEW.max(2 * self.tidied)
    }

    /// Throws out the alarms that wake nobody: a session's timers outlive it by half an hour.
    pub(crate) fn tidy(&mut self, wakes: impl Fn(Alarm) -> bool) {
        self.heap.retain(|Reverse((_, alarm))| wakes(*alarm));
        self.tidied = self.heap.len();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}
