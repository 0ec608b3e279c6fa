//! Who reads. A bounded number of connections that only read, beside the one that writes.
//!
//! SQLite is read on threads that may wait: a row that lies in memory takes microseconds, one that lies on the disk
//! does not, and the threads that serve everybody must not wait for it.

use super::connection::{BoxWork, Connection, Row, Value, at_once};
use super::error::{Result, StoreError};
use super::sqlite;
use sqlx::PgPool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a reader waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long reading may take.
const LONGEST: Duration = Duration::from_secs(20);

/// Connections that read.
#[derive(Clone)]
pub(super) enum Readers {
    Sqlite(Arc<Free>),
    Postgres(PgPool),
}

/// Connections that nobody uses now.
pub(super) struct Free {
    connections: Mutex<Vec<rusqlite::Connection>>,
    count: Arc<Semaphore>,
}

impl Readers {
    /// These connections.
    pub(super) fn of(connections: Vec<rusqlite::Connection>) -> Self {
        let count = Arc::new(Semaphore::new(connections.len()));
        Readers::Sqlite(Arc::new(Free { connections: Mutex::new(connections), count }))
    }

    /// Reads on one connection. What takes too long is given up.
    pub(super) async fn read<T, R>(&self, reading: R) -> Result<T>
    where
        T: Send + 'static,
        R: for<'a> FnOnce(&'a mut Connection) -> BoxWork<'a, T> + Send + 'static,
    {
        match self {
            Readers::Postgres(pool) => {
                let mut connection = Connection::Postgres(pool.acquire().await?);
                let done = tokio::time::timeout(LONGEST, reading(&mut connection)).await;
                done.unwrap_or_else(|_| Err(StoreError::Unavailable("reading took too long; ask for less".into())))
            }
            Readers::Sqlite(free) => {
                let mut lent = Lent::of(free).await?;
                let done = tokio::task::spawn_blocking(move || {
                    let connection = lent.connection()?;
                    at_once(reading(connection))
                });
                done.await.unwrap_or_else(|_| Err(StoreError::Unavailable("reading was given up".into())))
            }
        }
    }

    /// The rows of a statement.
    pub(super) async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let (sql, values) = (sql.to_owned(), values.iter().cloned().map(Value::into_owned).collect::<Vec<_>>());
        self.read(move |on| Box::pin(async move { on.rows(&sql, &values).await })).await
    }

    /// The first row of a statement.
    pub(super) async fn row(&self, sql: &str, values: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }
}

/// A connection to SQLite while it is lent; it goes back when this is dropped.
struct Lent {
    connection: Option<Connection>,
    home: Arc<Free>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    async fn of(home: &Arc<Free>) -> Result<Self> {
        let busy = || StoreError::Unavailable("too many are reading".into());
        let permit = tokio::time::timeout(PATIENCE, home.count.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| busy())?.map_err(|_| busy())?;
        let connection = home.connections.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(busy)?;
        Ok(Self { connection: Some(Connection::Sqlite(connection, Vec::new())), home: home.clone(), _permit: permit })
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        let connection = self.connection.as_mut().ok_or_else(|| StoreError::Unavailable("the connection is gone".into()))?;
        if let Connection::Sqlite(connection, _) = connection {
            sqlite::give_up_after(connection, LONGEST)?;
        }
        Ok(connection)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(Connection::Sqlite(connection, _)) = self.connection.take() {
            // The permit goes after this: whoever gets it finds the connection.
            self.home.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
