//! Files that contacts only refer to: claimed under a lease, until each is fetched or cannot be had any more.

use super::connection::{BoxWork, Connection, Row, values};
use super::error::{Result, StoreError};
use super::row::micros;
use super::writer::Work;
use super::{Change, Dialect, Store};
use daak_domain::Timestamp;
use daak_domain::contact::Channel;

/// A file that a contact refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAwaited {
    /// The contact's channel.
    pub channel: Channel,
    /// The channel's own name for the contact.
    pub contact: String,
    /// Which of its files, from 0.
    pub place: u32,
    /// The account by which it is fetched.
    pub account: String,
    /// Where it is, as the channel wrote it down.
    pub file: String,
}

/// A file whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Its name here.
    pub id: i64,
    /// What is awaited.
    pub what: NewAwaited,
    /// Attempts before this one.
    pub attempts: u32,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It is settled: the file is there, or never will be.
    Settled(Timestamp),
    /// Again at this time.
    Again(Timestamp),
}

impl Store {
    /// Writes down files to fetch, each once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn await_files(&self, files: Vec<NewAwaited>, now: Timestamp) -> Result<()> {
        self.writer.work(Await { files, now }).await
    }

    /// Claims files that are due until `lease`, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_files(&self, now: Timestamp, lease: Timestamp, limit: u32) -> Result<Vec<Awaited>> {
        // Where there is nothing to claim, nothing is written.
        let sql = "SELECT id FROM awaited_files WHERE settled_at IS NULL AND next_at <= ?1 LIMIT 1";
        if self.readers.row(sql, values![micros(now)]).await?.is_none() {
            return Ok(Vec::new());
        }
        self.writer.work(Claim { dialect: self.dialect, now, lease, limit }).await
    }

    /// Writes what came of an attempt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_file(&self, id: i64, attempt: Attempt) -> Result<()> {
        self.writer.work(Mark { id, attempt }).await
    }
}

struct Await {
    files: Vec<NewAwaited>,
    now: Timestamp,
}

impl Work for Await {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql =
                "INSERT INTO awaited_files (channel, contact, place, account, file, attempts, next_at) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)
                       ON CONFLICT (channel, contact, place) DO NOTHING";
            for f in &self.files {
                let values = values![f.channel.as_str(), &f.contact, i64::from(f.place), &f.account, &f.file, micros(self.now)];
                on.execute(sql, values).await?;
            }
            Ok(())
        })
    }
}

struct Claim {
    dialect: Dialect,
    now: Timestamp,
    lease: Timestamp,
    limit: u32,
}

impl Work for Claim {
    type Answer = Vec<Awaited>;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Vec<Awaited>> {
        Box::pin(async move {
            let skip = if self.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
            let sql = format!(
                "UPDATE awaited_files SET next_at = ?2, attempts = attempts + 1 WHERE id IN
                 (SELECT id FROM awaited_files WHERE settled_at IS NULL AND next_at <= ?1 ORDER BY next_at LIMIT ?3{skip}) RETURNING *"
            );
            let rows = on.rows(&sql, values![micros(self.now), micros(self.lease), i64::from(self.limit)]).await?;
            rows.iter().map(awaited).collect()
        })
    }
}

struct Mark {
    id: i64,
    attempt: Attempt,
}

impl Work for Mark {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            match self.attempt {
                Attempt::Settled(at) => {
                    on.execute("UPDATE awaited_files SET settled_at = ?2 WHERE id = ?1", values![self.id, micros(at)]).await?
                }
                Attempt::Again(at) => {
                    on.execute("UPDATE awaited_files SET next_at = ?2 WHERE id = ?1", values![self.id, micros(at)]).await?
                }
            };
            Ok(())
        })
    }
}

fn awaited(row: &Row) -> Result<Awaited> {
    let whole = |column: &str| Ok::<_, StoreError>(u32::try_from(row.get::<i64>(column)?).unwrap_or(u32::MAX));
    let what = NewAwaited {
        channel: row.get::<String>("channel")?.parse().map_err(StoreError::Damaged)?,
        contact: row.get("contact")?,
        place: whole("place")?,
        account: row.get("account")?,
        file: row.get("file")?,
    };
    Ok(Awaited { id: row.get("id")?, what, attempts: whole("attempts")?.saturating_sub(1) })
}
