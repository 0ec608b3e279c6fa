//! Measures: what happens to whose matters, where, and how long it takes.
//!
//! [`Insight`] answers questions in the measures of `measures.toml`. Every number is a count of tickets, and says which list of tickets
//! it is the length of ([`Cell::list`]).

pub mod geography;
mod hotspots;
mod names;
mod question;
pub mod report;
mod table;
mod weekly;

pub use hotspots::{HotSpot, in_digits};
pub use names::Names;
pub use question::{Question, Seen, TooMuch};
pub use table::{AgeLine, Ages, Cell, Line, Point, Step, Table};
pub use weekly::Weekly;

use crate::masters::Masters;
use crate::observe::event;
use crate::store::{Store, StoreError};
use daak_domain::insight::Measures;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Answers questions about what happened.
#[derive(Clone)]
pub struct Insight {
    store: Store,
    masters: Arc<Masters>,
    names: Arc<Names>,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum InsightError {
    /// More than can be answered at once.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often differences are gathered into sums.
const GATHER: Duration = Duration::from_secs(2);
/// Differences that are worth it. A question reads those that wait one by one.
const WORTH: i64 = 4_000;

impl Insight {
    /// Answers from this database, with the names and measures of these masters.
    pub fn new(store: Store, masters: Arc<Masters>) -> Self {
        let names = Arc::new(Names::of(&masters));
        Self { store, masters, names }
    }

    /// The measures.
    pub fn measures(&self) -> &Measures {
        &self.masters.measures
    }

    /// Names of what is counted apart.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What the map draws.
    pub fn geography(&self) -> &geography::Geography {
        &self.masters.geography
    }

    /// Gathers differences into sums, again and again, until the program ends.
    pub async fn gather(self, closing: CancellationToken) {
        let mut every = tokio::time::interval(GATHER);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = closing.cancelled() => break,
            }
            if let Err(error) = self.store.gather_counts(WORTH).await {
                tracing::warn!(event = event::COUNTS_NOT_GATHERED, %error);
            }
        }
    }
}
