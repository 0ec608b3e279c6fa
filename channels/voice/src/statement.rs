//! Taking down what a citizen says after the tone.
//!
//! Time is counted in samples, not by a clock: what is kept is what was heard. The sound goes to the
//! disk as it comes; a copy stays in memory for recognition until the next statement or the end.

use crate::disk::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use voice_call::Happening;
use voice_media::FlacEncoder;

/// Samples a millisecond.
const PER_MS: u64 = 8;
/// Sound is passed on to the disk in pieces of this many samples.
const PIECE: usize = 8_000 / 2;
/// A caller who says nothing for so long will not.
const NOTHING_SAID: Duration = Duration::from_secs(10);
/// If no sound at all arrives, the recorder does not wait for ever.
const GRACE: Duration = Duration::from_secs(15);

/// A statement being taken down.
pub(crate) struct Taking {
    /// Ends it; `true` keeps it.
    stop: Option<oneshot::Sender<bool>>,
    /// Whether the caller speaks at this moment.
    pub(crate) speaking: watch::Sender<Speech>,
    /// The sound, once it ended and was wanted.
    pub(crate) clip: watch::Receiver<Option<Arc<[i16]>>>,
}

/// What voice activity detection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Speech {
    /// Speaks now.
    pub(crate) now: bool,
    /// Has spoken.
    pub(crate) ever: bool,
}

/// What ends a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest.
    pub(crate) max: Duration,
    /// Silence after speech.
    pub(crate) silence_end: Duration,
}

impl Taking {
    /// Begins. `sound` brings frames at 8 kHz; what becomes of it is told to `call`.
    pub(crate) fn begin(sound: mpsc::Receiver<Vec<i16>>, file: File, limits: Limits, call: mpsc::Sender<crate::actor::Post>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (speaking, speech) = watch::channel(Speech::default());
        let (clip_out, clip) = watch::channel(None);
        tokio::spawn(async move {
            let taken = take(sound, file, limits, speech, stopped).await;
            let ended = Happening::StatementEnded { ms: taken.samples.len() as u64 / PER_MS, heard_speech: taken.keep };
            let _ = clip_out.send(taken.keep.then(|| taken.samples.into()));
            let _ = call.send(ended.into()).await;
            if taken.keep {
                let stored = taken.file.finish().await;
                let _ = call.send(Happening::StatementStored(stored).into()).await;
            } else {
                taken.file.discard();
            }
        });
        Self { stop: Some(stop), speaking, clip }
    }

    /// Ends it now.
    pub(crate) fn end(&mut self, keep: bool) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(keep);
        }
    }
}

struct Taken {
    samples: Vec<i16>,
    file: File,
    keep: bool,
}

async fn take(
    mut sound: mpsc::Receiver<Vec<i16>>,
    mut file: File,
    limits: Limits,
    speech: watch::Receiver<Speech>,
    mut stopped: oneshot::Receiver<bool>,
) -> Taken {
    let mut encoder = FlacEncoder::new(1, 8_000);
    file.append(encoder.header());
    let (mut samples, mut passed_on, mut silent_since) = (Vec::<i16>::new(), 0, 0usize);
    let wanted = loop {
        tokio::select! {
            biased;
            keep = &mut stopped => break keep.unwrap_or(true),
            frame = sound.recv() => match frame {
                Some(frame) => samples.extend_from_slice(&frame),
                None => break true,
            },
            () = tokio::time::sleep(GRACE) => break true,
        }
        if samples.len() - passed_on >= PIECE {
            file.append(encoder.push(&samples[passed_on..], &[]));
            passed_on = samples.len();
        }
        let now = *speech.borrow();
        if now.now {
            silent_since = samples.len();
        }
        if is_over(&limits, now, samples.len(), silent_since) {
            break true;
        }
    };
    file.append(encoder.push(&samples[passed_on..], &[]));
    file.append(encoder.finish());
    let keep = wanted && speech.borrow().ever;
    Taken { samples, file, keep }
}

fn is_over(limits: &Limits, speech: Speech, length: usize, silent_since: usize) -> bool {
    let ms = |samples: usize| Duration::from_millis(samples as u64 / PER_MS);
    let silence = ms(length - silent_since);
    ms(length) >= limits.max || (speech.ever && !speech.now && silence >= limits.silence_end) || (!speech.ever && silence >= NOTHING_SAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max: Duration::from_secs(120), silence_end: Duration::from_secs(3) };

    #[test]
    fn a_pause_for_breath_does_not_end_a_statement_but_silence_does() {
        let spoke = Speech { now: false, ever: true };
        assert!(!is_over(&LIMITS, spoke, 8_000 * 10, 8_000 * 8));
        assert!(is_over(&LIMITS, spoke, 8_000 * 11, 8_000 * 8));
        assert!(!is_over(&LIMITS, Speech { now: true, ever: true }, 8_000 * 60, 8_000 * 60));
    }

    #[test]
    fn who_says_nothing_is_not_waited_for_and_nobody_speaks_for_ever() {
        assert!(is_over(&LIMITS, Speech::default(), 8_000 * 10, 0));
        assert!(is_over(&LIMITS, Speech { now: true, ever: true }, 8_000 * 120, 8_000 * 120));
    }
}
