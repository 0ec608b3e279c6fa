//! The one door: every contact, from any channel, becomes a ticket here, or joins one.
//!
//! A contact is checked, understood, given to its person and its ticket, and stored with its acknowledgement in one
//! transaction. When the door answers `Ok`, the contact is on the disk; a second arrival of the same one changes nothing.

mod abuse;
mod answer;
mod check;
mod desk;
mod joining;
mod offices;
mod rules;
mod short;
mod steps;

pub use abuse::AbuseList;
pub use check::{InvalidContact, LONGEST_TEXT};
pub use desk::Desk;
pub use joining::{JoiningRule, Relation};
pub use rules::DoorRules;
pub use steps::{Steps, grievance_of};

use crate::clock::Clock;
use crate::intelligence::{Understand, Understanding};
use crate::masters::Masters;
use crate::notify::{Address, Notices, Reach, Way};
use crate::store::{Destination, NewMessage, Opening, Store, StoreError, TakeIn, TakenIn};
use daak_domain::contact::{Contact, Mark, Outcome, Receipt};
use daak_domain::language::Language;
use daak_domain::routing::Matter;
use daak_domain::seam::Refusal;
use daak_domain::sla::Claim;
use daak_domain::taxonomy::UNCLASSIFIED;
use daak_domain::ticket::{EventBody, Number, SlaClass, State, Ticket};
use std::sync::Arc;
use std::time::Duration;

/// The door.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    understand: Arc<dyn Understand>,
    masters: Arc<Masters>,
    notices: Notices,
    rules: Arc<DoorRules>,
    clock: Clock,
}

/// How long a caller at the door waits at most. What is written later all the same is known by its key.
const PATIENCE: Duration = Duration::from_secs(10);
/// Times a contact is looked at anew because its ticket moved on while it was being written.
const LOOKS: u32 = 4;

impl Intake {
    /// A door over these parts.
    pub fn new(
        store: Store,
        understand: Arc<dyn Understand>,
        masters: Arc<Masters>,
        notices: Notices,
        rules: DoorRules,
        clock: Clock,
    ) -> Self {
        Self { store, understand, masters, notices, rules: Arc::new(rules), clock }
    }

    /// Takes in a contact. The same `(channel, external_id)` is the same contact.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if it can never be taken; [`Refusal::Unavailable`] if it should be offered again.
    pub async fn take_in(&self, contact: Contact) -> Result<Receipt, Refusal> {
        let mut contact = check::checked(contact, self.clock.now()).map_err(|why| Refusal::Invalid(why.to_string()))?;
        if contact.statement.text().is_some_and(|text| self.rules.abuse.is_in(text)) && !contact.marks.contains(&Mark::Abusive) {
            contact.marks.push(Mark::Abusive);
        }
        let late = || Refusal::Unavailable("the database does not answer in time; try again".to_owned());
        let taken = tokio::time::timeout(PATIENCE, async {
            match self.answer_in(&contact).await? {
                Some(answer) => self.store_answer(contact, answer).await,
                None => self.store_it(contact).await,
            }
        });
        let TakenIn { ticket, outcome, .. } = taken.await.map_err(|_| late())??;
        Ok(receipt(ticket, outcome))
    }

    async fn store_it(&self, contact: Contact) -> Result<TakenIn, Refusal> {
        let text = said(&contact);
        let understood = self.understand.understand(&text, contact.language);
        let mentioned: Vec<Number> = understood.entities.tickets.iter().filter_map(|digits| Number::parse(digits).ok()).collect();
        let person = self.store.person_of(&contact.sender).await.map_err(refused)?;
        let ways = self.told_by(&contact, person).await?;
        let opening = self.opening(&contact, &understood, person.is_some()).await;
        for look in 1.. {
            let relation =
                self.rules.joining.relation(&self.store, &contact, person, &opening.category, &mentioned).await.map_err(refused)?;
            let then = further_events(&contact, &understood, &opening, &relation);
            let officers = match &relation {
                Relation::Again(ticket) => self.officers_of_reopened(ticket, &contact).await.map_err(refused)?,
                _ => Vec::new(),
            };
            let messages = self.acknowledgement(&contact, &relation, ways.clone(), officers);
            let destination = match relation {
                Relation::About(ticket) | Relation::Continues(ticket) => Destination::Join(ticket.number, Box::new(opening.clone())),
                Relation::Thanks(ticket) => Destination::LayBy(ticket.number),
                Relation::Again(ticket) => {
                    // One level above the office that settled it.
                    let up = self.masters.superior(ticket.holder(), contact.received_at).to_owned();
                    Destination::Reopen(ticket.number, Box::new(opening.clone()), Some(up))
                }
                Relation::New | Relation::Mentions(..) => Destination::Open(Box::new(opening.clone())),
            };
            match self.store.take_in(TakeIn { contact: contact.clone(), destination, then, messages }).await {
                // The ticket left the state in which it was seen: look again.
                Err(StoreError::Illegal(_) | StoreError::Conflict { .. }) if look < LOOKS => {}
                taken => return taken.map_err(refused),
            }
        }
        Err(Refusal::Unavailable("the ticket keeps changing; try again".to_owned()))
    }

    /// What a new ticket begins with. Without a text of record nothing is decided but what the citizen declared.
    async fn opening(&self, contact: &Contact, understood: &Understanding, known: bool) -> Opening {
        let decided = has_text(contact);
        let chosen = contact.category.as_deref().filter(|code| self.masters.taxonomy.category(code).is_some());
        let category = chosen.unwrap_or(if decided { understood.category.as_str() } else { UNCLASSIFIED });
        let facts = self.masters.taxonomy.category(category);
        let emergency = contact.declared_emergency || (decided && understood.emergency.is);
        let sla_class = match facts {
            _ if emergency => SlaClass::Emergency,
            Some(category) if chosen.is_some() => category.sla_class,
            _ if decided => understood.sla_class,
            Some(category) => category.sla_class,
            None => SlaClass::Individual,
        };
        let (district, block) = self.place(contact, decided.then_some(understood));
        let department = facts.map_or("CMO", |c| c.department.as_str());
        let matter = Matter { category, department, district: district.as_deref(), local: block.as_deref(), class: sla_class };
        let office = self.masters.route(&matter, contact.received_at).office;
        let claim = Claim { class: sla_class, category, office: &office };
        Opening {
            due_at: self.masters.limits.due(claim, contact.received_at).resolution_at,
            office: Some(office),
            category: category.to_owned(),
            department: department.to_owned(),
            sla_class,
            emergency,
            language: self.language(contact, understood, known).await,
            district,
            block,
        }
    }

    /// The language that was chosen, else that of the text, else the one that this number chose last.
    async fn language(&self, contact: &Contact, understood: &Understanding, known: bool) -> Language {
        if let Some(told) = contact.language {
            return told;
        }
        if has_text(contact) {
            return understood.language;
        }
        match &contact.sender.phone {
            Some(phone) if known => self.store.remembered_language(phone).await.ok().flatten().unwrap_or_default(),
            _ => Language::default(),
        }
    }

    /// The place that was given, else the one that the text names. A block is kept only in its own district.
    fn place(&self, contact: &Contact, understood: Option<&Understanding>) -> (Option<String>, Option<String>) {
        let places = &self.masters.places;
        let given = contact.location.as_ref();
        let named = given.and_then(|l| l.district.as_deref()).and_then(|text| places.district(text)).map(|d| d.code.clone());
        let entities = understood.map(|u| &u.entities);
        let district = named.or_else(|| entities?.district.clone());
        let block = given.and_then(|l| l.block.as_deref()).and_then(|text| match places.locals(text, district.as_deref()).as_slice() {
            [only] => Some(only.code.clone()),
            _ => None,
        });
        let block = block.or_else(|| entities?.block.clone());
        let home = |code: &String| places.locals.get(code).and_then(|local| local.district.clone());
        match (district, block) {
            (None, Some(block)) => (home(&block), Some(block)),
            (Some(district), Some(block)) if home(&block).is_some_and(|home| home != district) => (Some(district), None),
            both => both,
        }
    }

    /// Where the acknowledgement goes: what the contact itself says, else what is known of the person.
    async fn told_by(&self, contact: &Contact, person: Option<i64>) -> Result<Vec<Way>, Refusal> {
        if contact.unanswered {
            return Ok(Vec::new());
        }
        let known = match person {
            Some(person) if contact.sender.phone.is_none() => Reach::of(&self.store, person).await.map_err(refused)?,
            _ => Reach::default(),
        };
        let mut ways = self.notices.ways(&known.preferring(&contact.sender), contact.channel);
        for way in ways.iter_mut().filter(|way| way.channel == contact.channel) {
            way.answers = Some(contact.external_id.clone());
            way.subject.clone_from(&contact.subject);
            way.public = contact.marks.contains(&Mark::Public);
        }
        Ok(ways)
    }

    /// What the citizen is told, made from the ticket when it has its number.
    fn acknowledgement(
        &self,
        contact: &Contact,
        relation: &Relation,
        ways: Vec<Way>,
        officers: Vec<Address>,
    ) -> impl Fn(&Ticket) -> Vec<NewMessage> + Send + Sync + 'static {
        let (notices, at) = (self.notices.clone(), contact.received_at.max(self.clock.now()));
        let silent = matches!(relation, Relation::Continues(_) | Relation::Thanks(_));
        let reopens = matches!(relation, Relation::Again(_));
        let reopened = EventBody::Reopened { reason: String::new(), office: None, appeal: false };
        move |ticket| {
            let told = |way| match ticket.contacts {
                _ if silent => None,
                0 | 1 => notices.acknowledge(ticket, Outcome::Opened, way, at),
                _ if reopens => notices.reopened(ticket, way, at),
                _ => notices.acknowledge(ticket, Outcome::Joined, way, at),
            };
            let to_officers = if reopens { notices.to_officers(ticket, &reopened, &officers, at) } else { Vec::new() };
            ways.iter().filter_map(told).chain(to_officers).collect()
        }
    }
}

/// What a channel is told of the ticket that its contact met.
fn receipt(ticket: Ticket, outcome: Outcome) -> Receipt {
    Receipt {
        number: ticket.number,
        outcome,
        state: ticket.state,
        category: ticket.category,
        department: ticket.department,
        sla_class: ticket.sla_class,
        emergency: ticket.emergency,
        due_at: ticket.due_at,
    }
}

/// Events that a contact brings besides its registration or joining.
fn further_events(contact: &Contact, understood: &Understanding, opening: &Opening, relation: &Relation) -> Vec<EventBody> {
    let mut events = Vec::new();
    let ticket = match relation {
        Relation::About(ticket) | Relation::Continues(ticket) | Relation::Again(ticket) => Some(ticket),
        _ => None,
    };
    if opening.emergency && !ticket.is_some_and(|t| t.emergency) {
        let because =
            if contact.declared_emergency { "declared by the citizen".to_owned() } else { understood.emergency.because.join(", ") };
        // A limit is never moved out by an alarm.
        let due_at = ticket.map_or(opening.due_at, |t| t.due_at.min(opening.due_at));
        events.push(EventBody::EmergencyRaised { because, due_at });
    }
    if let (Some(State::NeedsInfo), Some(text)) = (ticket.map(|t| t.state), contact.statement.text()) {
        events.push(EventBody::Answered { text: text.to_owned() });
    }
    let note = |text: String| EventBody::Noted { text, attachments: Vec::new() };
    if let Relation::Mentions(number, why) = relation {
        events.push(note(format!("The citizen says that this is about {}, {why}.", number.grouped())));
    }
    if has_text(contact) && understood.emergency.is_self_harm() {
        events.push(note(format!(
            "{ATTENTION} The citizen, or somebody they know, may harm themself. A person speaks with them at once, gently, by the script for it."
        )));
    }
    // What a machine guesses from a voice decides nothing; it asks a person to listen first.
    if !has_text(contact) && !opening.emergency && understood.emergency.is {
        let words = understood.emergency.because.join(", ");
        events.push(note(format!(
            "{ATTENTION} An unreliable reading of this statement speaks of danger ({words}). Listen to it, or look at it, first."
        )));
    }
    events
}

/// Begins the note that asks a person to look at a ticket before others.
pub const ATTENTION: &str = "ATTENTION:";

/// All that can be understood of a contact: subject with the text, or else a machine's draft.
fn said(contact: &Contact) -> String {
    let text = contact.statement.text().or(contact.statement.draft()).unwrap_or_default();
    match &contact.subject {
        Some(subject) => format!("{subject}\n{text}"),
        None => text.to_owned(),
    }
}

fn has_text(contact: &Contact) -> bool {
    contact.statement.text().is_some()
}

fn refused(error: StoreError) -> Refusal {
    match error {
        StoreError::Illegal(why) => Refusal::Invalid(why.to_string()),
        other => Refusal::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod short_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
