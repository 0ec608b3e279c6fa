//! Citizens: one person with several telephones, addresses and names in channels.

use super::connection::{Connection, Value, values};
use super::error::{MET_ANOTHER, Result, StoreError};
use super::row::{micros, number};
use super::{Store, StoredContact, row};
use daak_domain::contact::{Channel, Contact, Sender};
use daak_domain::language::Language;
use daak_domain::person::Identity;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Number, Ticket};
use std::collections::{BTreeMap, BTreeSet};

/// A citizen, as far as known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name in events.
    pub id: i64,
    /// As given, last.
    pub name: Option<String>,
    /// Telephone numbers, E.164.
    pub phones: Vec<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// Names within channels.
    pub handles: Vec<String>,
}

impl Store {
    /// The person of this name in events.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn person(&self, id: i64) -> Result<Option<Person>> {
        Ok(self.persons([id]).await?.remove(&id))
    }

    /// The persons of these names in events, each once.
    pub(super) async fn persons(&self, ids: impl IntoIterator<Item = i64>) -> Result<BTreeMap<i64, Person>> {
        let ids: BTreeSet<i64> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let places: Vec<_> = (1..=ids.len()).map(|n| format!("?{n}")).collect();
        let (places, values) = (places.join(", "), ids.into_iter().map(Value::from).collect::<Vec<_>>());
        self.readers.read(move |on| Box::pin(persons(on, places, values))).await
    }

    /// The person whom a sender is: by telephone, else by mail address, else by name in the channel.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn person_of(&self, sender: &Sender) -> Result<Option<i64>> {
        let sender = sender.clone();
        self.readers.read(move |on| Box::pin(async move { find(on, &sender).await })).await
    }

    /// Tickets of a person on which somebody still has to do something, the newest first, at most 20.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn open_tickets_of(&self, person: i64) -> Result<Vec<Ticket>> {
        let sql = "SELECT folded FROM tickets WHERE person = ?1 AND state NOT IN ('closed', 'merged') ORDER BY registered_at DESC LIMIT 20";
        self.readers.rows(sql, values![person]).await?.iter().map(row::ticket).collect()
    }

    /// The contacts of a ticket, the oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn contacts_of(&self, number: Number) -> Result<Vec<StoredContact>> {
        let sql = "SELECT id, body FROM contacts WHERE ticket = ?1 ORDER BY id";
        self.readers.rows(sql, values![number.as_u64() as i64]).await?.iter().map(row::contact).collect()
    }

    /// The ticket of the contact, or of the message of ours, that a channel knows by this name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn ticket_of_contact(&self, channel: Channel, name: &str) -> Result<Option<Number>> {
        let (channel, name) = (channel.as_str(), name.to_owned());
        let read = self.readers.read(move |on| {
            Box::pin(async move {
                let sql = "SELECT ticket FROM contacts WHERE channel = ?1 AND external_id = ?2";
                let mut contact = on.row(sql, values![channel, &name]).await?;
                if contact.is_none() && channel == Channel::Email.as_str() {
                    // Whatever answers a mail knows its Message-ID, not the whole name.
                    let sql = "SELECT ticket FROM contacts WHERE channel = 'email' AND message_id = ?1 ORDER BY id DESC LIMIT 1";
                    contact = on.row(sql, values![&name]).await?;
                }
                let sql = "SELECT ticket FROM outbox WHERE carrier_id = ?1 AND channel = ?2 AND ticket IS NOT NULL";
                if contact.is_some() { Ok(contact) } else { on.row(sql, values![&name, channel]).await }
            })
        });
        Ok(read.await?.map(|row| number(&row, "ticket")).transpose()?.flatten())
    }

    /// The language that this number chose last.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn remembered_language(&self, phone: &PhoneNumber) -> Result<Option<Language>> {
        let row = self.readers.row("SELECT language FROM languages WHERE phone = ?1", values![phone.as_str()]).await?;
        Ok(row.map(|row| row.get::<String>("language")).transpose()?.and_then(|code| code.parse().ok()))
    }
}

async fn persons(on: &mut Connection, places: String, values: Vec<Value<'static>>) -> Result<BTreeMap<i64, Person>> {
    let mut persons = BTreeMap::new();
    for row in on.rows(&format!("SELECT id, name FROM persons WHERE id IN ({places})"), &values).await? {
        let id = row.get("id")?;
        let person = Person { id, name: row.get("name")?, phones: Vec::new(), emails: Vec::new(), handles: Vec::new() };
        persons.insert(id, person);
    }
    let sql = format!("SELECT person, kind, value FROM identities WHERE person IN ({places}) ORDER BY person, kind, value");
    for row in on.rows(&sql, &values).await? {
        let Some(person) = persons.get_mut(&row.get("person")?) else { continue };
        let value = row.get("value")?;
        match row.get::<String>("kind")?.as_str() {
            "phone" => person.phones.push(value),
            "email" => person.emails.push(value),
            _ => person.handles.push(value),
        }
    }
    Ok(persons)
}

pub(super) async fn find(on: &mut Connection, sender: &Sender) -> Result<Option<i64>> {
    for identity in Identity::of(sender) {
        let (kind, value) = identity.stored();
        let sql = "SELECT person FROM identities WHERE kind = ?1 AND value = ?2";
        if let Some(row) = on.row(sql, values![kind, value]).await? {
            return Ok(Some(row.get("person")?));
        }
    }
    Ok(None)
}

/// The person of a contact, made if unknown. Identities that belong to somebody else stay with them: a mail
/// address that two people use never merges the two.
pub(super) async fn find_or_make(on: &mut Connection, contact: &Contact) -> Result<i64> {
    let sender = &contact.sender;
    let known = find(on, sender).await?;
    let person = match known {
        Some(known) => known,
        None => {
            let sql = "INSERT INTO persons (name, language, created_at) VALUES (?1, ?2, ?3) RETURNING id";
            let values = values![&sender.name, contact.language.map(Language::code), micros(contact.received_at)];
            on.row(sql, values).await?.ok_or(StoreError::NotFound("person"))?.get("id")?
        }
    };
    for identity in Identity::of(sender) {
        let (kind, value) = identity.stored();
        let sql = "INSERT INTO identities (kind, value, person) VALUES (?1, ?2, ?3) ON CONFLICT (kind, value) DO NOTHING";
        if on.execute(sql, values![kind, value, person]).await? == 0 && known.is_none() {
            // A moment ago nobody had it: another one made the same person at the same time.
            return Err(StoreError::Unavailable(MET_ANOTHER.into()));
        }
    }
    if let Some(name) = sender.name.as_ref().filter(|_| known.is_some()) {
        on.execute("UPDATE persons SET name = ?2 WHERE id = ?1 AND name IS NULL", values![person, name]).await?;
    }
    Ok(person)
}
