//! A stream with a transport of its own is joined, moved, played to and closed as any other.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::sync::mpsc;
use voice_media::rtp::is_rtcp;
use voice_media::{Carried, Codec, MediaEvent, StreamParams, Tone, Transport};

/// Sends back to wherever the first datagram came from.
#[derive(Default)]
struct Turned {
    far: Option<SocketAddr>,
    up: bool,
    down: bool,
    said: VecDeque<Vec<u8>>,
    out: VecDeque<Vec<u8>>,
    now: Vec<u8>,
}

impl Transport for Turned {
    fn receive(&mut self, datagram: &[u8], from: SocketAddr, _: Instant) {
        self.up |= self.far.replace(from).is_none();
        assert!(!is_rtcp(datagram));
        self.said.push_back(datagram.to_vec());
    }

    fn send(&mut self, rtp: &[u8], _: Instant) {
        self.out.push_back(rtp.to_vec());
    }

    fn tick(&mut self, _: Instant) {}

    fn poll(&mut self, _: Instant) -> Option<Carried<'_>> {
        if std::mem::take(&mut self.up) {
            return Some(Carried::Up);
        }
        if std::mem::take(&mut self.down) {
            return Some(Carried::Down);
        }
        if let (Some(to), Some(bytes)) = (self.far, self.out.pop_front()) {
            return Some(Carried::Datagram { to, bytes });
        }
        self.now = self.said.pop_front()?;
        Some(Carried::Packet(&self.now))
    }

    fn close(&mut self) {
        self.out.push_back(vec![0x80, 8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, b'b', b'y', b'e']);
    }
}

/// Nowhere: what is sent there is lost.
fn nowhere() -> StreamParams {
    StreamParams::plain("192.0.2.1:9".parse().expect("an address"), Codec::Pcma)
}

fn joins_with_a_telephone(threads: usize) {
    let engine = engine(threads);
    let (phone, browser) = (FarEnd::new(), FarEnd::new());
    let (near, _near_events) = connected(&engine, 1, &phone, Codec::Pcma);
    let (sender, receiver) = mpsc::channel(64);
    let mut events = far_end::Events(receiver);
    let carried = engine.open(sender, 2).expect("a stream");
    carried.connect(nowhere());
    carried.carry(Box::new(Turned::default()));
    let _speaking = browser.speak(carried.local(), Codec::Pcma, 500.0);
    events.wait_for("the transport's beginning", |e| matches!(e, MediaEvent::TransportUp { tag: 2 }).then_some(()));
    let _other = phone.speak(near.local(), Codec::Pcma, 900.0);
    near.join(&carried);
    browser.wait_for_tone(Codec::Pcma, 900.0, &[500.0]);
    phone.wait_for_tone(Codec::Pcma, 500.0, &[900.0]);
    near.part();
    carried.play_sound(std::sync::Arc::new(Tone { hz: 700.0, second_hz: None, level_db: -10.0, ms: 2000 }.to_sound()), 5);
    browser.wait_for_tone(Codec::Pcma, 700.0, &[900.0]);
    carried.join(&near);
    phone.wait_for_tone(Codec::Pcma, 500.0, &[900.0]);

    // Another takes its place in the middle of the talk: the browser came back.
    let again = FarEnd::new();
    carried.carry(Box::new(Turned::default()));
    browser.wait_for("the farewell of the first", |p| p.iter().any(|p| p.payload == b"bye"));
    drop(_speaking);
    let _speaking = again.speak(carried.local(), Codec::Pcma, 600.0);
    phone.wait_for_tone(Codec::Pcma, 600.0, &[500.0]);
    again.wait_for_tone(Codec::Pcma, 900.0, &[600.0]);
    carried.close();
    again.wait_for("the farewell", |p| p.iter().any(|p| p.payload == b"bye"));
    let stats = events.wait_for("the figures", |e| match e {
        MediaEvent::Closed { stats, .. } => Some(stats),
        _ => None,
    });
    assert!(stats.received > 0 && stats.from_strangers == 0, "{stats:?}");
}

#[test]
fn on_one_thread() {
    joins_with_a_telephone(1);
}

#[test]
fn across_threads() {
    joins_with_a_telephone(2);
}
