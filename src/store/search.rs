//! Finding tickets: the newest first, page by page, by a place in the order rather than by counting.

use super::error::{Result, StoreError};
use super::row::{micros, ticket};
use super::{Person, Store, words};
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Event, Number, SealedEvent, State, Ticket};
use sqlx::Row;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

/// What to look for; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct TicketQuery {
    /// Its number.
    pub number: Option<Number>,
    /// A telephone number of its person.
    pub phone: Option<PhoneNumber>,
    /// A part of the name of its person.
    pub name: Option<String>,
    /// Any of these states; none means any.
    pub states: Vec<State>,
    /// Category code.
    pub category: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// LGD code of the district.
    pub district: Option<String>,
    /// By which way it first came.
    pub channel: Option<Channel>,
    /// Sign-in name of the person who has it.
    pub officer: Option<String>,
    /// Whether it is an emergency.
    pub emergency: Option<bool>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub to: Option<Timestamp>,
    /// Words of what was said; the beginning of a word suffices.
    pub q: Option<String>,
}

/// A ticket that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The ticket.
    pub ticket: Ticket,
    /// Its person.
    pub person: Option<Person>,
    /// The beginning of what was said.
    pub excerpt: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Gives the next page; none after the last.
    pub next: Option<String>,
}

enum Value {
    Number(i64),
    Text(String),
}

#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds `column operator $n`.
    fn add(&mut self, before: &str, value: Value) {
        self.values.push(value);
        self.sql.push(format!("{before} ${}", self.values.len()));
    }

    fn text(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(&format!("t.{column} ="), Value::Text(value.to_owned()));
        }
    }
}

impl Store {
    /// Finds tickets, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours.
    pub async fn search(&self, wanted: TicketQuery, cursor: Option<&str>, limit: u32) -> Result<Page<Found>> {
        let mut conditions = self.conditions(&wanted);
        if let Some(cursor) = cursor {
            let (at, number) = read_cursor(cursor)?;
            conditions.values.extend([Value::Number(at), Value::Number(number)]);
            let n = conditions.values.len();
            conditions.sql.push(format!("(t.registered_at, t.number) < (${}, ${n})", n - 1));
        }
        let filter = if conditions.sql.is_empty() { String::new() } else { format!("WHERE {}", conditions.sql.join(" AND ")) };
        let sql = format!(
            "SELECT t.folded, t.excerpt, t.registered_at FROM tickets t {filter} ORDER BY t.registered_at DESC, t.number DESC LIMIT {}",
            limit.min(200) + 1
        );
        let query = bind(sqlx::query(sqlx::AssertSqlSafe(sql)), conditions.values);
        let rows = query.fetch_all(&self.readers).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows.iter().take(limit.min(200) as usize) {
            let ticket = ticket(row)?;
            let excerpt: String = row.try_get("excerpt")?;
            let person = self.person(ticket.person).await?;
            items.push(Found { ticket, person, excerpt: Some(excerpt).filter(|e| !e.is_empty()) });
        }
        let more = rows.len() > items.len();
        let next = items.last().filter(|_| more).map(|last| write_cursor(&last.ticket));
        Ok(Page { items, next })
    }

    fn conditions(&self, wanted: &TicketQuery) -> Conditions {
        let mut c = Conditions::default();
        if let Some(number) = wanted.number {
            c.add("t.number =", Value::Number(number.as_u64() as i64));
        }
        if let Some(phone) = &wanted.phone {
            c.values.push(Value::Text(phone.as_str().to_owned()));
            let n = c.values.len();
            c.sql.push(format!("t.person IN (SELECT person FROM identities WHERE kind = 'phone' AND value = ${n})"));
        }
        if let Some(name) = &wanted.name {
            c.values.push(Value::Text(format!("%{}%", name.replace(['%', '_'], " ").to_lowercase())));
            let n = c.values.len();
            c.sql.push(format!("t.person IN (SELECT id FROM persons WHERE lower(name) LIKE ${n})"));
        }
        if !wanted.states.is_empty() {
            // Names of states are ours: nothing in them needs quoting.
            let states: Vec<_> = wanted.states.iter().map(|s| format!("'{s}'")).collect();
            c.sql.push(format!("t.state IN ({})", states.join(", ")));
        }
        c.text("category", wanted.category.as_deref());
        c.text("department", wanted.department.as_deref());
        c.text("district", wanted.district.as_deref());
        c.text("officer", wanted.officer.as_deref());
        c.text("channel", wanted.channel.map(Channel::as_str));
        if let Some(emergency) = wanted.emergency {
            c.add("t.emergency =", Value::Number(i64::from(emergency)));
        }
        if let Some(from) = wanted.from {
            c.add("t.registered_at >=", Value::Number(micros(from)));
        }
        if let Some(to) = wanted.to {
            c.add("t.registered_at <", Value::Number(micros(to)));
        }
        let words = words::words(wanted.q.as_deref().unwrap_or_default());
        if !words.is_empty() {
            c.values.push(Value::Text(self.dialect.match_words(&words)));
            c.sql.push(self.dialect.found_by(c.values.len()));
        }
        c
    }

    /// The ticket of this number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket(&self, number: Number) -> Result<Option<Ticket>> {
        let row =
            sqlx::query("SELECT folded FROM tickets WHERE number = $1").bind(number.as_u64() as i64).fetch_optional(&self.readers).await?;
        row.as_ref().map(ticket).transpose()
    }

    /// The events of a ticket, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(&self, number: Number) -> Result<Vec<SealedEvent>> {
        let sql = "SELECT seq, body, hash FROM events WHERE ticket = $1 ORDER BY seq";
        let rows = sqlx::query(sql).bind(number.as_u64() as i64).fetch_all(&self.readers).await?;
        let read = |row: &sqlx::any::AnyRow| {
            let (seq, body, hash): (i64, String, Vec<u8>) = (row.try_get("seq")?, row.try_get("body")?, row.try_get("hash")?);
            let event: Event = serde_json::from_str(&body)?;
            Ok(SealedEvent { seq: u32::try_from(seq).unwrap_or(u32::MAX), event, hash: super::row::hash(&hash)? })
        };
        rows.iter().map(read).collect()
    }
}

fn bind(mut query: Query<'_, sqlx::Any, AnyArguments>, values: Vec<Value>) -> Query<'_, sqlx::Any, AnyArguments> {
    for value in values {
        query = match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
        };
    }
    query
}

fn write_cursor(last: &Ticket) -> String {
    format!("{}-{}", micros(last.registered_at), last.number)
}

fn read_cursor(cursor: &str) -> Result<(i64, i64)> {
    let (at, number) = cursor.split_once('-').ok_or(StoreError::Cursor)?;
    Ok((at.parse().map_err(|_| StoreError::Cursor)?, number.parse().map_err(|_| StoreError::Cursor)?))
}
