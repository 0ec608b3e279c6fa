//! Walking a flow in the terminal: no telephone needed. What the caller hears and does is printed, in order, with the
//! time at which it happens; a made-up helpline answers.

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
/// How long a letter takes to be said: a synthesised voice says some 14 a second.
const LETTER: Duration = Duration::from_millis(70);
/// How long a caller who says nothing is listened to.
const SILENCE: Duration = Duration::from_secs(10);
/// How often the place in the line is told before the made-up floor has somebody free.
const ANNOUNCEMENTS: u32 = 2;
/// How long the caller then speaks with a person.
const TALK: Duration = Duration::from_secs(90);

/// Walks a flow and answers what was heard and done, a line each.
pub fn walk(flows: &Arc<Flows>, flow: &str, script: &Script) -> String {
    let facts = CallFacts {
        caller: PhoneNumber::parse("+919830012345").ok(),
        called: "100".into(),
        language: Language::Bn,
        language_known: false,
        about: None,
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
        recording: None,
        said: String::new(),
        queue: None,
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
    playing: Option<(PlayId, Duration)>,
    /// The longest that is recorded, while the tape runs.
    recording: Option<Duration>,
    /// What was said last.
    said: String,
    /// Announcements heard, while the caller waits for a person.
    queue: Option<u32>,
    say: VecDeque<String>,
    press: VecDeque<String>,
    script: &'a Script,
}

impl Walk<'_> {
    fn line(&mut self, sign: &str, text: &str) {
        let at = self.now.duration_since(self.script.now).as_secs().max(0);
        let _ = writeln!(self.out, "{:>2}:{:02} {sign} {text}", at / 60, at % 60);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.checked_add(time).unwrap_or(self.now);
    }

    /// What happens next: what is already under way, then the caller, then time.
    fn next(&mut self) -> Option<Input> {
        if let Some(input) = self.coming.pop_front() {
            return Some(input);
        }
        if let Some((id, length)) = self.playing.take() {
            self.pass(length);
            return Some(Input::Played(id));
        }
        if let Some(max) = self.recording
            && (!self.say.is_empty() || self.press.is_empty())
        {
            return Some(self.speak(max));
        }
        if let Some(keys) = self.press.pop_front() {
            self.line("⌨", &format!("presses {keys}"));
            self.coming.extend(keys.chars().map(Input::Digit));
            return self.coming.pop_front();
        }
        if self.queue.is_some_and(|heard| heard >= ANNOUNCEMENTS) {
            return Some(self.talk());
        }
        let (id, after) = self.timer.take()?;
        self.line("…", &format!("{} s pass", after.as_secs()));
        self.pass(after);
        self.queue = self.queue.map(|heard| heard + 1);
        Some(Input::Timer(id))
    }

    /// The caller says the next words of the script, or nothing.
    fn speak(&mut self, max: Duration) -> Input {
        self.recording = None;
        let words = self.say.pop_front();
        let length = match &words {
            Some(words) => {
                self.line("🎤", words);
                (LETTER * words.chars().count() as u32).min(max)
            }
            None => {
                self.line("…", "the caller says nothing");
                SILENCE.min(max)
            }
        };
        self.pass(length);
        self.said = words.clone().unwrap_or_default();
        Input::RecordingEnded { ms: length.as_millis() as u64, heard_speech: words.is_some() }
    }

    fn talk(&mut self) -> Input {
        self.queue = None;
        self.line("☎", "a person answers, and the two speak with each other");
        self.pass(TALK);
        self.coming.push_back(Input::QueueResult(QueueOutcome::TalkEnded));
        Input::QueueResult(QueueOutcome::Answered)
    }

    fn done(&mut self, acts: Vec<Act>) {
        for act in acts {
            self.do_one(act);
        }
    }

    fn do_one(&mut self, act: Act) {
        match act {
            Act::Play(pieces, id) => self.play(&pieces, id),
            Act::StopPlaying => self.playing = None,
            Act::SetTimer { id, after } => self.timer = Some((id, after)),
            Act::CancelTimer { id } => self.timer = self.timer.filter(|(armed, _)| *armed != id),
            Act::StartRecording { max, .. } => {
                self.line("🔊", "♪ beep");
                self.recording = Some(max);
            }
            Act::StopRecording { keep } => {
                if self.recording.take().is_some() && keep {
                    self.coming.push_back(Input::RecordingEnded { ms: 0, heard_speech: false });
                }
            }
            Act::Recognise { .. } => {
                let text = self.said.clone();
                let heard = if self.script.recognition {
                    Recognition::Text { text, confidence: 0.9, trusted: true }
                } else {
                    Recognition::VoiceOnly { hint: None }
                };
                self.coming.push_back(Input::Recognised(heard));
            }
            Act::TakeIn { words, declared_emergency, about } => self.take_in(words, declared_emergency, about),
            Act::LookUp { number } => self.look_up(number),
            Act::AskHours { .. } => {
                let opens = self.now.checked_add(Duration::from_secs(12 * 3_600)).ok();
                let closed = AfterHours::Closed { until: opens, holiday: false };
                self.coming.push_back(Input::Hours(if self.script.open { AfterHours::Open } else { closed }));
            }
            Act::Queue { name, emergency } => self.wait(&name, emergency),
            Act::LeaveQueue { callback } => {
                self.queue = None;
                self.line("☎", if callback.is_some() { "leaves the line and will be called back" } else { "leaves the line" });
            }
            Act::Transfer { to } => {
                self.line("☎", &format!("is joined with {to}"));
                self.coming.push_back(Input::TransferResult(true));
            }
            Act::Sms { template, values } => {
                let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
                self.line("✉", &format!("gets an SMS: {template} {}", values.join(" ")));
            }
            Act::SetLanguage(language) => self.line("⚙", &format!("language: {language}")),
            Act::HangUp => self.line("☎", "the call ends"),
            Act::Listen { .. } => {}
        }
    }

    /// Prints what is played, a prompt a line, and remembers how long it takes.
    fn play(&mut self, pieces: &[Piece], id: PlayId) {
        let (mut line, mut prompt, mut length) = (String::new(), "", Duration::ZERO);
        for piece in pieces {
            let (heard, part_of) = match piece {
                Piece::Prompt { name, text } if name.starts_with("digit-") || name.starts_with("state-") => (text.as_str(), prompt),
                Piece::Prompt { name, text } => (text.as_str(), name.split('.').next().unwrap_or_default()),
                Piece::Say(text) => (text.as_str(), prompt),
                Piece::Music => ("♪ music", "♪"),
                Piece::Tone { .. } => ("♪ tone", "♪"),
                Piece::Silence(_) => (",", prompt),
            };
            length += match piece {
                Piece::Silence(ms) | Piece::Tone { ms, .. } => Duration::from_millis(u64::from(*ms)),
                _ => LETTER * heard.chars().count() as u32,
            };
            if part_of != prompt && !line.is_empty() {
                self.line("🔊", &std::mem::take(&mut line));
            }
            prompt = part_of;
            if !line.is_empty() && heard != "," {
                line.push(' ');
            }
            line.push_str(heard);
        }
        if line.len() > 1 {
            self.line("🔊", &line);
        }
        self.playing = (!pieces.contains(&Piece::Music)).then_some((id, length));
    }

    fn wait(&mut self, name: &str, emergency: bool) {
        self.line("☎", &format!("waits for a person in the queue {name}{}", if emergency { ", as an emergency" } else { "" }));
        if !self.script.open {
            self.line("☎", "nobody is there");
            self.coming.push_back(Input::QueueResult(QueueOutcome::Returned { branch: "nobody".into() }));
            return;
        }
        self.queue = Some(if emergency { ANNOUNCEMENTS } else { 0 });
        self.coming.push_back(Input::QueueResult(QueueOutcome::Position { place: 3, wait: Some(Duration::from_secs(240)) }));
    }

    fn look_up(&mut self, number: Number) {
        self.line("⚙", &format!("looks up {}", number.grouped()));
        let days = |n: i64| self.now.checked_add(jiff::SignedDuration::from_hours(24 * n)).unwrap_or(self.now);
        let standing = Standing {
            number,
            state: State::InProgress,
            department: "PHE".into(),
            registered_at: days(-2),
            due_at: days(5),
            closed_at: None,
        };
        self.coming.push_back(Input::LookedUp(Ok(Some(standing))));
    }

    fn take_in(&mut self, words: Option<String>, emergency: bool, about: Option<Number>) {
        let number = about.unwrap_or_else(|| Number::from_serial(1));
        let what = words.map_or_else(|| "what was said".to_owned(), |words| format!("{words:?}"));
        let as_what = if emergency { " as an emergency" } else { "" };
        self.line(
            "⚙",
            &match about {
                Some(about) => format!("takes in {what} for the ticket {}{as_what}", about.grouped()),
                None => format!("takes in {what}{as_what}: registers the ticket {}; the citizen gets its number by SMS", number.grouped()),
            },
        );
        let receipt = Receipt {
            number,
            outcome: if about.is_some() { Outcome::Joined } else { Outcome::Opened },
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
