//! When a message goes out, when it is tried again, and when it is given up. Pure: the time is an argument.

use crate::store::{Due, Progress};
use daak_domain::Timestamp;
use daak_domain::carrier::{Accepted, SendError};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::collections::{HashMap, VecDeque};

/// The rules of sending.
#[derive(Debug, Clone)]
pub struct Rules {
    /// No message but an urgent one leaves from this time of the day on, in Kolkata.
    pub quiet_from: Option<Time>,
    /// Until this time of the day.
    pub quiet_until: Option<Time>,
    /// Messages a second at most, to all together.
    pub per_second: u32,
    /// Messages to one address within an hour at most; answers to what was asked from there are counted by themselves.
    pub per_number_hour: usize,
    /// Tries before a message is given up whose fate is not known; others are tried for [`Rules::tried_for`] at least.
    pub tries: u32,
    /// How long a message is tried while the gateway surely takes nothing.
    pub tried_for: SignedDuration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            quiet_from: Some(Time::constant(21, 0, 0, 0)),
            quiet_until: Some(Time::constant(8, 0, 0, 0)),
            per_second: 20,
            per_number_hour: 10,
            tries: 8,
            tried_for: SignedDuration::from_hours(24),
        }
    }
}

/// What to do with a message that is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Send it now.
    Send,
    /// Nothing is sent; write this.
    Mark(Progress),
}

impl Rules {
    /// Decides on a message. `expires_min` is after how long it is of no use; `asked_for`, whether its address itself asked.
    pub fn decide(&self, due: &Due, expires_min: Option<u32>, asked_for: bool, now: Timestamp, recent: &mut Recent) -> Decision {
        let failed = |why: &str| Decision::Mark(Progress::Failed { why: why.to_owned() });
        if expires_min.is_some_and(|min| now.duration_since(due.created_at) > SignedDuration::from_mins(min.into())) {
            return failed("it came too late to be of use");
        }
        if !due.urgent
            && let Some(at) = self.quiet_end(now)
        {
            return Decision::Mark(Progress::Again { at, why: "kept until the morning".to_owned() });
        }
        let counted = if asked_for { format!("asked:{}", due.to) } else { due.to.clone() };
        match recent.admit(&counted, now, self.per_number_hour) {
            Ok(()) => Decision::Send,
            Err(at) => Decision::Mark(Progress::Again { at, why: "this address got many messages within the hour".to_owned() }),
        }
    }

    /// What to write after an attempt.
    pub fn after(&self, due: &Due, outcome: Result<&Accepted, &SendError>, now: Timestamp) -> Progress {
        let error = match outcome {
            Ok(accepted) => return Progress::Sent { carrier_id: Some(accepted.carrier_id.clone()) },
            Err(error) => error,
        };
        let tried = due.attempts.saturating_add(1);
        let too_often = tried >= self.tries;
        let too_long = now.duration_since(due.created_at) >= self.tried_for;
        if !error.retry || (too_often && (error.uncertain || too_long)) {
            return Progress::Failed { why: error.detail.clone() };
        }
        let asked = error.after.and_then(|after| SignedDuration::try_from(after).ok()).unwrap_or_default().min(LONGEST_WAIT);
        let wait = backoff(&due.key, due.attempts).max(asked);
        Progress::Again { at: now.checked_add(wait).unwrap_or(Timestamp::MAX), why: error.detail.clone() }
    }

    /// If `now` lies in the quiet hours, when they end.
    pub fn quiet_end(&self, now: Timestamp) -> Option<Timestamp> {
        let (from, until) = (self.quiet_from?, self.quiet_until?);
        let zone = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
        let local = now.to_zoned_datetime(zone.clone());
        let time = local.time();
        let quiet = if from <= until { (from..until).contains(&time) } else { time >= from || time < until };
        if !quiet {
            return None;
        }
        let day = if time < until { local.date() } else { local.date().checked_add(1.day()).ok()? };
        zone.to_timestamp(day.to_datetime(until)).ok()
    }
}

/// The longest wait between two tries.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// 30 seconds, doubled with each attempt, up to half an hour; a fifth more or less by the key, so that what failed
/// together does not come back together.
fn backoff(key: &str, attempts: u32) -> SignedDuration {
    let doubled = SignedDuration::from_secs(30 << attempts.min(6)).min(LONGEST_WAIT);
    let spread = key.bytes().fold(0u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into())) % 41;
    doubled * i32::try_from(80 + spread).unwrap_or(100) / 100
}

/// What was sent to each address within the last hour. Forgotten when the process ends.
#[derive(Debug, Default)]
pub struct Recent(HashMap<String, VecDeque<Timestamp>>);

/// Numbers remembered; beyond, those without a message within the hour are forgotten.
const REMEMBERED: usize = 50_000;

impl Recent {
    /// Counts a message to `to`, or says when the next may go.
    fn admit(&mut self, to: &str, now: Timestamp, most: usize) -> Result<(), Timestamp> {
        let hour = SignedDuration::from_hours(1);
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, sent| sent.back().is_some_and(|last| now.duration_since(*last) < hour));
        }
        if self.0.len() >= REMEMBERED && !self.0.contains_key(to) {
            return Ok(());
        }
        let sent = self.0.entry(to.to_owned()).or_default();
        while sent.front().is_some_and(|first| now.duration_since(*first) >= hour) {
            sent.pop_front();
        }
        match sent.front() {
            Some(first) if sent.len() >= most.max(1) => Err(first.checked_add(hour).unwrap_or(Timestamp::MAX)),
            _ => {
                sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_domain::contact::Channel;
    use daak_domain::language::Language;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}+05:30").parse().expect("a time")
    }

    fn due(to: &str, urgent: bool) -> Due {
        Due {
            key: "k".to_owned(),
            ticket: None,
            channel: Channel::Sms,
            to: to.to_owned(),
            template: "assigned".to_owned(),
            language: Language::Bn,
            text: "x".to_owned(),
            urgent,
            enclosed: daak_domain::carrier::Enclosed::default(),
            attempts: 0,
            created_at: at("24T12:00"),
        }
    }

    fn decide(due: &Due, now: Timestamp) -> Decision {
        Rules::default().decide(due, None, false, now, &mut Recent::default())
    }

    #[test]
    fn the_night_is_quiet_for_all_but_the_urgent() {
        for (now, until) in [
            ("24T21:00", Some("25T08:00")),
            ("24T23:59", Some("25T08:00")),
            ("25T07:59:59", Some("25T08:00")),
            ("25T08:00", None),
            ("24T20:59", None),
        ] {
            let decided = decide(&due("9830012345", false), at(now));
            match until {
                Some(until) => assert_eq!(
                    decided,
                    Decision::Mark(Progress::Again { at: at(until), why: "kept until the morning".to_owned() }),
                    "{now}"
                ),
                None => assert!(matches!(decided, Decision::Send), "{now}"),
            }
            assert!(matches!(decide(&due("9830012345", true), at(now)), Decision::Send));
        }
        let open = Rules { quiet_from: None, ..Rules::default() };
        assert_eq!(open.quiet_end(at("24T23:00")), None);
        let siesta =
            Rules { quiet_from: Some(Time::constant(13, 0, 0, 0)), quiet_until: Some(Time::constant(14, 0, 0, 0)), ..Rules::default() };
        assert_eq!((siesta.quiet_end(at("24T13:30")), siesta.quiet_end(at("24T14:00"))), (Some(at("24T14:00")), None));
    }

    #[test]
    fn a_late_code_fails_at_once() {
        let late = Rules::default().decide(&due("9830012345", true), Some(10), true, at("24T12:11"), &mut Recent::default());
        assert!(matches!(late, Decision::Mark(Progress::Failed { why }) if why.contains("too late")));
    }

    #[test]
    fn one_number_is_not_flooded() {
        let (rules, mut recent) = (Rules::default(), Recent::default());
        let mut ask = |now| rules.decide(&due("9830012345", true), None, false, now, &mut recent);
        for minute in 0..10 {
            assert!(matches!(ask(at(&format!("24T12:0{minute}"))), Decision::Send));
        }
        assert!(matches!(ask(at("24T12:30")), Decision::Mark(Progress::Again { at: next, .. }) if next == at("24T13:00")));
        assert!(matches!(ask(at("24T13:00")), Decision::Send));
        // Whoever asks is answered, up to a limit of its own.
        let mut answer = || rules.decide(&due("9830012345", true), None, true, at("24T12:30"), &mut recent);
        assert_eq!((0..12).filter(|_| matches!(answer(), Decision::Send)).count(), 10);
    }

    #[test]
    fn a_gateway_that_is_down_for_an_hour_loses_nothing_and_has_an_end() {
        let (rules, down) = (Rules::default(), SendError::later("down"));
        let (mut message, mut now) = (due("9830012345", true), at("24T12:00"));
        let mut tries = 0;
        while let Progress::Again { at, .. } = rules.after(&message, Err(&down), now) {
            assert!(at > now && at.duration_since(now) <= LONGEST_WAIT * 6 / 5);
            (now, message.attempts, tries) = (at, message.attempts + 1, tries + 1);
        }
        let waited = now.duration_since(message.created_at);
        assert!(waited >= SignedDuration::from_hours(24) && waited < SignedDuration::from_hours(25), "{waited:?} {tries}");
        assert!((40..80).contains(&tries), "{tries}");
    }

    #[test]
    fn an_unknown_fate_is_tried_a_few_times_and_a_refusal_not_at_all() {
        let rules = Rules::default();
        let mut message = due("9830012345", true);
        assert!(matches!(rules.after(&message, Err(&SendError::never("no")), at("24T12:00")), Progress::Failed { .. }));
        message.attempts = 6;
        assert!(matches!(rules.after(&message, Err(&SendError::unknown("?")), at("24T12:00")), Progress::Again { .. }));
        message.attempts = 7;
        assert!(matches!(rules.after(&message, Err(&SendError::unknown("?")), at("24T12:00")), Progress::Failed { .. }));
        let asked = SendError { after: Some(std::time::Duration::from_secs(900)), ..SendError::later("busy") };
        message.attempts = 0;
        assert!(matches!(rules.after(&message, Err(&asked), at("24T12:00")), Progress::Again { at: next, .. } if next == at("24T12:15")));
    }
}
