//! A line of callers.

use crate::call::{AgentId, CallId};
use crate::language::Language;
use crate::phone::PhoneNumber;
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
    /// Callers waiting at once; the next is sent to the branch `full`.
    pub most: usize,
    /// A caller who has waited longer is sent to the branch `timeout`.
    pub longest_wait: Option<Duration>,
    /// How often callers are told their place.
    pub tell_place_every: Option<Duration>,
    /// If no agent is here at all, callers are sent to the branch `nobody`.
    pub needs_agents: bool,
}

/// A queue, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: String,
    /// Callers waiting, those who will be called back included.
    pub waiting: usize,
    /// Since when the first waits.
    pub longest_since: Option<Timestamp>,
    /// Agents who are free.
    pub ready: usize,
    /// Agents who talk.
    pub talking: usize,
}

/// The order of a line: emergencies first, then whoever came first.
pub(super) type Place = (bool, Timestamp, CallId);

/// Somebody in the line.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) queue: String,
    pub(super) place: Place,
    pub(super) language: Language,
    /// Who is rung for this caller.
    pub(super) offered: Option<AgentId>,
    /// Has hung up and will be called back at this number.
    pub(super) callback: Option<PhoneNumber>,
    pub(super) callback_started: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) config: QueueConfig,
    pub(super) places: BTreeSet<Place>,
    pub(super) estimate: super::Estimate,
}
