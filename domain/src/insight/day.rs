//! Calendar days of the helpline, and spans of them.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Seconds by which Indian Standard Time is ahead of UTC. It has known no summer time since 1945.
const AHEAD: i64 = 19_800;
/// Seconds of a day.
const LONG: i64 = 86_400;

/// A calendar day in Asia/Kolkata, as days since 1 January 1970. "Today" is a day, never the last 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub i32);

impl Day {
    /// Before all days.
    pub const FIRST: Day = Day(-1_000_000);
    /// After all days.
    pub const LAST: Day = Day(1_000_000);

    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self(i32::try_from((at.as_second() + AHEAD).div_euclid(LONG)).unwrap_or(i32::MAX))
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        let seconds = i64::from(self.0) * LONG - AHEAD;
        Timestamp::from_second(seconds).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// So many days later.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::FIRST.0, Self::LAST.0))
    }

    /// The day as a date.
    pub fn date(self) -> Date {
        Date::constant(1970, 1, 1).saturating_add(i64::from(self.0).days())
    }

    /// The day of a date.
    pub fn of_date(date: Date) -> Self {
        let days = date.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days());
        Self(days)
    }

    /// The first day of its month.
    pub fn month(self) -> Self {
        Self::of_date(self.date().first_of_month())
    }

    /// The Monday of its week.
    pub fn week(self) -> Self {
        self.plus(-(self.0 + 3).rem_euclid(7))
    }

    /// The first day of the month after its own.
    pub fn next_month(self) -> Self {
        Self::of_date(self.date().last_of_month()).plus(1)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.date())
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::str::FromStr for Day {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: Date = text.parse().map_err(|_| format!("{text:?} is no day: write 2026-11-24"))?;
        Ok(Self::of_date(date))
    }
}

/// Days from one to another, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

impl Span {
    /// All days.
    pub const ALWAYS: Span = Span { from: Day::FIRST, to: Day::LAST };

    /// How many days it has.
    pub fn days(self) -> i32 {
        (self.to.0 - self.from.0 + 1).max(0)
    }

    /// As many days, just before.
    pub fn before(self) -> Self {
        Self { from: self.from.plus(-self.days()), to: self.from.plus(-1) }
    }

    /// The span in whole months, with the days before and after them: what a sum over months and days needs to read.
    pub fn cover(self) -> Cover {
        if self.days() == 0 {
            return Cover::default();
        }
        let first = if self.from.month() == self.from { self.from } else { self.from.next_month() };
        let end = self.to.plus(1).month(); // the months end before this day
        if first >= end {
            return Cover { months: None, days: vec![self] };
        }
        let mut days = Vec::new();
        if self.from < first {
            days.push(Span { from: self.from, to: first.plus(-1) });
        }
        if end <= self.to {
            days.push(Span { from: end, to: self.to });
        }
        Cover { months: Some(Span { from: first, to: end.plus(-1) }), days }
    }
}

/// Whole months, and the days beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cover {
    /// From the first day of the first month to the last of the last.
    pub months: Option<Span>,
    /// At most two spans.
    pub days: Vec<Span>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_day_begins_at_midnight_in_kolkata() {
        let at = |text: &str| Day::of(text.parse().expect("a time"));
        assert_eq!(at("2026-11-24T18:29:59Z"), day("2026-11-24"));
        assert_eq!(at("2026-11-24T18:30:00Z"), day("2026-11-25"));
        assert_eq!(day("2026-11-25").begins().to_string(), "2026-11-24T18:30:00Z");
        assert_eq!(day("2026-11-24").week(), day("2026-11-23"));
        assert_eq!(day("2026-11-23").week(), day("2026-11-23"));
        assert!("24.11.2026".parse::<Day>().is_err());
    }

    #[test]
    fn a_year_is_covered_by_months_and_what_is_left() {
        let cover = Span { from: day("2025-11-25"), to: day("2026-11-24") }.cover();
        assert_eq!(cover.months, Some(Span { from: day("2025-12-01"), to: day("2026-10-31") }));
        assert_eq!(cover.days.iter().map(|span| span.days()).sum::<i32>(), 6 + 24);
        assert_eq!(Span { from: day("2026-11-24"), to: day("2026-11-23") }.cover(), Cover::default());
    }

    proptest! {
        #[test]
        fn a_cover_holds_each_day_once(from in 0i32..20_000, days in 0i32..1_500, probe in 0i32..22_000) {
            let span = Span { from: Day(from), to: Day(from + days) };
            let cover = span.cover();
            let within = |span: &Span| span.from.0 <= probe && probe <= span.to.0;
            let times = cover.days.iter().chain(&cover.months).filter(|s| within(s)).count();
            prop_assert_eq!(times, usize::from(within(&span)));
            if let Some(months) = cover.months {
                prop_assert_eq!(months.from.month(), months.from);
                prop_assert_eq!(months.to.next_month(), months.to.plus(1));
            }
        }

        #[test]
        fn a_day_holds_its_moments(second in 0i64..4_000_000_000) {
            let at = Timestamp::from_second(second).expect("a time");
            let day = Day::of(at);
            prop_assert!(day.begins() <= at && at < day.plus(1).begins());
            prop_assert_eq!(Day::of_date(day.date()), day);
        }
    }
}
