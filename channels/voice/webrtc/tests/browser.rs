//! A peer against a browser's side of another role (full ICE, the offering side), played by str0m itself on a clock of the test's own.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Rtc, RtcConfig};
use voice_webrtc::{Agreed, G711, Identity, Output, Peer, Refused};

const OURS: &str = "192.0.2.1:10000";
const THEIRS: &str = "192.0.2.7:50000";

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// The browser.
struct Browser {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    voice: Mid,
    due: Instant,
    connected: bool,
    closed: bool,
    heard: Vec<(u8, u32, bool, Vec<u8>)>,
}

impl Browser {
    fn new(codecs: &[Codec], now: Instant) -> (Self, String) {
        let mut config = RtcConfig::new()
            .set_crypto_provider(std::sync::Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(codecs.contains(&Codec::Opus), false)
            .enable_pcma(codecs.contains(&Codec::PCMA), false)
            .enable_pcmu(codecs.contains(&Codec::PCMU), false);
        // As Chromium: events at two rates, with numbers of its own.
        let events = || FormatParams::parse_line("0-16");
        config.codec_config().add_config(110.into(), None, Codec::Tele, Frequency::FORTY_EIGHT_KHZ, None, events());
        config.codec_config().add_config(126.into(), None, Codec::Tele, Frequency::EIGHT_KHZ, None, events());
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(address(THEIRS), "udp").expect("a candidate"));
        let mut changes = rtc.sdp_api();
        let voice = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().expect("an offer");
        let browser = Self { rtc, pending: Some(pending), voice, due: now, connected: false, closed: false, heard: Vec::new() };
        (browser, offer.to_sdp_string())
    }

    fn take_answer(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        self.rtc.sdp_api().accept_answer(self.pending.take().expect("offered"), answer).expect("accepted");
    }

    fn receive(&mut self, bytes: &[u8], now: Instant) {
        let receive = Receive {
            proto: Protocol::Udp,
            source: address(OURS),
            destination: address(THEIRS),
            contents: bytes.try_into().expect("a datagram"),
        };
        self.rtc.handle_input(Input::Receive(now, receive)).expect("taken");
    }

    fn say(&mut self, payload_type: u8, sequence: u64, time: u32, payload: &[u8], now: Instant) {
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.voice, None).expect("a stream");
        stream.write_rtp(RtpWrite::new(payload_type.into(), sequence.into(), time, now, payload.to_vec()));
        self.rtc.handle_input(Input::Timeout(now)).expect("time passes");
    }

    fn poll(&mut self, now: Instant, out: &mut VecDeque<Vec<u8>>) {
        for _ in 0..10_000 {
            match self.rtc.poll_output().expect("polled") {
                str0m::Output::Transmit(t) => out.push_back(t.contents.into()),
                str0m::Output::Event(Event::Connected) => self.connected = true,
                str0m::Output::Event(Event::Closed) => self.closed = true,
                str0m::Output::Event(Event::RtpPacket(p)) => {
                    self.heard.push((*p.header.payload_type, p.header.timestamp, p.header.marker, p.payload.to_vec()));
                }
                str0m::Output::Event(_) => {}
                str0m::Output::Timeout(at) if at <= now => self.rtc.handle_input(Input::Timeout(now)).expect("time passes"),
                str0m::Output::Timeout(at) => {
                    self.due = at;
                    return;
                }
            }
        }
        panic!("the browser never rests");
    }
}

/// Both sides and the network between them.
struct Line {
    now: Instant,
    browser: Browser,
    peer: Peer,
    agreed: Agreed,
    heard: Vec<Vec<u8>>,
    connected: bool,
    gone: u32,
    to_us: VecDeque<Vec<u8>>,
    to_them: VecDeque<Vec<u8>>,
}

impl Line {
    fn open(codecs: &[Codec], preferred: G711) -> Result<Self, Refused> {
        let now = Instant::now();
        let identity = Identity::new().expect("an identity");
        let (mut browser, offer) = Browser::new(codecs, now);
        let (peer, agreed) = Peer::answer(&identity, &offer, address(OURS), preferred, now)?;
        browser.take_answer(&agreed.sdp);
        let line = Self {
            now,
            browser,
            peer,
            agreed,
            heard: Vec::new(),
            connected: false,
            gone: 0,
            to_us: VecDeque::new(),
            to_them: VecDeque::new(),
        };
        Ok(line)
    }

    fn connected(codecs: &[Codec], preferred: G711) -> Self {
        let mut line = Self::open(codecs, preferred).expect("answered");
        line.run(Duration::from_secs(3));
        assert!(line.connected && line.browser.connected, "both sides are connected: {} {}", line.connected, line.browser.connected);
        line
    }

    /// Lets time pass in steps of 5 ms.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(5);
            self.peer.tick(self.now);
            self.exchange();
        }
    }

    fn exchange(&mut self) {
        for _ in 0..50 {
            self.browser.poll(self.now, &mut self.to_us);
            while let Some(output) = self.peer.poll(self.now) {
                match output {
                    Output::Datagram { to, bytes } => {
                        assert_eq!(to, address(THEIRS));
                        self.to_them.push_back(bytes);
                    }
                    Output::Packet(rtp) => self.heard.push(rtp.to_vec()),
                    Output::Connected => self.connected = true,
                    Output::Gone => self.gone += 1,
                }
            }
            if self.to_us.is_empty() && self.to_them.is_empty() {
                return;
            }
            while let Some(bytes) = self.to_us.pop_front() {
                self.peer.receive(&bytes, address(THEIRS), self.now);
            }
            while let Some(bytes) = self.to_them.pop_front() {
                self.browser.receive(&bytes, self.now);
            }
        }
    }
}

fn rtp(payload_type: u8, marker: bool, sequence: u16, time: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, (u8::from(marker) << 7) | payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&time.to_be_bytes());
    packet.extend_from_slice(&77u32.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn sound_flows_both_ways_untouched() {
    let mut line = Line::connected(&[Codec::Opus, Codec::PCMU, Codec::PCMA], G711::Pcma);
    assert_eq!((line.agreed.codec, line.agreed.payload_type), (G711::Pcma, 8));
    for n in 0..100u32 {
        line.browser.say(8, 1000 + u64::from(n), n * 160, &[n as u8; 160], line.now);
        line.peer.send(&rtp(8, n == 0, 65_500u16.wrapping_add(n as u16), n * 160, &[255 - n as u8; 160]), line.now);
        line.run(Duration::from_millis(20));
    }
    assert_eq!(line.heard.len(), 100, "all of the browser's packets, across a rollover of ours");
    for (n, packet) in line.heard.iter().enumerate() {
        assert_eq!((packet[1] & 0x7f, u16::from_be_bytes([packet[2], packet[3]])), (8, 1000 + n as u16));
        assert_eq!(packet[12..], [n as u8; 160]);
    }
    let sounds: Vec<_> = line.browser.heard.iter().map(|(pt, time, _, payload)| (*pt, *time, payload[0], payload.len())).collect();
    assert_eq!(sounds, (0..100u32).map(|n| (8, n * 160, 255 - n as u8, 160)).collect::<Vec<_>>());
    assert!(line.browser.heard[0].2, "the mark of a first packet is passed on");
}

#[test]
fn the_codec_of_the_caller_is_preferred_and_the_other_taken_where_it_must_be() {
    let pcmu = Line::connected(&[Codec::Opus, Codec::PCMU, Codec::PCMA], G711::Pcmu);
    assert_eq!((pcmu.agreed.codec, pcmu.agreed.payload_type), (G711::Pcmu, 0));
    let only = Line::connected(&[Codec::PCMU], G711::Pcma);
    assert_eq!(only.agreed.codec, G711::Pcmu);
    assert_eq!(Line::open(&[Codec::Opus], G711::Pcma).err(), Some(Refused::NoCommonCodec));
}

#[test]
fn keys_pressed_in_the_browser_arrive_as_events() {
    let mut line = Line::connected(&[Codec::PCMU, Codec::PCMA], G711::Pcma);
    assert_eq!(line.agreed.event_type, Some(126), "the browser's own number, at 8000 Hz");
    for n in 0..5u64 {
        line.browser.say(126, 500 + n, 4000, &[5, if n > 2 { 0x8a } else { 0x0a }, 0, 160], line.now);
        line.run(Duration::from_millis(20));
    }
    assert_eq!(line.heard.len(), 5);
    assert!(line.heard.iter().all(|p| p[1] & 0x7f == 126 && p[12] == 5));
    line.peer.send(&rtp(126, true, 9, 8000, &[7, 0x0a, 0, 160]), line.now);
    line.run(Duration::from_millis(20));
    assert_eq!(line.browser.heard.last().map(|h| (h.0, h.3[0])), Some((126, 7)));
}

#[test]
fn sound_that_comes_before_the_connection_is_dropped() {
    let mut line = Line::open(&[Codec::PCMA], G711::Pcma).expect("answered");
    line.peer.send(&rtp(8, true, 1, 0, &[1; 160]), line.now);
    line.run(Duration::from_secs(3));
    assert!(line.browser.heard.is_empty());
    line.peer.send(&rtp(8, true, 2, 160, &[2; 160]), line.now);
    line.run(Duration::from_millis(50));
    assert_eq!(line.browser.heard.len(), 1);
}

#[test]
fn a_browser_that_says_farewell_is_gone_and_so_are_we() {
    let mut line = Line::connected(&[Codec::PCMA], G711::Pcma);
    line.browser.rtc.close().expect("closes");
    line.run(Duration::from_secs(2));
    assert_eq!(line.gone, 1);
    assert!(line.peer.poll(line.now).is_none(), "told once");

    let mut line = Line::connected(&[Codec::PCMA], G711::Pcma);
    line.peer.close();
    line.run(Duration::from_secs(2));
    assert!(line.browser.closed, "the browser is told");
    assert_eq!(line.gone, 1);
}

#[test]
fn a_browser_that_falls_silent_is_gone_after_a_while() {
    let mut line = Line::connected(&[Codec::PCMA], G711::Pcma);
    let mut waited = Duration::ZERO;
    while line.gone == 0 && waited < Duration::from_secs(120) {
        line.now += Duration::from_millis(500);
        waited += Duration::from_millis(500);
        line.peer.tick(line.now);
        while let Some(output) = line.peer.poll(line.now) {
            line.gone += u32::from(matches!(output, Output::Gone));
        }
    }
    assert_eq!(line.gone, 1);
}

#[test]
fn what_strangers_send_is_dropped() {
    let mut line = Line::connected(&[Codec::PCMA], G711::Pcma);
    let stranger = address("203.0.113.9:4000");
    line.peer.receive(&rtp(8, true, 1, 0, &[9; 160]), stranger, line.now);
    line.peer.receive(&rtp(8, true, 1, 0, &[9; 160]), address(THEIRS), line.now);
    line.peer.receive(&[], stranger, line.now);
    line.peer.receive(&[22; 60], stranger, line.now);
    line.run(Duration::from_millis(100));
    assert!(line.heard.is_empty(), "nothing plain is taken for sound");
    line.browser.say(8, 1, 0, &[1; 160], line.now);
    line.run(Duration::from_millis(100));
    assert_eq!((line.heard.len(), line.gone), (1, 0));
}

#[test]
fn an_offer_of_anything_but_one_voice_is_refused() {
    let identity = Identity::new().expect("an identity");
    let now = Instant::now();
    let answer = |offer: &str| Peer::answer(&identity, offer, address(OURS), G711::Pcma, now).map(|(_, agreed)| agreed);
    assert!(matches!(answer(""), Err(Refused::Malformed(_))));
    assert!(matches!(answer(&"x".repeat(40_000)), Err(Refused::Malformed(_))));
    let (_, good) = Browser::new(&[Codec::PCMA], now);
    let two = format!("{good}m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n");
    assert_eq!(answer(&two).err(), Some(Refused::NotOneVoice));
    let without = good.lines().filter(|l| !l.starts_with("a=fingerprint")).map(|l| format!("{l}\r\n")).collect::<String>();
    assert!(answer(&without).is_err(), "a connection that nobody can be sure of");
    assert!(answer(&good).is_ok());
}

mod damage {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whatever a browser sends as an offer is answered or refused.
        #[test]
        fn any_offer_is_answered_or_refused(at in 0usize..4000, cut in 0usize..200, put in "[ -~\r\n]{0,20}") {
            let identity = Identity::new().expect("an identity");
            let now = Instant::now();
            let (_, mut offer) = Browser::new(&[Codec::PCMA, Codec::PCMU], now);
            let at = at % offer.len();
            let end = (at + cut).min(offer.len());
            offer.replace_range(at..end, &put);
            let _ = Peer::answer(&identity, &offer, address(OURS), G711::Pcma, now);
        }

        /// Whatever arrives on the socket, the connection neither fails nor hears noise.
        #[test]
        fn any_datagram_is_survived(datagram in proptest::collection::vec(any::<u8>(), 0..300), own in any::<bool>()) {
            thread_local!(static LINE: std::cell::RefCell<Line> = std::cell::RefCell::new(Line::connected(&[Codec::PCMA], G711::Pcma)));
            LINE.with_borrow_mut(|line| {
                let from = if own { THEIRS } else { "203.0.113.9:4000" };
                line.peer.receive(&datagram, address(from), line.now);
                line.run(Duration::from_millis(5));
                assert!(line.heard.is_empty() && line.gone == 0);
            });
        }
    }
}
