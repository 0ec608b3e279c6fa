//! A telephone call as a pure machine.
//!
//! [`Call::on`] is told what happened ([`Happening`]) and when, and answers what to do ([`Deed`]).
//! It owns no socket, timer or file: the shell in `daak-voice` does, and tests move a fake clock.
//!
//! Three parties are kept apart: the *flow* (`voice-ivr`) decides what the caller hears; the *floor*
//! ([`CallEvent`](daak_domain::call::CallEvent), [`CallCommand`](daak_domain::call::CallCommand))
//! decides who speaks with the caller; the call joins the two, and sees to it that nobody's words
//! are lost, however the call ends.
#![warn(missing_docs)]

mod deed;
mod far;
mod machine;
mod record;
mod statement;

pub use deed::{Deed, End, Facts, FarEvent, FarId, FarTarget, Happening, Reading};
pub use machine::Call;
