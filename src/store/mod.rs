//! The database: SQLite or PostgreSQL behind one interface.
//!
//! The truth about a ticket is its events, append-only and chained by hash; tables for reading are
//! folded from them in the same transaction. SQL is written once; where the two databases differ, the
//! difference is in [`dialect`].

mod access;
mod append;
mod calls;
mod chain;
mod dialect;
mod error;
mod held;
mod outbox;
mod people;
mod row;
mod search;
mod take_in;
pub mod words;
mod writer;

pub use access::{SessionRow, TokenRow, UserRow};
pub use append::NewMessage;
pub use chain::Broken;
pub use error::{Result, StoreError};
pub use held::{HeldRow, Settled};
pub use outbox::{Due, MessageRow, Progress};
pub use people::Person;
pub use row::StoredContact;
pub use search::{Found, Page, TicketQuery};
pub use take_in::{Destination, Opening, TakeIn, TakenIn};

use daak_domain::ticket::{Number, State};
use dialect::Dialect;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Connection, Executor};
use std::path::Path;
use std::time::Duration;
use tokio::sync::broadcast;
use writer::Writer;

/// The store. Clones are handles of the same one.
#[derive(Clone)]
pub struct Store {
    dialect: Dialect,
    readers: AnyPool,
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
/// Connections that read.
const READERS: u32 = 8;

impl Store {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`), made if it does not exist, and brings
    /// it up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says why it cannot be reached or migrated.
    pub async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url)?;
        let url = dialect.prepare(url)?;
        let mut first = AnyConnection::connect(&url).await?;
        dialect.tune(&mut first).await?;
        dialect.migrator().run(&mut first).await?;
        let readers = AnyPoolOptions::new()
            .max_connections(if dialect == Dialect::Postgres { 24 } else { READERS })
            .acquire_timeout(Duration::from_secs(5))
            // A file does not go away; a server may.
            .test_before_acquire(dialect == Dialect::Postgres)
            .after_connect(move |connection, _| {
                Box::pin(async move { dialect.tune(connection).await.map_err(|e| sqlx::Error::Protocol(e.to_string())) })
            })
            .connect(&url)
            .await?;
        let (changes, _) = broadcast::channel(CHANGES);
        let writer = Writer::start(dialect, (dialect == Dialect::Sqlite).then_some(first), readers.clone(), changes.clone());
        Ok(Self { dialect, readers, writer, changes })
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
        self.readers.execute("SELECT 1").await?;
        Ok(())
    }
}
