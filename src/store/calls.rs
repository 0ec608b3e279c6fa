//! Records of calls that are over, and the language that each number chose last.

use super::append::Life;
use super::error::{Result, StoreError};
use super::row::micros;
use super::writer::{BoxWork, Work};
use super::{Change, Dialect, Page, Store};
use daak_domain::call::{CallId, CallRecord};
use daak_domain::ticket::{Actor, Event, EventBody};
use sqlx::{AnyConnection, Row};

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
        let row = sqlx::query("SELECT record FROM calls WHERE id = $1").bind(call.to_string()).fetch_optional(&self.readers).await?;
        row.map(|row| Ok(serde_json::from_str(&row.try_get::<String, _>(0)?)?)).transpose()
    }

    /// Records of calls, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn calls(&self, cursor: Option<&str>, limit: u32) -> Result<Page<CallRecord>> {
        let before: i64 = cursor.map(str::parse).transpose().map_err(|_| StoreError::Cursor)?.unwrap_or(i64::MAX);
        let limit = limit.min(200);
        let sql = "SELECT record FROM calls WHERE started_at < $1 ORDER BY started_at DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(before).bind(i64::from(limit) + 1).fetch_all(&self.readers).await?;
        let read = |row: &sqlx::any::AnyRow| Ok(serde_json::from_str::<CallRecord>(&row.try_get::<String, _>(0)?)?);
        let items = rows.iter().take(limit as usize).map(read).collect::<Result<Vec<_>>>()?;
        let next = items.last().filter(|_| rows.len() > items.len()).map(|last| micros(last.started_at).to_string());
        Ok(Page { items, next })
    }
}

struct Keep {
    dialect: Dialect,
    record: CallRecord,
}

impl Work for Keep {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            let r = &self.record;
            let reason = serde_json::to_value(r.reason)?.as_str().unwrap_or_default().to_owned();
            let sql = "INSERT INTO calls (id, started_at, caller, reason, record) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
            let done = sqlx::query(sql)
                .bind(r.call.to_string())
                .bind(micros(r.started_at))
                .bind(r.caller.as_ref().map(|c| c.as_str().to_owned()))
                .bind(reason)
                .bind(serde_json::to_string(r)?)
                .execute(&mut *on)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(());
            }
            if let Some(caller) = r.caller.as_ref().filter(|_| r.answered_at.is_some()) {
                let sql = "INSERT INTO languages (phone, language) VALUES ($1, $2) ON CONFLICT (phone) DO UPDATE SET language = excluded.language";
                sqlx::query(sql).bind(caller.as_str()).bind(r.language.code()).execute(&mut *on).await?;
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
