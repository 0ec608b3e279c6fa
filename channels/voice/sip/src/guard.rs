//! Who may try how often: a limit on new calls, and a ban on guessing. Pure: time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Limits of the front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipLimits {
    /// New calls in a second, from everybody together; bursts of as many are let through. 0: no limit.
    pub new_calls_per_s: u32,
    /// Calls at one time.
    pub max_calls: usize,
    /// Wrong passwords from one address before it is banned.
    pub guesses_before_ban: u32,
    /// How long a ban lasts.
    pub ban_for: Duration,
    /// Addresses of this machine are never limited, banned or asked for a password.
    pub trust_loopback: bool,
}

impl Default for SipLimits {
    fn default() -> Self {
        Self { new_calls_per_s: 100, max_calls: 2_000, guesses_before_ban: 8, ban_for: Duration::from_secs(900), trust_loopback: true }
    }
}

/// Addresses that are remembered; beyond it the oldest are forgotten.
const REMEMBERED: usize = 10_000;

/// The guard's memory.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: SipLimits,
    tokens: f64,
    filled: Instant,
    guesses: HashMap<IpAddr, Guesses>,
}

#[derive(Debug, Clone, Copy)]
struct Guesses {
    count: u32,
    last: Instant,
}

impl Guard {
    pub(crate) fn new(limits: SipLimits, now: Instant) -> Self {
        Self { tokens: f64::from(limits.new_calls_per_s), limits, filled: now, guesses: HashMap::new() }
    }

    /// Whether a new call may come in. `known` is whom we expect calls from: a trunk, a telephone that registered.
    /// A fifth of the rate is kept for them, so that a flood of strangers does not lock them out.
    pub(crate) fn may_call(&mut self, from: IpAddr, known: bool, calls_now: usize, now: Instant) -> bool {
        let rate = f64::from(self.limits.new_calls_per_s);
        self.tokens = (self.tokens + rate * now.saturating_duration_since(self.filled).as_secs_f64()).min(rate.max(1.0));
        self.filled = now;
        if calls_now >= self.limits.max_calls {
            return false;
        }
        if self.limits.new_calls_per_s == 0 {
            return true; // no limit
        }
        let known = known || (self.limits.trust_loopback && from.is_loopback());
        let kept = if known { 0.0 } else { rate / 5.0 };
        if self.tokens - kept < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Remembers a wrong password.
    pub(crate) fn guessed(&mut self, from: IpAddr, now: Instant) {
        if self.limits.trust_loopback && from.is_loopback() {
            return;
        }
        if self.guesses.len() >= REMEMBERED {
            let ban = self.limits.ban_for;
            self.guesses.retain(|_, g| now.saturating_duration_since(g.last) < ban);
            if self.guesses.len() >= REMEMBERED {
                return; // a guess from so many places is stopped by the password itself
            }
        }
        let seen = self.guesses.entry(from).or_insert(Guesses { count: 0, last: now });
        seen.count += 1;
        seen.last = now;
    }

    /// Forgets the guesses of an address whose password was right.
    pub(crate) fn proved(&mut self, from: IpAddr) {
        self.guesses.remove(&from);
    }

    /// Whether an address is banned: it gets no answer at all.
    pub(crate) fn is_banned(&self, from: IpAddr, now: Instant) -> bool {
        self.guesses
            .get(&from)
            .is_some_and(|g| g.count >= self.limits.guesses_before_ban && now.saturating_duration_since(g.last) < self.limits.ban_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    #[test]
    fn a_burst_is_let_through_and_a_flood_is_not() {
        let start = Instant::now();
        let mut guard = Guard::new(SipLimits { new_calls_per_s: 10, ..SipLimits::default() }, start);
        assert_eq!((0..1000).filter(|_| guard.may_call(address(1), true, 0, start)).count(), 10);
        assert_eq!((0..1000).filter(|_| guard.may_call(address(1), true, 0, start + Duration::from_millis(500))).count(), 5);
        assert!(!guard.may_call(address(1), true, 2_000, start + Duration::from_secs(60)), "too many at one time");
        let later = start + Duration::from_secs(60);
        assert_eq!((0..1000).filter(|_| guard.may_call(address(1), false, 0, later)).count(), 8, "strangers get four fifths");
        assert_eq!((0..1000).filter(|_| guard.may_call(address(1), true, 0, later)).count(), 2);
    }

    #[test]
    fn guessing_is_banned_for_a_while_and_a_right_password_forgives() {
        let start = Instant::now();
        let mut guard = Guard::new(SipLimits::default(), start);
        for _ in 0..8 {
            guard.guessed(address(2), start);
            guard.guessed(address(3), start);
            guard.guessed(IpAddr::from([127, 0, 0, 1]), start);
        }
        guard.proved(address(3));
        assert!(guard.is_banned(address(2), start) && !guard.is_banned(address(3), start));
        assert!(!guard.is_banned(IpAddr::from([127, 0, 0, 1]), start));
        assert!(!guard.is_banned(address(2), start + Duration::from_secs(901)));
    }
}
