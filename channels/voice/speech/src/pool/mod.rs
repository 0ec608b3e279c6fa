//! A bounded number of workers, each a thread with its own warm engine, behind a bounded queue.
//!
//! Who waits for a clip is answered in every case: with text, at once when the queue is full, when
//! the time for the work is over, when the worker dies. A worker that does not heed its stop sign
//! is abandoned and replaced; how many may be abandoned is bounded too, because a thread cannot be
//! ended from outside.

mod overseer;
mod worker;

#[cfg(test)]
mod tests;

use crate::{Recognition, SpeechError};
use daak_domain::language::Language;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What a worker does its work with. Made, used and dropped on the worker's own thread.
pub(crate) trait Engine {
    /// Turns a clip into text; gives up soon after `stop` is [asked](Stop::asked).
    fn transcribe(&mut self, clip: &Clip, stop: &Stop) -> Result<Recognition, SpeechError>;
}

/// Makes the engine of a new worker, on its thread.
pub(crate) type MakeEngine = Box<dyn Fn() -> Result<Box<dyn Engine>, SpeechError> + Send + Sync>;

/// Sound to be recognised.
#[derive(Clone)]
pub(crate) struct Clip {
    pub pcm: Arc<[i16]>,
    pub rate: u32,
    pub language: Language,
}

impl Clip {
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.pcm.len() as f64 / f64::from(self.rate.max(1)))
    }
}

/// The stop sign of one piece of work.
#[derive(Default)]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The measures of a pool.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    pub workers: usize,
    /// Clips that may wait.
    pub queue: usize,
    /// Time for the work on each begun 30 s of a clip.
    pub limit: Duration,
    /// How long after its limit a worker may take to heed the stop sign.
    pub grace: Duration,
    /// Workers that may hang before the pool gives up making new ones.
    pub abandoned: usize,
    /// Added to the priority of the threads (0 to 19), so that media goes first.
    pub niceness: i32,
}

type Answer = Result<Recognition, SpeechError>;

/// The handle. Dropping the last one ends the workers.
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    measures: Measures,
    make: MakeEngine,
    state: Mutex<State>,
    /// A job came, or the pool closes: workers look.
    work: Condvar,
    /// Work began or a worker ended: the overseer looks.
    change: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    workers: Vec<Worker>,
    abandoned: usize,
    born: u64,
    closed: bool,
    /// Why no new worker can be made.
    broken: Option<SpeechError>,
    /// Workers replaced since the start.
    replaced: u64,
}

struct Job {
    clip: Clip,
    stop: Arc<Stop>,
    answer: oneshot::Sender<Answer>,
}

/// A worker as the overseer sees it. Its thread finds itself by `id`; one that is not listed any
/// more has been abandoned and ends.
struct Worker {
    id: u64,
    doing: Option<Doing>,
}

struct Doing {
    until: Instant,
    limit: Duration,
    stop: Arc<Stop>,
    /// Taken when the caller has been answered.
    answer: Option<oneshot::Sender<Answer>>,
}

/// What a pool is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLoad {
    /// Workers alive.
    pub workers: usize,
    /// Of these, at work.
    pub busy: usize,
    /// Clips that wait.
    pub waiting: usize,
    /// Workers that hang and were abandoned, now.
    pub abandoned: usize,
    /// Workers that died or hung and were replaced, since the start.
    pub replaced: u64,
}

impl Pool {
    /// Starts the workers and waits until each has its engine.
    pub(crate) fn start(measures: Measures, make: MakeEngine) -> Result<Self, SpeechError> {
        let shared = Arc::new(Shared { measures, make, state: Mutex::default(), work: Condvar::new(), change: Condvar::new() });
        let pool = Self { shared };
        for _ in 0..pool.shared.measures.workers.max(1) {
            let (ready, made) = std::sync::mpsc::sync_channel(1);
            worker::spawn(&pool.shared, ready)?;
            made.recv().map_err(|_| SpeechError::NoRecogniser("a worker died while it made its engine".to_owned()))??;
        }
        overseer::spawn(&pool.shared)?;
        Ok(pool)
    }

    /// Puts a clip into the queue. The answer comes through what is returned; dropping that cancels the work.
    pub(crate) fn submit(&self, clip: Clip) -> Result<Waiting, SpeechError> {
        let stop = Arc::new(Stop::default());
        let (answer, receiver) = oneshot::channel();
        let mut state = self.shared.lock();
        if let (Some(why), true) = (&state.broken, state.workers.is_empty()) {
            return Err(why.clone());
        }
        state.queue.retain(|job| !job.answer.is_closed());
        let waiting = state.queue.len();
        if waiting >= self.shared.measures.queue {
            return Err(SpeechError::Busy { waiting });
        }
        state.queue.push_back(Job { clip, stop: stop.clone(), answer });
        drop(state);
        self.shared.work.notify_one();
        Ok(Waiting { stop, receiver })
    }

    pub(crate) fn load(&self) -> PoolLoad {
        let state = self.shared.lock();
        PoolLoad {
            workers: state.workers.len(),
            busy: state.workers.iter().filter(|w| w.doing.is_some()).count(),
            waiting: state.queue.iter().filter(|job| !job.answer.is_closed()).count(),
            abandoned: state.abandoned,
            replaced: state.replaced,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.queue.clear();
        state.workers.iter().filter_map(|w| w.doing.as_ref()).for_each(|doing| doing.stop.ask());
        drop(state);
        self.shared.work.notify_all();
        self.shared.change.notify_all();
    }
}

impl Shared {
    /// A panic while the lock was held leaves the lists as they were: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to come.
pub(crate) struct Waiting {
    stop: Arc<Stop>,
    receiver: oneshot::Receiver<Answer>,
}

impl Future for Waiting {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.receiver).poll(cx).map(|answer| answer.unwrap_or(Err(SpeechError::WorkerDied)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.stop.ask();
    }
}
