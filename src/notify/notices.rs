//! Which message a citizen gets for what happens to a ticket.

use super::reach::{Reach, Way};
use super::templates::{RenderError, Templates};
use crate::masters::Masters;
use crate::observe::event;
use crate::store::NewMessage;
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::{Channel, Outcome};
use daak_domain::feedback::Means;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Closure, EventBody, Number, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Makes messages to citizens. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    templates: Arc<Templates>,
    masters: Arc<Masters>,
    carried: Arc<BTreeSet<Channel>>,
}

impl Notices {
    /// From templates and masters, for the channels that something carries.
    pub fn new(templates: Arc<Templates>, masters: Arc<Masters>, carried: BTreeSet<Channel>) -> Self {
        Self { templates, masters, carried: Arc::new(carried) }
    }

    /// The ways in which a person is told of a matter that came by this channel.
    pub fn ways(&self, reach: &Reach, came_by: Channel) -> Vec<Way> {
        reach.ways(came_by, &self.carried)
    }

    /// The way by a channel that a person asked for; `None` if nothing carries it or there is no address.
    pub fn way(&self, reach: &Reach, channel: Channel) -> Option<Way> {
        let to = reach.by(channel).filter(|_| self.carried.contains(&channel))?;
        Some(Way { channel, to, answers: None, subject: None, public: false })
    }

    pub(super) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The acknowledgement of a contact that opened or joined a ticket. A repeated one was acknowledged before.
    pub fn acknowledge(&self, ticket: &Ticket, outcome: Outcome, way: &Way, at: Timestamp) -> Option<NewMessage> {
        let template = match outcome {
            Outcome::Repeated => return None,
            _ if way.public => "public",
            Outcome::Opened if ticket.emergency => "registered_emergency",
            Outcome::Opened => "registered",
            Outcome::Joined => "joined",
        };
        self.about(ticket, template, [].into(), way, at)
    }

    /// What the citizen is told of an event, if anything. `ticket` is as it stands after it.
    pub fn after(&self, ticket: &Ticket, body: &EventBody, way: &Way, at: Timestamp) -> Option<NewMessage> {
        if let EventBody::Replied { message, channel, text } = body {
            return (*channel == way.channel).then(|| self.reply(ticket, message, text, way, at));
        }
        if let EventBody::Reopened { .. } = body {
            return self.reopened(ticket, way, at);
        }
        let (template, own) = match body {
            EventBody::Assigned { .. } | EventBody::Forwarded { .. } => ("assigned", None),
            EventBody::Asked { question, .. } => ("needs_info", Some(("question", question.clone()))),
            EventBody::AtrSubmitted { .. } => ("atr", None),
            EventBody::Questioned { means: Means::Sms, .. } => ("question", None),
            EventBody::Closed { closure: Closure::Confirmed, .. } => ("confirmed", None),
            EventBody::Closed { closure: Closure::NoAnswer, .. } => ("unanswered", None),
            EventBody::Closed { remarks, .. } => ("closed", Some(("remarks", remarks.clone()))),
            _ => return None,
        };
        self.about(ticket, template, own.into_iter().collect(), way, at)
    }

    /// What the citizen is told whose ticket was opened again.
    pub fn reopened(&self, ticket: &Ticket, way: &Way, at: Timestamp) -> Option<NewMessage> {
        self.about(ticket, "reopened", [].into(), way, at)
    }

    /// What the citizen who said no is told. `ticket` is as it stands after it.
    pub fn not_settled(&self, ticket: &Ticket, body: &EventBody, way: &Way, at: Timestamp) -> Option<NewMessage> {
        match body {
            EventBody::AtrReturned { .. } => self.about(ticket, "not_settled", [].into(), way, at),
            other => self.after(ticket, other, way, at),
        }
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
            enclosed: Enclosed::default(),
            masked: None,
            urgent: rendered.urgent,
            not_before: at,
        })
    }

    /// A one-time code by one of a person's addresses. What the outbox shows of it, then and later, is not the code.
    ///
    /// # Errors
    /// [`RenderError`] names what is missing.
    pub fn one_time_code(
        &self,
        key: &str,
        (channel, to): (Channel, &str),
        language: Language,
        (code, minutes): (&str, u32),
        at: Timestamp,
    ) -> std::result::Result<NewMessage, RenderError> {
        let values = [("code", code.to_owned()), ("minutes", minutes.to_string())].map(|(name, value)| (name.to_owned(), value));
        let rendered = self.templates.render(CODE, language, &values.into())?;
        let subject = (channel == Channel::Email).then(|| self.templates.subject(CODE, language)).flatten();
        Ok(NewMessage {
            key: key.to_owned(),
            channel,
            to: to.to_owned(),
            template: CODE.to_owned(),
            language: rendered.language,
            masked: Some(rendered.text.replace(code, &"·".repeat(code.len()))),
            text: rendered.text,
            enclosed: Enclosed { subject: subject.map(str::to_owned), ..Enclosed::default() },
            urgent: rendered.urgent,
            not_before: at,
        })
    }

    /// Whether something carries messages of this channel.
    pub fn carries(&self, channel: Channel) -> bool {
        self.carried.contains(&channel)
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

    fn about(&self, ticket: &Ticket, template: &str, own: BTreeMap<&str, String>, way: &Way, at: Timestamp) -> Option<NewMessage> {
        let mut values = self.values_of(ticket, ticket.language);
        values.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut key = format!("{}:{template}:{}", ticket.number.digits(), ticket.seq);
        if way.channel != Channel::Sms {
            key = format!("{key}:{}", way.channel);
        }
        match self.templates.render(template, ticket.language, &values) {
            Ok(rendered) => Some(NewMessage {
                key,
                channel: way.channel,
                to: way.to.clone(),
                template: template.to_owned(),
                language: rendered.language,
                text: rendered.text,
                enclosed: Enclosed {
                    values: if way.channel == Channel::Whatsapp { rendered.values } else { BTreeMap::new() },
                    ..enclosed(ticket, way)
                },
                masked: None,
                urgent: rendered.urgent,
                not_before: at,
            }),
            Err(why) => {
                tracing::error!(event = event::MESSAGE_UNMADE, ticket = %ticket.number, %why);
                None
            }
        }
    }

    /// What a person wrote, as it is sent.
    fn reply(&self, ticket: &Ticket, key: &str, text: &str, way: &Way, at: Timestamp) -> NewMessage {
        NewMessage {
            key: key.to_owned(),
            channel: way.channel,
            to: way.to.clone(),
            template: REPLY.to_owned(),
            language: ticket.language,
            text: text.to_owned(),
            enclosed: enclosed(ticket, way),
            masked: None,
            // Whoever writes to a person knows what time it is.
            urgent: true,
            not_before: at,
        }
    }

    /// The category's name in the language.
    pub(super) fn category(&self, code: &str, language: Language) -> String {
        let Some(category) = self.masters.taxonomy.categories.get(code) else { return code.to_owned() };
        let name = match language.answered_in() {
            Language::Bn => &category.name_bn,
            Language::Hi => &category.name_hi,
            _ => &category.name_en,
        };
        [name, &category.name_en].into_iter().find(|name| !name.is_empty()).map_or(code, String::as_str).to_owned()
    }

    /// The office's name in the language, as it is at an instant.
    pub(super) fn office(&self, code: &str, language: Language, at: Timestamp) -> String {
        self.masters.offices.shown(code, self.masters.day(at)).map_or(code, |office| office.name(language)).to_owned()
    }

    /// The department's name; the English one where there is none in the language.
    pub fn department(&self, code: &str, language: Language) -> String {
        let Some(department) = self.masters.taxonomy.departments.get(code) else { return code.to_owned() };
        let name = match language.answered_in() {
            Language::Bn => &department.name_bn,
            Language::Hi => &department.name_hi,
            _ => &department.name_en,
        };
        [name, &department.name_en].into_iter().find(|name| !name.is_empty()).map_or(code, String::as_str).to_owned()
    }
}

/// The template of one-time codes.
const CODE: &str = "otp";
/// In the place of a template's name: a person wrote it.
const REPLY: &str = "reply";

fn enclosed(ticket: &Ticket, way: &Way) -> Enclosed {
    let subject = (way.channel == Channel::Email).then(|| subject(way.subject.as_deref(), ticket.number));
    Enclosed { subject, answers: way.answers.clone(), public: way.public, ..Enclosed::default() }
}

/// The subject of a mail: that of the one it answers, so that mail programs keep them together, and the number.
fn subject(answered: Option<&str>, number: Number) -> String {
    let token = format!("[{}]", number.grouped());
    let mut rest = answered.unwrap_or_default().replace(&token, "").split_whitespace().collect::<Vec<_>>().join(" ");
    while let Some(shorter) = rest.get(..3).filter(|start| start.eq_ignore_ascii_case("re:")).map(|_| rest[3..].trim_start().to_owned()) {
        rest = shorter;
    }
    if rest.is_empty() { token } else { format!("Re: {} {token}", rest.chars().take(200).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_its_subject_and_has_one_re_and_one_number() {
        let number = Number::from_serial(7);
        let token = format!("[{}]", number.grouped());
        assert_eq!(subject(None, number), token);
        assert_eq!(subject(Some("জল নেই"), number), format!("Re: জল নেই {token}"));
        assert_eq!(subject(Some(&format!("RE: Re:  জল নেই {token}")), number), format!("Re: জল নেই {token}"));
        assert_eq!(subject(Some("re:"), number), token);
    }
}
