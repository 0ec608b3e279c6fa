//! The outbox's couriers, one for each way of sending: takes what is due, sends it, and writes down what came of it.
//!
//! A claim holds a message for the length of a lease, longer than any one sending can take. Whatever kills the courier,
//! a message that was claimed and not marked comes up again when its lease is over, with the same key. So each is sent
//! at least once; a receiver that knows the key has it once. A gateway that keeps no keys (Kannel's `sendsms`) sends it
//! twice if the death falls between its taking and our marking: that window is one database write long.

use super::rules::{Decision, Recent, Rules};
use super::templates::Templates;
use crate::clock::Clock;
use crate::observe::event;
use crate::store::{Change, Due, Progress, Store, StoreError};
use daak_domain::carrier::{Carrier, Delivery, Dispatch, Fate, Sent};
use daak_domain::contact::Channel;
use daak_sms::{Report, ReportAddress, ReportError, Verdict};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// Carries the outbox's messages of some channels to their carrier.
pub struct Courier {
    store: Store,
    carrier: Arc<dyn Carrier>,
    channels: Vec<Channel>,
    templates: Arc<Templates>,
    rules: Rules,
    clock: Clock,
    recent: Mutex<Recent>,
}

/// How long a claim holds beyond the gateway's own patience: for writing down what came of it, also to a busy database.
const MARGIN: Duration = Duration::from_secs(20);
/// Messages claimed at a time.
const BATCH: u32 = 50;
/// How long the courier sleeps at most, in case it was not woken.
const NAP: Duration = Duration::from_secs(5);
/// Tries to write down what came of a message, while its lease lasts.
const MARKS: u32 = 6;

impl Courier {
    /// A courier for one carrier.
    pub fn new(store: Store, carrier: Arc<dyn Carrier>, templates: Arc<Templates>, rules: Rules, clock: Clock) -> Self {
        Self { store, channels: carrier.channels(), carrier, templates, rules, clock, recent: Mutex::default() }
    }

    /// Carries until `closing`; what is being sent then is finished and marked.
    pub async fn run(self, closing: CancellationToken) {
        let mut changes = self.store.changes();
        while !closing.is_cancelled() {
            let carried = match self.round().await {
                Ok(carried) => carried,
                Err(why) => {
                    tracing::warn!(event = event::OUTBOX_PAUSED, %why);
                    0
                }
            };
            let pace = Duration::from_secs(1) * u32::try_from(carried).unwrap_or(u32::MAX) / self.rules.per_second.max(1);
            let rest = if carried == 0 { self.until_next().await } else { pace };
            tokio::select! {
                () = closing.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
                () = new_message(&mut changes), if carried == 0 => {}
            }
        }
    }

    /// Claims what is due, sends it, marks it. Answers how many messages were sent or put off.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing can be claimed now.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let lease = now.checked_add(self.lease()).unwrap_or(now);
        let claimed = self.store.outbox_claim(&self.channels, now, lease, BATCH.min(self.rules.per_second.max(1))).await?;
        let count = claimed.len();
        let mut under_way: FuturesUnordered<_> = claimed.iter().map(|due| self.carry(due)).collect();
        while under_way.next().await.is_some() {}
        Ok(count)
    }

    /// Believes a delivery report that is signed with our key, and writes it on the ticket's timeline.
    ///
    /// # Errors
    /// [`ReportError`] for what is not believed, [`StoreError`] as a 503: the carrier tries again.
    pub async fn reported(store: &Store, address: &ReportAddress, query: &str, clock: &Clock) -> Result<(), ReportRefusal> {
        let Report { key, verdict, detail } = address.read(query)?;
        let fate = match verdict {
            Verdict::Delivered => Fate::Delivered,
            Verdict::Failed => Fate::Failed(detail.unwrap_or_else(|| "the carrier could not deliver it".to_owned())),
            Verdict::OnItsWay => return Ok(()),
        };
        Ok(Self::heard(store, Delivery { message: Sent::Key(key), fate }, clock).await?)
    }

    /// Writes what a carrier heard later of a message on the ticket's timeline.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such message.
    pub async fn heard(store: &Store, news: Delivery, clock: &Clock) -> Result<(), StoreError> {
        let keys = match news.message {
            Sent::Key(key) => vec![key],
            Sent::Carrier(name) => vec![store.outbox_by_carrier(&name).await?.ok_or(StoreError::NotFound("message"))?],
            Sent::Until { channel, to, at } => store.outbox_sent_to(channel, &to, at).await?,
        };
        let progress = match news.fate {
            Fate::Delivered => Progress::Delivered,
            Fate::Read => Progress::Read,
            Fate::Failed(why) => Progress::Failed { why },
        };
        for key in keys {
            store.outbox_mark(&key, progress.clone(), clock.now()).await?;
        }
        Ok(())
    }

    /// How long a claim holds: after a death, a message comes up again so much later.
    fn lease(&self) -> Duration {
        self.carrier.patience() + MARGIN
    }

    async fn carry(&self, due: &Due) {
        let now = self.clock.now();
        let expires = self.templates.expires_min(&due.template);
        let decision = match self.carrier.reaches(due.channel, &due.to) {
            Err(why) => Decision::Mark(Progress::Failed { why: why.to_owned() }),
            Ok(()) => {
                let asked_for = self.templates.is_asked_for(&due.template);
                self.rules.decide(due, expires, asked_for, now, &mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
            }
        };
        let decision = match decision {
            Decision::Send if !self.templates.is_asked_for(&due.template) && self.wants_no_notices(due).await => {
                Decision::Mark(Progress::Failed { why: "the citizen wants no notices (STOP)".to_owned() })
            }
            decided => decided,
        };
        let progress = match decision {
            Decision::Mark(progress) => progress,
            Decision::Send => {
                let outcome = self.carrier.send(&dispatch(due)).await;
                if let Err(why) = &outcome {
                    tracing::warn!(event = event::MESSAGE_NOT_TAKEN, driver = self.carrier.driver(), attempt = due.attempts + 1, %why);
                }
                self.rules.after(due, outcome.as_ref(), self.clock.now())
            }
        };
        self.mark(&due.key, progress).await;
    }

    /// A database that does not answer lets the notice go: being told too much is the smaller harm.
    async fn wants_no_notices(&self, due: &Due) -> bool {
        self.store.opted_out(due.channel, &due.to).await.unwrap_or(false)
    }

    /// Writes it down, more than once if the database is busy: what is not written is sent again.
    async fn mark(&self, key: &str, progress: Progress) {
        for attempt in 0..MARKS {
            match self.store.outbox_mark(key, progress.clone(), self.clock.now()).await {
                Ok(()) => return,
                Err(why @ StoreError::Unavailable(_)) if attempt + 1 < MARKS => {
                    tracing::warn!(event = event::OUTBOX_PAUSED, %why);
                    tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                }
                Err(why) => return tracing::error!(event = event::MESSAGE_NOT_MARKED, %why),
            }
        }
    }

    async fn until_next(&self) -> Duration {
        let next = self.store.outbox_next(&self.channels).await.ok().flatten();
        let wait = next.map(|at| at.duration_since(self.clock.now())).and_then(|wait| Duration::try_from(wait).ok());
        match next {
            // It is due already and was not claimed: somebody else has it, or the database is busy.
            Some(_) => wait.unwrap_or(Duration::from_millis(200)).clamp(Duration::from_millis(20), NAP),
            None => NAP,
        }
    }
}

fn dispatch(due: &Due) -> Dispatch {
    Dispatch {
        key: due.key.clone(),
        channel: due.channel,
        to: due.to.clone(),
        ticket: due.ticket,
        template: due.template.clone(),
        language: due.language,
        text: due.text.clone(),
        enclosed: due.enclosed.clone(),
    }
}

/// Why a delivery report was not written down.
#[derive(Debug, thiserror::Error)]
pub enum ReportRefusal {
    /// It is not believed.
    #[error(transparent)]
    NotBelieved(#[from] ReportError),
    /// It is believed, and cannot be written now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Waits until a message is put into the outbox.
async fn new_message(changes: &mut tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Message { state: "queued", .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
#[path = "courier_tests.rs"]
mod tests;
