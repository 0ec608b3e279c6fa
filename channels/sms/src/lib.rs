//! SMS: how many parts a text takes, and the gateways that carry it.
//!
//! * [`parts`]: encodings and the part counter
//! * [`gateway`]: the [`Gateway`] trait with what is sent and answered
//! * [`outbox`], [`http`]: drivers; `http` speaks to any provider by a template of URL, query and body
//! * [`report`]: delivery reports (DLR) by callback, signed with our own key
#![warn(missing_docs)]

pub mod gateway;
pub mod http;
pub mod outbox;
pub mod parts;
pub mod report;
mod template;

pub use gateway::{Accepted, Gateway, Outgoing, SendError};
pub use http::{HttpConfig, HttpGateway};
pub use outbox::Outbox;
pub use report::{Report, ReportAddress, ReportError, Verdict};
