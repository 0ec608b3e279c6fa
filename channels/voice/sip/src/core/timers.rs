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

#[derive(Debug, Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<(Instant, Alarm)>>);

impl Timers {
    pub(crate) fn push(&mut self, at: Instant, alarm: Alarm) {
        self.0.push(Reverse((at, alarm)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Alarm)> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(due)| due)
    }
}
