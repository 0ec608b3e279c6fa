//! What must be sent: claimed under a lease, marked with what came of it, on the ticket's timeline in the same transaction.
//!
//! A claim moves a message's next attempt to the end of the lease: if the claimer dies, the message comes
//! up again, under the same key. So each is sent at least once, and the key makes the receiver's side once.

use super::append::{Life, NewMessage};
use super::error::{Result, StoreError};
use super::row::{micros, time};
use super::writer::{BoxWork, Work};
use super::{Change, Dialect, Page, Store};
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::ticket::{Actor, Event, EventBody, MessageState, Number};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its key.
    pub key: String,
    /// The ticket it belongs to.
    pub ticket: Option<Number>,
    /// By which way.
    pub channel: Channel,
    /// To whom.
    pub to: String,
    /// Name of its template.
    pub template: String,
    /// Language of its text.
    pub language: Language,
    /// What is sent.
    pub text: String,
    /// What goes with it.
    pub enclosed: Enclosed,
    /// Goes out at night too.
    pub urgent: bool,
    /// Attempts made before this one.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A message as it is shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The message.
    pub message: Due,
    /// Where it stands.
    pub state: MessageState,
    /// What the carrier said.
    pub detail: Option<String>,
    /// When it last moved.
    pub updated_at: Timestamp,
}

/// What came of an attempt, or of a delivery report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The carrier took it, under this name of its own.
    Sent {
        /// The carrier's name for it.
        carrier_id: Option<String>,
    },
    /// It arrived.
    Delivered,
    /// The citizen opened it.
    Read,
    /// Not this time; again at this time.
    Again {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// It will not be tried again.
    Failed {
        /// Why.
        why: String,
    },
}

impl Store {
    /// Puts a message into the outbox that belongs to no ticket (a one-time code), or to one without
    /// changing it otherwise. One of a known key changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enqueue(&self, ticket: Option<Number>, message: NewMessage, now: Timestamp) -> Result<()> {
        self.writer.work(Enqueue { dialect: self.dialect, ticket, message, now }).await
    }

    /// Claims messages of these channels that are due until `lease`, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_claim(&self, channels: &[Channel], now: Timestamp, lease: Timestamp, limit: u32) -> Result<Vec<Due>> {
        self.writer.work(Claim { dialect: self.dialect, channels: among(channels), now, lease, limit }).await
    }

    /// Writes what came of a message, once: a state that it has left is not entered again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such message.
    pub async fn outbox_mark(&self, key: &str, progress: Progress, now: Timestamp) -> Result<()> {
        self.writer.work(Mark { dialect: self.dialect, key: key.to_owned(), progress, now }).await
    }

    /// The key of the message that a carrier knows by this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_by_carrier(&self, carrier_id: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT key FROM outbox WHERE carrier_id = $1").bind(carrier_id).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// When the next message is due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_next(&self, channels: &[Channel]) -> Result<Option<Timestamp>> {
        let sql =
            format!("SELECT next_at FROM outbox WHERE state = 'queued' AND channel IN ({}) ORDER BY next_at LIMIT 1", among(channels));
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_optional(&self.readers).await?;
        row.map(|row| time(&row, "next_at")).transpose()
    }

    /// Messages, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn messages(&self, ticket: Option<Number>, cursor: Option<&str>, limit: u32) -> Result<Page<MessageRow>> {
        let before: i64 = cursor.map(str::parse).transpose().map_err(|_| StoreError::Cursor)?.unwrap_or(i64::MAX);
        let limit = limit.min(200);
        let sql = "SELECT * FROM outbox WHERE created_at < $1 AND ($2 = 0 OR ticket = $2) ORDER BY created_at DESC LIMIT $3";
        let number = ticket.map_or(0, |n| n.as_u64() as i64);
        let rows = sqlx::query(sql).bind(before).bind(number).bind(i64::from(limit) + 1).fetch_all(&self.readers).await?;
        let items = rows.iter().take(limit as usize).map(shown).collect::<Result<Vec<_>>>()?;
        let next = items.last().filter(|_| rows.len() > items.len()).map(|last| micros(last.message.created_at).to_string());
        Ok(Page { items, next })
    }
}

/// Channels as a list in SQL; their names are ours.
fn among(channels: &[Channel]) -> String {
    let names: Vec<_> = channels.iter().map(|channel| format!("'{channel}'")).collect();
    if names.is_empty() { "NULL".to_owned() } else { names.join(", ") }
}

/// Writes a message; `false` if its key is known.
pub(super) async fn put(on: &mut AnyConnection, ticket: Option<Number>, m: &NewMessage, now: Timestamp) -> Result<bool> {
    let enclosed = (!m.enclosed.is_empty()).then(|| serde_json::to_string(&m.enclosed)).transpose()?;
    let sql = "INSERT INTO outbox (key, ticket, channel, recipient, template, language, body, urgent, state, attempts, next_at, created_at, updated_at, enclosed)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, $9, $10, $10, $11) ON CONFLICT (key) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(&m.key)
        .bind(ticket.map(|n| n.as_u64() as i64))
        .bind(m.channel.as_str())
        .bind(&m.to)
        .bind(&m.template)
        .bind(m.language.code())
        .bind(&m.text)
        .bind(i64::from(m.urgent))
        .bind(micros(m.not_before))
        .bind(micros(now))
        .bind(enclosed)
        .execute(on)
        .await?;
    Ok(done.rows_affected() == 1)
}

struct Enqueue {
    dialect: Dialect,
    ticket: Option<Number>,
    message: NewMessage,
    now: Timestamp,
}

impl Work for Enqueue {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            if let Some(number) = self.ticket {
                let mut life = Life::load(self.dialect, on, number).await?;
                life.send(on, &self.message, self.now, changes).await?;
                life.save(on, changes).await?;
            } else if put(on, None, &self.message, self.now).await? {
                changes.push(Change::Message { key: self.message.key.clone(), state: "queued" });
            }
            Ok(())
        })
    }
}

struct Claim {
    dialect: Dialect,
    channels: String,
    now: Timestamp,
    lease: Timestamp,
    limit: u32,
}

impl Work for Claim {
    type Answer = Vec<Due>;

    fn run<'a>(&'a self, on: &'a mut AnyConnection, _: &'a mut Vec<Change>) -> BoxWork<'a, Vec<Due>> {
        Box::pin(async move {
            let skip = if self.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
            let sql = format!(
                "UPDATE outbox SET next_at = $2, attempts = attempts + 1 WHERE key IN
                 (SELECT key FROM outbox WHERE state = 'queued' AND next_at <= $1 AND channel IN ({}) ORDER BY next_at LIMIT {}{skip}) RETURNING *",
                self.channels, self.limit
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(micros(self.now)).bind(micros(self.lease)).fetch_all(on).await?;
            rows.iter().map(due).collect()
        })
    }
}

struct Mark {
    dialect: Dialect,
    key: String,
    progress: Progress,
    now: Timestamp,
}

impl Work for Mark {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let row = sqlx::query("SELECT * FROM outbox WHERE key = $1").bind(&self.key).fetch_optional(&mut *on).await?;
            let before = shown(&row.ok_or(StoreError::NotFound("message"))?)?;
            let (state, name, detail) = match &self.progress {
                Progress::Again { at, why } => return again(on, &self.key, *at, why, self.now).await,
                Progress::Sent { carrier_id } => (MessageState::Sent, "sent", carrier_id.clone()),
                Progress::Delivered => (MessageState::Delivered, "delivered", None),
                Progress::Read => (MessageState::Read, "read", None),
                Progress::Failed { why } => (MessageState::Failed, "failed", Some(why.clone())),
            };
            if rank(before.state) >= rank(state) {
                return Ok(());
            }
            let carrier = if state == MessageState::Sent { detail.clone() } else { None };
            let why = if state == MessageState::Failed { detail.clone() } else { None };
            let sql = "UPDATE outbox SET state = $2, carrier_id = COALESCE($3, carrier_id), detail = $4, updated_at = $5 WHERE key = $1";
            sqlx::query(sql).bind(&self.key).bind(name).bind(carrier).bind(&why).bind(micros(self.now)).execute(&mut *on).await?;
            changes.push(Change::Message { key: self.key.clone(), state: name });
            let Some(number) = before.message.ticket else { return Ok(()) };
            let mut life = Life::load(self.dialect, on, number).await?;
            let Due { key, template, channel, .. } = before.message;
            let body = EventBody::Message { message: key, template, channel, state, detail: why };
            life.add(&Event { at: self.now, by: Actor::Helpline, body })?;
            life.save(on, changes).await?;
            Ok(())
        })
    }
}

async fn again(on: &mut AnyConnection, key: &str, at: Timestamp, why: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE outbox SET next_at = $2, detail = $3, updated_at = $4 WHERE key = $1 AND state = 'queued'";
    sqlx::query(sql).bind(key).bind(micros(at)).bind(why).bind(micros(now)).execute(on).await?;
    Ok(())
}

/// A message only moves forward; a delivery report may come before the carrier's own answer was written.
fn rank(state: MessageState) -> u8 {
    match state {
        MessageState::Queued => 0,
        MessageState::Sent => 1,
        MessageState::Delivered | MessageState::Failed => 2,
        // Whoever opened it has it, whatever was reported before.
        MessageState::Read => 3,
    }
}

fn due(row: &AnyRow) -> Result<Due> {
    let number: Option<i64> = row.try_get("ticket")?;
    let (channel, language): (String, String) = (row.try_get("channel")?, row.try_get("language")?);
    let attempts: i64 = row.try_get("attempts")?;
    let urgent: i64 = row.try_get("urgent")?;
    let enclosed: Option<String> = row.try_get("enclosed")?;
    Ok(Due {
        key: row.try_get("key")?,
        ticket: number.and_then(|n| Number::from_u64(u64::try_from(n).ok()?).ok()),
        channel: channel.parse().map_err(StoreError::Damaged)?,
        to: row.try_get("recipient")?,
        template: row.try_get("template")?,
        language: language.parse().unwrap_or_default(),
        text: row.try_get("body")?,
        enclosed: enclosed.map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default(),
        urgent: urgent != 0,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX).saturating_sub(1),
        created_at: time(row, "created_at")?,
    })
}

fn shown(row: &AnyRow) -> Result<MessageRow> {
    let state: String = row.try_get("state")?;
    let state = match state.as_str() {
        "queued" => MessageState::Queued,
        "sent" => MessageState::Sent,
        "delivered" => MessageState::Delivered,
        "read" => MessageState::Read,
        _ => MessageState::Failed,
    };
    Ok(MessageRow { message: due(row)?, state, detail: row.try_get("detail")?, updated_at: time(row, "updated_at")? })
}
