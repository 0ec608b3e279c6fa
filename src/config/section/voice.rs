//! `[sip]`, `[[trunks]]`, `[rtp]`, `[voice]`, `[speech]`: the telephone.

use crate::config::address::{PortRange, SipListen, SipTransport};
use crate::config::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// `[sip]`: signalling.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// Addresses to listen on.
    pub listen: SipListen,
    /// Address that peers are told to send to, where it differs from the one we listen on (NAT).
    pub advertise: Option<IpAddr>,
    /// Realm of the digest (RFC 8760) with which desk phones register.
    pub realm: String,
    /// Certificate chain for TLS, PEM. Without it nothing listens on `tls:` addresses.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Name that we give ourselves in messages.
    pub user_agent: String,
    /// Interval of session timers (RFC 4028), in seconds.
    pub session_expires_s: u32,
    /// New calls taken in a second; more are answered 503 with Retry-After.
    pub new_calls_per_s: u32,
    /// Calls at once; more are answered 503 with Retry-After.
    pub max_calls: u32,
    /// Wrong passwords or unknown numbers after which an address is banned.
    pub guesses_before_ban: u32,
    /// How long, in seconds.
    pub ban_s: u32,
    /// Neither limits nor bans for peers on this machine. For benchmarks only.
    pub trust_loopback: bool,
}

impl Default for Sip {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: SipListen(vec![(SipTransport::Udp, local(5060)), (SipTransport::Tcp, local(5060)), (SipTransport::Tls, local(5061))]),
            advertise: None,
            realm: "daak".into(),
            certificate: None,
            key: None,
            user_agent: "Daak".into(),
            session_expires_s: 1800,
            new_calls_per_s: 200,
            max_calls: 1000,
            guesses_before_ban: 10,
            ban_s: 600,
            trust_loopback: false,
        }
    }
}

/// `[[trunks]]`: a way to and from the public telephone network. The first that is alive is taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Name, for people.
    pub name: String,
    /// The other side: `sip:sbc.example.net:5060;transport=udp`.
    pub uri: String,
    /// Addresses from which it calls us; calls from there belong to this trunk.
    #[serde(default)]
    pub from: Vec<IpAddr>,
    /// Registers out to it, with `user` and `password`.
    #[serde(default)]
    pub register: bool,
    /// User for the other side's digest.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Number shown to those whom we call.
    #[serde(default)]
    pub caller_id: Option<String>,
    /// Lower is tried first.
    #[serde(default)]
    pub preference: u16,
    /// Seconds between OPTIONS by which its life is watched; 0 for none.
    #[serde(default = "thirty")]
    pub options_s: u32,
    /// Whether media to it are encrypted (SDES, RFC 4568); as `rtp.srtp` says where absent.
    #[serde(default)]
    pub srtp: Option<Srtp>,
}

fn thirty() -> u32 {
    30
}

/// Whether media are encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Srtp {
    /// Never.
    Off,
    /// When the other side offers it.
    #[default]
    Allowed,
    /// Always; a call without is refused (488).
    Required,
}

/// `[rtp]`: media.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rtp {
    /// UDP ports, two a leg.
    pub ports: PortRange,
    /// Address to bind; the one of `[sip] listen` where left out.
    pub bind: Option<IpAddr>,
    /// Threads; 0 for one a core.
    pub threads: usize,
    /// A call whose media stop for so many seconds ends.
    pub silence_limit_s: u32,
    /// Send media to where they come from, whatever SDP says (for peers behind NAT).
    pub symmetric: bool,
    /// Codecs, the preferred first.
    pub codecs: Vec<CodecName>,
    /// Whether media are encrypted, where no trunk says otherwise.
    pub srtp: Srtp,
}

impl Default for Rtp {
    fn default() -> Self {
        Self {
            ports: PortRange { first: 10000, last: 19999 },
            bind: None,
            threads: 0,
            silence_limit_s: 30,
            symmetric: true,
            codecs: vec![CodecName::Pcma, CodecName::Pcmu, CodecName::G722],
            srtp: Srtp::Allowed,
        }
    }
}

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum CodecName {
    Pcma,
    Pcmu,
    G722,
}

/// `[voice]`: what callers meet.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Voice {
    /// Whether calls are taken at all.
    pub enabled: bool,
    /// Folder with the flows.
    pub flows: PathBuf,
    /// Folder with recorded prompts, `bn/greeting.wav`; what is missing is synthesised.
    pub prompts: PathBuf,
    /// Dialled number to flow; `"*"` stands for all others.
    pub numbers: BTreeMap<String, String>,
    /// Numbers that are only rung: the call is not taken, and whoever rang is called back, at our cost.
    pub missed_call_numbers: Vec<String>,
    /// The queue whose agents call back after a missed call, or when only a person can ask; the first where left out.
    pub callback_queue: Option<String>,
    /// Whether calls are recorded, both directions, from the first word.
    pub record: bool,
    /// Longest call in minutes.
    pub longest_call_min: u32,
    /// Work that a visitor's computer does before a call from the public page: so many zero bits of SHA-256, 0 to 24; 0 switches it
    /// off. The page may call where `numbers` has an entry `web`.
    pub page_puzzle_bits: u8,
}

impl Default for Voice {
    fn default() -> Self {
        let numbers = [("1000", "helpline"), ("1001", "status")];
        Self {
            enabled: true,
            flows: "ivr-flows".into(),
            prompts: "prompts".into(),
            numbers: numbers.iter().map(|(number, flow)| ((*number).to_owned(), (*flow).to_owned())).collect(),
            missed_call_numbers: Vec::new(),
            callback_queue: None,
            record: true,
            longest_call_min: 120,
            page_puzzle_bits: 14,
        }
    }
}

/// `[speech]`: speech to text, and text to speech.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Speech {
    /// A Whisper model in ggml form. Left out, the one that `daak model fetch` laid down is taken, if it is there.
    pub model: Option<PathBuf>,
    /// A speech server that speaks the `/v1/audio/transcriptions` form, instead of a model of our own.
    pub url: Option<String>,
    /// Its key.
    pub key: Option<Secret>,
    /// Model name that the server is asked for.
    pub url_model: String,
    /// Recognitions at once, one thread each.
    pub workers: usize,
    /// Recognitions waiting; more are refused, and the voice itself is the statement.
    pub queue: usize,
    /// Longest recognition in seconds, after which its worker is replaced.
    pub limit_s: u32,
    /// Table of what was measured of the model, which says how far its text is believed; beside the model where left out.
    pub trust: Option<PathBuf>,
    /// The program that speaks where no recording exists.
    pub espeak: PathBuf,
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            model: None,
            url: None,
            key: None,
            url_model: "whisper-1".into(),
            workers: 1,
            queue: 16,
            limit_s: 30,
            trust: None,
            espeak: "espeak-ng".into(),
        }
    }
}
