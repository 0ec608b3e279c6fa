//! How fast a link may send: so many a second, and slower for a while when the SMS centre says that it is too much. Pure.

use std::time::{Duration, Instant};

/// The pace of one link.
#[derive(Debug, Clone)]
pub struct Pace {
    every: Duration,
    /// When the next message may go.
    next: Instant,
    /// Throttled answers in a row.
    throttled: u32,
    paused_until: Option<Instant>,
}

/// Messages that may go at once after a silence.
const BURST: u32 = 10;
/// The first pause after a throttled answer; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Pace {
    /// So many messages a second at most.
    pub fn new(per_second: u32, now: Instant) -> Self {
        Self { every: Duration::from_secs(1) / per_second.max(1), next: now, throttled: 0, paused_until: None }
    }

    /// When the next message may go: `None` for now.
    pub fn wait(&self, now: Instant) -> Option<Instant> {
        let pause = self.paused_until.filter(|until| *until > now);
        let slot = Some(self.next).filter(|next| *next > now + self.every * BURST);
        pause.max(slot.map(|next| next - self.every * BURST))
    }

    /// A message goes.
    pub fn sent(&mut self, now: Instant) {
        self.next = self.next.max(now) + self.every;
    }

    /// The SMS centre has too much.
    pub fn too_fast(&mut self, now: Instant) {
        // Answers to what was under way already are the same complaint.
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        let pause = (FIRST_PAUSE * 2u32.saturating_pow(self.throttled.min(10))).min(LONGEST_PAUSE);
        self.throttled += 1;
        self.paused_until = Some(now + pause);
    }

    /// It took one.
    pub fn taken(&mut self) {
        self.throttled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_so_many_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        let (mut now, mut sent) = (start, 0);
        while now < start + Duration::from_secs(10) {
            match pace.wait(now) {
                None => {
                    pace.sent(now);
                    sent += 1;
                }
                Some(at) => now = at.max(now + Duration::from_micros(1)),
            }
        }
        assert!((1_000..=1_012).contains(&sent), "{sent}");
    }

    #[test]
    fn complaints_are_obeyed_longer_each_time() {
        let mut now = Instant::now();
        let mut pace = Pace::new(1_000, now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pace.too_fast(now);
            pace.too_fast(now);
            let until = pace.wait(now).expect("a pause");
            pauses.push((until - now).as_millis());
            now = until;
            assert_eq!(pace.wait(now), None);
        }
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        pace.taken();
        pace.too_fast(now);
        assert_eq!(pace.wait(now), Some(now + FIRST_PAUSE));
    }
}
