//! Locks a name after wrong passwords in a row. Pure: time arrives as an argument.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Wrong passwords, by name.
pub struct Lockout {
    after: u32,
    lasts: SignedDuration,
    failures: HashMap<String, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Names remembered at once; the oldest are forgotten first.
const MOST: usize = 10_000;

impl Lockout {
    /// Locks after `after` failures in a row, for `lasts`.
    pub fn new(after: u32, lasts: SignedDuration) -> Self {
        Self { after, lasts, failures: HashMap::new() }
    }

    /// Until when `name` is locked, if it is.
    pub fn locked_until(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        let failures = self.failures.get(name)?;
        let until = failures.last.checked_add(self.lasts).ok()?;
        (failures.count >= self.after && now < until).then_some(until)
    }

    /// A wrong password. Answers whether the name is locked from now on.
    pub fn failed(&mut self, name: &str, now: Timestamp) -> bool {
        self.forget(now);
        let failures = self.failures.entry(name.to_owned()).or_insert(Failures { count: 0, last: now });
        failures.count += 1;
        failures.last = now;
        failures.count >= self.after
    }

    /// The right password.
    pub fn succeeded(&mut self, name: &str) {
        self.failures.remove(name);
    }

    fn forget(&mut self, now: Timestamp) {
        if self.failures.len() < MOST {
            return;
        }
        let lasts = self.lasts;
        self.failures.retain(|_, f| f.last.checked_add(lasts).is_ok_and(|until| now < until));
        if self.failures.len() >= MOST
            && let Some(oldest) = self.failures.iter().min_by_key(|(_, f)| f.last).map(|(name, _)| name.clone())
        {
            self.failures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_locked_after_failures_in_a_row_and_opens_again() {
        let start: Timestamp = "2026-11-24T10:00:00Z".parse().expect("a time");
        let mut lockout = Lockout::new(3, SignedDuration::from_mins(15));
        assert!(!lockout.failed("a", start) && !lockout.failed("a", start));
        lockout.succeeded("a");
        assert!(!lockout.failed("a", start) && !lockout.failed("a", start) && lockout.failed("a", start));
        assert_eq!(lockout.locked_until("a", start), Some(start + SignedDuration::from_mins(15)));
        assert_eq!(lockout.locked_until("b", start), None);
        assert_eq!(lockout.locked_until("a", start + SignedDuration::from_mins(15)), None);
    }

    #[test]
    fn it_remembers_no_more_than_it_must() {
        let start: Timestamp = "2026-11-24T10:00:00Z".parse().expect("a time");
        let mut lockout = Lockout::new(3, SignedDuration::from_mins(15));
        for i in 0..MOST + 10 {
            lockout.failed(&i.to_string(), start + SignedDuration::from_millis(i64::try_from(i).expect("small")));
        }
        assert_eq!(lockout.failures.len(), MOST);
    }
}
