//! Adding events to a ticket: checked by the state machine, chained, folded, with what must be sent for them.

use super::connection::{BoxWork, Connection, Value, values};
use super::error::{Result, StoreError};
use super::row::{hash, micros, ticket as folded, time};
use super::writer::Work;
use super::{Change, Dialect, Store, finding, insight};
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::Channel;
use daak_domain::insight::Facts;
use daak_domain::language::Language;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, GENESIS, MessageState, Number, Ticket, seal};

/// A message to be sent for what happens. Its `queued` event joins the ticket's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Names it for ever; a second message of the same key is the same one.
    pub key: String,
    /// By which way.
    pub channel: Channel,
    /// A telephone number, a mail address, a name within the channel.
    pub to: String,
    /// Name of its template.
    pub template: String,
    /// Language of its text.
    pub language: Language,
    /// What is sent.
    pub text: String,
    /// What goes with it.
    pub enclosed: Enclosed,
    /// What people see in the place of the text, and what remains of it when it was sent: the text is a secret.
    pub masked: Option<String>,
    /// Goes out at night too.
    pub urgent: bool,
    /// Not before.
    pub not_before: Timestamp,
}

struct Append<M> {
    dialect: Dialect,
    number: Number,
    seen: Option<u32>,
    events: Vec<Event>,
    messages: M,
}

impl Store {
    /// Adds events to a ticket, all or none. `seen` is how many events the asker had seen: if there are
    /// more now, nothing is added. `messages` makes what must be sent out of the ticket as it then is.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Illegal`], [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn append(
        &self,
        number: Number,
        seen: Option<u32>,
        events: Vec<Event>,
        messages: impl Fn(&Ticket) -> Vec<NewMessage> + Send + Sync + 'static,
    ) -> Result<Ticket> {
        self.writer.work(Append { dialect: self.dialect, number, seen, events, messages }).await
    }
}

impl<M: Fn(&Ticket) -> Vec<NewMessage> + Send + Sync + 'static> Work for Append<M> {
    type Answer = Ticket;

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, Ticket> {
        Box::pin(async move {
            let mut life = Life::load(self.dialect, on, self.number).await?;
            let now = life.ticket.seq;
            if let Some(seen) = self.seen.filter(|seen| *seen != now) {
                return Err(StoreError::Conflict { seen, now });
            }
            for event in &self.events {
                life.add(event)?;
            }
            if self.events.iter().any(|event| finding::said_in(&event.body).is_some()) {
                life.log(on).await?; // what was said is looked up there
                finding::find_anew(self.dialect, on, self.number).await?;
            }
            for message in (self.messages)(&life.ticket) {
                let at = self.events.last().map_or(message.not_before, |event| event.at);
                life.send(on, &message, at, changes).await?;
            }
            life.save(on, changes).await
        })
    }
}

/// Rows of the log in one statement.
const ROWS: usize = 50;

/// A ticket while events are added to it.
pub(super) struct Life {
    pub(super) ticket: Ticket,
    pub(super) tail: [u8; 32],
    /// When it was last reopened.
    pub(super) reopened_at: Option<Timestamp>,
    /// What was counted of it before; nothing of a new one.
    counted: Option<Facts>,
    /// Events that are not yet in the log; written together, for each statement is a journey to PostgreSQL.
    unlogged: Vec<Entry>,
    /// When something last happened by which its clock may stand otherwise, in microseconds; 0: nothing did.
    moved_at: i64,
    /// Who closed it just now.
    closed_by: Option<String>,
    /// Whom it complains of was said just now.
    restricted: bool,
    /// Its report is verified no more: the citizen is not asked about it any more, and about the next one anew.
    left_verification: bool,
}

/// A row of the log.
struct Entry {
    seq: u32,
    at: Timestamp,
    body: String,
    hash: [u8; 32],
}

impl Life {
    /// The ticket as it is, locked until the transaction ends.
    pub(super) async fn load(dialect: Dialect, on: &mut Connection, number: Number) -> Result<Self> {
        let sql = format!("SELECT folded, tail, reopened_at FROM tickets WHERE number = ?1{}", dialect.locked());
        let row = on.row(&sql, values![number.as_u64() as i64]).await?.ok_or(StoreError::NotFound("ticket"))?;
        let (ticket, reopened) = (folded(&row)?, row.get::<Option<i64>>("reopened_at")?);
        let reopened_at = reopened.map(|_| time(&row, "reopened_at")).transpose()?;
        Ok(Self {
            counted: Some(Facts::of(&ticket, reopened_at)),
            ticket,
            tail: hash(&row.get::<Vec<u8>>("tail")?)?,
            reopened_at,
            unlogged: Vec::new(),
            moved_at: 0,
            closed_by: None,
            restricted: false,
            left_verification: false,
        })
    }

    /// A new ticket, from its first event.
    pub(super) fn open(number: Number, event: &Event) -> Result<Self> {
        let ticket = Ticket::open(number, event)?;
        let mut life = Self {
            ticket,
            tail: GENESIS,
            reopened_at: None,
            counted: None,
            unlogged: Vec::new(),
            moved_at: 0,
            closed_by: None,
            restricted: false,
            left_verification: false,
        };
        life.chain(event)?;
        Ok(life)
    }

    /// Adds the next event to the fold, and to the log when the life is written.
    pub(super) fn add(&mut self, event: &Event) -> Result<()> {
        self.ticket.apply(event)?;
        self.left_verification |= matches!(event.body, EventBody::AtrReturned { .. } | EventBody::Closed { .. });
        if matches!(event.body, EventBody::Reopened { .. }) {
            self.reopened_at = Some(event.at);
        }
        match &event.body {
            EventBody::Message { .. } | EventBody::Amended { .. } | EventBody::Called { .. } | EventBody::Noted { .. } => {}
            EventBody::Closed { .. } => self.closed_by = Some(who(&event.by).to_owned()),
            EventBody::Restricted { .. } => self.restricted = true,
            _ => self.moved_at = micros(event.at),
        }
        self.chain(event)
    }

    fn chain(&mut self, event: &Event) -> Result<()> {
        let (seq, body) = (self.ticket.seq, serde_json::to_string(event)?);
        self.tail = seal(&self.tail, self.ticket.number, seq, body.as_bytes());
        self.unlogged.push(Entry { seq, at: event.at, body, hash: self.tail });
        Ok(())
    }

    /// Writes the events that are not yet in the log.
    pub(super) async fn log(&mut self, on: &mut Connection) -> Result<()> {
        let number = self.ticket.number.as_u64() as i64;
        for entries in self.unlogged.chunks(ROWS) {
            let places = (0..entries.len()).map(|n| 4 * n);
            let rows: Vec<_> = places.map(|n| format!("(?1, ?{}, ?{}, ?{}, ?{})", n + 2, n + 3, n + 4, n + 5)).collect();
            let sql = format!("INSERT INTO events (ticket, seq, at, body, hash) VALUES {}", rows.join(", "));
            let mut all = vec![Value::from(number)];
            for entry in entries {
                all.extend([i64::from(entry.seq).into(), micros(entry.at).into(), (&entry.body).into(), entry.hash[..].into()]);
            }
            on.execute(&sql, &all).await?;
        }
        self.unlogged.clear();
        Ok(())
    }

    /// Writes what changed in the counts.
    pub(super) async fn count(&self, on: &mut Connection) -> Result<()> {
        insight::record(on, self.counted.as_ref(), &Facts::of(&self.ticket, self.reopened_at)).await
    }

    /// Puts a message into the outbox and onto the timeline. One of a known key is left as it is.
    pub(super) async fn send(&mut self, on: &mut Connection, message: &NewMessage, at: Timestamp, changes: &mut Vec<Change>) -> Result<()> {
        if !super::outbox::put(on, Some(self.ticket.number), message, at).await? {
            return Ok(());
        }
        changes.push(Change::Message { key: message.key.clone(), state: "queued" });
        let body = EventBody::Message {
            message: message.key.clone(),
            template: message.template.clone(),
            channel: message.channel,
            state: MessageState::Queued,
            detail: None,
        };
        self.add(&Event { at, by: Actor::Helpline, body })
    }

    /// Writes the fold.
    pub(super) async fn save(mut self, on: &mut Connection, changes: &mut Vec<Change>) -> Result<Ticket> {
        self.log(on).await?;
        self.count(on).await?;
        let t = self.ticket;
        let sql = "UPDATE tickets SET state = ?2, category = ?3, department = ?4, sla_class = ?5, emergency = ?6, officer = ?7,
                   due_at = ?8, seq = ?9, folded = ?10, tail = ?11, district = ?12, office = ?13, closure = ?14,
                   closed_by = CASE WHEN ?14 IS NULL THEN NULL ELSE COALESCE(?15, closed_by) END,
                   next_due_at = CASE WHEN ?16 = 0 THEN NULL WHEN ?17 = 0 THEN next_due_at ELSE ?16 END, block = ?18, closed_at = ?19,
                   reopened_at = ?20 WHERE number = ?1";
        let values = values![
            t.number.as_u64() as i64,
            t.state.as_str(),
            &t.category,
            &t.department,
            t.sla_class.as_str(),
            i64::from(t.emergency),
            &t.officer,
            micros(t.due_at),
            i64::from(t.seq),
            serde_json::to_string(&t)?,
            &self.tail[..],
            &t.district,
            t.holder(),
            t.closure.map(Closure::as_str),
            &self.closed_by,
            if t.has_clock() { self.moved_at.max(1) } else { 0 },
            self.moved_at,
            &t.block,
            t.closed_at.map(micros),
            self.reopened_at.map(micros),
        ];
        on.execute(sql, values).await?;
        if self.left_verification {
            on.execute("DELETE FROM questions WHERE ticket = ?1", values![t.number.as_u64() as i64]).await?;
        }
        if self.restricted {
            keep_complained_of(on, &t).await?;
        }
        changes.push(changed(&t));
        Ok(t)
    }
}

/// What is told of a ticket that changed.
pub(super) fn changed(ticket: &Ticket) -> Change {
    Change::Ticket {
        number: ticket.number,
        seq: ticket.seq,
        state: ticket.state,
        department: ticket.department.clone(),
        emergency: ticket.emergency,
        office: ticket.holder().to_owned(),
        district: ticket.district.clone(),
        about: ticket.about.clone(),
    }
}

/// Who did something, in a word for counting.
fn who(by: &Actor) -> &str {
    match by {
        Actor::Person { name } | Actor::Machine { name } => name,
        Actor::Citizen => "citizen",
        Actor::Helpline => "helpline",
    }
}

/// Keeps beside the ticket of which offices it complains, for searching.
async fn keep_complained_of(on: &mut Connection, ticket: &Ticket) -> Result<()> {
    let number = ticket.number.as_u64() as i64;
    on.execute("DELETE FROM complained_of WHERE ticket = ?1", values![number]).await?;
    for office in &ticket.about {
        on.execute("INSERT INTO complained_of (ticket, office) VALUES (?1, ?2) ON CONFLICT DO NOTHING", values![number, office]).await?;
    }
    Ok(())
}
