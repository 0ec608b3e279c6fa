//! The clock of a ticket: when it rests, who is reminded before a limit, who above is told after it.
//!
//! [`Clock::of`] reads a ticket's events; [`EscalationRule::look`] says what is due at an instant and when to look again. What was
//! done stands in the events as well, so that whoever looks after a death of the program does the rest and nothing twice. Pure: the
//! time is an argument.

mod clock;

pub use clock::{Clock, Rest, RestReason};

use crate::sla::{Claim, Due, Length, Limits};
use crate::ticket::{Limit, SlaClass};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The rule, from `escalation.toml`.
#[derive(Debug, Clone)]
pub struct EscalationRule {
    classes: BTreeMap<SlaClass, Class>,
    rests: Length,
    appeal_within: SignedDuration,
}

/// What is due for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Its limits are others than the ticket says: write them down.
    Move {
        /// When it must be resolved.
        due_at: Timestamp,
        /// Whether the clock had rested; else the rules changed.
        rested: bool,
    },
    /// Remind the office that has it.
    Remind {
        /// Of which limit.
        limit: Limit,
        /// The reminder's place among those of this limit, from 1.
        nth: u32,
        /// When it is reached.
        due_at: Timestamp,
    },
    /// Tell the office so many levels above.
    Escalate {
        /// Which limit passed.
        limit: Limit,
        /// How many levels above the office that has it, from 1.
        level: u32,
        /// When it was reached.
        due_at: Timestamp,
    },
}

/// What comes of a look at a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Do this, and look again.
    Do(Act),
    /// Nothing before this time.
    Wait(Timestamp),
    /// Nothing any more, unless something happens to the ticket.
    Rest,
}

/// What is wrong with `escalation.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct EscalationRuleError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    classes: toml::Spanned<BTreeMap<SlaClass, toml::Spanned<Class>>>,
    asked: Asked,
    appeal: Appeal,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    remind: Vec<Length>,
    remind_first_action: Vec<Length>,
    escalate_every: Length,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    rests: Length,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Appeal {
    within_days: u32,
}

impl EscalationRule {
    /// Reads `escalation.toml`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn read(text: &str) -> Result<Self, EscalationRuleError> {
        let wrong = |at: usize, what: String| EscalationRuleError {
            line: text.get(..at).map_or(1, |before| before.matches('\n').count() + 1),
            what,
        };
        let file: File = toml::from_str(text).map_err(|why| wrong(why.span().map_or(0, |s| s.start), why.message().to_owned()))?;
        let mut classes = BTreeMap::new();
        for class in SlaClass::ALL {
            let Some(entry) = file.classes.get_ref().get(&class) else {
                return Err(wrong(file.classes.span().start, format!("the class {class} is missing: add [classes.{class}]")));
            };
            let (at, entry) = (entry.span().start, entry.get_ref());
            for lengths in [&entry.remind, &entry.remind_first_action] {
                if !lengths.is_sorted_by(|a, b| a.by_the_clock() > b.by_the_clock()) {
                    return Err(wrong(at, format!("class {class}: the earliest reminder stands first, and no two are alike")));
                }
            }
            if entry.escalate_every.by_the_clock().is_zero() {
                return Err(wrong(at, format!("class {class}: escalate_every must be longer than nothing")));
            }
            classes.insert(class, entry.clone());
        }
        let appeal_within = SignedDuration::from_hours(24 * i64::from(file.appeal.within_days));
        Ok(Self { classes, rests: file.asked.rests, appeal_within })
    }

    /// How long the clock rests at most when the citizen was asked at `at`.
    pub fn rests_until(&self, limits: &Limits, claim: Claim<'_>, at: Timestamp) -> Timestamp {
        limits.pace(claim).after(at, self.rests)
    }

    /// Whether a settlement of `closed` may still be appealed against.
    pub fn may_appeal(&self, closed: Timestamp, now: Timestamp) -> bool {
        now.duration_since(closed) <= self.appeal_within
    }

    /// When a ticket is due, with all the time that did not count until `now`.
    pub fn due(&self, clock: &Clock, limits: &Limits, now: Timestamp) -> Due {
        let mut due = limits.due(clock.claim(), clock.started_at);
        if let Some(at) = clock.emergency_at {
            let emergency = limits.due(clock.emergency_claim(), at);
            due.first_action_at = due.first_action_at.min(emergency.first_action_at);
            due.resolution_at = due.resolution_at.min(emergency.resolution_at);
        }
        let pace = limits.pace(clock.claim_now());
        for (from, until) in clock.rests.iter().filter_map(|rest| Some((rest.from, self.rest_end(rest, clock, limits, now)?))) {
            for limit in [Some(&mut due.first_action_at), due.interim_at.as_mut(), Some(&mut due.resolution_at)].into_iter().flatten() {
                if *limit > from {
                    *limit = pace.put_off(*limit, from, until);
                }
            }
        }
        due
    }

    /// When a rest ended, if it has.
    fn rest_end(&self, rest: &Rest, clock: &Clock, limits: &Limits, now: Timestamp) -> Option<Timestamp> {
        let latest = self.latest_end(rest, clock, limits);
        [rest.ended, latest.filter(|latest| *latest <= now)].into_iter().flatten().min()
    }

    fn latest_end(&self, rest: &Rest, clock: &Clock, limits: &Limits) -> Option<Timestamp> {
        match rest.why {
            RestReason::Report => None,
            RestReason::Asked => Some(rest.until.unwrap_or_else(|| self.rests_until(limits, clock.claim_now(), rest.from))),
        }
    }

    /// The rest that goes on at `now`, and when it ends by itself.
    pub fn resting<'c>(&self, clock: &'c Clock, limits: &Limits, now: Timestamp) -> Option<(&'c Rest, Option<Timestamp>)> {
        let rest = clock.rests.last().filter(|rest| self.rest_end(rest, clock, limits, now).is_none())?;
        Some((rest, self.latest_end(rest, clock, limits)))
    }

    /// What is to be done for a ticket at `now`. `levels` is how many offices there are above the one that has it.
    pub fn look(&self, clock: &Clock, limits: &Limits, levels: u32, now: Timestamp) -> Look {
        if clock.over {
            return Look::Rest;
        }
        let resting = self.resting(clock, limits, now);
        let due = self.due(clock, limits, now);
        if resting.is_none() && due.resolution_at != clock.due_at {
            let rested = clock.rests.iter().any(|rest| self.rest_end(rest, clock, limits, now).is_some_and(|end| end >= clock.due_said_at));
            return Look::Do(Act::Move { due_at: due.resolution_at, rested });
        }
        if let Some((_, until)) = resting {
            return until.map_or(Look::Rest, Look::Wait);
        }
        let points = self.points(clock, limits, due, levels);
        // Of several that are due at once after a long stop, an escalation first; of reminders only the last is of use.
        match points.iter().filter(|(at, _)| *at <= now).max_by_key(|(at, act)| (matches!(act, Act::Escalate { .. }), *at)) {
            Some((_, act)) => Look::Do(*act),
            None => points.iter().map(|(at, _)| *at).min().map_or(Look::Rest, Look::Wait),
        }
    }

    /// What is still to come, each with its time.
    fn points(&self, clock: &Clock, limits: &Limits, due: Due, levels: u32) -> Vec<(Timestamp, Act)> {
        let Some(class) = self.classes.get(&clock.claim_now().class) else { return Vec::new() };
        let pace = limits.pace(clock.claim_now());
        let mut points = Vec::new();
        let mut limit = |limit: Limit, due_at: Timestamp, before: &[Length]| {
            let done = clock.reminded.get(&limit).copied().unwrap_or(0);
            let escalated = clock.escalated.get(&limit);
            let reminders = (1u32..).zip(before).filter(|(nth, _)| *nth > done && escalated.is_none());
            points.extend(reminders.map(|(nth, length)| {
                let at = if limit == Limit::Interim { due_at } else { pace.before(due_at, *length) };
                (at, Act::Remind { limit, nth, due_at })
            }));
            let (level, earliest) = match escalated {
                None => (1, due_at),
                Some((level, at)) => (level + 1, pace.after(*at, class.escalate_every)),
            };
            if limit != Limit::Interim && level <= levels {
                points.push((earliest.max(due_at), Act::Escalate { limit, level, due_at }));
            }
        };
        if clock.first_action_at.is_none() {
            limit(Limit::FirstAction, due.first_action_at, &class.remind_first_action);
        }
        if let Some(at) = due.interim_at.filter(|_| !clock.heard) {
            limit(Limit::Interim, at, &[Length::Minutes(0)]);
        }
        limit(Limit::Resolution, due.resolution_at, &class.remind);
        points
    }
}

#[cfg(test)]
mod tests;
