//! Limits: by when there must be a first action, and by when a ticket must be resolved.

use crate::calendar::{Calendar, Calendars};
use crate::ticket::SlaClass;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The limits of each class.
#[derive(Debug, Clone)]
pub struct Limits {
    calendar: Calendar,
    classes: BTreeMap<SlaClass, Class>,
}

/// When things are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The first action.
    pub first_action_at: Timestamp,
    /// The resolution.
    pub resolution_at: Timestamp,
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
    #[error("class {0}: the resolution is due before the first action")]
    Order(SlaClass),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calendar: String,
    classes: BTreeMap<SlaClass, Class>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    #[serde(default)]
    round_the_clock: bool,
    first_action: Length,
    resolution: Length,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Length {
    Hours(u32),
    Days(u32),
}

impl Length {
    fn hours(self) -> u32 {
        match self {
            Length::Hours(hours) => hours,
            Length::Days(days) => days.saturating_mul(24),
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
        let calendar = calendars.get(&file.calendar).ok_or(LimitsError::NoCalendar(file.calendar))?.clone();
        for class in SlaClass::ALL {
            let limits = file.classes.get(&class).ok_or(LimitsError::Missing(class))?;
            if limits.resolution.hours() < limits.first_action.hours() {
                return Err(LimitsError::Order(class));
            }
        }
        Ok(Self { calendar, classes: file.classes })
    }

    /// When a ticket of this class that came at `from` is due. A class that runs round the clock knows no
    /// holidays. If the calendar ends before the limit, the days count as days of the clock.
    pub fn due(&self, class: SlaClass, from: Timestamp) -> Due {
        let Some(limits) = self.classes.get(&class) else { return Due { first_action_at: from, resolution_at: from } };
        let end = |length: Length| {
            let clock = from.checked_add(Duration::from_secs(u64::from(length.hours()) * 3600)).unwrap_or(Timestamp::MAX);
            if limits.round_the_clock {
                return clock;
            }
            let working = match length {
                Length::Days(days) => self.calendar.add_days(from, days),
                Length::Hours(hours) => self.calendar.add_working_time(from, Duration::from_secs(u64::from(hours) * 3600)),
            };
            working.unwrap_or(clock)
        };
        Due { first_action_at: end(limits.first_action), resolution_at: end(limits.resolution) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let calendars = Calendars::read(include_str!("../../config/calendar.toml")).expect("good");
        Limits::read(include_str!("../../config/sla.toml"), &calendars).expect("good")
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+05:30").parse().expect("a time")
    }

    #[test]
    fn an_emergency_runs_through_the_holidays_and_a_pension_does_not() {
        let from = at("2026-10-18T23:00");
        let emergency = limits().due(SlaClass::Emergency, from);
        assert_eq!((emergency.first_action_at, emergency.resolution_at), (at("2026-10-19T01:00"), at("2026-10-19T23:00")));
        assert_eq!(limits().due(SlaClass::Individual, from).resolution_at, at("2026-11-04T10:00"));
    }

    #[test]
    fn a_hole_or_a_contradiction_is_refused() {
        let calendars = Calendars::read(include_str!("../../config/calendar.toml")).expect("good");
        let text = include_str!("../../config/sla.toml");
        assert!(Limits::read(&text.replace("classes.policy", "classes.community2"), &calendars).is_err());
        assert_eq!(Limits::read(&text.replace("\"helpline\"", "\"none\""), &calendars).err(), Some(LimitsError::NoCalendar("none".into())));
        let order = Limits::read(&text.replace("hours = 24", "hours = 1"), &calendars).err();
        assert_eq!(order, Some(LimitsError::Order(SlaClass::Emergency)));
    }
}
