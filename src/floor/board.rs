//! What the floor knows: the distributor, and every call in progress.

use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, Attending, CallEvent, CallId, Direction};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::Distributor;
use std::collections::{HashMap, HashSet, VecDeque};

/// Ends of calls that are remembered for a callback whose call ends before it is known to be one.
const ENDS_KEPT: usize = 64;
/// Talks that are remembered for their wrap-up.
const TALKS_KEPT: usize = 2_048;

/// What the floor knows.
pub(super) struct Board {
    pub(super) distributor: Distributor,
    /// Calls in progress.
    pub(super) calls: HashMap<CallId, Line>,
    /// Calls that we made to call somebody back: by the new call, the call in which it was asked.
    pub(super) recalls: HashMap<CallId, CallId>,
    /// Where each agent is reached when no browser has the telephone.
    pub(super) devices: HashMap<AgentId, AgentDevice>,
    /// Agents whose telephone is in a browser.
    pub(super) in_browser: HashSet<AgentId>,
    lately_ended: VecDeque<CallId>,
    /// Who spoke in which call lately, for what is said of it in the wrap-up.
    talks: VecDeque<(AgentId, CallId)>,
}

/// A call as the floor knows it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) caller: Option<PhoneNumber>,
    pub(super) called: String,
    pub(super) direction: Direction,
    pub(super) language: Option<Language>,
    pub(super) started_at: Timestamp,
    /// `flow`, `waiting`, `ringing`, `talking`.
    pub(super) stage: &'static str,
    pub(super) agent: Option<AgentId>,
    /// The supervisor who attends the talk, and how.
    pub(super) attended: Option<(AgentId, Attending)>,
}

impl Board {
    pub(super) fn new(distributor: Distributor, devices: HashMap<AgentId, AgentDevice>) -> Self {
        Self {
            distributor,
            calls: HashMap::new(),
            recalls: HashMap::new(),
            devices,
            in_browser: HashSet::new(),
            lately_ended: VecDeque::new(),
            talks: VecDeque::new(),
        }
    }

    /// Where an agent is reached now.
    pub(super) fn device(&self, agent: &AgentId) -> Option<AgentDevice> {
        if self.in_browser.contains(agent) {
            return Some(AgentDevice::Browser { agent: agent.clone() });
        }
        self.devices.get(agent).cloned()
    }

    /// Whether an agent speaks in a call now.
    pub(super) fn speaks(&self, agent: &AgentId, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|line| line.stage == "talking" && line.agent.as_ref() == Some(agent))
    }

    /// Whether an agent speaks in a call, or did so lately.
    pub(super) fn spoke(&self, agent: &AgentId, call: CallId) -> bool {
        self.speaks(agent, call) || self.talks.iter().any(|(who, which)| who == agent && *which == call)
    }

    /// The number of a call's other party.
    pub(super) fn number(&self, call: CallId) -> Option<PhoneNumber> {
        self.calls.get(&call)?.caller.clone()
    }

    /// Whether a call ended a moment ago.
    pub(super) fn has_ended(&self, call: CallId) -> bool {
        self.lately_ended.contains(&call)
    }

    /// Notes what an event says of its call.
    pub(super) fn note(&mut self, call: CallId, event: &CallEvent) {
        match event {
            CallEvent::Arrived { direction, caller, called, at } => {
                let (caller, called, direction, started_at) = (caller.clone(), called.clone(), *direction, *at);
                let line = Line { caller, called, direction, language: None, started_at, stage: "flow", agent: None, attended: None };
                self.calls.insert(call, line);
            }
            CallEvent::Ended { .. } => self.forget(call),
            _ => {
                if let CallEvent::TalkEnded { agent, .. } = event {
                    if self.talks.len() == TALKS_KEPT {
                        self.talks.pop_front();
                    }
                    self.talks.push_back((agent.clone(), call));
                }
                if let Some(line) = self.calls.get_mut(&call) {
                    line.note(event);
                }
            }
        }
    }

    /// A call is over.
    pub(super) fn forget(&mut self, call: CallId) {
        self.calls.remove(&call);
        if self.lately_ended.len() == ENDS_KEPT {
            self.lately_ended.pop_front();
        }
        self.lately_ended.push_back(call);
    }
}

impl Line {
    fn note(&mut self, event: &CallEvent) {
        match event {
            CallEvent::LanguageChosen { language } => self.language = Some(*language),
            CallEvent::Waiting { language, .. } => (self.stage, self.language) = ("waiting", Some(*language)),
            CallEvent::OfferRinging { agent, .. } if self.stage == "waiting" => {
                (self.stage, self.agent) = ("ringing", Some(agent.clone()));
            }
            CallEvent::OfferAccepted { agent, .. } => (self.stage, self.agent) = ("talking", Some(agent.clone())),
            CallEvent::OfferFailed { agent, .. } if self.stage == "ringing" && self.agent.as_ref() == Some(agent) => {
                (self.stage, self.agent) = ("waiting", None);
            }
            CallEvent::Attended { supervisor, how, .. } => match how {
                Some(how) => self.attended = Some((supervisor.clone(), *how)),
                None => drop(self.attended.take_if(|(who, _)| who == supervisor)),
            },
            CallEvent::LeftQueue { .. } | CallEvent::TalkEnded { .. } => (self.stage, self.agent) = ("flow", None),
            _ => {}
        }
    }
}
