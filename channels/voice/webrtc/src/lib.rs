//! The far end of a browser's call, as a machine without sockets.
//!
//! A [`Peer`] answers a browser's offer (WebRTC, RFC 8825) with one codec of the telephone, and from then on turns datagrams into
//! plain RTP packets and back: ICE as the lite side (RFC 8445 §2.5), DTLS (RFC 5764) and SRTP lie inside. It is told what came,
//! what is to be sent and what time it is, and asked what to do until it has nothing more to say:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (offer, from, datagram, now) = ("", "192.0.2.7:4000".parse()?, [0u8; 20], std::time::Instant::now());
//! use voice_webrtc::{G711, Identity, Output, Peer};
//!
//! let identity = Identity::new()?; // once, when the program starts
//! let (mut peer, agreed) = Peer::answer(&identity, offer, "192.0.2.1:10000".parse()?, G711::Pcma, now)?;
//! // agreed.sdp goes back to the browser
//! peer.receive(&datagram, from, now);
//! while let Some(output) = peer.poll(now) {
//!     match output {
//!         Output::Datagram { to, bytes } => {} // goes to the socket
//!         Output::Packet(rtp) => {}            // is what the browser says
//!         Output::Connected | Output::Gone => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod identity;
mod offer;
mod peer;

pub use identity::{Identity, NoIdentity};
pub use offer::{G711, Refused};
pub use peer::{Agreed, Output, Peer};
