//! What happens to a call, and what it does.

use daak_domain::Timestamp;
use daak_domain::call::{AfterHours, AgentDevice, CallCommand, CallEvent, CallId, Direction, EndReason, OfferFailure, Quality};
use daak_domain::contact::{Attachment, Contact, Receipt, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Refusal, Standing};
use daak_domain::softphone::Story;
use daak_domain::ticket::Number;
use std::collections::BTreeMap;
use std::time::Duration;
use voice_ivr::{Piece, PlayId};

/// What is known of a call when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its name.
    pub call: CallId,
    /// Which way it was set up.
    pub direction: Direction,
    /// The other party's number, where readable.
    pub caller: Option<PhoneNumber>,
    /// What was dialled.
    pub called: String,
    /// The flow that answers it.
    pub flow: String,
    /// The language remembered for the caller, if any.
    pub language: Option<Language>,
    /// The Identity header as seen.
    pub identity: Option<String>,
    /// The ticket because of which we call, if that is why.
    pub about: Option<daak_domain::ticket::Number>,
    /// When the first INVITE came or went.
    pub started_at: Timestamp,
    /// The place in the line that this call takes over from an earlier one, when it comes to wait.
    pub waits_since: Option<Timestamp>,
}

/// Names a far leg within its call: an agent's telephone or another party's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FarId(pub u32);

/// One who is on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The caller.
    Caller,
    /// Somebody at a far leg.
    Far(FarId),
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// The caller's leg is ready: offer and answer agreed, media are open.
    Ready,
    /// The caller's leg ended from the other side, or was lost.
    CallerEnded(EndReason),
    /// A key was pressed.
    Digit(char),
    /// A playlist was played to its end.
    Played(PlayId),
    /// The caller began to speak.
    SpeechBegan,
    /// The caller stopped speaking.
    SpeechEnded,
    /// No media from the caller for the engine's limit.
    MediaStopped,
    /// A timer of the flow fired.
    Timer(u64),
    /// The statement's recorder ended by itself: silence, or the longest time.
    StatementEnded {
        /// Length in milliseconds.
        ms: u64,
        /// Whether a voice was heard in it.
        heard_speech: bool,
    },
    /// The statement is on the disk, or cannot be stored (with a sentence for the log).
    StatementStored(Result<Attachment, String>),
    /// Speech recognition answered, or gave up.
    Recognised(Reading),
    /// The door answered.
    TakenIn(Result<Receipt, Refusal>),
    /// The look-up answered.
    LookedUp(Result<Option<Standing>, Refusal>),
    /// Whether the lines are open.
    Hours(AfterHours),
    /// The floor's command.
    Command(CallCommand),
    /// Something happened to a far leg.
    Far(FarId, FarEvent),
    /// The recording of the whole call is on the disk.
    RecordingStored(Option<Attachment>),
    /// The caller's stream is closed, or there never was one; what its line was like.
    StreamClosed(Option<Quality>),
}

/// What happens to a far leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarEvent {
    /// It rings.
    Ringing,
    /// It was answered.
    Answered,
    /// It was not reached.
    Failed(OfferFailure),
    /// The other end hung up.
    HungUp,
    /// The line to the other end broke; it may come back in a moment.
    Lost,
    /// It came back.
    Back,
    /// It did not.
    Vanished,
}

/// What speech recognition made of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Text, trusted or not as the statement says.
    Made(Statement),
    /// No engine, or it failed.
    Unavailable,
    /// It did not answer within the flow's limit.
    TimedOut,
}

/// Where a far leg goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FarTarget {
    /// An agent's telephone.
    Agent(AgentDevice),
    /// A SIP URI or a telephone number of the flow.
    Party(String),
}

/// What the call does.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Answer the caller (200 OK).
    Answer,
    /// Play to the caller, instead of what plays now.
    Play {
        /// Given back in [`Happening::Played`].
        id: PlayId,
        /// What, in order.
        pieces: Vec<Piece>,
        /// In which language.
        language: Language,
    },
    /// Be silent.
    StopPlaying,
    /// Report the caller's speech, or stop doing so.
    Listen(bool),
    /// Arm a timer; an armed one of this name is replaced.
    SetTimer {
        /// Its name.
        id: u64,
        /// From now.
        after: Duration,
    },
    /// Disarm a timer.
    CancelTimer(u64),
    /// Begin to keep what the caller says.
    BeginStatement {
        /// Which statement of the call.
        turn: u32,
        /// The longest.
        max: Duration,
        /// Silence after speech that ends it.
        silence_end: Duration,
        /// Whether a tone is played first.
        beep: bool,
    },
    /// End the statement; `keep` stores it.
    EndStatement {
        /// Whether it is wanted.
        keep: bool,
    },
    /// Have the last statement recognised.
    Recognise {
        /// In which language.
        language: Language,
        /// The longest wait.
        limit: Duration,
    },
    /// Hand a contact in at the door.
    TakeIn(Box<Contact>),
    /// Ask how a ticket stands.
    LookUp(Number),
    /// Ask whether the lines are open.
    AskHours(String),
    /// Send the caller a message.
    SendSms {
        /// Makes a second request the same one.
        key: String,
        /// Name of the template.
        template: String,
        /// Its values.
        values: BTreeMap<String, String>,
        /// In which language.
        language: Language,
        /// To whom.
        to: PhoneNumber,
    },
    /// Ring a far leg.
    DialFar {
        /// Its name.
        far: FarId,
        /// Where.
        target: FarTarget,
        /// Give up after this long.
        ring_for: Duration,
        /// What an agent is told of the caller.
        story: Box<Story>,
    },
    /// Join two far legs, while the caller is on hold.
    JoinFars(FarId, FarId),
    /// Let this end hear the others, in place of whom it is joined with; of nobody, the one it is joined with again.
    Hear {
        /// Who hears.
        end: End,
        /// Whom.
        others: Vec<End>,
    },
    /// Press a key towards the caller.
    Press(char),
    /// Join the caller with the far leg; both hear each other.
    Join(FarId),
    /// Part them.
    Part,
    /// End a far leg, ringing or answered.
    HangUpFar(FarId),
    /// Begin the recording of the whole call.
    RecordCall,
    /// Record silence, or go on.
    PauseRecording(bool),
    /// Tell the floor.
    Tell(CallEvent),
    /// End the caller's leg and close the media; ends recordings.
    HangUp,
    /// Nothing is left to do: forget the call.
    Finish,
}
