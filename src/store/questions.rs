//! Which citizens are to be asked next whether their matter is settled, and who wants no notices.

use super::Store;
use super::connection::values;
use super::due::{Claim, Schedule, Statement};
use super::error::Result;
use super::row::{self, micros, time};
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::ticket::{Number, Ticket};

/// When which ticket is due.
const SCHEDULE: Schedule = Schedule { table: "questions", ticket: "ticket", at: "next_at" };

impl Store {
    /// Notes every ticket whose report is being verified and that is not noted yet, as due at `now`.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn questions_find(&self, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO questions (ticket, next_at) SELECT t.number, ?1 FROM tickets t
                   WHERE t.state = 'verifying' AND NOT EXISTS (SELECT 1 FROM questions q WHERE q.ticket = t.number)";
        self.writer.work(Statement { sql, values: values![micros(now)].to_vec() }).await
    }

    /// Claims tickets that are due, the longest due first. Whoever dies with a claim leaves it to the next at `lease`.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn questions_claim(&self, now: Timestamp, lease: Timestamp, limit: u32) -> Result<Vec<Number>> {
        self.writer.work(Claim { schedule: SCHEDULE, dialect: self.dialect, now, lease, limit }).await
    }

    /// Notes when a ticket is due next; without a time, that nothing more is to be asked.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn question_due(&self, ticket: Number, next: Option<Timestamp>) -> Result<()> {
        let number = ticket.as_u64() as i64;
        let (sql, values) = match next {
            Some(at) => (
                "INSERT INTO questions (ticket, next_at) VALUES (?1, ?2) ON CONFLICT (ticket) DO UPDATE SET next_at = excluded.next_at",
                values![number, micros(at)].to_vec(),
            ),
            None => ("DELETE FROM questions WHERE ticket = ?1", values![number].to_vec()),
        };
        self.writer.work(Statement { sql, values }).await
    }

    /// When the next ticket is due.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn questions_next(&self) -> Result<Option<Timestamp>> {
        let row = self.readers.row("SELECT next_at FROM questions ORDER BY next_at LIMIT 1", values![]).await?;
        row.map(|row| time(&row, "next_at")).transpose()
    }

    /// Closed tickets of a person, the newest first, at most 20.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn closed_tickets_of(&self, person: i64) -> Result<Vec<Ticket>> {
        let sql = "SELECT folded FROM tickets WHERE person = ?1 AND state = 'closed' ORDER BY registered_at DESC LIMIT 20";
        self.readers.rows(sql, values![person]).await?.iter().map(row::ticket).collect()
    }

    /// Notes that an address wants no notices any more, or wants them again.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn opt_out(&self, channel: Channel, address: &str, out: bool, now: Timestamp) -> Result<()> {
        let address = address.to_owned();
        let (sql, values) = if out {
            let sql = "INSERT INTO opt_outs (channel, address, since) VALUES (?1, ?2, ?3) ON CONFLICT (channel, address) DO NOTHING";
            (sql, values![channel.as_str(), address, micros(now)].to_vec())
        } else {
            ("DELETE FROM opt_outs WHERE channel = ?1 AND address = ?2", values![channel.as_str(), address].to_vec())
        };
        self.writer.work(Statement { sql, values }).await
    }

    /// Whether an address wants no notices.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn opted_out(&self, channel: Channel, address: &str) -> Result<bool> {
        let sql = "SELECT since FROM opt_outs WHERE channel = ?1 AND address = ?2";
        Ok(self.readers.row(sql, values![channel.as_str(), address]).await?.is_some())
    }
}
