//! Hearing several at once: each far end that is heard gives its decoded sound away, whoever hears it adds it up.
//!
//! A *feed* carries frames from the thread that owns the one stream to the thread that owns the other. Both go by the same
//! 20 ms, at different moments and by clocks of their own, so a few frames may lie between them: late sound is skipped, missing
//! sound is silence.

use crate::codec::{Codec, Encoder, FRAME};
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// 20 ms of one far end.
pub(crate) type Frame = [i16; FRAME];
/// The end of a feed at which sound goes in.
pub(crate) type Sink = mpsc::Sender<Frame>;

/// Frames that may lie in a feed: a listener whose thread stood still for so long has missed them.
const ROOM: usize = 8;
/// With more frames than this the oldest are skipped, so that nobody hears the others later and later.
const MOST: usize = 3;

/// The end of a feed at which sound is heard.
#[derive(Debug)]
pub(crate) struct Feed {
    arrives: mpsc::Receiver<Frame>,
    waits: VecDeque<Frame>,
    /// Nothing is taken before two frames lie here, at the beginning and after each gap: then the next one is never awaited.
    begun: bool,
}

/// A feed: where sound goes in, and where it is heard.
pub(crate) fn feed() -> (Sink, Feed) {
    let (sink, arrives) = mpsc::channel(ROOM);
    (sink, Feed { arrives, waits: VecDeque::with_capacity(ROOM), begun: false })
}

impl Feed {
    fn next(&mut self) -> Option<Frame> {
        while let Ok(frame) = self.arrives.try_recv() {
            self.waits.push_back(frame);
        }
        while self.waits.len() > MOST {
            self.waits.pop_front();
        }
        if !self.begun && self.waits.len() < 2 {
            return None;
        }
        let frame = self.waits.pop_front();
        self.begun = frame.is_some();
        frame
    }
}

/// Adds up what several say, in the codec of whoever hears it.
#[derive(Debug)]
pub(crate) struct Mixer {
    feeds: Vec<Feed>,
    encoder: Option<Encoder>,
}

impl Mixer {
    pub(crate) fn new(feeds: Vec<Feed>) -> Self {
        Self { feeds, encoder: None }
    }

    /// The next 20 ms, in that codec.
    pub(crate) fn next(&mut self, codec: Codec, encoded: &mut Vec<u8>) {
        let mut sum = [0i32; FRAME];
        for feed in &mut self.feeds {
            if let Some(frame) = feed.next() {
                sum.iter_mut().zip(frame).for_each(|(sum, sample)| *sum += i32::from(sample));
            }
        }
        let mixed = sum.map(|sum| sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16);
        let encoder = match &mut self.encoder {
            Some(encoder) if encoder.codec() == codec => encoder,
            other => other.insert(Encoder::new(codec)),
        };
        encoder.encode(&mixed, encoded);
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::codec::Decoder;

    fn heard(mixer: &mut Mixer) -> i16 {
        let (mut encoded, mut pcm) = (Vec::new(), Vec::new());
        mixer.next(Codec::Pcma, &mut encoded);
        Decoder::new(Codec::Pcma).decode(&encoded, &mut pcm);
        assert_eq!(pcm.len(), FRAME);
        pcm[FRAME / 2]
    }

    #[test]
    fn what_two_say_is_added_and_never_wraps_around() {
        let ((a, feed_a), (b, feed_b)) = (feed(), feed());
        let mut mixer = Mixer::new(vec![feed_a, feed_b]);
        for _ in 0..2 {
            a.try_send([8_000; FRAME]).expect("room");
            b.try_send([-3_000; FRAME]).expect("room");
        }
        assert!((4_700..5_300).contains(&heard(&mut mixer)));
        heard(&mut mixer);
        for _ in 0..2 {
            a.try_send([30_000; FRAME]).expect("room");
            b.try_send([30_000; FRAME]).expect("room");
        }
        assert!(heard(&mut mixer) > 30_000);
    }

    #[test]
    fn late_sound_is_skipped_and_missing_sound_is_silence() {
        let (sink, feed) = feed();
        let mut mixer = Mixer::new(vec![feed]);
        sink.try_send([1_000; FRAME]).expect("room");
        assert!(heard(&mut mixer).abs() < 100, "a second frame is awaited");
        sink.try_send([2_000; FRAME]).expect("room");
        assert!((900..1_100).contains(&heard(&mut mixer)), "and nothing is lost by it");
        for n in 1..=6 {
            sink.try_send([n * 2_000; FRAME]).expect("room");
        }
        assert!((7_700..8_300).contains(&heard(&mut mixer)), "the last three are left");
        heard(&mut mixer);
        heard(&mut mixer);
        assert!(heard(&mut mixer).abs() < 100);
        drop(sink);
        assert!(heard(&mut mixer).abs() < 100, "whoever is gone is silent");
    }
}
