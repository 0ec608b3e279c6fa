//! What is played is heard, by its frequency, in every codec, in time and in order.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine};
use std::sync::Arc;
use voice_media::tone::sine;
use voice_media::{Codec, MediaEvent, PlayItem, Playlist, Sound, StreamParams, Tone};

fn tone(hz: f32, ms: usize) -> Arc<Sound> {
    Arc::new(Sound::from_pcm(16000, &sine(16000, hz, 9000.0, 16 * ms)))
}

#[test]
fn a_prompt_is_heard_in_every_codec_and_its_end_is_told() {
    let engine = engine(1);
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
        let phone = FarEnd::new();
        let (stream, mut events) = connected(&engine, 5, &phone, codec);
        stream.play_sound(tone(600.0, 800), 77);
        phone.wait_for_tone(codec, 600.0, &[1000.0]);
        let finished = events.wait_for("the end", |e| match e {
            MediaEvent::Played { tag: 5, id: 77, finished } => Some(finished),
            _ => None,
        });
        assert!(finished);
    }
}

#[test]
fn the_stream_is_continuous_from_the_first_packet_on() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, _events) = connected(&engine, 1, &phone, Codec::Pcma);
    stream.play(Playlist { items: vec![PlayItem::Sound(tone(500.0, 100)), PlayItem::Silence(60)], repeat: true, id: 1 });
    let packets = phone.wait_for("50 packets", |p| p.len() >= 50);
    assert!(packets[0].header.marker);
    for pair in packets.windows(2) {
        let (a, b) = (pair[0].header, pair[1].header);
        assert_eq!(b.ssrc, a.ssrc);
        assert_eq!(b.sequence, a.sequence.wrapping_add(1));
        let step = b.timestamp.wrapping_sub(a.timestamp);
        assert!(step == 160 || (b.marker && step % 160 == 0), "a step of {step}");
        assert_eq!(pair[1].payload.len(), 160);
    }
}

#[test]
fn stopping_and_replacing_are_told_as_unfinished() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcmu);
    let forever =
        |hz: f32, id| Playlist { items: vec![PlayItem::Tone(Tone { hz, second_hz: None, level_db: -10.0, ms: 1000 })], repeat: true, id };
    stream.play(forever(500.0, 1));
    phone.wait_for_tone(Codec::Pcmu, 500.0, &[900.0]);
    stream.play(forever(900.0, 2));
    phone.wait_for_tone(Codec::Pcmu, 900.0, &[500.0]);
    stream.stop_playing();
    phone.wait_for("comfort noise", |p| {
        let pcm = far_end::last_sound(p, Codec::Pcmu, 5);
        let loudest = pcm.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        (1..100).contains(&loudest)
    });
    for id in [1, 2] {
        let told = events.wait_for("an end", |e| match e {
            MediaEvent::Played { id, finished, .. } => Some((id, finished)),
            _ => None,
        });
        assert_eq!(told, (id, false));
    }
}

#[test]
fn a_prompt_waits_while_the_far_end_holds_us() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    phone.wait_for("the line", |p| !p.is_empty());
    let held = StreamParams { send: false, ..StreamParams::plain(phone.address(), Codec::Pcma) };
    stream.connect(held.clone());
    stream.play_sound(tone(600.0, 400), 1);
    stream.connect(StreamParams { send: true, ..held });
    phone.wait_for_tone(Codec::Pcma, 600.0, &[]);
    assert!(events.wait_for("the end", |e| matches!(e, MediaEvent::Played { finished: true, .. }).then_some(true)));
}

#[test]
fn closing_tells_what_was_sent_and_frees_the_ports() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 9, &phone, Codec::Pcma);
    let local = stream.local();
    assert_eq!(local.port() % 2, 0);
    phone.wait_for("some packets", |p| p.len() >= 10);
    stream.close();
    let stats = events.wait_for("the end", |e| match e {
        MediaEvent::Closed { tag: 9, stats } => Some(stats),
        _ => None,
    });
    assert!(stats.sent >= 10, "{stats:?}");
    assert!(events.0.blocking_recv().is_none(), "nothing follows the end");
    std::net::UdpSocket::bind(local).expect("the port is free");
    assert_eq!(engine.load().streams, 0);
}
