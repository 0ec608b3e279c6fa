//! Proving that nothing in the log was changed.

use super::error::Result;
use super::{Store, row};
use daak_domain::ticket::{Event, GENESIS, Number, Ticket, seal};
use sqlx::Row;

/// Where the log and what was made of it do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The ticket.
    pub ticket: u64,
    /// The event at which it shows, or none if the fold differs.
    pub seq: Option<u32>,
    /// What is wrong.
    pub what: &'static str,
}

impl Store {
    /// Walks every event of every ticket: hashes, order, the state machine, and the fold. Answers what is
    /// broken, at most 100 places, and how many tickets were looked at.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn verify_chain(&self) -> Result<(u64, Vec<Broken>)> {
        let (mut after, mut seen, mut broken) = (0i64, 0u64, Vec::new());
        loop {
            let sql = "SELECT number, folded, tail FROM tickets WHERE number > $1 ORDER BY number LIMIT 500";
            let rows = sqlx::query(sql).bind(after).fetch_all(&self.readers).await?;
            if rows.is_empty() || broken.len() >= 100 {
                return Ok((seen, broken));
            }
            for found in &rows {
                after = found.try_get("number")?;
                seen += 1;
                let tail: Vec<u8> = found.try_get("tail")?;
                broken.extend(self.verify(after as u64, row::ticket(found).ok(), &tail).await?);
            }
        }
    }

    async fn verify(&self, ticket: u64, folded: Option<Ticket>, tail: &[u8]) -> Result<Option<Broken>> {
        let Ok(number) = Number::from_u64(ticket) else { return Ok(Some(Broken { ticket, seq: None, what: "the number's check digit" })) };
        let sql = "SELECT seq, body, hash FROM events WHERE ticket = $1 ORDER BY seq";
        let rows = sqlx::query(sql).bind(ticket as i64).fetch_all(&self.readers).await?;
        let (mut before, mut events) = (GENESIS, Vec::with_capacity(rows.len()));
        for (at, found) in rows.iter().enumerate() {
            let seq = at as u32 + 1;
            let wrong = |what| Ok(Some(Broken { ticket, seq: Some(seq), what }));
            let (stored, body, hash): (i64, String, Vec<u8>) = (found.try_get("seq")?, found.try_get("body")?, found.try_get("hash")?);
            if stored != i64::from(seq) {
                return wrong("an event is missing");
            }
            before = seal(&before, number, seq, body.as_bytes());
            if before[..] != hash[..] {
                return wrong("an event was changed");
            }
            match serde_json::from_str::<Event>(&body) {
                Ok(event) => events.push(event),
                Err(_) => return wrong("an event cannot be read"),
            }
        }
        if before[..] != *tail {
            return Ok(Some(Broken { ticket, seq: None, what: "the last events are missing" }));
        }
        match Ticket::fold(number, &events) {
            Ok(ticket) if Some(&ticket) == folded.as_ref() => Ok(None),
            Ok(_) => Ok(Some(Broken { ticket, seq: None, what: "the state is not what its events say" })),
            Err(_) => Ok(Some(Broken { ticket, seq: None, what: "the events are no legal life" })),
        }
    }
}
