//! Which message a citizen gets for what happens to a ticket.

use super::templates::{RenderError, Templates};
use crate::masters::Masters;
use crate::observe::event;
use crate::store::{NewMessage, Result, Store};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Outcome};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{EventBody, Ticket};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes messages to citizens. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    templates: Arc<Templates>,
    masters: Arc<Masters>,
}

impl Notices {
    /// From templates and masters.
    pub fn new(templates: Arc<Templates>, masters: Arc<Masters>) -> Self {
        Self { templates, masters }
    }

    /// The acknowledgement of a contact that opened or joined a ticket. A repeated one was acknowledged before.
    pub fn acknowledge(&self, ticket: &Ticket, outcome: Outcome, to: &PhoneNumber, at: Timestamp) -> Option<NewMessage> {
        let template = match outcome {
            Outcome::Opened if ticket.emergency => "registered_emergency",
            Outcome::Opened => "registered",
            Outcome::Joined => "joined",
            Outcome::Repeated => return None,
        };
        self.about(ticket, template, [].into(), to, at)
    }

    /// What the citizen is told of an event, if anything. `ticket` is as it stands after it.
    pub fn after(&self, ticket: &Ticket, body: &EventBody, to: &PhoneNumber, at: Timestamp) -> Option<NewMessage> {
        let (template, own) = match body {
            EventBody::Assigned { .. } | EventBody::Forwarded { .. } => ("assigned", None),
            EventBody::Asked { question } => ("needs_info", Some(("question", question.clone()))),
            EventBody::AtrSubmitted { .. } => ("atr", None),
            EventBody::Closed { remarks, .. } => ("closed", Some(("remarks", remarks.clone()))),
            EventBody::Reopened { .. } => ("reopened", None),
            _ => return None,
        };
        self.about(ticket, template, own.into_iter().collect(), to, at)
    }

    /// A message that somebody asks for by template, as a flow does.
    ///
    /// # Errors
    /// [`RenderError`] names what is missing.
    pub fn asked_for(
        &self,
        key: &str,
        to: &PhoneNumber,
        language: Language,
        template: &str,
        values: &BTreeMap<String, String>,
        at: Timestamp,
    ) -> std::result::Result<NewMessage, RenderError> {
        let rendered = self.templates.render(template, language, values)?;
        Ok(NewMessage {
            key: key.to_owned(),
            channel: Channel::Sms,
            to: to.as_str().to_owned(),
            template: template.to_owned(),
            language: rendered.language,
            text: rendered.text,
            urgent: rendered.urgent,
            not_before: at,
        })
    }

    /// The values that a ticket itself gives to a message.
    pub fn values_of(&self, ticket: &Ticket, language: Language) -> BTreeMap<String, String> {
        [
            ("number", ticket.number.digits()),
            ("due", ticket.due_at.to_string()),
            ("state", ticket.state.as_str().to_owned()),
            ("department", self.department(&ticket.department, language)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    fn about(&self, ticket: &Ticket, template: &str, own: BTreeMap<&str, String>, to: &PhoneNumber, at: Timestamp) -> Option<NewMessage> {
        let mut values = self.values_of(ticket, ticket.language);
        values.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let key = format!("{}:{template}:{}", ticket.number.digits(), ticket.seq);
        match self.asked_for(&key, to, ticket.language, template, &values, at) {
            Ok(message) => Some(message),
            Err(why) => {
                tracing::error!(event = event::MESSAGE_UNMADE, ticket = %ticket.number, %why);
                None
            }
        }
    }

    /// The department's name; the masters have none in Hindi, where the English one is understood.
    fn department(&self, code: &str, language: Language) -> String {
        let department = self.masters.taxonomy.departments.get(code);
        let name = department.map(|d| if language.answered_in() == Language::Bn { &d.name_bn } else { &d.name_en });
        name.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| code.to_owned())
    }
}

/// The number at which a person is told things: the first that takes SMS, else the first at all.
///
/// # Errors
/// [`crate::store::StoreError`].
pub async fn phone_of(store: &Store, person: i64) -> Result<Option<PhoneNumber>> {
    let phones = store.person(person).await?.map(|p| p.phones).unwrap_or_default();
    let mut phones: Vec<_> = phones.iter().filter_map(|text| PhoneNumber::parse(text).ok()).collect();
    phones.sort_by_key(|phone| !phone.takes_sms());
    Ok(phones.into_iter().next())
}
