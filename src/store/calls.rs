//! Records of calls that are over, and the language that each number chose last.

use super::append::Life;
use super::connection::{BoxWork, Connection, Row, values};
use super::error::{Result, StoreError};
use super::row::{micros, read_cursor, write_cursor};
use super::writer::Work;
use super::{Change, Dialect, Page, Store};
use daak_domain::Timestamp;
use daak_domain::call::{CallId, CallRecord};
use daak_domain::ticket::{Actor, Event, EventBody};
use std::collections::HashMap;

impl Store {
    /// Keeps the record of a call, puts the call on the timeline of its tickets, and remembers its language.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_call(&self, record: CallRecord) -> Result<()> {
        self.writer.work(Keep { dialect: self.dialect, record }).await
    }

    /// The record of a call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn call(&self, call: CallId) -> Result<Option<CallRecord>> {
        let row = self.readers.row("SELECT record FROM calls WHERE id = ?1", values![call.to_string()]).await?;
        row.as_ref().map(record).transpose()
    }

    /// Records of calls, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn calls(&self, cursor: Option<&str>, limit: u32) -> Result<Page<CallRecord>> {
        let (at, id) = read_cursor(cursor)?;
        let limit = limit.min(200);
        let sql = "SELECT record FROM calls WHERE (started_at, id) < (?1, ?2) ORDER BY started_at DESC, id DESC LIMIT ?3";
        let rows = self.readers.rows(sql, values![at, id, i64::from(limit) + 1]).await?;
        let items = rows.iter().take(limit as usize).map(record).collect::<Result<Vec<_>>>()?;
        let more = items.last().filter(|_| rows.len() > items.len());
        let next = more.map(|last| write_cursor(last.started_at, &last.call.to_string()));
        Ok(Page { items, next })
    }
}

/// What came of a talk, as its agent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// Which call.
    pub call: CallId,
    /// Who spoke with the citizen.
    pub agent: String,
    /// A code of the masters.
    pub code: String,
    /// In the agent's own words.
    pub note: Option<String>,
    /// When it was said.
    pub at: Timestamp,
}

impl Store {
    /// Keeps what came of a talk; a later word of the same agent replaces the one before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_disposition(&self, disposition: Disposition) -> Result<()> {
        self.writer.work(disposition).await
    }

    /// What came of these calls, by the last word for each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dispositions(&self, calls: &[CallId]) -> Result<HashMap<CallId, String>> {
        let mut found = HashMap::new();
        for call in calls {
            let sql = "SELECT code FROM dispositions WHERE call = ?1 ORDER BY at DESC LIMIT 1";
            if let Some(row) = self.readers.row(sql, values![call.to_string()]).await? {
                found.insert(*call, row.get::<String>("code")?);
            }
        }
        Ok(found)
    }
}

impl Work for Disposition {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let sql = "INSERT INTO dispositions (call, agent, code, note, at) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (call, agent) DO UPDATE SET code = excluded.code, note = excluded.note, at = excluded.at";
            let note = self.note.as_deref();
            on.execute(sql, values![self.call.to_string(), &self.agent, &self.code, note, micros(self.at)]).await?;
            Ok(())
        })
    }
}

fn record(row: &Row) -> Result<CallRecord> {
    Ok(serde_json::from_str(&row.get::<String>("record")?)?)
}

struct Keep {
    dialect: Dialect,
    record: CallRecord,
}

impl Work for Keep {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let r = &self.record;
            let reason = serde_json::to_value(r.reason)?.as_str().unwrap_or_default().to_owned();
            let sql = "INSERT INTO calls (id, started_at, caller, reason, record) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";
            let caller = r.caller.as_ref().map(|c| c.as_str());
            let values = values![r.call.to_string(), micros(r.started_at), caller, reason, serde_json::to_string(r)?];
            if on.execute(sql, values).await? == 0 {
                return Ok(());
            }
            if let Some(caller) = caller.filter(|_| r.answered_at.is_some()) {
                let sql = "INSERT INTO languages (phone, language) VALUES (?1, ?2) ON CONFLICT (phone) DO UPDATE SET language = excluded.language";
                on.execute(sql, values![caller, r.language.code()]).await?;
            }
            for number in &r.tickets {
                let mut life = match Life::load(self.dialect, on, *number).await {
                    Err(StoreError::NotFound(_)) => continue,
                    life => life?,
                };
                let body = EventBody::Called { call: r.call, recording: r.recording.clone() };
                life.add(&Event { at: r.ended_at, by: Actor::Helpline, body })?;
                life.save(on, changes).await?;
            }
            Ok(())
        })
    }
}
