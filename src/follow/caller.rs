//! Calls other systems when something happened: each from where it last was, in order, signed, again until it is taken.
//!
//! A claim holds a webhook for the length of a lease. What was told and not written down is told again after a death, with the
//! same names: so each change is told at least once, and whoever keeps the names has it once.

use super::ChangeView;
use crate::clock::Clock;
use crate::observe::event;
use crate::store::{ChangeQuery, ChangeRow, Store, StoreError, WebhookCall, WebhookRow};
use daak_domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// The calling.
pub struct Caller {
    store: Store,
    client: reqwest::Client,
    clock: Clock,
}

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a claim holds.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Changes in one call.
const BATCH: u32 = 100;
/// How long the task sleeps at most.
const NAP: Duration = Duration::from_secs(5);
/// Longest wait between two calls in vain.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// Whoever does not answer for so long is not called any more until somebody says so.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(72);

impl Caller {
    /// Over these parts. The client follows no redirects.
    ///
    /// # Errors
    /// The client's own.
    pub fn new(store: Store, clock: Clock) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { store, client, clock })
    }

    /// Calls until `closing`.
    pub async fn run(self, closing: CancellationToken) {
        let mut changes = self.store.changes();
        while !closing.is_cancelled() {
            match self.round().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(why) => tracing::warn!(event = event::WEBHOOKS_PAUSED, %why),
            }
            tokio::select! {
                () = closing.cancelled() => {}
                () = tokio::time::sleep(NAP) => {}
                news = changes.recv() => if matches!(news, Err(RecvError::Closed)) { return },
            }
        }
    }

    /// Calls everybody who is due once; answers how many took something.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let lease = now.checked_add(LEASE).unwrap_or(now);
        let due = self.store.webhooks_claim(now, lease).await?;
        let calls = due.into_iter().map(|hook| self.tell(hook));
        let told = futures_util::future::join_all(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(told.into_iter().filter(|took| *took).count())
    }

    /// Tells a webhook what comes next for it; `true` if it took something.
    async fn tell(&self, mut hook: WebhookRow) -> Result<bool, StoreError> {
        let query = ChangeQuery { after: Some(hook.after), limit: BATCH, ..ChangeQuery::default() };
        let changes = self.store.changes_of(query).await?;
        let Some(last) = changes.last().map(|change| change.place) else {
            hook.next_at = self.clock.now();
            self.store.webhook_called(hook, None).await?;
            return Ok(false);
        };
        let call = self.call(&hook, &changes).await;
        let taken = call.taken;
        if taken {
            (hook.after, hook.attempts, hook.failing_since, hook.next_at) = (last, 0, None, self.clock.now());
        } else {
            fail(&mut hook, self.clock.now());
            tracing::warn!(event = event::WEBHOOK_NOT_TAKEN, name = %hook.name, attempt = hook.attempts, why = %call.detail);
        }
        self.store.webhook_called(hook, Some(call)).await?;
        Ok(taken)
    }

    /// A trial: a call without changes, by which whoever is called can see that it is heard. It is remembered like every other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn try_out(&self, hook: WebhookRow) -> Result<WebhookCall, StoreError> {
        let call = self.call(&hook, &[]).await;
        self.store.webhook_called(hook, Some(call.clone())).await?;
        Ok(call)
    }

    async fn call(&self, hook: &WebhookRow, changes: &[ChangeRow]) -> WebhookCall {
        let at = self.clock.now();
        // Matters that complain of offices are told to nobody.
        let views: Vec<_> = changes.iter().filter(|change| change.ticket.about.is_empty()).map(ChangeView::from).collect();
        let told = match (changes.first(), changes.last()) {
            (Some(first), Some(last)) => format!("{}…{}", first.place, last.place),
            _ => String::new(),
        };
        let body = json!({ "webhook": hook.name, "sent_at": at, "trial": changes.is_empty(), "changes": views }).to_string();
        let timestamp = at.as_second();
        let request = self
            .client
            .post(&hook.url)
            .header("Content-Type", "application/json")
            .header("Daak-Timestamp", timestamp.to_string())
            .header("Daak-Signature", signature(&hook.secret, timestamp, body.as_bytes()))
            .body(body);
        let (taken, detail) = match request.send().await {
            Ok(answer) => (answer.status().is_success(), answer.status().to_string()),
            // The address may hold a secret: it is not repeated.
            Err(why) => (false, why.without_url().to_string()),
        };
        WebhookCall { at, told, changes: u32::try_from(views.len()).unwrap_or(u32::MAX), taken, detail }
    }
}

/// Another call in vain: later each time, and at last none.
fn fail(hook: &mut WebhookRow, now: Timestamp) {
    let wait = SignedDuration::from_secs(10 << hook.attempts.min(12)).min(LONGEST_WAIT);
    hook.attempts = hook.attempts.saturating_add(1);
    hook.next_at = now.checked_add(wait).unwrap_or(now);
    let since = *hook.failing_since.get_or_insert(now);
    if now.duration_since(since) >= GIVEN_UP {
        hook.paused_at = Some(now);
    }
}

/// `v1=` and the hexadecimal HMAC-SHA-256 of the time, a dot and the body: whoever is called compares it, and refuses what is old.
pub fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    // A key of any length is one (RFC 2104 section 3).
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Place;

    #[test]
    fn whoever_does_not_answer_is_called_more_seldom_and_at_last_not_at_all() {
        let start: Timestamp = "2026-11-24T10:00:00Z".parse().expect("a time");
        let mut hook = WebhookRow {
            name: "portal".into(),
            url: "http://127.0.0.1/".into(),
            secret: "s".into(),
            after: Place::default(),
            attempts: 0,
            next_at: start,
            paused_at: None,
            failing_since: None,
        };
        let (mut now, mut waits) = (start, Vec::new());
        while hook.paused_at.is_none() {
            fail(&mut hook, now);
            waits.push(hook.next_at.duration_since(now).as_secs());
            now = hook.next_at;
            assert!(waits.len() < 200);
        }
        assert_eq!(waits[..4], [10, 20, 40, 80]);
        assert!(waits.iter().all(|wait| *wait <= 3600) && now.duration_since(start) >= GIVEN_UP);
    }

    #[test]
    fn the_signature_is_that_of_time_and_body() {
        let signed = signature("key", 1, b"{}");
        assert!(signed.starts_with("v1=") && signed.len() == 3 + 64);
        assert_ne!(signed, signature("key", 2, b"{}"));
        assert_ne!(signed, signature("other", 1, b"{}"));
    }
}
