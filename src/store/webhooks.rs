//! Other systems that are called when something happens: where, how far they have heard, and what came of each call.
//!
//! Each is told the changes in their order, and goes on from its own place: a place that is set back tells everything from there again.

use super::connection::{BoxWork, Connection, Row, Value, values};
use super::error::{Result, StoreError};
use super::row::{micros, time};
use super::writer::Work;
use super::{Change, Dialect, Place, Store};
use daak_domain::Timestamp;

/// A system that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its name.
    pub name: String,
    /// Where it is called.
    pub url: String,
    /// With what calls to it are signed.
    pub secret: String,
    /// The last change that it took.
    pub after: Place,
    /// Calls in vain since then.
    pub attempts: u32,
    /// When it is called next.
    pub next_at: Timestamp,
    /// Since when nothing more is sent, because it did not answer for too long.
    pub paused_at: Option<Timestamp>,
    /// Since when it is called in vain.
    pub failing_since: Option<Timestamp>,
}

/// One call, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// When.
    pub at: Timestamp,
    /// Names of the first and the last change that it told; empty for a trial.
    pub told: String,
    /// How many changes.
    pub changes: u32,
    /// Whether it was taken.
    pub taken: bool,
    /// The status, or why there was none.
    pub detail: String,
}

/// Calls that are remembered of each.
const REMEMBERED: i64 = 1000;

impl Store {
    /// Keeps a webhook; one of the same name is replaced, and begins at the place that is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_webhook(&self, hook: WebhookRow) -> Result<()> {
        self.writer.work(Write::Put(hook)).await
    }

    /// Takes a webhook away, with what is remembered of it. `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_webhook(&self, name: &str) -> Result<bool> {
        let known = self.webhook(name).await?.is_some();
        self.writer.work(Write::Drop(name.to_owned())).await?;
        Ok(known)
    }

    /// The webhook of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook(&self, name: &str) -> Result<Option<WebhookRow>> {
        let row = self.readers.row("SELECT * FROM webhooks WHERE name = ?1", values![name]).await?;
        row.as_ref().map(webhook).transpose()
    }

    /// All webhooks, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>> {
        self.readers.rows("SELECT * FROM webhooks ORDER BY name", &[]).await?.iter().map(webhook).collect()
    }

    /// Claims the webhooks that are due, until `lease`: whoever dies with a claim leaves it to the next.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks_claim(&self, now: Timestamp, lease: Timestamp) -> Result<Vec<WebhookRow>> {
        self.writer.work(Claim { dialect: self.dialect, now, lease }).await
    }

    /// Writes what came of a call, and where the webhook stands now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_called(&self, hook: WebhookRow, call: Option<WebhookCall>) -> Result<()> {
        self.writer.work(Write::Called(hook, call)).await
    }

    /// The last calls of a webhook, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_calls(&self, name: &str, limit: u32) -> Result<Vec<WebhookCall>> {
        let sql = "SELECT * FROM webhook_calls WHERE webhook = ?1 ORDER BY id DESC LIMIT ?2";
        let rows = self.readers.rows(sql, values![name, i64::from(limit)]).await?;
        let call = |row: &Row| {
            Ok(WebhookCall {
                at: time(row, "at")?,
                told: row.get("told")?,
                changes: u32::try_from(row.get::<i64>("changes")?).unwrap_or_default(),
                taken: row.get::<i64>("taken")? != 0,
                detail: row.get("detail")?,
            })
        };
        rows.iter().map(call).collect()
    }
}

fn webhook(row: &Row) -> Result<WebhookRow> {
    let optional = |column: &str| -> Result<Option<Timestamp>> {
        let at: Option<i64> = row.get(column)?;
        at.map(|at| Timestamp::from_microsecond(at).map_err(|e| StoreError::Damaged(e.to_string()))).transpose()
    };
    Ok(WebhookRow {
        name: row.get("name")?,
        url: row.get("url")?,
        secret: row.get("secret")?,
        after: Place::parse(&row.get::<String>("place")?)?,
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        next_at: time(row, "next_at")?,
        paused_at: optional("paused_at")?,
        failing_since: optional("failing_since")?,
    })
}

enum Write {
    Put(WebhookRow),
    Drop(String),
    Called(WebhookRow, Option<WebhookCall>),
}

impl Work for Write {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            match self {
                Write::Put(h) => {
                    let sql = "INSERT INTO webhooks (name, url, secret, place, attempts, next_at, paused_at, failing_since)
                               VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, NULL)
                               ON CONFLICT (name) DO UPDATE SET url = excluded.url, secret = excluded.secret, place = excluded.place,
                               attempts = excluded.attempts, next_at = excluded.next_at, paused_at = NULL, failing_since = NULL";
                    let place = h.after.to_string();
                    on.execute(sql, values![&h.name, &h.url, &h.secret, &place, i64::from(h.attempts), micros(h.next_at)]).await.map(drop)
                }
                Write::Drop(name) => {
                    on.execute("DELETE FROM webhook_calls WHERE webhook = ?1", values![name]).await?;
                    on.execute("DELETE FROM webhooks WHERE name = ?1", values![name]).await.map(drop)
                }
                Write::Called(h, call) => {
                    let sql =
                        "UPDATE webhooks SET place = ?2, attempts = ?3, next_at = ?4, paused_at = ?5, failing_since = ?6 WHERE name = ?1";
                    let (place, paused, failing) = (h.after.to_string(), h.paused_at.map(micros), h.failing_since.map(micros));
                    on.execute(sql, values![&h.name, &place, i64::from(h.attempts), micros(h.next_at), paused, failing]).await?;
                    let Some(call) = call else { return Ok(()) };
                    let sql = "INSERT INTO webhook_calls (webhook, at, told, changes, taken, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
                    let numbers = (i64::from(call.changes), i64::from(call.taken));
                    on.execute(sql, values![&h.name, micros(call.at), &call.told, numbers.0, numbers.1, &call.detail]).await?;
                    let sql = "DELETE FROM webhook_calls WHERE webhook = ?1 AND id <=
                               (SELECT MAX(id) FROM webhook_calls WHERE webhook = ?1) - ?2";
                    on.execute(sql, values![&h.name, REMEMBERED]).await.map(drop)
                }
            }
        })
    }
}

struct Claim {
    dialect: Dialect,
    now: Timestamp,
    lease: Timestamp,
}

impl Work for Claim {
    type Answer = Vec<WebhookRow>;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Vec<WebhookRow>> {
        Box::pin(async move {
            let skip = if self.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
            let sql = format!(
                "UPDATE webhooks SET next_at = ?2 WHERE name IN
                 (SELECT name FROM webhooks WHERE next_at <= ?1 AND paused_at IS NULL ORDER BY next_at{skip}) RETURNING *"
            );
            let values: Vec<Value<'_>> = values![micros(self.now), micros(self.lease)].to_vec();
            on.rows(&sql, &values).await?.iter().map(webhook).collect()
        })
    }
}
