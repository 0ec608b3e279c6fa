//! SMS: how many parts a text takes, and the gateways that carry it.
//!
//! * [`parts`]: encodings and the part counter
//! * [`gateway`]: the [`Gateway`] trait with what is sent and answered
//! * [`SmsCarrier`]: a gateway as one of the helpline's carriers
//! * [`outbox`], [`http`]: drivers; `http` speaks to any provider by a template of URL, query and body
//! * [`report`]: delivery reports (DLR) by callback, signed with our own key
#![warn(missing_docs)]

mod carrier;
pub mod gateway;
pub mod http;
pub mod outbox;
pub mod parts;
pub mod report;
mod template;

pub use carrier::{SenderId, SmsCarrier};
pub use gateway::{Gateway, Outgoing};
pub use http::{HttpConfig, HttpGateway};
pub use outbox::Outbox;
pub use report::{Report, ReportAddress, ReportError, Verdict};
