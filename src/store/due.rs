//! Tickets that are due for something: a table says when, and whoever claims one has it for a while.

use super::connection::{BoxWork, Connection, Value, values};
use super::error::Result;
use super::row::micros;
use super::writer::Work;
use super::{Change, Dialect};
use daak_domain::Timestamp;
use daak_domain::ticket::Number;

/// Where it stands what is due when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// The table.
    pub(super) table: &'static str,
    /// Its column with the ticket's number.
    pub(super) ticket: &'static str,
    /// Its column with the time, which has an index.
    pub(super) at: &'static str,
}

/// Claims what is due at `now`, the longest due first. Whoever dies with a claim leaves it to the next at `lease`.
pub(super) struct Claim {
    pub(super) schedule: Schedule,
    pub(super) dialect: Dialect,
    pub(super) now: Timestamp,
    pub(super) lease: Timestamp,
    pub(super) limit: u32,
}

impl Work for Claim {
    type Answer = Vec<Number>;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Vec<Number>> {
        Box::pin(async move {
            let Schedule { table, ticket, at } = self.schedule;
            let skip = if self.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
            let sql = format!(
                "UPDATE {table} SET {at} = ?2 WHERE {ticket} IN
                 (SELECT {ticket} FROM {table} WHERE {at} <= ?1 ORDER BY {at} LIMIT ?3{skip}) RETURNING {ticket} AS due"
            );
            let rows = on.rows(&sql, values![micros(self.now), micros(self.lease), i64::from(self.limit)]).await?;
            let numbers = rows.iter().map(|row| row.get::<i64>("due")).collect::<Result<Vec<_>>>()?;
            Ok(numbers.into_iter().filter_map(|n| Number::from_u64(u64::try_from(n).ok()?).ok()).collect())
        })
    }
}

/// One statement.
pub(super) struct Statement {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Value<'static>>,
}

impl Work for Statement {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move { on.execute(self.sql, &self.values).await.map(drop) })
    }
}
