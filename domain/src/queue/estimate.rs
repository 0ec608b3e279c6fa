//! How long a caller will wait.
//!
//! With *a* agents at work, each busy for *h* on average with a call and its wrap-up, somebody becomes free every *h/a*; whoever
//! is at place *n* waits about *n·h/a*. *h* is an exponentially weighted mean of the last calls (weight 1/8, so about the last
//! fifteen count), beginning with four minutes. It needs no assumption about arrivals, because those behind do not matter.

use std::time::Duration;

/// The mean time that an agent is busy with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    busy: Duration,
}

impl Default for Estimate {
    fn default() -> Self {
        Self { busy: Duration::from_secs(240) }
    }
}

impl Estimate {
    /// A call, wrap-up included, has taken so long.
    pub fn learn(&mut self, took: Duration) {
        let took = took.clamp(Duration::from_secs(1), Duration::from_secs(7_200));
        self.busy = (self.busy * 7 + took) / 8;
    }

    /// What to tell whoever is at a place; nothing if nobody is at work.
    pub fn wait(&self, place: u32, agents: usize) -> Option<Duration> {
        let agents = u32::try_from(agents).ok().filter(|n| *n > 0)?;
        Some(self.busy.saturating_mul(place) / agents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_agents_mean_less_waiting_and_it_learns() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.wait(3, 0), None);
        assert_eq!(estimate.wait(3, 6), Some(Duration::from_secs(120)));
        for _ in 0..60 {
            estimate.learn(Duration::from_secs(60));
        }
        let wait = estimate.wait(6, 6).expect("agents");
        assert!((55..70).contains(&wait.as_secs()), "{wait:?}");
    }
}
