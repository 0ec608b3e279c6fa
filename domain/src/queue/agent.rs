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
    /// An address that is always there: ready from the start, and back by itself after not answering.
    pub fixed: bool,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    /// Not here.
    Away,
    /// Here, but takes no calls for a while; the snapshot has the reason.
    Paused,
    /// Free.
    Ready,
    /// The telephone rings for this caller.
    Ringing(CallId),
    /// Is kept free while the citizen of this callback is called.
    CallingBack(CallId),
    /// Speaks with this caller.
    Talking(CallId),
    /// Finishes the ticket, until then.
    WrapUp(Timestamp),
    /// Did not answer, was busy, declined, or could not be reached; back by itself then, if ever.
    NotAnswering(Option<Timestamp>),
}

impl AgentState {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            AgentState::Away => "away",
            AgentState::Paused => "paused",
            AgentState::Ready => "ready",
            AgentState::Ringing(_) => "ringing",
            AgentState::CallingBack(_) => "calling_back",
            AgentState::Talking(_) => "talking",
            AgentState::WrapUp(_) => "wrap_up",
            AgentState::NotAnswering(_) => "not_answering",
        }
    }

    /// The call that the agent is busy with.
    pub fn call(self) -> Option<CallId> {
        match self {
            AgentState::Ringing(call) | AgentState::CallingBack(call) | AgentState::Talking(call) => Some(call),
            _ => None,
        }
    }

    /// Takes calls: now, or when the present one is finished.
    pub(super) fn is_at_work(self) -> bool {
        !matches!(self, AgentState::Away | AgentState::Paused | AgentState::NotAnswering(None))
    }

    /// Is here, if only on a pause.
    pub(super) fn is_present(self) -> bool {
        self.is_at_work() || self == AgentState::Paused
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
    /// Why the agent takes no calls: the reason of a pause, or how an offer failed (`no_answer`, `busy`, `declined`, `unreachable`).
    pub reason: Option<String>,
    /// Queues served.
    pub queues: BTreeSet<String>,
}

/// How long a fixed address, or a busy telephone, is left alone after it did not answer.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(20);

/// What an agent who talks wants to do afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    Away,
    Paused(String),
}

#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) config: AgentConfig,
    pub(super) state: AgentState,
    pub(super) since: Timestamp,
    pub(super) reason: Option<String>,
    /// What to do when the present talk is over, instead of the wrap-up.
    pub(super) afterwards: Option<Rest>,
    /// Queues served.
    pub(super) queues: Vec<usize>,
    /// The sets of callers whom the agent can serve.
    pub(super) keys: Vec<usize>,
    /// The queue of the present talk.
    pub(super) talks_for: usize,
}

impl Agent {
    pub(super) fn new(config: AgentConfig, queues: Vec<usize>, now: Timestamp) -> Self {
        let spoken = |language: &Language| speaks(&config.languages, *language);
        let languages: Vec<Language> = LANGUAGES.into_iter().filter(spoken).collect();
        let keys = queues.iter().flat_map(|queue| {
            let one = |language: &Language| key(*queue, Some(*language));
            languages.iter().map(one).chain([key(*queue, None)]).collect::<Vec<_>>()
        });
        let (keys, talks_for) = (keys.collect(), queues.first().copied().unwrap_or_default());
        Self { config, state: AgentState::Away, since: now, reason: None, afterwards: None, queues, keys, talks_for }
    }

    pub(super) fn snapshot(&self) -> AgentSnapshot {
        AgentSnapshot {
            agent: self.config.agent.clone(),
            state: self.state,
            since: self.since,
            reason: self.reason.clone(),
            queues: self.config.queues.clone(),
        }
    }
}

const LANGUAGES: [Language; 5] = [Language::Bn, Language::Hi, Language::En, Language::Ne, Language::Ur];

/// Sets of callers a queue has: one a language, and one for whom any language will do.
pub(super) const KEYS: usize = LANGUAGES.len() + 1;

/// The set of callers of a queue who want this language, or any.
pub(super) fn key(queue: usize, language: Option<Language>) -> usize {
    let place = language.and_then(|language| LANGUAGES.iter().position(|l| *l == language));
    queue * KEYS + place.unwrap_or(LANGUAGES.len())
}

fn speaks(languages: &BTreeSet<Language>, language: Language) -> bool {
    languages.is_empty() || languages.contains(&language) || languages.contains(&language.answered_in())
}
