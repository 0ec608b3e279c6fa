//! Whatever callers, disks, recognisers and queues do: nobody is left in silence, and every call ends.

#![allow(clippy::panic)]

use daak_domain::call::AfterHours;
use daak_domain::contact::{Outcome, Receipt};
use daak_domain::language::Language;
use daak_domain::seam::Refusal;
use daak_domain::ticket::{Number, SlaClass, State};
use proptest::prelude::*;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use voice_ivr::{Act, CallFacts, Flows, Input, Piece, PlayId, QueueOutcome, Recognition, Session};

const FLOWS: [&str; 6] = ["helpline", "after-hours", "emergency", "status", "feedback", "callback"];

fn shipped() -> &'static Arc<Flows> {
    static FLOWS: OnceLock<Arc<Flows>> = OnceLock::new();
    FLOWS.get_or_init(|| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows");
        Arc::new(Flows::load(&dir).unwrap_or_else(|errors| panic!("{errors:?}")))
    })
}

fn begin(flow: &str) -> (Session, World) {
    let now = "2026-11-24T06:00:00Z".parse().expect("a time");
    let facts = CallFacts { caller: None, called: "1".into(), language: Language::Bn, language_known: false, about: None, now };
    let (session, acts) = Session::start(shipped(), flow, facts);
    let mut world = World::default();
    world.take(&acts);
    (session, world)
}

/// The least that a shell remembers.
#[derive(Default)]
struct World {
    playing: Option<PlayId>,
    timer: Option<u64>,
    recording: bool,
    waiting: bool,
    asked: Option<Asked>,
    hung_up: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Recognition,
    Taking,
    Ticket,
    Hours,
}

impl World {
    fn take(&mut self, acts: &[Act]) {
        for act in acts {
            match act {
                Act::Play(pieces, id) => {
                    assert!(!pieces.is_empty());
                    self.playing = (!pieces.contains(&Piece::Music)).then_some(*id); // music has no end
                }
                Act::StopPlaying => self.playing = None,
                Act::SetTimer { id, .. } => self.timer = Some(*id),
                Act::CancelTimer { id } if self.timer == Some(*id) => self.timer = None,
                Act::StartRecording { .. } => self.recording = true,
                Act::StopRecording { keep: false } => self.recording = false,
                Act::Queue { .. } => self.waiting = true,
                Act::LeaveQueue { .. } => self.waiting = false,
                Act::Recognise { .. } => self.asked = Some(Asked::Recognition),
                Act::TakeIn { .. } => self.asked = Some(Asked::Taking),
                Act::LookUp { .. } => self.asked = Some(Asked::Ticket),
                Act::AskHours { .. } => self.asked = Some(Asked::Hours),
                Act::HangUp => self.hung_up += 1,
                _ => {}
            }
        }
    }

    /// What would happen by itself, although the caller does nothing.
    fn by_itself(&self) -> bool {
        self.playing.is_some() || self.timer.is_some()
    }

    /// One of the things that may happen now; `None` if that one cannot.
    fn happen(&mut self, n: u8) -> Option<Input> {
        Some(match n {
            0..12 => Input::Digit(char::from(b"0123456789*#"[usize::from(n)])),
            12 | 13 => Input::Played(self.playing.take()?),
            14 => Input::Timer(self.timer.take()?),
            15 | 16 if self.recording => {
                self.recording = false;
                Input::RecordingEnded { ms: 5, heard_speech: n == 16 }
            }
            17..20 => self.answer(n)?,
            20 if self.waiting => {
                self.waiting = false;
                Input::QueueResult(QueueOutcome::Returned { branch: "timeout".into() })
            }
            21 if self.waiting => Input::QueueResult(QueueOutcome::Position { place: 2, wait: None }),
            22 => Input::SpeechBegan,
            23 => Input::Timer(u64::MAX), // one that nobody armed
            24 => Input::Played(PlayId(u64::MAX)),
            25 => Input::Digit('D'),
            26 => Input::TransferResult(true),
            27 => Input::TransferResult(false),
            _ => return None,
        })
    }

    /// An answer to what was asked: a good one, a bad one, a late one.
    fn answer(&mut self, n: u8) -> Option<Input> {
        Some(match (self.asked.take()?, n) {
            (Asked::Recognition, 17) => {
                Input::Recognised(Recognition::Text { text: "হ্যাঁ".into(), confidence: 0.9, trusted: true })
            }
            (Asked::Recognition, 18) => Input::Recognised(Recognition::VoiceOnly { hint: None }),
            (Asked::Recognition, _) => Input::Recognised(Recognition::TimedOut),
            (Asked::Taking, 17 | 18) => Input::TakenIn(Ok(receipt())),
            (Asked::Taking, _) => Input::TakenIn(Err(Refusal::Unavailable("the disk is full".into()))),
            (Asked::Ticket, 17) => Input::LookedUp(Ok(None)),
            (Asked::Ticket, _) => Input::LookedUp(Err(Refusal::Unavailable("locked".into()))),
            (Asked::Hours, 17) => Input::Hours(AfterHours::Open),
            (Asked::Hours, _) => Input::Hours(AfterHours::Closed { until: None, holiday: true }),
        })
    }
}

fn receipt() -> Receipt {
    Receipt {
        number: Number::from_serial(1),
        outcome: Outcome::Opened,
        state: State::Registered,
        category: "water.supply".into(),
        department: "PHE".into(),
        sla_class: SlaClass::Community,
        emergency: false,
        due_at: "2026-12-24T06:00:00Z".parse().expect("a time"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_something_will_happen_next(flow in 0usize..6, happenings in proptest::collection::vec(0u8..28, 1..200)) {
        let (mut session, mut world) = begin(FLOWS[flow]);
        for happening in happenings {
            if session.is_over() {
                break;
            }
            // While somebody speaks with a person, or was joined with one, nothing needs to.
            let talks = matches!(session.place(), ("status", "person"));
            prop_assert!(world.by_itself() || talks, "at {:?} nothing is armed", session.place());
            let Some(input) = world.happen(happening) else { continue };
            let acts = session.on(input, "2026-11-24T06:00:00Z".parse().expect("a time"));
            prop_assert!(acts.len() < 200);
            world.take(&acts);
        }
        prop_assert_eq!(world.hung_up, u32::from(session.is_over()));
    }

    #[test]
    fn a_caller_who_does_nothing_comes_to_an_end(flow in 0usize..6, chances in proptest::collection::vec(0u8..4, 400)) {
        let (mut session, mut world) = begin(FLOWS[flow]);
        let mut happened = 0;
        for chance in chances {
            if session.is_over() {
                break;
            }
            // What was asked is answered, or its timer runs out; a prompt is heard to its end; silence is recorded.
            let input = if chance > 0 && world.asked.is_some() {
                world.answer(16 + chance)
            } else if world.recording {
                world.happen(15)
            } else if chance == 0 && world.waiting {
                world.happen(20)
            } else {
                world.happen(12).or_else(|| world.happen(14))
            };
            let Some(input) = input else { break };
            let acts = session.on(input, "2026-11-24T06:00:00Z".parse().expect("a time"));
            world.take(&acts);
            happened += 1;
        }
        prop_assert!(session.is_over(), "after {happened} happenings at {:?}", session.place());
    }

    #[test]
    fn whoever_presses_for_ever_does_not_hold_the_line_for_ever(keys in proptest::collection::vec(0u8..12, 1..4)) {
        let (mut session, mut world) = begin("helpline");
        let mut keys = keys.into_iter().cycle();
        for n in 0..20_000 {
            if session.is_over() {
                return Ok(());
            }
            let input = match n % 3 {
                0 => keys.next().and_then(|key| world.happen(key)),
                1 => world.answer(17).or_else(|| world.happen(16)),
                _ => world.happen(12).or_else(|| world.happen(14)),
            };
            let Some(input) = input else { continue };
            let acts = session.on(input, "2026-11-24T06:00:00Z".parse().expect("a time"));
            world.take(&acts);
        }
        prop_assert!(false, "still at {:?}", session.place());
    }

    #[test]
    fn no_file_however_broken_stops_the_reader(at in 0usize..4_000, cut in 0usize..40, put in "[ \\n:{}\\[\\]\"a-z0-9,-]{0,6}") {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows");
        let mut texts = std::collections::BTreeMap::new();
        for name in ["status.yaml", "prompts.yaml"] {
            let text = std::fs::read_to_string(dir.join(name)).expect("a file that ships");
            let chars: Vec<char> = text.chars().collect();
            let at = at % chars.len();
            let broken: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[(at + cut).min(chars.len())..].iter().copied()).collect();
            let lines = broken.lines().count();
            texts.insert(name.to_owned(), broken);
            if let Err(errors) = Flows::read(&texts) {
                for error in errors {
                    prop_assert!(error.line >= 1 && error.column >= 1 && error.line <= lines.max(400) + 1, "{error}");
                    prop_assert!(!error.expected.is_empty() && !error.what.is_empty());
                }
            }
        }
    }
}
