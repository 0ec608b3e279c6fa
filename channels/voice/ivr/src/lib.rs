//! IVR flows: a pure interpreter, and a checker that proves a flow complete.
//!
//! A flow is a YAML file of steps; each step is one verb with the steps that may follow it. [`Session`] is told
//! what happened ([`Input`]) and answers what to do ([`Act`]); time is an argument, I/O is somebody else's.
//! [`check`] proves before anybody calls that no step is a dead end, that every prompt exists in every language, that
//! a person is never far, that a loop has an exit, and that the keypad alone suffices when recognition is down.
#![warn(missing_docs)]

mod act;
pub mod check;
mod duration;
mod error;
mod flow;
mod load;
mod picture;
mod prompts;
pub mod say;
mod session;
mod source;
mod value;
mod verb;
mod walk;

pub use act::{Act, CallFacts, Input, Piece, PlayId, QueueOutcome, Recognition};
pub use error::FlowError;
pub use flow::{Flow, Flows, Person, Step};
pub use picture::{mermaid, svg};
pub use prompts::Prompts;
pub use session::Session;
pub use walk::{Script, walk};

/// The published JSON Schema of a flow file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(flow::FlowFile).to_value()
}
