//! Where the SQL of SQLite and of PostgreSQL differs.

use super::connection::{Connection, values};
use super::error::{Result, StoreError};
use super::volumes;
use daak_domain::ticket::Number;
use std::collections::BTreeSet;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One machine.
    Sqlite,
    /// Many.
    Postgres,
}

impl Dialect {
    /// By the beginning of the address.
    pub(super) fn of(url: &str) -> Result<Self> {
        match url.split(':').next() {
            Some("sqlite") => Ok(Dialect::Sqlite),
            Some("postgres" | "postgresql") => Ok(Dialect::Postgres),
            _ => Err(StoreError::Unavailable("[database] url begins with sqlite: or postgres:".into())),
        }
    }

    /// The next serial of a ticket.
    pub(super) async fn next_serial(self, on: &mut Connection) -> Result<i64> {
        let sql = match self {
            Dialect::Sqlite => "UPDATE serials SET last = last + 1 WHERE name = 'ticket' RETURNING last",
            Dialect::Postgres => "SELECT nextval('ticket_serial') AS last",
        };
        on.row(sql, &[]).await?.ok_or_else(|| StoreError::Damaged("the serial of tickets is missing".into()))?.get("last")
    }

    /// Locks the rows of a `SELECT` until the transaction ends. On SQLite nobody else writes.
    pub(super) fn locked(self) -> &'static str {
        if self == Dialect::Postgres { " FOR UPDATE" } else { "" }
    }

    /// Statements after which nobody else writes tickets until the transaction ends. On SQLite nobody does anyway.
    pub(super) fn alone_with_tickets(self) -> &'static [&'static str] {
        if self == Dialect::Postgres { &["LOCK TABLE tickets IN SHARE ROW EXCLUSIVE MODE"] } else { &[] }
    }

    /// The condition on a change `c` that it comes after the place of parameters 1 and 2, and nothing can come before it any more.
    pub(super) fn after_change(self) -> &'static str {
        match self {
            Dialect::Sqlite => "c.id > ?2",
            Dialect::Postgres => "(c.written, c.id) > (?1, ?2) AND c.written < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        }
    }

    /// Keeps the words by which a ticket is found. `known` tells that there may be some already.
    pub(super) async fn keep_words(
        self,
        on: &mut Connection,
        (number, serial): (Number, i64),
        words: &BTreeSet<String>,
        known: bool,
    ) -> Result<()> {
        let text = volumes::entry(volumes::volume(serial), words);
        match self {
            Dialect::Sqlite => {
                if known {
                    on.execute_later("DELETE FROM ticket_words WHERE rowid = ?1", values![serial]).await?;
                }
                if !text.is_empty() {
                    on.execute_later("INSERT INTO ticket_words (rowid, words) VALUES (?1, ?2)", values![serial, text.as_str()]).await?;
                }
            }
            Dialect::Postgres => {
                let sql =
                    "INSERT INTO ticket_words (ticket, words) VALUES (?1, array_to_tsvector(array_remove(string_to_array(?2, ' '), '')))
                           ON CONFLICT (ticket) DO UPDATE SET words = excluded.words";
                on.execute(sql, values![number.as_u64() as i64, text.as_str()]).await?;
            }
        }
        Ok(())
    }

    /// Tickets with their words, and the condition that parameter `n` holds of these. SQLite is told to begin with the
    /// words: they give the newest first, and it stops when the page is full.
    pub(super) fn found_by_words(self, n: usize) -> (&'static str, String) {
        match self {
            Dialect::Sqlite => ("ticket_words CROSS JOIN tickets t ON t.serial = ticket_words.rowid", format!("ticket_words MATCH ?{n}")),
            Dialect::Postgres => ("ticket_words w JOIN tickets t ON t.number = w.ticket", format!("w.words @@ (?{n})::text::tsquery")),
        }
    }

    /// The condition that parameter `n`, made for [`volumes::ITS_OWN`], holds of a ticket which is known otherwise.
    pub(super) fn has_words(self, n: usize) -> String {
        let (own, tickets) = (volumes::ITS_OWN, volumes::TICKETS);
        match self {
            Dialect::Sqlite => {
                let wanted = format!("replace(?{n}, '{own}', CAST(t.serial / {tickets} AS TEXT))");
                format!("EXISTS (SELECT 1 FROM ticket_words w WHERE w.rowid = t.serial AND w.ticket_words MATCH {wanted})")
            }
            Dialect::Postgres => {
                let wanted = format!("replace((?{n})::text, '{own}', (t.serial / {tickets})::text)::tsquery");
                format!("EXISTS (SELECT 1 FROM ticket_words w WHERE w.ticket = t.number AND w.words @@ {wanted})")
            }
        }
    }

    /// The column that gives the order of registration, in a search for words.
    pub(super) fn order_of_words(self) -> &'static str {
        if self == Dialect::Sqlite { "ticket_words.rowid" } else { "t.serial" }
    }

    /// All the words, each of which may be a beginning, within one of these volumes. A word is letters, marks and
    /// digits: nothing in it ends the quotes.
    pub(super) fn match_words(self, words: &BTreeSet<String>, volumes: impl IntoIterator<Item = String>) -> String {
        let (quote, beginning, and, or) = match self {
            Dialect::Sqlite => ('"', "*", " AND ", " OR "),
            Dialect::Postgres => ('\'', ":*", " & ", " | "),
        };
        let all = |volume: String| {
            let each = words.iter().map(|word| format!("{quote}{}{quote}{beginning}", volumes::in_volume(&volume, word)));
            format!("({})", each.collect::<Vec<_>>().join(and))
        };
        volumes.into_iter().map(all).collect::<Vec<_>>().join(or)
    }
}
