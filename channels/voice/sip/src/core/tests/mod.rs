//! The machine under a clock that tests move.
#![allow(clippy::unwrap_used, clippy::panic)]

mod answering;
mod calling;
mod door;
mod faults;
mod torture;

use super::{Beginning, Core, Flow, Output, TrunkState};
use crate::config::{SipConfig, Transport, TrunkConfig};
use crate::digest::Credentials;
use crate::guard::SipLimits;
use crate::leg::{DialSpec, EVENTS, Inbox, IncomingCall, Leg, LegEvent, Target};
use crate::sdp::Sdp;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub(super) const OFFER: &str = "v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

/// The password of everybody is `sesame`.
struct Everybody;
impl Credentials for Everybody {
    fn ha1(&self, user: &str, realm: &str) -> Option<String> {
        use md5::{Digest, Md5};
        (user != "nobody").then(|| hex::encode(Md5::digest(format!("{user}:{realm}:sesame"))))
    }
}

/// No two machines have the same chance.
static SEED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(1);

/// A machine, its time, and what it has sent.
pub(super) struct Rig {
    pub(super) core: Core,
    pub(super) calls: mpsc::Receiver<IncomingCall>,
    inbox: Arc<Inbox>,
    begin: Instant,
    now: Instant,
}

/// A message that was sent: when, by which way, and as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) ms: u128,
    pub(super) flow: Flow,
    pub(super) text: String,
}

impl Sent {
    pub(super) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The value of a header; empty if there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default()
    }
}

pub(super) fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 5060))
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut SipConfig)) -> Self {
        let mut config = SipConfig {
            listen: Vec::new(),
            advertise: None,
            tls: None,
            realm: "daak".into(),
            users: Arc::new(Everybody),
            trunks: Vec::new(),
            limits: SipLimits { new_calls_per_s: 0, max_calls: 10_000, ..SipLimits::default() },
            session_expires: Duration::from_secs(1_800),
            user_agent: "daak".into(),
        };
        change(&mut config);
        let (calls, calls_out) = mpsc::channel(64);
        let (inbox, now) = (Arc::new(Inbox::default()), Instant::now());
        let own = SocketAddr::from(([192, 0, 2, 1], 5060));
        let trunks = config.trunks.iter().cloned().map(|t| TrunkState::new(t).expect("a trunk")).collect();
        let begin = Beginning {
            config,
            listeners: vec![(Transport::Udp, own), (Transport::Tcp, own), (Transport::Tls, own)],
            own_ip: own.ip(),
            trunks,
            calls,
            inbox: inbox.clone(),
            seed: [SEED.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 32],
            now,
            now_s: 1_000,
        };
        Self { core: Core::new(begin), calls: calls_out, inbox, begin: now, now }
    }

    /// What was sent since the last look.
    pub(super) fn sent(&mut self) -> Vec<Sent> {
        self.core.orders();
        let ms = (self.now - self.begin).as_millis();
        let texts = self.core.take_output().into_iter().filter_map(|o| match o {
            Output::Send { flow, bytes } => Some(Sent { ms, flow, text: String::from_utf8(bytes.to_vec()).expect("text") }),
            _ => None,
        });
        texts.collect()
    }

    /// First lines of what was sent.
    pub(super) fn lines(&mut self) -> Vec<String> {
        self.sent().iter().map(|s| s.first_line().to_owned()).collect()
    }

    pub(super) fn hear(&mut self, text: &str) -> Vec<Sent> {
        self.hear_from(peer(), text)
    }

    pub(super) fn hear_from(&mut self, from: SocketAddr, text: &str) -> Vec<Sent> {
        self.core.datagram(0, from, text.as_bytes());
        self.sent()
    }

    /// Lets time pass; answers what is sent meanwhile.
    pub(super) fn pass(&mut self, time: Duration) -> Vec<Sent> {
        let until = self.now + time;
        let mut sent = self.sent();
        while let Some(at) = self.core.next_wake().filter(|at| *at <= until) {
            self.set_time(at);
            self.core.wake();
            sent.extend(self.sent());
        }
        self.set_time(until);
        sent
    }

    fn set_time(&mut self, at: Instant) {
        self.now = at.max(self.now);
        self.core.clock(self.now, 1_000 + (self.now - self.begin).as_secs());
    }

    pub(super) fn call(&mut self) -> IncomingCall {
        self.calls.try_recv().expect("a call came in")
    }

    pub(super) fn dial(&mut self, target: Target) -> Leg {
        let (events, events_out) = mpsc::channel(EVENTS);
        let id = self.inbox.new_leg();
        let from = crate::leg::CallerLine { user: "100".into(), display: Some("Help \"line\"".into()) };
        let spec = DialSpec { target, from, offer: Sdp(OFFER.into()).into(), ring_for: Duration::from_secs(30), headers: Vec::new() };
        let routes = self.core.ways_to(&spec.target).expect("a way");
        self.core.dial(id, spec, routes, events).expect("dialled");
        Leg { events: events_out, control: self.inbox.control(id) }
    }

    /// Nothing is left of any call once all that may still come has had its time.
    pub(super) fn assert_nothing_left(&mut self) {
        self.pass(Duration::from_secs(110));
        assert_eq!(self.core.kept(), 0, "something is left: {:?} {:?} {:?}", self.core.legs, self.core.servers, self.core.clients);
        assert_eq!(self.core.legs_alive(), 0);
    }
}

pub(super) fn events(leg: &mut Leg) -> Vec<LegEvent> {
    std::iter::from_fn(|| leg.events.try_recv().ok()).collect()
}

/// A request of the peer.
pub(super) fn request(method: &str, cseq: u32, to_tag: &str, more: &str, body: &str) -> String {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:1000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{method}{cseq}\r\nFrom: \"Rina\" <sip:rina@192.0.2.9>;tag=r\r\n\
         To: <sip:1000@192.0.2.1>{to_tag}\r\nCall-ID: one\r\nCSeq: {cseq} {method}\r\nContact: <sip:rina@192.0.2.9:5060>\r\nMax-Forwards: 70\r\n{more}{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn invite() -> String {
    request("INVITE", 1, "", "", OFFER)
}

/// A response to something that we sent, with a tag on its To.
pub(super) fn response(to: &Sent, status: &str, tag: &str, more: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let to_value = if to.header("To").contains("tag=") { to.header("To").to_owned() } else { format!("{};tag={tag}", to.header("To")) };
    format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to_value}\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
        to.header("Via"),
        to.header("From"),
        to.header("Call-ID"),
        to.header("CSeq"),
        body.len()
    )
}

pub(super) fn trunk(name: &str, uri: &str) -> TrunkConfig {
    TrunkConfig { name: name.into(), uri: uri.into(), register: None, shows: None, srtp: None }
}
