//! The words on the wire: messages, headers, addresses, and how a stream is cut into messages. Pure.

pub(crate) mod check;
pub(crate) mod frame;
pub(crate) mod header;
pub(crate) mod message;
pub(crate) mod multipart;
pub(crate) mod parse;
pub(crate) mod reply;
pub(crate) mod uri;

pub(crate) use header::{NameAddr, Via};
pub(crate) use message::{Message, Method, Name, Start};
pub(crate) use uri::Uri;
