//! Whether a contact is about a ticket that its person already has.

use crate::intelligence::fold;
use crate::intelligence::keywords::line_of;
use crate::store::{Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Mark};
use daak_domain::taxonomy::UNCLASSIFIED;
use daak_domain::ticket::{Number, State, Ticket};
use jiff::SignedDuration;
use serde::Deserialize;
use std::collections::HashSet;
use std::path::Path;

/// The rule by which a further contact joins an open ticket: `config/joining.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoiningRule {
    within_days: u32,
    alike: f64,
    least_words: usize,
    reopen_within_days: u32,
    thanks: Vec<String>,
    conversation: Conversation,
}

/// Channels in which one matter is told in many messages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    channels: Vec<Channel>,
    within_hours: u32,
}

/// What a contact has to do with tickets that are there.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// It only says thank you for this closed ticket of the same person.
    Thanks(Box<Ticket>),
    /// It is a matter of its own.
    New,
    /// It is about this open ticket of the same person.
    About(Box<Ticket>),
    /// It is about this ticket of the same person, which was closed not long ago: they say that it is not settled.
    Again(Box<Ticket>),
    /// It goes on with the conversation about this open ticket: nothing new is acknowledged.
    Continues(Box<Ticket>),
    /// It names a ticket that it cannot join: somebody else's, a closed one, or none.
    Mentions(Number, &'static str),
}

impl JoiningRule {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence with file and line.
    pub fn load(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|e| format!("{shown} cannot be read ({e}): set data.folder to the folder with the project's masters"))?;
        Self::read(&text).map_err(|(line, what)| format!("{shown}:{line}: {what}"))
    }

    fn read(text: &str) -> Result<Self, (usize, String)> {
        let rule: Self = toml::from_str(text).map_err(|e| (line_of(text, e.span().map_or(0, |s| s.start)), e.message().to_owned()))?;
        let line = |key: &str| line_of(text, text.find(&format!("\n{key}")).map_or(0, |at| at + 1));
        if !(0.1..=1.0).contains(&rule.alike) {
            return Err((line("alike"), "alike must be 0.1 to 1.0".to_owned()));
        }
        if rule.reopen_within_days > 365 {
            return Err((line("reopen_within_days"), "reopen_within_days must be 0 (never) to 365".to_owned()));
        }
        if !(1..=365).contains(&rule.within_days) {
            return Err((line("within_days"), "within_days must be 1 to 365".to_owned()));
        }
        if !(1..=720).contains(&rule.conversation.within_hours) {
            return Err((line("within_hours"), "within_hours must be 1 to 720".to_owned()));
        }
        Ok(rule)
    }

    /// Finds the ticket that a contact is about. `mentioned` are registration numbers in its text. A ticket of
    /// somebody else is never joined, whatever number is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn relation(
        &self,
        store: &Store,
        contact: &Contact,
        person: Option<i64>,
        category: &str,
        mentioned: &[Number],
    ) -> Result<Relation, StoreError> {
        // Whoever types somebody's telephone into a form learns nothing of their tickets, and changes nothing.
        if contact.marks.contains(&Mark::Unproven) {
            let named = contact.about.or(mentioned.first().copied());
            return Ok(
                named.map_or(Relation::New, |number| Relation::Mentions(number, "and has not shown to be the one who registered it"))
            );
        }
        let mut named_in_vain = None;
        if let Some(about) = contact.about {
            match self.named(store, about, person, contact).await? {
                other @ (Relation::Mentions(..) | Relation::New) => named_in_vain = Some(other),
                relation => return Ok(relation),
            }
        }
        let Some(known) = person else { return Ok(named_in_vain.unwrap_or(Relation::New)) };
        let mut numbers = Vec::new();
        for name in contact.answers.iter().take(ANSWERS) {
            numbers.extend(store.ticket_of_contact(contact.channel, name).await?);
        }
        numbers.extend(mentioned.iter().take(5));
        for number in numbers {
            match self.named(store, number, person, contact).await? {
                Relation::Mentions(..) | Relation::New => {}
                Relation::About(ticket) if self.converses(contact) => return Ok(Relation::Continues(ticket)),
                relation => return Ok(relation),
            }
        }
        match named_in_vain {
            Some(relation) => Ok(relation),
            None => match self.conversation(store, contact, known).await? {
                Relation::New | Relation::Mentions(..) => self.similar(store, contact, known, category).await,
                relation => Ok(relation),
            },
        }
    }

    /// The ticket of that number, if it is this person's and open, or closed not long ago; one that was merged is followed.
    async fn named(&self, store: &Store, number: Number, person: Option<i64>, contact: &Contact) -> Result<Relation, StoreError> {
        let Some(mut ticket) = store.ticket(number).await? else { return Ok(Relation::Mentions(number, "of which there is none")) };
        // Whoever's contact was merged into another person's ticket still speaks of their own matter: the owner is asked by
        // the number given.
        let owner = ticket.person;
        for _ in 0..5 {
            match ticket.merged_into {
                Some(into) if ticket.state == State::Merged => match store.ticket(into).await? {
                    Some(next) => ticket = next,
                    None => break,
                },
                _ => break,
            }
        }
        if person != Some(owner) {
            return Ok(Relation::Mentions(number, "which belongs to another person or cannot be matched to the sender"));
        }
        if ticket.state.is_open() {
            return Ok(Relation::About(Box::new(ticket)));
        }
        if ticket.state == State::Closed && self.only_thanks(contact) {
            return Ok(Relation::Thanks(Box::new(ticket)));
        }
        if self.reopens(&ticket, contact.received_at) {
            return Ok(Relation::Again(Box::new(ticket)));
        }
        Ok(Relation::Mentions(number, "which is closed"))
    }

    /// Whether a citizen's word at `at` opens this ticket again: it was closed, not too long ago.
    pub fn reopens(&self, ticket: &Ticket, at: Timestamp) -> bool {
        let within = SignedDuration::from_hours(24 * i64::from(self.reopen_within_days));
        let lately = ticket.closed_at.is_some_and(|closed| at.duration_since(closed) <= within);
        ticket.state == State::Closed && lately && self.reopen_within_days > 0
    }

    /// Whether a contact only says thank you: that opens nothing again.
    fn only_thanks(&self, contact: &Contact) -> bool {
        let words = fold::words(contact.statement.text().unwrap_or_default());
        let thanks: HashSet<String> = self.thanks.iter().flat_map(|word| fold::words(word)).map(|word| word.folded).collect();
        (1..=MOST_THANKS).contains(&words.len()) && words.iter().all(|word| thanks.contains(&word.folded))
    }

    /// The open ticket of the last message of the same name in the same channel, if that was not long ago. Whoever
    /// spoke in public and goes on in private hears the number now.
    async fn conversation(&self, store: &Store, contact: &Contact, person: i64) -> Result<Relation, StoreError> {
        if !self.converses(contact) {
            return Ok(Relation::New);
        }
        let Some((before, number)) = store.last_contact(contact.channel, person).await? else { return Ok(Relation::New) };
        let within = SignedDuration::from_hours(self.conversation.within_hours.into());
        if contact.received_at.duration_since(before.received_at) > within {
            return Ok(Relation::New);
        }
        let unheard = before.marks.contains(&Mark::Public) && !contact.marks.contains(&Mark::Public);
        Ok(match self.named(store, number, Some(person), contact).await? {
            Relation::About(ticket) if !unheard => Relation::Continues(ticket),
            relation => relation,
        })
    }

    /// Whether it is part of a conversation in a messenger.
    fn converses(&self, contact: &Contact) -> bool {
        self.conversation.channels.contains(&contact.channel) && contact.sender.handle.is_some()
    }

    async fn similar(&self, store: &Store, contact: &Contact, person: i64, category: &str) -> Result<Relation, StoreError> {
        let Some(text) = contact.statement.text() else { return Ok(Relation::New) };
        let words = different_words(contact.subject.as_deref(), text);
        if category == UNCLASSIFIED || words.len() < self.least_words {
            return Ok(Relation::New);
        }
        let within = SignedDuration::from_hours(24 * i64::from(self.within_days));
        let open = store.open_tickets_of(person).await?;
        for ticket in open {
            if ticket.category != category || contact.received_at.duration_since(ticket.registered_at) > within {
                continue;
            }
            let earlier = store.contacts_of(ticket.number).await?;
            let alike = earlier.iter().filter_map(|c| Some(different_words(c.contact.subject.as_deref(), c.contact.statement.text()?)));
            if alike.into_iter().any(|other| self.alike(&words, &other)) {
                return Ok(Relation::About(Box::new(ticket)));
            }
        }
        Ok(Relation::New)
    }

    fn alike(&self, one: &HashSet<String>, other: &HashSet<String>) -> bool {
        let fewer = one.len().min(other.len());
        fewer >= self.least_words && one.intersection(other).count() as f64 >= self.alike * fewer as f64
    }
}

/// Earlier messages of a thread that are looked up at most.
const ANSWERS: usize = 20;
/// Words of a contact that only says thank you.
const MOST_THANKS: usize = 8;

fn different_words(subject: Option<&str>, text: &str) -> HashSet<String> {
    fold::words(&format!("{} {text}", subject.unwrap_or_default())).into_iter().map(|word| word.folded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../config/joining.toml");

    #[test]
    fn similar_is_said_in_words() {
        let rule = JoiningRule::read(SHIPPED).expect("shipped");
        let alike = |a: &str, b: &str| rule.alike(&different_words(None, a), &different_words(None, b));
        assert!(alike("কলে দুদিন জল আসছে না, খাবার জল কিনে খাই", "এখনও কলে জল আসছে না"));
        assert!(alike("No drinking water in our village", "there is still no drinking water in village Amdanga"));
        assert!(!alike("কলে জল আসছে না", "নলকূপ খারাপ হয়ে পড়ে আছে স্কুলের সামনে"));
        assert!(!alike("জল নেই", "জল নেই"), "two words say too little");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        assert!(matches!(JoiningRule::read(&SHIPPED.replace("alike = 0.5", "alike = 5.0")), Err((5, what)) if what.contains("0.1 to 1.0")));
        assert!(matches!(JoiningRule::read(&SHIPPED.replace("\nwithin_days", "\nwithin_weeks")), Err((3, _))));
        assert!(matches!(JoiningRule::read(&SHIPPED.replace("= 14", "= 0")), Err((3, _))));
        assert!(matches!(JoiningRule::read(&SHIPPED.replace("= 30", "= 400")), Err((_, what)) if what.contains("0 (never)")));
    }
}
