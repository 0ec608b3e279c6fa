//! The citizen's yes or no to "is it settled?", by whatever way it comes: a short message, a key or a word in a call.
//!
//! A yes is the only thing that closes a ticket as confirmed here. A no sends the report back, or opens the ticket again, with
//! the citizen's words. Either is one transaction: the contact, the event, and what the citizen is told.

use super::{Intake, refused};
use crate::store::{Destination, NewMessage, StoreError, TakeIn, TakenIn};
use daak_domain::contact::Contact;
use daak_domain::seam::Refusal;
use daak_domain::ticket::{Closure, EventBody, Number, State, Ticket};
use daak_sms::Said;

/// An answer and the ticket that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    ticket: Ticket,
    said: Said,
    words: Option<String>,
}

impl Answer {
    /// An answer about this ticket, if one can be given as it stands: while it is asked for, and a no while the ticket `reopens`.
    pub(super) fn about(ticket: Ticket, said: Said, words: Option<String>, reopens: bool) -> Option<Self> {
        let asked = matches!(ticket.state, State::Verifying | State::AtrSubmitted);
        (asked || (said == Said::No && reopens)).then_some(Self { ticket, said, words })
    }

    /// What the answer does to its ticket.
    fn event(&self) -> EventBody {
        let reason = || self.words.clone().unwrap_or_else(|| "The citizen says that it is not settled.".to_owned());
        match (self.said, self.ticket.state) {
            (Said::Yes, _) => EventBody::Closed { closure: Closure::Confirmed, remarks: "The citizen says that it is settled.".to_owned() },
            (Said::No, State::Closed) => EventBody::Reopened { reason: reason() },
            (Said::No, _) => EventBody::AtrReturned { reason: reason() },
        }
    }
}

impl Intake {
    /// The answer in a contact that names its ticket and says nothing but yes, or no with its reasons. Only the ticket's own
    /// person answers.
    pub(super) async fn answer_in(&self, contact: &Contact) -> Result<Option<Answer>, Refusal> {
        let (Some(about), Some(text)) = (contact.about, contact.statement.text()) else { return Ok(None) };
        let Some((said, words)) = self.rules.words.plain(text) else { return Ok(None) };
        let Some(ticket) = self.own(about, contact).await.map_err(refused)? else {
            return Err(Refusal::Invalid("an answer about a ticket that is not this telephone's".to_owned()));
        };
        let reopens = self.rules.joining.reopens(&ticket, self.clock.now());
        Ok(Answer::about(ticket, said, words, reopens))
    }

    /// The ticket of that number, if it is the sender's own.
    pub(super) async fn own(&self, number: Number, contact: &Contact) -> Result<Option<Ticket>, StoreError> {
        let person = self.store.person_of(&contact.sender).await?;
        let ticket = self.store.ticket(number).await?;
        Ok(ticket.filter(|ticket| person == Some(ticket.person)))
    }

    /// Writes an answer down, with all that follows from it.
    pub(super) async fn store_answer(&self, contact: Contact, answer: Answer) -> Result<TakenIn, Refusal> {
        let (number, body) = (answer.ticket.number, answer.event());
        let understood = self.understand.understand("", Some(answer.ticket.language));
        let opening = self.opening(&contact, &understood, true).await;
        let ways = self.told_by(&contact, Some(answer.ticket.person)).await?;
        let (notices, at, told) = (self.notices.clone(), contact.received_at.max(self.clock.now()), body.clone());
        let messages = move |ticket: &Ticket| -> Vec<NewMessage> {
            ways.iter().filter_map(|way| notices.not_settled(ticket, &told, way, at)).collect()
        };
        let destination = Destination::Join(number, Box::new(opening));
        self.store.take_in(TakeIn { contact, destination, then: vec![body], messages }).await.map_err(|why| match why {
            // Somebody moved the ticket on in the same moment: the same contact is offered again and finds it as it then is.
            StoreError::Illegal(_) | StoreError::Conflict { .. } => Refusal::Unavailable("the ticket moved on; try again".to_owned()),
            other => refused(other),
        })
    }
}
