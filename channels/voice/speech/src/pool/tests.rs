#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use std::sync::mpsc;

/// An engine that does what the number in the clip says.
struct Puppet {
    hold: Arc<(Mutex<bool>, Condvar)>,
    began: mpsc::Sender<i16>,
}

const ANSWER: i16 = 1;
/// Works until told to stop.
const OBEY: i16 = 2;
/// Works until released, whatever the stop sign says.
const HANG: i16 = 3;
const DIE: i16 = 4;

impl Engine for Puppet {
    fn transcribe(&mut self, clip: &Clip, stop: &Stop) -> Answer {
        let what = clip.pcm[0];
        self.began.send(what).ok();
        match what {
            OBEY => {
                while !stop.asked() {
                    std::thread::yield_now();
                }
                return Err(SpeechError::Failed("stopped".to_owned()));
            }
            HANG => {
                let (lock, released) = &*self.hold;
                let _free = released.wait_while(lock.lock().unwrap(), |free| !*free).unwrap();
            }
            DIE => panic!("the engine dies, as the test wants"),
            _ => {}
        }
        Ok(Recognition {
            text: what.to_string(),
            language: clip.language,
            confidence: 1.0,
            trusted: false,
            hint: false,
            reliable: true,
            why_unreliable: None,
            words: Vec::new(),
            clip: clip.duration(),
            took: Duration::ZERO,
            cpu: Duration::ZERO,
        })
    }
}

struct Stage {
    pool: Pool,
    hold: Arc<(Mutex<bool>, Condvar)>,
    began: mpsc::Receiver<i16>,
}

impl Stage {
    fn new(measures: Measures) -> Self {
        let hold = Arc::new((Mutex::new(false), Condvar::new()));
        let (sender, began) = mpsc::channel();
        let held = hold.clone();
        let sender = Mutex::new(sender);
        let make: MakeEngine = Box::new(move || Ok(Box::new(Puppet { hold: held.clone(), began: sender.lock().unwrap().clone() })));
        Self { pool: Pool::start(measures, make).unwrap(), hold, began }
    }

    fn submit(&self, what: i16) -> Result<Waiting, SpeechError> {
        self.pool.submit(Clip { pcm: vec![what; 80].into(), rate: 8000, language: Language::En })
    }

    fn until_begun(&self, what: i16) {
        assert_eq!(self.began.recv_timeout(Duration::from_secs(20)).unwrap(), what);
    }

    fn until(&self, what: &str, holds: impl Fn(PoolLoad) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(self.pool.load()) {
            assert!(Instant::now() < end, "never {what}: {:?}", self.pool.load());
            std::thread::yield_now();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        *self.hold.0.lock().unwrap() = true;
        self.hold.1.notify_all();
    }
}

fn measures() -> Measures {
    Measures { workers: 1, queue: 2, limit: Duration::from_secs(60), grace: Duration::from_millis(50), abandoned: 2, niceness: 0 }
}

fn answered(waiting: Waiting) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("an answer in every case") })
}

#[test]
fn clips_are_answered_by_as_many_workers_as_there_are() {
    let stage = Stage::new(Measures { workers: 3, queue: 9, ..measures() });
    let waiting: Vec<_> = (0..9).map(|_| stage.submit(ANSWER).unwrap()).collect();
    for waiting in waiting {
        assert_eq!(answered(waiting).unwrap().text, "1");
    }
    assert_eq!(stage.pool.load(), PoolLoad { workers: 3, busy: 0, waiting: 0, abandoned: 0, replaced: 0 });
}

#[test]
fn a_full_queue_is_said_at_once_and_a_caller_who_leaves_makes_room() {
    let stage = Stage::new(measures());
    let busy = stage.submit(OBEY).unwrap();
    stage.until_begun(OBEY);
    let first = stage.submit(ANSWER).unwrap();
    let second = stage.submit(ANSWER).unwrap();
    assert_eq!(stage.submit(ANSWER).err(), Some(SpeechError::Busy { waiting: 2 }));
    drop(first);
    let third = stage.submit(ANSWER).unwrap();
    drop(busy);
    assert!(answered(second).is_ok() && answered(third).is_ok());
}

#[test]
fn dropping_the_future_stops_the_work() {
    let stage = Stage::new(measures());
    let waiting = stage.submit(OBEY).unwrap();
    stage.until_begun(OBEY);
    drop(waiting);
    assert!(answered(stage.submit(ANSWER).unwrap()).is_ok());
    assert_eq!(stage.pool.load().replaced, 0, "the worker itself lived on");
}

#[test]
fn work_that_takes_too_long_is_stopped_and_the_worker_lives_on() {
    let limit = Duration::from_millis(30);
    let stage = Stage::new(Measures { limit, grace: Duration::from_secs(60), ..measures() });
    assert_eq!(answered(stage.submit(OBEY).unwrap()).unwrap_err(), SpeechError::TimedOut(limit));
    assert!(answered(stage.submit(ANSWER).unwrap()).is_ok());
    assert_eq!(stage.pool.load().replaced, 0);
}

#[test]
fn a_worker_that_hangs_is_replaced_and_counted_until_it_returns() {
    let stage = Stage::new(Measures { limit: Duration::from_millis(30), ..measures() });
    let hanging = stage.submit(HANG).unwrap();
    let next = stage.submit(ANSWER).unwrap();
    assert!(matches!(answered(hanging), Err(SpeechError::TimedOut(_))));
    assert_eq!(answered(next).unwrap().text, "1", "by the worker in its place");
    stage.until("is it counted", |load| (load.workers, load.abandoned, load.replaced) == (1, 1, 1));
    *stage.hold.0.lock().unwrap() = true;
    stage.hold.1.notify_all();
    stage.until("is the abandoned one gone", |load| load.abandoned == 0);
    assert_eq!(stage.pool.load().workers, 1);
}

#[test]
fn when_too_many_hang_the_pool_says_so_instead_of_making_threads_for_ever() {
    let stage = Stage::new(Measures { limit: Duration::from_millis(10), abandoned: 1, ..measures() });
    for _ in 0..2 {
        assert!(matches!(answered(stage.submit(HANG).unwrap()), Err(SpeechError::TimedOut(_))));
    }
    stage.until("are both abandoned", |load| load.abandoned == 2);
    let error = stage.submit(ANSWER).err().unwrap().to_string();
    assert!(error.contains("restart"), "{error}");
    *stage.hold.0.lock().unwrap() = true;
    stage.hold.1.notify_all();
    stage.until("is a worker made again", |load| load.workers == 1);
    assert!(answered(stage.submit(ANSWER).unwrap()).is_ok());
}

#[test]
fn a_worker_that_dies_is_replaced_and_its_caller_told() {
    let stage = Stage::new(measures());
    for round in 1..=3 {
        assert_eq!(answered(stage.submit(DIE).unwrap()).unwrap_err(), SpeechError::WorkerDied);
        assert!(answered(stage.submit(ANSWER).unwrap()).is_ok());
        stage.until("is it counted", |load| load.replaced == round);
    }
}

#[test]
fn a_pool_whose_engine_cannot_be_made_does_not_start() {
    let make: MakeEngine = Box::new(|| Err(SpeechError::NoRecogniser("no model".to_owned())));
    assert_eq!(Pool::start(measures(), make).err(), Some(SpeechError::NoRecogniser("no model".to_owned())));
    let dying: MakeEngine = Box::new(|| panic!("as the test wants"));
    assert!(matches!(Pool::start(measures(), dying).err(), Some(SpeechError::NoRecogniser(_))));
}

#[test]
fn an_engine_that_cannot_be_made_again_answers_those_who_wait() {
    let made = AtomicBool::new(false);
    let (began, _begun) = mpsc::channel();
    let began = Mutex::new(began);
    let make: MakeEngine = Box::new(move || {
        if made.swap(true, Ordering::Relaxed) {
            return Err(SpeechError::NoRecogniser("the model is gone".to_owned()));
        }
        Ok(Box::new(Puppet { hold: Arc::default(), began: began.lock().unwrap().clone() }))
    });
    let pool = Pool::start(measures(), make).unwrap();
    let clip = |what| Clip { pcm: vec![what; 80].into(), rate: 8000, language: Language::En };
    let dying = pool.submit(clip(DIE)).unwrap();
    let waiting = pool.submit(clip(ANSWER));
    assert_eq!(answered(dying).unwrap_err(), SpeechError::WorkerDied);
    let gone = SpeechError::NoRecogniser("the model is gone".to_owned());
    if let Ok(waiting) = waiting {
        assert_eq!(answered(waiting).unwrap_err(), gone);
    }
    assert_eq!(pool.submit(clip(ANSWER)).err(), Some(gone));
}

#[test]
fn dropping_the_pool_answers_everybody() {
    let stage = Stage::new(measures());
    let busy = stage.submit(OBEY).unwrap();
    stage.until_begun(OBEY);
    let waiting = stage.submit(ANSWER).unwrap();
    drop(stage);
    assert!(answered(busy).is_err() && answered(waiting).is_err());
}
