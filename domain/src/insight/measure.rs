//! Measures: what the configuration calls the counts, in three languages, and how a number is made of them.

use super::chance::{Interval, wilson};
use super::{Day, Fact, Span};
use crate::ticket::{Closure, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The measures of `measures.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// In the order of the file.
    pub all: Vec<Measure>,
    /// Where the bands of ages begin, in days after the first: 7, 15, 31 makes under 7, 7 to 14, 15 to 30, and over 30.
    pub ages: Vec<i32>,
    /// When a place is a hot spot.
    pub hotspots: HotSpotRule,
}

/// When a place is a hot spot, and what is said of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotSpotRule {
    /// Weeks from which is learnt what is to be expected.
    pub weeks: i32,
    /// Fewer than so many tickets are never told.
    pub least: i64,
    /// Share of those told that may be chance.
    pub false_alarms: f64,
    /// Of a category in a district; `{place}`, `{category}`, `{seen}`, `{expected}` and `{weeks}` are filled in.
    pub because: Words,
    /// Of a block with all of its categories.
    pub because_of_place: Words,
}

/// One measure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: Words,
    /// How it is reckoned, for whoever asks.
    pub formula: Words,
    /// What the number is.
    pub unit: Unit,
    /// Which tickets are counted: those in the list behind the number.
    pub count: Tally,
    /// Of which tickets they are a share.
    pub of: Option<Tally>,
    /// Which way is good.
    #[serde(default)]
    pub better: Better,
    /// What is to be reached, in the unit.
    pub target: Option<f64>,
}

/// A text in three languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// In Bengali.
    pub bn: String,
    /// In Hindi.
    pub hi: String,
    /// In English.
    pub en: String,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// So many tickets.
    Tickets,
    /// So many of a hundred.
    Percent,
    /// Mean days from registration to closing.
    Days,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The more the better.
    More,
    /// The less the better.
    Less,
    /// Neither: it tells how much there is.
    #[default]
    Neither,
}

/// Which tickets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// Registered in the period.
    Registered,
    /// Open now.
    Open,
    /// Open now, and waiting for the citizen's answer.
    Waiting,
    /// Open now, with a report before the verifier.
    Verifying,
    /// Open now, and due before today.
    Overdue,
    /// Open now, and due today or within the six days after.
    DueSoon,
    /// Closed in the period, and not reopened since.
    Closed,
    /// Of these, on the citizen's yes.
    Confirmed,
    /// Of these, because the citizen did not answer.
    NoAnswer,
    /// Of these, on evidence that a person accepted.
    Evidenced,
    /// Of these, on an official's own word.
    Override,
    /// Of these, within the limit.
    Kept,
    /// Of these, after the limit.
    Late,
    /// Reopened in the period (a ticket that was so twice counts on the later day).
    Reopened,
}

/// The list behind a number: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Any of these states; none means any.
    pub states: Vec<State>,
    /// Registered on these days.
    pub registered: Option<Span>,
    /// Due on these days.
    pub due: Option<Span>,
    /// Closed on these days, and closed now.
    pub closed: Option<Span>,
    /// Last reopened on these days.
    pub reopened: Option<Span>,
    /// Closed on this word.
    pub closure: Option<Closure>,
    /// Closed after its limit, or within it.
    pub late: Option<bool>,
}

impl Tally {
    /// The facts that make it.
    pub fn facts(self) -> &'static [Fact] {
        use Fact::*;
        match self {
            Tally::Registered => &[Registered],
            Tally::Open => &[Open],
            Tally::Waiting => &[Waiting],
            Tally::Verifying => &[Verifying],
            Tally::Overdue | Tally::DueSoon => &[Due],
            Tally::Closed => {
                &[ConfirmedKept, ConfirmedLate, NoAnswerKept, NoAnswerLate, EvidencedKept, EvidencedLate, OverrideKept, OverrideLate]
            }
            Tally::Confirmed => &[ConfirmedKept, ConfirmedLate],
            Tally::NoAnswer => &[NoAnswerKept, NoAnswerLate],
            Tally::Evidenced => &[EvidencedKept, EvidencedLate],
            Tally::Override => &[OverrideKept, OverrideLate],
            Tally::Kept => &[ConfirmedKept, NoAnswerKept, EvidencedKept, OverrideKept],
            Tally::Late => &[ConfirmedLate, NoAnswerLate, EvidencedLate, OverrideLate],
            Tally::Reopened => &[Reopened],
        }
    }

    /// Whether it tells how things stand now, whatever the period.
    pub fn is_now(self) -> bool {
        matches!(self, Tally::Open | Tally::Waiting | Tally::Verifying | Tally::Overdue | Tally::DueSoon)
    }

    /// The days whose facts are summed.
    pub fn days(self, period: Span, today: Day) -> Span {
        match self {
            Tally::Open | Tally::Waiting | Tally::Verifying => Span::ALWAYS,
            Tally::Overdue => Span { from: Day::FIRST, to: today.plus(-1) },
            Tally::DueSoon => Span { from: today, to: today.plus(6) },
            _ => period,
        }
    }

    /// The list behind the number; its days are the ones that were summed.
    pub fn listing(self, days: Span) -> Listing {
        let open = || State::ALL.into_iter().filter(|state| state.is_open()).collect();
        let bounded = Some(days).filter(|days| *days != Span::ALWAYS);
        match self {
            Tally::Registered => Listing { registered: bounded, ..Listing::default() },
            Tally::Open => Listing { states: open(), registered: bounded, ..Listing::default() },
            Tally::Waiting => Listing { states: vec![State::NeedsInfo], registered: bounded, ..Listing::default() },
            Tally::Verifying => Listing { states: vec![State::AtrSubmitted, State::Verifying], registered: bounded, ..Listing::default() },
            Tally::Overdue | Tally::DueSoon => Listing { states: open(), due: Some(days), ..Listing::default() },
            Tally::Reopened => Listing { reopened: Some(days), ..Listing::default() },
            Tally::Closed | Tally::Confirmed | Tally::NoAnswer | Tally::Evidenced | Tally::Override | Tally::Kept | Tally::Late => {
                Listing {
                    states: vec![State::Closed],
                    closed: Some(days),
                    closure: match self {
                        Tally::Confirmed => Some(Closure::Confirmed),
                        Tally::NoAnswer => Some(Closure::NoAnswer),
                        Tally::Evidenced => Some(Closure::Evidenced),
                        Tally::Override => Some(Closure::Override),
                        _ => None,
                    },
                    late: match self {
                        Tally::Kept => Some(false),
                        Tally::Late => Some(true),
                        _ => None,
                    },
                    ..Listing::default()
                }
            }
        }
    }
}

/// A number, and what it was made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// Tickets counted.
    pub count: i64,
    /// Tickets of which they are a share.
    pub of: Option<i64>,
    /// The number in the measure's unit; none where there is nothing to divide by.
    pub value: Option<f64>,
    /// Where a share lies with 95 % confidence, in percent.
    pub interval: Option<Interval>,
}

impl Measure {
    /// The number, from counts and the sum of days.
    pub fn number(&self, count: i64, of: Option<i64>, days: i64) -> Number {
        let (value, interval) = match (self.unit, of) {
            (Unit::Tickets, _) => (Some(count as f64), None),
            (Unit::Days, _) => ((count > 0).then(|| days as f64 / count as f64), None),
            (Unit::Percent, Some(of)) if of > 0 => {
                let interval = wilson(count, of);
                (Some(100.0 * count as f64 / of as f64), Some(Interval { low: 100.0 * interval.low, high: 100.0 * interval.high }))
            }
            (Unit::Percent, _) => (None, None),
        };
        Number { count, of, value, interval }
    }
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct MeasuresError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ages: toml::Spanned<Vec<i32>>,
    hotspots: toml::Spanned<HotSpotRule>,
    measures: Vec<toml::Spanned<Measure>>,
}

impl Measures {
    /// Reads `measures.toml`.
    ///
    /// # Errors
    /// The first mistake with its line.
    pub fn read(text: &str) -> Result<Self, MeasuresError> {
        let at = |offset: usize, what: String| MeasuresError {
            line: text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1,
            what,
        };
        let file: File = toml::from_str(text).map_err(|e| at(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let ages = file.ages.as_ref();
        if ages.is_empty() || ages.len() > 8 || ages[0] < 1 || !ages.is_sorted_by(|a, b| a < b) {
            let what = "ages: expected one to eight growing numbers of days, such as [7, 15, 31]".to_owned();
            return Err(at(file.ages.span().start, what));
        }
        let rule = file.hotspots.as_ref();
        if !(3..=52).contains(&rule.weeks) || rule.least < 1 || !(rule.false_alarms > 0.0 && rule.false_alarms < 1.0) {
            let what = "hotspots: expected weeks of 3 to 52, least of 1 or more, false_alarms between 0 and 1".to_owned();
            return Err(at(file.hotspots.span().start, what));
        }
        if file.measures.is_empty() {
            return Err(at(0, "expected at least one [[measures]]".into()));
        }
        let mut codes = BTreeSet::new();
        for measure in &file.measures {
            let wrong = measure.as_ref().mistake().or_else(|| {
                (!codes.insert(measure.as_ref().code.as_str())).then(|| format!("the code {:?} stands twice", measure.as_ref().code))
            });
            if let Some(what) = wrong {
                return Err(at(measure.span().start, what));
            }
        }
        let ages = file.ages.into_inner();
        let all = file.measures.into_iter().map(toml::Spanned::into_inner).collect();
        Ok(Self { all, ages, hotspots: file.hotspots.into_inner() })
    }

    /// The measure of this code.
    pub fn get(&self, code: &str) -> Option<&Measure> {
        self.all.iter().find(|measure| measure.code == code)
    }

    /// The bands of ages as spans of registration days, the youngest first, with their ages: from so many days to so many, or more.
    pub fn bands(&self, today: Day) -> Vec<(i32, Option<i32>, Span)> {
        let begins = std::iter::once(0).chain(self.ages.iter().copied());
        let ends = self.ages.iter().map(|age| Some(age - 1)).chain(std::iter::once(None));
        let span = |from: i32, to: Option<i32>| Span { from: to.map_or(Day::FIRST, |to| today.plus(-to)), to: today.plus(-from) };
        let mut bands: Vec<_> = begins.zip(ends).map(|(from, to)| (from, to, span(from, to))).collect();
        if let Some(first) = bands.first_mut() {
            first.2.to = Day::LAST; // a clock that was ahead loses no ticket
        }
        bands
    }
}

impl Measure {
    fn mistake(&self) -> Option<String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.code.is_empty() || self.code.len() > 40 || !self.code.chars().all(plain) {
            return Some(format!("the code {:?}: expected small letters, digits and _", self.code));
        }
        let words = [&self.name, &self.formula].into_iter().flat_map(|w| [&w.bn, &w.hi, &w.en]);
        if words.into_iter().any(|text| text.trim().is_empty()) {
            return Some(format!("{}: expected name and formula in bn, hi and en", self.code));
        }
        match (self.unit, self.of) {
            (Unit::Percent, None) => return Some(format!("{}: a share needs `of`", self.code)),
            (Unit::Tickets | Unit::Days, Some(_)) => return Some(format!("{}: only a share has `of`", self.code)),
            _ => {}
        }
        let counted = self.count.facts();
        if self.unit == Unit::Days && !counted.iter().all(|fact| fact.closing().is_some()) {
            return Some(format!("{}: days go by until a closing, expected count = \"closed\" or a part of it", self.code));
        }
        if let Some(of) = self.of {
            let within = counted.iter().all(|fact| of.facts().contains(fact)) && self.count.is_now() == of.is_now();
            // Of all that are open, those past their limit: another day counts, the same tickets.
            let part = within || matches!((self.count, of), (Tally::Overdue | Tally::Waiting | Tally::Verifying, Tally::Open));
            if !part && (self.count, of) != (Tally::Reopened, Tally::Closed) {
                return Some(format!("{}: what is counted is no part of `of`", self.code));
            }
        }
        let impossible = |target: f64| !target.is_finite() || target < 0.0 || (self.unit == Unit::Percent && target > 100.0);
        self.target.filter(|target| impossible(*target)).map(|target| format!("{}: the target {target} cannot be reached", self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../config/measures.toml");

    #[test]
    fn the_shipped_measures_are_good() {
        let measures = Measures::read(FILE).expect("good");
        assert!(measures.all.len() >= 12 && measures.get("limits_kept").is_some());
        let bands = measures.bands(Day(1_000));
        assert_eq!(
            bands.iter().map(|(from, to, _)| (*from, *to)).collect::<Vec<_>>(),
            [(0, Some(6)), (7, Some(14)), (15, Some(30)), (31, None)]
        );
        assert!(bands.windows(2).all(|pair| pair[0].2.from == pair[1].2.to.plus(1)), "each day in one band");
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (from, to, said) in [
            ("[7, 15, 31]", "[15, 7]", "growing numbers"),
            ("count = \"open\"", "count = \"opened\"", "unknown variant"),
            ("code = \"open\"", "code = \"registered\"", "stands twice"),
            ("of = \"closed\"", "of = \"open\"", "no part of"),
            ("unit = \"days\"", "unit = \"percent\"", "needs `of`"),
        ] {
            let error = Measures::read(&FILE.replacen(from, to, 1)).expect_err(said);
            assert!(error.what.contains(said) && error.line > 1, "{error}");
        }
    }

    #[test]
    fn a_share_of_nothing_is_no_number() {
        let measures = Measures::read(FILE).expect("good");
        let kept = measures.get("limits_kept").expect("shipped");
        assert_eq!(kept.number(0, Some(0), 0).value, None);
        let number = kept.number(3, Some(4), 0);
        assert_eq!(number.value, Some(75.0));
        assert!(number.interval.is_some_and(|i| i.low < 75.0 && i.high > 75.0));
    }
}
