//! What citizens are told: templates by language, the messages that events cause, and the courier of the outbox.
//!
//! A message is written into the outbox in the transaction of what caused it ([`Notices`] makes it, `store` writes it); the
//! [`Courier`] of its channel carries it. Its states, queued, sent, delivered, read and failed, stand on the ticket's timeline.

mod courier;
mod notices;
mod officers;
mod reach;
mod rules;
mod templates;
mod value;

pub use courier::{Courier, ReportRefusal};
pub use notices::Notices;
pub use officers::{Address, Concerned, concerned};
pub use reach::{Reach, Way};
pub use rules::{Decision, Recent, Rules};
pub use templates::{NEEDED, RenderError, Rendered, TemplateError, Templates};
pub use value::{ValueError, ValueKind};
