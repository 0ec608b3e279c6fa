//! One step of a ticket's life, as it is asked for, and the event it becomes.

use crate::access::{Act, Principal};
use crate::api::extract::shortened;
use crate::api::problem::{Answer, Problem};
use crate::api::words::{ChannelWord, ClosureWord, SlaClassWord};
use daak_domain::Timestamp;
use daak_domain::contact::{Attachment, AttachmentRole, BlobId, Channel};
use daak_domain::ticket::{Closure, EventBody, Number, SlaClass, State, Step, Ticket, next_state};
use serde::Deserialize;
use utoipa::ToSchema;

/// One step of a ticket's life.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewEvent {
    /// How many events you saw. If there are more by now, nothing happens and the answer is 409 with who was first.
    #[serde(default)]
    pub expected_seq: Option<u32>,
    /// What to do.
    #[serde(flatten)]
    pub step: AskedStep,
}

/// What to do with a ticket.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AskedStep {
    /// Give it to an office, and perhaps to one person there.
    Assign {
        /// Department code; its head office where no office is named.
        department: Option<String>,
        /// Code of the office.
        office: Option<String>,
        /// Sign-in name.
        officer: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Send it to another office: down, aside or up. What two offices send to each other goes to the one above both.
    Forward {
        /// Department code; its head office where no office is named.
        department: Option<String>,
        /// Code of the office.
        office: Option<String>,
        /// Why.
        reason: String,
    },
    /// Begin to work on it yourself.
    Take,
    /// Ask the citizen for something; the clock rests until the answer.
    Ask {
        /// The question, in the citizen's language.
        question: String,
        /// Until when the clock rests at most, 60 days from now at the latest; as long as the rule says where absent.
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// Write down what the citizen answered.
    Answer {
        /// The answer.
        text: String,
    },
    /// Write to the citizen, who need not answer.
    Reply {
        /// What is said, in the citizen's language.
        text: String,
        /// By which way; the one that the matter came by where absent. The ticket's `channels` are those that there are.
        #[schema(value_type = Option<ChannelWord>)]
        channel: Option<Channel>,
    },
    /// A note among colleagues.
    Note {
        /// The note.
        text: String,
        /// Files, uploaded before.
        #[serde(default)]
        attachments: Vec<FileReference>,
    },
    /// The action taken report.
    Atr {
        /// Code of the closure reason.
        closure_reason: String,
        /// What was done.
        remarks: String,
        /// Evidence, uploaded before.
        #[serde(default)]
        attachments: Vec<FileReference>,
    },
    /// Take a report up for verification.
    Verify {
        /// How: by call, by visit, by its documents.
        how: Option<String>,
    },
    /// Send a report back.
    Return {
        /// What is missing.
        reason: String,
    },
    /// It is over. Only the citizen's own answer closes as `confirmed`, not you; `override` stands with your name and is counted.
    Close {
        /// On whose word; `override` where absent.
        #[schema(value_type = Option<ClosureWord>)]
        closure: Option<Closure>,
        /// What the citizen is told.
        remarks: String,
    },
    /// The citizen says it is not settled: it goes to the office above.
    Reopen {
        /// Why.
        reason: String,
    },
    /// The citizen does not accept the settlement: it goes to the office above.
    Appeal {
        /// Why, in the citizen's words.
        reason: String,
    },
    /// You, who did not write the report, saw the place or the evidence.
    Evidence {
        /// Whether it shows the matter settled.
        settled: bool,
        /// What you saw.
        remarks: String,
        /// Photographs or documents, uploaded before.
        #[serde(default)]
        attachments: Vec<FileReference>,
    },
    /// What the citizen told you of the report in a call: yes closes as `confirmed`, no sends it to the office above.
    Feedback {
        /// Whether they say that it is settled.
        settled: bool,
        /// In their words; needed for a no.
        words: Option<String>,
        /// Name of the call in which you spoke with them.
        call: String,
    },
    /// Put your name, as an officer above, to the report.
    Cosign {
        /// Why it is right.
        remarks: String,
    },
    /// It complains of these offices: nobody in them or below them sees it any more.
    Restrict {
        /// Codes of the offices.
        about: Vec<String>,
        /// Why.
        reason: String,
    },
    /// It is the same matter as another ticket.
    Merge {
        /// The number of that ticket.
        into: String,
    },
    /// Ask for a field visit.
    Visit {
        /// Why.
        reason: String,
    },
    /// Write down what a voice or an image says.
    WriteDown {
        /// Which contact.
        contact: i64,
        /// The text of record from now on.
        text: String,
    },
    /// Say anew what it is about.
    Classify {
        /// Category code.
        category: String,
        /// Department code; the category's own where absent.
        department: Option<String>,
        /// Class of limit; the category's own where absent.
        #[schema(value_type = Option<SlaClassWord>)]
        sla_class: Option<SlaClass>,
        /// Why.
        why: String,
    },
}

/// A file that was uploaded before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct FileReference {
    /// What the upload answered as `blob`.
    pub blob: String,
    /// Name to show.
    pub name: String,
}

/// A file whose content is known.
pub type KnownFile = Attachment;

/// Longest text of an event, in characters.
const LONGEST: usize = 10_000;

impl AskedStep {
    /// The right that it takes.
    pub fn act(&self) -> Act {
        match self {
            Self::Assign { .. } => Act::Assign,
            Self::Forward { .. } => Act::Forward,
            Self::Take => Act::Take,
            Self::Ask { .. } => Act::Ask,
            Self::Answer { .. } => Act::Answer,
            Self::Reply { .. } => Act::Reply,
            Self::Note { .. } => Act::Note,
            Self::Atr { .. } => Act::SubmitAtr,
            Self::Verify { .. } => Act::Verify,
            Self::Return { .. } => Act::ReturnAtr,
            Self::Close { .. } => Act::Close,
            Self::Reopen { .. } => Act::Reopen,
            Self::Appeal { .. } => Act::Appeal,
            Self::Evidence { .. } => Act::GiveEvidence,
            Self::Feedback { .. } => Act::HearCitizen,
            Self::Cosign { .. } => Act::Cosign,
            Self::Restrict { .. } => Act::Restrict,
            Self::Merge { .. } => Act::Merge,
            Self::Visit { .. } => Act::RequestVisit,
            Self::WriteDown { .. } => Act::WriteDown,
            Self::Classify { .. } => Act::Assign,
        }
    }

    /// Files that it refers to.
    pub fn files(&self) -> &[FileReference] {
        match self {
            Self::Note { attachments, .. } | Self::Atr { attachments, .. } | Self::Evidence { attachments, .. } => attachments,
            _ => &[],
        }
    }

    /// The event, with `files` in the place of what it refers to. Those that need the
    /// masters, the offices or the citizen's addresses are made elsewhere.
    ///
    /// # Errors
    /// 422 where a text is empty or too long, or a number is none.
    pub fn into_body(self, who: &Principal, files: Vec<KnownFile>) -> Answer<EventBody> {
        Ok(match self {
            Self::Take => EventBody::Taken { officer: who.name.clone() },
            Self::Ask { question, until } => EventBody::Asked { question: text("question", question)?, until: rest(until)? },
            Self::Answer { text: answer } => EventBody::Answered { text: text("text", answer)? },
            Self::Note { text: note, .. } => EventBody::Noted { text: text("text", note)?, attachments: files },
            Self::Atr { closure_reason, remarks, .. } => EventBody::AtrSubmitted {
                closure_reason: text("closure_reason", closure_reason)?,
                remarks: text("remarks", remarks)?,
                attachments: files,
            },
            Self::Verify { how } => EventBody::VerificationBegun { how: optional("how", how)?.unwrap_or_else(|| "by hand".into()) },
            Self::Return { reason } => EventBody::AtrReturned { reason: text("reason", reason)?, office: None },
            Self::Close { closure, remarks } => {
                EventBody::Closed { closure: closure.unwrap_or(Closure::Override), remarks: text("remarks", remarks)? }
            }
            Self::Evidence { settled, remarks, .. } => {
                EventBody::EvidenceGiven { settled, remarks: text("remarks", remarks)?, attachments: files }
            }
            Self::Cosign { remarks } => EventBody::Cosigned { remarks: text("remarks", remarks)? },
            Self::Merge { into } => EventBody::Merged { into: number(&into)? },
            Self::Visit { reason } => EventBody::VisitRequested { reason: text("reason", reason)? },
            Self::WriteDown { contact, text: written } => EventBody::WrittenDown { contact, text: text("text", written)? },
            Self::Classify { .. }
            | Self::Reply { .. }
            | Self::Assign { .. }
            | Self::Forward { .. }
            | Self::Reopen { .. }
            | Self::Appeal { .. }
            | Self::Feedback { .. }
            | Self::Restrict { .. } => return Err(Problem::ours()),
        })
    }
}

/// A text that is there, in Unicode's composed form, and not longer than an event may hold.
pub fn text(key: &str, text: String) -> Answer<String> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.trim().nfc().collect();
    match text.chars().count() {
        0 => Err(Problem::invalid(format!("{key}: expected a text, this one is empty"))),
        1..=LONGEST => Ok(text),
        length => Err(Problem::invalid(format!("{key}: expected at most {LONGEST} characters, these are {length}"))),
    }
}

/// The text, if one is given.
pub fn optional(key: &str, given: Option<String>) -> Answer<Option<String>> {
    given.filter(|g| !g.trim().is_empty()).map(|given| text(key, given)).transpose()
}

/// Until when the clock may rest: not in the past, and not for ever.
fn rest(until: Option<Timestamp>) -> Answer<Option<Timestamp>> {
    let (now, longest) = (Timestamp::now(), jiff::SignedDuration::from_hours(24 * LONGEST_REST_DAYS));
    match until {
        Some(at) if at <= now || at.duration_since(now) > longest => {
            Err(Problem::invalid(format!("until: expected a time within the next {LONGEST_REST_DAYS} days")))
        }
        until => Ok(until),
    }
}

/// The clock rests for a question so long at most.
const LONGEST_REST_DAYS: i64 = 60;

fn number(given: &str) -> Answer<Number> {
    Number::parse(given).map_err(|why| Problem::invalid(format!("into: {:?}: {why}", shortened(given))))
}

/// The file that a reference means, once its content was looked at.
///
/// # Errors
/// 422 if it names no file.
pub fn blob_of(reference: &FileReference) -> Answer<BlobId> {
    BlobId::parse(&reference.blob).map_err(|why| Problem::invalid(format!("attachments: {why}: upload the file first")))
}

/// Everything a person may do to a ticket as it stands: its state allows it, and so does the role.
pub fn possible(who: &Principal, ticket: &Ticket) -> Vec<&'static str> {
    const ALL: [(&str, Act, Option<Step>); 21] = [
        ("assign", Act::Assign, Some(Step::Assign)),
        ("forward", Act::Forward, Some(Step::Forward)),
        ("take", Act::Take, Some(Step::Take)),
        ("ask", Act::Ask, Some(Step::Ask)),
        ("answer", Act::Answer, Some(Step::Answer)),
        ("reply", Act::Reply, None),
        ("note", Act::Note, None),
        ("atr", Act::SubmitAtr, Some(Step::SubmitAtr)),
        ("verify", Act::Verify, Some(Step::Verify)),
        ("return", Act::ReturnAtr, Some(Step::Return)),
        ("close", Act::Close, Some(Step::Close)),
        ("reopen", Act::Reopen, Some(Step::Reopen)),
        ("appeal", Act::Appeal, Some(Step::Reopen)),
        ("evidence", Act::GiveEvidence, Some(Step::Close)),
        ("feedback", Act::HearCitizen, Some(Step::Close)),
        ("cosign", Act::Cosign, Some(Step::Verify)),
        ("restrict", Act::Restrict, None),
        ("merge", Act::Merge, Some(Step::Merge)),
        ("visit", Act::RequestVisit, None),
        ("write_down", Act::WriteDown, None),
        ("classify", Act::Assign, None),
    ];
    let state: State = ticket.state;
    ALL.iter()
        .filter(|(_, act, step)| {
            step.is_none_or(|step| next_state(state, step).is_some()) && crate::access::may(who, *act, Some(ticket)).is_ok()
        })
        .map(|(name, _, _)| *name)
        .collect()
}

/// An attachment from a reference and the content it names.
pub fn known_file(blob: BlobId, reference: &FileReference, content: &[u8]) -> KnownFile {
    Attachment {
        blob,
        name: file_name(&reference.name),
        media_type: crate::api::media_type::sniff(content).to_owned(),
        size: content.len() as u64,
        role: AttachmentRole::Document,
    }
}

/// A name to show: no path, no control characters, at most 120 characters.
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    if name.trim().is_empty() { "file".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    fn agent() -> Principal {
        Principal { name: "rina".into(), role: Role::Agent, scope: Default::default(), machine: false }
    }

    fn asked(json: &str) -> Answer<EventBody> {
        let asked: NewEvent = serde_json::from_str(json).map_err(|why| Problem::unreadable(why.to_string()))?;
        asked.step.into_body(&agent(), Vec::new())
    }

    #[test]
    fn every_type_of_the_contract_becomes_its_event() {
        let into = Number::from_serial(7);
        for (json, event) in [
            (r#"{"type":"take"}"#.to_owned(), "taken"),
            (r#"{"type":"ask","question":"Where?"}"#.to_owned(), "asked"),
            (r#"{"type":"answer","text":"Here."}"#.to_owned(), "answered"),
            (r#"{"type":"note","text":"Called twice."}"#.to_owned(), "noted"),
            (r#"{"type":"atr","closure_reason":"done","remarks":"Mended."}"#.to_owned(), "atr_submitted"),
            (r#"{"type":"verify"}"#.to_owned(), "verification_begun"),
            (r#"{"type":"return","reason":"No photograph."}"#.to_owned(), "atr_returned"),
            (r#"{"type":"close","closure":"confirmed","remarks":"Mended."}"#.to_owned(), "closed"),
            (r#"{"type":"evidence","settled":true,"remarks":"Seen."}"#.to_owned(), "evidence_given"),
            (r#"{"type":"cosign","remarks":"Right."}"#.to_owned(), "cosigned"),
            (format!(r#"{{"type":"merge","into":"{into}"}}"#), "merged"),
            (r#"{"type":"visit","reason":"To see."}"#.to_owned(), "visit_requested"),
            (r#"{"type":"write_down","contact":1,"text":"রাস্তা ভাঙা"}"#.to_owned(), "written_down"),
        ] {
            let body = asked(&json).expect("a good step");
            assert_eq!(serde_json::to_value(&body).expect("JSON")["type"], event, "{json}");
        }
    }

    #[test]
    fn what_is_empty_or_no_number_is_refused_by_name() {
        for (json, said) in [
            (r#"{"type":"note","text":"  "}"#, "text: expected a text, this one is empty"),
            (r#"{"type":"merge","into":"1234567890"}"#, "into: \"1234567890\": this number has a mistake in it"),
            (r#"{"type":"dance"}"#, "unknown variant `dance`"),
        ] {
            let refused = asked(json).expect_err(json);
            assert!(refused.detail.contains(said), "{}", refused.detail);
        }
        assert_eq!(file_name("../../etc/passwd\0"), "passwd");
        assert_eq!(file_name("///"), "file");
    }
}
