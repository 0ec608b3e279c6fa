//! What stands around every handler: headers that browsers obey, rates, measures, panics.

use super::problem::Problem;
use crate::observe::measure;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::any::Any;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Instant;

/// How often one address may do what costs us, or would serve to guess.
pub struct Limits {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    public: DefaultKeyedRateLimiter<IpAddr>,
    codes_from: DefaultKeyedRateLimiter<IpAddr>,
    codes_for: DefaultKeyedRateLimiter<String>,
    filed_from: DefaultKeyedRateLimiter<IpAddr>,
    filed_for: DefaultKeyedRateLimiter<String>,
}

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Sign-ins from one address in a minute.
    pub sign_in_per_min: u32,
    /// Public requests from one address in a minute.
    pub public_per_min: u32,
    /// One-time codes that one address asks for in an hour.
    pub codes_per_address_h: u32,
    /// One-time codes for one ticket, telephone or mail address in an hour.
    pub codes_per_target_h: u32,
    /// Grievances filed on the page from one address in an hour.
    pub filings_per_address_h: u32,
    /// Grievances filed on the page for one telephone or mail address in an hour: each is acknowledged there.
    pub filings_per_target_h: u32,
}

/// Addresses remembered before those that are quiet again are forgotten.
const REMEMBERED: usize = 10_000;

impl Limits {
    /// So many, in bursts of as many.
    pub fn new(rates: Rates) -> Self {
        let some = |rate: u32| NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        Self {
            sign_in: RateLimiter::keyed(Quota::per_minute(some(rates.sign_in_per_min))),
            public: RateLimiter::keyed(Quota::per_minute(some(rates.public_per_min))),
            codes_from: RateLimiter::keyed(Quota::per_hour(some(rates.codes_per_address_h))),
            codes_for: RateLimiter::keyed(Quota::per_hour(some(rates.codes_per_target_h))),
            filed_from: RateLimiter::keyed(Quota::per_hour(some(rates.filings_per_address_h))),
            filed_for: RateLimiter::keyed(Quota::per_hour(some(rates.filings_per_target_h))),
        }
    }

    /// One more sign-in from `address`.
    ///
    /// # Errors
    /// 429 with when to try again.
    pub fn sign_in(&self, address: IpAddr) -> Result<(), Problem> {
        check(&self.sign_in, address)
    }

    /// One more public request from `address`.
    ///
    /// # Errors
    /// 429 with when to try again.
    pub fn public(&self, address: IpAddr) -> Result<(), Problem> {
        check(&self.public, address)
    }

    /// One more grievance filed on the page from `address`, for `target`.
    ///
    /// # Errors
    /// 429 with when to try again.
    pub fn filing(&self, address: IpAddr, target: String) -> Result<(), Problem> {
        check(&self.filed_from, address)?;
        let too_often = |seconds| Problem::too_often("many grievances were filed for this telephone: try again later", seconds);
        counted(&self.filed_for, target).map_err(too_often)
    }

    /// One more code asked for from `address`, for `target`. Both are counted by what is asked, never by who is known.
    ///
    /// # Errors
    /// 429 with when to try again.
    pub fn code(&self, address: IpAddr, target: String) -> Result<(), Problem> {
        check(&self.codes_from, address)?;
        counted(&self.codes_for, target).map_err(|seconds| {
            let minutes = seconds.div_ceil(60);
            Problem::too_often(format!("a code was asked for too often: use the last one, or try again in {minutes} min"), seconds)
        })
    }
}

fn check(limiter: &DefaultKeyedRateLimiter<IpAddr>, address: IpAddr) -> Result<(), Problem> {
    let too_often = |seconds| Problem::too_often(format!("too many requests from your address: try again in {seconds} s"), seconds);
    counted(limiter, address).map_err(too_often)
}

/// Counts one more; otherwise, in how many seconds it may be tried again.
fn counted<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: K) -> Result<(), u64> {
    if limiter.len() > REMEMBERED {
        limiter.retain_recent();
    }
    limiter.check_key(&key).map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

/// Scripts, styles and connections of our own only; nobody may frame us. The console's framework writes style attributes.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Headers on every answer, and a measure of it.
pub async fn around(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    if api {
        set(header::CACHE_CONTROL, "no-store");
    }
    measure_answer(route.as_ref().map_or("none", MatchedPath::as_str), response.status(), begun);
    response
}

fn measure_answer(route: &str, status: StatusCode, begun: Instant) {
    let class = match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!(measure::HTTP_REQUESTS, "route" => route.to_owned(), "status" => class).increment(1);
    metrics::histogram!(measure::HTTP_SECONDS, "route" => route.to_owned()).record(begun.elapsed());
}

/// The answer to a request whose handler panicked. What it said may hold personal data: it stays out of the log.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(event = crate::observe::event::HTTP_PANICKED);
    Problem::ours().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_comes_too_often_is_told_when_to_come_again() {
        let limits = Limits::new(Rates {
            sign_in_per_min: 3,
            public_per_min: 100,
            codes_per_address_h: 3,
            codes_per_target_h: 2,
            filings_per_address_h: 100,
            filings_per_target_h: 2,
        });
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..3 {
            limits.sign_in(one).expect("within the rate");
        }
        let refused = limits.sign_in(one).expect_err("the fourth in a minute");
        assert_eq!(refused.status, 429);
        assert!(refused.more["retry_after"].as_u64().is_some_and(|s| (1..=21).contains(&s)));
        limits.sign_in(other).expect("another address");
        limits.public(one).expect("another limit");
        for _ in 0..2 {
            limits.code(one, "phone:+919830012345".into()).expect("within the rate");
        }
        assert_eq!(limits.code(other, "phone:+919830012345".into()).expect_err("from anywhere").status, 429);
        limits.code(other, "phone:+919830012346".into()).expect("another target");
    }
}
