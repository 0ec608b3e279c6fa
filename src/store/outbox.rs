//! What must be sent: claimed under a lease, marked with what came of it, on the ticket's timeline in the same transaction.
//!
//! A claim moves a message's next attempt to the end of the lease: if the claimer dies, the message comes
//! up again, under the same key. So each is sent at least once, and the key makes the receiver's side once.

use super::append::{Life, NewMessage};
use super::connection::{BoxWork, Connection, Row, values};
use super::error::{Result, StoreError};
use super::row::{micros, number, read_cursor, time, write_cursor};
use super::writer::Work;
use super::{Change, Dialect, Page, Store};
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::ticket::{Actor, Event, EventBody, MessageState, Number};

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
        let row = self.readers.row("SELECT key FROM outbox WHERE carrier_id = ?1", values![carrier_id]).await?;
        row.map(|row| row.get("key")).transpose()
    }

    /// When the next message is due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_next(&self, channels: &[Channel]) -> Result<Option<Timestamp>> {
        let channels = among(channels);
        let sql = format!("SELECT next_at FROM outbox WHERE state = 'queued' AND channel IN ({channels}) ORDER BY next_at LIMIT 1");
        let row = self.readers.row(&sql, &[]).await?;
        row.map(|row| time(&row, "next_at")).transpose()
    }

    /// Messages, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn messages(&self, ticket: Option<Number>, cursor: Option<&str>, limit: u32) -> Result<Page<MessageRow>> {
        let (at, key) = read_cursor(cursor)?;
        let limit = limit.min(200);
        let rows = match ticket {
            None => {
                let sql = "SELECT * FROM outbox WHERE (created_at, key) < (?1, ?2) ORDER BY created_at DESC, key DESC LIMIT ?3";
                self.readers.rows(sql, values![at, key, i64::from(limit) + 1]).await?
            }
            Some(number) => {
                let sql = "SELECT * FROM outbox WHERE ticket = ?4 AND (created_at, key) < (?1, ?2)
                           ORDER BY created_at DESC, key DESC LIMIT ?3";
                self.readers.rows(sql, values![at, key, i64::from(limit) + 1, number.as_u64() as i64]).await?
            }
        };
        let items = rows.iter().take(limit as usize).map(shown).collect::<Result<Vec<_>>>()?;
        let more = items.last().filter(|_| rows.len() > items.len());
        let next = more.map(|last| write_cursor(last.message.created_at, &last.message.key));
        Ok(Page { items, next })
    }
}

/// Channels as a list in SQL; their names are ours.
fn among(channels: &[Channel]) -> String {
    let names: Vec<_> = channels.iter().map(|channel| format!("'{channel}'")).collect();
    if names.is_empty() { "NULL".to_owned() } else { names.join(", ") }
}

/// Writes a message; `false` if its key is known.
pub(super) async fn put(on: &mut Connection, ticket: Option<Number>, m: &NewMessage, now: Timestamp) -> Result<bool> {
    let enclosed = (!m.enclosed.is_empty()).then(|| serde_json::to_string(&m.enclosed)).transpose()?;
    let sql = "INSERT INTO outbox (key, ticket, channel, recipient, template, language, body, urgent, state, attempts, next_at, created_at,
               updated_at, enclosed, masked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'queued', 0, ?9, ?10, ?10, ?11, ?12) ON CONFLICT (key) DO NOTHING";
    let values = values![
        &m.key,
        ticket.map(|n| n.as_u64() as i64),
        m.channel.as_str(),
        &m.to,
        &m.template,
        m.language.code(),
        &m.text,
        i64::from(m.urgent),
        micros(m.not_before),
        micros(now),
        &enclosed,
        &m.masked,
    ];
    Ok(on.execute(sql, values).await? == 1)
}

struct Enqueue {
    dialect: Dialect,
    ticket: Option<Number>,
    message: NewMessage,
    now: Timestamp,
}

impl Work for Enqueue {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
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

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Vec<Due>> {
        Box::pin(async move {
            let skip = if self.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
            let sql = format!(
                "UPDATE outbox SET next_at = ?2, attempts = attempts + 1 WHERE key IN
                 (SELECT key FROM outbox WHERE state = 'queued' AND next_at <= ?1 AND channel IN ({}) ORDER BY next_at LIMIT ?3{skip}) RETURNING *",
                self.channels
            );
            let rows = on.rows(&sql, values![micros(self.now), micros(self.lease), i64::from(self.limit)]).await?;
            let mut claimed = rows.iter().map(due).collect::<Result<Vec<_>>>()?;
            claimed.sort_by(|a, b| (a.created_at, &a.key).cmp(&(b.created_at, &b.key)));
            Ok(claimed)
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

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql = format!("SELECT * FROM outbox WHERE key = ?1{}", self.dialect.locked());
            let row = on.row(&sql, values![&self.key]).await?;
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
            // A message comes here when it is not to be sent again: of a secret text only its mask stays.
            let sql = "UPDATE outbox SET state = ?2, carrier_id = COALESCE(?3, carrier_id), detail = ?4, updated_at = ?5,
                       body = COALESCE(masked, body) WHERE key = ?1";
            on.execute(sql, values![&self.key, name, &carrier, &why, micros(self.now)]).await?;
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

async fn again(on: &mut Connection, key: &str, at: Timestamp, why: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE outbox SET next_at = ?2, detail = ?3, updated_at = ?4 WHERE key = ?1 AND state = 'queued'";
    on.execute(sql, values![key, micros(at), why, micros(now)]).await.map(|_| ())
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

fn due(row: &Row) -> Result<Due> {
    let (channel, language): (String, String) = (row.get("channel")?, row.get("language")?);
    let attempts: i64 = row.get("attempts")?;
    let urgent: i64 = row.get("urgent")?;
    let enclosed: Option<String> = row.get("enclosed")?;
    Ok(Due {
        key: row.get("key")?,
        ticket: number(row, "ticket")?,
        channel: channel.parse().map_err(StoreError::Damaged)?,
        to: row.get("recipient")?,
        template: row.get("template")?,
        language: language.parse().unwrap_or_default(),
        text: row.get("body")?,
        enclosed: enclosed.map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default(),
        urgent: urgent != 0,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX).saturating_sub(1),
        created_at: time(row, "created_at")?,
    })
}

fn shown(row: &Row) -> Result<MessageRow> {
    let state: String = row.get("state")?;
    let state = match state.as_str() {
        "queued" => MessageState::Queued,
        "sent" => MessageState::Sent,
        "delivered" => MessageState::Delivered,
        "read" => MessageState::Read,
        _ => MessageState::Failed,
    };
    let mut message = due(row)?;
    if let Some(masked) = row.get("masked")? {
        message.text = masked;
    }
    Ok(MessageRow { message, state, detail: row.get("detail")?, updated_at: time(row, "updated_at")? })
}
