//! Recording: both directions in step, in chunks of a fifth of a second.

use crate::codec::FRAME;
use crate::sound::Tone;
use std::sync::LazyLock;
use tokio::sync::mpsc;

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// What the far end says, such as a citizen's statement.
    Received,
    /// The far end on the left, what it hears on the right.
    BothStereo,
}

/// A piece of a recording: 8 kHz, at most a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAudio {
    /// Where it begins, from the beginning of the recording. A gap before it was lost to a full sink.
    pub at_ms: u64,
    /// What the far end said.
    pub left: Vec<i16>,
    /// What it heard, of the same length; empty when only the received side is recorded.
    pub right: Vec<i16>,
    /// Silence in place of what was said, by order. A short tone at its beginning and one after its end mark it for the ear.
    pub paused: bool,
}

/// Frames in a chunk.
const CHUNK: usize = 10;

/// What marks a pause: 440 Hz, quietly, for a tenth of a second.
static MARK: LazyLock<Vec<i16>> = LazyLock::new(|| Tone { hz: 440.0, second_hz: None, level_db: -24.0, ms: 100 }.to_pcm(8000));

/// Gathers frames into chunks and hands them over without waiting.
#[derive(Debug)]
pub(crate) struct Recorder {
    sink: mpsc::Sender<RecordedAudio>,
    what: Record,
    chunk: RecordedAudio,
    paused: bool,
    /// How much of a mark is still to be written.
    mark_left: usize,
    dropped: u64,
}

impl Recorder {
    pub(crate) fn new(sink: mpsc::Sender<RecordedAudio>, what: Record) -> Self {
        Self { sink, what, chunk: empty(0, false), paused: false, mark_left: 0, dropped: 0 }
    }

    pub(crate) fn wants_both(&self) -> bool {
        self.what == Record::BothStereo
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.sink.is_closed()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds 20 ms of each side.
    pub(crate) fn add(&mut self, received: &[i16; FRAME], heard: &[i16; FRAME]) {
        let both = self.wants_both();
        if self.paused {
            self.chunk.left.extend([0; FRAME]);
            if both {
                self.chunk.right.extend([0; FRAME]);
            }
        } else {
            self.chunk.left.extend_from_slice(received);
            if both {
                self.chunk.right.extend_from_slice(heard);
            }
        }
        if self.mark_left > 0 {
            let from = MARK.len() - self.mark_left;
            let length = self.mark_left.min(FRAME);
            let mark = &MARK[from..from + length];
            let start = self.chunk.left.len() - FRAME;
            self.chunk.left[start..start + length].copy_from_slice(mark);
            if both {
                self.chunk.right[start..start + length].copy_from_slice(mark);
            }
            self.mark_left -= length;
        }
        if self.chunk.left.len() >= CHUNK * FRAME {
            self.hand_over();
        }
    }

    /// Begins or ends a pause; chunks are either paused or not.
    pub(crate) fn pause(&mut self, pause: bool) {
        if pause != self.paused {
            self.hand_over();
            self.paused = pause;
            self.chunk.paused = pause;
            self.mark_left = MARK.len();
        }
    }

    /// Hands over what there is.
    pub(crate) fn hand_over(&mut self) {
        let length_ms = (self.chunk.left.len() / 8) as u64;
        if length_ms == 0 {
            return;
        }
        let next = empty(self.chunk.at_ms + length_ms, self.paused);
        let chunk = std::mem::replace(&mut self.chunk, next);
        if self.sink.try_send(chunk).is_err() {
            self.dropped += 1;
        }
    }
}

fn empty(at_ms: u64, paused: bool) -> RecordedAudio {
    RecordedAudio { at_ms, left: Vec::with_capacity(CHUNK * FRAME), right: Vec::new(), paused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::level_of;

    fn chunks(receiver: &mut mpsc::Receiver<RecordedAudio>) -> Vec<RecordedAudio> {
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    #[test]
    fn frames_become_chunks_in_step_and_the_rest_is_handed_over() {
        let (sink, mut receiver) = mpsc::channel(8);
        let mut recorder = Recorder::new(sink, Record::BothStereo);
        for n in 0..13 {
            recorder.add(&[n; FRAME], &[-n; FRAME]);
        }
        recorder.hand_over();
        recorder.hand_over();
        let chunks = chunks(&mut receiver);
        let shape: Vec<_> = chunks.iter().map(|c| (c.at_ms, c.left.len(), c.right.len(), c.paused)).collect();
        assert_eq!(shape, [(0, 1600, 1600, false), (200, 480, 480, false)]);
        assert!(chunks.iter().all(|c| c.left.iter().zip(&c.right).all(|(l, r)| *l == -*r)));
    }

    #[test]
    fn a_pause_is_silent_marked_and_as_long_as_it_lasted() {
        let (sink, mut receiver) = mpsc::channel(64);
        let mut recorder = Recorder::new(sink, Record::Received);
        let speech = [5000; FRAME];
        for n in 0..75 {
            if n == 25 || n == 50 {
                recorder.pause(n == 25);
            }
            recorder.add(&speech, &speech);
        }
        recorder.hand_over();
        let chunks = chunks(&mut receiver);
        assert!(chunks.iter().all(|c| c.right.is_empty()));
        let paused: Vec<i16> = chunks.iter().filter(|c| c.paused).flat_map(|c| c.left.clone()).collect();
        assert_eq!(paused.len(), 25 * FRAME);
        assert!(level_of(&paused[..800], 8000, 440.0) > 1000.0, "no mark");
        assert!(paused[800..].iter().all(|s| *s == 0), "something was recorded in the pause");
        let after: Vec<i16> = chunks.iter().filter(|c| c.at_ms >= 1000).flat_map(|c| c.left.clone()).collect();
        assert!(level_of(&after[..800], 8000, 440.0) > 1000.0, "no mark after");
        assert_eq!(after[800..], vec![5000; 25 * FRAME - 800]);
    }

    #[test]
    fn a_full_sink_loses_chunks_but_no_time() {
        let (sink, mut receiver) = mpsc::channel(1);
        let mut recorder = Recorder::new(sink, Record::Received);
        for _ in 0..30 {
            recorder.add(&[1; FRAME], &[1; FRAME]);
        }
        assert_eq!(recorder.dropped(), 2);
        assert_eq!(chunks(&mut receiver).len(), 1);
        (0..10).for_each(|_| recorder.add(&[1; FRAME], &[1; FRAME]));
        assert_eq!(chunks(&mut receiver)[0].at_ms, 600);
    }
}
