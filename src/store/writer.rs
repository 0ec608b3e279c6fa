//! Who writes. On SQLite one thread owns the only writing connection and commits in groups: what is waiting is
//! done, one COMMIT makes all of it durable, and only then is anybody answered. A request that fails undoes itself only.
//! On PostgreSQL each request is a transaction on a connection of the pool.

use super::Change;
use super::connection::{BoxWork, Connection, at_once};
use super::error::{MET_ANOTHER, Result, StoreError};
use super::sqlite;
use crate::observe::event;
use sqlx::PgPool;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Requests that may wait. Beyond it the asker is told to come back.
const WAITING: usize = 4_096;
/// Requests in one commit.
const GROUP: usize = 256;
/// How long what was written stays in the log at least.
const TIDY: Duration = Duration::from_millis(200);
/// How often a PostgreSQL transaction that met another is tried.
const TRIES: u32 = 8;

/// What a request does inside its transaction; it answers what changed, to be told after the commit.
pub(super) trait Work: Send + Sync + 'static {
    /// What the asker gets.
    type Answer: Send + 'static;

    /// Does it. Called again, from the beginning, if the transaction has to be repeated. On SQLite it must wait
    /// for nothing but the connection.
    fn run<'a>(&'a self, on: &'a mut Connection, changes: &'a mut Vec<Change>) -> BoxWork<'a, Self::Answer>;
}

/// The door to writing.
#[derive(Clone)]
pub(super) enum Writer {
    Grouped(mpsc::Sender<Box<dyn Request>>),
    Pooled(PgPool, broadcast::Sender<Change>),
}

impl Writer {
    /// Starts the thread that writes to SQLite, and one that moves what was written from the log into the file on a connection of
    /// its own. They end when the last handle of the store is gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the system gives no thread.
    pub(super) fn grouped(
        connection: rusqlite::Connection,
        aside: Option<rusqlite::Connection>,
        changes: broadcast::Sender<Change>,
    ) -> Result<Self> {
        let (sender, inbox) = mpsc::channel(WAITING);
        let (written, tidy) = std::sync::mpsc::sync_channel(1);
        if let Some(aside) = aside {
            thread("store-checkpoints", move || move_into_file(&aside, &tidy))?;
        }
        thread("store-writer", move || write_groups(Connection::Sqlite(connection, Vec::new()), inbox, &changes, &written))?;
        Ok(Writer::Grouped(sender))
    }

    /// Writes on connections of this pool.
    pub(super) fn pooled(pool: PgPool, changes: broadcast::Sender<Change>) -> Self {
        Writer::Pooled(pool, changes)
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
    /// Does it; `false` if what it did is to be undone.
    fn run(&mut self, on: &mut Connection) -> bool;
    /// Why what it did is to be undone.
    fn error(&self) -> Option<StoreError>;
    /// What it did was undone; why.
    fn fail(&mut self, why: &StoreError);
    /// Tells the asker what came of it.
    fn answer(self: Box<Self>, changes: &broadcast::Sender<Change>);
}

struct Waiting<W: Work> {
    work: W,
    answer: Option<oneshot::Sender<Result<W::Answer>>>,
    outcome: Option<Result<W::Answer>>,
    changes: Vec<Change>,
}

impl<W: Work> Request for Waiting<W> {
    fn run(&mut self, on: &mut Connection) -> bool {
        self.changes.clear();
        let work = AssertUnwindSafe(|| at_once(self.work.run(on, &mut self.changes)));
        let outcome = std::panic::catch_unwind(work)
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a request failed inside the writer; the log has the place".into())));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn error(&self) -> Option<StoreError> {
        self.outcome.as_ref()?.as_ref().err().cloned()
    }

    fn fail(&mut self, why: &StoreError) {
        if !matches!(self.outcome, Some(Err(_))) {
            self.outcome = Some(Err(why.clone()));
        }
    }

    fn answer(mut self: Box<Self>, changes: &broadcast::Sender<Change>) {
        let outcome = self.outcome.take().unwrap_or_else(|| Err(StoreError::Unavailable("the request was not reached".into())));
        if outcome.is_ok() {
            for change in self.changes.drain(..) {
                let _ = changes.send(change); // nobody listens: fine
            }
        }
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(outcome); // the asker has gone; it is done all the same
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map(|_| ()).map_err(|e| StoreError::Unavailable(format!("no thread can be started: {e}")))
}

/// After something was written, moves it into the file: not more often than it is worth, and never in the writer's way. The writer
/// moves only the little that is left when the log is long, and then begins it anew.
fn move_into_file(aside: &rusqlite::Connection, written: &std::sync::mpsc::Receiver<()>) {
    while written.recv().is_ok() {
        if let Err(error) = sqlite::checkpoint(aside) {
            tracing::warn!(event = event::STORE_CHECKPOINT_FAILED, %error);
        }
        std::thread::sleep(TIDY);
    }
}

fn write_groups(
    mut connection: Connection,
    mut inbox: mpsc::Receiver<Box<dyn Request>>,
    changes: &broadcast::Sender<Change>,
    written: &std::sync::mpsc::SyncSender<()>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while inbox.blocking_recv_many(&mut group, GROUP) > 0 {
        if let Err(error) = write_group(&mut connection, &mut group) {
            tracing::error!(event = event::STORE_COMMIT_FAILED, %error, requests = group.len());
            connection.forget(0);
            let _ = now(&mut connection, "ROLLBACK"); // an error here means that there was nothing to roll back
            group.iter_mut().for_each(|request| request.fail(&error));
        }
        for request in group.drain(..) {
            request.answer(changes);
        }
        let _ = written.try_send(()); // it is told already
    }
}

/// Nearly every group goes through whole, so nothing is spent on savepoints until a request fails (each would write
/// out the index of words): then the group begins anew, each request in a savepoint of its own.
fn write_group(connection: &mut Connection, group: &mut [Box<dyn Request>]) -> Result<()> {
    now(connection, "BEGIN IMMEDIATE")?;
    if group.iter_mut().all(|request| request.run(connection)) {
        return commit(connection);
    }
    connection.forget(0);
    let _ = now(connection, "ROLLBACK"); // on a full disk SQLite may have done so by itself
    now(connection, "BEGIN IMMEDIATE")?;
    for request in group {
        now(connection, "SAVEPOINT request")?;
        let before = connection.waiting();
        if !request.run(connection) {
            connection.forget(before);
            if now(connection, "ROLLBACK TO request").is_err() {
                // SQLite has ended the whole transaction by itself, for the same reason: the group fails with the request.
                return Err(request.error().unwrap_or_else(|| StoreError::Unavailable("the transaction ended by itself".into())));
            }
        }
        now(connection, "RELEASE request")?;
    }
    commit(connection)
}

fn commit(connection: &mut Connection) -> Result<()> {
    connection.catch_up()?;
    now(connection, "COMMIT")
}

fn now(connection: &mut Connection, sql: &str) -> Result<()> {
    at_once(connection.execute(sql, &[])).map(|_| ())
}

async fn work_on_pool<W: Work>(pool: &PgPool, work: &W, tell: &broadcast::Sender<Change>) -> Result<W::Answer> {
    let mut tries = 0;
    loop {
        let mut changes = Vec::new();
        let mut connection = Connection::Transaction(pool.begin().await?);
        let outcome = work.run(&mut connection, &mut changes).await;
        let outcome = match (outcome, connection) {
            (Ok(answer), Connection::Transaction(transaction)) => transaction.commit().await.map(|()| answer).map_err(StoreError::from),
            (outcome, _) => outcome, // the transaction is rolled back as it is dropped
        };
        tries += 1;
        match outcome {
            Err(StoreError::Unavailable(why)) if tries < TRIES && why == MET_ANOTHER => {}
            Ok(answer) => {
                for change in changes {
                    let _ = tell.send(change); // nobody listens: fine
                }
                return Ok(answer);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
