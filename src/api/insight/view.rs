//! Numbers as they are shown.

use crate::insight::{AgeLine, Ages, Cell, HotSpot, Line, Point, Question, Table};
use daak_domain::Timestamp;
use daak_domain::insight::measure::{self, Better, Number, Unit};
use daak_domain::insight::{Dimension, Measure};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A text in three languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Words {
    /// In Bengali.
    pub bn: String,
    /// In Hindi.
    pub hi: String,
    /// In English.
    pub en: String,
}

impl From<&measure::Words> for Words {
    fn from(words: &measure::Words) -> Self {
        Self { bn: words.bn.clone(), hi: words.hi.clone(), en: words.en.clone() }
    }
}

/// What is measured.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeasuresView {
    /// The moment of asking.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// The day of asking, in Kolkata.
    #[schema(format = Date)]
    pub today: String,
    /// All measures.
    pub measures: Vec<MeasureView>,
    /// Where the bands of ages begin, after the first.
    pub ages: Vec<i32>,
}

/// A measure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MeasureView {
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: Words,
    /// How it is reckoned.
    pub formula: Words,
    /// `tickets`, `percent` or `days`.
    #[schema(value_type = String)]
    pub unit: Unit,
    /// `more`, `less` or `neither` is good.
    #[schema(value_type = String)]
    pub better: Better,
    /// What is to be reached.
    pub target: Option<f64>,
    /// Whether it tells how things stand now, whatever the period.
    pub now: bool,
}

impl From<&Measure> for MeasureView {
    fn from(m: &Measure) -> Self {
        Self {
            code: m.code.clone(),
            name: (&m.name).into(),
            formula: (&m.formula).into(),
            unit: m.unit,
            better: m.better,
            target: m.target,
            now: m.count.is_now(),
        }
    }
}

/// A number, and what it was made of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NumberView {
    /// The number in the measure's unit; absent where there is nothing to divide by.
    pub value: Option<f64>,
    /// Tickets counted: the length of `list`.
    pub count: i64,
    /// Tickets of which they are a share.
    pub of: Option<i64>,
    /// Lower end of a share's 95 % interval (Wilson), in percent.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The same of as many days before.
    pub before: Option<f64>,
    /// The list of the tickets counted: the query of `GET /api/v1/tickets`.
    pub list: String,
    /// The list of those of which they are a share.
    pub list_of: Option<String>,
}

impl NumberView {
    fn new(number: &Number, before: Option<&Number>, list: &str, list_of: Option<&str>) -> Self {
        Self {
            value: number.value,
            count: number.count,
            of: number.of,
            low: number.interval.map(|i| i.low),
            high: number.interval.map(|i| i.high),
            before: before.and_then(|b| b.value),
            list: list.to_owned(),
            list_of: list_of.map(str::to_owned),
        }
    }
}

impl From<&Cell> for NumberView {
    fn from(cell: &Cell) -> Self {
        Self::new(&cell.number, cell.before.as_ref(), &cell.list, cell.list_of.as_deref())
    }
}

/// One line of a table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineView {
    /// Code of what is counted; empty where it is not known, and of the total.
    pub key: String,
    /// What it is called.
    pub name: Words,
    /// A number for each measure, by its code.
    pub numbers: BTreeMap<String, NumberView>,
}

impl LineView {
    fn new(line: &Line, measures: &[&Measure]) -> Self {
        let numbers = measures.iter().zip(&line.cells).map(|(m, cell)| (m.code.clone(), cell.into())).collect();
        Self { key: line.key.clone(), name: (&line.name).into(), numbers }
    }
}

/// Numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TableView {
    /// The moment of asking.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// First day of the period.
    #[schema(format = Date)]
    pub from: String,
    /// Last day.
    #[schema(format = Date)]
    pub to: String,
    /// By what they are told apart.
    pub by: Option<String>,
    /// All together.
    pub total: LineView,
    /// Each apart, those with the most tickets first.
    pub lines: Vec<LineView>,
}

impl TableView {
    /// As it is shown.
    pub fn new(asked: &Question, by: Option<Dimension>, measures: &[&Measure], table: &Table) -> Self {
        Self {
            as_of: asked.now,
            from: asked.period.from.to_string(),
            to: asked.period.to.to_string(),
            by: by.map(|d| d.as_str().to_owned()),
            total: LineView::new(&table.total, measures),
            lines: table.lines.iter().map(|line| LineView::new(line, measures)).collect(),
        }
    }
}

/// A stretch of time and its number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PointView {
    /// First day.
    #[schema(format = Date)]
    pub from: String,
    /// Last day.
    #[schema(format = Date)]
    pub to: String,
    /// The number in the measure's unit.
    pub value: Option<f64>,
    /// Tickets counted.
    pub count: i64,
    /// Tickets of which they are a share.
    pub of: Option<i64>,
    /// The list behind the number.
    pub list: String,
}

/// A measure in the course of time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeriesView {
    /// Code of the measure.
    pub measure: String,
    /// The course.
    pub points: Vec<PointView>,
    /// That of as many days before.
    pub before: Vec<PointView>,
}

impl SeriesView {
    /// As it is shown.
    pub fn new(measure: &Measure, points: &[Point], before: &[Point]) -> Self {
        let shown = |points: &[Point]| points.iter().map(PointView::from).collect();
        Self { measure: measure.code.clone(), points: shown(points), before: shown(before) }
    }
}

impl From<&Point> for PointView {
    fn from(point: &Point) -> Self {
        Self {
            from: point.days.from.to_string(),
            to: point.days.to.to_string(),
            value: point.number.value,
            count: point.number.count,
            of: point.number.of,
            list: point.list.clone(),
        }
    }
}

/// What is open, by age.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgesView {
    /// The bands, the youngest first.
    pub bands: Vec<Band>,
    /// All together, then each apart.
    pub lines: Vec<AgesLine>,
}

/// A band of ages in days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Band {
    /// From so many days.
    pub from: i32,
    /// To so many; absent: and more.
    pub to: Option<i32>,
}

/// Open tickets by age.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgesLine {
    /// Code of what is counted; empty for all together, and where it is not known.
    pub key: String,
    /// What it is called.
    pub name: Words,
    /// A number for each band.
    pub counts: Vec<AgeCount>,
}

/// How many, and which.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgeCount {
    /// Tickets.
    pub count: i64,
    /// The list of them.
    pub list: String,
}

impl From<Ages> for AgesView {
    fn from(ages: Ages) -> Self {
        let count = |(count, list)| AgeCount { count, list };
        let line =
            |line: AgeLine| AgesLine { key: line.key, name: (&line.name).into(), counts: line.counts.into_iter().map(count).collect() };
        Self {
            bands: ages.bands.into_iter().map(|(from, to)| Band { from, to }).collect(),
            lines: ages.lines.into_iter().map(line).collect(),
        }
    }
}

/// More than was to be expected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HotSpotView {
    /// LGD code of the district.
    pub district: String,
    /// Code of the block or municipality, where it is one.
    pub block: Option<String>,
    /// What the place is called.
    pub place: Words,
    /// Category code, where one stands out.
    pub category: Option<String>,
    /// Seen in the seven days.
    pub seen: i64,
    /// To be expected, from the eight weeks before.
    pub expected: f64,
    /// The probability of so many or more by chance.
    pub p: f64,
    /// Why it is told, in a sentence.
    pub because: Words,
    /// The list of the tickets seen.
    pub list: String,
}

impl From<&HotSpot> for HotSpotView {
    fn from(spot: &HotSpot) -> Self {
        Self {
            district: spot.district.clone(),
            block: spot.block.clone(),
            place: (&spot.place).into(),
            category: spot.category.clone(),
            seen: spot.seen,
            expected: spot.expected,
            p: spot.p,
            because: (&spot.because).into(),
            list: spot.list.clone(),
        }
    }
}
