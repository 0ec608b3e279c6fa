//! Waiting for a condition, with a limit: the only way a test may wait.

use std::time::{Duration, Instant};

/// Asks `ready` every 20 ms until it answers, for at most `limit`.
///
/// # Panics
/// With `what`, if the limit passes.
pub fn until<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
