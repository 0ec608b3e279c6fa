//! What a citizen is told of their own ticket's life. Pure; whatever is not named here stays inside the house.

use super::{Actor, Closure, Event, EventBody, Number};
use crate::visit::{Cause, Outcome};
use serde::Serialize;

/// One step in a ticket's life, as its citizen may know it: no notes, no names of people, nothing that offices write to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Told {
    /// It has a number.
    Registered {
        /// The contact that opened it.
        #[serde(skip)]
        contact: i64,
    },
    /// The citizen added something.
    Added {
        /// The contact.
        #[serde(skip)]
        contact: i64,
    },
    /// It is treated as an emergency.
    Emergency,
    /// An office has it.
    Given {
        /// Department code.
        department: String,
    },
    /// Somebody began to work on it.
    Begun,
    /// The citizen is asked for something.
    Asked {
        /// The question.
        question: String,
    },
    /// The citizen answered.
    Answered {
        /// The answer.
        text: String,
    },
    /// Something was written to the citizen.
    Written {
        /// What.
        text: String,
    },
    /// A visit was asked for.
    Visit,
    /// Somebody was there and looked.
    Visited,
    /// The office says that it is done.
    Reported {
        /// Code of the closure reason.
        closure_reason: String,
    },
    /// What was done is being checked.
    Checked,
    /// The citizen was asked whether it is settled.
    Questioned,
    /// The report was sent back to the office.
    SentBack,
    /// The citizen says that it is not settled.
    NotSettled {
        /// In their words.
        words: String,
    },
    /// It is over.
    Closed {
        /// On whose word.
        closure: Closure,
        /// What the citizen is told, where a person wrote it for them.
        #[serde(skip_serializing_if = "Option::is_none")]
        remarks: Option<String>,
    },
    /// It was opened again.
    Reopened,
    /// The citizen said how well it was done.
    Rated {
        /// 1, very badly, to 5, very well.
        stars: u8,
    },
    /// It goes on together with another ticket.
    Joined {
        /// Which.
        #[serde(skip)]
        into: Number,
    },
    /// It goes on by itself again.
    Parted,
    /// It is kept for a decision of policy.
    ForPolicy,
}

impl Told {
    /// What the citizen is told of an event; `None` if it is not theirs to know. New kinds of events are kept inside until they
    /// are named here.
    pub fn of(event: &Event) -> Option<Self> {
        let by_citizen = event.by == Actor::Citizen;
        Some(match &event.body {
            EventBody::Registered { contact, .. } => Self::Registered { contact: *contact },
            EventBody::ContactJoined { contact, .. } => Self::Added { contact: *contact },
            EventBody::EmergencyRaised { .. } => Self::Emergency,
            EventBody::Assigned { department, .. } | EventBody::Forwarded { department, .. } => {
                Self::Given { department: department.clone() }
            }
            EventBody::Taken { .. } => Self::Begun,
            EventBody::Asked { question, .. } => Self::Asked { question: question.clone() },
            EventBody::Answered { text } => Self::Answered { text: text.clone() },
            EventBody::Replied { text, .. } => Self::Written { text: text.clone() },
            EventBody::VisitRequested { .. } => Self::Visit,
            EventBody::VisitPlanned { cause: Cause::Rule(_) | Cause::Draw(_), .. } => Self::Visit,
            EventBody::VisitReported { report, .. } if matches!(report.outcome, Outcome::Seen { .. }) => Self::Visited,
            EventBody::AtrSubmitted { closure_reason, .. } => Self::Reported { closure_reason: closure_reason.clone() },
            EventBody::VerificationBegun { .. } => Self::Checked,
            EventBody::Questioned { .. } => Self::Questioned,
            EventBody::AtrReturned { reason, .. } if by_citizen => Self::NotSettled { words: reason.clone() },
            EventBody::AtrReturned { .. } => Self::SentBack,
            EventBody::Closed { closure, remarks } => Self::Closed {
                closure: *closure,
                remarks: matches!(closure, Closure::Override | Closure::Evidenced).then(|| remarks.clone()),
            },
            EventBody::Reopened { .. } => Self::Reopened,
            EventBody::Rated { stars } => Self::Rated { stars: *stars },
            EventBody::Merged { into } => Self::Joined { into: *into },
            EventBody::Unmerged => Self::Parted,
            EventBody::PolicyRegistered { .. } => Self::ForPolicy,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Channel;
    use crate::ticket::MessageState;

    fn told(by: Actor, body: EventBody) -> Option<Told> {
        Told::of(&Event { at: "2026-11-24T10:00:00Z".parse().expect("a time"), by, body })
    }

    #[test]
    fn what_people_write_to_each_other_stays_inside() {
        let secret = || "secret".to_owned();
        let message = |template: &str| EventBody::Message {
            message: secret(),
            template: template.into(),
            channel: Channel::Sms,
            state: MessageState::Sent,
            detail: Some(secret()),
        };
        let person = || Actor::Person { name: "rina-secret".into() };
        for body in [
            EventBody::Noted { text: secret(), attachments: vec![] },
            EventBody::Forwarded { department: "PWD".into(), reason: secret(), office: Some(secret()) },
            EventBody::Assigned { department: "PWD".into(), officer: Some(secret()), reason: Some(secret()), office: None },
            EventBody::Taken { officer: secret() },
            EventBody::AtrSubmitted { closure_reason: "done".into(), remarks: secret(), attachments: vec![] },
            EventBody::AtrReturned { reason: secret(), office: None },
            EventBody::Restricted { about: vec![secret()], reason: secret(), office: None },
            EventBody::EvidenceGiven { settled: true, remarks: secret(), attachments: vec![] },
            EventBody::Cosigned { remarks: secret() },
            EventBody::VerificationBegun { how: secret() },
            EventBody::VisitRequested { reason: secret() },
            EventBody::PolicyRegistered { reason: secret() },
            EventBody::Reopened { reason: secret(), office: None, appeal: false },
            EventBody::WrittenDown { contact: 1, text: secret() },
            EventBody::Closed { closure: Closure::NoAnswer, remarks: secret() },
            message("assigned"),
        ] {
            let shown = serde_json::to_string(&told(person(), body.clone())).expect("JSON");
            assert!(!shown.contains("secret"), "{body:?}: {shown}");
        }
    }

    #[test]
    fn what_is_said_to_the_citizen_and_by_the_citizen_is_shown() {
        let text = || "আজ জল এসেছে".to_owned();
        let person = || Actor::Person { name: "rina".into() };
        assert_eq!(told(person(), EventBody::Asked { question: text(), until: None }), Some(Told::Asked { question: text() }));
        assert_eq!(told(Actor::Citizen, EventBody::AtrReturned { reason: text(), office: None }), Some(Told::NotSettled { words: text() }));
        let closed = EventBody::Closed { closure: Closure::Override, remarks: text() };
        assert_eq!(told(person(), closed), Some(Told::Closed { closure: Closure::Override, remarks: Some(text()) }));
    }
}
