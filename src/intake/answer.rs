//! The citizen's yes or no to "is it settled?", by whatever way it comes: a short message, a key or a word in a call.
//!
//! A yes is the only thing that closes a ticket as confirmed here. A no sends the report back, or opens the ticket again, with
//! the citizen's words. Either is one transaction: the contact, the event, and what the citizen is told.

use super::{Intake, check, receipt, refused};
use crate::notify::Address;
use crate::store::{Destination, NewMessage, StoreError, TakeIn, TakenIn};
use daak_domain::Timestamp;
use daak_domain::contact::{Contact, Outcome, Receipt};
use daak_domain::seam::Refusal;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, State, Ticket};
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

    /// What the answer does to its ticket. A matter that is not settled goes to the office above the one that said so, with the
    /// citizen's words.
    fn event(&self, above: &str) -> EventBody {
        let office = Some(above.to_owned());
        let reason = || self.words.clone().unwrap_or_else(|| "The citizen says that it is not settled.".to_owned());
        match (self.said, self.ticket.state) {
            (Said::Yes, _) => EventBody::Closed { closure: Closure::Confirmed, remarks: "The citizen says that it is settled.".to_owned() },
            (Said::No, State::Closed) => EventBody::Reopened { reason: reason(), office, appeal: false },
            (Said::No, _) => EventBody::AtrReturned { reason: reason(), office },
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

    /// The citizen's answer to whether the ticket is settled, given by a button: the words beside it are the reasons.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if nothing is asked about the ticket as it stands.
    pub(super) async fn settled(&self, contact: Contact, said: Said) -> Result<Receipt, Refusal> {
        let contact = check::checked(contact, self.clock.now()).map_err(|why| Refusal::Invalid(why.to_string()))?;
        if let Some(number) = self.store.ticket_of_contact(contact.channel, &contact.external_id).await.map_err(refused)? {
            let ticket = self.store.ticket(number).await.map_err(refused)?;
            return ticket.map(|ticket| receipt(ticket, Outcome::Repeated)).ok_or(Refusal::Invalid("there is no such ticket".to_owned()));
        }
        let own = match contact.about {
            Some(number) => self.own(number, &contact).await.map_err(refused)?,
            None => None,
        };
        let words = contact.statement.text().map(str::to_owned).filter(|words| !words.is_empty());
        let answer = own.and_then(|ticket| {
            let reopens = self.reopens(&ticket);
            Answer::about(ticket, said, words, reopens)
        });
        let answer = answer.ok_or_else(|| Refusal::Invalid("nothing is asked about this ticket as it stands".to_owned()))?;
        self.store_answer(contact, answer).await.map(|taken| receipt(taken.ticket, taken.outcome))
    }

    /// Whether the citizen's no would open this ticket again.
    pub(super) fn reopens(&self, ticket: &Ticket) -> bool {
        self.rules.joining.reopens(ticket, self.clock.now())
    }

    /// The ticket of that number, if it is the sender's own.
    pub(super) async fn own(&self, number: Number, contact: &Contact) -> Result<Option<Ticket>, StoreError> {
        let person = self.store.person_of(&contact.sender).await?;
        let ticket = self.store.ticket(number).await?;
        Ok(ticket.filter(|ticket| person == Some(ticket.person)))
    }

    /// Where those are told whom the citizen's answer concerns.
    async fn officers_after(&self, ticket: &Ticket, body: &EventBody, at: Timestamp) -> Result<Vec<Address>, StoreError> {
        let (mut after, event) = (ticket.clone(), Event { at, by: Actor::Citizen, body: body.clone() });
        if after.apply(&event).is_err() {
            return Ok(Vec::new()); // it moved on; the writing of it says so
        }
        self.addresses(&after, &event).await
    }

    /// Where those are told to whose office a ticket goes that a citizen's words open again.
    pub(super) async fn officers_of_reopened(&self, ticket: &Ticket, contact: &Contact) -> Result<Vec<Address>, StoreError> {
        let at = contact.received_at;
        let office = Some(self.masters.superior(ticket.holder(), at).to_owned());
        self.officers_after(ticket, &EventBody::Reopened { reason: String::new(), office, appeal: false }, at).await
    }

    /// Writes an answer down, with all that follows from it.
    pub(super) async fn store_answer(&self, contact: Contact, answer: Answer) -> Result<TakenIn, Refusal> {
        let at = contact.received_at.max(self.clock.now());
        let body = answer.event(self.masters.superior(answer.ticket.holder(), at));
        let number = answer.ticket.number;
        let officers = self.officers_after(&answer.ticket, &body, at).await.map_err(refused)?;
        let understood = self.understand.understand("", Some(answer.ticket.language));
        let opening = self.opening(&contact, &understood, true).await;
        let ways = self.told_by(&contact, Some(answer.ticket.person)).await?;
        let (notices, told) = (self.notices.clone(), body.clone());
        let messages = move |ticket: &Ticket| -> Vec<NewMessage> {
            let to_citizen = ways.iter().filter_map(|way| notices.not_settled(ticket, &told, way, at));
            to_citizen.chain(notices.to_officers(ticket, &told, &officers, at)).collect()
        };
        let destination = Destination::Join(number, Box::new(opening));
        self.store.take_in(TakeIn { contact, destination, then: vec![body], messages }).await.map_err(|why| match why {
            // Somebody moved the ticket on in the same moment: the same contact is offered again and finds it as it then is.
            StoreError::Illegal(_) | StoreError::Conflict { .. } => Refusal::Unavailable("the ticket moved on; try again".to_owned()),
            other => refused(other),
        })
    }
}
