//! Keys pressed at the far end, and pressed by us.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{Events, FarEnd, connected, engine};
use voice_media::dtmf::{EventReceiver, EventSender};
use voice_media::rtp::Header;
use voice_media::tone::level_of;
use voice_media::{Codec, DigitSource, MediaEvent, StreamParams};

fn digits(events: &mut Events, count: usize) -> String {
    let mut seen = String::new();
    while seen.len() < count {
        seen.push(events.wait_for("a digit", |e| match e {
            MediaEvent::Digit { digit, source: DigitSource::Rfc4733, .. } => Some(digit),
            _ => None,
        }));
    }
    seen
}

#[test]
fn keys_are_told_once_each_though_packets_are_doubled_and_lost() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    let mut keys = EventSender::default();
    for key in "4*07#".chars() {
        assert!(keys.press(key, 80));
    }
    let (mut sequence, mut timestamp) = (100u16, 5000u32);
    while !keys.is_idle() {
        if let Some(packet) = keys.round(timestamp) {
            let header = Header { payload_type: 101, marker: packet.marker, sequence, timestamp: packet.timestamp, ssrc: 1 };
            let datagram = [header.to_bytes().as_slice(), &packet.payload.to_bytes()].concat();
            // Every third is lost, every other one comes twice.
            if sequence % 3 != 0 {
                phone.send(stream.local(), &datagram);
                phone.send(stream.local(), &datagram);
            }
            sequence += 1;
        }
        timestamp += 160;
    }
    assert_eq!(digits(&mut events, 5), "4*07#");
    drop(stream);
    let rest = events.wait_for("the end", |e| match e {
        MediaEvent::Closed { stats, .. } => Some(stats.replayed),
        MediaEvent::Digit { digit, .. } => panic!("{digit} was told twice"),
        _ => None,
    });
    assert!(rest > 0);
}

#[test]
fn a_key_that_we_press_arrives_as_an_event_or_as_tones() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, _events) = connected(&engine, 1, &phone, Codec::Pcma);
    stream.send_digit('8', 100);
    stream.send_digit('#', 100);
    let mut receiver = EventReceiver::default();
    let mut keys = String::new();
    let mut read = 0;
    phone.wait_for("two keys", |packets| {
        for packet in &packets[read..] {
            if packet.header.payload_type == 101 {
                keys.extend(receiver.take(packet.header.timestamp, &packet.payload));
            }
        }
        read = packets.len();
        keys == "8#"
    });

    stream.connect(StreamParams { dtmf_pt: None, ..StreamParams::plain(phone.address(), Codec::Pcma) });
    stream.send_digit('6', 400);
    phone.wait_for("the tones of 6", |packets| {
        let pcm = far_end::last_sound(packets, Codec::Pcma, 10);
        level_of(&pcm, 8000, 770.0) > 3000.0 && level_of(&pcm, 8000, 1477.0) > 3000.0
    });
}
