//! SQLite, through rusqlite: at once, on the thread that asks.

use super::connection::{Cell, Row, Value};
use super::error::{Result, StoreError};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior, params};
use sqlx::migrate::Migrator;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long another program may hold the database.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that are kept ready on each connection.
const STATEMENTS: usize = 128;
/// Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond.
const STEPS: i32 = 20_000;

/// The file of an address `sqlite:PATH`; makes its folder.
pub(super) fn file(url: &str) -> Result<PathBuf> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(StoreError::Unavailable("[database] url names a file: sqlite:data/daak.sqlite".into()));
    }
    let path = PathBuf::from(path);
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| StoreError::Unavailable(format!("the folder of the database cannot be made: {e}")))?;
    }
    Ok(path)
}

/// Opens the database, made if it does not exist and brought up to date: a connection that writes, and some that do not.
pub(super) fn open(file: &Path, readers: usize) -> Result<(Connection, Vec<Connection>)> {
    let mut first = connect(file, true)?;
    migrate(&mut first, &MIGRATIONS)?;
    // Every statement of ours has its index. Counts of rows that were true when the database was small make the planner read whole
    // tables, those of the index of words among them, for ever after (measured: 83 % of taking in at half a million tickets).
    first.execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4;")?;
    drop(first); // it has read them
    let writes = connect(file, true)?;
    let reads = (0..readers).map(|_| connect(file, false)).collect::<Result<_>>()?;
    Ok((writes, reads))
}

/// A connection: to write, or to read only.
pub(super) fn connect(file: &Path, writes: bool) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let kibibytes = if writes { 64_000 } else { 8_000 };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{kibibytes}; PRAGMA mmap_size = 1073741824; PRAGMA wal_autocheckpoint = 8000; PRAGMA query_only = {};",
        u8::from(!writes)
    ))?;
    Ok(connection)
}

/// Brings the database up to date. The book of what was done is the one that sqlx keeps, for sqlx wrote it before.
fn migrate(connection: &mut Connection, migrations: &Migrator) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
         execution_time BIGINT NOT NULL)",
    )?;
    let unknown = {
        let mut book = connection.prepare("SELECT version FROM _sqlx_migrations")?;
        let versions = book.query_map([], |row| row.get::<_, i64>(0))?.collect::<std::result::Result<Vec<_>, _>>()?;
        versions.into_iter().find(|version| !migrations.version_exists(*version))
    };
    if let Some(version) = unknown {
        let why = format!("the database is of a newer version of this program (migration {version}): start that one");
        return Err(StoreError::Unavailable(why));
    }
    for step in migrations.iter() {
        let wrong = |why: String| StoreError::Unavailable(format!("migration {} ({}): {why}", step.version, step.description));
        // Looked at under the lock: another program may have done it a moment ago.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT checksum FROM _sqlx_migrations WHERE version = ?1 AND success";
        match transaction.query_row(sql, [step.version], |row| row.get::<_, Vec<u8>>(0)).optional()? {
            Some(checksum) if checksum == *step.checksum => continue,
            Some(_) => return Err(wrong("another one of this number was done before".into())),
            None => {}
        }
        let began = Instant::now();
        transaction.execute_batch(step.sql.as_str()).map_err(|e| wrong(e.to_string()))?;
        let took = i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, ?4)";
        transaction.execute(sql, params![step.version, &*step.description, &*step.checksum, took])?;
        transaction.commit()?;
    }
    Ok(())
}

/// Moves what lies in the write-ahead log into the file, as far as nobody reads it, beside whoever writes.
pub(super) fn checkpoint(connection: &Connection) -> Result<()> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
}

/// Does a statement; answers how many rows it changed.
pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value<'_>]) -> Result<u64> {
    let mut statement = bound(connection, sql, values)?;
    Ok(statement.raw_execute()? as u64)
}

/// The rows that a statement gives.
pub(super) fn rows(connection: &Connection, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
    let mut statement = bound(connection, sql, values)?;
    let columns = statement.column_count();
    let names: std::sync::Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let (mut rows, mut found) = (statement.raw_query(), Vec::new());
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|at| Ok(cell(row.get_ref(at)?))).collect::<Result<_>>()?;
        found.push(Row { names: names.clone(), cells });
    }
    Ok(found)
}

/// From this moment on, what takes longer than `patience` is given up with [`StoreError::Unavailable`].
pub(super) fn give_up_after(connection: &Connection, patience: Duration) -> Result<()> {
    let end = Instant::now() + patience;
    Ok(connection.progress_handler(STEPS, Some(move || Instant::now() >= end))?)
}

fn bound<'c>(connection: &'c Connection, sql: &str, values: &[Value<'_>]) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql)?;
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, parameter(value))?;
    }
    Ok(statement)
}

fn parameter<'a>(value: &'a Value<'_>) -> ToSqlOutput<'a> {
    ToSqlOutput::Borrowed(match value {
        Value::Number(number) => number.map_or(ValueRef::Null, ValueRef::Integer),
        Value::Text(text) => text.as_deref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
        Value::Bytes(bytes) => ValueRef::Blob(bytes),
    })
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Nothing,
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Real(number) => Cell::Number(number as i64),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_when_the_database_was_small_mislead_nobody() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("daak.sqlite");
        let (writes, _) = open(&file, 0).expect("opened");
        writes.execute_batch("ANALYZE").expect("counted");
        drop(writes);
        let (writes, _) = open(&file, 0).expect("opened again");
        let plan = rows(&writes, "EXPLAIN QUERY PLAN DELETE FROM ticket_words_data WHERE id >= 1 AND id <= 2", &[]).expect("planned");
        let detail: String = plan[0].get("detail").expect("a plan");
        assert!(detail.starts_with("SEARCH"), "{detail}");
    }

    #[test]
    fn a_search_without_end_is_given_up_and_the_connection_goes_on() {
        let connection = Connection::open_in_memory().expect("opened");
        give_up_after(&connection, Duration::from_millis(5)).expect("set");
        let endless = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) AS all_of_them FROM n";
        let given_up = rows(&connection, endless, &[]).expect_err("never ends");
        assert!(matches!(&given_up, StoreError::Unavailable(why) if why.contains("too long")), "{given_up:?}");
        give_up_after(&connection, Duration::from_secs(20)).expect("set");
        let one = rows(&connection, "SELECT ?1 AS one", &[Value::from(1)]).expect("read");
        assert_eq!(one[0].get::<i64>("one").expect("a number"), 1);
    }
}
