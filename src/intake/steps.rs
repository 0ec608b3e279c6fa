//! Steps of a ticket's life, and what the citizen is told of each: in the same transaction as the event.

use super::Desk;
use crate::intelligence::atr::{ActionTaken, Grievance};
use crate::intelligence::mask;
use crate::notify::{Reach, Way};
use crate::store::{NewMessage, StoreError, StoredContact};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Receipt};
use daak_domain::seam::{BoxFuture, Refusal};
use daak_domain::ticket::{Actor, Event, EventBody, Number, SealedEvent, Ticket};
use daak_sms::Said;

/// Adds steps to tickets' lives, with the messages that each causes, in one transaction.
pub trait Steps: Send + Sync + 'static {
    /// Adds `event`; with `expected_seq`, only if the ticket has exactly so many events.
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>>;

    /// Takes in the citizen's yes or no to whether the ticket that `contact` is about is settled. Whoever sends it has shown to be
    /// the one who registered it.
    fn settled(&self, _contact: Contact, _yes: bool) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(async { Err(Refusal::Invalid("this desk takes no answers".to_owned())) })
    }

    /// Whether a citizen's word at `at` opens this ticket again.
    fn reopens(&self, ticket: &Ticket, at: Timestamp) -> bool;

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
        let note = self.reading_of(&before, &event).await?;
        let events = self.intake.with_what_follows(&before, event);
        let mut after = before;
        // What may not happen is refused when it is written, with the reason.
        let legal = events.iter().all(|event| after.apply(event).is_ok());
        let (Some(told), Some(last)) = (events.first().cloned(), events.last().cloned()) else { return Ok(after) };
        let officers = if legal { self.intake.addresses(&after, &last).await? } else { Vec::new() };
        let notices = self.notices().clone();
        let messages = move |ticket: &Ticket| -> Vec<NewMessage> {
            let to_citizen = ways.iter().filter_map(|way| notices.after(ticket, &told.body, way, told.at));
            to_citizen.chain(notices.to_officers(ticket, &last.body, &officers, last.at)).collect()
        };
        self.store().append(number, expected_seq, events.into_iter().chain(note).collect(), messages).await
    }

    /// What the machine makes of an action taken report: kept in the ticket's life beside it, for whoever verifies.
    async fn reading_of(&self, ticket: &Ticket, event: &Event) -> Result<Option<Event>, StoreError> {
        let EventBody::AtrSubmitted { closure_reason, remarks, attachments } = &event.body else { return Ok(None) };
        let contacts = self.store().contacts_of(ticket.number).await?;
        let body = grievance_of(&contacts, &self.store().events(ticket.number).await?);
        let grievance = Grievance { subject: None, body: &body, district: ticket.district.as_deref() };
        let report = ActionTaken { text: remarks, reason: Some(closure_reason), attachments: attachments.len() };
        let said = self.intake.understand.judge(grievance, report);
        let because: String = said.because.iter().map(|why| format!("\n- {why}")).collect();
        let text = format!("{BY_MACHINE}: {} (score {:.2}). A person decides.{because}", said.verdict.as_str(), said.score);
        let body = EventBody::Noted { text: mask(&text), attachments: Vec::new() };
        Ok(Some(Event { at: event.at, by: Actor::Helpline, body }))
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

/// How a note begins that the machine made of a report.
const BY_MACHINE: &str = "Machine reading of the report";
/// Characters of a grievance that are compared with its report.
const COMPARED: usize = 20_000;

/// What the citizen said, contact by contact: the text of record, or what a person wrote down.
pub fn grievance_of(contacts: &[StoredContact], events: &[SealedEvent]) -> String {
    let mut said = Vec::new();
    for stored in contacts {
        said.extend(stored.contact.subject.clone());
        said.extend(stored.contact.statement.text().map(str::to_owned));
        let written = events.iter().rev().find_map(|sealed| match &sealed.event.body {
            EventBody::WrittenDown { contact, text } if *contact == stored.id => Some(text.clone()),
            _ => None,
        });
        said.extend(written);
    }
    said.join("\n").chars().take(COMPARED).collect()
}

impl Steps for Desk {
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>> {
        Box::pin(self.add(number, expected_seq, event))
    }

    fn settled(&self, contact: Contact, yes: bool) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(self.intake.settled(contact, if yes { Said::Yes } else { Said::No }))
    }

    fn reopens(&self, ticket: &Ticket, at: Timestamp) -> bool {
        self.intake.rules.joining.reopens(ticket, at)
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
