//! Taking in a contact: the person, the ticket, its first event, its words, what must be sent — one transaction.

use super::append::{Life, NewMessage, changed};
use super::connection::{BoxWork, Connection, values};
use super::error::{Result, StoreError};
use super::row::micros;
use super::writer::Work;
use super::{Change, Dialect, Store, finding, people};
use daak_domain::Timestamp;
use daak_domain::contact::{Contact, Outcome};
use daak_domain::language::Language;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, SlaClass, State, Ticket};

/// A contact that has been understood, and what is to become of it.
pub struct TakeIn<M> {
    /// The contact.
    pub contact: Contact,
    /// A new ticket, or one that it joins.
    pub destination: Destination,
    /// Further events of the ticket, after its registration or the joining.
    pub then: Vec<EventBody>,
    /// Makes what must be sent out of the ticket as it then is.
    pub messages: M,
}

/// Where a contact goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// A new ticket.
    Open(Box<Opening>),
    /// An open ticket of the same person. If it is no longer open, a new one is opened instead.
    Join(Number, Box<Opening>),
    /// A ticket of the same person, in whatever state it is and stays: nothing has to be done.
    LayBy(Number),
    /// A ticket of the same person that is closed, and is reopened by these words; it goes to this office. One that cannot be
    /// is left alone, and a new one is opened instead.
    Reopen(Number, Box<Opening>, Option<String>),
}

/// What a new ticket begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    pub sla_class: SlaClass,
    /// Whether life or limb are at stake.
    pub emergency: bool,
    /// In which language to answer.
    pub language: Language,
    /// LGD code of the district.
    pub district: Option<String>,
    /// Code of block or municipality.
    pub block: Option<String>,
    /// When it must be resolved.
    pub due_at: Timestamp,
    /// Code of the office with which it lies.
    pub office: Option<String>,
}

/// What became of a contact.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenIn {
    /// Its ticket.
    pub ticket: Ticket,
    /// How it met it.
    pub outcome: Outcome,
    /// Its name in events.
    pub contact: i64,
}

impl Store {
    /// Takes in a contact, once for each `(channel, external_id)`: a second arrival changes nothing and
    /// answers the ticket of the first.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`]: nothing was taken in; keep it and try again.
    pub async fn take_in<M: Fn(&Ticket) -> Vec<NewMessage> + Send + Sync + 'static>(&self, new: TakeIn<M>) -> Result<TakenIn> {
        let text = new.contact.statement.text().or(new.contact.statement.draft()).unwrap_or_default();
        let excerpt = text.chars().take(160).collect();
        let words = finding::words_of(&new.contact);
        let body = serde_json::to_string(&new.contact)?;
        self.writer.work(Taking { dialect: self.dialect, new, words, excerpt, body }).await
    }
}

struct Taking<M> {
    dialect: Dialect,
    new: TakeIn<M>,
    words: std::collections::BTreeSet<String>,
    excerpt: String,
    body: String,
}

impl<M: Fn(&Ticket) -> Vec<NewMessage> + Send + Sync + 'static> Work for Taking<M> {
    type Answer = TakenIn;

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, TakenIn> {
        Box::pin(async move {
            if let Some(before) = self.repeated(on).await? {
                return Ok(before);
            }
            let person = people::find_or_make(on, &self.new.contact).await?;
            match &self.new.destination {
                Destination::Join(number, opening) => {
                    let life = Life::load(self.dialect, on, *number).await?;
                    let reopens = || self.new.then.iter().any(|body| matches!(body, EventBody::Reopened { .. }));
                    if life.ticket.state.is_open() || reopens() {
                        self.join(on, person, life, changes).await
                    } else {
                        self.open(on, person, opening, changes).await
                    }
                }
                Destination::LayBy(number) => {
                    let life = Life::load(self.dialect, on, *number).await?;
                    self.join(on, person, life, changes).await
                }
                Destination::Reopen(number, opening, up) => {
                    let mut life = Life::load(self.dialect, on, *number).await?;
                    if life.ticket.state == State::Closed {
                        let reason = self.excerpt.clone();
                        let at = self.new.contact.received_at.max(life.ticket.closed_at.unwrap_or(self.new.contact.received_at));
                        life.add(&Event {
                            at,
                            by: Actor::Citizen,
                            body: EventBody::Reopened { reason, office: up.clone(), appeal: false },
                        })?;
                    }
                    if life.ticket.state.is_open() {
                        self.join(on, person, life, changes).await
                    } else {
                        self.open(on, person, opening, changes).await
                    }
                }
                Destination::Open(opening) => self.open(on, person, opening, changes).await,
            }
        })
    }
}

impl<M: Fn(&Ticket) -> Vec<NewMessage> + Send + Sync> Taking<M> {
    async fn repeated(&self, on: &mut Connection) -> Result<Option<TakenIn>> {
        let sql = "SELECT c.id, t.folded FROM contacts c JOIN tickets t ON t.number = c.ticket WHERE c.channel = ?1 AND c.external_id = ?2";
        let row = on.row(sql, values![self.new.contact.channel.as_str(), &self.new.contact.external_id]).await?;
        row.map(|row| Ok(TakenIn { ticket: super::row::ticket(&row)?, outcome: Outcome::Repeated, contact: row.get("id")? })).transpose()
    }

    async fn open(&self, on: &mut Connection, person: i64, opening: &Opening, changes: &mut Vec<Change>) -> Result<TakenIn> {
        let serial = self.dialect.next_serial(on).await?;
        let number = Number::from_serial(u64::try_from(serial).map_err(|_| StoreError::Damaged("a serial is negative".into()))?);
        let contact = self.insert_contact(on, number, person).await?;
        let o = opening.clone();
        let body = EventBody::Registered {
            contact,
            person,
            channel: self.new.contact.channel,
            category: o.category,
            department: o.department,
            sla_class: o.sla_class,
            emergency: o.emergency,
            language: o.language,
            district: o.district,
            block: o.block,
            due_at: o.due_at,
            office: o.office,
        };
        let event = Event { at: self.new.contact.received_at, by: Actor::Citizen, body };
        let mut life = Life::open(number, &event)?;
        self.go_on(on, &mut life, changes).await?;
        life.log(on).await?;
        insert_ticket(on, &life, serial, &self.excerpt).await?;
        life.count(on).await?;
        changes.push(changed(&life.ticket));
        self.dialect.keep_words(on, (number, serial), &self.words, false).await?;
        Ok(TakenIn { ticket: life.ticket, outcome: Outcome::Opened, contact })
    }

    async fn join(&self, on: &mut Connection, person: i64, mut life: Life, changes: &mut Vec<Change>) -> Result<TakenIn> {
        let number = life.ticket.number;
        let contact = self.insert_contact(on, number, person).await?;
        let body = EventBody::ContactJoined { contact, channel: self.new.contact.channel };
        life.add(&Event { at: self.new.contact.received_at, by: Actor::Citizen, body })?;
        self.go_on(on, &mut life, changes).await?;
        let ticket = life.save(on, changes).await?;
        finding::find_anew(self.dialect, on, number).await?;
        Ok(TakenIn { ticket, outcome: Outcome::Joined, contact })
    }

    async fn go_on(&self, on: &mut Connection, life: &mut Life, changes: &mut Vec<Change>) -> Result<()> {
        let at = self.new.contact.received_at;
        for body in &self.new.then {
            life.add(&Event { at, by: whose(body), body: body.clone() })?;
        }
        for message in (self.new.messages)(&life.ticket) {
            life.send(on, &message, at, changes).await?;
        }
        Ok(())
    }

    async fn insert_contact(&self, on: &mut Connection, ticket: Number, person: i64) -> Result<i64> {
        let sql =
            "INSERT INTO contacts (channel, external_id, ticket, person, received_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
        let c = &self.new.contact;
        let values = values![c.channel.as_str(), &c.external_id, ticket.as_u64() as i64, person, micros(c.received_at), &self.body];
        on.row(sql, values).await?.ok_or(StoreError::NotFound("contact"))?.get("id")
    }
}

/// Who does what a contact brings with it: what only the citizen can say, the citizen.
fn whose(body: &EventBody) -> Actor {
    match body {
        EventBody::Answered { .. } | EventBody::Closed { .. } | EventBody::AtrReturned { .. } | EventBody::Reopened { .. } => {
            Actor::Citizen
        }
        _ => Actor::Helpline,
    }
}

async fn insert_ticket(on: &mut Connection, life: &Life, serial: i64, excerpt: &str) -> Result<()> {
    let t = &life.ticket;
    let sql =
        "INSERT INTO tickets (number, state, person, channel, category, department, sla_class, emergency, district, officer, registered_at,
               due_at, seq, folded, tail, excerpt, serial, office, next_due_at, block, closed_at, closure)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
    let values = values![
        t.number.as_u64() as i64,
        t.state.as_str(),
        t.person,
        t.channel.as_str(),
        &t.category,
        &t.department,
        t.sla_class.as_str(),
        i64::from(t.emergency),
        &t.district,
        &t.officer,
        micros(t.registered_at),
        micros(t.due_at),
        i64::from(t.seq),
        serde_json::to_string(t)?,
        &life.tail[..],
        excerpt,
        serial,
        t.holder(),
        t.has_clock().then(|| micros(t.registered_at)),
        &t.block,
        t.closed_at.map(micros),
        t.closure.map(Closure::as_str),
    ];
    on.execute(sql, values).await.map(|_| ())
}
