//! Counting tickets without reading them.
//!
//! What an event changes in the counts is written beside it, in the same transaction, as differences ([`record`]): the cheapest
//! thing to write, and nobody waits for anybody. From time to time they are gathered into sums ([`gather`]). A count reads both in one
//! statement ([`count`]), so it is right at every moment, gathered or not, and is the length of the list behind it.
//!
//! Everything here can be thrown away: [`Store::recount`] makes it anew out of the events.

mod count;
mod gather;
mod recount;

pub use count::{Counted, Counting};

use super::connection::{Connection, Value};
use super::error::Result;
use daak_domain::insight::facts::Change;
use daak_domain::insight::{Dimension, Facts};

/// Rows in one statement.
const ROWS: usize = 40;

/// A set of columns by which sums are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cuboid {
    code: i64,
    of: &'static [Dimension],
}

/// The sums that are kept, those with the fewest rows first. Each has the department: an officer sees the own one only.
const CUBOIDS: [Cuboid; 5] = {
    use Dimension::*;
    [
        Cuboid { code: 1, of: &[Department, Category, Class] },
        Cuboid { code: 2, of: &[Department, Class, Channel] },
        Cuboid { code: 3, of: &[Department, Class, District] },
        Cuboid { code: 4, of: &[Department, Category, District] },
        Cuboid { code: 5, of: &[Department, District, Block] },
    ]
};

impl Cuboid {
    /// The smallest that can be told apart by all of these.
    fn with(dimensions: &[Dimension]) -> Option<Self> {
        CUBOIDS.into_iter().find(|cuboid| dimensions.iter().all(|d| cuboid.of.contains(d)))
    }
}

/// Writes what changes in the counts when a ticket that stood as `before` stands as `after`.
pub(super) async fn record(on: &mut Connection, before: Option<&Facts>, after: &Facts) -> Result<()> {
    write_changes(on, &after.changes(before)).await
}

async fn write_changes(on: &mut Connection, changes: &[Change<'_>]) -> Result<()> {
    for changes in changes.chunks(ROWS) {
        let sql = format!(
            "INSERT INTO insight_changes (fact, day, department, category, class, district, block, channel, n, days) VALUES {}",
            places(changes.len(), 10)
        );
        let values: Vec<Value<'_>> = changes.iter().flat_map(row).collect();
        on.execute(&sql, &values).await?;
    }
    Ok(())
}

fn row<'a>(change: &Change<'a>) -> [Value<'a>; 10] {
    let text = |d: Dimension| Value::from(d.of(change.kind));
    let [department, category, class, district, block, channel] = Dimension::KEPT.map(text);
    let (fact, day) = (Value::from(change.fact.code()), Value::from(i64::from(change.day.0)));
    [fact, day, department, category, class, district, block, channel, change.n.into(), change.days.into()]
}

/// `(?1, ?2), (?3, ?4)` for two rows of two columns.
fn places(rows: usize, columns: usize) -> String {
    let row = |at: usize| (1..=columns).map(|n| format!("?{}", at * columns + n)).collect::<Vec<_>>().join(", ");
    (0..rows).map(|at| format!("({})", row(at))).collect::<Vec<_>>().join(", ")
}
