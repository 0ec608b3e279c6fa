//! Proving that nothing in the log was changed.

use super::connection::{Row, values};
use super::error::Result;
use super::{Store, row};
use daak_domain::ticket::{Event, Number, Ticket, verify};
use std::collections::BTreeMap;

/// Tickets that are looked at together.
const AT_ONCE: i64 = 500;
/// Broken places that are told of.
const MOST: usize = 100;

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

/// What the table of tickets says of one.
struct Kept {
    folded: Option<Ticket>,
    tail: Vec<u8>,
}

/// An event as it lies there.
struct Stored {
    seq: u32,
    body: String,
    hash: Vec<u8>,
}

impl Store {
    /// Walks every event of every ticket: hashes, order, the state machine, and the fold. Answers how many tickets were
    /// looked at, and what is broken, at most 100 places.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn verify_chain(&self) -> Result<(u64, Vec<Broken>)> {
        let (mut after, mut seen, mut broken) = (0i64, 0u64, Vec::new());
        loop {
            let sql = "SELECT number, folded, tail FROM tickets WHERE number > ?1 ORDER BY number LIMIT ?2";
            let rows = self.readers.rows(sql, values![after, AT_ONCE]).await?;
            let mut tickets = BTreeMap::new();
            for found in &rows {
                let number: i64 = found.get("number")?;
                tickets.insert(number, Kept { folded: row::ticket(found).ok(), tail: found.get("tail")? });
            }
            // The last look goes to the end: events of which there is no ticket are found, too.
            let last = tickets.last_key_value().map_or(i64::MAX, |(number, _)| *number);
            let mut logs = self.logs(after, last).await?;
            seen += tickets.len() as u64;
            for (number, kept) in &tickets {
                broken.extend(walk(*number as u64, &logs.remove(number).unwrap_or_default(), kept));
            }
            let what = "there are events, and no ticket";
            broken.extend(logs.into_keys().map(|number| Broken { ticket: number as u64, seq: None, what }));
            if tickets.is_empty() || broken.len() >= MOST {
                broken.truncate(MOST);
                return Ok((seen, broken));
            }
            after = last;
        }
    }

    /// The logs of the tickets of these numbers.
    async fn logs(&self, after: i64, last: i64) -> Result<BTreeMap<i64, Vec<Stored>>> {
        let sql = "SELECT ticket, seq, body, hash FROM events WHERE ticket > ?1 AND ticket <= ?2 ORDER BY ticket, seq";
        let mut logs: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
        for found in self.readers.rows(sql, values![after, last]).await? {
            logs.entry(found.get("ticket")?).or_default().push(stored(&found)?);
        }
        Ok(logs)
    }
}

fn stored(row: &Row) -> Result<Stored> {
    Ok(Stored { seq: u32::try_from(row.get::<i64>("seq")?).unwrap_or(u32::MAX), body: row.get("body")?, hash: row.get("hash")? })
}

fn walk(ticket: u64, log: &[Stored], kept: &Kept) -> Option<Broken> {
    let whole = |what| Some(Broken { ticket, seq: None, what });
    let Ok(number) = Number::from_u64(ticket) else { return whole("the number's check digit") };
    let sealed = log.iter().map(|e| (e.seq, e.body.as_bytes(), <[u8; 32]>::try_from(&e.hash[..]).unwrap_or_default()));
    let tail = match verify(number, sealed) {
        Ok(tail) => tail,
        Err(seq) => return Some(Broken { ticket, seq: Some(seq), what: "an event was changed or is missing" }),
    };
    if tail[..] != kept.tail[..] {
        return whole("the last events are missing");
    }
    let Ok(events) = log.iter().map(|e| serde_json::from_str(&e.body)).collect::<std::result::Result<Vec<Event>, _>>() else {
        return whole("an event cannot be read");
    };
    match Ticket::fold(number, &events) {
        Ok(ticket) if Some(&ticket) == kept.folded.as_ref() => None,
        Ok(_) => whole("the state is not what its events say"),
        Err(_) => whole("the events are no legal life"),
    }
}
