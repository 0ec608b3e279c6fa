//! What happens to the others when one request fails, the disk is full, or somebody else holds the database.

#![allow(clippy::panic)]

use super::*;
use crate::store::connection::values;

/// Writes a row of its own; then fails, panics, or not.
#[derive(Clone)]
struct Put {
    phone: String,
    then: Then,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Succeed,
    Fail,
    Panic,
}

impl Work for Put {
    type Answer = ();

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, ()> {
        Box::pin(async move {
            on.execute("INSERT INTO languages (phone, language) VALUES (?1, ?2)", values![&self.phone, "bn"]).await?;
            on.execute_later("INSERT INTO upkeep (task) VALUES (?1)", values![&self.phone]).await?;
            match self.then {
                Then::Succeed => Ok(()),
                Then::Fail => Err(StoreError::NotFound("reason")),
                Then::Panic => panic!("as asked"),
            }
        })
    }
}

struct House {
    _folder: tempfile::TempDir,
    file: std::path::PathBuf,
    writer: Writer,
}

impl House {
    async fn open(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("daak.sqlite");
        let (connection, _) = sqlite::open(&file, 0).expect("opened");
        connection.execute_batch(settings).expect("set");
        let writer = Writer::grouped(connection, None, broadcast::channel(8).0).expect("started");
        Self { _folder: folder, file, writer }
    }

    async fn put(&self, n: usize, then: Then) -> Result<()> {
        self.writer.work(Put { phone: format!("+9198300{n:05}"), then }).await
    }

    fn stored(&self) -> i64 {
        let connection = sqlite::connect(&self.file, false).expect("connected");
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("counted");
        let stored = count("SELECT count(*) FROM languages");
        assert_eq!(count("SELECT count(*) FROM upkeep WHERE task LIKE '+%'"), stored, "what is done later goes with its request");
        stored
    }
}

#[tokio::test]
async fn a_request_that_fails_or_panics_undoes_itself_only() {
    let house = House::open("").await;
    let then = |n: usize| match n % 7 {
        3 => Then::Fail,
        5 => Then::Panic,
        _ => Then::Succeed,
    };
    let all = futures_util::future::join_all((0..210).map(|n| house.put(n, then(n)))).await;
    for (n, outcome) in all.iter().enumerate() {
        assert_eq!(outcome.is_ok(), then(n) == Then::Succeed, "{n}: {outcome:?}");
    }
    assert_eq!(house.stored(), 150);
    assert!(house.put(1_000, Then::Succeed).await.is_ok(), "the writer goes on");
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_answered_is_there() {
    let house = House::open("PRAGMA max_page_count = 120").await;
    let mut kept = 0;
    for round in 0..200 {
        let all = futures_util::future::join_all((0..50).map(|n| house.put(round * 50 + n, Then::Succeed))).await;
        kept += all.iter().filter(|outcome| outcome.is_ok()).count();
        let full = |outcome: &Result<()>| matches!(outcome, Err(StoreError::Unavailable(why)) if why == "the disk is full");
        if let Some(first) = all.iter().find(|outcome| outcome.is_err()) {
            assert!(full(first), "{first:?}");
            assert!(kept > 0);
            assert_eq!(house.stored(), kept as i64);
            return;
        }
    }
    panic!("the disk never filled");
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_said_and_comes_back() {
    let house = House::open("").await;
    let other = sqlite::connect(&house.file, true).expect("connected");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let connection = sqlite::connect(&house.file, true).expect("connected");
    connection.busy_timeout(Duration::from_millis(20)).expect("set");
    let impatient = House { writer: Writer::grouped(connection, None, broadcast::channel(8).0).expect("started"), ..house };
    let refused = impatient.put(1, Then::Succeed).await;
    assert!(matches!(&refused, Err(StoreError::Unavailable(why)) if why == "another program holds the database"), "{refused:?}");
    other.execute_batch("ROLLBACK").expect("let go");
    assert!(impatient.put(1, Then::Succeed).await.is_ok());
    assert_eq!(impatient.stored(), 1);
}
