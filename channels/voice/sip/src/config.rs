//! How signalling is set up, and what it says of itself.

use crate::digest::Credentials;
use crate::guard::SipLimits;
use crate::offer::SrtpPolicy;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How signalling is set up.
#[derive(Clone)]
pub struct SipConfig {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// The address that others are told to reach us at, where it is not the one bound.
    pub advertise: Option<IpAddr>,
    /// Certificate and key, for TLS.
    pub tls: Option<TlsFiles>,
    /// Realm of digest authentication.
    pub realm: String,
    /// Passwords of desk phones.
    pub users: Arc<dyn Credentials>,
    /// Lines to the telephone network, the preferred first.
    pub trunks: Vec<TrunkConfig>,
    /// Limits of the front door.
    pub limits: SipLimits,
    /// Length of a session between refreshes (RFC 4028), at least 90 s.
    pub session_expires: Duration,
    /// What we call ourselves.
    pub user_agent: String,
}

/// One place to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// By which transport.
    pub transport: Transport,
    /// Where.
    pub addr: SocketAddr,
}

/// A transport of SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        })
    }
}

/// Files in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, with its chain.
    pub certificate: PathBuf,
    /// Its private key, PKCS #8 or PKCS #1.
    pub key: PathBuf,
}

/// A line to the telephone network.
#[derive(Clone)]
pub struct TrunkConfig {
    /// Its name.
    pub name: String,
    /// Where it is: `sip:host:port;transport=udp`.
    pub uri: String,
    /// We register there with these.
    pub register: Option<TrunkAccount>,
    /// The number that it shows for our calls.
    pub shows: Option<String>,
    /// Whether media to it are encrypted; as everywhere where absent.
    pub srtp: Option<SrtpPolicy>,
}

/// How we are known to a trunk.
#[derive(Clone)]
pub struct TrunkAccount {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for TrunkConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrunkConfig").field("name", &self.name).field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// How a trunk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkStatus {
    /// Its name.
    pub name: String,
    /// It answers OPTIONS, or took our registration.
    pub up: bool,
    /// What it said last.
    pub detail: String,
}

/// A desk phone that registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Whose.
    pub user: String,
    /// Where it is reached.
    pub contact: String,
    /// From where it registered.
    pub source: SocketAddr,
    /// Seconds until it lapses.
    pub expires_in: u64,
}

/// Why signalling could not be started or a leg not dialled.
#[derive(Debug, thiserror::Error)]
pub enum SipError {
    /// A port is taken, or the address is not ours.
    #[error("cannot listen on {transport} {addr}: {why}: choose another in [sip] listen, or end what uses it")]
    Bind {
        /// By which transport.
        transport: Transport,
        /// Where.
        addr: SocketAddr,
        /// The system's answer.
        why: String,
    },
    /// The certificate or its key cannot be used.
    #[error("cannot use the certificate {path}: {why}")]
    Tls {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The target cannot be dialled.
    #[error("{0:?} is no address that can be dialled: write sip:user@host:port")]
    Target(String),
    /// The desk phone is not registered.
    #[error("the telephone {0:?} is not registered")]
    NotRegistered(String),
    /// No trunk is set up, or none answers.
    #[error("no trunk to the telephone network is up: see [[trunks]] and `daak doctor`")]
    NoTrunk,
    /// The stack refused.
    #[error("the call could not be sent: {0}")]
    Stack(String),
}
