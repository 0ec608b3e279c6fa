//! What does not belong to a call is counted and changes nothing.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine, engine_with, loopback};
use voice_media::codec::g711::alaw_encode;
use voice_media::rtp::{Header, Packet};
use voice_media::srtp::{OVERHEAD, SrtpContext};
use voice_media::tone::level_of;
use voice_media::{Codec, MediaConfig, MediaEvent, SrtpKeys, SrtpSuite, StreamParams, StreamStats};

fn packet(payload_type: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
    let header = Header { payload_type, marker: false, sequence, timestamp: u32::from(sequence) * 160, ssrc };
    [header.to_bytes().to_vec(), vec![alaw_encode(3000); 160]].concat()
}

fn end(stream: voice_media::Stream, events: &mut far_end::Events) -> StreamStats {
    stream.close();
    events.wait_for("the end", |e| match e {
        MediaEvent::Closed { stats, .. } => Some(stats),
        _ => None,
    })
}

#[test]
fn strangers_replays_fragments_and_foreign_types_are_counted_and_ignored() {
    let engine = engine(1);
    let (phone, stranger) = (FarEnd::new(), FarEnd::new());
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    phone.wait_for("the line", |p| !p.is_empty());
    for n in 0..10 {
        phone.send(stream.local(), &packet(8, n, 1));
    }
    phone.send(stream.local(), &packet(8, 5, 1));
    phone.send(stream.local(), &packet(3, 11, 1));
    phone.send(stream.local(), &packet(8, 12, 1)[..11]);
    phone.send(stream.local(), &[]);
    phone.send(stream.local(), b"OPTIONS sip:x SIP/2.0\r\n\r\n");
    // Settled by now, since packets of one sender are read in their order.
    for n in 0..20 {
        stranger.send(stream.local(), &packet(8, n, 99));
    }
    // A key, so that all before it has been read.
    let header = Header { payload_type: 101, marker: true, sequence: 13, timestamp: 9000, ssrc: 1 };
    phone.send(stream.local(), &[header.to_bytes().as_slice(), &[1, 10, 0, 160]].concat());
    events.wait_for("the key", |e| matches!(e, MediaEvent::Digit { digit: '1', .. }).then_some(()));
    let seen = stranger.packets().len();
    let stats = end(stream, &mut events);
    assert_eq!((stats.received, stats.replayed, stats.wrong_type, stats.malformed), (11, 1, 1, 3), "{stats:?}");
    assert_eq!((stats.from_strangers, seen), (20, 0), "the stranger was heard or answered");
}

#[test]
fn sound_goes_to_where_it_comes_from_unless_that_is_switched_off() {
    for symmetric in [true, false] {
        let engine = engine_with(MediaConfig { symmetric, ..loopback() });
        let (said, true_end) = (FarEnd::new(), FarEnd::new());
        let (stream, _events) = connected(&engine, 1, &said, Codec::Pcma);
        said.wait_for("the line", |p| !p.is_empty());
        let _speaking = true_end.speak(stream.local(), Codec::Pcma, 500.0);
        let expected = if symmetric { &true_end } else { &said };
        let seen = expected.packets().len();
        expected.wait_for("the line", |p| p.len() > seen + 20);
        if !symmetric {
            assert!(true_end.packets().is_empty());
        }
    }
}

#[test]
fn the_announced_address_wins_over_a_stranger_who_was_first() {
    let engine = engine(1);
    let (phone, stranger) = (FarEnd::new(), FarEnd::new());
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    phone.wait_for("the line", |p| !p.is_empty());
    let intruding = stranger.speak(stream.local(), Codec::Pcma, 700.0);
    stranger.wait_for("the line", |p| !p.is_empty());
    let _speaking = phone.speak(stream.local(), Codec::Pcma, 500.0);
    let seen = phone.packets().len();
    phone.wait_for("the line again", |p| p.len() > seen + 20);
    let before = stranger.packets().len();
    phone.wait_for("more", |p| p.len() > seen + 40);
    assert!(stranger.packets().len() <= before + 1);
    drop(intruding);
    assert!(end(stream, &mut events).from_strangers > 0);
}

#[test]
fn a_far_end_whose_address_changes_is_followed_if_it_goes_on_counting() {
    let engine = engine(1);
    let (phone, elsewhere, stranger) = (FarEnd::new(), FarEnd::new(), FarEnd::new());
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    phone.wait_for("the line", |p| !p.is_empty());
    for n in 0..10 {
        phone.send(stream.local(), &packet(8, n, 1));
    }
    let seen = phone.packets().len();
    // More than the half second in which the old address keeps its right.
    phone.wait_for("the line", |p| p.len() > seen + 40);
    for n in 0..5 {
        stranger.send(stream.local(), &packet(8, 10 + n, 77));
        stranger.send(stream.local(), &packet(8, 5 + n, 1));
    }
    for n in 10..20 {
        elsewhere.send(stream.local(), &packet(8, n, 1));
    }
    elsewhere.wait_for("the line", |p| p.len() > 5);
    assert!(stranger.packets().is_empty());
    let stats = end(stream, &mut events);
    assert_eq!((stats.received, stats.lost, stats.from_strangers), (20, 0, 10), "{stats:?}");
}

fn srtp(suite: SrtpSuite) -> SrtpKeys {
    SrtpKeys { local: [1; 30], remote: [2; 30], suite }
}

#[test]
fn srtp_is_spoken_both_ways_and_plain_sound_is_not_believed() {
    let engine = engine(1);
    for suite in [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AesCm128HmacSha1_32] {
        let phone = FarEnd::new();
        let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
        let params = StreamParams { srtp: Some(srtp(suite)), ..StreamParams::plain(phone.address(), Codec::Pcma) };
        stream.connect(params.clone());
        phone.forget();
        let mut ours = SrtpContext::new(&[2; 30], suite);
        for n in 0..10u16 {
            let mut datagram = packet(8, n, 1);
            let length = datagram.len();
            datagram.resize(length + OVERHEAD, 0);
            let length = ours.protect(&mut datagram, length).expect("room");
            phone.send(stream.local(), &datagram[..length]);
            phone.send(stream.local(), &packet(8, n, 1));
            // The same keys again, as a session refresh brings them, must not begin the counting anew.
            stream.connect(params.clone());
        }
        let tone = voice_media::Tone { hz: 600.0, second_hz: None, level_db: -10.0, ms: 2000 };
        stream.play(voice_media::Playlist { items: vec![voice_media::PlayItem::Tone(tone)], repeat: true, id: 1 });
        let mut theirs = SrtpContext::new(&[1; 30], suite);
        let mut pcm = Vec::new();
        let mut read = 0;
        phone.wait_for("the tone under the cipher", |packets| {
            for packet in &packets[read..] {
                let mut datagram = [packet.header.to_bytes().to_vec(), packet.payload.clone()].concat();
                // What was sent before the keys were agreed is not ours to open.
                let Ok(length) = theirs.unprotect(&mut datagram) else { continue };
                let opened = Packet::parse(&datagram[..length]).expect("RTP");
                pcm.extend(opened.payload.iter().map(|b| voice_media::codec::g711::alaw_decode(*b)));
            }
            read = packets.len();
            pcm.len() > 3200 && level_of(&pcm[pcm.len() - 1600..], 8000, 600.0) > 3000.0
        });
        let stats = end(stream, &mut events);
        assert_eq!((stats.received, stats.malformed), (10, 10), "{stats:?}");
    }
}
