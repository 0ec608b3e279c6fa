//! `[[queues]]`, `[[agents]]`: who answers.

use crate::config::secret::Secret;
use daak_domain::language::Language;
use serde::Deserialize;

/// `[[queues]]`: a line in which callers wait for a person.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Name, as flows say it.
    pub name: String,
    /// Seconds that one agent is rung.
    #[serde(default = "ring")]
    pub ring_s: u32,
    /// Seconds after a talk in which the agent finishes the ticket.
    #[serde(default = "wrap_up")]
    pub wrap_up_s: u32,
    /// Callers waiting at once; the next is sent to the flow's branch `full`.
    #[serde(default = "max_waiting")]
    pub max_waiting: u32,
    /// Seconds after which a caller is sent to the flow's branch `timeout`; 0 for never.
    #[serde(default = "max_wait")]
    pub max_wait_s: u32,
    /// Seconds between tellings of the place in the line; 0 for never.
    #[serde(default = "tell_every")]
    pub tell_place_every_s: u32,
    /// Goal of the service level: answered within so many seconds.
    #[serde(default = "ring")]
    pub answer_goal_s: u32,
}

impl Queue {
    /// A queue with the usual limits.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ring_s: ring(),
            wrap_up_s: wrap_up(),
            max_waiting: max_waiting(),
            max_wait_s: max_wait(),
            tell_place_every_s: tell_every(),
            answer_goal_s: ring(),
        }
    }
}

fn ring() -> u32 {
    20
}

fn wrap_up() -> u32 {
    30
}

fn max_waiting() -> u32 {
    200
}

fn max_wait() -> u32 {
    900
}

fn tell_every() -> u32 {
    45
}

/// `[[agents]]`: a person (or a fixed address) that takes calls.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Sign-in name.
    pub name: String,
    /// Queues served.
    pub queues: Vec<String>,
    /// Languages spoken.
    #[serde(default = "all_languages")]
    pub languages: Vec<Language>,
    /// A fixed SIP address. An agent with one needs no registration.
    #[serde(default)]
    pub contact: Option<String>,
    /// Password with which the agent's desk phone registers under `name`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Ready from the start, without signing in on the console.
    #[serde(default)]
    pub always_ready: bool,
}

fn all_languages() -> Vec<Language> {
    Language::SERVED.to_vec()
}
