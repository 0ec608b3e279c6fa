//! SIP: dialogs, registrar, trunks, offer and answer.
//!
//! [`SipStack::start`] listens and hands out [`IncomingCall`]s; [`SipStack::dial`] makes calls. Both give a
//! [`Leg`]: a control whose methods never wait, and the events of its dialog, in order.
//!
//! Inside, `core` is signalling as one machine without sockets: messages, orders and the time go in, messages and
//! events come out. `wire` are the words that it reads and writes, `net` the sockets that carry them, `stack` the task
//! that joins the three.
#![warn(missing_docs)]

mod config;
mod core;
mod digest;
mod guard;
mod leg;
mod net;
mod offer;
mod registrar;
mod sdp;
mod session_timer;
mod stack;
mod trunk;
mod wire;

pub use config::{Binding, Listen, SipConfig, SipError, TlsFiles, Transport, TrunkAccount, TrunkConfig, TrunkStatus};
pub use digest::{Credentials, ha1, ha1_sha256};
pub use guard::SipLimits;
pub use leg::{CallerId, CallerLine, DialSpec, IncomingCall, Leg, LegControl, LegEnd, LegEvent, Target};
pub use offer::{
    Capabilities, Codec, MediaParams, Negotiated, NoAgreement, Offers, SrtpKeys, SrtpPolicy, SrtpSuite, accept_answer, make_offer,
    negotiate,
};
pub use sdp::{Direction, Sdp, SdpError};
pub use stack::SipStack;
