//! Keeping the records of finished calls, while the database can and when it can again.

use crate::observe::event;
use crate::store::{Store, StoreError};
use daak_domain::call::CallRecord;
use daak_domain::seam::{BoxFuture, Refusal};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Where records of finished calls are kept.
pub trait Ledger: Send + Sync + 'static {
    /// Keeps a record. A second time with the same call changes nothing.
    fn keep(&self, record: CallRecord) -> BoxFuture<'_, Result<(), Refusal>>;
}

impl Ledger for Store {
    fn keep(&self, record: CallRecord) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            self.put_call(record).await.map_err(|why| match why {
                StoreError::Unavailable(_) | StoreError::Conflict { .. } => Refusal::Unavailable(why.to_string()),
                other => Refusal::Invalid(other.to_string()),
            })
        })
    }
}

/// Records on their way at a time: enough that the database commits many at once.
const AT_ONCE: usize = 64;
/// Tries; with the pauses between them, about a quarter of an hour.
const TRIES: u32 = 36;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Keeps every record that comes, until no more can come.
pub(super) async fn keep_all(ledger: Arc<dyn Ledger>, mut records: mpsc::Receiver<CallRecord>) {
    let mut under_way = JoinSet::new();
    while let Some(record) = records.recv().await {
        while under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        while under_way.try_join_next().is_some() {}
        under_way.spawn(keep(ledger.clone(), record));
    }
    while under_way.join_next().await.is_some() {}
}

async fn keep(ledger: Arc<dyn Ledger>, record: CallRecord) {
    let (call, mut pause) = (record.call, Duration::from_millis(100));
    for attempt in 1..=TRIES {
        match ledger.keep(record.clone()).await {
            Ok(()) => return,
            Err(Refusal::Unavailable(why)) if attempt < TRIES => tracing::warn!(event = event::CALL_UNKEPT, %call, %why),
            Err(why) => return tracing::error!(event = event::CALL_UNKEPT, %call, %why, "given up"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
