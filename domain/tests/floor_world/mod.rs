//! What the tests of the distributor share: names, times, a floor.
#![allow(dead_code, reason = "each test uses a part")]

use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallId};
use daak_domain::language::Language;
use daak_domain::queue::{AgentConfig, Arrival, Distributor, QueueConfig};
use std::collections::BTreeSet;
use std::time::Duration;

pub const QUEUE: &str = "helpline";

/// So many milliseconds after the beginning.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_000_000_000 + ms).expect("a time")
}

pub fn call(n: u128) -> CallId {
    CallId(uuid::Uuid::from_u128(n))
}

pub fn agent(n: usize) -> AgentId {
    AgentId(format!("agent{n:03}"))
}

pub fn number(agent: &AgentId) -> usize {
    agent.0["agent".len()..].parse().expect("an agent of this test")
}

pub fn arrival(n: u128, ms: i64) -> Arrival {
    Arrival { call: call(n), queue: QUEUE.into(), language: Language::Bn, emergency: false, since: at(ms) }
}

pub fn queue(wrap_up: Duration) -> QueueConfig {
    QueueConfig {
        name: QUEUE.into(),
        ring_for: Duration::from_secs(20),
        wrap_up,
        most: 100,
        longest_wait: Some(Duration::from_secs(600)),
        tell_place_every: Some(Duration::from_secs(45)),
        needs_agents: true,
    }
}

/// A floor with one queue and so many fixed agents who speak every language.
pub fn floor(agents: usize, wrap_up: Duration) -> Distributor {
    let one = |n| AgentConfig { agent: agent(n), queues: BTreeSet::from([QUEUE.into()]), languages: BTreeSet::new(), fixed: true };
    Distributor::new(vec![queue(wrap_up)], (0..agents).map(one).collect(), at(0))
}
