//! PostgreSQL, through sqlx.

use super::connection::{Cell, Row, Value};
use super::error::Result;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Column, PgConnection, PgPool, Postgres, Row as _, TypeInfo};
use std::sync::Arc;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections.
const POOL: u32 = 24;
/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the server itself gives up.
const LIMITS: [(&str, &str); 3] = [("statement_timeout", "20s"), ("lock_timeout", "10s"), ("idle_in_transaction_session_timeout", "30s")];

/// Connections to the database at `url`, brought up to date.
pub(super) async fn open(url: &str) -> Result<PgPool> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new().acquire_timeout(PATIENCE);
    // A migration may take longer than a request.
    let migrating = pool.clone().max_connections(1).connect_with(options.clone()).await?;
    MIGRATIONS.run(&migrating).await?;
    migrating.close().await;
    Ok(pool.max_connections(POOL).connect_with(options.options(LIMITS)).await?)
}

/// Does a statement; answers how many rows it changed.
pub(super) async fn execute(on: &mut PgConnection, sql: &str, values: &[Value<'_>]) -> Result<u64> {
    Ok(numbered(sql, values).execute(on).await?.rows_affected())
}

/// The rows that a statement gives.
pub(super) async fn rows(on: &mut PgConnection, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>> {
    let found = numbered(sql, values).fetch_all(on).await?;
    let names = found.first().map(|row| row.columns().iter().map(|c| c.name().to_owned()).collect::<Vec<_>>());
    let names: Arc<[String]> = names.unwrap_or_default().into();
    found.iter().map(|row| read(row, names.clone())).collect()
}

fn numbered<'q>(sql: &str, values: &[Value<'_>]) -> sqlx::query::Query<'q, Postgres, PgArguments> {
    // A question mark stands in none of our statements but before a parameter's number.
    let query = sqlx::query(AssertSqlSafe(sql.replace('?', "$")));
    values.iter().fold(query, |query, value| match value {
        Value::Number(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
        Value::Bytes(bytes) => query.bind(bytes.to_vec()),
    })
}

fn read(row: &PgRow, names: Arc<[String]>) -> Result<Row> {
    let cell = |at: usize| -> Result<Cell> {
        Ok(match row.column(at).type_info().name() {
            "INT8" => row.try_get::<Option<i64>, _>(at)?.map_or(Cell::Nothing, Cell::Number),
            "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Cell::Nothing, Cell::Bytes),
            _ => row.try_get::<Option<String>, _>(at)?.map_or(Cell::Nothing, Cell::Text),
        })
    };
    Ok(Row { cells: (0..row.len()).map(cell).collect::<Result<_>>()?, names })
}
