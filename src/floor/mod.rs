//! The floor: runs the distributor, and joins what calls say with what agents do.
//!
//! One task owns the distributor; news arrives in its bounded mailbox and orders go out as commands to calls. A freed agent is
//! rung in the same turn: nothing is polled, the only timer is the distributor's own next wake-up. Whoever looks at the floor
//! (the API, the wallboard) counts on the same board, under a lock that is held for less than a turn.

mod board;
mod handle;
mod ledger;
mod task;
#[cfg(test)]
mod tests;
mod view;

pub use daak_domain::seam::Switchboard;
pub use handle::{AgentWish, Floor, FloorConfig};
pub use ledger::Ledger;
