//! How fast an account may send: our own limit, and what the provider's headers ask. Pure: times are arguments.

use super::Reply;
use daak_domain::Timestamp;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The headers in which providers speak of rates, in lower case.
pub(super) const HEADERS: [&str; 5] =
    ["retry-after", "x-app-usage", "x-business-use-case-usage", "x-rate-limit-remaining", "x-rate-limit-reset"];

/// The pace of one account: a bucket of a second's messages, and pauses.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    left: f64,
    seen: Option<Instant>,
    until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, left: per_second, seen: None, until: None }
    }

    /// Counts one request, or says how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Err(until - now);
        }
        let gone = self.seen.map_or(0.0, |seen| now.saturating_duration_since(seen).as_secs_f64());
        self.left = (self.left + gone * self.per_second).min(self.per_second);
        self.seen = Some(now);
        if self.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.left) / self.per_second));
        }
        self.left -= 1.0;
        Ok(())
    }

    /// Nothing is sent for so long. A shorter pause does not end a longer one.
    pub(super) fn pause(&mut self, now: Instant, pause: Duration) {
        let until = now + pause.min(LONGEST);
        self.until = Some(self.until.map_or(until, |before| before.max(until)));
    }
}

/// The longest pause that is believed.
const LONGEST: Duration = Duration::from_secs(3600);

/// The pause that a provider's headers ask for, besides its refusals: its counters are at their end.
pub(super) fn told(reply: &Reply, now: Timestamp) -> Option<Duration> {
    let used = ["x-app-usage", "x-business-use-case-usage"].iter().filter_map(|name| reply.headers.get(*name));
    let most = used.filter_map(|text| serde_json::from_str::<Value>(text).ok()).map(|usage| highest(&usage)).fold(0.0, f64::max);
    let full = (most >= 95.0).then_some(Duration::from_secs(60));
    let emptied = reply.headers.get("x-rate-limit-remaining").is_some_and(|left| left == "0");
    full.or_else(|| reset(reply, now).filter(|_| emptied))
}

/// Percent used, the highest that stands anywhere in the usage document.
fn highest(usage: &Value) -> f64 {
    let own = ["call_count", "total_time", "total_cputime"].iter().filter_map(|name| usage.get(name)?.as_f64()).fold(0.0, f64::max);
    let below = match usage {
        Value::Object(map) => map.values().map(highest).fold(0.0, f64::max),
        Value::Array(items) => items.iter().map(highest).fold(0.0, f64::max),
        _ => 0.0,
    };
    own.max(below)
}

/// `Retry-After` in seconds.
pub(super) fn retry_after(reply: &Reply) -> Option<Duration> {
    reply.headers.get("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// `x-rate-limit-reset`: seconds since 1970.
pub(super) fn reset(reply: &Reply, now: Timestamp) -> Option<Duration> {
    let at: i64 = reply.headers.get("x-rate-limit-reset")?.trim().parse().ok()?;
    u64::try_from(at.saturating_sub(now.as_second())).ok().map(|s| Duration::from_secs(s.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_messages_at_once_then_one_after_the_other() {
        let (mut pace, now) = (Pace::new(2), Instant::now());
        assert!(pace.admit(now).is_ok() && pace.admit(now).is_ok());
        let wait = pace.admit(now).expect_err("two a second");
        assert!(pace.admit(now + wait).is_ok());
        pace.pause(now, Duration::from_secs(30));
        pace.pause(now, Duration::from_secs(1));
        assert_eq!(pace.admit(now + Duration::from_secs(10)), Err(Duration::from_secs(20)));
    }

    #[test]
    fn counters_at_their_end_ask_for_a_pause() {
        let now = Timestamp::from_second(1_000).expect("a time");
        let reply = |name: &str, value: &str| Reply { headers: [(name.to_owned(), value.to_owned())].into(), ..Reply::default() };
        assert_eq!(
            told(&reply("x-app-usage", r#"{"call_count":96,"total_time":3,"total_cputime":1}"#), now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(told(&reply("x-business-use-case-usage", r#"{"12":[{"call_count":99}]}"#), now), Some(Duration::from_secs(60)));
        assert_eq!(told(&reply("x-app-usage", r#"{"call_count":9}"#), now), None);
        assert_eq!(told(&reply("x-app-usage", "not json"), now), None);
        let mut x = reply("x-rate-limit-reset", "1090");
        assert_eq!(told(&x, now), None);
        x.headers.insert("x-rate-limit-remaining".into(), "0".into());
        assert_eq!(told(&x, now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after(&reply("retry-after", "7")), Some(Duration::from_secs(7)));
    }
}
