//! Short messages: what each asks is done, and answered to the telephone that sent it.

use super::answer::Answer;
use super::{Desk, refused};
use crate::store::StoreError;
use daak_domain::contact::Contact;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Helpline, Refusal};
use daak_domain::ticket::{Number, State, Ticket};
use daak_sms::{Command, Said};
use std::collections::BTreeMap;

/// Words of a message that is taken for a misunderstood answer rather than a matter, while a question is open.
const FEW: usize = 2;

impl Desk {
    /// Does what a short message asks.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`]: offer it again. [`Refusal::Invalid`]: it can never be taken.
    pub(super) async fn hear(&self, contact: Contact) -> Result<(), Refusal> {
        let (Some(phone), Some(text)) = (contact.sender.phone.clone(), contact.statement.text().map(str::to_owned)) else {
            return self.take_in(contact).await.map(drop);
        };
        match self.intake.rules.words.read(&text) {
            Command::Status(number) => self.tell_status(&contact, &phone, &text, number).await,
            Command::Answer { said, about, words } => self.answer(contact, &phone, &text, said, about, words).await,
            Command::Unclear(about) => match self.asked(&contact, about).await?.is_empty() {
                true => self.matter(contact).await,
                false => self.say(&contact, &phone, &text, "yes_or_no").await,
            },
            Command::Stop => self.opt(&contact, &phone, &text, true).await,
            Command::Start => self.opt(&contact, &phone, &text, false).await,
            Command::Help => self.say(&contact, &phone, &text, "help").await,
            Command::Free => {
                let few = text.split_whitespace().count() <= FEW;
                if few && !self.asked(&contact, None).await?.is_empty() {
                    return self.say(&contact, &phone, &text, "yes_or_no").await;
                }
                self.matter(contact).await
            }
        }
    }

    /// A matter of its own, or the reply to what was asked about one that is known.
    async fn matter(&self, mut contact: Contact) -> Result<(), Refusal> {
        let open = self.open(&contact).await.map_err(refused)?;
        let waiting: Vec<_> = open.iter().filter(|ticket| ticket.state == State::NeedsInfo).collect();
        if let [only] = waiting.as_slice() {
            contact.about = Some(only.number);
        }
        self.take_in(contact).await.map(drop)
    }

    async fn answer(
        &self,
        mut contact: Contact,
        phone: &PhoneNumber,
        text: &str,
        said: Said,
        about: Option<Number>,
        words: Option<String>,
    ) -> Result<(), Refusal> {
        // Repeated: what it led to stands already.
        if self.store().ticket_of_contact(contact.channel, &contact.external_id).await.map_err(refused)?.is_some() {
            return Ok(());
        }
        let mut asked = self.asked(&contact, about).await?;
        if asked.is_empty() && said == Said::No {
            asked = self.lately_closed(&contact, about).await?;
        }
        let owed = asked.is_empty() && self.is_asked_for_more(&contact).await?;
        match asked.as_slice() {
            // "No" that answers nothing and goes on is a matter: "No water in our village". So is the reply to a question.
            [] if owed || (said == Said::No && words.is_some()) => self.matter(contact).await,
            [] => self.say(&contact, phone, text, "nothing_asked").await,
            [only] => match Answer::about(only.clone(), said, words, self.reopens(only)) {
                Some(answer) => {
                    contact.about = Some(only.number);
                    contact.language = contact.language.or(Some(only.language));
                    self.intake.store_answer(contact, answer).await.map(drop)
                }
                None => self.say(&contact, phone, text, "nothing_asked").await,
            },
            _ => self.say(&contact, phone, text, "which_number").await,
        }
    }

    /// The sender's tickets whose report waits for the citizen's word; of them the one that is named, if one is.
    async fn asked(&self, contact: &Contact, about: Option<Number>) -> Result<Vec<Ticket>, Refusal> {
        let mut open = self.open(contact).await.map_err(refused)?;
        open.retain(|ticket| matches!(ticket.state, State::Verifying | State::AtrSubmitted) && about.is_none_or(|n| n == ticket.number));
        Ok(open)
    }

    /// The sender's tickets that may be opened again.
    async fn lately_closed(&self, contact: &Contact, about: Option<Number>) -> Result<Vec<Ticket>, Refusal> {
        let Some(person) = self.store().person_of(&contact.sender).await.map_err(refused)? else { return Ok(Vec::new()) };
        let mut closed = self.store().closed_tickets_of(person).await.map_err(refused)?;
        closed.retain(|ticket| self.reopens(ticket) && about.is_none_or(|n| n == ticket.number));
        Ok(closed)
    }

    fn reopens(&self, ticket: &Ticket) -> bool {
        self.intake.rules.joining.reopens(ticket, self.intake.clock.now())
    }

    async fn is_asked_for_more(&self, contact: &Contact) -> Result<bool, Refusal> {
        Ok(self.open(contact).await.map_err(refused)?.iter().any(|ticket| ticket.state == State::NeedsInfo))
    }

    async fn open(&self, contact: &Contact) -> Result<Vec<Ticket>, StoreError> {
        match self.store().person_of(&contact.sender).await? {
            Some(person) => self.store().open_tickets_of(person).await,
            None => Ok(Vec::new()),
        }
    }

    /// What may be told to anybody who has the number: state, department, limit. Without a number, of the sender's own one ticket.
    async fn tell_status(&self, contact: &Contact, phone: &PhoneNumber, text: &str, number: Option<Number>) -> Result<(), Refusal> {
        let own = match number {
            Some(_) => Vec::new(),
            None => self.open(contact).await.map_err(refused)?,
        };
        let digits = text.chars().any(char::is_numeric);
        let number = match (number, own.as_slice()) {
            (None, [only]) if !digits => Some(only.number),
            (number, _) => number,
        };
        let known = match number {
            Some(number) => self.look_up(number).await?,
            None => None,
        };
        match known {
            Some(standing) => {
                let values = BTreeMap::from([("number".to_owned(), standing.number.digits())]);
                self.send(contact, phone, text, "status", values).await
            }
            None => self.say(contact, phone, text, "status_unknown").await,
        }
    }

    async fn opt(&self, contact: &Contact, phone: &PhoneNumber, text: &str, out: bool) -> Result<(), Refusal> {
        self.store().opt_out(contact.channel, phone.as_str(), out, self.intake.clock.now()).await.map_err(refused)?;
        self.say(contact, phone, text, if out { "stopped" } else { "started" }).await
    }

    async fn say(&self, contact: &Contact, phone: &PhoneNumber, text: &str, template: &str) -> Result<(), Refusal> {
        self.send(contact, phone, text, template, BTreeMap::new()).await
    }

    /// Answers in the language of the message, else in the one that this telephone chose last. The contact's name makes a
    /// repeated one the same.
    async fn send(
        &self,
        contact: &Contact,
        phone: &PhoneNumber,
        text: &str,
        template: &str,
        values: BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        let key = format!("{}:{template}", contact.external_id);
        let language = self.language_of(contact, phone, text).await;
        self.send_sms(&key, phone, language, template, values).await
    }

    /// Commands are often English words of people who read Bengali: only a script of its own says which language is meant.
    async fn language_of(&self, contact: &Contact, phone: &PhoneNumber, text: &str) -> Language {
        let script = |range: std::ops::RangeInclusive<char>| text.chars().any(|c| range.contains(&c));
        if script('\u{0980}'..='\u{09ff}') {
            return Language::Bn;
        }
        if script('\u{0900}'..='\u{097f}') {
            return Language::Hi;
        }
        let ticket = self.open(contact).await.ok().and_then(|open| open.first().map(|ticket| ticket.language));
        match ticket {
            Some(language) => language,
            None => self.remembered_language(phone).await.unwrap_or_default(),
        }
    }
}
