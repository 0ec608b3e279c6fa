//! Working time: when an office is open, and what a limit of so many working days or hours amounts to.

use crate::call::AfterHours;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A calendar is searched this far into the future; one that never opens has no next opening.
const HORIZON_DAYS: i64 = 3 * 366;

/// When an office is open.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Hours of each weekday, Monday first, in order and without overlap.
    week: [Vec<(Time, Time)>; 7],
    holidays: BTreeMap<Date, String>,
}

/// The calendars of a configuration, by name.
#[derive(Debug, Clone, Default)]
pub struct Calendars(BTreeMap<String, Calendar>);

/// What is wrong with a file of calendars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct CalendarError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calendars: BTreeMap<String, Entry>,
    #[serde(default)]
    holidays: Vec<toml::Spanned<Holiday>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    zone: toml::Spanned<String>,
    open: Vec<toml::Spanned<Hours>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    days: Vec<String>,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    date: String,
    name: String,
}

impl Calendars {
    /// Reads `calendar.toml`: tables `calendars.NAME` with zone and hours, and holidays that all of them keep.
    ///
    /// # Errors
    /// The first mistake with its line.
    pub fn read(text: &str) -> Result<Self, CalendarError> {
        let at = |offset: usize, what: String| CalendarError { line: line_of(text, offset), what };
        let file: File = toml::from_str(text).map_err(|e| at(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut holidays = BTreeMap::new();
        for holiday in &file.holidays {
            let day = holiday.as_ref();
            let date: Date =
                day.date.parse().map_err(|_| at(holiday.span().start, format!("{:?} is no date: write 2026-10-20", day.date)))?;
            holidays
                .entry(date)
                .and_modify(|known: &mut String| *known = format!("{known}, {}", day.name))
                .or_insert_with(|| day.name.clone());
        }
        let mut calendars = BTreeMap::new();
        for (name, entry) in file.calendars {
            let zone = TimeZone::get(entry.zone.as_ref())
                .map_err(|_| at(entry.zone.span().start, format!("{:?} is no time zone: write Asia/Kolkata", entry.zone.as_ref())))?;
            let mut week: [Vec<(Time, Time)>; 7] = Default::default();
            for hours in &entry.open {
                add_hours(&mut week, hours.as_ref()).map_err(|what| at(hours.span().start, what))?;
            }
            calendars.insert(name, Calendar { zone, week, holidays: holidays.clone() });
        }
        Ok(Self(calendars))
    }

    /// The calendar of this name.
    pub fn get(&self, name: &str) -> Option<&Calendar> {
        self.0.get(name)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}

fn add_hours(week: &mut [Vec<(Time, Time)>; 7], hours: &Hours) -> Result<(), String> {
    let time = |text: &str| text.parse::<Time>().map_err(|_| format!("{text:?} is no time of day: write 10:00"));
    let (from, to) = (time(&hours.from)?, time(&hours.to)?);
    if from >= to {
        return Err(format!("the hours end ({to}) before they begin ({from}): for hours over midnight write two lines"));
    }
    for day in &hours.days {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let place = names.iter().position(|name| name == day).ok_or_else(|| format!("{day:?} is no day: use {}", names.join(", ")))?;
        if week[place].iter().any(|(a, b)| from < *b && *a < to) {
            return Err(format!("the hours of {day} overlap"));
        }
        week[place].push((from, to));
        week[place].sort();
    }
    Ok(())
}

impl Calendar {
    /// Whether the office is open at `now`; if not, until when it is closed and whether a holiday is why.
    pub fn hours(&self, now: Timestamp) -> AfterHours {
        let here = now.to_zoned_datetime(self.zone.clone());
        if self.open_hours(here.date()).iter().any(|(from, to)| (*from..*to).contains(&here.time())) {
            return AfterHours::Open;
        }
        AfterHours::Closed { until: self.next_open(now), holiday: self.holidays.contains_key(&here.date()) }
    }

    /// The name of the holiday on a day.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        self.holidays.get(&date).map(String::as_str)
    }

    /// When the office opens next, at or after `now` if it is closed then.
    pub fn next_open(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        (0..HORIZON_DAYS).find_map(|n| {
            let day = today.checked_add(n.days()).ok()?;
            self.open_hours(day).iter().filter_map(|(from, _)| self.instant(day, *from)).find(|at| *at >= now)
        })
    }

    /// The hours that run at `now`, or the next ones: from when until when.
    pub fn next_hours(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        (0..HORIZON_DAYS).find_map(|n| {
            let day = today.checked_add(n.days()).ok()?;
            let hours = self.open_hours(day).iter().filter_map(|(from, to)| Some((self.instant(day, *from)?, self.instant(day, *to)?)));
            hours.into_iter().find(|(_, to)| *to > now)
        })
    }

    /// The end of `days` working days after `from`: the same time of day on the `days`-th working day
    /// that follows, or the end of its hours if the office has closed by then. Not working at `from`, the
    /// count begins at the next opening. None if the calendar has not so many days.
    pub fn add_days(&self, from: Timestamp, days: u32) -> Option<Timestamp> {
        let start = match self.hours(from) {
            AfterHours::Open => from,
            AfterHours::Closed { until, .. } => until?,
        };
        let here = start.to_zoned_datetime(self.zone.clone());
        let (mut day, mut left) = (here.date(), days);
        for _ in 0..HORIZON_DAYS {
            if left == 0 {
                break;
            }
            day = day.tomorrow().ok()?;
            left -= u32::from(self.is_working_day(day));
        }
        let (_, closes) = self.open_hours(day).last().copied()?;
        (left == 0).then(|| self.instant(day, here.time().min(closes)))?
    }

    /// The end of so much working time after `from`. None if the calendar has not so much.
    pub fn add_working_time(&self, from: Timestamp, time: Duration) -> Option<Timestamp> {
        let mut left = jiff::SignedDuration::try_from(time).ok()?;
        let first = from.to_zoned_datetime(self.zone.clone()).date();
        for n in 0..HORIZON_DAYS {
            let day = first.checked_add(n.days()).ok()?;
            for (opens, closes) in self.open_hours(day) {
                let begin = self.instant(day, *opens)?.max(from);
                let end = self.instant(day, *closes)?;
                let span = end.duration_since(begin);
                if span.is_negative() || span.is_zero() {
                    continue;
                }
                if left <= span {
                    return begin.checked_add(left).ok();
                }
                left -= span;
            }
        }
        None
    }

    /// The beginning of the `days` working days that end at `until`: the same time of day on the `days`-th working day before.
    /// None if the calendar has not so many days.
    pub fn back_days(&self, until: Timestamp, days: u32) -> Option<Timestamp> {
        let here = until.to_zoned_datetime(self.zone.clone());
        let (mut day, mut left) = (here.date(), days);
        for _ in 0..HORIZON_DAYS {
            if left == 0 {
                break;
            }
            day = day.yesterday().ok()?;
            left -= u32::from(self.is_working_day(day));
        }
        (left == 0).then(|| self.instant(day, here.time()))?
    }

    /// The beginning of so much working time that ends at `until`. None if the calendar has not so much.
    pub fn back_working_time(&self, until: Timestamp, time: Duration) -> Option<Timestamp> {
        let mut left = jiff::SignedDuration::try_from(time).ok()?;
        let last = until.to_zoned_datetime(self.zone.clone()).date();
        for n in 0..HORIZON_DAYS {
            let day = last.checked_sub(n.days()).ok()?;
            for (opens, closes) in self.open_hours(day).iter().rev() {
                let end = self.instant(day, *closes)?.min(until);
                let span = end.duration_since(self.instant(day, *opens)?);
                if span.is_negative() || span.is_zero() {
                    continue;
                }
                if left <= span {
                    return end.checked_sub(left).ok();
                }
                left -= span;
            }
        }
        None
    }

    /// How much working time lies between two instants.
    pub fn working_time(&self, from: Timestamp, until: Timestamp) -> Duration {
        let mut sum = Duration::ZERO;
        let first = from.to_zoned_datetime(self.zone.clone()).date();
        for n in 0..HORIZON_DAYS {
            let Ok(day) = first.checked_add(n.days()) else { break };
            for (opens, closes) in self.open_hours(day) {
                let (Some(opens), Some(closes)) = (self.instant(day, *opens), self.instant(day, *closes)) else { continue };
                sum += Duration::try_from(closes.min(until).duration_since(opens.max(from))).unwrap_or_default();
            }
            if self.instant(day, Time::MAX).is_none_or(|end| end >= until) {
                break;
            }
        }
        sum
    }

    /// Whether anybody works on a day.
    pub fn is_working_day(&self, day: Date) -> bool {
        !self.open_hours(day).is_empty()
    }

    /// The day of an instant, in the calendar's zone.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    fn open_hours(&self, day: Date) -> &[(Time, Time)] {
        if self.holidays.contains_key(&day) { &[] } else { &self.week[place(day.weekday())] }
    }

    fn instant(&self, day: Date, time: Time) -> Option<Timestamp> {
        self.zone.to_timestamp(day.at(time.hour(), time.minute(), time.second(), 0)).ok()
    }
}

fn place(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = include_str!("../../config/calendar.toml");

    fn helpline() -> Calendar {
        Calendars::read(FILE).expect("the shipped calendar is good").get("helpline").expect("it is there").clone()
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+05:30").parse().expect("a time")
    }

    #[test]
    fn the_lines_are_open_by_day_and_closed_on_sundays_and_holidays() {
        let calendar = helpline();
        assert_eq!(calendar.hours(at("2026-11-23T10:00")), AfterHours::Open);
        assert_eq!(calendar.hours(at("2026-11-23T18:00")), AfterHours::Closed { until: Some(at("2026-11-25T10:00")), holiday: false });
        assert_eq!(calendar.hours(at("2026-11-24T12:00")), AfterHours::Closed { until: Some(at("2026-11-25T10:00")), holiday: true });
        assert_eq!(calendar.hours(at("2026-11-22T12:00")), AfterHours::Closed { until: Some(at("2026-11-23T10:00")), holiday: false });
    }

    #[test]
    fn twelve_closed_days_running_push_a_working_limit_out() {
        let calendar = helpline();
        assert_eq!(calendar.next_open(at("2026-10-14T18:30")), Some(at("2026-10-27T10:00")));
        assert_eq!(calendar.next_hours(at("2026-10-14T18:30")), Some((at("2026-10-27T10:00"), at("2026-10-27T18:00"))));
        assert_eq!(calendar.next_hours(at("2026-10-14T17:59")), Some((at("2026-10-14T10:00"), at("2026-10-14T18:00"))));
        assert_eq!(calendar.add_days(at("2026-10-14T11:00"), 1), Some(at("2026-10-27T11:00")));
        assert_eq!(calendar.add_days(at("2026-10-20T03:00"), 1), Some(at("2026-10-28T10:00")));
        assert_eq!(calendar.add_working_time(at("2026-10-14T17:00"), Duration::from_secs(2 * 3600)), Some(at("2026-10-27T11:00")));
    }

    #[test]
    fn two_holidays_on_one_day_are_one_day_with_two_names() {
        let name = "2026-01-23".parse().ok().and_then(|day| helpline().holiday(day).map(str::to_owned)).unwrap_or_default();
        assert!(name.contains("Netaji") && name.contains("Saraswati"), "{name}");
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (from, to, said) in [
            ("\"10:00\", to", "\"25:00\", to", "no time of day"),
            ("Asia/Kolkata", "Asia/Calcutt", "no time zone"),
            ("\"mon\"", "\"moon\"", "\"moon\" is no day"),
            ("\"18:00\"", "\"09:00\"", "before they begin"),
            ("2026-12-25", "2026-13-25", "is no date"),
        ] {
            let error = Calendars::read(&FILE.replacen(from, to, 1)).expect_err(said);
            assert!(error.what.contains(said) && error.line > 1, "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_limit_falls_into_working_time_and_more_days_are_later(minutes in 0i64..525_600, days in 1u32..60) {
            let calendar = helpline();
            let from = at("2026-01-01T00:00").checked_add(minutes.minutes()).expect("a time");
            let (one, two) = (calendar.add_days(from, days), calendar.add_days(from, days + 1));
            let (Some(one), Some(two)) = (one, two) else { return Ok(()) };
            prop_assert!(one > from && two > one);
            prop_assert!(calendar.is_working_day(calendar.day_of(one)));
        }

        #[test]
        fn working_time_goes_forth_and_back(minutes in 0i64..400_000, hours in 1u64..300) {
            let calendar = helpline();
            let time = Duration::from_secs(hours * 3600);
            let from = at("2026-01-01T00:00").checked_add(minutes.minutes()).expect("a time");
            let Some(until) = calendar.add_working_time(from, time) else { return Ok(()) };
            prop_assert_eq!(calendar.working_time(from, until), time);
            let back = calendar.back_working_time(until, time).expect("it was there");
            prop_assert!(back >= from, "the shortest time of so much work");
            prop_assert_eq!(calendar.working_time(back, until), time);
        }
    }
}
