//! What an agent's browser and the calls that ring in it say to each other.
//!
//! One browser tab holds the agent's telephone: it *claims* it, and from then on hears when a call rings. Sound goes another
//! way (WebRTC): the browser offers, and is answered, as soon as it rings, so that nothing has to be set up when the agent answers.

use crate::call::{AgentId, Attending, CallId};
use crate::language::Language;
use crate::phone::PhoneNumber;
use crate::ticket::Number;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Names one ringing of a browser's telephone and the talk that follows. Unforeseeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RingId(pub Uuid);

/// What a browser wants of its telephone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum PhoneWish {
    /// Have the agent's telephone in this tab.
    Claim {
        /// A name of the tab's own, the same after a reload.
        tab: String,
        /// Take it from another tab that has it.
        #[serde(default)]
        take: bool,
        /// The ring whose sound still flows in this tab, after a broken line.
        #[serde(default)]
        has: Option<RingId>,
    },
    /// No longer have it.
    Release,
    /// A session description for the call that rings (RFC 8866).
    Offer {
        /// Which.
        ring: RingId,
        /// The description.
        sdp: String,
    },
    /// Answer.
    Accept {
        /// Which.
        ring: RingId,
    },
    /// Do not answer.
    Decline {
        /// Which.
        ring: RingId,
    },
    /// End the talk.
    HangUp {
        /// Which.
        ring: RingId,
    },
}

/// What a browser's telephone is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PhoneNews {
    /// The telephone is in this tab.
    Yours,
    /// Another tab has it.
    Elsewhere,
    /// No tab has it any more: claim it.
    Free,
    /// It rings, or a talk goes on in a tab that came back. Offer sound now.
    Ring {
        /// Its name.
        ring: RingId,
        /// The talk had begun already.
        accepted: bool,
        /// Whose call it is.
        story: Box<Story>,
    },
    /// The answer to the browser's offer.
    Answer {
        /// Which.
        ring: RingId,
        /// The description.
        sdp: String,
    },
    /// Caller and agent hear each other.
    Talking {
        /// Which.
        ring: RingId,
    },
    /// The sound broke off: offer anew.
    Renew {
        /// Which.
        ring: RingId,
    },
    /// It no longer rings, or the talk is over.
    Over {
        /// Which.
        ring: RingId,
        /// Why.
        why: RingEnd,
    },
    /// What the browser wanted was not done.
    Refused {
        /// Why, for the person.
        why: String,
    },
}

/// Why a ringing or a talk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RingEnd {
    /// The caller hung up, or the call went elsewhere.
    Gone,
    /// The agent did not answer in time.
    NotAnswered,
    /// The agent declined.
    Declined,
    /// The agent ended the talk.
    HungUp,
    /// No sound could be set up.
    NoSound,
}

/// What is known of a caller at the first ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The call.
    pub call: CallId,
    /// The caller's number.
    pub caller: Option<PhoneNumber>,
    /// What was dialled.
    pub called: String,
    /// The language of the call.
    pub language: Language,
    /// The queue it waits in.
    pub queue: Option<String>,
    /// Whether it waits as an emergency.
    pub emergency: bool,
    /// Since when the caller waits.
    pub waits_since: Option<Timestamp>,
    /// What the caller said so far, in words, where they could be recognised.
    pub heard: Option<String>,
    /// Whether `heard` may be relied on.
    pub heard_surely: bool,
    /// Tickets that the call opened or asked about.
    pub tickets: Vec<Number>,
    /// Who gave the caller on, or asks for advice.
    pub from: Option<AgentId>,
    /// How the talk of `from` is attended, when that is why it rings.
    pub attends: Option<Attending>,
}
