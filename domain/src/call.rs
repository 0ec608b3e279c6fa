//! What a telephone call and the floor say to each other.
//!
//! A call tells the floor what happened ([`CallEvent`]); the floor tells the call what to do
//! ([`CallCommand`]). Neither knows how the other works.

use crate::language::Language;
use crate::phone::PhoneNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Names one call from its first INVITE to its last BYE. UUID version 7: it sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub Uuid);

impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Names an agent: the sign-in name of a person who takes calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentId(pub String);

impl std::fmt::Display for AgentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which way a call was set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The citizen called.
    Inbound,
    /// We called.
    Outbound,
}

/// What happened in a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CallEvent {
    /// A call began.
    Arrived {
        /// Which way.
        direction: Direction,
        /// The other party's number as the network gave it; `None` when withheld or unreadable.
        caller: Option<PhoneNumber>,
        /// The number or extension that was dialled.
        called: String,
        /// When.
        at: Timestamp,
    },
    /// The caller chose a language.
    LanguageChosen {
        /// Which.
        language: Language,
    },
    /// The caller waits for a person. `queue` is a name of the configuration.
    Waiting {
        /// Where.
        queue: String,
        /// Language to be spoken.
        language: Language,
        /// An emergency goes before all others.
        emergency: bool,
        /// When the wait began.
        since: Timestamp,
    },
    /// The caller no longer waits.
    LeftQueue {
        /// Why.
        why: LeftQueue,
        /// When.
        at: Timestamp,
    },
    /// Somebody who is not on the line is to be called back: a missed call, or a question that only a person can ask.
    CallbackAsked {
        /// Whom.
        number: PhoneNumber,
        /// By the agents of this queue.
        queue: String,
        /// In which language.
        language: Language,
        /// Since when.
        at: Timestamp,
    },
    /// The agent's telephone rings.
    OfferRinging {
        /// Whose.
        agent: AgentId,
        /// When.
        at: Timestamp,
    },
    /// The agent answered and is joined to the caller.
    OfferAccepted {
        /// Who.
        agent: AgentId,
        /// When.
        at: Timestamp,
    },
    /// The agent was not reached.
    OfferFailed {
        /// Who.
        agent: AgentId,
        /// Why.
        why: OfferFailure,
        /// When.
        at: Timestamp,
    },
    /// The agent put the caller on hold, or came back.
    Held {
        /// Who.
        agent: AgentId,
        /// On hold now.
        on: bool,
        /// When.
        at: Timestamp,
    },
    /// Something happened to the telephone of whoever the agent asks meanwhile.
    Consulted {
        /// Who asks.
        agent: AgentId,
        /// What.
        state: Consulted,
        /// When.
        at: Timestamp,
    },
    /// A supervisor began to attend a talk, attends it in another way, or no longer does.
    Attended {
        /// Who.
        supervisor: AgentId,
        /// How from now on; none when it is over, or could not begin.
        how: Option<Attending>,
        /// When.
        at: Timestamp,
    },
    /// The agent had the recording paused, or it goes on.
    RecordingPaused {
        /// Who.
        agent: AgentId,
        /// Paused now.
        on: bool,
        /// When.
        at: Timestamp,
    },
    /// Agent and caller were parted; wrap-up begins.
    TalkEnded {
        /// Who.
        agent: AgentId,
        /// Who hung up.
        by: Party,
        /// When.
        at: Timestamp,
    },
    /// The call is over.
    Ended {
        /// All that is kept of it.
        record: Box<CallRecord>,
    },
}

/// How it stands with somebody whom an agent asks before giving the caller on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consulted {
    /// The telephone rings.
    Ringing,
    /// The two hear each other.
    Answered,
    /// The caller hears both, and both hear the caller.
    Together,
    /// Nobody was reached.
    NotReached,
    /// The two have parted.
    Over,
}

/// How a supervisor attends a talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attending {
    /// Hears both, is heard by nobody.
    Listen,
    /// Hears both, is heard by the agent alone.
    Whisper,
    /// Hears both, is heard by both.
    Barge,
}

/// What the floor wants a call to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CallCommand {
    /// Ring this agent for the waiting caller, and join the two as soon as the agent answers.
    Offer {
        /// Who.
        agent: AgentId,
        /// Where the agent is reached.
        at: AgentDevice,
        /// Give up after this long.
        ring_for: Duration,
    },
    /// Stop ringing this agent.
    WithdrawOffer {
        /// Who.
        agent: AgentId,
    },
    /// The place in the line, 1 being the next, and the wait to expect, where one can be told.
    Position {
        /// 1 is next.
        place: u32,
        /// Expected wait.
        wait: Option<Duration>,
    },
    /// The queue sends the caller away: back into the flow, at the branch of this name.
    ReturnToFlow {
        /// `overflow`, `timeout`, `full`, `nobody`.
        branch: String,
    },
    /// Do what the agent in the talk wants done.
    Desk {
        /// Who wants it. A call in which this agent does not speak ignores it.
        agent: AgentId,
        /// What.
        act: DeskAct,
    },
    /// Let a supervisor attend the talk, or attend it in another way. One attends at a time; it ends when the supervisor
    /// hangs up, or when the agent leaves the caller.
    Attend {
        /// Who.
        supervisor: AgentId,
        /// Where the supervisor is reached.
        at: AgentDevice,
        /// How.
        how: Attending,
    },
    /// Put the supervisor who attends in the agent's place.
    TakeOver {
        /// Who. A call that this one does not attend ignores it.
        supervisor: AgentId,
    },
    /// End the call.
    HangUp {
        /// Why, for the record.
        reason: EndReason,
    },
}

/// What an agent does with the caller during a talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum DeskAct {
    /// The caller hears music.
    Hold,
    /// Back to the caller.
    Resume,
    /// Press a key towards the caller.
    Press {
        /// `0-9 * #`.
        key: char,
    },
    /// Give the caller to somebody else and leave.
    Transfer {
        /// To whom.
        to: Beyond,
    },
    /// Ask somebody else first, while the caller hears music.
    Consult {
        /// Whom.
        to: Beyond,
    },
    /// Bring caller and whoever was asked together: all three hear each other.
    Meet,
    /// Give the caller to whoever was asked, and leave.
    Complete,
    /// Back to the caller; whoever was asked is let go.
    Cancel,
    /// Record silence from now on: a number is said that must not be kept.
    PauseRecording,
    /// Record again.
    ResumeRecording,
}

/// Whom a caller can be given to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Beyond {
    /// A queue of the configuration, at its place by arrival.
    Queue {
        /// Its name.
        name: String,
    },
    /// Another agent.
    Agent {
        /// Who.
        agent: AgentId,
        /// Where the agent is reached; the floor knows.
        at: Option<AgentDevice>,
    },
    /// A telephone number, by a trunk.
    Number {
        /// Digits, perhaps with a plus sign before them.
        number: String,
    },
}

/// Where an agent is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentDevice {
    /// A desk phone that registered with this user name.
    Registered {
        /// User part of the address of record.
        user: String,
    },
    /// A fixed SIP address.
    Contact {
        /// A SIP URI.
        uri: String,
    },
    /// The telephone in the browser where the agent is signed in.
    Browser {
        /// Who.
        agent: AgentId,
    },
}

/// Why a caller left the queue without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftQueue {
    /// Hung up while waiting.
    Abandoned,
    /// Asked to be called back.
    Callback,
    /// Chose to speak after the tone, or another way on.
    WentOn,
    /// Was sent away by the queue.
    SentAway,
}

/// Why an agent was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferFailure {
    /// Rang for the whole time.
    NoAnswer,
    /// 486 or 600.
    Busy,
    /// 603, or the agent declined.
    Declined,
    /// Not registered, or the network failed.
    Unreachable,
    /// The offer was withdrawn, or the caller went.
    Withdrawn,
}

/// A party to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The citizen.
    Caller,
    /// The agent.
    Agent,
    /// We.
    Helpline,
}

/// Every way a call can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The caller hung up.
    CallerHungUp,
    /// The caller hung up before we answered (CANCEL).
    CallerCancelled,
    /// The agent hung up.
    AgentHungUp,
    /// The flow came to its end.
    FlowEnded,
    /// The flow sent the caller elsewhere.
    Transferred,
    /// No media arrived for too long.
    MediaTimeout,
    /// The session was not refreshed in time (RFC 4028).
    SessionExpired,
    /// No ACK arrived for our 2xx (RFC 3261 §13.3.1.4).
    NoAck,
    /// Offer and answer had no codec in common (488).
    NoCommonCodec,
    /// The number is not one of ours (404).
    NumberUnknown,
    /// Too many calls at once (503).
    Overloaded,
    /// The caller's address is banned or may not call here (403).
    Refused,
    /// A number that is only rung: the call was not taken, and whoever rang is called back.
    MissedCall,
    /// An outbound call was not answered.
    NotAnswered,
    /// An outbound call was busy.
    Busy,
    /// The trunk or the other side failed.
    PeerFailed,
    /// The program was shut down.
    Shutdown,
    /// Something of ours failed; the log has the event.
    InternalError,
}

/// All that is kept of a call when it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Which call.
    pub call: CallId,
    /// Which way.
    pub direction: Direction,
    /// The other party's number.
    pub caller: Option<PhoneNumber>,
    /// The number dialled.
    pub called: String,
    /// First INVITE.
    pub started_at: Timestamp,
    /// Our 2xx, or the other side's.
    pub answered_at: Option<Timestamp>,
    /// The end.
    pub ended_at: Timestamp,
    /// Why it ended.
    pub reason: EndReason,
    /// Language of the call.
    pub language: Language,
    /// Tickets that the call opened or touched.
    pub tickets: Vec<crate::ticket::Number>,
    /// The agent who spoke with the caller, last.
    pub agent: Option<AgentId>,
    /// Supervisors who attended a talk of it, each once.
    #[serde(default)]
    pub attended: Vec<AgentId>,
    /// How long the caller waited for a person.
    pub waited: Option<Duration>,
    /// The recording of the whole call.
    pub recording: Option<crate::contact::Attachment>,
    /// What the caller's line was like.
    pub quality: Option<Quality>,
    /// The PASSporT of the Identity header (RFC 8224), passed on as seen, not verified.
    pub identity: Option<String>,
    /// The steps of the flow that were visited, in order, bounded.
    pub path: Vec<String>,
}

/// What a line was like, from RTP and RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Interarrival jitter, RFC 3550 §6.4.1, in milliseconds.
    pub jitter_ms: f32,
    /// Packets lost on the way to us, in per cent.
    pub loss_pct: f32,
    /// Round-trip time by RTCP, in milliseconds, where the peer reports.
    pub rtt_ms: Option<f32>,
    /// Mean opinion score estimated from the three by the E-model of ITU-T G.107, 1 to 4.5.
    pub mos: f32,
}

/// Whether the lines are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "lines")]
pub enum AfterHours {
    /// Open.
    Open,
    /// Closed until then, where the calendar says when.
    Closed {
        /// The next opening.
        until: Option<Timestamp>,
        /// Whether a holiday is the reason.
        holiday: bool,
    },
}
