//! The thread of one worker.

use super::{Answer, Clip, Doing, Job, Shared, Stop, Worker};
use crate::SpeechError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Lists a new worker and starts its thread. `ready` hears whether its engine could be made.
pub(super) fn spawn(shared: &Arc<Shared>, ready: SyncSender<Result<(), SpeechError>>) -> Result<(), SpeechError> {
    let id = {
        let mut state = shared.lock();
        state.born += 1;
        let id = state.born;
        state.workers.push(Worker { id, doing: None });
        id
    };
    let shared_there = shared.clone();
    let thread = std::thread::Builder::new().name(format!("speech-{id}")).spawn(move || live(&shared_there, id, ready));
    if let Err(error) = thread {
        shared.lock().workers.retain(|w| w.id != id);
        return Err(SpeechError::NoRecogniser(format!("no thread could be started ({error})")));
    }
    Ok(())
}

fn live(shared: &Shared, id: u64, ready: SyncSender<Result<(), SpeechError>>) {
    step_back(shared.measures.niceness);
    let made = catch_unwind(AssertUnwindSafe(|| (shared.make)()))
        .unwrap_or_else(|_| Err(SpeechError::NoRecogniser("the engine died while it was made".to_owned())));
    let (mut engine, outcome) = match made {
        Ok(engine) => (Some(engine), Ok(())),
        Err(why) => {
            // Off the list before anybody hears of it, so that nobody waits for this worker.
            shared.lock().workers.retain(|w| w.id != id);
            (None, Err(why))
        }
    };
    // Whoever started this thread waits for it; if they have gone, the pool closes.
    let _ = ready.send(outcome);
    let Some(engine) = &mut engine else { return };
    while let Some((clip, stop)) = next(shared, id) {
        let result = catch_unwind(AssertUnwindSafe(|| engine.transcribe(&clip, &stop)));
        let died = result.is_err();
        if !finish(shared, id, result.unwrap_or(Err(SpeechError::WorkerDied))) || died {
            break;
        }
    }
    end(shared, id);
}

/// Waits for a clip that is still wanted and notes that this worker has it. `None`: end.
fn next(shared: &Shared, id: u64) -> Option<(Clip, Arc<Stop>)> {
    let mut state = shared.lock();
    loop {
        if state.closed {
            return None;
        }
        while let Some(Job { clip, stop, answer }) = state.queue.pop_front() {
            if answer.is_closed() {
                continue;
            }
            let worker = state.workers.iter_mut().find(|w| w.id == id)?;
            let windows = (clip.duration().as_secs() / 30 + 1) as u32;
            let limit = shared.measures.limit * windows;
            worker.doing = Some(Doing { until: Instant::now() + limit, limit, stop: stop.clone(), answer: Some(answer) });
            shared.change.notify_all();
            return Some((clip, stop));
        }
        state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Answers the caller. False if this worker was abandoned meanwhile.
fn finish(shared: &Shared, id: u64, answer: Answer) -> bool {
    let mut state = shared.lock();
    let Some(worker) = state.workers.iter_mut().find(|w| w.id == id) else { return false };
    if let Some(sender) = worker.doing.take().and_then(|doing| doing.answer) {
        // A caller who has gone needs no answer.
        let _ = sender.send(answer);
    }
    true
}

/// Takes this worker off the list, or, if it was abandoned, off the count of those.
fn end(shared: &Shared, id: u64) {
    let mut state = shared.lock();
    let before = state.workers.len();
    state.workers.retain(|w| w.id != id);
    if state.workers.len() == before {
        state.abandoned = state.abandoned.saturating_sub(1);
    }
    drop(state);
    shared.change.notify_all();
}

/// Lets media go first. Linux keeps a priority for each thread.
fn step_back(niceness: i32) {
    #[cfg(target_os = "linux")]
    if niceness > 0 {
        // SAFETY: a system call on the calling thread (0), with plain numbers; its failure changes nothing.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness.min(19)) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}
