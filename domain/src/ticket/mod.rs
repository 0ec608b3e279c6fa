//! A ticket: its number, its events, its states. What a ticket is, its events say.

mod event;
mod number;
mod state;
#[allow(clippy::module_inception)]
mod ticket;
mod told;

pub use event::{Actor, AmendmentKind, Closure, Event, EventBody, GENESIS, Limit, MessageState, SealedEvent, seal, verify};
pub use number::{NotATicketNumber, Number};
pub use state::{SlaClass, State, Step, TRANSITIONS, Transition, next_state};
pub use ticket::{Illegal, Ticket};
pub use told::Told;
