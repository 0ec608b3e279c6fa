//! How much of a core calls between telephones and browsers need, and how late their sound is.
//!
//!     cargo run --release -p voice-webrtc --example load -- 100 10
//!
//! `N SECONDS`: N pairs of a plain telephone (RTP) and a browser (ICE, DTLS, SRTP) are joined, both send 50 packets a second.
//! Prints one line of JSON. Telephones and browsers share one thread, whose own processor time is not counted. A delay is from
//! the far end that sends to the far end that reads, which looks every 2 ms.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic)]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Rtc, RtcConfig};
use voice_media::rtp::Header;
use voice_media::{Carried, Codec, MediaConfig, MediaEngine, MediaEvent, Stream, StreamParams, Transport};
use voice_webrtc::{G711, Identity, Output, Peer};

const STEP: Duration = Duration::from_millis(2);
const STEPS: usize = 10;

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|n| n.parse().ok()).collect();
    let (count, seconds) = (arguments.first().copied().unwrap_or(100), arguments.get(1).copied().unwrap_or(10));
    let before = resident_kb();
    let engine = MediaEngine::start(MediaConfig { ports: 20000..=39000, ..MediaConfig::default() }).expect("an engine");
    let identity = Identity::new().expect("an identity");
    let (events, mut happened) = tokio::sync::mpsc::channel(100_000);
    let begin = Instant::now();
    let mut calls: Vec<Call> = (0..count).map(|n| Call::open(&engine, &identity, &events, n)).collect();
    let mut up = 0;
    while up < count {
        calls.iter_mut().for_each(|call| call.browser.read());
        while let Ok(event) = happened.try_recv() {
            up += usize::from(matches!(event, MediaEvent::TransportUp { .. }));
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "only {up} of {count} connections came up");
        std::thread::sleep(Duration::from_millis(1));
    }
    let set_up = (begin.elapsed(), engine_cpu());
    let far_ends = std::thread::Builder::new().name("far-ends".into()).spawn(move || be_far_ends(calls, seconds)).expect("a thread");
    let mut measured = far_ends.join().expect("far ends");
    measured.delays_us.sort_unstable();
    let delay = |q: f64| {
        measured.delays_us.get(((measured.delays_us.len().max(1) - 1) as f64 * q) as usize).map_or(0.0, |us| f64::from(*us) / 1000.0)
    };
    let sent = measured.seconds * 100.0 * count as f64;
    println!(
        "{{\"calls\":{count},\"seconds\":{:.2},\"engine_cpu_s\":{:.3},\"core_pct_per_100\":{:.2},\"received\":{},\"expected\":{sent:.0},\
         \"delay_ms\":{{\"p50\":{:.2},\"p99\":{:.2},\"max\":{:.2}}},\"set_up_cpu_ms_per_call\":{:.2},\"set_up_s\":{:.2},\"missed_rounds\":{},\"kb_per_call\":{}}}",
        measured.seconds,
        measured.engine_cpu.as_secs_f64(),
        measured.engine_cpu.as_secs_f64() / measured.seconds / count as f64 * 10_000.0,
        measured.received,
        delay(0.5),
        delay(0.99),
        delay(1.0),
        set_up.1.as_secs_f64() * 1000.0 / count as f64,
        set_up.0.as_secs_f64(),
        engine.load().threads.iter().map(|t| t.missed_rounds).sum::<u64>(),
        resident_kb().saturating_sub(before) / count as u64,
    );
}

/// A telephone and a browser that are joined.
struct Call {
    phone: UdpSocket,
    near: Stream,
    _far: Stream,
    browser: Browser,
}

impl Call {
    fn open(engine: &MediaEngine, identity: &Identity, events: &tokio::sync::mpsc::Sender<MediaEvent>, n: usize) -> Self {
        let phone = socket();
        let near = engine.open(events.clone(), n as u64).expect("a stream; is `ulimit -n` high enough?");
        near.connect(StreamParams::plain(phone.local_addr().expect("bound"), Codec::Pcma));
        let far = engine.open_near(&near, events.clone(), n as u64).expect("a stream");
        let (mut browser, offer, pending) = Browser::new();
        let (peer, agreed) = Peer::answer(identity, &offer, far.local(), G711::Pcma, Instant::now()).expect("answered");
        let answer = SdpAnswer::from_sdp_string(&agreed.sdp).expect("an answer");
        far.connect(StreamParams {
            payload_type: agreed.payload_type,
            dtmf_pt: agreed.event_type,
            ..StreamParams::plain(far.local(), Codec::Pcma)
        });
        far.carry(Box::new(Carrier(peer)));
        browser.rtc.sdp_api().accept_answer(pending, answer).expect("accepted");
        browser.to = Some(far.local());
        near.join(&far);
        Self { phone, near, _far: far, browser }
    }
}

struct Carrier(Peer);

impl Transport for Carrier {
    fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        self.0.receive(datagram, from, now);
    }
    fn send(&mut self, rtp: &[u8], now: Instant) {
        self.0.send(rtp, now);
    }
    fn tick(&mut self, now: Instant) {
        self.0.tick(now);
    }
    fn poll(&mut self, now: Instant) -> Option<Carried<'_>> {
        self.0.poll(now).map(|output| match output {
            Output::Datagram { to, bytes } => Carried::Datagram { to, bytes },
            Output::Packet(rtp) => Carried::Packet(rtp),
            Output::Connected => Carried::Up,
            Output::Gone => Carried::Down,
        })
    }
    fn close(&mut self) {
        self.0.close();
    }
}

/// A browser's side.
struct Browser {
    rtc: Rtc,
    voice: Mid,
    socket: UdpSocket,
    to: Option<SocketAddr>,
    due: Instant,
    /// When what it heard was said.
    heard: Vec<[u8; 8]>,
}

impl Browser {
    fn new() -> (Self, String, str0m::change::SdpPendingOffer) {
        let socket = socket();
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(std::sync::Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_pcma(true, false)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().expect("bound"), "udp").expect("a candidate"));
        let mut changes = rtc.sdp_api();
        let voice = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().expect("an offer");
        let browser = Self { rtc, voice, socket, to: None, due: Instant::now(), heard: Vec::new() };
        (browser, offer.to_sdp_string(), pending)
    }

    fn read(&mut self) {
        let mut buffer = [0u8; 2000];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            let contents = buffer[..length].try_into().expect("a datagram");
            let destination = self.socket.local_addr().expect("bound");
            let receive = Receive { proto: Protocol::Udp, source: from, destination, contents };
            self.rtc.handle_input(Input::Receive(Instant::now(), receive)).expect("taken");
            self.poll();
        }
        if Instant::now() >= self.due {
            self.rtc.handle_input(Input::Timeout(Instant::now())).expect("time passes");
            self.poll();
        }
    }

    fn say(&mut self, round: u32, payload: &[u8]) {
        let voice = self.voice;
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(voice, None) {
            stream.write_rtp(RtpWrite::new(8.into(), u64::from(round).into(), round * 160, Instant::now(), payload.to_vec()));
        }
        self.rtc.handle_input(Input::Timeout(Instant::now())).expect("time passes");
        self.poll();
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output().expect("polled") {
                str0m::Output::Transmit(t) => drop(self.socket.send_to(&t.contents, t.destination)),
                str0m::Output::Event(Event::RtpPacket(p)) => {
                    self.heard.extend(p.payload.get(..8).and_then(|b| <[u8; 8]>::try_from(b).ok()))
                }
                str0m::Output::Event(_) => {}
                str0m::Output::Timeout(at) => {
                    self.due = at;
                    return;
                }
            }
        }
    }
}

struct Measured {
    seconds: f64,
    engine_cpu: Duration,
    received: u64,
    delays_us: Vec<u32>,
}

fn be_far_ends(mut calls: Vec<Call>, seconds: usize) -> Measured {
    let begin = Instant::now();
    let warm_up = Duration::from_secs(2);
    let mut measured = Measured { seconds: 0.0, engine_cpu: engine_cpu(), received: 0, delays_us: Vec::new() };
    let mut measuring = false;
    for step in 0usize.. {
        let elapsed = begin.elapsed();
        if !measuring && elapsed >= warm_up {
            measuring = true;
            measured = Measured { seconds: 0.0, engine_cpu: engine_cpu(), received: 0, delays_us: Vec::new() };
        }
        if elapsed >= warm_up + Duration::from_secs(seconds as u64) {
            break;
        }
        let round = (step / STEPS) as u32;
        for (n, call) in calls.iter_mut().enumerate() {
            if n % STEPS == step % STEPS {
                call.speak(round, n as u32, begin);
            }
            call.listen(begin, &mut measured);
        }
        std::thread::sleep((begin + STEP * (step as u32 + 1)).saturating_duration_since(Instant::now()));
    }
    measured.seconds = (begin.elapsed() - warm_up).as_secs_f64();
    measured.engine_cpu = engine_cpu().saturating_sub(measured.engine_cpu);
    measured
}

impl Call {
    fn speak(&mut self, round: u32, n: u32, begin: Instant) {
        let mut payload = [0xd5u8; 160];
        payload[..8].copy_from_slice(&(begin.elapsed().as_nanos() as u64).to_be_bytes());
        let header =
            Header { payload_type: 8, marker: round == 0, sequence: round as u16, timestamp: round.wrapping_mul(160), ssrc: n + 1 };
        let _ = self.phone.send_to(&[&header.to_bytes()[..], &payload[..]].concat(), self.near.local());
        self.browser.say(round, &payload);
    }

    fn listen(&mut self, begin: Instant, measured: &mut Measured) {
        let mut buffer = [0u8; 2000];
        let mut said = Vec::new();
        while let Ok(length) = self.phone.recv(&mut buffer) {
            said.extend(buffer.get(12..length.min(20)).and_then(|b| <[u8; 8]>::try_from(b).ok()));
        }
        self.browser.read();
        said.append(&mut self.browser.heard);
        let now = begin.elapsed().as_nanos() as u64;
        for at in said.into_iter().map(u64::from_be_bytes).filter(|at| *at < now) {
            measured.received += 1;
            measured.delays_us.push(u32::try_from((now - at) / 1000).unwrap_or(u32::MAX));
        }
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("non-blocking");
    socket
}

/// User and system time of the media threads, from the scheduler's own account.
fn engine_cpu() -> Duration {
    let mut total = 0u64;
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let named = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if named.starts_with("media-") {
            let account = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            total += account.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(total)
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}
