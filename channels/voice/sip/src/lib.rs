//! SIP: dialogs, registrar, trunks, offer and answer.
//!
//! [`SipStack::start`] listens and hands out [`IncomingCall`]s; [`SipStack::dial`] makes calls. Both give a
//! [`Leg`]: a control whose methods never wait, and the events of its dialog, in order. Transactions and
//! transports are `rsipstack`'s, which nothing outside this crate knows; dialogs, sessions, registrar and
//! the front door's limits are here.
#![warn(missing_docs)]

mod config;
mod datagram;
mod dialog;
mod digest;
mod guard;
mod incoming;
mod leg;
mod message;
mod offer;
mod outgoing;
mod registrar;
mod sdp;
mod session;
mod stack;
mod trunk;

pub use config::{Binding, Listen, SipConfig, SipError, TlsFiles, Transport, TrunkAccount, TrunkConfig, TrunkStatus};
pub use digest::{Credentials, ha1};
pub use guard::SipLimits;
pub use leg::{CallerId, CallerLine, DialSpec, IncomingCall, Leg, LegControl, LegEnd, LegEvent, Target};
pub use offer::{
    Capabilities, Codec, MediaParams, Negotiated, NoAgreement, SrtpKeys, SrtpPolicy, SrtpSuite, accept_answer, make_offer, negotiate,
};
pub use sdp::{Direction, Sdp, SdpError};
pub use stack::SipStack;
