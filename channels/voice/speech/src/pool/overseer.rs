//! The thread that notices workers which hang or die.

use super::{Shared, State, worker};
use crate::SpeechError;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Wait after a worker could not be made, doubled each time up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub(super) fn spawn(shared: &Arc<Shared>) -> Result<(), SpeechError> {
    let shared = shared.clone();
    let thread = std::thread::Builder::new().name("speech-overseer".to_owned()).spawn(move || watch(&shared));
    thread.map(drop).map_err(|e| SpeechError::NoRecogniser(format!("no thread could be started ({e})")))
}

fn watch(shared: &Arc<Shared>) {
    let (mut wait, mut not_before) = (FIRST_WAIT, Instant::now());
    let mut state = shared.lock();
    while !state.closed {
        let now = Instant::now();
        answer_the_late(&mut state, now);
        abandon_the_hanging(shared, &mut state, now);
        let wanting = state.workers.len() < shared.measures.workers.max(1) && state.abandoned <= shared.measures.abandoned;
        if wanting && now >= not_before {
            drop(state);
            let made = replace(shared);
            state = shared.lock();
            wait = if made { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            not_before = if made { now } else { Instant::now() + wait };
            continue;
        }
        let due = [next_due(shared, &state), wanting.then_some(not_before)].into_iter().flatten().min();
        state = match due {
            Some(due) => {
                let limit = due.saturating_duration_since(Instant::now());
                shared.change.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.change.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

/// Callers whose time is over hear so now; the worker gets its stop sign.
fn answer_the_late(state: &mut State, now: Instant) {
    for doing in state.workers.iter_mut().filter_map(|w| w.doing.as_mut()).filter(|d| d.until <= now) {
        doing.stop.ask();
        if let Some(answer) = doing.answer.take() {
            // A caller who has gone needs no answer.
            let _ = answer.send(Err(SpeechError::TimedOut(doing.limit)));
        }
    }
}

/// Workers that did not heed the sign are taken off the list; their threads end if they ever return.
fn abandon_the_hanging(shared: &Shared, state: &mut State, now: Instant) {
    let grace = shared.measures.grace;
    let before = state.workers.len();
    state.workers.retain(|w| w.doing.as_ref().is_none_or(|d| d.until + grace > now));
    let hanging = before - state.workers.len();
    if hanging == 0 {
        return;
    }
    state.abandoned += hanging;
    tracing::error!(event = "speech.worker_hangs", abandoned = state.abandoned, "a speech worker hangs and was abandoned");
    if state.abandoned > shared.measures.abandoned {
        let why = format!("{} workers hang and no more are made: restart the process", state.abandoned);
        give_up(state, SpeechError::NoRecogniser(why));
    }
}

/// Puts a new worker in the place of one that is gone. Waits for its engine.
fn replace(shared: &Arc<Shared>) -> bool {
    let (ready, made) = std::sync::mpsc::sync_channel(1);
    let outcome = worker::spawn(shared, ready).and_then(|()| made.recv().unwrap_or(Err(SpeechError::WorkerDied)));
    let mut state = shared.lock();
    match outcome {
        Ok(()) => {
            state.broken = None;
            state.replaced += 1;
            tracing::warn!(event = "speech.worker_replaced", "a speech worker was replaced");
            true
        }
        Err(why) => {
            tracing::error!(event = "speech.worker_not_made", error = %why, "no speech worker could be made");
            give_up(&mut state, why);
            false
        }
    }
}

/// Notes why no worker can be made; whoever waits for the last one hears it now.
fn give_up(state: &mut State, why: SpeechError) {
    if state.workers.is_empty() {
        for job in state.queue.drain(..) {
            // A caller who has gone needs no answer.
            let _ = job.answer.send(Err(why.clone()));
        }
    }
    state.broken = Some(why);
}

fn next_due(shared: &Shared, state: &State) -> Option<Instant> {
    let grace = shared.measures.grace;
    state.workers.iter().filter_map(|w| w.doing.as_ref()).map(|d| if d.answer.is_some() { d.until } else { d.until + grace }).min()
}
