//! SMS both ways: how many parts a text takes, the gateways that carry it, what citizens send back.
//!
//! * [`parts`], [`alphabet`], [`concat`]: the part counter, alphabets, and how parts name their message
//! * [`gateway`]: the [`Gateway`] trait with what is sent and answered
//! * [`SmsCarrier`]: a gateway as one of the helpline's carriers
//! * [`outbox`], [`http`]: drivers; `http` speaks to any provider by a template of URL, query and body
//! * [`smpp`]: the driver that keeps links to an SMS centre
//! * [`TextDoor`]: where citizens' messages come in; [`join`], [`shelf`]: their parts until they are whole
//! * [`command`]: what a short message asks; [`inbound`]: messages by HTTP
//! * [`dlt`]: every text against the carriers' registry
//! * [`report`]: delivery reports (DLR) by callback, signed with our own key
#![warn(missing_docs)]

pub mod alphabet;
mod carrier;
pub mod command;
pub mod concat;
pub mod dlt;
pub mod door;
pub mod gateway;
pub mod http;
pub mod inbound;
pub mod join;
pub mod outbox;
pub mod parts;
pub mod report;
pub mod shelf;
pub mod smpp;
mod template;

pub use carrier::{SenderId, SmsCarrier};
pub use command::{Command, Said, Words};
pub use dlt::{Registry, RegistryError};
pub use door::{Arrival, Content, TextDoor};
pub use gateway::{Gateway, Outgoing};
pub use http::{HttpConfig, HttpGateway};
pub use inbound::{Inbound, InboundConfig, InboundRefusal};
pub use outbox::Outbox;
pub use report::{Report, ReportAddress, ReportError, Verdict};
pub use smpp::{SmppConfig, SmppGateway};
