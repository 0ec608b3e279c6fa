//! Everything that happened to all tickets, in the order in which it became durable: what other systems follow.
//!
//! On PostgreSQL several transactions end at once, so the order is that of the transactions, and nothing is given out while one that
//! began before it may still write: whoever goes on from a place never misses what came before it.

use super::connection::{Row, Value};
use super::error::{Result, StoreError};
use super::row::{micros, ticket};
use super::{Dialect, Store, matters};
use daak_domain::Timestamp;
use daak_domain::ticket::{Event, Number, Ticket};

/// Which changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeQuery {
    /// After this place; from the beginning where absent.
    pub after: Option<Place>,
    /// Of events at this time or later.
    pub from: Option<Timestamp>,
    /// Of events before this time.
    pub to: Option<Timestamp>,
    /// Only those of tickets that everybody may see, and of what this portal handed in.
    pub public: bool,
    /// How the contacts of that portal are named.
    pub portal: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Default for ChangeQuery {
    fn default() -> Self {
        Self { after: None, from: None, to: None, public: false, portal: None, limit: 100 }
    }
}

/// A place in the order of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    written: i64,
    id: i64,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Its place.
    pub place: Place,
    /// The ticket's number.
    pub number: Number,
    /// The event's place in the ticket's life.
    pub seq: u32,
    /// The event.
    pub event: Event,
    /// The ticket as it is now.
    pub ticket: Ticket,
}

impl Place {
    /// Reads what [`std::fmt::Display`] wrote.
    ///
    /// # Errors
    /// [`StoreError::Cursor`].
    pub fn parse(text: &str) -> Result<Self> {
        let (written, id) = text.split_once('-').ok_or(StoreError::Cursor)?;
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0).ok_or(StoreError::Cursor);
        Ok(Self { written: number(written)?, id: number(id)? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.written, self.id)
    }
}

impl Store {
    /// The place of the last change.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_change(&self) -> Result<Place> {
        let row = self.readers.row("SELECT written, id FROM changes ORDER BY id DESC LIMIT 1", &[]).await?;
        row.map(|row| Ok(Place { written: row.get("written")?, id: row.get("id")? })).transpose().map(Option::unwrap_or_default)
    }

    /// Changes, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn changes_of(&self, query: ChangeQuery) -> Result<Vec<ChangeRow>> {
        let after = query.after.unwrap_or_default();
        let mut values: Vec<Value<'static>> = vec![after.written.into(), after.id.into()];
        let mut conditions = vec![self.dialect.after_change().to_owned()];
        let mut bound = |condition: &str, value: Value<'static>| {
            values.push(value);
            conditions.push(format!("{condition} ?{}", values.len()));
        };
        if let Some(from) = query.from {
            bound("c.at >=", micros(from).into());
        }
        if let Some(to) = query.to {
            bound("c.at <", micros(to).into());
        }
        let mut first = "";
        if query.public {
            first = matters::FIRST_CONTACT;
            conditions.push(matters::seen(query.portal.as_deref(), &mut values));
        }
        let order = if self.dialect == Dialect::Sqlite { "c.id" } else { "c.written, c.id" };
        let sql = format!(
            "SELECT c.written, c.id, e.seq, e.body, t.folded FROM changes c JOIN events e ON e.ticket = c.ticket AND e.seq = c.seq
             JOIN tickets t ON t.number = c.ticket {first} WHERE {} ORDER BY {order} LIMIT {}",
            conditions.join(" AND "),
            query.limit.min(1000)
        );
        self.readers.rows(&sql, &values).await?.iter().map(change).collect()
    }
}

fn change(row: &Row) -> Result<ChangeRow> {
    let ticket = ticket(row)?;
    Ok(ChangeRow {
        place: Place { written: row.get("written")?, id: row.get("id")? },
        number: ticket.number,
        seq: u32::try_from(row.get::<i64>("seq")?).unwrap_or(u32::MAX),
        event: serde_json::from_str(&row.get::<String>("body")?)?,
        ticket,
    })
}
