//! What the citizen is told when something happens to the ticket: in the same transaction as the event.

use super::Desk;
use crate::api::tickets::append;
use crate::notify::phone_of;
use crate::store::{NewMessage, StoreError};
use daak_domain::seam::BoxFuture;
use daak_domain::ticket::{Event, Number, Ticket};

impl Desk {
    /// Adds an event to a ticket's life with the message that it causes, both or neither.
    ///
    /// # Errors
    /// [`StoreError`], as the store's own `append`.
    pub async fn add(&self, number: Number, expected_seq: Option<u32>, event: Event) -> Result<Ticket, StoreError> {
        let before = self.store().ticket(number).await?.ok_or(StoreError::NotFound("ticket"))?;
        let to = phone_of(self.store(), before.person).await?;
        let (notices, told) = (self.notices().clone(), event.clone());
        let messages = move |ticket: &Ticket| -> Vec<NewMessage> {
            to.iter().filter_map(|to| notices.after(ticket, &told.body, to, told.at)).collect()
        };
        self.store().append(number, expected_seq, vec![event], messages).await
    }
}

impl append::Desk for Desk {
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>> {
        Box::pin(self.add(number, expected_seq, event))
    }
}
