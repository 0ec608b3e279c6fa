//! Citizens: one person with several telephones, addresses and names in channels.

use super::error::Result;
use super::row::micros;
use super::{Store, StoredContact, row};
use daak_domain::contact::{Channel, Contact, Sender};
use daak_domain::language::Language;
use daak_domain::person::Identity;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Number, Ticket};
use sqlx::{AnyConnection, Row};

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
        let Some(found) = sqlx::query("SELECT name FROM persons WHERE id = $1").bind(id).fetch_optional(&self.readers).await? else {
            return Ok(None);
        };
        let mut person = Person { id, name: found.try_get("name")?, phones: Vec::new(), emails: Vec::new(), handles: Vec::new() };
        for identity in sqlx::query("SELECT kind, value FROM identities WHERE person = $1").bind(id).fetch_all(&self.readers).await? {
            let value = identity.try_get("value")?;
            match identity.try_get::<String, _>("kind")?.as_str() {
                "phone" => person.phones.push(value),
                "email" => person.emails.push(value),
                _ => person.handles.push(value),
            }
        }
        Ok(Some(person))
    }

    /// The person whom a sender is: by telephone, else by mail address, else by name in the channel.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn person_of(&self, sender: &Sender) -> Result<Option<i64>> {
        let mut connection = self.readers.acquire().await?;
        find(&mut connection, sender).await
    }

    /// Tickets of a person on which somebody still has to do something, the newest first, at most 20.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn open_tickets_of(&self, person: i64) -> Result<Vec<Ticket>> {
        let sql = "SELECT folded FROM tickets WHERE person = $1 AND state NOT IN ('closed', 'merged') ORDER BY registered_at DESC LIMIT 20";
        sqlx::query(sql).bind(person).fetch_all(&self.readers).await?.iter().map(row::ticket).collect()
    }

    /// The contacts of a ticket, the oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn contacts_of(&self, number: Number) -> Result<Vec<StoredContact>> {
        let sql = "SELECT id, body FROM contacts WHERE ticket = $1 ORDER BY id";
        sqlx::query(sql).bind(number.as_u64() as i64).fetch_all(&self.readers).await?.iter().map(row::contact).collect()
    }

    /// The ticket of the contact, or of the message of ours, that a channel knows by this name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn ticket_of_contact(&self, channel: Channel, name: &str) -> Result<Option<Number>> {
        let sql = "SELECT ticket FROM contacts WHERE channel = $1 AND external_id = $2";
        let mut row = sqlx::query(sql).bind(channel.as_str()).bind(name).fetch_optional(&self.readers).await?;
        if row.is_none() {
            let sql = "SELECT ticket FROM outbox WHERE carrier_id = $1 AND channel = $2 AND ticket IS NOT NULL";
            row = sqlx::query(sql).bind(name).bind(channel.as_str()).fetch_optional(&self.readers).await?;
        }
        let number: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
        Ok(number.and_then(|n| Number::from_u64(u64::try_from(n).ok()?).ok()))
    }

    /// The language that this number chose last.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn remembered_language(&self, phone: &PhoneNumber) -> Result<Option<Language>> {
        let row = sqlx::query("SELECT language FROM languages WHERE phone = $1").bind(phone.as_str()).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.try_get::<String, _>(0)).transpose()?.and_then(|code| code.parse().ok()))
    }
}

async fn find(on: &mut AnyConnection, sender: &Sender) -> Result<Option<i64>> {
    for identity in Identity::of(sender) {
        let (kind, value) = identity.stored();
        let sql = "SELECT person FROM identities WHERE kind = $1 AND value = $2";
        if let Some(row) = sqlx::query(sql).bind(kind).bind(value).fetch_optional(&mut *on).await? {
            return Ok(Some(row.try_get(0)?));
        }
    }
    Ok(None)
}

/// The person of a contact, made if unknown. Identities that belong to somebody else stay with them: a mail
/// address that two people use never merges the two.
pub(super) async fn find_or_make(on: &mut AnyConnection, contact: &Contact) -> Result<i64> {
    let sender = &contact.sender;
    let (person, known) = match find(on, sender).await? {
        Some(known) => (known, true),
        None => {
            let sql = "INSERT INTO persons (name, language, created_at) VALUES ($1, $2, $3) RETURNING id";
            let language = contact.language.map(Language::code);
            let row = sqlx::query(sql).bind(&sender.name).bind(language).bind(micros(contact.received_at)).fetch_one(&mut *on).await?;
            (row.try_get(0)?, false)
        }
    };
    for identity in Identity::of(sender) {
        let (kind, value) = identity.stored();
        let sql = "INSERT INTO identities (kind, value, person) VALUES ($1, $2, $3) ON CONFLICT (kind, value) DO NOTHING";
        sqlx::query(sql).bind(kind).bind(value).bind(person).execute(&mut *on).await?;
    }
    if let Some(name) = sender.name.as_ref().filter(|_| known) {
        sqlx::query("UPDATE persons SET name = $2 WHERE id = $1 AND name IS NULL").bind(person).bind(name).execute(on).await?;
    }
    Ok(person)
}
