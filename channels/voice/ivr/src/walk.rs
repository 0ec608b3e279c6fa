//! Walking a flow in the terminal: no telephone needed. What the caller hears and does is printed, in order.

use crate::act::{Act, CallFacts, Input, Piece, PlayId, QueueOutcome, Recognition};
use crate::flow::Flows;
use crate::session::Session;
use daak_domain::Timestamp;
use daak_domain::call::AfterHours;
use daak_domain::contact::{Outcome, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::Standing;
use daak_domain::ticket::{Number, SlaClass, State};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// What the caller of a walk does.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// What is said after the tone, one for each recording.
    pub say: Vec<String>,
    /// What is pressed when the flow waits: one key (`1`) or several (`6123456789#`) at a time.
    pub press: Vec<String>,
    /// Whether the lines are open.
    pub open: bool,
    /// Whether recognition is trusted.
    pub recognition: bool,
    /// The time at which the call begins.
    pub now: Timestamp,
}

/// Most happenings of a walk.
const LONGEST: usize = 400;

/// Walks a flow and answers what was heard and done, a line each.
pub fn walk(flows: &Arc<Flows>, flow: &str, script: &Script) -> String {
    let facts = CallFacts {
        caller: PhoneNumber::parse("+919830012345").ok(),
        called: "100".into(),
        language: Language::Bn,
        language_known: false,
        now: script.now,
    };
    let (session, acts) = Session::start(flows, flow, facts);
    let mut walk = Walk {
        session,
        out: String::new(),
        now: script.now,
        coming: VecDeque::new(),
        timer: None,
        playing: None,
        say: script.say.clone().into(),
        press: script.press.clone().into(),
        script,
    };
    walk.done(acts);
    for _ in 0..LONGEST {
        if walk.session.is_over() {
            break;
        }
        let Some(input) = walk.next() else {
            walk.line("·", "the caller waits; there is nothing more in the script");
            break;
        };
        let acts = walk.session.on(input, walk.now);
        walk.done(acts);
    }
    walk.out
}

struct Walk<'a> {
    session: Session,
    out: String,
    now: Timestamp,
    /// What will happen without the caller.
    coming: VecDeque<Input>,
    timer: Option<(u64, Duration)>,
    playing: Option<PlayId>,
    say: VecDeque<String>,
    press: VecDeque<String>,
    script: &'a Script,
}

impl Walk<'_> {
    fn line(&mut self, sign: &str, text: &str) {
        let _ = writeln!(self.out, "{sign} {text}");
    }

    fn next(&mut self) -> Option<Input> {
        if let Some(input) = self.coming.pop_front() {
            return Some(input);
        }
        if let Some(id) = self.playing.take() {
            return Some(Input::Played(id));
        }
        if let Some(keys) = self.press.pop_front() {
            self.line("⌨", &format!("presses {keys}"));
            self.coming.extend(keys.chars().map(Input::Digit));
            return self.coming.pop_front();
        }
        let (id, after) = self.timer.take()?;
        self.line("…", &format!("{} s pass", after.as_secs()));
        self.now = self.now.checked_add(after).unwrap_or(self.now);
        Some(Input::Timer(id))
    }

    fn done(&mut self, acts: Vec<Act>) {
        for act in acts {
            self.do_one(act);
        }
    }

    fn do_one(&mut self, act: Act) {
        match act {
            Act::Play(pieces, id) => {
                let music = pieces.contains(&Piece::Music);
                for piece in pieces {
                    match piece {
                        Piece::Prompt { text, .. } | Piece::Say(text) => self.line("🔊", &text),
                        Piece::Music => self.line("🔊", "♪ music"),
                        Piece::Tone { .. } => self.line("🔊", "♪ tone"),
                        Piece::Silence(_) => {}
                    }
                }
                self.playing = (!music).then_some(id);
            }
            Act::StopPlaying => self.playing = None,
            Act::SetTimer { id, after } => self.timer = Some((id, after)),
            Act::CancelTimer { id } => self.timer = self.timer.filter(|(armed, _)| *armed != id),
            Act::StartRecording { .. } => self.record(),
            Act::Recognise { .. } => self.recognise(),
            Act::TakeIn { declared_emergency, .. } => self.take_in(declared_emergency),
            Act::LookUp { number } => {
                self.line("⚙", &format!("looks up {}", number.grouped()));
                let due_at = self.now.checked_add(Duration::from_secs(5 * 86_400)).unwrap_or(self.now);
                let standing = Standing {
                    number,
                    state: State::InProgress,
                    department: "PHE".into(),
                    registered_at: self.now,
                    due_at,
                    closed_at: None,
                };
                self.coming.push_back(Input::LookedUp(Ok(Some(standing))));
            }
            Act::AskHours { .. } => {
                let hours = if self.script.open { AfterHours::Open } else { AfterHours::Closed { until: Some(self.now), holiday: false } };
                self.coming.push_back(Input::Hours(hours));
            }
            Act::Queue { name, emergency } => {
                self.line("☎", &format!("waits for a person in the queue {name}{}", if emergency { ", as an emergency" } else { "" }));
                self.coming.push_back(Input::QueueResult(QueueOutcome::Position { place: 3, wait: Some(Duration::from_secs(240)) }));
            }
            Act::LeaveQueue { callback } => {
                self.line("☎", if callback.is_some() { "leaves the line and will be called back" } else { "leaves the line" })
            }
            Act::Transfer { to } => self.line("☎", &format!("is joined with {to}")),
            Act::Sms { template, .. } => self.line("✉", &format!("gets an SMS: {template}")),
            Act::SetLanguage(language) => self.line("⚙", &format!("language: {language}")),
            Act::HangUp => self.line("☎", "the call ends"),
            Act::Listen { .. } | Act::StopRecording { .. } => {}
        }
    }

    fn record(&mut self) {
        self.line("🔊", "♪ beep");
        let heard = self.say.front().cloned();
        if let Some(words) = &heard {
            self.line("🎤", words);
        }
        self.coming.push_back(Input::RecordingEnded { ms: 4_000, heard_speech: heard.is_some() });
    }

    fn recognise(&mut self) {
        let text = self.say.pop_front().unwrap_or_default();
        let heard = if self.script.recognition {
            Recognition::Text { text, confidence: 0.9, trusted: true }
        } else {
            Recognition::VoiceOnly { hint: None }
        };
        self.coming.push_back(Input::Recognised(heard));
    }

    fn take_in(&mut self, emergency: bool) {
        let number = Number::from_serial(1);
        self.line("⚙", &format!("registers the ticket {}; the citizen gets its number by SMS", number.grouped()));
        let receipt = Receipt {
            number,
            outcome: Outcome::Opened,
            state: State::Registered,
            category: "other.unclassified".into(),
            department: "CMO".into(),
            sla_class: if emergency { SlaClass::Emergency } else { SlaClass::Individual },
            emergency,
            due_at: self.now,
        };
        self.coming.push_back(Input::TakenIn(Ok(receipt)));
    }
}
