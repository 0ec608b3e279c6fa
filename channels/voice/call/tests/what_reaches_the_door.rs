//! What a caller said, or could not say, reaches the door as it was meant.

#![allow(clippy::panic)]

use daak_domain::Timestamp;
use daak_domain::call::{CallId, Direction, EndReason};
use daak_domain::contact::{Attachment, AttachmentRole, BlobId, Contact, Statement};
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::Number;
use std::collections::BTreeMap;
use std::sync::Arc;
use voice_call::{Call, Deed, Facts, Happening, Reading};
use voice_ivr::Flows;

/// One step that records, and one for each thing that may be done with it.
const FLOW: &str = r#"
about: a flow for a test
person: never
start: ask
steps:
  ask: { verb: record, prompts: [ask], KIND, keys: { "1": yes }, next: hear, silent: silence }
  hear: { verb: listen, into: answer, understood: keep, voice_only: keep }
  keep: { verb: menu, prompts: [ask], keys: { "1": said }, otherwise: bye }
  said: { verb: register, about: number, emergency: true, next: bye, unavailable: bye }
  yes: { verb: register, about: number, words: "YES", next: bye, unavailable: bye }
  silence: { verb: register, emergency: true, words: "nothing was said", next: bye, unavailable: bye }
  bye: { verb: hangup }
"#;
const PROMPTS: &str = "{ ask: { bn: ক, hi: क, en: a }, wrong-key: { bn: ক, hi: क, en: a }, no-key: { bn: ক, hi: क, en: a } }";

struct Line {
    call: Call,
    contacts: Vec<Contact>,
    finished: bool,
}

impl Line {
    /// A call in whose first step the recorder runs.
    fn recording(kind: &str) -> Self {
        let texts = BTreeMap::from([("f.yaml".to_owned(), FLOW.replace("KIND", kind)), ("prompts.yaml".to_owned(), PROMPTS.to_owned())]);
        let flows = Flows::read(&texts).unwrap_or_else(|errors| panic!("{errors:?}"));
        let facts = Facts {
            call: CallId(uuid()),
            direction: Direction::Inbound,
            caller: PhoneNumber::parse("9830012345").ok(),
            called: "1000".into(),
            flow: "f".into(),
            language: None,
            identity: None,
            about: Some(Number::from_serial(9)),
            started_at: now(),
            waits_since: None,
        };
        let (call, _) = Call::new(facts, Arc::new(flows));
        let mut line = Self { call, contacts: Vec::new(), finished: false };
        line.on(Happening::Ready);
        line.on(Happening::Digit('#'));
        line
    }

    fn on(&mut self, happening: Happening) {
        for deed in self.call.on(happening, now()) {
            match deed {
                Deed::TakeIn(contact) => self.contacts.push(*contact),
                Deed::Finish => self.finished = true,
                _ => {}
            }
        }
    }

    fn stored(&mut self) {
        self.on(Happening::StatementEnded { ms: 2_000, heard_speech: true });
        self.on(Happening::StatementStored(Ok(sound())));
    }

    /// The caller hangs up; the media close after the leg.
    fn hangs_up(&mut self) {
        self.on(Happening::CallerEnded(EndReason::CallerHungUp));
        self.on(Happening::StreamClosed(None));
    }
}

fn now() -> Timestamp {
    "2026-11-24T06:00:00Z".parse().expect("a time")
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(7)
}

fn sound() -> Attachment {
    Attachment {
        blob: BlobId::from_digest([7; 32]),
        name: "statement.flac".into(),
        media_type: "audio/flac".into(),
        size: 9,
        role: AttachmentRole::Statement,
    }
}

#[test]
fn an_emergency_stays_one_when_the_caller_hangs_up_in_the_middle_of_it() {
    for (kind, emergency) in [("emergency: true", true), ("emergency: false", false)] {
        let mut line = Line::recording(kind);
        line.hangs_up();
        assert!(!line.finished, "the words are not stored yet");
        line.stored();
        assert_eq!(line.contacts.iter().map(|c| c.declared_emergency).collect::<Vec<_>>(), [emergency]);
        assert_eq!(line.contacts[0].about, Some(Number::from_serial(9)));
    }
}

#[test]
fn a_key_hands_in_words_without_a_sound() {
    let mut line = Line::recording("answer: true");
    line.on(Happening::Digit('1'));
    assert_eq!(line.contacts.len(), 1);
    let contact = &line.contacts[0];
    assert_eq!(contact.statement, Statement::Written { text: "YES".into() });
    assert!(contact.attachments.is_empty() && contact.about == Some(Number::from_serial(9)) && !contact.declared_emergency);
}

#[test]
fn silence_in_danger_is_handed_in_with_the_callers_number() {
    let mut line = Line::recording("emergency: true");
    line.on(Happening::StatementEnded { ms: 10_000, heard_speech: false });
    assert_eq!(line.contacts.len(), 1);
    let contact = &line.contacts[0];
    assert!(contact.declared_emergency && contact.sender.phone.is_some() && contact.about.is_none());
}

#[test]
fn an_answer_that_the_flow_did_not_take_in_becomes_no_ticket_but_a_statement_does() {
    for (kind, contacts) in [("answer: true", 0), ("answer: false", 1)] {
        let mut line = Line::recording(kind);
        line.stored();
        line.on(Happening::Recognised(Reading::Unavailable));
        line.hangs_up();
        assert_eq!(line.contacts.len(), contacts, "{kind}");
        assert_eq!(line.finished, contacts == 0, "{kind}");
    }
    let mut line = Line::recording("answer: true");
    line.stored();
    line.on(Happening::Recognised(Reading::Unavailable));
    line.on(Happening::Digit('1'));
    assert_eq!(line.contacts.len(), 1, "the flow took it in");
    assert_eq!(line.contacts[0].attachments.len(), 1);
}
