//! How a citizen is asked whether it is settled: when, by which means, and when silence counts as no answer. Pure: the time is
//! an argument, and what was done stands in the ticket's events.

use crate::ticket::{Event, EventBody};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The rule, from `feedback.toml`.
#[derive(Debug, Clone)]
pub struct FeedbackRule {
    steps: Vec<Question>,
    zone: TimeZone,
    from: Time,
    until: Time,
    least_gap: SignedDuration,
    answer_within: SignedDuration,
    close_after: SignedDuration,
}

/// One attempt of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Question {
    after: SignedDuration,
    by: Means,
}

/// By which means a citizen is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A written question, to be answered with yes or no.
    Sms,
    /// An automatic call that asks for a key.
    Call,
    /// A person calls.
    Person,
}

/// What was done since the report came to verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When verification began.
    pub since: Timestamp,
    /// The last attempt: its place in the rule, and when.
    pub last: Option<(u32, Timestamp)>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this time.
    Wait(Timestamp),
    /// Ask.
    Ask {
        /// The attempt's place in the rule, to be written down with it.
        step: u32,
        /// By which means.
        by: Means,
    },
    /// Nobody answered in the time of the rule: close as *no answer*.
    Close,
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct FeedbackRuleError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    zone: toml::Spanned<String>,
    from: toml::Spanned<String>,
    until: toml::Spanned<String>,
    least_gap_hours: toml::Spanned<u32>,
    answer_within_hours: toml::Spanned<u32>,
    close_after_days: toml::Spanned<u32>,
    ask: Vec<toml::Spanned<Attempt>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempt {
    after_hours: u32,
    by: Means,
}

impl Asked {
    /// What a ticket's events say; `None` while it is not verified.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut asked = None;
        for event in events {
            match &event.body {
                EventBody::VerificationBegun { .. } => asked = Some(Self { since: event.at, last: None }),
                EventBody::Questioned { step, .. } => {
                    if let Some(asked) = &mut asked {
                        asked.last = Some((*step, event.at));
                    }
                }
                EventBody::AtrSubmitted { .. } | EventBody::AtrReturned { .. } | EventBody::Closed { .. } | EventBody::Reopened { .. } => {
                    asked = None;
                }
                _ => {}
            }
        }
        asked
    }
}

impl FeedbackRule {
    /// Reads `feedback.toml`.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn read(text: &str) -> Result<Self, FeedbackRuleError> {
        let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let wrong = |at: usize, what: String| FeedbackRuleError { line: line(at), what };
        let file: File = toml::from_str(text).map_err(|why| wrong(why.span().map_or(0, |s| s.start), why.message().to_owned()))?;
        let zone = TimeZone::get(file.zone.get_ref())
            .map_err(|_| wrong(file.zone.span().start, format!("there is no time zone {:?}", file.zone.get_ref())))?;
        let time = |text: &toml::Spanned<String>| {
            let parsed: Result<Time, _> = text.get_ref().parse();
            parsed.map_err(|_| wrong(text.span().start, format!("{:?} is no time of the day such as \"10:00\"", text.get_ref())))
        };
        let (from, until) = (time(&file.from)?, time(&file.until)?);
        if from >= until {
            return Err(wrong(file.until.span().start, "until must be later than from".to_owned()));
        }
        let hours = |n: u32| SignedDuration::from_hours(n.into());
        let (gap, within) = (hours(*file.least_gap_hours.get_ref()), hours(*file.answer_within_hours.get_ref()));
        let (mut steps, mut before) = (Vec::new(), None);
        for attempt in &file.ask {
            let Attempt { after_hours, by } = attempt.get_ref();
            let after = hours(*after_hours);
            if before.is_some_and(|before| after < before + gap) {
                return Err(wrong(
                    attempt.span().start,
                    format!("this is less than {} hours after the attempt before", file.least_gap_hours.get_ref()),
                ));
            }
            before = Some(after);
            steps.push(Question { after, by: *by });
        }
        let close_after = hours(24 * *file.close_after_days.get_ref());
        match before {
            None => Err(wrong(0, "nobody is asked: add an [[ask]]".to_owned())),
            Some(last) if close_after < last + within => {
                let what = format!("the last attempt would have less than {} hours to be answered", file.answer_within_hours.get_ref());
                Err(wrong(file.close_after_days.span().start, what))
            }
            Some(_) => Ok(Self { steps, zone, from, until, least_gap: gap, answer_within: within, close_after }),
        }
    }

    /// What is to be done at `now`. `can` are the means by which this citizen can be reached; attempts by others are left out.
    pub fn next(&self, asked: &Asked, can: &[Means], now: Timestamp) -> Next {
        let first = asked.last.map_or(0, |(step, _)| step.saturating_add(1));
        let ahead = (0u32..).zip(&self.steps).skip(usize::try_from(first).unwrap_or(usize::MAX));
        let attempt = ahead.into_iter().find(|(_, question)| can.contains(&question.by));
        let later = |at: Timestamp, by: SignedDuration| at.checked_add(by).unwrap_or(Timestamp::MAX);
        if let Some((step, question)) = attempt {
            let wanted = later(asked.since, question.after);
            // After a long stop of the program, attempts do not come all at once.
            let apart = asked.last.map_or(wanted, |(_, at)| wanted.max(later(at, self.least_gap)));
            let at = self.opening(apart.max(now));
            return if at <= now { Next::Ask { step, by: question.by } } else { Next::Wait(at) };
        }
        let close = later(asked.since, self.close_after);
        let close = asked.last.map_or(close, |(_, at)| close.max(later(at, self.answer_within)));
        if now >= close { Next::Close } else { Next::Wait(close) }
    }

    /// The first time at or after `at` at which people are asked.
    fn opening(&self, at: Timestamp) -> Timestamp {
        let local = at.to_zoned_datetime(self.zone.clone());
        let day = match local.time() {
            time if time < self.from => Some(local.date()),
            time if time < self.until => return at,
            _ => local.date().checked_add(1.day()).ok(),
        };
        day.and_then(|day| self.zone.to_timestamp(day.to_datetime(self.from)).ok()).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::Actor;
    use proptest::prelude::*;

    const ALL: [Means; 3] = [Means::Sms, Means::Call, Means::Person];

    fn shipped() -> FeedbackRule {
        FeedbackRule::read(include_str!("../../config/feedback.toml")).unwrap_or_else(|why| unreachable!("{why}"))
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}+05:30").parse().expect("a time")
    }

    /// The whole course of a citizen who never answers, as it is written down: when, and what.
    fn course(rule: &FeedbackRule, since: Timestamp, can: &[Means]) -> Vec<(String, Next)> {
        let (mut asked, mut now, mut all) = (Asked { since, last: None }, since, Vec::new());
        for _ in 0..50 {
            match rule.next(&asked, can, now) {
                Next::Wait(until) => {
                    assert!(until > now, "time goes on");
                    now = until;
                }
                next => {
                    all.push((now.to_zoned_datetime(rule.zone.clone()).strftime("%d. %H:%M").to_string(), next));
                    match next {
                        Next::Ask { step, .. } => asked.last = Some((step, now)),
                        _ => return all,
                    }
                }
            }
        }
        unreachable!("it never ends")
    }

    #[test]
    fn a_citizen_who_never_answers() {
        let shown: Vec<_> = course(&shipped(), at("02T20:15"), &ALL).into_iter().collect();
        let ask = |step, by| Next::Ask { step, by };
        let wanted = [
            ("03. 10:00", ask(0, Means::Sms)),
            ("04. 10:00", ask(1, Means::Call)),
            ("05. 20:15", ask(2, Means::Call)),
            ("07. 20:15", ask(3, Means::Sms)),
            ("09. 20:15", ask(4, Means::Person)),
            ("17. 20:15", Next::Close),
        ];
        let days = |all: &[(String, Next)]| all.iter().map(|(when, next)| (when[..2].to_owned(), *next)).collect::<Vec<_>>();
        let wanted: Vec<_> = wanted.iter().map(|(when, next)| ((*when).to_owned(), *next)).collect();
        // The hours of the evening move into the next morning.
        assert_eq!(
            days(&shown).iter().map(|(_, next)| *next).collect::<Vec<_>>(),
            wanted.iter().map(|(_, next)| *next).collect::<Vec<_>>()
        );
        assert!(
            shown.iter().filter(|(_, next)| *next != Next::Close).all(|(when, _)| ("10:00".."19:00").contains(&&when[4..])),
            "{shown:?}"
        );
        assert_eq!(shown[0].0, "03. 10:00");
    }

    #[test]
    fn whoever_has_no_telephone_is_not_asked_by_it_and_is_closed_all_the_same() {
        let course = course(&shipped(), at("02T11:00"), &[]);
        assert_eq!(course, [("17. 11:00".to_owned(), Next::Close)]);
    }

    #[test]
    fn what_was_asked_stands_in_the_events_and_ends_with_the_report() {
        let event = |minute: i64, body| Event { at: at("02T11:00") + SignedDuration::from_mins(minute), by: Actor::Helpline, body };
        let mut events = vec![
            event(0, EventBody::VerificationBegun { how: "automatic".into() }),
            event(5, EventBody::Questioned { step: 0, means: Means::Sms }),
        ];
        assert_eq!(Asked::of(&events), Some(Asked { since: at("02T11:00"), last: Some((0, at("02T11:05"))) }));
        events.push(event(9, EventBody::AtrReturned { reason: "no".into(), office: None }));
        assert_eq!(Asked::of(&events), None);
        events.push(event(20, EventBody::VerificationBegun { how: "by hand".into() }));
        assert_eq!(Asked::of(&events), Some(Asked { since: at("02T11:20"), last: None }), "a new report is asked about anew");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let shipped = include_str!("../../config/feedback.toml");
        for (from, to, says) in [
            ("until = \"19:00\"", "until = \"09:00\"", "until must be later"),
            ("zone = \"Asia/Kolkata\"", "zone = \"Asia/Nowhere\"", "there is no time zone"),
            ("close_after_days = 15", "close_after_days = 5", "would have less than"),
            ("after_hours = 24", "after_hours = 1", "hours after the attempt before"),
            ("by = \"call\"", "by = \"telegraph\"", "telegraph"),
        ] {
            assert!(shipped.contains(from), "{from}");
            let error = FeedbackRule::read(&shipped.replacen(from, to, 1)).expect_err(to);
            assert!(error.what.contains(says) && error.line > 1, "{error}");
        }
    }

    proptest! {
        /// Whatever the beginning and however long the program stands still in between: each attempt once and in order, by day,
        /// with the gap between them, and never closed before the last one could be answered.
        #[test]
        fn nobody_is_asked_twice_at_once_or_closed_in_a_hurry(
            start in 0i64..8_000_000, stops in proptest::collection::vec(0i64..900_000, 0..60), can in proptest::sample::subsequence(ALL.to_vec(), 0..=3)
        ) {
            let rule = shipped();
            let since = Timestamp::from_second(1_790_000_000 + start).expect("a time");
            let (mut asked, mut now) = (Asked { since, last: None }, since);
            let mut stops = stops.into_iter();
            loop {
                match rule.next(&asked, &can, now) {
                    Next::Wait(until) => {
                        prop_assert!(until > now);
                        now = until + SignedDuration::from_secs(stops.next().unwrap_or(0));
                    }
                    Next::Ask { step, by } => {
                        prop_assert!(can.contains(&by));
                        prop_assert!(rule.opening(now) == now, "by day");
                        if let Some((before, at)) = asked.last {
                            prop_assert!(step > before && now.duration_since(at) >= rule.least_gap);
                        }
                        asked.last = Some((step, now));
                    }
                    Next::Close => {
                        prop_assert!(now.duration_since(since) >= rule.close_after);
                        prop_assert!(asked.last.is_none_or(|(_, at)| now.duration_since(at) >= rule.answer_within));
                        prop_assert_eq!(asked.last.is_some(), !can.is_empty());
                        break;
                    }
                }
            }
        }
    }
}
