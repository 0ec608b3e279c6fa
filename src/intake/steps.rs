//! Steps of a ticket's life, and what the citizen is told of each: in the same transaction as the event.

use super::Desk;
use crate::notify::{Reach, Way};
use crate::store::{NewMessage, StoreError};
use daak_domain::contact::Channel;
use daak_domain::seam::BoxFuture;
use daak_domain::ticket::{Event, EventBody, Number, Ticket};

/// Adds steps to tickets' lives, with the messages that each causes, in one transaction.
pub trait Steps: Send + Sync + 'static {
    /// Adds `event`; with `expected_seq`, only if the ticket has exactly so many events.
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>>;

    /// The channels by which the citizen of a ticket can be written to, the one it came by first.
    fn channels<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Result<Vec<Channel>, StoreError>>;
}

impl Desk {
    /// Adds an event to a ticket's life with the message that it causes, both or neither.
    ///
    /// # Errors
    /// [`StoreError`], as the store's own `append`.
    pub async fn add(&self, number: Number, expected_seq: Option<u32>, event: Event) -> Result<Ticket, StoreError> {
        let before = self.store().ticket(number).await?.ok_or(StoreError::NotFound("ticket"))?;
        let ways = self.ways(&before, &event.body).await?;
        let (notices, told) = (self.notices().clone(), event.clone());
        let messages = move |ticket: &Ticket| -> Vec<NewMessage> {
            ways.iter().filter_map(|way| notices.after(ticket, &told.body, way, told.at)).collect()
        };
        self.store().append(number, expected_seq, vec![event], messages).await
    }

    /// The ways by which the citizen is told of an event: a reply goes by the channel that was chosen for it.
    async fn ways(&self, ticket: &Ticket, body: &EventBody) -> Result<Vec<Way>, StoreError> {
        let reach = Reach::of(self.store(), ticket.person).await?;
        let mut ways = match body {
            EventBody::Replied { channel, .. } => {
                vec![self.notices().way(&reach, *channel).ok_or(StoreError::NotFound("address in that channel"))?]
            }
            _ => self.notices().ways(&reach, ticket.channel),
        };
        if ways.iter().any(|way| way.channel != Channel::Sms) {
            let contacts = self.store().contacts_of(ticket.number).await?;
            for way in &mut ways {
                let last = contacts.iter().rev().find(|stored| stored.contact.channel == way.channel);
                way.answers = last.map(|stored| stored.contact.external_id.clone());
                way.subject = last.and_then(|stored| stored.contact.subject.clone());
            }
        }
        Ok(ways)
    }
}

impl Steps for Desk {
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>> {
        Box::pin(self.add(number, expected_seq, event))
    }

    fn channels<'a>(&'a self, ticket: &'a Ticket) -> BoxFuture<'a, Result<Vec<Channel>, StoreError>> {
        Box::pin(async move {
            let reach = Reach::of(self.store(), ticket.person).await?;
            let mut channels: Vec<_> = Channel::ALL.into_iter().filter(|channel| self.notices().way(&reach, *channel).is_some()).collect();
            channels.sort_by_key(|channel| *channel != ticket.channel);
            Ok(channels)
        })
    }
}
