//! The flows that ship are complete, and walking them is what a citizen would expect.

#![allow(clippy::panic)]

use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use voice_ivr::{Act, CallFacts, Flows, Input, PlayId, QueueOutcome, Recognition, Script, Session, mermaid, schema, walk};

fn shipped() -> Arc<Flows> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows");
    let flows =
        Flows::load(&dir).unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    Arc::new(flows)
}

fn script(say: &[&str], press: &[&str], open: bool, recognition: bool) -> Script {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Script { say: owned(say), press: owned(press), open, recognition, now: "2026-11-24T06:00:00Z".parse().expect("a time") }
}

#[test]
fn the_flows_that_ship_and_those_of_the_yardstick_are_complete() {
    let flows = shipped();
    for name in ["helpline", "after-hours", "status", "feedback", "callback"] {
        assert!(flows.contains(name), "{name}");
    }
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../config/bench-flows");
    Flows::load(&bench).unwrap_or_else(|errors| panic!("{errors:?}"));
}

#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows/schema.json");
    let now = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), now, "run the tests with UPDATE_SCHEMA=1");
}

#[test]
fn a_citizen_speaks_hears_the_number_twice_and_is_thanked() {
    let heard = walk(&shipped(), "helpline", &script(&["The tap has been dry for a week"], &["3", "1", "1", "2"], true, true));
    let said = heard.matches("Your number is: ").count();
    assert_eq!(said, 2, "{heard}");
    for part in [
        "নমস্কার",
        "For English press three",
        "♪ beep",
        "We understood: The tap has been dry for a week.",
        "registers the ticket",
        "Thank you for calling",
        "the call ends",
    ] {
        assert!(heard.contains(part), "{part} is missing in\n{heard}");
    }
}

#[test]
fn where_recognition_is_not_trusted_the_voice_is_the_statement() {
    let heard = walk(&shipped(), "helpline", &script(&["আমাদের কলে জল নেই"], &["1", "1", "1", "2"], true, false));
    assert!(heard.contains("আপনারই গলায় রাখা হয়েছে") && !heard.contains("আমরা শুনেছি"), "{heard}");
    assert!(heard.contains("registers the ticket"), "{heard}");
}

#[test]
fn after_hours_danger_still_rings_somebody_and_words_are_kept() {
    let heard = walk(&shipped(), "helpline", &script(&["no water"], &["3", "9"], false, true));
    assert!(heard.contains("queue helpline, as an emergency"), "{heard}");
    let heard = walk(&shipped(), "helpline", &script(&["no water"], &["3", "1", "1"], false, true));
    assert!(heard.contains("Our office is closed") && heard.contains("registers the ticket"), "{heard}");
}

#[test]
fn a_ticket_s_state_is_told_and_a_wrong_number_is_not() {
    let number = daak_domain::ticket::Number::from_serial(77).digits();
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "2", &number, "2"], true, true));
    assert!(heard.contains("Your complaint is being worked on. It is due to be settled by"), "{heard}");
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "2", "1234567890", &number, "2"], true, true));
    assert!(heard.contains("has a mistake in it") && heard.contains("is being worked on"), "{heard}");
}

#[test]
fn mistakes_are_named_with_file_line_and_what_was_expected() {
    let good = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows/status.yaml")).expect("a flow");
    let prompts = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows/prompts.yaml")).expect("prompts");
    let errors = |flow: &str, prompts: &str| {
        let texts = [("status.yaml".to_owned(), flow.to_owned()), ("prompts.yaml".to_owned(), prompts.to_owned())].into();
        Flows::read(&texts).err().map(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")).unwrap_or_default()
    };
    assert_eq!(errors(&good, &prompts), "");
    for (from, to, said) in [
        ("next: look", "next: lok", "status.yaml:4: step ask (next) leads to \"lok\", which does not exist"),
        ("kind: ticket", "knd: ticket", "status.yaml:7: step ask: unknown field `knd`; expected one of"),
        ("verb: lookup", "verb: lokup", "unknown variant `lokup`; expected one of `say`"),
        ("prompts: [status-is]", "prompts: [status-iz]", "says \"status-iz\", which prompts.yaml lacks in bn, hi, en"),
        ("start: ask", "start: asc", "the flow starts at \"asc\""),
        ("tries: 2", "tries: two", "expected u32"),
        ("found: tell", "found: look", "leads back to itself"),
    ] {
        let text = errors(&good.replacen(from, to, 1), &prompts);
        assert!(text.contains(said), "{from} -> {to}:\n{text}");
    }
    let text = errors(&good, &prompts.replacen("  en: Please type the ten digits", "  ne: Please type the ten digits", 1));
    assert!(text.contains("lacks in en"), "{text}");
    let nobody = good.replace("  person:\n    verb: queue\n    queue: helpline\n    prompts: [please-wait]\n    position: [your-place-only]\n    next: back\n    sent_away: back", "  person: { verb: goto, to: back }");
    assert!(errors(&nobody, &prompts).contains("no person can be reached"), "{}", errors(&nobody, &prompts));
}

#[test]
fn a_flow_can_be_drawn() {
    let picture = mermaid(&shipped().flows["helpline"]);
    assert!(picture.starts_with("flowchart TD") && picture.contains("tell -->|next| listen"), "{picture}");
}

/// Anything that may happen in a call, in any order.
fn any_input() -> impl Strategy<Value = u8> {
    0u8..24
}

proptest! {
    #[test]
    fn whatever_happens_the_caller_is_never_left_in_silence(happenings in proptest::collection::vec(any_input(), 1..120), open: bool) {
        let flows = shipped();
        let now = "2026-11-24T06:00:00Z".parse().expect("a time");
        let facts = CallFacts { caller: None, called: "1".into(), language: daak_domain::language::Language::Bn, language_known: false, now };
        let (mut session, acts) = Session::start(&flows, "helpline", facts);
        let mut world = World { open, ..World::default() };
        world.take(&acts);
        for happening in happenings {
            if session.is_over() {
                break;
            }
            prop_assert!(world.something_will_happen(), "at {:?} nothing is armed", session.place());
            let Some(input) = world.input(happening) else { continue };
            let acts = session.on(input, now);
            prop_assert!(acts.len() < 200);
            world.take(&acts);
        }
    }
}

/// The least that a shell remembers.
#[derive(Default)]
struct World {
    open: bool,
    playing: Option<PlayId>,
    timer: Option<u64>,
    recording: bool,
    waiting: bool,
    asked: bool,
}

impl World {
    fn take(&mut self, acts: &[Act]) {
        for act in acts {
            match act {
                Act::Play(_, id) => self.playing = Some(*id),
                Act::StopPlaying => self.playing = None,
                Act::SetTimer { id, .. } => self.timer = Some(*id),
                Act::CancelTimer { .. } => self.timer = None,
                Act::StartRecording { .. } => self.recording = true,
                Act::Queue { .. } => self.waiting = true,
                Act::LeaveQueue { .. } => self.waiting = false,
                Act::Recognise { .. } | Act::TakeIn { .. } | Act::LookUp { .. } | Act::AskHours { .. } => self.asked = true,
                _ => {}
            }
        }
    }

    fn something_will_happen(&self) -> bool {
        self.playing.is_some() || self.timer.is_some() || self.recording || self.waiting || self.asked
    }

    fn input(&mut self, n: u8) -> Option<Input> {
        Some(match n {
            0..12 => Input::Digit(char::from(b"0123456789*#"[usize::from(n)])),
            12 | 13 => Input::Played(self.playing.take()?),
            14 | 15 => Input::Timer(self.timer.take()?),
            16 | 17 if self.recording => {
                self.recording = false;
                Input::RecordingEnded { ms: 5, heard_speech: n == 16 }
            }
            18 if self.asked => Input::Recognised(Recognition::TimedOut),
            19 if self.asked => Input::Hours(if self.open {
                daak_domain::call::AfterHours::Open
            } else {
                daak_domain::call::AfterHours::Closed { until: None, holiday: true }
            }),
            20 if self.asked => Input::TakenIn(Err(daak_domain::seam::Refusal::Unavailable("full".into()))),
            21 if self.waiting => {
                self.waiting = false;
                Input::QueueResult(QueueOutcome::Returned { branch: "timeout".into() })
            }
            22 if self.waiting => Input::QueueResult(QueueOutcome::Position { place: 2, wait: None }),
            23 => Input::SpeechBegan,
            _ => return None,
        })
    }
}
