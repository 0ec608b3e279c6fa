//! The floor: runs the distributor, and joins what calls say with what agents do.
//!
//! One task owns the distributor; news arrives in its bounded mailbox and orders go out as commands to calls. A freed agent is
//! rung in the same turn: nothing is polled, the only timer is the distributor's own next wake-up.

mod task;
mod view;

pub use task::{Floor, FloorConfig, Switchboard};
