//! Quarantine: what came and is no contact until a person says so.

use super::error::{Result, StoreError};
use super::row::{micros, time};
use super::writer::{BoxWork, Work};
use super::{Change, Page, Store};
use daak_domain::Timestamp;
use daak_domain::seam::Held;
use daak_domain::ticket::Number;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

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
        let sql = format!("SELECT * FROM held WHERE settled_at {which} AND id < $1 ORDER BY id DESC LIMIT {}", limit + 1);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(before).fetch_all(&self.readers).await?;
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
        let row = sqlx::query("SELECT * FROM held WHERE id = $1").bind(id).fetch_optional(&self.readers).await?;
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

    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql = "INSERT INTO held (channel, external_id, received_at, body) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (channel, external_id) DO NOTHING";
            let done = sqlx::query(sql)
                .bind(self.held.channel.as_str())
                .bind(&self.held.external_id)
                .bind(micros(self.held.received_at))
                .bind(&self.body)
                .execute(on)
                .await?;
            if done.rows_affected() == 1 {
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

    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, bool> {
        Box::pin(async move {
            let sql = "UPDATE held SET settled_by = $2, settled_at = $3, ticket = $4 WHERE id = $1 AND settled_at IS NULL";
            let done = sqlx::query(sql)
                .bind(self.id)
                .bind(&self.settled.by)
                .bind(micros(self.settled.at))
                .bind(self.settled.ticket.map(|n| n.as_u64() as i64))
                .execute(on)
                .await?;
            changes.push(Change::Held);
            Ok(done.rows_affected() == 1)
        })
    }
}

fn shown(row: &AnyRow) -> Result<HeldRow> {
    let body: String = row.try_get("body")?;
    let (by, ticket): (Option<String>, Option<i64>) = (row.try_get("settled_by")?, row.try_get("ticket")?);
    let ticket = ticket.and_then(|n| Number::from_u64(u64::try_from(n).ok()?).ok());
    let settled = by.map(|by| Ok::<_, StoreError>(Settled { by, at: time(row, "settled_at")?, ticket })).transpose()?;
    Ok(HeldRow { id: row.try_get("id")?, held: serde_json::from_str(&body)?, settled })
}
