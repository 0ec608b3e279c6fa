//! The database: SQLite or PostgreSQL behind one interface.
//!
//! The truth about a ticket is its events, append-only and chained by hash; tables for reading are
//! folded from them in the same transaction. SQL is written once; where that of the two databases differs, the
//! difference is in [`dialect`]. How each is reached is in [`sqlite`] and [`postgres`].

mod access;
mod append;
mod awaited;
mod calls;
mod chain;
mod changes;
mod citizens;
mod connection;
mod conversation;
mod cursors;
mod dialect;
mod due;
mod error;
mod figures;
mod finding;
mod held;
mod insight;
mod limits;
mod matters;
mod outbox;
mod people;
mod postgres;
mod questions;
mod readers;
mod row;
mod search;
mod sqlite;
mod take_in;
mod volumes;
mod webhooks;
pub mod words;
mod writer;

pub use access::{SessionRow, TokenRow, UserRow};
pub use append::NewMessage;
pub use awaited::{Attempt, Awaited, NewAwaited};
pub use calls::Disposition;
pub use chain::Broken;
pub use changes::{ChangeQuery, ChangeRow, Place};
pub use citizens::{CitizenSession, NewCode, ShownCode, WholeTicket};
pub use error::{Result, StoreError};
pub use figures::{Count, CountedBy};
pub use held::{HeldRow, Settled};
pub use insight::{Counted, Counting};
pub use matters::{PublicMatter, PublicQuery};
pub use outbox::{Due, MessageRow, Progress};
pub use people::Person;
pub use row::StoredContact;
pub use search::{Found, Page, TicketQuery, Within};
pub use take_in::{Destination, Opening, TakeIn, TakenIn};
pub use webhooks::{WebhookCall, WebhookRow};

use daak_domain::ticket::{Number, State};
use dialect::Dialect;
use readers::Readers;
use std::path::Path;
use tokio::sync::broadcast;
use writer::Writer;

/// The store. Clones are handles of the same one.
#[derive(Clone)]
pub struct Store {
    dialect: Dialect,
    readers: Readers,
    writer: Writer,
    changes: broadcast::Sender<Change>,
}

/// What changed, told after it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A ticket was registered or has new events.
    Ticket {
        /// Which.
        number: Number,
        /// How many events it has now.
        seq: u32,
        /// Its state now.
        state: State,
        /// Department that holds it.
        department: String,
        /// Whether it is an emergency.
        emergency: bool,
        /// Code of the office that has it.
        office: String,
        /// LGD code of its district.
        district: Option<String>,
        /// Codes of the offices that it complains of.
        about: Vec<String>,
    },
    /// A message in the outbox moved on, or is new.
    Message {
        /// Its key.
        key: String,
        /// Where it stands.
        state: &'static str,
    },
    /// Something came into quarantine, or left it.
    Held,
}

/// Changes that a listener may be behind.
const CHANGES: usize = 4_096;
/// Connections that read SQLite, where nothing else is said.
const READERS: usize = 4;

impl Store {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`), made if it does not exist, and brings
    /// it up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says why it cannot be reached or migrated.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_for(url, READERS).await
    }

    /// As [`Store::open`], with so many connections that read a SQLite database at once.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_for(url: &str, readers: usize) -> Result<Self> {
        let (changes, _) = broadcast::channel(CHANGES);
        let store = match Dialect::of(url)? {
            Dialect::Sqlite => Self::open_sqlite(url, readers.max(1), changes).await?,
            Dialect::Postgres => Self::open_postgres(url, changes).await?,
        };
        store.keep_up().await?;
        store.count_what_was_there().await?;
        Ok(store)
    }

    async fn open_sqlite(url: &str, readers: usize, changes: broadcast::Sender<Change>) -> Result<Self> {
        let file = sqlite::file(url)?;
        let opened = tokio::task::spawn_blocking(move || sqlite::open(&file, readers + 1)).await;
        let (writes, mut others) = opened.unwrap_or_else(|_| Err(StoreError::Unavailable("the database could not be opened".into())))?;
        let writer = Writer::grouped(writes, others.pop(), changes.clone())?;
        Ok(Self { dialect: Dialect::Sqlite, readers: Readers::of(others), writer, changes })
    }

    async fn open_postgres(url: &str, changes: broadcast::Sender<Change>) -> Result<Self> {
        let pool = postgres::open(url).await?;
        let writer = Writer::pooled(pool.clone(), changes.clone());
        Ok(Self { dialect: Dialect::Postgres, readers: Readers::Postgres(pool), writer, changes })
    }

    /// Opens a SQLite database in a folder, as a small office does.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_dir(dir: &Path) -> Result<Self> {
        Self::open(&format!("sqlite:{}", dir.join("daak.sqlite").display())).await
    }

    /// What changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not.
    pub async fn ping(&self) -> Result<()> {
        self.readers.row("SELECT 1", &[]).await.map(|_| ())
    }
}
