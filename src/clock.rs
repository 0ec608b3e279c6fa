//! The time, as an argument: the system's, or a test's.

use daak_domain::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Tells the time. Clones tell the same one.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Set(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The system's.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// One that stands still at `now` until it is moved.
    pub fn standing_at(now: Timestamp) -> Self {
        Self(Source::Set(Arc::new(Mutex::new(now))))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp::now(),
            Source::Set(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a standing clock on; the system's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(now) = &self.0 {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}
