//! Where SQLite and PostgreSQL differ.

use super::error::{Result, StoreError};
use super::words::stored;
use daak_domain::ticket::Number;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Executor, Row};
use std::collections::BTreeSet;
use std::path::Path;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One machine.
    Sqlite,
    /// Many.
    Postgres,
}

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

impl Dialect {
    /// By the beginning of the address.
    pub(super) fn of(url: &str) -> Result<Self> {
        match url.split(':').next() {
            Some("sqlite") => Ok(Dialect::Sqlite),
            Some("postgres" | "postgresql") => Ok(Dialect::Postgres),
            _ => Err(StoreError::Unavailable("[database] url begins with sqlite: or postgres:".into())),
        }
    }

    /// The address as the driver wants it; makes the folder of a SQLite file.
    pub(super) fn prepare(self, url: &str) -> Result<String> {
        if self == Dialect::Postgres {
            return Ok(url.to_owned());
        }
        let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
        if let Some(folder) = Path::new(path).parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| StoreError::Unavailable(format!("the folder of the database cannot be made: {e}")))?;
        }
        Ok(format!("sqlite://{path}?mode=rwc"))
    }

    pub(super) fn migrator(self) -> &'static Migrator {
        match self {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
        }
    }

    /// Settings of a connection.
    pub(super) async fn tune(self, connection: &mut AnyConnection) -> Result<()> {
        match self {
            Dialect::Sqlite => {
                for pragma in [
                    "journal_mode = WAL",
                    "synchronous = FULL",
                    "busy_timeout = 5000",
                    "foreign_keys = ON",
                    "cache_size = -32000",
                    "temp_store = MEMORY",
                    "mmap_size = 268435456",
                    "wal_autocheckpoint = 4000",
                ] {
                    connection.execute(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}"))).await?;
                }
            }
            Dialect::Postgres => {
                connection.execute("SET statement_timeout = '20s'").await?;
            }
        }
        Ok(())
    }

    /// The next serial of a ticket.
    pub(super) async fn next_serial(self, on: &mut AnyConnection) -> Result<u64> {
        let sql = match self {
            Dialect::Sqlite => "UPDATE serials SET last = last + 1 WHERE name = 'ticket' RETURNING last",
            Dialect::Postgres => "SELECT nextval('ticket_serial')",
        };
        let serial: i64 = sqlx::query(sql).fetch_one(on).await?.try_get(0)?;
        u64::try_from(serial).map_err(|_| StoreError::Damaged("the serial of tickets is negative".into()))
    }

    /// Adds words to those by which a ticket is found.
    pub(super) async fn add_words(self, on: &mut AnyConnection, ticket: Number, new: &BTreeSet<String>) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let text = new.iter().map(|w| stored(w)).collect::<Vec<_>>().join(" ");
        let number = ticket.as_u64() as i64;
        match self {
            Dialect::Sqlite => {
                // The index beside it is kept by triggers.
                let sql = "INSERT INTO ticket_text (ticket, words) VALUES ($1, $2) ON CONFLICT (ticket) DO UPDATE SET words = words || ' ' || excluded.words";
                sqlx::query(sql).bind(number).bind(text).execute(on).await?;
            }
            Dialect::Postgres => {
                let sql = "INSERT INTO ticket_words (ticket, words) VALUES ($1, array_to_tsvector(string_to_array($2, ' ')))
                           ON CONFLICT (ticket) DO UPDATE SET words = ticket_words.words || excluded.words";
                sqlx::query(sql).bind(number).bind(text).execute(on).await?;
            }
        }
        Ok(())
    }

    /// The condition that a ticket has all the words, the last of which may be a beginning; `$n` is the parameter.
    pub(super) fn found_by(self, n: usize) -> String {
        match self {
            Dialect::Sqlite => format!("t.number IN (SELECT rowid FROM ticket_words WHERE ticket_words MATCH ${n})"),
            Dialect::Postgres => format!("t.number IN (SELECT ticket FROM ticket_words WHERE words @@ (${n})::text::tsquery)"),
        }
    }

    /// The parameter of [`Self::found_by`].
    pub(super) fn match_words(self, words: &BTreeSet<String>) -> String {
        // Stored words are `w` and hexadecimal digits: nothing in them needs quoting.
        let each = words.iter().map(|w| match self {
            Dialect::Sqlite => format!("{}*", stored(w)),
            Dialect::Postgres => format!("{}:*", stored(w)),
        });
        each.collect::<Vec<_>>().join(if self == Dialect::Sqlite { " AND " } else { " & " })
    }
}
