//! The distributor (ACD): who speaks with whom next. Pure; the floor runs it.
//!
//! It is told what callers and agents do and when, and answers with [`Order`]s. The caller who has waited longest goes to the
//! agent who has been free longest and speaks the caller's language; an emergency goes before all others. A caller has one
//! offer at a time and an agent has one caller at a time, whatever order news arrives in. A caller whose offer failed keeps the
//! place in the line, and so does one who asked to be called back.
//!
//! After every input no free agent and waiting caller who fit each other are left unmatched. An input costs O(log n) in
//! callers and agents; only telling the whole line its places costs O(n).
//!
//! What a call says is a fact: when a call reports that agent and caller are joined, they are, even if the offer had been
//! withdrawn meanwhile, and the distributor mends its own picture.
//!
//! Counters are never kept: [`Distributor::queues`] counts what is there.

mod agent;
mod callback;
mod distributor;
mod estimate;
mod line;
mod matching;
mod order;
mod presence;
mod snapshot;
mod timers;

pub use agent::{AgentConfig, AgentSnapshot, AgentState};
pub use callback::CallbackSnapshot;
pub use distributor::Distributor;
pub use estimate::Estimate;
pub use line::{Arrival, QueueConfig, QueueSnapshot};
pub use order::Order;
pub use presence::UnknownAgent;
