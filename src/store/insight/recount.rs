//! Making every count anew, out of the events.

use super::super::connection::{BoxWork, Connection, values};
use super::super::error::{Result, StoreError};
use super::super::row::micros;
use super::super::writer::Work;
use super::super::{Change, Dialect, Store};
use super::gather::Sums;
use daak_domain::Timestamp;
use daak_domain::insight::Facts;
use daak_domain::ticket::{Closure, Event, Number, Ticket};
use std::collections::BTreeMap;

/// Tickets whose events are read together.
const AT_ONCE: i64 = 500;
/// Sums that are kept in memory before they are written.
const MOST: usize = 200_000;

impl Store {
    /// Makes every count anew out of the events, as if there had been none. Nobody writes meanwhile: of a million tickets that takes
    /// minutes. Answers how many tickets were counted.
    ///
    /// # Errors
    /// [`StoreError`]: the counts are as they were.
    pub async fn recount(&self) -> Result<u64> {
        self.writer.work(Recount { dialect: self.dialect }).await
    }

    /// Counts what was there before there were counts.
    pub(in super::super) async fn count_what_was_there(&self) -> Result<()> {
        match self.readers.row("SELECT task FROM upkeep WHERE task = 'insight'", &[]).await? {
            Some(_) => self.recount().await.map(|_| ()),
            None => Ok(()),
        }
    }
}

struct Recount {
    dialect: Dialect,
}

impl Work for Recount {
    type Answer = u64;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, u64> {
        Box::pin(async move {
            for statement in self.dialect.alone_with_tickets() {
                on.execute(statement, &[]).await?;
            }
            on.execute("DELETE FROM insight_changes", &[]).await?;
            on.execute("DELETE FROM insight_sums", &[]).await?;
            let (mut after, mut counted, mut sums) = (0i64, 0u64, Sums::default());
            loop {
                let tickets = next_tickets(on, after).await?;
                let Some((last, _)) = tickets.last_key_value() else { break };
                after = last.as_u64() as i64;
                counted += tickets.len() as u64;
                for (number, events) in &tickets {
                    let (ticket, reopened_at) = Facts::fold(*number, events)?;
                    keep_columns(on, &ticket, reopened_at).await?;
                    let facts = Facts::of(&ticket, reopened_at);
                    facts.changes(None).iter().for_each(|c| sums.add(c.fact.code(), c.day, c.kind, c.n, c.days));
                }
                if sums.len() > MOST {
                    std::mem::take(&mut sums).write(on).await?;
                }
            }
            sums.write(on).await?;
            on.execute("DELETE FROM upkeep WHERE task = 'insight'", &[]).await?;
            Ok(counted)
        })
    }
}

async fn next_tickets(on: &mut Connection, after: i64) -> Result<BTreeMap<Number, Vec<Event>>> {
    let sql = "SELECT ticket, body FROM events WHERE ticket IN (SELECT number FROM tickets WHERE number > ?1 ORDER BY number LIMIT ?2)
               ORDER BY ticket, seq";
    let mut tickets: BTreeMap<Number, Vec<Event>> = BTreeMap::new();
    for row in on.rows(sql, values![after, AT_ONCE]).await? {
        let number = super::super::row::number(&row, "ticket")?.ok_or_else(|| StoreError::Damaged("a ticket's number is none".into()))?;
        tickets.entry(number).or_default().push(serde_json::from_str(&row.get::<String>("body")?)?);
    }
    Ok(tickets)
}

/// What the table of tickets did not have before there were counts.
async fn keep_columns(on: &mut Connection, ticket: &Ticket, reopened_at: Option<Timestamp>) -> Result<()> {
    if ticket.block.is_none() && ticket.closed_at.is_none() && reopened_at.is_none() {
        return Ok(());
    }
    let sql = "UPDATE tickets SET block = ?2, closed_at = ?3, closure = ?4, reopened_at = ?5 WHERE number = ?1";
    let values = values![
        ticket.number.as_u64() as i64,
        &ticket.block,
        ticket.closed_at.map(micros),
        ticket.closure.map(Closure::as_str),
        reopened_at.map(micros)
    ];
    on.execute(sql, values).await.map(|_| ())
}
