//! Two far ends that are joined hear each other and nobody else.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine};
use tokio::sync::mpsc;
use voice_media::dtmf::{EventPayload, EventReceiver, EventSender};
use voice_media::rtp::Header;
use voice_media::tone::level_of;
use voice_media::{Codec, MediaEvent, PlayItem, Playlist, StreamParams, Tone};

/// Joins two telephones and checks both ears.
fn hear_each_other(threads: usize, left: Codec, right: Codec) {
    let engine = engine(threads);
    let (a, b) = (FarEnd::new(), FarEnd::new());
    let (stream_a, _events_a) = connected(&engine, 1, &a, left);
    let (stream_b, _events_b) = connected(&engine, 2, &b, right);
    let _speaking_a = a.speak(stream_a.local(), left, 500.0);
    let _speaking_b = b.speak(stream_b.local(), right, 900.0);
    stream_a.join(&stream_b);
    a.wait_for_tone(left, 900.0, &[500.0]);
    b.wait_for_tone(right, 500.0, &[900.0]);
    stream_b.part();
    for (phone, codec) in [(&a, left), (&b, right)] {
        phone.wait_for("silence after parting", |p| {
            let pcm = far_end::last_sound(p, codec, 10);
            level_of(&pcm, 8000, 500.0) < 100.0 && level_of(&pcm, 8000, 900.0) < 100.0
        });
    }
}

#[test]
fn with_the_same_codec() {
    hear_each_other(1, Codec::Pcma, Codec::Pcma);
}

#[test]
fn with_different_codecs() {
    hear_each_other(1, Codec::Pcmu, Codec::Pcma);
    hear_each_other(1, Codec::G722, Codec::Pcmu);
}

#[test]
fn from_different_threads() {
    hear_each_other(2, Codec::Pcma, Codec::Pcma);
}

#[test]
fn the_receiver_sees_one_stream_from_prompt_to_partner_and_back() {
    let engine = engine(1);
    let (a, b) = (FarEnd::new(), FarEnd::new());
    let (stream_a, _events_a) = connected(&engine, 1, &a, Codec::Pcma);
    let (stream_b, _events_b) = connected(&engine, 2, &b, Codec::Pcma);
    let tone = Tone { hz: 700.0, second_hz: None, level_db: -10.0, ms: 1000 };
    let music = || Playlist { items: vec![PlayItem::Tone(tone)], repeat: true, id: 1 };
    stream_b.play(music());
    b.wait_for_tone(Codec::Pcma, 700.0, &[]);
    let _speaking = a.speak(stream_a.local(), Codec::Pcma, 400.0);
    stream_a.join(&stream_b);
    b.wait_for_tone(Codec::Pcma, 400.0, &[700.0]);
    // What is played while joined is heard in place of the partner.
    stream_b.play(music());
    b.wait_for_tone(Codec::Pcma, 700.0, &[400.0]);
    stream_b.stop_playing();
    b.wait_for_tone(Codec::Pcma, 400.0, &[700.0]);
    stream_a.part();
    stream_b.play(music());
    b.wait_for_tone(Codec::Pcma, 700.0, &[400.0]);
    let packets = b.packets();
    let mut spurts = 0;
    for pair in packets.windows(2) {
        let (x, y) = (pair[0].header, pair[1].header);
        assert_eq!(x.ssrc, y.ssrc, "one source");
        assert_eq!(y.sequence, x.sequence.wrapping_add(1), "no packet is missing or doubled");
        assert!((y.timestamp.wrapping_sub(x.timestamp) as i32) > 0, "time goes forward");
        spurts += usize::from(y.marker);
    }
    assert!(spurts >= 1, "the change of source is marked");
}

#[test]
fn a_key_pressed_by_one_is_told_and_reaches_the_other() {
    let engine = engine(1);
    let (a, b) = (FarEnd::new(), FarEnd::new());
    let (stream_a, mut events_a) = connected(&engine, 1, &a, Codec::Pcma);
    let (stream_b, _events_b) = connected(&engine, 2, &b, Codec::Pcma);
    stream_b.connect(StreamParams { dtmf_pt: Some(96), ..StreamParams::plain(b.address(), Codec::Pcma) });
    stream_a.join(&stream_b);
    let mut keys = EventSender::default();
    keys.press('9', 100);
    let (mut sequence, mut timestamp) = (1u16, 160u32);
    while !keys.is_idle() {
        if let Some(packet) = keys.round(timestamp) {
            let header = Header { payload_type: 101, marker: packet.marker, sequence, timestamp: packet.timestamp, ssrc: 1 };
            a.send(stream_a.local(), &[header.to_bytes().as_slice(), &packet.payload.to_bytes()].concat());
            sequence += 1;
        }
        timestamp += 160;
    }
    let told = events_a.wait_for("the key", |e| match e {
        MediaEvent::Digit { digit, .. } => Some(digit),
        _ => None,
    });
    assert_eq!(told, '9');
    let mut receiver = EventReceiver::default();
    let packets = b.wait_for("the key's end", |p| {
        p.iter().any(|p| p.header.payload_type == 96 && EventPayload::parse(&p.payload).is_some_and(|e| e.end))
    });
    let heard: String =
        packets.iter().filter(|p| p.header.payload_type == 96).filter_map(|p| receiver.take(p.header.timestamp, &p.payload)).collect();
    assert_eq!(heard, "9");
}

#[test]
fn joining_another_parts_from_the_first_whatever_the_threads() {
    let engine = engine(3);
    let phones: Vec<_> = (0..3).map(|_| FarEnd::new()).collect();
    let streams: Vec<_> = phones.iter().enumerate().map(|(i, p)| connected(&engine, i as u64, p, Codec::Pcma)).collect();
    let _speaking: Vec<_> = (0..3).map(|i| phones[i].speak(streams[i].0.local(), Codec::Pcma, 500.0 + 200.0 * i as f32)).collect();
    streams[0].0.join(&streams[1].0);
    phones[0].wait_for_tone(Codec::Pcma, 700.0, &[900.0]);
    streams[2].0.join(&streams[0].0);
    phones[0].wait_for_tone(Codec::Pcma, 900.0, &[700.0]);
    phones[2].wait_for_tone(Codec::Pcma, 500.0, &[700.0]);
    // Joins that cross each other end well too, and orders keep reaching streams that have moved.
    for _ in 0..20 {
        streams[1].0.join(&streams[2].0);
        streams[2].0.join(&streams[1].0);
        streams[0].0.join(&streams[1].0);
    }
    streams[1].0.join(&streams[2].0);
    phones[1].wait_for_tone(Codec::Pcma, 900.0, &[500.0]);
    phones[2].wait_for_tone(Codec::Pcma, 700.0, &[500.0]);
    let (sender, _receiver) = mpsc::channel(8);
    let near = engine.open_near(&streams[1].0, sender, 7).expect("a stream");
    assert_ne!(near.local(), streams[1].0.local());
}
