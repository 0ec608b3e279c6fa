//! Finding tickets: the newest first, page by page, by a place in the order rather than by counting.
//!
//! Every search ends as soon as its page is full. Words come in the order of registration, from the index of words;
//! everything else in the order of time, from an index of its own. Where several states are wanted, each gives its
//! newest and the newest of all are taken: no index holds several states in one order.

use super::connection::{Row, Value, values};
use super::error::{Result, StoreError};
use super::row::{micros, read_cursor, ticket, write_cursor};
use super::{Person, Store, finding, volumes};
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Closure, Event, Number, SealedEvent, SlaClass, State, Ticket};
use std::collections::BTreeSet;

/// What to look for; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct TicketQuery {
    /// Its number.
    pub number: Option<Number>,
    /// A telephone number of its person.
    pub phone: Option<PhoneNumber>,
    /// Words of the name of its person; the beginning of a word suffices.
    pub name: Option<String>,
    /// Any of these states; none means any.
    pub states: Vec<State>,
    /// Category code.
    pub category: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// LGD code of the district; empty: where it is not known.
    pub district: Option<String>,
    /// By which way it first came.
    pub channel: Option<Channel>,
    /// Sign-in name of the person who has it; empty: nobody.
    pub officer: Option<String>,
    /// Whether it is an emergency.
    pub emergency: Option<bool>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub to: Option<Timestamp>,
    /// Code of block or municipality; empty: where it is not known.
    pub block: Option<String>,
    /// Class of its limit.
    pub class: Option<SlaClass>,
    /// When it is due.
    pub due: Within,
    /// When it was closed, while it is.
    pub closed: Within,
    /// When it was reopened last.
    pub reopened: Within,
    /// Whether it was closed after its limit.
    pub closed_late: Option<bool>,
    /// Words of what was said; the beginning of a word suffices.
    pub q: Option<String>,
    /// With one of these offices.
    pub offices: Option<BTreeSet<String>>,
    /// Complains of none of these offices.
    pub not_about: BTreeSet<String>,
    /// Open, and to be resolved before this time.
    pub late_at: Option<Timestamp>,
    /// On whose word it was closed.
    pub closure: Option<Closure>,
}

/// Between two moments, where they are given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Within {
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
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

/// Conditions and their parameters.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Value<'static>>,
}

impl Conditions {
    /// A parameter, and its number.
    fn value(&mut self, value: impl Into<Value<'static>>) -> usize {
        self.values.push(value.into());
        self.values.len()
    }

    /// `column operator ?n`.
    fn compare(&mut self, before: &str, value: Option<impl Into<Value<'static>>>) {
        if let Some(value) = value {
            let n = self.value(value);
            self.sql.push(format!("{before} ?{n}"));
        }
    }

    /// Parameters for a list of codes; NULL, which is none, for an empty one.
    fn places(&mut self, codes: &BTreeSet<String>) -> String {
        let places: Vec<_> = codes.iter().map(|code| format!("?{}", self.value(code.clone()))).collect();
        if places.is_empty() { "NULL".to_owned() } else { places.join(", ") }
    }

    /// A place by its code, or an officer by name; the empty text stands for tickets of which it is not known.
    fn place(&mut self, column: &str, code: Option<&str>) {
        match code {
            Some("") => self.sql.push(format!("COALESCE(t.{column}, '') = ''")),
            code => self.compare(&format!("t.{column} ="), code.map(str::to_owned)),
        }
    }

    /// All of them, and one more.
    fn and(&self, more: Option<String>) -> String {
        let all: Vec<_> = self.sql.iter().map(String::as_str).chain(more.as_deref()).collect();
        if all.is_empty() { String::new() } else { format!("WHERE {}", all.join(" AND ")) }
    }
}

const COLUMNS: &str = "t.folded, t.excerpt, t.serial, t.registered_at, t.number";

impl Store {
    /// Finds tickets, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none of ours; [`StoreError::Unavailable`] if the search takes too long.
    pub async fn search(&self, wanted: TicketQuery, cursor: Option<&str>, limit: u32) -> Result<Page<Found>> {
        let limit = limit.min(200) as usize;
        let words = finding::words_wanted(wanted.q.as_deref(), wanted.name.as_deref());
        if words.is_empty() && (wanted.q.is_some() || wanted.name.is_some()) && !is_blank(&wanted) {
            return Ok(Page { items: Vec::new(), next: None }); // only signs were asked for: no text has them as words
        }
        if words.is_empty() || wanted.number.is_some() || wanted.phone.is_some() {
            self.by_time(&wanted, &words, cursor, limit).await
        } else {
            self.by_words(&wanted, &words, cursor, limit).await
        }
    }

    /// The newest with these words: volume by volume, until the page is full.
    async fn by_words(&self, wanted: &TicketQuery, words: &BTreeSet<String>, cursor: Option<&str>, limit: usize) -> Result<Page<Found>> {
        let before = match cursor {
            Some(cursor) => cursor.parse::<i64>().map_err(|_| StoreError::Cursor)?,
            None => 1 + self.newest_serial().await?,
        };
        let mut rows: Vec<Row> = Vec::new();
        for span in volumes::newest_first(volumes::volume(before - 1)) {
            let mut c = conditions(wanted);
            let (from, has) = self.dialect.found_by_words(c.value(self.dialect.match_words(words, span.map(|volume| volume.to_string()))));
            c.sql.push(has);
            let order = self.dialect.order_of_words();
            c.compare(&format!("{order} <"), Some(before));
            let left = limit + 1 - rows.len();
            let sql = format!("SELECT {COLUMNS} FROM {from} {} ORDER BY {order} DESC LIMIT {left}", c.and(one_of(&wanted.states)));
            rows.extend(self.readers.rows(&sql, &c.values).await?);
            if rows.len() > limit {
                break;
            }
        }
        self.page(&rows, limit, |last| Ok(last.get::<i64>("serial")?.to_string())).await
    }

    /// The newest in the order of time; the words, where some are wanted, are looked for in what else was found.
    async fn by_time(&self, wanted: &TicketQuery, words: &BTreeSet<String>, cursor: Option<&str>, limit: usize) -> Result<Page<Found>> {
        let mut c = conditions(wanted);
        if !words.is_empty() {
            let n = c.value(self.dialect.match_words(words, [volumes::ITS_OWN.to_owned()]));
            c.sql.push(self.dialect.has_words(n));
        }
        let (sql, values) = in_order_of_time(c, wanted, cursor, limit + 1)?;
        let rows = self.readers.rows(&sql, &values).await?;
        self.page(&rows, limit, place).await
    }

    async fn newest_serial(&self) -> Result<i64> {
        let row = self.readers.row("SELECT COALESCE(MAX(serial), -1) AS newest FROM tickets", &[]).await?;
        row.map_or(Ok(-1), |row| row.get("newest"))
    }

    /// A page of these rows, of which there is one more than belongs on it where another page follows.
    async fn page(&self, rows: &[Row], limit: usize, place: impl Fn(&Row) -> Result<String>) -> Result<Page<Found>> {
        let last = rows.get(limit).and_then(|_| rows.get(limit.wrapping_sub(1)));
        let next = last.map(place).transpose()?;
        Ok(Page { items: self.found(&rows[..rows.len().min(limit)]).await?, next })
    }

    async fn found(&self, rows: &[Row]) -> Result<Vec<Found>> {
        let tickets = rows.iter().map(ticket).collect::<Result<Vec<_>>>()?;
        let persons = self.persons(tickets.iter().map(|t| t.person)).await?;
        let both = tickets.into_iter().zip(rows);
        both.map(|(ticket, row)| {
            let excerpt: String = row.get("excerpt")?;
            Ok(Found { person: persons.get(&ticket.person).cloned(), ticket, excerpt: Some(excerpt).filter(|e| !e.is_empty()) })
        })
        .collect()
    }

    /// The ticket of this number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket(&self, number: Number) -> Result<Option<Ticket>> {
        let row = self.readers.row("SELECT folded FROM tickets WHERE number = ?1", values![number.as_u64() as i64]).await?;
        row.as_ref().map(ticket).transpose()
    }

    /// The events of a ticket, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(&self, number: Number) -> Result<Vec<SealedEvent>> {
        let sql = "SELECT seq, body, hash FROM events WHERE ticket = ?1 ORDER BY seq";
        let rows = self.readers.rows(sql, values![number.as_u64() as i64]).await?;
        let read = |row: &Row| {
            let event: Event = serde_json::from_str(&row.get::<String>("body")?)?;
            let seq = u32::try_from(row.get::<i64>("seq")?).unwrap_or(u32::MAX);
            Ok(SealedEvent { seq, event, hash: super::row::hash(&row.get::<Vec<u8>>("hash")?)? })
        };
        rows.iter().map(read).collect()
    }
}

/// The conditions that a ticket `t` of a list must meet, but for words, with their parameters.
pub(super) fn conditions_of(wanted: &TicketQuery) -> (String, Vec<Value<'static>>) {
    let c = conditions(wanted);
    (c.and(one_of(&wanted.states)), c.values)
}

fn conditions(wanted: &TicketQuery) -> Conditions {
    let mut c = Conditions::default();
    c.compare("t.number =", wanted.number.map(|n| n.as_u64() as i64));
    if let Some(phone) = &wanted.phone {
        let n = c.value(phone.as_str().to_owned());
        c.sql.push(format!("t.person IN (SELECT person FROM identities WHERE kind = 'phone' AND value = ?{n})"));
    }
    c.compare("t.category =", wanted.category.clone());
    c.compare("t.department =", wanted.department.clone());
    c.place("district", wanted.district.as_deref());
    c.place("block", wanted.block.as_deref());
    c.compare("t.sla_class =", wanted.class.map(SlaClass::as_str));
    for (column, within) in [("due_at", wanted.due), ("closed_at", wanted.closed), ("reopened_at", wanted.reopened)] {
        c.compare(&format!("t.{column} >="), within.from.map(micros));
        c.compare(&format!("t.{column} <"), within.to.map(micros));
    }
    if let Some(late) = wanted.closed_late {
        c.sql.push(format!("t.closed_at {} t.due_at", if late { ">" } else { "<=" }));
    }
    c.place("officer", wanted.officer.as_deref());
    c.compare("t.channel =", wanted.channel.map(|channel| channel.as_str()));
    if let Some(emergency) = wanted.emergency {
        c.sql.push(format!("t.emergency = {}", u8::from(emergency)));
    }
    c.compare("t.registered_at >=", wanted.from.map(micros));
    c.compare("t.registered_at <", wanted.to.map(micros));
    c.compare("t.closure =", wanted.closure.map(Closure::as_str));
    if let Some(at) = wanted.late_at {
        c.compare("t.next_due_at IS NOT NULL AND t.due_at <", Some(micros(at)));
    }
    if let Some(offices) = &wanted.offices {
        let places = c.places(offices);
        c.sql.push(format!("t.office IN ({places})"));
    }
    if !wanted.not_about.is_empty() {
        let places = c.places(&wanted.not_about);
        c.sql.push(format!("NOT EXISTS (SELECT 1 FROM complained_of o WHERE o.ticket = t.number AND o.office IN ({places}))"));
    }
    c
}

/// A search in the order of time.
fn in_order_of_time(mut c: Conditions, wanted: &TicketQuery, cursor: Option<&str>, limit: usize) -> Result<(String, Vec<Value<'static>>)> {
    if cursor.is_some() {
        let (at, number) = read_cursor(cursor)?;
        let (at, number) = (c.value(at), c.value(number.parse::<i64>().map_err(|_| StoreError::Cursor)?));
        c.sql.push(format!("(t.registered_at, t.number) < (?{at}, ?{number})"));
    }
    let order = format!("ORDER BY registered_at DESC, number DESC LIMIT {limit}");
    let of = |state: Option<String>| format!("SELECT {COLUMNS} FROM tickets t {} {order}", c.and(state));
    // The index of a department's tickets is by state, too.
    let all_states = if wanted.department.is_some() && wanted.states.is_empty() { &State::ALL[..] } else { &wanted.states[..] };
    let sql = match all_states {
        [] => of(None),
        [state] => of(one_of(&[*state])),
        several => {
            let each = several.iter().enumerate().map(|(n, state)| format!("SELECT * FROM ({}) AS s{n}", of(one_of(&[*state]))));
            format!("{} {order}", each.collect::<Vec<_>>().join(" UNION ALL "))
        }
    };
    Ok((sql, c.values))
}

/// Names of states are ours: nothing in them needs quoting.
fn one_of(states: &[State]) -> Option<String> {
    let names: Vec<_> = states.iter().map(|s| format!("'{s}'")).collect();
    (!names.is_empty()).then(|| format!("t.state IN ({})", names.join(", ")))
}

/// Whether neither text nor name was given, but for spaces.
fn is_blank(wanted: &TicketQuery) -> bool {
    [&wanted.q, &wanted.name].into_iter().flatten().all(|text| text.trim().is_empty())
}

fn place(last: &Row) -> Result<String> {
    Ok(write_cursor(super::row::time(last, "registered_at")?, &last.get::<i64>("number")?.to_string()))
}
