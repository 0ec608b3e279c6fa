//! Which tickets' clocks are to be looked at next, and by which rules they were looked at before.
//!
//! Whatever happens to a ticket makes it due for a look at once (see [`super::append`]); whoever looked writes when to look again,
//! unless something happened meanwhile.

use super::connection::{BoxWork, Connection, values};
use super::due::{Claim, Schedule, Statement};
use super::error::Result;
use super::row::{micros, time};
use super::writer::Work;
use super::{Change, Store};
use daak_domain::Timestamp;
use daak_domain::ticket::Number;

/// An open ticket at which nobody has to look before something happens to it.
const NEVER: i64 = i64::MAX;

/// When which ticket is due.
const SCHEDULE: Schedule = Schedule { table: "tickets", ticket: "number", at: "next_due_at" };

impl Store {
    /// Claims tickets that are due for a look, the longest due first. Whoever dies with a claim leaves it to the next at `lease`.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn limits_claim(&self, now: Timestamp, lease: Timestamp, limit: u32) -> Result<Vec<Number>> {
        self.writer.work(Claim { schedule: SCHEDULE, dialect: self.dialect, now, lease, limit }).await
    }

    /// Notes when to look at a ticket again that had `seq` events when it was looked at; without a time, not before something
    /// happens to it.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn limit_next(&self, ticket: Number, seq: u32, next: Option<Timestamp>) -> Result<()> {
        let sql = "UPDATE tickets SET next_due_at = ?3 WHERE number = ?1 AND seq = ?2 AND next_due_at IS NOT NULL";
        let values = values![ticket.as_u64() as i64, i64::from(seq), next.map_or(NEVER, micros)].to_vec();
        self.writer.work(Statement { sql, values }).await
    }

    /// When the next ticket is due for a look.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn limits_next(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT next_due_at FROM tickets WHERE next_due_at < ?1 ORDER BY next_due_at LIMIT 1";
        let row = self.readers.row(sql, values![NEVER]).await?;
        row.map(|row| time(&row, "next_due_at")).transpose()
    }

    /// Notes that the rules called `name` are these from now on. Were they others before, every open ticket is due for a look at
    /// once; answers whether they were.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn rules_in_force(&self, name: &'static str, fingerprint: &str, now: Timestamp) -> Result<bool> {
        self.writer.work(Rules { name, fingerprint: fingerprint.to_owned(), now }).await
    }

    /// How many tickets stand closed on a person's own word, by person, the most first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn overrides(&self, limit: u32) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT closed_by, COUNT(*) AS closed FROM tickets WHERE closure = 'override' AND closed_by IS NOT NULL
                   GROUP BY closed_by ORDER BY COUNT(*) DESC, closed_by LIMIT ?1";
        let rows = self.readers.rows(sql, values![i64::from(limit)]).await?;
        rows.iter().map(|row| Ok((row.get("closed_by")?, u64::try_from(row.get::<i64>("closed")?).unwrap_or(0)))).collect()
    }
}

struct Rules {
    name: &'static str,
    fingerprint: String,
    now: Timestamp,
}

impl Work for Rules {
    type Answer = bool;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, bool> {
        Box::pin(async move {
            let before = on.row("SELECT fingerprint FROM rules_in_force WHERE name = ?1", values![self.name]).await?;
            let before: Option<String> = before.map(|row| row.get("fingerprint")).transpose()?;
            if before.as_ref() == Some(&self.fingerprint) {
                return Ok(false);
            }
            let sql = "INSERT INTO rules_in_force (name, fingerprint) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint";
            on.execute(sql, values![self.name, &self.fingerprint]).await?;
            on.execute("UPDATE tickets SET next_due_at = ?1 WHERE next_due_at > ?1", values![micros(self.now)]).await?;
            Ok(before.is_some())
        })
    }
}
