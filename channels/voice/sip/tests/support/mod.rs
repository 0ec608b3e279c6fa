//! A server on the crate, and SIPp against it.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use voice_sip::{
    Capabilities, Codec, Credentials, IncomingCall, LegEnd, LegEvent, Listen, Sdp, SipConfig, SipLimits, SipStack, SrtpPolicy, TlsFiles,
    Transport, ha1, negotiate,
};

/// Longest wait for anything.
pub const LIMIT: Duration = Duration::from_secs(40);

/// The password of everybody is `sesame`.
pub struct Everybody;
impl Credentials for Everybody {
    fn ha1(&self, user: &str, realm: &str) -> Option<String> {
        (user != "nobody").then(|| ha1(user, realm, "sesame"))
    }
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub fn tls_files() -> TlsFiles {
    TlsFiles { certificate: folder("tls/certificate.pem"), key: folder("tls/key.pem") }
}

pub fn config() -> SipConfig {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    SipConfig {
        listen: [Transport::Udp, Transport::Tcp, Transport::Tls].map(|transport| Listen { transport, addr }).to_vec(),
        advertise: None,
        tls: Some(tls_files()),
        realm: "daak".into(),
        users: Arc::new(Everybody),
        trunks: Vec::new(),
        limits: SipLimits { new_calls_per_s: 0, max_calls: 50_000, ..SipLimits::default() },
        session_expires: Duration::from_secs(1_800),
        user_agent: "daak-test".into(),
    }
}

/// A server that answers, and counts how its calls ended.
pub struct Server {
    pub stack: SipStack,
    pub ends: Arc<Ends>,
}

#[derive(Default)]
pub struct Ends {
    pub remote_bye: AtomicUsize,
    pub cancelled: AtomicUsize,
    pub others: AtomicUsize,
    pub digits: AtomicUsize,
}

impl Server {
    pub async fn start(config: SipConfig) -> Self {
        let (stack, mut calls) = SipStack::start(config).await.expect("the stack starts");
        let ends = Arc::new(Ends::default());
        let counted = ends.clone();
        tokio::spawn(async move {
            while let Some(call) = calls.recv().await {
                tokio::spawn(answer(call, counted.clone()));
            }
        });
        Self { stack, ends }
    }

    pub fn at(&self, transport: Transport) -> SocketAddr {
        self.stack.listeners().into_iter().find(|(t, _)| *t == transport).expect("it listens").1
    }

    /// Waits until no call is left.
    pub async fn assert_quiet(&self) {
        eventually("every call is over", || self.stack.dialogs() == 0).await;
    }
}

pub fn capabilities() -> Capabilities {
    Capabilities { codecs: vec![Codec::Pcma, Codec::Pcmu, Codec::G722], srtp: SrtpPolicy::Allowed }
}

/// What each number does: 1000 hangs up at the ACK, 2000 rings only, 183 sends early media, 404 and 486 refuse,
/// anything else answers and waits.
async fn answer(mut call: IncomingCall, ends: Arc<Ends>) {
    let control = call.leg.control.clone();
    let media = SocketAddr::from(([127, 0, 0, 1], 4_000));
    let said = |offer: Option<&Sdp>| match offer {
        Some(offer) => negotiate(offer, &capabilities(), media).ok().map(|n| n.answer),
        None => Some(voice_sip::make_offer(&capabilities(), media)),
    };
    match (call.called.as_str(), said(call.offer.as_ref())) {
        ("404", _) => control.reject(404, None),
        ("486", _) => control.reject(486, Some(5)),
        (_, None) => control.reject(488, None),
        ("2000", _) => control.ringing(),
        ("183", Some(sdp)) => {
            control.progress(sdp.clone());
            control.answer(sdp);
        }
        (_, Some(sdp)) => {
            control.ringing();
            control.answer(sdp);
        }
    }
    while let Some(event) = call.leg.events.recv().await {
        match event {
            LegEvent::AckReceived(_) if call.called == "1000" => control.hang_up(),
            LegEvent::Offer(offer) => match said(Some(&offer)) {
                Some(sdp) => control.accept_offer(sdp),
                None => control.reject(488, None),
            },
            LegEvent::Digit(_) => drop(ends.digits.fetch_add(1, Ordering::Relaxed)),
            LegEvent::Ended(end) => {
                let counter = match end {
                    LegEnd::RemoteBye => &ends.remote_bye,
                    LegEnd::RemoteCancel => &ends.cancelled,
                    _ => &ends.others,
                };
                counter.fetch_add(1, Ordering::Relaxed);
                return;
            }
            _ => {}
        }
    }
}

/// Waits for a condition, at most [`LIMIT`].
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < until, "it never came true that {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A UDP port that is free now.
pub fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port()
}

/// A program that is ended with the test.
pub struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // First politely, so that it ends its own children.
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        for _ in 0..100 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|e| panic!("{name} cannot be started ({e}): install it with `make setup`")))
    }

    /// Waits for its end and answers whether it says that all went well.
    pub async fn succeeds(mut self) -> bool {
        let until = Instant::now() + LIMIT;
        loop {
            if let Ok(Some(status)) = self.0.try_wait() {
                return status.success();
            }
            assert!(Instant::now() < until, "the program did not end in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// SIPp with a scenario of ours as the caller.
pub struct Sipp<'a> {
    pub scenario: &'a str,
    pub to: SocketAddr,
    pub number: &'a str,
    pub calls: u32,
    pub rate: u32,
    /// `u1`, `t1`, `tn`.
    pub transport: &'a str,
}

impl Sipp<'_> {
    pub fn start(&self) -> Program {
        let mut command = Command::new("sipp");
        command.arg(self.to.to_string()).args(["-sf".as_ref(), folder("sipp").join(self.scenario).as_os_str()]);
        command.args(["-i", "127.0.0.1", "-p", &free_port().to_string(), "-s", self.number, "-t", self.transport]);
        command.args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string(), "-l", "4000", "-max_socket", "2000"]);
        command.args(["-buff_size", "4194304", "-nostdin", "-timeout", "35", "-timeout_error"]);
        Program::start(&mut command)
    }

    pub async fn assert_all_calls_succeed(&self) {
        assert!(self.start().succeeds().await, "SIPp reports failed calls: {} to {} by {}", self.scenario, self.number, self.transport);
    }
}

/// SIPp as the one who is called; answers its address.
pub fn called_sipp(scenario: &str, calls: u32) -> (Program, SocketAddr) {
    let port = free_port();
    let mut command = Command::new("sipp");
    command.args(["-sf".as_ref(), folder("sipp").join(scenario).as_os_str()]);
    command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-m", &calls.to_string(), "-nostdin", "-timeout", "35", "-timeout_error"]);
    (Program::start(&mut command), SocketAddr::from(([127, 0, 0, 1], port)))
}
