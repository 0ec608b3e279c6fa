//! The events of a ticket: who, when, why. Append-only; each carries the hash of the one before.

use super::{Number, SlaClass, Step};
use crate::call::CallId;
use crate::contact::{Attachment, Channel};
use crate::feedback::Means;
use crate::language::Language;
use crate::visit::{Cause, Finding, VisitReport};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One event in a ticket's life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// The citizen.
    Citizen,
    /// A person who signs in.
    Person {
        /// Sign-in name.
        name: String,
    },
    /// A machine with a token.
    Machine {
        /// Name of the token.
        name: String,
    },
    /// The helpline itself, by rule.
    Helpline,
}

/// What happened. The `type` names are those of the HTTP API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventBody {
    /// The first event of every ticket.
    Registered {
        /// The contact that opened it.
        contact: i64,
        /// Whose it is.
        person: i64,
        /// By which way it came.
        channel: Channel,
        /// Category code.
        category: String,
        /// Department code.
        department: String,
        /// Class of limit.
        sla_class: SlaClass,
        /// Whether life or limb are at stake.
        emergency: bool,
        /// In which language to answer.
        language: Language,
        /// LGD code of the district, where known.
        district: Option<String>,
        /// Code of block or municipality, where known.
        block: Option<String>,
        /// When it must be resolved.
        due_at: Timestamp,
        /// Code of the office with which it lies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// Another contact of the same person about the same matter.
    ContactJoined {
        /// The contact.
        contact: i64,
        /// By which way it came.
        channel: Channel,
    },
    /// What the ticket is about was said anew, by a person or by a machine.
    Classified {
        /// Category code.
        category: String,
        /// Department code.
        department: String,
        /// Class of limit.
        sla_class: SlaClass,
        /// New limit.
        due_at: Timestamp,
        /// Why.
        why: String,
        /// Code of the office with which it lies now; none: it stays where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// It is treated as an emergency from now on.
    EmergencyRaised {
        /// The words, or the key, that said so.
        because: String,
        /// New limit.
        due_at: Timestamp,
    },
    /// A person wrote down what a voice or an image says.
    WrittenDown {
        /// Which contact.
        contact: i64,
        /// The text of record from now on.
        text: String,
    },
    /// Given to an office, and perhaps to one person there.
    Assigned {
        /// Department code.
        department: String,
        /// Sign-in name.
        officer: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Code of the office.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// A person began to work on it.
    Taken {
        /// Sign-in name.
        officer: String,
    },
    /// Sent to another office: down, aside or up.
    Forwarded {
        /// Department code.
        department: String,
        /// Why.
        reason: String,
        /// Code of the office.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// The citizen is asked for something.
    Asked {
        /// The question.
        question: String,
        /// Until when the clock rests at most; none: as long as the rule says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Something was written to the citizen, who need not answer.
    Replied {
        /// Key of the message in the outbox.
        message: String,
        /// By which way.
        channel: Channel,
        /// What was written.
        text: String,
    },
    /// The citizen answered.
    Answered {
        /// The answer.
        text: String,
    },
    /// A note among colleagues.
    Noted {
        /// The note.
        text: String,
        /// Files.
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// What was done, by the office.
    AtrSubmitted {
        /// Code of the closure reason.
        closure_reason: String,
        /// What was done.
        remarks: String,
        /// Evidence.
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// The report was taken up for verification.
    VerificationBegun {
        /// How.
        how: String,
    },
    /// The citizen was asked whether it is settled.
    Questioned {
        /// The attempt's place in the rule, from 0.
        step: u32,
        /// By which means.
        means: Means,
    },
    /// The report was sent back.
    AtrReturned {
        /// What is missing.
        reason: String,
        /// Code of the office that has it now, where that is another: the one above, if the citizen said no.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// It is over.
    Closed {
        /// On whose word.
        closure: Closure,
        /// What the citizen is told.
        remarks: String,
    },
    /// The citizen says it is not settled.
    Reopened {
        /// Why.
        reason: String,
        /// Code of the office that has it now, where that is another: the one above the one that settled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
        /// Whether it is an appeal against a settlement.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        appeal: bool,
    },
    /// The citizen said how well it was done.
    Rated {
        /// 1, very badly, to 5, very well.
        stars: u8,
    },
    /// It is the same matter as another ticket.
    Merged {
        /// The ticket in which it goes on.
        into: Number,
    },
    /// The merge was a mistake.
    Unmerged,
    /// Kept for policy.
    PolicyRegistered {
        /// Why no office can settle it.
        reason: String,
    },
    /// A field visit was asked for.
    VisitRequested {
        /// Why.
        reason: String,
    },
    /// Somebody is to go and look.
    VisitPlanned {
        /// Its place among the ticket's visits, from 1.
        visit: u32,
        /// Why: by a rule, by a draw, on request.
        #[serde(flatten)]
        cause: Cause,
        /// Which event of the ticket was the reason.
        of: u32,
        /// Told to whoever goes.
        reason: String,
        /// Whether the ticket waits for it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        needed: bool,
    },
    /// A visit was given to a field executive for a day.
    VisitAssigned {
        /// Which.
        visit: u32,
        /// Sign-in name.
        executive: String,
        /// The day.
        day: Date,
    },
    /// They set out.
    VisitStarted {
        /// Which.
        visit: u32,
    },
    /// They said what they saw, or why they saw nothing.
    VisitReported {
        /// Which.
        visit: u32,
        /// What they brought back.
        #[serde(flatten)]
        report: VisitReport,
    },
    /// The report was compared with what is known otherwise.
    VisitChecked {
        /// Which.
        visit: u32,
        /// What was found.
        #[serde(flatten)]
        finding: Finding,
    },
    /// Nobody is to go any more.
    VisitCancelled {
        /// Which.
        visit: u32,
        /// Why.
        reason: String,
    },
    /// Somebody other than the reporting officer looked at the place, or at the evidence.
    EvidenceGiven {
        /// Whether it shows the matter settled.
        settled: bool,
        /// What was seen.
        remarks: String,
        /// Photographs, documents.
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// An officer above put their name to the report.
    Cosigned {
        /// Why it is right.
        remarks: String,
    },
    /// It complains of offices, and is seen by nobody in them or below them.
    Restricted {
        /// Codes of the offices complained of.
        about: Vec<String>,
        /// Why.
        reason: String,
        /// Code of the office that has it now, where it lay with one of those.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        office: Option<String>,
    },
    /// The office was reminded of a limit.
    Reminded {
        /// Of which.
        limit: Limit,
        /// The reminder's place among those of this limit, from 1.
        nth: u32,
        /// When it is reached.
        due_at: Timestamp,
    },
    /// A limit passed: an office above was told, and looks after it.
    Escalated {
        /// Which.
        limit: Limit,
        /// How many levels above the office that has it.
        level: u32,
        /// Code of the office that was told.
        office: String,
        /// When it was reached.
        due_at: Timestamp,
    },
    /// Its limits moved: the clock had rested, or the rules changed.
    LimitMoved {
        /// When it must be resolved.
        due_at: Timestamp,
        /// Why.
        why: String,
    },
    /// A call in which the ticket was spoken of.
    Called {
        /// Which.
        call: CallId,
        /// Recording of the whole call.
        recording: Option<Attachment>,
    },
    /// Something happened later to a contact, or to a message of ours. What was there before stays.
    Amended {
        /// The channel's own name for the contact or message.
        message: String,
        /// By which way it came.
        channel: Channel,
        /// What happened.
        amendment: AmendmentKind,
        /// The new text; the sign; why a file cannot be had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Files that arrived.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// A message to the citizen or an officer moved on.
    Message {
        /// Key of the message in the outbox.
        message: String,
        /// Name of its template.
        template: String,
        /// Channel: `sms`, `email`.
        channel: Channel,
        /// Where it stands.
        state: MessageState,
        /// What the carrier said, if anything.
        detail: Option<String>,
    },
}

impl EventBody {
    /// The step in the table of transitions that this event is; `None` if it moves no state.
    pub fn step(&self) -> Option<Step> {
        Some(match self {
            EventBody::Assigned { .. } => Step::Assign,
            EventBody::Taken { .. } => Step::Take,
            EventBody::Forwarded { .. } => Step::Forward,
            EventBody::Asked { .. } => Step::Ask,
            EventBody::Answered { .. } => Step::Answer,
            EventBody::AtrSubmitted { .. } => Step::SubmitAtr,
            EventBody::VerificationBegun { .. } => Step::Verify,
            EventBody::AtrReturned { .. } => Step::Return,
            EventBody::Closed { .. } => Step::Close,
            EventBody::Reopened { .. } => Step::Reopen,
            EventBody::Merged { .. } => Step::Merge,
            EventBody::Unmerged => Step::Unmerge,
            EventBody::PolicyRegistered { .. } => Step::ToPolicyRegister,
            EventBody::Registered { .. }
            | EventBody::ContactJoined { .. }
            | EventBody::Classified { .. }
            | EventBody::EmergencyRaised { .. }
            | EventBody::WrittenDown { .. }
            | EventBody::Noted { .. }
            | EventBody::Replied { .. }
            | EventBody::VisitRequested { .. }
            | EventBody::VisitPlanned { .. }
            | EventBody::VisitAssigned { .. }
            | EventBody::VisitStarted { .. }
            | EventBody::VisitReported { .. }
            | EventBody::VisitChecked { .. }
            | EventBody::VisitCancelled { .. }
            | EventBody::EvidenceGiven { .. }
            | EventBody::Cosigned { .. }
            | EventBody::Restricted { .. }
            | EventBody::Reminded { .. }
            | EventBody::Escalated { .. }
            | EventBody::LimitMoved { .. }
            | EventBody::Questioned { .. }
            | EventBody::Rated { .. }
            | EventBody::Called { .. }
            | EventBody::Amended { .. }
            | EventBody::Message { .. } => return None,
        })
    }
}

/// What happened later to a contact, or to a message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmendmentKind {
    /// The citizen wrote it anew.
    Edited,
    /// The citizen took it back.
    Deleted,
    /// The citizen answered by a sign, or took the sign away.
    Reacted,
    /// Its files arrived.
    Fetched,
    /// A file of it cannot be had.
    Lost,
}

/// On whose word a ticket was closed. No answer is never satisfaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closure {
    /// The citizen agreed.
    Confirmed,
    /// The citizen was asked and did not answer.
    NoAnswer,
    /// The report, and evidence that another person gave, agree; the citizen could not be asked.
    Evidenced,
    /// A person closed it on their own word.
    Override,
}

impl Closure {
    /// Every way.
    pub const ALL: [Closure; 4] = [Closure::Confirmed, Closure::NoAnswer, Closure::Evidenced, Closure::Override];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Closure::Confirmed => "confirmed",
            Closure::NoAnswer => "no_answer",
            Closure::Evidenced => "evidenced",
            Closure::Override => "override",
        }
    }
}

/// A limit of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Somebody must have begun to do something.
    FirstAction,
    /// The citizen must have heard how far it is.
    Interim,
    /// It must be resolved.
    Resolution,
}

impl Limit {
    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::FirstAction => "first_action",
            Limit::Interim => "interim",
            Limit::Resolution => "resolution",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// In the outbox.
    Queued,
    /// The carrier took it.
    Sent,
    /// The carrier says it arrived (DLR).
    Delivered,
    /// The citizen opened it, where the channel says so.
    Read,
    /// It will not be tried again.
    Failed,
}

/// An event as it lies in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SealedEvent {
    /// Place in the ticket's life, from 1.
    pub seq: u32,
    /// The event.
    pub event: Event,
    /// SHA-256 over the hash before it, the ticket, the place and the event's stored JSON.
    pub hash: [u8; 32],
}

/// The hash that stands before a ticket's first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of the event `stored` (its JSON, byte for byte as it is stored) at place `seq` of the
/// ticket, after an event with hash `before`.
pub fn seal(before: &[u8; 32], ticket: Number, seq: u32, stored: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(ticket.as_u64().to_be_bytes());
    hasher.update(seq.to_be_bytes());
    hasher.update(stored);
    hasher.finalize().into()
}

/// Walks a ticket's log from its first event: places in order, each hash what it must be. Answers with the last hash, to
/// be compared with the one that is kept elsewhere (events cut off at the end show only there).
///
/// # Errors
/// The place of the first event at which the log is broken.
pub fn verify<'a>(ticket: Number, log: impl IntoIterator<Item = (u32, &'a [u8], [u8; 32])>) -> Result<[u8; 32], u32> {
    let mut before = GENESIS;
    for (expected, (seq, stored, hash)) in (1u32..).zip(log) {
        if seq != expected || seal(&before, ticket, seq, stored) != hash {
            return Err(expected);
        }
        before = hash;
    }
    Ok(before)
}
