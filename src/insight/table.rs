//! Numbers in tables, in the course of time, and by age.

use super::question::{LONGEST, LONGEST_ONE_BY_ONE};
use super::{Insight, InsightError, Question, TooMuch};
use crate::store::Counting;
use daak_domain::insight::measure::{Number, Words};
use daak_domain::insight::{Day, Dimension, Fact, Measure, Span, Tally};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers, told apart by a dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// All together.
    pub total: Line,
    /// Each apart, those with the most tickets of the first measure first.
    pub lines: Vec<Line>,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Code of what is counted; empty where it is not known, and of the total.
    pub key: String,
    /// What it is called.
    pub name: Words,
    /// A number for each measure, in the order in which they were asked for.
    pub cells: Vec<Cell>,
}

/// A number, and the list behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The number.
    pub number: Number,
    /// The same of as many days before, where the measure has a period.
    pub before: Option<Number>,
    /// The list of the tickets counted, as `GET /tickets` is asked for it.
    pub list: String,
    /// The list of those of which they are a share.
    pub list_of: Option<String>,
}

/// A stretch of time and its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its days, as far as they are asked for.
    pub days: Span,
    /// The number.
    pub number: Number,
    /// The list behind it.
    pub list: String,
}

/// How long the stretches of a course are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    Day,
    Week,
    Month,
}

/// What is open, by age.
#[derive(Debug, Clone, PartialEq)]
pub struct Ages {
    /// From so many days to so many, or more.
    pub bands: Vec<(i32, Option<i32>)>,
    /// All together, then each apart.
    pub lines: Vec<AgeLine>,
}

/// What is open of one kind, by age.
#[derive(Debug, Clone, PartialEq)]
pub struct AgeLine {
    /// Code of what is counted; empty where it is not known, and of all together.
    pub key: String,
    /// What it is called.
    pub name: Words,
    /// For each band how many, and the list of them.
    pub counts: Vec<(i64, String)>,
}

/// Tickets, and days from registration to closing.
type Sum = (i64, i64);
/// Sums by what is counted and by key.
type Sums = BTreeMap<(Tally, String), Sum>;

impl Insight {
    /// Numbers of these measures, told apart by a dimension where one is given.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn table(&self, asked: &Question, measures: &[&Measure], by: Option<Dimension>) -> Result<Table, InsightError> {
        asked.bounded(LONGEST, ": for longer ones ask year by year")?;
        let tallies: BTreeSet<Tally> = measures.iter().flat_map(|m| [Some(m.count), m.of]).flatten().collect();
        let now = self.sums(asked, &tallies, by).await?;
        let flows = tallies.iter().copied().filter(|tally| !tally.is_now()).collect();
        let earlier = Question { period: asked.period.before(), ..asked.clone() };
        let before = self.sums(&earlier, &flows, by).await?;
        let line = |key: Option<&str>| self.line(asked, measures, by, key, (&now, &before));
        let keys: BTreeSet<&str> = if by.is_some() { now.keys().map(|(_, key)| key.as_str()).collect() } else { BTreeSet::new() };
        let mut lines: Vec<Line> = keys.into_iter().map(|key| line(Some(key))).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.cells.first().map_or(0, |cell| cell.number.of.unwrap_or(cell.number.count))));
        Ok(Table { total: line(None), lines })
    }

    fn line(
        &self,
        asked: &Question,
        measures: &[&Measure],
        by: Option<Dimension>,
        key: Option<&str>,
        (now, before): (&Sums, &Sums),
    ) -> Line {
        let of = |sums: &Sums, tally: Tally| match key {
            Some(key) => sums.get(&(tally, key.to_owned())).copied().unwrap_or_default(),
            None => sums.iter().filter(|((t, _), _)| *t == tally).fold((0, 0), |sum, (_, (n, days))| (sum.0 + n, sum.1 + days)),
        };
        let number = |sums, measure: &Measure| {
            let (count, days) = of(sums, measure.count);
            measure.number(count, measure.of.map(|tally| of(sums, tally).0), days)
        };
        let here = match (by, key) {
            (Some(dimension), Some(key)) => asked.and(dimension, key),
            _ => asked.clone(),
        };
        let list = |tally: Tally| here.list(&tally.listing(tally.days(asked.period, asked.today())));
        let cell = |measure: &&Measure| Cell {
            number: number(now, measure),
            before: (!measure.count.is_now()).then(|| number(before, measure)),
            list: list(measure.count),
            list_of: measure.of.map(list),
        };
        let name = match (by, key) {
            (Some(dimension), Some(key)) => self.names().name(dimension, key),
            _ => Words { bn: "মোট".into(), hi: "कुल".into(), en: "Total".into() },
        };
        Line { key: key.unwrap_or_default().to_owned(), name, cells: measures.iter().map(cell).collect() }
    }

    /// How many tickets each tally has, by key.
    async fn sums(&self, asked: &Question, tallies: &BTreeSet<Tally>, by: Option<Dimension>) -> Result<Sums, InsightError> {
        let mut sums = Sums::new();
        // One statement for each span of days: what is open lies on other days than what was closed in the period.
        let mut spans: BTreeMap<(Day, Day), Vec<Tally>> = BTreeMap::new();
        for tally in tallies {
            let days = tally.days(asked.period, asked.today());
            spans.entry((days.from, days.to)).or_default().push(*tally);
        }
        for ((from, to), tallies) in spans {
            let facts: BTreeSet<Fact> = tallies.iter().flat_map(|tally| tally.facts()).copied().collect();
            let counting = Counting {
                facts: facts.into_iter().collect(),
                only: asked.only.clone(),
                by: by.into_iter().collect(),
                spans: vec![Span { from, to }],
                daily: false,
            };
            if asked.seen.is_bounded() || !counting.is_kept() {
                self.one_by_one(asked, &tallies, by, &mut sums).await?;
                continue;
            }
            for counted in self.store.count(&counting).await? {
                for tally in tallies.iter().filter(|tally| tally.facts().contains(&counted.fact)) {
                    let sum = sums.entry((*tally, counted.key.concat())).or_default();
                    *sum = (sum.0 + counted.n, sum.1 + counted.days);
                }
            }
        }
        Ok(sums)
    }

    /// The lists themselves, counted. Of what is open there are never too many; of the rest there are by the day.
    async fn one_by_one(&self, asked: &Question, tallies: &[Tally], by: Option<Dimension>, sums: &mut Sums) -> Result<(), InsightError> {
        for tally in tallies {
            let days = tally.days(asked.period, asked.today());
            if !tally.is_now() && days.days() > LONGEST_ONE_BY_ONE {
                return Err(TooMuch::NotKept { most: LONGEST_ONE_BY_ONE }.into());
            }
            for (key, n, days) in self.store.count_list(&asked.query(&tally.listing(days)), by).await? {
                sums.insert((*tally, key), (n, days));
            }
        }
        Ok(())
    }

    /// A measure in the course of the period.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn series(&self, asked: &Question, measure: &Measure, step: Step) -> Result<Vec<Point>, InsightError> {
        let (most, hint) = match step {
            Step::Day => (400, ": for longer ones ask by week or by month"),
            Step::Week => (1_500, ": for longer ones ask by month"),
            Step::Month => (LONGEST, ": for longer ones ask year by year"),
        };
        asked.bounded(most, hint)?;
        let tallies = [Some(measure.count), measure.of];
        let facts: BTreeSet<Fact> = tallies.iter().flatten().flat_map(|tally| tally.facts()).copied().collect();
        let stretches = step.parts(asked.period);
        let daily = step != Step::Month;
        let spans = if daily { vec![asked.period] } else { stretches.clone() };
        let counting = Counting { facts: facts.into_iter().collect(), only: asked.only.clone(), by: vec![], spans, daily };
        if asked.seen.is_bounded() || !counting.is_kept() {
            return self.series_one_by_one(asked, measure, &stretches).await;
        }
        let mut sums: BTreeMap<(usize, Tally), Sum> = BTreeMap::new();
        for counted in self.store.count(&counting).await? {
            let place = match counted.day {
                Some(day) => stretches.partition_point(|stretch| stretch.to < day),
                None => counted.span,
            };
            for tally in tallies.iter().flatten().filter(|tally| tally.facts().contains(&counted.fact)) {
                let sum = sums.entry((place, *tally)).or_default();
                *sum = (sum.0 + counted.n, sum.1 + counted.days);
            }
        }
        let point = |(place, days): (usize, Span)| {
            let of = |tally| sums.get(&(place, tally)).copied().unwrap_or_default();
            let (count, went_by) = of(measure.count);
            // What is open is told by its day of registration, so its stretch is one of those days.
            Point {
                days,
                number: measure.number(count, measure.of.map(|tally| of(tally).0), went_by),
                list: asked.list(&measure.count.listing(days)),
            }
        };
        Ok(stretches.into_iter().enumerate().map(point).collect())
    }

    /// The lists of each stretch, counted.
    async fn series_one_by_one(&self, asked: &Question, measure: &Measure, stretches: &[Span]) -> Result<Vec<Point>, InsightError> {
        if asked.period.days() > LONGEST_ONE_BY_ONE {
            return Err(TooMuch::NotKept { most: LONGEST_ONE_BY_ONE }.into());
        }
        let mut points = Vec::new();
        for days in stretches {
            let list = asked.query(&measure.count.listing(*days));
            let (n, went_by) = self.store.count_list(&list, None).await?.first().map_or((0, 0), |(_, n, days)| (*n, *days));
            let of = match measure.of {
                Some(tally) => Some(self.store.count_list(&asked.query(&tally.listing(*days)), None).await?.first().map_or(0, |l| l.1)),
                None => None,
            };
            points.push(Point { days: *days, number: measure.number(n, of, went_by), list: asked.list(&measure.count.listing(*days)) });
        }
        Ok(points)
    }

    /// What is open now, by age in days since registration, told apart by a dimension where one is given.
    ///
    /// # Errors
    /// [`InsightError`].
    pub async fn ages(&self, asked: &Question, by: Option<Dimension>) -> Result<Ages, InsightError> {
        let bands = self.measures().bands(asked.today());
        let counting = Counting {
            facts: vec![Fact::Open],
            only: asked.only.clone(),
            by: by.into_iter().collect(),
            spans: bands.iter().map(|(_, _, span)| *span).collect(),
            daily: false,
        };
        let mut sums: BTreeMap<(String, usize), i64> = BTreeMap::new();
        if asked.seen.is_bounded() || !counting.is_kept() {
            for (band, (_, _, span)) in bands.iter().enumerate() {
                for (key, n, _) in self.store.count_list(&asked.query(&Tally::Open.listing(*span)), by).await? {
                    sums.insert((key, band), n);
                }
            }
        } else {
            for counted in self.store.count(&counting).await? {
                *sums.entry((counted.key.concat(), counted.span)).or_default() += counted.n;
            }
        }
        let keys: BTreeSet<&String> = sums.keys().map(|(key, _)| key).collect();
        let line = |key: Option<&str>| {
            let here = by.zip(key).map_or_else(|| asked.clone(), |(dimension, key)| asked.and(dimension, key));
            let of = |band: usize| match key {
                Some(key) => sums.get(&(key.to_owned(), band)).copied().unwrap_or(0),
                None => sums.iter().filter(|((_, b), _)| *b == band).map(|(_, n)| n).sum(),
            };
            let cells = bands.iter().enumerate().map(|(band, (_, _, span))| (of(band), here.list(&Tally::Open.listing(*span))));
            cells.collect::<Vec<_>>()
        };
        let total = Words { bn: "মোট".into(), hi: "कुल".into(), en: "Total".into() };
        let mut lines = vec![AgeLine { key: String::new(), name: total, counts: line(None) }];
        if let Some(dimension) = by {
            let name = |key: &str| self.names().name(dimension, key);
            let mut apart: Vec<_> =
                keys.into_iter().map(|key| AgeLine { key: key.clone(), name: name(key), counts: line(Some(key)) }).collect();
            apart.sort_by_key(|line| std::cmp::Reverse(line.counts.iter().map(|(n, _)| n).sum::<i64>()));
            lines.extend(apart);
        }
        Ok(Ages { bands: bands.into_iter().map(|(from, to, _)| (from, to)).collect(), lines })
    }
}

impl Step {
    /// The stretches of a period, the first and the last as far as they belong to it.
    pub fn parts(self, period: Span) -> Vec<Span> {
        let mut parts = Vec::new();
        let mut from = period.from;
        while from <= period.to {
            let end = match self {
                Step::Day => from,
                Step::Week => from.week().plus(6),
                Step::Month => from.next_month().plus(-1),
            };
            let to = end.min(period.to);
            parts.push(Span { from, to });
            from = to.plus(1);
        }
        parts
    }
}

impl std::str::FromStr for Step {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "day" => Ok(Step::Day),
            "week" => Ok(Step::Week),
            "month" => Ok(Step::Month),
            _ => Err("expected day, week or month"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_parted_without_a_gap() {
        let period = Span { from: "2026-10-14".parse().expect("a day"), to: "2026-12-02".parse().expect("a day") };
        for (step, count) in [(Step::Day, 50), (Step::Week, 8), (Step::Month, 3)] {
            let parts = step.parts(period);
            assert_eq!(parts.len(), count, "{step:?}");
            assert!(parts.windows(2).all(|pair| pair[0].to.plus(1) == pair[1].from));
            assert_eq!((parts[0].from, parts[count - 1].to), (period.from, period.to));
        }
    }
}
