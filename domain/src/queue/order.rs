//! What the distributor wants done.

use crate::call::{AgentId, CallId};
use crate::language::Language;
use crate::phone::PhoneNumber;
use jiff::Timestamp;
use std::time::Duration;

/// What the distributor wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Ring this agent for this caller.
    Offer {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// Give up after this long.
        ring_for: Duration,
    },
    /// Stop ringing.
    Withdraw {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
    },
    /// Tell the caller the place in the line.
    Position {
        /// The caller.
        call: CallId,
        /// 1 is next.
        place: u32,
        /// Expected wait.
        wait: Option<Duration>,
    },
    /// Send the caller back into the flow.
    SendAway {
        /// The caller.
        call: CallId,
        /// `full`, `timeout`, `nobody`.
        branch: &'static str,
    },
    /// An agent is kept free for somebody who asked to be called back: call now, once, and tell
    /// [`callback_arrived`](super::Distributor::callback_arrived) or [`callback_failed`](super::Distributor::callback_failed).
    CallBack {
        /// The call in which it was asked: the name of the callback.
        call: CallId,
        /// Whom.
        number: PhoneNumber,
        /// For which queue.
        queue: String,
        /// The place in the line: since when.
        since: Timestamp,
        /// In which language.
        language: Language,
        /// 1 the first time.
        attempt: u32,
    },
    /// Somebody who asked to be called back was not reached, and is not tried again.
    CallbackGivenUp {
        /// The call in which it was asked.
        call: CallId,
        /// Whom.
        number: PhoneNumber,
        /// In which language to say so.
        language: Language,
        /// The place that was kept.
        since: Timestamp,
    },
    /// An agent's state changed.
    AgentChanged(AgentId),
}
