//! What officers are told: that a ticket came to their office, that a limit comes near, that one below them passed.

use super::notices::Notices;
use crate::observe::event;
use crate::store::NewMessage;
use daak_domain::Timestamp;
use daak_domain::carrier::Enclosed;
use daak_domain::contact::Channel;
use daak_domain::language::Language;
use daak_domain::ticket::{EventBody, Limit, Ticket};

/// Where an officer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// By which way.
    pub channel: Channel,
    /// A telephone number, or a mail address.
    pub to: String,
}

/// Whom an event concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concerned {
    /// The office that has the ticket.
    Holder,
    /// An office above, by its code.
    Above(String),
}

/// Whom an event concerns, and the template by which they are told.
pub fn concerned(body: &EventBody) -> Option<(Concerned, &'static str)> {
    Some(match body {
        EventBody::Assigned { .. } | EventBody::Forwarded { .. } | EventBody::Restricted { office: Some(_), .. } => {
            (Concerned::Holder, "officer_assigned")
        }
        EventBody::AtrReturned { .. } | EventBody::Reopened { .. } => (Concerned::Holder, "officer_returned"),
        EventBody::Reminded { limit: Limit::Interim, .. } => (Concerned::Holder, "officer_interim"),
        EventBody::Reminded { .. } => (Concerned::Holder, "officer_reminder"),
        EventBody::Escalated { office, .. } => (Concerned::Above(office.clone()), "officer_escalated"),
        _ => return None,
    })
}

impl Notices {
    /// What the officers at these addresses are told of an event. `ticket` is as it stands after it.
    pub fn to_officers(&self, ticket: &Ticket, body: &EventBody, addresses: &[Address], at: Timestamp) -> Vec<NewMessage> {
        let Some((_, template)) = concerned(body) else { return Vec::new() };
        let language = Language::default();
        let mut values = self.values_of(ticket, language);
        values.insert("category".into(), self.category(&ticket.category, language));
        values.insert("office".into(), self.office(ticket.holder(), language, at));
        if let EventBody::Reminded { due_at, .. } | EventBody::Escalated { due_at, .. } = body {
            values.insert("due".into(), due_at.to_string());
        }
        let rendered = match self.templates().render(template, language, &values) {
            Ok(rendered) => rendered,
            Err(why) => {
                tracing::error!(event = event::MESSAGE_UNMADE, ticket = %ticket.number, %why);
                return Vec::new();
            }
        };
        let message = |(place, address): (usize, &Address)| NewMessage {
            key: format!("{}:{template}:{}:{}:{place}", ticket.number.digits(), ticket.seq, address.channel),
            channel: address.channel,
            to: address.to.clone(),
            template: template.to_owned(),
            language: rendered.language,
            text: rendered.text.clone(),
            masked: None,
            enclosed: Enclosed {
                subject: (address.channel == Channel::Email).then(|| format!("[{}]", ticket.number.grouped())),
                ..Enclosed::default()
            },
            // Whoever is on duty for an emergency is told at night as well.
            urgent: rendered.urgent || ticket.emergency,
            not_before: at,
        };
        addresses.iter().enumerate().map(message).collect()
    }
}
