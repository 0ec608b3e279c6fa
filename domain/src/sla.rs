//! Limits: by when there must be a first action, by when the citizen hears how far it is, and by when a ticket must be resolved.

use crate::calendar::{Calendar, Calendars};
use crate::routing::fits;
use crate::ticket::SlaClass;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The limits of each class, and of categories and offices that have their own.
#[derive(Debug, Clone)]
pub struct Limits {
    classes: BTreeMap<SlaClass, Set>,
    /// The most specific first.
    own: Vec<Own>,
}

/// What decides a ticket's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Class of limit.
    pub class: SlaClass,
    /// Category code.
    pub category: &'a str,
    /// Code of the office.
    pub office: &'a str,
}

/// When things are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The first action.
    pub first_action_at: Timestamp,
    /// A word to the citizen how far it is, where one is owed.
    pub interim_at: Option<Timestamp>,
    /// The resolution.
    pub resolution_at: Timestamp,
}

/// How time is counted for a claim.
#[derive(Debug, Clone)]
pub struct Pace {
    /// None: round the clock.
    calendar: Option<Arc<Calendar>>,
}

/// What is wrong with `sla.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// The file cannot be read.
    #[error("{0}")]
    Form(String),
    /// There is no such calendar.
    #[error("there is no calendar {0:?} in calendar.toml")]
    NoCalendar(String),
    /// A class has no limits.
    #[error("the class {0} has no limits: add [classes.{0}]")]
    Missing(SlaClass),
    /// The resolution comes before the first action.
    #[error("{0}: the resolution is due before the first action")]
    Order(String),
    /// A rule of its own holds for all, or names what does not exist.
    #[error("line {line}: {what}")]
    Own {
        /// Line, from 1.
        line: usize,
        /// A sentence.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calendar: String,
    classes: BTreeMap<SlaClass, Class>,
    #[serde(default)]
    rules: Vec<toml::Spanned<Rule>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    #[serde(default)]
    round_the_clock: bool,
    first_action: Length,
    interim: Option<Length>,
    resolution: Length,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    class: Option<SlaClass>,
    category: Option<String>,
    office: Option<String>,
    calendar: Option<String>,
    #[serde(default)]
    round_the_clock: bool,
    first_action: Length,
    interim: Option<Length>,
    resolution: Length,
}

#[derive(Debug, Clone)]
struct Set {
    pace: Pace,
    first_action: Length,
    interim: Option<Length>,
    resolution: Length,
}

#[derive(Debug, Clone)]
struct Own {
    class: Option<SlaClass>,
    category: Option<String>,
    office: Option<String>,
    set: Set,
}

/// A length of time, as it is written in files: `{ days = 2 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// Minutes of work.
    Minutes(u32),
    /// Hours of work.
    Hours(u32),
    /// Days of work, from a time of day to the same time of day.
    Days(u32),
}

impl Length {
    /// So much by the clock, a day being 24 hours.
    pub fn by_the_clock(self) -> Duration {
        let minutes = match self {
            Length::Minutes(minutes) => u64::from(minutes),
            Length::Hours(hours) => u64::from(hours) * 60,
            Length::Days(days) => u64::from(days) * 24 * 60,
        };
        Duration::from_secs(minutes * 60)
    }
}

impl Pace {
    /// So long after. If the calendar ends before, the time counts by the clock.
    pub fn after(&self, from: Timestamp, length: Length) -> Timestamp {
        let by_calendar = self.calendar.as_ref().and_then(|calendar| match length {
            Length::Days(days) => calendar.add_days(from, days),
            shorter => calendar.add_working_time(from, shorter.by_the_clock()),
        });
        by_calendar.unwrap_or_else(|| from.checked_add(length.by_the_clock()).unwrap_or(Timestamp::MAX))
    }

    /// So long before.
    pub fn before(&self, until: Timestamp, length: Length) -> Timestamp {
        let by_calendar = self.calendar.as_ref().and_then(|calendar| match length {
            Length::Days(days) => calendar.back_days(until, days),
            shorter => calendar.back_working_time(until, shorter.by_the_clock()),
        });
        by_calendar.unwrap_or_else(|| until.checked_sub(length.by_the_clock()).unwrap_or(Timestamp::MIN))
    }

    /// A limit, later by the time that counts between two instants.
    pub fn put_off(&self, limit: Timestamp, from: Timestamp, until: Timestamp) -> Timestamp {
        match &self.calendar {
            None => limit.checked_add(until.duration_since(from)).unwrap_or(Timestamp::MAX),
            Some(calendar) => {
                let rested = calendar.working_time(from, until);
                if rested.is_zero() { limit } else { calendar.add_working_time(limit, rested).unwrap_or(limit) }
            }
        }
    }
}

impl Limits {
    /// Reads `sla.toml`.
    ///
    /// # Errors
    /// [`LimitsError`] says what is missing or impossible.
    pub fn read(text: &str, calendars: &Calendars) -> Result<Self, LimitsError> {
        let file: File = toml::from_str(text).map_err(|e| LimitsError::Form(e.to_string()))?;
        let calendar = |name: &str| calendars.get(name).cloned().map(Arc::new).ok_or_else(|| LimitsError::NoCalendar(name.to_owned()));
        let usual = calendar(&file.calendar)?;
        let mut classes = BTreeMap::new();
        for class in SlaClass::ALL {
            let Class { round_the_clock, first_action, interim, resolution } =
                file.classes.get(&class).ok_or(LimitsError::Missing(class))?.clone();
            let pace = Pace { calendar: (!round_the_clock).then(|| usual.clone()) };
            classes.insert(class, Set { pace, first_action, interim, resolution }.checked(&format!("class {class}"))?);
        }
        let mut own = Vec::new();
        for rule in file.rules {
            let line = text.get(..rule.span().start).map_or(1, |before| before.matches('\n').count() + 1);
            let wrong = |what: &str| LimitsError::Own { line, what: what.to_owned() };
            let rule = rule.into_inner();
            if rule.class.is_none() && rule.category.is_none() && rule.office.is_none() {
                return Err(wrong("this rule holds for all: name a class, a category or an office"));
            }
            let calendar = match &rule.calendar {
                _ if rule.round_the_clock => None,
                Some(name) => Some(calendar(name)?),
                None => Some(usual.clone()),
            };
            let Rule { first_action, interim, resolution, .. } = rule;
            let set = Set { pace: Pace { calendar }, first_action, interim, resolution };
            let set = set.checked(&format!("line {line}"))?;
            own.push(Own { class: rule.class, category: rule.category, office: rule.office, set });
        }
        own.sort_by_key(|rule| std::cmp::Reverse(rule.rank()));
        Ok(Self { classes, own })
    }

    /// Categories and offices that rules name, to be held against the masters.
    pub fn named(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
        self.own.iter().map(|rule| (rule.category.as_deref(), rule.office.as_deref()))
    }

    /// When a ticket that came at `from` is due. A class that runs round the clock knows no holidays. If the calendar ends
    /// before the limit, the days count as days of the clock.
    pub fn due(&self, claim: Claim<'_>, from: Timestamp) -> Due {
        let Some(set) = self.set(claim) else { return Due { first_action_at: from, interim_at: None, resolution_at: from } };
        let after = |length| set.pace.after(from, length);
        Due { first_action_at: after(set.first_action), interim_at: set.interim.map(after), resolution_at: after(set.resolution) }
    }

    /// How time is counted for a ticket.
    pub fn pace(&self, claim: Claim<'_>) -> Pace {
        self.set(claim).map_or(Pace { calendar: None }, |set| set.pace.clone())
    }

    fn set(&self, claim: Claim<'_>) -> Option<&Set> {
        self.own.iter().find(|rule| rule.holds(claim)).map(|rule| &rule.set).or_else(|| self.classes.get(&claim.class))
    }
}

impl Set {
    fn checked(self, whose: &str) -> Result<Self, LimitsError> {
        let (first, last) = (self.first_action.by_the_clock(), self.resolution.by_the_clock());
        let interim = self.interim.map_or(first, Length::by_the_clock);
        if last < first || last < interim { Err(LimitsError::Order(whose.to_owned())) } else { Ok(self) }
    }
}

impl Own {
    fn holds(&self, claim: Claim<'_>) -> bool {
        self.class.is_none_or(|class| class == claim.class)
            && self.category.as_deref().is_none_or(|wanted| fits(wanted, claim.category))
            && self.office.as_deref().is_none_or(|office| office == claim.office)
    }

    /// An office's own rule counts before a category's, that before a class's.
    fn rank(&self) -> (bool, u8, bool) {
        let category = self.category.as_deref().map_or(0, |code| if code.ends_with('*') { 1 } else { 2 });
        (self.office.is_some(), category, self.class.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendars() -> Calendars {
        Calendars::read(include_str!("../../config/calendar.toml")).expect("good")
    }

    fn limits(more: &str) -> Limits {
        Limits::read(&format!("{}{more}", include_str!("../../config/sla.toml")), &calendars()).expect("good")
    }

    fn claim(class: SlaClass) -> Claim<'static> {
        Claim { class, category: "wcd.kanyashree", office: "WCD" }
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+05:30").parse().expect("a time")
    }

    #[test]
    fn an_emergency_runs_through_the_holidays_and_a_pension_does_not() {
        let from = at("2026-10-18T23:00");
        let emergency = limits("").due(claim(SlaClass::Emergency), from);
        assert_eq!((emergency.first_action_at, emergency.resolution_at), (at("2026-10-19T01:00"), at("2026-10-19T23:00")));
        assert_eq!(limits("").due(claim(SlaClass::Individual), from).resolution_at, at("2026-11-04T10:00"));
    }

    #[test]
    fn a_category_and_an_office_may_have_limits_of_their_own() {
        let rules = "\n[[rules]]\ncategory = \"wcd.*\"\nfirst_action = { hours = 1 }\nresolution = { days = 3 }\n\
             [[rules]]\noffice = \"DM-303\"\nfirst_action = { days = 1 }\nresolution = { days = 9 }\n\
             [[rules]]\ncategory = \"wcd.kanyashree\"\nclass = \"individual\"\nround_the_clock = true\nfirst_action = { hours = 1 }\nresolution = { days = 2 }\n";
        let (limits, from) = (limits(rules), at("2026-11-25T11:00"));
        let day = |claim| limits.due(claim, from).resolution_at;
        let other = Claim { class: SlaClass::Individual, category: "wcd.rupashree", office: "WCD" };
        assert_eq!(day(other), at("2026-11-28T11:00"));
        assert_eq!(day(Claim { office: "DM-303", ..other }), at("2026-12-05T11:00"), "the office's own counts first");
        assert_eq!(day(Claim { category: "wcd.kanyashree", ..other }), at("2026-11-27T11:00"));
        assert_eq!(day(Claim { category: "pwd.road-bridge", ..other }), at("2026-12-03T11:00"), "the class's");
    }

    #[test]
    fn time_that_does_not_count_puts_a_limit_off() {
        let individual = limits("").pace(claim(SlaClass::Individual));
        // Friday noon to Monday noon is a Friday afternoon, a Saturday and two hours of the Monday.
        let due = individual.put_off(at("2026-12-02T12:00"), at("2026-11-27T12:00"), at("2026-11-30T12:00"));
        assert_eq!(due, at("2026-12-04T12:00"));
        let emergency = limits("").pace(claim(SlaClass::Emergency));
        assert_eq!(emergency.put_off(at("2026-12-02T12:00"), at("2026-11-27T12:00"), at("2026-11-27T13:00")), at("2026-12-02T13:00"));
        assert_eq!(individual.before(at("2026-11-30T12:00"), Length::Days(2)), at("2026-11-27T12:00"));
        assert_eq!(individual.before(at("2026-11-30T11:00"), Length::Hours(2)), at("2026-11-28T17:00"));
    }

    #[test]
    fn a_hole_or_a_contradiction_is_refused() {
        let text = include_str!("../../config/sla.toml");
        let read = |text: &str| Limits::read(text, &calendars()).err();
        assert!(read(&text.replace("classes.policy", "classes.community2")).is_some());
        assert_eq!(read(&text.replace("\"helpline\"", "\"none\"")), Some(LimitsError::NoCalendar("none".into())));
        assert_eq!(read(&text.replace("hours = 24", "hours = 1")), Some(LimitsError::Order("class emergency".into())));
        let all = format!("{text}\n[[rules]]\nfirst_action = {{ hours = 1 }}\nresolution = {{ days = 3 }}\n");
        assert!(matches!(read(&all), Some(LimitsError::Own { what, line }) if what.contains("holds for all") && line > 20));
    }
}
