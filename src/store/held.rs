//! Quarantine: what came and is no contact until a person says so.

use super::connection::{BoxWork, Connection, Row, values};
use super::error::{Result, StoreError};
use super::row::{micros, number, time};
use super::writer::Work;
use super::{Change, Page, Store};
use daak_domain::Timestamp;
use daak_domain::seam::Held;
use daak_domain::ticket::Number;

/// A thing in quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldRow {
    /// Its name here.
    pub id: i64,
    /// What is held, and why.
    pub held: Held,
    /// What was decided, if it was.
    pub settled: Option<Settled>,
}

/// What a person decided about a thing in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Sign-in name.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The ticket that it became; `None` if it was thrown away.
    pub ticket: Option<Number>,
}

impl Store {
    /// Keeps a thing in quarantine, once for each `(channel, external_id)`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold(&self, held: Held) -> Result<()> {
        let body = serde_json::to_string(&held)?;
        self.writer.work(Hold { held, body }).await
    }

    /// What is held: what waits for a decision, or what was decided; the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn held(&self, settled: bool, cursor: Option<&str>, limit: u32) -> Result<Page<HeldRow>> {
        let before: i64 = cursor.map(str::parse).transpose().map_err(|_| StoreError::Cursor)?.unwrap_or(i64::MAX);
        let limit = limit.min(200);
        let which = if settled { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!("SELECT * FROM held WHERE settled_at {which} AND id < ?1 ORDER BY id DESC LIMIT ?2");
        let rows = self.readers.rows(&sql, values![before, i64::from(limit) + 1]).await?;
        let mut items: Vec<_> = rows.iter().map(shown).collect::<Result<_>>()?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Ok(Page { next: items.last().filter(|_| more).map(|last| last.id.to_string()), items })
    }

    /// One thing in quarantine.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_one(&self, id: i64) -> Result<Option<HeldRow>> {
        let row = self.readers.row("SELECT * FROM held WHERE id = ?1", values![id]).await?;
        row.as_ref().map(shown).transpose()
    }

    /// Writes what was decided. What was decided before stays: `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_held(&self, id: i64, settled: Settled) -> Result<bool> {
        self.writer.work(Settle { id, settled }).await
    }
}

struct Hold {
    held: Held,
    body: String,
}

impl Work for Hold {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql = "INSERT INTO held (channel, external_id, received_at, body) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (channel, external_id) DO NOTHING";
            let held = &self.held;
            let values = values![held.channel.as_str(), &held.external_id, micros(held.received_at), &self.body];
            if on.execute(sql, values).await? == 1 {
                changes.push(Change::Held);
            }
            Ok(())
        })
    }
}

struct Settle {
    id: i64,
    settled: Settled,
}

impl Work for Settle {
    type Answer = bool;

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, bool> {
        Box::pin(async move {
            let sql = "UPDATE held SET settled_by = ?2, settled_at = ?3, ticket = ?4 WHERE id = ?1 AND settled_at IS NULL";
            let s = &self.settled;
            let values = values![self.id, &s.by, micros(s.at), s.ticket.map(|n| n.as_u64() as i64)];
            let done = on.execute(sql, values).await? == 1;
            changes.push(Change::Held);
            Ok(done)
        })
    }
}

fn shown(row: &Row) -> Result<HeldRow> {
    let (by, ticket): (Option<String>, _) = (row.get("settled_by")?, number(row, "ticket")?);
    let settled = by.map(|by| Ok::<_, StoreError>(Settled { by, at: time(row, "settled_at")?, ticket })).transpose()?;
    Ok(HeldRow { id: row.get("id")?, held: serde_json::from_str(&row.get::<String>("body")?)?, settled })
}
