//! Gathering differences into sums.

use super::super::connection::{BoxWork, Connection, Row, Value, values};
use super::super::error::{Result, StoreError};
use super::super::writer::Work;
use super::super::{Change, Store};
use super::{CUBOIDS, ROWS, places};
use daak_domain::contact::Channel;
use daak_domain::insight::facts::Kind;
use daak_domain::insight::{Day, Dimension, Facts};
use daak_domain::ticket::SlaClass;
use std::collections::BTreeMap;

/// Differences gathered in one transaction: others wait for it to write.
const AT_ONCE: i64 = 4_000;

/// Sums, by where they lie. In order, so that two who gather at once never wait for each other in a circle.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<Place, (i64, i64)>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    cuboid: i64,
    fact: i64,
    span: i64,
    day: i64,
    of: [String; 6],
}

impl Sums {
    /// Adds one difference to every sum it belongs to.
    pub(super) fn add(&mut self, fact: i64, day: Day, kind: &Kind, n: i64, days: i64) {
        for cuboid in CUBOIDS {
            for (span, day) in [(0, day), (1, day.month())] {
                let of = Dimension::KEPT.map(|d| if cuboid.of.contains(&d) { d.of(kind).to_owned() } else { String::new() });
                let sum = self.0.entry(Place { cuboid: cuboid.code, fact, span, day: day.0.into(), of }).or_default();
                *sum = (sum.0 + n, sum.1 + days);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds these sums to those that are kept.
    pub(super) async fn write(&self, on: &mut Connection) -> Result<()> {
        let changed: Vec<_> = self.0.iter().filter(|(_, sum)| **sum != (0, 0)).collect();
        for rows in changed.chunks(ROWS) {
            let sql = format!(
                "INSERT INTO insight_sums (cuboid, fact, span, day, department, category, class, district, block, channel, n, days)
                 VALUES {} ON CONFLICT (cuboid, fact, span, day, department, category, class, district, block, channel)
                 DO UPDATE SET n = insight_sums.n + excluded.n, days = insight_sums.days + excluded.days",
                places(rows.len(), 12)
            );
            let mut all = Vec::with_capacity(rows.len() * 12);
            for (place, (n, days)) in rows {
                all.extend([place.cuboid, place.fact, place.span, place.day].map(Value::from));
                all.extend(place.of.iter().map(Value::from));
                all.extend([Value::from(*n), Value::from(*days)]);
            }
            on.execute(&sql, &all).await?;
        }
        on.execute("DELETE FROM insight_sums WHERE n = 0 AND days = 0", &[]).await.map(|_| ())
    }
}

impl Store {
    /// Gathers differences into sums, if there are more than so many. Answers how many were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn gather_counts(&self, more_than: i64) -> Result<u64> {
        let mut gathered = 0;
        loop {
            let waiting = self.readers.row("SELECT min(id) AS first, max(id) AS last FROM insight_changes", &[]).await?;
            let waiting = waiting.ok_or(StoreError::NotFound("count"))?;
            let (Some(first), Some(last)) = (waiting.get::<Option<i64>>("first")?, waiting.get::<Option<i64>>("last")?) else {
                return Ok(gathered);
            };
            if last - first < more_than {
                return Ok(gathered);
            }
            gathered += self.writer.work(Gather { until: last.min(first + AT_ONCE - 1) }).await?;
        }
    }
}

impl Store {
    /// Counts tickets that are nowhere else: to measure how counting does with very many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_counts(&self, facts: Vec<Facts>) -> Result<()> {
        self.writer.work(Put { facts }).await
    }
}

struct Put {
    facts: Vec<Facts>,
}

impl Work for Put {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            for facts in &self.facts {
                super::record(on, None, facts).await?;
            }
            Ok(())
        })
    }
}

struct Gather {
    until: i64,
}

impl Work for Gather {
    type Answer = u64;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, u64> {
        Box::pin(async move {
            let sql = "DELETE FROM insight_changes WHERE id <= ?1
                       RETURNING fact, day, department, category, class, district, block, channel, n, days";
            let rows = on.rows(sql, values![self.until]).await?;
            let mut sums = Sums::default();
            for row in &rows {
                sums.add(row.get("fact")?, day(row)?, &kind(row)?, row.get("n")?, row.get("days")?);
            }
            sums.write(on).await?;
            Ok(rows.len() as u64)
        })
    }
}

pub(super) fn day(row: &Row) -> Result<Day> {
    i32::try_from(row.get::<i64>("day")?).map(Day).map_err(|_| StoreError::Damaged("a day lies outside of all calendars".into()))
}

fn kind(row: &Row) -> Result<Kind> {
    Ok(Kind {
        department: row.get("department")?,
        category: row.get("category")?,
        class: row.get::<String>("class")?.parse::<SlaClass>().map_err(StoreError::Damaged)?,
        district: row.get("district")?,
        block: row.get("block")?,
        channel: row.get::<String>("channel")?.parse::<Channel>().map_err(|e| StoreError::Damaged(e.to_string()))?,
    })
}
