//! A line of callers.

use super::callback::Callback;
use super::{Estimate, agent};
use crate::call::CallId;
use crate::language::Language;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// How a queue works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConfig {
    /// Its name.
    pub name: String,
    /// How long one agent is rung.
    pub ring_for: Duration,
    /// Time after a talk in which the agent finishes the ticket.
    pub wrap_up: Duration,
    /// Callers on the line at once; the next is sent to the branch `full`. Emergencies are always let in.
    pub most: usize,
    /// A caller who has waited longer is sent to the branch `timeout`.
    pub longest_wait: Option<Duration>,
    /// How often callers are told their place.
    pub tell_place_every: Option<Duration>,
    /// If no agent is here at all, callers are sent to the branch `nobody`; so is an emergency when all are on a pause.
    pub needs_agents: bool,
}

/// Somebody begins to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Who.
    pub call: CallId,
    /// Where.
    pub queue: String,
    /// Language to be spoken.
    pub language: Language,
    /// Goes before all others.
    pub emergency: bool,
    /// The place in the line.
    pub since: Timestamp,
}

/// A queue, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: String,
    /// Callers waiting on the line.
    pub waiting: usize,
    /// People who will be called back.
    pub callbacks: usize,
    /// Since when the first of those on the line waits.
    pub longest_since: Option<Timestamp>,
    /// Agents who are free.
    pub ready: usize,
    /// Agents who talk.
    pub talking: usize,
    /// Agents who are here and take calls: free, busy or finishing.
    pub at_work: usize,
    /// What somebody who came now should expect.
    pub expected_wait: Option<Duration>,
}

/// The order of a line: emergencies first, then whoever came first.
pub(super) type Place = (Rank, Timestamp, CallId);

/// Who goes before whom, whenever they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// An emergency on the line.
    Emergency,
    /// An emergency that will be called back: nobody who is on the line in danger waits while it is dialled.
    EmergencyCallback,
    /// Everybody else.
    Ordinary,
}

/// How far somebody in the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// May be given to an agent.
    Available,
    /// Keeps the place, but is offered to nobody until a timer has run.
    Resting,
    /// This agent is rung.
    Offered(usize),
    /// Is being called back; this agent is kept free, unless an emergency took the agent.
    Dialling(Option<usize>),
}

/// Somebody in the line.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) queue: usize,
    pub(super) place: Place,
    pub(super) language: Language,
    /// Has waited so long that any language will do.
    pub(super) widened: bool,
    /// Has waited as long as the queue allows; goes when the present offer fails.
    pub(super) overdue: bool,
    pub(super) stage: Stage,
    /// Has hung up and will be called back.
    pub(super) callback: Option<Callback>,
}

impl Waiting {
    /// The set of those who wait for the same agents.
    pub(super) fn key(&self) -> usize {
        agent::key(self.queue, (!self.widened).then_some(self.language))
    }

    pub(super) fn is_emergency(&self) -> bool {
        self.place.0 != Rank::Ordinary
    }
}

/// A queue with its line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) config: QueueConfig,
    /// Everyone in it, in order. Sorted, so that a place is found by halving; the ends, where nearly all changes happen, are cheap.
    pub(super) order: Vec<Place>,
    /// Those of them who will be called back.
    pub(super) callbacks: BTreeSet<CallId>,
    pub(super) estimate: Estimate,
    /// Agents who are here, on a pause included.
    pub(super) present: BTreeSet<usize>,
    /// Agents who take calls.
    pub(super) at_work: BTreeSet<usize>,
}

impl Line {
    pub(super) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            order: Vec::new(),
            callbacks: BTreeSet::new(),
            estimate: Estimate::default(),
            present: BTreeSet::new(),
            at_work: BTreeSet::new(),
        }
    }

    pub(super) fn insert(&mut self, place: Place) {
        if let Err(at) = self.order.binary_search(&place) {
            self.order.insert(at, place);
        }
    }

    pub(super) fn remove(&mut self, place: &Place) {
        if let Ok(at) = self.order.binary_search(place) {
            self.order.remove(at);
        }
        self.callbacks.remove(&place.2);
    }

    /// 1 is next.
    pub(super) fn rank(&self, place: &Place) -> u32 {
        u32::try_from(self.order.partition_point(|p| p < place)).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Callers who are on the line, those to be called back left out.
    pub(super) fn on_the_line(&self) -> usize {
        self.order.len() - self.callbacks.len()
    }

    /// Whether a caller would wait for nobody. An emergency does not wait for the end of a pause.
    pub(super) fn has_nobody_for(&self, emergency: bool) -> bool {
        let those_here = if emergency { &self.at_work } else { &self.present };
        self.config.needs_agents && those_here.is_empty()
    }

    pub(super) fn wait(&self, rank: u32) -> Option<Duration> {
        self.estimate.wait(rank, self.at_work.len())
    }
}
