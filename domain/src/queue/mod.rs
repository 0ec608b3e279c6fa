//! The distributor (ACD): who speaks with whom next. Pure; the floor runs it.
//!
//! It is told what callers and agents do and when, and answers with [`Order`]s. The caller who has waited longest goes to the
//! agent who has been free longest and speaks the caller's language; an emergency goes before all others. A caller has one
//! offer at a time and an agent has one caller at a time, whatever order news arrives in. A caller whose offer failed keeps the
//! place in the line, and so does one who asked to be called back.
//!
//! Counters are never kept: [`Distributor::queues`] counts what is there.

mod agent;
mod distributor;
mod estimate;
mod line;

pub use agent::{AgentConfig, AgentSnapshot, AgentState};
pub use distributor::{Distributor, Order};
pub use estimate::Estimate;
pub use line::{QueueConfig, QueueSnapshot};
