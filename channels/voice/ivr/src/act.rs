//! What a flow is told, and what it answers.

use daak_domain::Timestamp;
use daak_domain::call::AfterHours;
use daak_domain::contact::Receipt;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Refusal, Standing};
use daak_domain::ticket::Number;
use std::collections::BTreeMap;
use std::time::Duration;

/// Names one order to play within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// What is known of a call when its flow begins.
#[derive(Debug, Clone, PartialEq)]
pub struct CallFacts {
    /// The caller's number, where readable.
    pub caller: Option<PhoneNumber>,
    /// What was dialled.
    pub called: String,
    /// The language to begin in.
    pub language: Language,
    /// Whether the caller chose that language on an earlier call.
    pub language_known: bool,
    /// The ticket which the call is about, where we called because of one: the value `number` of the flow.
    pub about: Option<Number>,
    /// The time.
    pub now: Timestamp,
}

/// A part of what is played.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A prompt of the catalogue: the recorded file if there is one, else its text is spoken.
    Prompt {
        /// Its name.
        name: String,
        /// Its text in the caller's language.
        text: String,
    },
    /// Text that changes, in words of the caller's language.
    Say(String),
    /// Nothing, in milliseconds.
    Silence(u32),
    /// Hold music, until stopped.
    Music,
    /// A tone.
    Tone {
        /// Frequency in hertz.
        hz: u32,
        /// Length in milliseconds.
        ms: u32,
    },
}

/// What a flow wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Play to the caller, in place of what plays now; [`Input::Played`] follows when it has ended.
    Play(Vec<Piece>, PlayId),
    /// Be silent.
    StopPlaying,
    /// Report speech, or stop doing so.
    Listen {
        /// On or off.
        speech: bool,
    },
    /// Arm a timer; an armed one of this name is replaced.
    SetTimer {
        /// Its name.
        id: u64,
        /// From now.
        after: Duration,
    },
    /// Disarm a timer.
    CancelTimer {
        /// Its name.
        id: u64,
    },
    /// Keep what the caller says; [`Input::RecordingEnded`] follows.
    StartRecording {
        /// The longest.
        max: Duration,
        /// A tone first.
        beep: bool,
        /// Silence after speech that ends it.
        silence_end: Duration,
        /// The caller declared an emergency: should the caller hang up, what was said is taken in as one.
        emergency: bool,
        /// It is a short answer ("yes"), not a statement: it counts only if the flow takes it in.
        answer: bool,
    },
    /// End the recording now.
    StopRecording {
        /// Whether it is wanted.
        keep: bool,
    },
    /// Have the last recording recognised; [`Input::Recognised`] follows within the limit.
    Recognise {
        /// The longest wait.
        limit: Duration,
    },
    /// Take the last recording in as a contact, or these words; [`Input::TakenIn`] follows.
    TakeIn {
        /// The contact's words, in place of a recording: an answer given by a key.
        words: Option<String>,
        /// The caller declared an emergency.
        declared_emergency: bool,
        /// The ticket it is about.
        about: Option<Number>,
    },
    /// Ask how a ticket stands; [`Input::LookedUp`] follows.
    LookUp {
        /// Which.
        number: Number,
    },
    /// Ask whether the lines are open; [`Input::Hours`] follows.
    AskHours {
        /// Name of the calendar.
        calendar: String,
    },
    /// Wait for a person; [`Input::QueueResult`]s follow.
    Queue {
        /// Name of the queue.
        name: String,
        /// Goes before all others.
        emergency: bool,
    },
    /// Wait no longer.
    LeaveQueue {
        /// Call this number back instead; the place in the line is kept.
        callback: Option<PhoneNumber>,
    },
    /// Join the caller with another party; [`Input::TransferResult`] follows.
    Transfer {
        /// A SIP URI or a telephone number.
        to: String,
    },
    /// Send the caller a message.
    Sms {
        /// Name of the template.
        template: String,
        /// Its values.
        values: BTreeMap<String, String>,
    },
    /// The caller chose a language.
    SetLanguage(Language),
    /// End the call.
    HangUp,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// What was played has ended.
    Played(PlayId),
    /// A key.
    Digit(char),
    /// The caller began to speak.
    SpeechBegan,
    /// The caller stopped speaking.
    SpeechEnded,
    /// A timer fired.
    Timer(u64),
    /// The recording ended.
    RecordingEnded {
        /// Its length.
        ms: u64,
        /// Whether a voice was heard.
        heard_speech: bool,
    },
    /// Recognition answered or gave up.
    Recognised(Recognition),
    /// The door answered.
    TakenIn(Result<Receipt, Refusal>),
    /// The look-up answered.
    LookedUp(Result<Option<Standing>, Refusal>),
    /// Whether the lines are open.
    Hours(AfterHours),
    /// Something happened while waiting for a person.
    QueueResult(QueueOutcome),
    /// Whether the other party answered.
    TransferResult(bool),
}

/// What recognition made of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Recognition {
    /// Text.
    Text {
        /// What was understood.
        text: String,
        /// 0 to 1.
        confidence: f32,
        /// Whether the language is trusted with this engine.
        trusted: bool,
    },
    /// The voice itself is the statement.
    VoiceOnly {
        /// A hint at most.
        hint: Option<String>,
    },
    /// No engine, or it failed.
    Unavailable,
    /// It did not answer in time.
    TimedOut,
}

/// What happens while waiting for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueOutcome {
    /// A person answered.
    Answered,
    /// The talk is over.
    TalkEnded,
    /// The queue sends the caller away.
    Returned {
        /// `overflow`, `timeout`, `full`, `nobody`.
        branch: String,
    },
    /// The place in the line, and the wait to expect.
    Position {
        /// 1 is next.
        place: u32,
        /// Expected wait.
        wait: Option<Duration>,
    },
}
