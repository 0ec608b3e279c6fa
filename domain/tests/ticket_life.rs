//! Random lives of a ticket: its state is what its events say, nothing illegal passes, and a log that was tampered with is found out.

use daak_domain::Timestamp;
use daak_domain::call::CallId;
use daak_domain::contact::Channel;
use daak_domain::feedback::Means;
use daak_domain::language::Language;
use daak_domain::ticket::{
    Actor, AmendmentKind, Closure, Event, EventBody, GENESIS, Illegal, Limit, MessageState, Number, SealedEvent, SlaClass, State, Step,
    TRANSITIONS, Ticket, next_state, seal, verify,
};
use daak_domain::visit::{Cause, Concern, Finding, Fix, Outcome, VisitReport, VisitState, Word};
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("a time")
}

fn registration() -> EventBody {
    EventBody::Registered {
        contact: 1,
        person: 1,
        channel: Channel::Phone,
        category: "phe.drinking-water".into(),
        department: "PHE".into(),
        sla_class: SlaClass::Community,
        emergency: false,
        language: Language::Bn,
        district: Some("305".into()),
        block: None,
        due_at: at(30 * 86_400),
        office: Some("DM-305".into()),
    }
}

/// Anything that could be asked of a ticket, a second registration included.
fn body() -> impl Strategy<Value = EventBody> {
    let words = || "[a-zঅ-হ ]{0,12}";
    let department = || prop_oneof!["PHE", "PWD", "CMO"].prop_map(String::from);
    let office = || proptest::option::of(prop_oneof!["PHE", "DM-305", "BDO-2723"].prop_map(String::from));
    prop_oneof![
        1 => Just(registration()),
        2 => (2i64..99).prop_map(|contact| EventBody::ContactJoined { contact, channel: Channel::Sms }),
        2 => (department(), words()).prop_map(|(department, why)| EventBody::Classified {
            category: "pwd.road-bridge".into(), department, sla_class: SlaClass::Individual, due_at: at(7 * 86_400), why, office: None
        }),
        1 => words().prop_map(|because| EventBody::EmergencyRaised { because, due_at: at(7_200) }),
        1 => words().prop_map(|text| EventBody::WrittenDown { contact: 1, text }),
        4 => (department(), proptest::option::of(Just("officer".to_owned())), office())
            .prop_map(|(department, officer, office)| EventBody::Assigned { department, officer, reason: None, office }),
        4 => Just(EventBody::Taken { officer: "taker".into() }),
        3 => (department(), words(), office()).prop_map(|(department, reason, office)| EventBody::Forwarded { department, reason, office }),
        3 => words().prop_map(|question| EventBody::Asked { question, until: None }),
        3 => words().prop_map(|text| EventBody::Answered { text }),
        2 => words().prop_map(|text| EventBody::Noted { text, attachments: Vec::new() }),
        4 => words().prop_map(|remarks| EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks, attachments: Vec::new() }),
        3 => Just(EventBody::VerificationBegun { how: "automatic".into() }),
        3 => (words(), office()).prop_map(|(reason, office)| EventBody::AtrReturned { reason, office }),
        3 => words().prop_map(|remarks| EventBody::Closed { closure: Closure::NoAnswer, remarks }),
        3 => (words(), office(), any::<bool>()).prop_map(|(reason, office, appeal)| EventBody::Reopened { reason, office, appeal }),
        1 => (words(), any::<bool>()).prop_map(|(remarks, settled)| EventBody::EvidenceGiven { settled, remarks, attachments: Vec::new() }),
        1 => words().prop_map(|remarks| EventBody::Cosigned { remarks }),
        1 => (words(), office()).prop_map(|(reason, office)| EventBody::Restricted { about: vec!["PWD".into()], reason, office }),
        1 => (1u32..4).prop_map(|nth| EventBody::Reminded { limit: Limit::Resolution, nth, due_at: at(7 * 86_400) }),
        1 => (1u32..4).prop_map(|level| EventBody::Escalated { limit: Limit::FirstAction, level, office: "CMO".into(), due_at: at(7 * 86_400) }),
        1 => words().prop_map(|why| EventBody::LimitMoved { due_at: at(9 * 86_400), why }),
        2 => (0u64..3).prop_map(|serial| EventBody::Merged { into: Number::from_serial(serial) }),
        2 => Just(EventBody::Unmerged),
        1 => words().prop_map(|reason| EventBody::PolicyRegistered { reason }),
        1 => words().prop_map(|reason| EventBody::VisitRequested { reason }),
        2 => (1u32..3, words(), any::<bool>()).prop_map(|(visit, reason, needed)| EventBody::VisitPlanned {
            visit, cause: Cause::Draw("re-inspection".into()), of: 1, reason, needed
        }),
        2 => (1u32..3).prop_map(|visit| EventBody::VisitAssigned { visit, executive: "bela".into(), day: jiff::civil::date(2026, 11, 25) }),
        1 => (1u32..3).prop_map(|visit| EventBody::VisitStarted { visit }),
        2 => (1u32..3, outcome(), words()).prop_map(|(visit, outcome, remarks)| EventBody::VisitReported { visit, report: VisitReport {
            key: "k-1".into(), outcome, remarks, answers: [("work_visible".to_owned(), "yes".to_owned())].into(),
            fix: Some(Fix { lat: 22.5, lon: 88.25, accuracy_m: 12.5, at: at(0) }), written_at: at(1), clock_ahead_s: -3,
            attachments: Vec::new(), word: Word::Signature
        }}),
        2 => (1u32..3, any::<bool>()).prop_map(|(visit, far)| EventBody::VisitChecked { visit, finding: Finding {
            distance_m: Some(40_000), concerns: if far { vec![Concern::FarAway { metres: 40_000, allowed_m: 300 }] } else { vec![] }
        }}),
        1 => (1u32..3, words()).prop_map(|(visit, reason)| EventBody::VisitCancelled { visit, reason }),
        1 => (0u32..5).prop_map(|step| EventBody::Questioned { step, means: Means::Sms }),
        1 => Just(EventBody::Called { call: CallId(uuid::Uuid::from_u128(7)), recording: None }),
        1 => words().prop_map(|text| EventBody::Amended {
            message: "m".into(), channel: Channel::Whatsapp, amendment: AmendmentKind::Edited, text: Some(text), attachments: Vec::new()
        }),
        1 => Just(EventBody::Message {
            message: "1-registered".into(), template: "registered".into(), channel: Channel::Sms, state: MessageState::Sent, detail: None
        }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![any::<bool>().prop_map(|settled| Outcome::Seen { settled }), Just(Outcome::CouldNot { reason: "nobody_there".into() })]
}

fn event(second: i64, body: EventBody) -> Event {
    Event { at: at(second), by: Actor::Helpline, body }
}

/// Lives a life: what is legal happens, what is not is refused and leaves no trace.
fn live(number: Number, wishes: &[EventBody]) -> Result<(Ticket, Vec<Event>), TestCaseError> {
    let mut events = vec![event(0, registration())];
    let mut ticket = Ticket::open(number, &events[0]).expect("it begins with its registration");
    for (second, wish) in (1i64..).zip(wishes) {
        let (before, wanted) = (ticket.clone(), event(second, wish.clone()));
        let expected = match wish.step() {
            Some(step) => next_state(before.state, step),
            None => Some(before.state),
        };
        match ticket.apply(&wanted) {
            Ok(()) => {
                prop_assert_eq!(Some(ticket.state), expected, "the state follows from the table");
                prop_assert_eq!(ticket.seq, before.seq + 1);
                events.push(wanted);
            }
            Err(why) => {
                prop_assert_eq!(&ticket, &before, "a refusal leaves the ticket as it was");
                match why {
                    Illegal::Step { state, step } => prop_assert!(state == before.state && Some(step) == wish.step() && expected.is_none()),
                    Illegal::Birth => {
                        let registers = matches!(wish, EventBody::Registered { .. });
                        prop_assert!(registers);
                    }
                    Illegal::Visit(_) => prop_assert!(wish.step().is_none()),
                    Illegal::IntoItself => prop_assert_eq!(wish, &EventBody::Merged { into: number }),
                }
            }
        }
    }
    Ok((ticket, events))
}

fn sealed(number: Number, events: &[Event]) -> Vec<(SealedEvent, Vec<u8>)> {
    let mut before = GENESIS;
    let one = |(seq, event): (u32, &Event)| {
        let stored = serde_json::to_vec(event).expect("an event is JSON");
        before = seal(&before, number, seq, &stored);
        (SealedEvent { seq, event: event.clone(), hash: before }, stored)
    };
    (1u32..).zip(events).map(one).collect()
}

fn check(number: Number, log: &[(SealedEvent, Vec<u8>)]) -> Result<[u8; 32], u32> {
    verify(number, log.iter().map(|(sealed, stored)| (sealed.seq, stored.as_slice(), sealed.hash)))
}

proptest! {
    #[test]
    fn a_ticket_is_what_its_events_say(wishes in proptest::collection::vec(body(), 0..60)) {
        let number = Number::from_serial(1);
        let (ticket, events) = live(number, &wishes)?;
        prop_assert_eq!(Ticket::fold(number, &events).expect("a legal life"), ticket.clone());
        // Through storage and back, it is the same.
        let stored: Vec<String> = events.iter().map(|e| serde_json::to_string(e).expect("JSON")).collect();
        let read: Vec<Event> = stored.iter().map(|s| serde_json::from_str(s).expect("an event")).collect();
        prop_assert_eq!(&read, &events);
        let closed = ticket.state == State::Closed;
        prop_assert_eq!((ticket.closed_at.is_some(), ticket.closure.is_some()), (closed, closed));
        prop_assert_eq!(ticket.merged_into.is_some(), ticket.state == State::Merged);
        prop_assert_eq!(ticket.seq as usize, events.len());
        prop_assert!(!ticket.holder().is_empty() && ticket.came_from.as_deref() != Some(ticket.holder()), "nobody sends to themself");
        prop_assert!(ticket.contacts as usize <= events.len());
        for (place, visit) in (1u32..).zip(&ticket.visits) {
            prop_assert_eq!(visit.nth, place);
            let reported = matches!(visit.state, VisitState::Done | VisitState::CouldNot);
            prop_assert!(!reported || visit.key.is_some() && visit.executive.is_some() && visit.day.is_some());
            prop_assert!(visit.sound.is_none() || visit.key.is_some(), "nothing is checked that was not reported");
            prop_assert_eq!(visit.settled.is_some(), visit.state == VisitState::Done);
        }
    }

    #[test]
    fn tampering_is_found(wishes in proptest::collection::vec(body(), 1..25), place in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), how in 0u8..6) {
        let number = Number::from_serial(1);
        let (_, events) = live(number, &wishes)?;
        let mut log = sealed(number, &events);
        let tail = log.last().expect("it has a first event").0.hash;
        prop_assert_eq!(check(number, &log), Ok(tail));
        let at = place.index(log.len());
        match how {
            0 => {
                let byte = byte.index(log[at].1.len());
                log[at].1[byte] ^= 1; // a word was changed
            }
            1 => log[at].0.hash[byte.index(32)] ^= 0x80,
            2 => drop(log.remove(at)),
            3 => {
                let copy = log[at].clone();
                log.insert(at, copy);
            }
            4 => {
                let other = (at + 1) % log.len();
                prop_assume!(other != at);
                log.swap(at, other);
            }
            _ => {
                // Another ticket's log, hash for hash.
                prop_assert!(check(Number::from_serial(2), &log).is_err());
                return Ok(());
            }
        }
        prop_assert!(check(number, &log) != Ok(tail), "tampering number {} went unseen", how);
    }
}

#[test]
fn every_state_is_reached_and_can_be_left_except_by_nothing() {
    for state in State::ALL {
        let comes = state == State::Registered || TRANSITIONS.iter().any(|row| row.to == state);
        let goes = TRANSITIONS.iter().any(|row| row.from == state);
        assert!(comes && goes, "{state} is a dead end");
    }
    for (n, row) in TRANSITIONS.iter().enumerate() {
        let twice = TRANSITIONS[n + 1..].iter().any(|other| (other.from, other.step) == (row.from, row.step));
        assert!(!twice, "{row:?} stands twice: what follows would depend on the order");
    }
}

#[test]
fn nothing_is_closed_without_a_report() {
    let closing = |from: &State| next_state(*from, Step::Close).is_some();
    assert_eq!(State::ALL.into_iter().filter(|s| closing(s)).collect::<Vec<_>>(), [State::AtrSubmitted, State::Verifying]);
}

/// Events as they were written before there were offices, byte for byte.
#[test]
fn what_was_written_before_there_were_offices_still_folds() {
    let log = [
        r#"{"at":"2026-11-01T05:30:00Z","by":{"kind":"citizen"},"type":"registered","contact":1,"person":1,"channel":"phone","category":"phe.drinking-water","department":"PHE","sla_class":"community","emergency":false,"language":"bn","district":"305","block":null,"due_at":"2026-12-01T05:30:00Z"}"#,
        r#"{"at":"2026-11-01T06:30:00Z","by":{"kind":"person","name":"rina"},"type":"assigned","department":"PHE","officer":null,"reason":null}"#,
        r#"{"at":"2026-11-02T06:30:00Z","by":{"kind":"person","name":"rina"},"type":"forwarded","department":"PWD","reason":"a road"}"#,
        r#"{"at":"2026-11-02T07:30:00Z","by":{"kind":"person","name":"rina"},"type":"asked","question":"Where?"}"#,
        r#"{"at":"2026-11-02T08:30:00Z","by":{"kind":"citizen"},"type":"answered","text":"Here."}"#,
    ];
    let events: Vec<Event> = log.iter().map(|json| serde_json::from_str(json).expect("an old event")).collect();
    let ticket = Ticket::fold(Number::from_serial(1), &events).expect("a legal life");
    assert_eq!((ticket.office.as_deref(), ticket.holder(), ticket.came_from.as_deref()), (None, "PWD", None));
    let folded = serde_json::to_value(&ticket).expect("JSON");
    for key in ["office", "came_from", "level", "about"] {
        assert!(folded.get(key).is_none(), "{key}: a stored fold of that time is the same");
    }
    for (event, json) in events.iter().zip(log) {
        assert_eq!(serde_json::to_string(event).expect("JSON"), json, "written as it was");
    }
}
