//! What is recorded is what was said, on the right side, in step.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, LIMIT, connected, engine};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use voice_media::tone::{level_of, sine};
use voice_media::{Codec, PlayItem, Playlist, Record, RecordedAudio, Tone};

fn gather(receiver: &mut mpsc::Receiver<RecordedAudio>, mut enough: impl FnMut(&[RecordedAudio]) -> bool) -> Vec<RecordedAudio> {
    let until = Instant::now() + LIMIT;
    let mut chunks = Vec::new();
    while !enough(&chunks) {
        match receiver.try_recv() {
            Ok(chunk) => chunks.push(chunk),
            Err(mpsc::error::TryRecvError::Disconnected) => break,
            Err(mpsc::error::TryRecvError::Empty) => {
                assert!(Instant::now() < until, "the recording stands still after {} chunks", chunks.len());
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
    }
    chunks
}

fn sides(chunks: &[RecordedAudio]) -> (Vec<i16>, Vec<i16>) {
    (chunks.iter().flat_map(|c| c.left.clone()).collect(), chunks.iter().flat_map(|c| c.right.clone()).collect())
}

fn forever(hz: f32) -> Playlist {
    let tone = Tone { hz, second_hz: None, level_db: -12.0, ms: 1000 };
    Playlist { items: vec![PlayItem::Tone(tone)], repeat: true, id: 1 }
}

#[test]
fn the_caller_is_on_the_left_and_what_is_played_on_the_right() {
    let engine = engine(1);
    for codec in [Codec::Pcma, Codec::G722] {
        let phone = FarEnd::new();
        let (stream, _events) = connected(&engine, 1, &phone, codec);
        let _speaking = phone.speak(stream.local(), codec, 500.0);
        stream.play(forever(900.0));
        let (sink, mut recorded) = mpsc::channel(64);
        stream.record(sink, Record::BothStereo);
        let chunks = gather(&mut recorded, |c| c.len() >= 8);
        stream.stop_recording();
        let rest = gather(&mut recorded, |_| false);
        let mut at = 0;
        for chunk in chunks.iter().chain(&rest) {
            assert_eq!((chunk.at_ms, chunk.left.len()), (at, chunk.right.len()));
            at += chunk.left.len() as u64 / 8;
        }
        let (left, right) = sides(&chunks[3..]);
        assert!(level_of(&left, 8000, 500.0) > 4000.0 && level_of(&left, 8000, 900.0) < 300.0, "{codec:?} left");
        assert!(level_of(&right, 8000, 900.0) > 4000.0 && level_of(&right, 8000, 500.0) < 300.0, "{codec:?} right");
    }
}

/// The far end answers a beep as soon as it hears it: in the recording, the answer follows the beep by what the way takes.
#[test]
fn both_sides_are_in_step() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, _events) = connected(&engine, 1, &phone, Codec::Pcma);
    let (sink, mut recorded) = mpsc::channel(64);
    // Some sound first, so that the buffer has settled before it matters.
    let quiet = phone.say(stream.local(), Codec::Pcma, vec![0; 4000], false);
    stream.record(sink, Record::BothStereo);
    quiet.finish();
    let beep = Tone { hz: 900.0, second_hz: None, level_db: -12.0, ms: 400 };
    stream.play(Playlist { items: vec![PlayItem::Tone(beep)], repeat: false, id: 1 });
    phone.wait_for("the beep", |p| level_of(&far_end::last_sound(p, Codec::Pcma, 2), 8000, 900.0) > 3000.0);
    let _answer = phone.say(stream.local(), Codec::Pcma, sine(8000, 500.0, 9000.0, 8000), true);
    let begins = |pcm: &[i16], hz| pcm.chunks(160).position(|f| level_of(f, 8000, hz) > 3000.0).map(|n| n as i64 * 20);
    let chunks = gather(&mut recorded, |c| {
        let (left, right) = sides(c);
        begins(&left, 500.0).is_some() && begins(&right, 900.0).is_some()
    });
    let (left, right) = sides(&chunks);
    let (answer, beep) = (begins(&left, 500.0).expect("heard"), begins(&right, 900.0).expect("heard"));
    // The test hears the beep after two frames of it, and the answer takes up to two more; a busy machine may add to both.
    assert!((20..=500).contains(&(answer - beep)), "beep at {beep} ms, answer at {answer} ms");
}

#[test]
fn a_joined_call_is_recorded_and_a_pause_hides_what_is_said() {
    let engine = engine(2);
    let (caller, agent) = (FarEnd::new(), FarEnd::new());
    let (stream, _events) = connected(&engine, 1, &caller, Codec::Pcma);
    let (other, _other_events) = connected(&engine, 2, &agent, Codec::Pcmu);
    let _a = caller.speak(stream.local(), Codec::Pcma, 500.0);
    let _b = agent.speak(other.local(), Codec::Pcmu, 900.0);
    stream.join(&other);
    caller.wait_for_tone(Codec::Pcma, 900.0, &[]);
    let (sink, mut recorded) = mpsc::channel(256);
    stream.record(sink, Record::BothStereo);
    let before = gather(&mut recorded, |c| c.len() >= 6);
    let (left, right) = sides(&before[2..]);
    assert!(level_of(&left, 8000, 500.0) > 4000.0);
    assert!(level_of(&right, 8000, 900.0) > 4000.0);
    stream.pause_recording(true);
    let during = gather(&mut recorded, |c| c.iter().filter(|c| c.paused).count() >= 4);
    let hidden: Vec<_> = during.into_iter().filter(|c| c.paused).collect();
    let (left, right) = sides(&hidden);
    assert!(left[800..].iter().chain(&right[800..]).all(|s| *s == 0));
    stream.pause_recording(false);
    let after = gather(&mut recorded, |c| c.iter().filter(|c| !c.paused).count() >= 6);
    let (left, _) = sides(&after[after.len() - 3..]);
    assert!(level_of(&left, 8000, 500.0) > 4000.0);
}

#[test]
fn a_tap_gives_frames_at_8_khz_from_any_codec() {
    let engine = engine(1);
    for codec in [Codec::Pcmu, Codec::G722] {
        let phone = FarEnd::new();
        let (stream, _events) = connected(&engine, 1, &phone, codec);
        let _speaking = phone.speak(stream.local(), codec, 700.0);
        let (sink, mut frames) = mpsc::channel(256);
        stream.tap(sink);
        let until = Instant::now() + LIMIT;
        let mut pcm = Vec::new();
        while pcm.len() < 8000 {
            match frames.try_recv() {
                Ok(frame) => {
                    assert_eq!(frame.len(), 160);
                    pcm.extend(frame);
                }
                Err(_) => {
                    assert!(Instant::now() < until, "the tap is dry");
                    std::thread::park_timeout(Duration::from_millis(5));
                }
            }
        }
        assert!(level_of(&pcm[4000..], 8000, 700.0) > 6000.0);
    }
}
