//! An agent as the distributor sees one.

use crate::call::{AgentId, CallId};
use crate::language::Language;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// What is known of an agent beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConfig {
    /// Who.
    pub agent: AgentId,
    /// Queues served.
    pub queues: BTreeSet<String>,
    /// Languages spoken; empty means all.
    pub languages: BTreeSet<Language>,
    /// An address that is always there: comes back by itself after not answering.
    pub fixed: bool,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Not here, or not now.
    Away,
    /// Free.
    Ready,
    /// The telephone rings for this caller.
    Ringing(CallId),
    /// Speaks with this caller.
    Talking(CallId),
    /// Finishes the ticket, until then.
    WrapUp(Timestamp),
    /// Did not answer; back by itself then, if ever.
    NotAnswering(Option<Timestamp>),
}

impl AgentState {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            AgentState::Away => "away",
            AgentState::Ready => "ready",
            AgentState::Ringing(_) => "ringing",
            AgentState::Talking(_) => "talking",
            AgentState::WrapUp(_) => "wrap_up",
            AgentState::NotAnswering(_) => "not_answering",
        }
    }
}

/// An agent, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSnapshot {
    /// Who.
    pub agent: AgentId,
    /// What.
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// Queues served.
    pub queues: BTreeSet<String>,
}

/// How long a fixed address is left alone after it did not answer.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) config: AgentConfig,
    pub(super) state: AgentState,
    pub(super) since: Timestamp,
    /// Wants to leave when the present talk is over.
    pub(super) leaving: bool,
}

impl Agent {
    pub(super) fn speaks(&self, language: Language) -> bool {
        self.config.languages.is_empty()
            || self.config.languages.contains(&language)
            || self.config.languages.contains(&language.answered_in())
    }

    pub(super) fn snapshot(&self) -> AgentSnapshot {
        AgentSnapshot { agent: self.config.agent.clone(), state: self.state, since: self.since, queues: self.config.queues.clone() }
    }
}
