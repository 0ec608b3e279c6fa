//! Where more than two are on the line: who hears whom, told by frequency.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, Speaking, connected, engine};
use voice_media::{Codec, MediaEngine, PlayItem, Playlist, Stream, Tone};

const CODECS: [Codec; 3] = [Codec::Pcma, Codec::Pcmu, Codec::G722];
const TONES: [f32; 3] = [500.0, 900.0, 1400.0];

/// Three telephones, each of which says its own tone.
struct Line {
    phones: Vec<FarEnd>,
    streams: Vec<Stream>,
    _events: Vec<far_end::Events>,
    _speaking: Vec<Speaking>,
}

impl Line {
    fn open(engine: &MediaEngine) -> Self {
        let phones: Vec<_> = (0..3).map(|_| FarEnd::new()).collect();
        let (streams, events): (Vec<_>, Vec<_>) =
            phones.iter().enumerate().map(|(n, phone)| connected(engine, n as u64, phone, CODECS[n])).unzip();
        let speaking = (0..3).map(|n| phones[n].speak(streams[n].local(), CODECS[n], TONES[n])).collect();
        Self { phones, streams, _events: events, _speaking: speaking }
    }

    fn hear(&self, who: usize, whom: &[usize]) {
        let others: Vec<&Stream> = whom.iter().map(|n| &self.streams[*n]).collect();
        self.streams[who].hear(&others);
    }

    /// Waits until one hears exactly these.
    fn hears(&self, who: usize, whom: &[usize]) {
        let others: Vec<f32> = (0..3).filter(|n| !whom.contains(n)).map(|n| TONES[n]).collect();
        for n in whom {
            self.phones[who].wait_for_tone(CODECS[who], TONES[*n], &others);
        }
        if whom.is_empty() {
            self.phones[who].wait_for("silence", |packets| {
                let pcm = far_end::last_sound(packets, CODECS[who], 10);
                pcm.len() >= 1600 && TONES.iter().all(|hz| voice_media::tone::level_of(&pcm, 8000, *hz) < 600.0)
            });
        }
    }
}

fn listen_whisper_and_barge(threads: usize) {
    let engine = engine(threads);
    let (line, caller, agent, supervisor) = (Line::open(&engine), 0, 1, 2);
    line.streams[caller].join(&line.streams[agent]);
    line.hears(caller, &[agent]);
    // Listening changes nothing for the two.
    line.hear(supervisor, &[caller, agent]);
    line.hears(supervisor, &[caller, agent]);
    line.hears(caller, &[agent]);
    line.hears(agent, &[caller]);
    // A whisper reaches the agent alone.
    line.hear(agent, &[caller, supervisor]);
    line.hears(agent, &[caller, supervisor]);
    line.hears(caller, &[agent]);
    // All three.
    line.hear(caller, &[agent, supervisor]);
    line.hears(caller, &[agent, supervisor]);
    line.hears(supervisor, &[caller, agent]);
    // As before.
    for who in [caller, agent, supervisor] {
        line.hear(who, &[]);
    }
    line.hears(caller, &[agent]);
    line.hears(agent, &[caller]);
    line.hears(supervisor, &[]);
}

#[test]
fn a_third_listens_whispers_and_speaks_with_both() {
    listen_whisper_and_barge(1);
}

#[test]
fn whatever_the_threads() {
    listen_whisper_and_barge(2);
}

#[test]
fn music_goes_before_the_others_and_whoever_leaves_is_silent() {
    let engine = engine(1);
    let mut line = Line::open(&engine);
    for (who, whom) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
        line.hear(who, &whom);
    }
    line.hears(0, &[1, 2]);
    let tone = Tone { hz: 2000.0, second_hz: None, level_db: -10.0, ms: 1000 };
    line.streams[0].play(Playlist { items: vec![PlayItem::Tone(tone)], repeat: true, id: 1 });
    line.phones[0].wait_for_tone(CODECS[0], 2000.0, &TONES[1..]);
    line.streams[0].stop_playing();
    line.hears(0, &[1, 2]);
    line.streams.remove(2).close();
    line.hears(0, &[1]);
    line.hears(1, &[0]);
}
