//! Reading counts.

use super::super::connection::{Row, Value};
use super::super::error::{Result, StoreError};
use super::super::{Store, TicketQuery};
use super::Cuboid;
use super::gather::day;
use daak_domain::insight::{Day, Dimension, Fact, Span};

/// What is to be counted.
#[derive(Debug, Clone)]
pub struct Counting {
    /// In which conditions.
    pub facts: Vec<Fact>,
    /// Only tickets that are this in that dimension; empty: where it is not known.
    pub only: Vec<(Dimension, String)>,
    /// Apart by these dimensions, at most two.
    pub by: Vec<Dimension>,
    /// On these days.
    pub spans: Vec<Span>,
    /// Apart by days. Otherwise each span is one number.
    pub daily: bool,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Which of the spans.
    pub span: usize,
    /// The day, where days are told apart.
    pub day: Option<Day>,
    /// What the tickets are in the dimensions by which they are told apart, in their order; empty where that is not known.
    pub key: Vec<String>,
    /// In which condition they are.
    pub fact: Fact,
    /// How many.
    pub n: i64,
    /// Days from registration to closing of all of them together.
    pub days: i64,
}

impl Counting {
    /// Whether sums are kept that can answer this.
    pub fn is_kept(&self) -> bool {
        self.cuboid().is_some()
    }

    fn cuboid(&self) -> Option<Cuboid> {
        let dimensions: Vec<_> = self.only.iter().map(|(d, _)| *d).chain(self.by.iter().copied()).collect();
        Cuboid::with(&dimensions)
    }

    /// One statement over sums and differences: both are seen at the same moment, so nothing that is gathered meanwhile is missed or
    /// counted twice.
    fn statement(&self, cuboid: Cuboid) -> (String, Vec<Value<'static>>) {
        let mut values: Vec<Value<'static>> = Vec::new();
        let only: String = self
            .only
            .iter()
            .map(|(dimension, wanted)| {
                values.push(Value::from(wanted.clone()));
                format!(" AND {} = ?{}", dimension.as_str(), values.len())
            })
            .collect();
        let facts = self.facts.iter().map(|f| f.code().to_string()).collect::<Vec<_>>().join(", ");
        let label = |place: usize| self.by.get(place).map_or("''", |d| d.as_str());
        let labels = format!("{} AS label, {} AS label2", label(0), label(1));
        let (day, by_day) = if self.daily { ("day", ", day") } else { ("NULL", "") };
        let by_key: String = self.by.iter().map(|d| format!(", {}", d.as_str())).collect();
        let mut parts = Vec::new();
        for (place, span) in self.spans.iter().enumerate() {
            let columns = format!("SELECT {place} AS span, {day} AS day, {labels}, fact, SUM(n) AS n, SUM(days) AS days");
            let end = format!("GROUP BY fact{by_key}{by_day}");
            let cover = if self.daily { daak_domain::insight::day::Cover { months: None, days: vec![*span] } } else { span.cover() };
            let sums = cover.months.into_iter().map(|m| (1, m)).chain(cover.days.into_iter().map(|d| (0, d)));
            parts.extend(sums.map(|(length, Span { from, to })| {
                format!(
                    "{columns} FROM insight_sums WHERE cuboid = {} AND fact IN ({facts}) AND span = {length}
                     AND day BETWEEN {} AND {}{only} {end}",
                    cuboid.code, from.0, to.0
                )
            }));
            parts.push(format!(
                "{columns} FROM insight_changes WHERE fact IN ({facts}) AND day BETWEEN {} AND {}{only} {end}",
                span.from.0, span.to.0
            ));
        }
        let all = parts.iter().map(|part| format!("SELECT * FROM ({part}) AS part")).collect::<Vec<_>>().join(" UNION ALL ");
        let sql = format!(
            "SELECT CAST(span AS BIGINT) AS span, CAST(day AS BIGINT) AS day, label, label2, fact, CAST(SUM(n) AS BIGINT) AS n,
             CAST(SUM(days) AS BIGINT) AS days FROM ({all}) AS everything GROUP BY span, day, label, label2, fact"
        );
        (sql, values)
    }
}

impl Store {
    /// Counts tickets by the sums that are kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if no sums are kept that could answer this ([`Counting::is_kept`]); others as always.
    pub async fn count(&self, wanted: &Counting) -> Result<Vec<Counted>> {
        let cuboid = wanted.cuboid().ok_or(StoreError::NotFound("sum"))?;
        if wanted.facts.is_empty() || wanted.spans.is_empty() {
            return Ok(Vec::new());
        }
        let (sql, values) = wanted.statement(cuboid);
        let rows = self.readers.rows(&sql, &values).await?;
        let counted = rows.iter().map(|row| counted(row, wanted.by.len())).collect::<Result<Vec<_>>>()?;
        Ok(counted.into_iter().filter(|c| c.n != 0 || c.days != 0).collect())
    }

    /// How many tickets a list has, told apart by a dimension: counted one by one, for what no sums are kept. With them the days from
    /// registration to closing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there are too many to be counted in time.
    pub async fn count_list(&self, list: &TicketQuery, by: Option<Dimension>) -> Result<Vec<(String, i64, i64)>> {
        let label = match by {
            None => "''".to_owned(),
            Some(Dimension::Class) => "t.sla_class".to_owned(),
            Some(dimension) => format!("COALESCE(t.{}, '')", dimension.as_str()),
        };
        let (conditions, values) = super::super::search::conditions_of(list);
        // A day begins in Kolkata five and a half hours before it does in Greenwich.
        let day = |column: &str| format!("(t.{column} + 19800000000) / 86400000000");
        let sql = format!(
            "SELECT {label} AS label, COUNT(*) AS n, CAST(COALESCE(SUM({} - {}), 0) AS BIGINT) AS days
             FROM tickets t {conditions} GROUP BY 1",
            day("closed_at"),
            day("registered_at")
        );
        let rows = self.readers.rows(&sql, &values).await?;
        rows.iter().map(|row| Ok((row.get("label")?, row.get("n")?, row.get("days")?))).collect()
    }
}

fn counted(row: &Row, keys: usize) -> Result<Counted> {
    let fact: i64 = row.get("fact")?;
    Ok(Counted {
        span: usize::try_from(row.get::<i64>("span")?).unwrap_or(0),
        day: row.get::<Option<i64>>("day")?.map(|_| day(row)).transpose()?,
        key: [row.get("label")?, row.get("label2")?].into_iter().take(keys).collect(),
        fact: Fact::of_code(fact).ok_or_else(|| StoreError::Damaged(format!("there is no fact {fact}")))?,
        n: row.get("n")?,
        days: row.get("days")?,
    })
}
