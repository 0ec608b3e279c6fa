//! Conversations in messengers: what was said last, and what happens later to something that was said.

use super::append::Life;
use super::connection::{BoxWork, Connection, values};
use super::error::Result;
use super::finding;
use super::people::find;
use super::row::{contact, micros, number, time};
use super::writer::Work;
use super::{Change, Dialect, Store};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender};
use daak_domain::seam::{Amended, Amendment};
use daak_domain::ticket::{Actor, AmendmentKind, Event, EventBody, Number};

impl Store {
    /// What a person last wrote in a channel, and its ticket.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn last_contact(&self, channel: Channel, person: i64) -> Result<Option<(Contact, Number)>> {
        let sql = "SELECT id, body, ticket FROM contacts WHERE person = ?1 AND channel = ?2 ORDER BY received_at DESC, id DESC LIMIT 1";
        let Some(row) = self.readers.row(sql, values![person, channel.as_str()]).await? else { return Ok(None) };
        let Some(ticket) = number(&row, "ticket")? else { return Ok(None) };
        Ok(Some((contact(&row)?.contact, ticket)))
    }

    /// When whoever has this name in a channel last wrote there, and the channel's own name for that contact.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn last_heard(&self, channel: Channel, handle: &str) -> Result<Option<(Timestamp, String)>> {
        let sql = "SELECT c.received_at, c.external_id FROM identities i JOIN contacts c ON c.person = i.person AND c.channel = ?1
                   WHERE i.kind = 'handle' AND i.value = ?2 ORDER BY c.received_at DESC, c.id DESC LIMIT 1";
        let row = self.readers.row(sql, values![channel.as_str(), handle]).await?;
        row.map(|row| Ok((time(&row, "received_at")?, row.get("external_id")?))).transpose()
    }

    /// Keys of what was sent to an address until a time and not yet opened, the newest first, at most 100.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn outbox_sent_to(&self, channel: Channel, to: &str, until: Timestamp) -> Result<Vec<String>> {
        let sql = "SELECT key FROM outbox WHERE recipient = ?1 AND created_at <= ?2 AND state IN ('sent', 'delivered') AND channel = ?3
                   ORDER BY created_at DESC LIMIT 100";
        self.readers.rows(sql, values![to, micros(until), channel.as_str()]).await?.iter().map(|row| row.get("key")).collect()
    }

    /// Writes down what happened later to a contact, or to a message of ours; once. `false` if there is none of that
    /// name, or it is somebody else's.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn amend(&self, amended: Amended) -> Result<bool> {
        self.writer.work(Amend { dialect: self.dialect, amended }).await
    }
}

struct Amend {
    dialect: Dialect,
    amended: Amended,
}

impl Work for Amend {
    type Answer = bool;

    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, bool> {
        Box::pin(async move {
            let Some(ticket) = self.ticket(on).await? else { return Ok(false) };
            let event = self.event();
            let (sql, body) = ("SELECT seq FROM events WHERE ticket = ?1 AND body = ?2", serde_json::to_string(&event)?);
            if on.row(sql, values![ticket.as_u64() as i64, &body]).await?.is_some() {
                return Ok(true);
            }
            let mut life = Life::load(self.dialect, on, ticket).await?;
            life.add(&event)?;
            if finding::said_in(&event.body).is_some() {
                life.log(on).await?;
                finding::find_anew(self.dialect, on, ticket).await?;
            }
            life.save(on, changes).await?;
            Ok(true)
        })
    }
}

impl Amend {
    /// The ticket of what is amended, if the sender may.
    async fn ticket(&self, on: &mut Connection) -> Result<Option<Number>> {
        let a = &self.amended;
        let by_us = a.sender == Sender::default();
        let sql = "SELECT ticket, person FROM contacts WHERE channel = ?1 AND external_id = ?2";
        if let Some(row) = on.row(sql, values![a.channel.as_str(), &a.message]).await? {
            let person: i64 = row.get("person")?;
            let own = by_us || find(on, &a.sender).await? == Some(person);
            return Ok(number(&row, "ticket")?.filter(|_| own));
        }
        let sql = "SELECT ticket, recipient FROM outbox WHERE carrier_id = ?1 AND channel = ?2 AND ticket IS NOT NULL";
        let Some(row) = on.row(sql, values![&a.message, a.channel.as_str()]).await? else { return Ok(None) };
        let recipient: String = row.get("recipient")?;
        let own = by_us || a.sender.handle.as_ref() == Some(&recipient);
        Ok(number(&row, "ticket")?.filter(|_| own))
    }

    fn event(&self) -> Event {
        let a = &self.amended;
        let (amendment, text, attachments) = match &a.what {
            Amendment::Edited(text) => (AmendmentKind::Edited, Some(text.clone()), Vec::new()),
            Amendment::Deleted => (AmendmentKind::Deleted, None, Vec::new()),
            Amendment::Reacted(sign) => (AmendmentKind::Reacted, sign.clone(), Vec::new()),
            Amendment::Fetched(files) => (AmendmentKind::Fetched, None, files.clone()),
            Amendment::Lost(why) => (AmendmentKind::Lost, Some(why.clone()), Vec::new()),
        };
        let by = if a.sender == Sender::default() { Actor::Helpline } else { Actor::Citizen };
        let body = EventBody::Amended { message: a.message.clone(), channel: a.channel, amendment, text, attachments };
        Event { at: a.at, by, body }
    }
}
