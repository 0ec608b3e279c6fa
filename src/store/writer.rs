//! Who writes. On SQLite one task owns the only writing connection and commits in groups: what is waiting is
//! done, one COMMIT makes all of it durable, and only then is anybody answered. A request that fails undoes itself only.
//! On PostgreSQL each request is a transaction on a connection of the pool.

use super::error::{Result, StoreError};
use super::{Change, Dialect};
use sqlx::{AnyConnection, AnyPool, Connection, Executor};
use std::future::Future;
use std::pin::Pin;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Requests that may wait. Beyond it the asker is told to come back.
const WAITING: usize = 4_096;
/// Requests in one commit.
const GROUP: usize = 256;
/// How often a PostgreSQL transaction that met another is tried.
const TRIES: u32 = 8;

/// What a request does inside its transaction; it answers what changed, to be told after the commit.
pub(super) trait Work: Send + Sync + 'static {
    /// What the asker gets.
    type Answer: Send + Sync + 'static;

    /// Does it. Called again, from the beginning, if the transaction has to be repeated.
    fn run<'a>(&'a self, on: &'a mut AnyConnection, changes: &'a mut Vec<Change>) -> BoxWork<'a, Self::Answer>;
}

/// What [`Work::run`] answers.
pub(super) type BoxWork<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The door to writing.
#[derive(Clone)]
pub(super) enum Writer {
    Grouped(mpsc::Sender<Box<dyn Request>>),
    Pooled(AnyPool, broadcast::Sender<Change>),
}

impl Writer {
    /// Starts the writing task for SQLite, or uses the pool for PostgreSQL.
    pub(super) fn start(dialect: Dialect, connection: Option<AnyConnection>, pool: AnyPool, changes: broadcast::Sender<Change>) -> Self {
        match (dialect, connection) {
            (Dialect::Sqlite, Some(connection)) => {
                let (sender, inbox) = mpsc::channel(WAITING);
                tokio::spawn(write_groups(connection, inbox, changes));
                Writer::Grouped(sender)
            }
            _ => Writer::Pooled(pool, changes),
        }
    }

    /// Does a piece of work durably: when this answers `Ok`, it is on the disk.
    pub(super) async fn work<W: Work>(&self, work: W) -> Result<W::Answer> {
        match self {
            Writer::Grouped(sender) => {
                let (answer, answered) = oneshot::channel();
                let waiting = Waiting { work, answer: Some(answer), outcome: None, changes: Vec::new() };
                sender.try_send(Box::new(waiting)).map_err(|_| StoreError::Unavailable("too many requests wait to be written".into()))?;
                answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has stopped".into())))
            }
            Writer::Pooled(pool, changes) => work_on_pool(pool, &work, changes).await,
        }
    }
}

/// A request on its way through a group.
pub(super) trait Request: Send {
    fn run<'a>(&'a mut self, on: &'a mut AnyConnection) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
    /// Tells the asker what came of it; `failed` if the commit did not succeed.
    fn answer(self: Box<Self>, failed: Option<&StoreError>, changes: &broadcast::Sender<Change>);
}

struct Waiting<W: Work> {
    work: W,
    answer: Option<oneshot::Sender<Result<W::Answer>>>,
    outcome: Option<Result<W::Answer>>,
    changes: Vec<Change>,
}

impl<W: Work> Request for Waiting<W> {
    fn run<'a>(&'a mut self, on: &'a mut AnyConnection) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            self.changes.clear();
            let outcome = self.work.run(on, &mut self.changes).await;
            let keep = outcome.is_ok();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn answer(mut self: Box<Self>, failed: Option<&StoreError>, changes: &broadcast::Sender<Change>) {
        let outcome = match (self.outcome.take(), failed) {
            (Some(Ok(_)) | None, Some(error)) => Err(error.clone()),
            (Some(outcome), _) => outcome,
            (None, None) => Err(StoreError::Unavailable("the request was not reached".into())),
        };
        if outcome.is_ok() {
            for change in self.changes.drain(..) {
                let _ = changes.send(change);
            }
        }
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(outcome);
        }
    }
}

async fn write_groups(mut connection: AnyConnection, mut inbox: mpsc::Receiver<Box<dyn Request>>, changes: broadcast::Sender<Change>) {
    let mut group = Vec::with_capacity(GROUP);
    while inbox.recv_many(&mut group, GROUP).await > 0 {
        let failed = write_group(&mut connection, &mut group).await.err();
        if let Some(error) = &failed {
            tracing::error!(event = "store.commit_failed", %error, requests = group.len());
            let _ = connection.execute("ROLLBACK").await; // an error here means that there was nothing to roll back
        }
        for request in group.drain(..) {
            request.answer(failed.as_ref(), &changes);
        }
    }
}

/// Nearly every group goes through whole, so nothing is spent on savepoints until a request fails; then the group
/// begins anew, each request in a savepoint of its own.
async fn write_group(connection: &mut AnyConnection, group: &mut [Box<dyn Request>]) -> Result<()> {
    connection.execute("BEGIN IMMEDIATE").await?;
    for request in group.iter_mut() {
        if !request.run(connection).await {
            connection.execute("ROLLBACK").await?;
            return write_each(connection, group).await;
        }
    }
    connection.execute("COMMIT").await?;
    Ok(())
}

async fn write_each(connection: &mut AnyConnection, group: &mut [Box<dyn Request>]) -> Result<()> {
    connection.execute("BEGIN IMMEDIATE").await?;
    for request in group {
        connection.execute("SAVEPOINT request").await?;
        if !request.run(connection).await {
            connection.execute("ROLLBACK TO request").await?;
        }
        connection.execute("RELEASE request").await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}

async fn work_on_pool<W: Work>(pool: &AnyPool, work: &W, tell: &broadcast::Sender<Change>) -> Result<W::Answer> {
    let mut tries = 0;
    loop {
        let mut changes = Vec::new();
        let mut connection = pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let outcome = work.run(&mut transaction, &mut changes).await;
        let outcome = match outcome {
            Ok(answer) => transaction.commit().await.map(|()| answer).map_err(StoreError::from),
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        };
        tries += 1;
        match outcome {
            Err(StoreError::Unavailable(why)) if tries < TRIES && met_another(&why) => {}
            Ok(answer) => {
                for change in changes {
                    let _ = tell.send(change);
                }
                return Ok(answer);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a transaction failed only because another one wrote the same rows at the same time.
fn met_another(why: &str) -> bool {
    ["duplicate key", "deadlock detected", "could not serialize"].iter().any(|sign| why.contains(sign))
}
