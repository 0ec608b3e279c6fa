//! Speech, keys in the sound, and silence of the line.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, connected, engine, engine_with, loopback};
use std::time::Duration;
use tokio::sync::mpsc;
use voice_media::{Codec, DigitSource, MediaConfig, MediaEvent, StreamParams, Tone, read_wav};

fn a_sentence() -> Vec<i16> {
    let path = "/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav";
    let (rate, pcm) = read_wav(&std::fs::read(path).expect("install asterisk-core-sounds-en-wav (`make setup` does)")).expect("a WAV file");
    assert_eq!(rate, 8000);
    pcm
}

#[test]
fn speech_is_told_when_it_begins_and_ends_but_only_while_listening() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 3, &phone, Codec::Pcma);
    let sentence = [vec![0; 4000], a_sentence(), vec![0; 8000]].concat();
    phone.say(stream.local(), Codec::Pcma, sentence.clone(), false).finish();
    assert!(events.0.try_recv().is_err(), "nobody listened");
    stream.listen(true);
    let _speaking = phone.say(stream.local(), Codec::Pcma, sentence, true);
    events.wait_for("speech", |e| matches!(e, MediaEvent::SpeechBegan { tag: 3 }).then_some(()));
    let spoke_ms = events.wait_for("its end", |e| match e {
        MediaEvent::SpeechEnded { tag: 3, spoke_ms } => Some(spoke_ms),
        _ => None,
    });
    assert!(spoke_ms > 300, "{spoke_ms}");
}

#[test]
fn keys_in_the_sound_are_told_where_no_events_were_agreed() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 3, &phone, Codec::Pcmu);
    stream.connect(StreamParams { dtmf_pt: None, ..StreamParams::plain(phone.address(), Codec::Pcmu) });
    stream.listen(true);
    let mut pcm = vec![0; 1600];
    for key in "31*#0".chars() {
        pcm.extend(Tone::dtmf(key, 90).expect("a key").to_pcm(8000));
        pcm.extend(vec![0; 800]);
    }
    phone.say(stream.local(), Codec::Pcmu, pcm, false).finish();
    let mut keys = String::new();
    while keys.len() < 5 {
        keys.push(events.wait_for("a key", |e| match e {
            MediaEvent::Digit { digit, source: DigitSource::InBand, .. } => Some(digit),
            MediaEvent::SpeechBegan { .. } => panic!("keys are no speech"),
            _ => None,
        }));
    }
    assert_eq!(keys, "31*#0");
}

#[test]
fn a_line_that_falls_silent_is_told_once_and_so_is_its_return() {
    let engine = engine_with(MediaConfig { silence_limit: Duration::from_millis(300), ..loopback() });
    let phone = FarEnd::new();
    let (stream, mut events) = connected(&engine, 4, &phone, Codec::Pcma);
    let stopped = |e| match e {
        MediaEvent::MediaStopped { tag: 4, silent_for } => Some(silent_for),
        _ => None,
    };
    assert!(events.wait_for("silence from the beginning", stopped) >= Duration::from_millis(300));
    let speaking = phone.speak(stream.local(), Codec::Pcma, 500.0);
    events.wait_for("its return", |e| matches!(e, MediaEvent::MediaResumed { tag: 4 }).then_some(()));
    drop(speaking);
    assert!(events.wait_for("silence again", stopped) >= Duration::from_millis(300));
    // Held by us, the far end may be as silent as it likes.
    stream.connect(StreamParams { receive: false, ..StreamParams::plain(phone.address(), Codec::Pcma) });
    let seen = phone.packets().len();
    phone.wait_for("half a second", |p| p.len() > seen + 25);
    assert!(events.0.try_recv().is_err());
}

#[test]
fn an_owner_who_takes_no_events_delays_nobody() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let (sender, mut receiver) = mpsc::channel(1);
    let stream = engine.open(sender, 1).expect("a stream");
    stream.connect(StreamParams::plain(phone.address(), Codec::Pcma));
    for id in 0..10 {
        stream.play_sound(std::sync::Arc::new(Tone::BEEP.to_sound()), id);
    }
    let seen = phone.packets().len();
    phone.wait_for("sound", |p| p.len() > seen + 20);
    stream.close();
    let mut events = Vec::new();
    while let Some(event) = receiver.blocking_recv() {
        events.push(event);
    }
    assert!(matches!(events.last(), Some(MediaEvent::Closed { .. })), "{events:?}");
    assert_eq!(events.len(), 11);
}
