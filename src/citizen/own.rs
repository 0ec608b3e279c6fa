//! A ticket as its own citizen sees it.

use super::is_of;
use crate::store::{StoredContact, WholeTicket};
use daak_domain::Timestamp;
use daak_domain::contact::Sender;
use daak_domain::person::Identity;
use daak_domain::ticket::{Ticket, Told};

/// A ticket that the citizen's address registered.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnTicket {
    /// The ticket. Not all in it is the citizen's to see: its officer is not.
    pub ticket: Ticket,
    /// As whom the citizen registered it.
    pub sender: Sender,
    /// What was said when it was registered, as far as there is a text.
    pub statement: Option<String>,
    /// What happened, the first first.
    pub steps: Vec<Step>,
    /// The ticket in which it goes on.
    pub goes_on: Option<Ticket>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub told: Told,
    /// The citizen's own words, where they came with it.
    pub words: Option<String>,
}

impl OwnTicket {
    /// The ticket as whoever reads at `address` sees it; `None` if another address registered it.
    pub fn of(whole: WholeTicket, address: &Identity) -> Option<Self> {
        let WholeTicket { ticket, contacts, events } = whole;
        let first = contacts.first().filter(|first| is_of(&first.contact.sender, address))?;
        let (sender, statement) = (first.contact.sender.clone(), words_of(first));
        // What others added, on behalf of whomever, is not shown in their words.
        let own = |id: i64| contacts.iter().find(|stored| stored.id == id && is_of(&stored.contact.sender, address)).and_then(words_of);
        let steps = events.iter().filter_map(|sealed| {
            let told = Told::of(&sealed.event)?;
            let words = match &told {
                Told::Added { contact } => own(*contact),
                _ => None,
            };
            Some(Step { at: sealed.event.at, told, words })
        });
        let steps = steps.collect();
        Some(Self { ticket, sender, statement, steps, goes_on: None })
    }
}

/// What the citizen wrote, or what was heard and can be believed.
fn words_of(stored: &StoredContact) -> Option<String> {
    stored.contact.statement.text().map(str::to_owned).filter(|text| !text.is_empty())
}
