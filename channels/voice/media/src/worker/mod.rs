//! The threads of the engine: each owns its streams' sockets and serves them by the clock.

mod mailbox;
mod thread;

pub(crate) use mailbox::{Command, Home, Mailbox, Order};
pub(crate) use thread::{Now, Pulse, start};
