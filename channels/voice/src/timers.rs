//! The timers of one call: a handful, kept in order of time.

use std::time::Duration;
use tokio::time::Instant;

/// Armed timers by name.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    armed: Vec<(Instant, u64)>,
}

impl Timers {
    /// Arms a timer; an armed one of the same name is replaced.
    pub(crate) fn set(&mut self, id: u64, after: Duration, now: Instant) {
        self.cancel(id);
        self.armed.push((now + after, id));
    }

    /// Disarms a timer.
    pub(crate) fn cancel(&mut self, id: u64) {
        self.armed.retain(|(_, armed)| *armed != id);
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.armed.iter().map(|(at, _)| *at).min()
    }

    /// Takes a timer that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<u64> {
        let place = self.armed.iter().enumerate().filter(|(_, (at, _))| *at <= now).min_by_key(|(_, (at, _))| *at)?.0;
        Some(self.armed.swap_remove(place).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn timers_come_in_order_and_a_second_setting_replaces_the_first() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.set(1, Duration::from_secs(5), now);
        timers.set(2, Duration::from_secs(3), now);
        timers.set(1, Duration::from_secs(1), now);
        timers.set(3, Duration::from_secs(2), now);
        timers.cancel(3);
        assert_eq!(timers.next(), Some(now + Duration::from_secs(1)));
        let late = now + Duration::from_secs(10);
        assert_eq!([timers.take_due(late), timers.take_due(late), timers.take_due(late)], [Some(1), Some(2), None]);
    }
}
