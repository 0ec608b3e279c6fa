//! Where the SQL of SQLite and of PostgreSQL differs.

use super::connection::{Connection, values};
use super::error::{Result, StoreError};
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

    /// Keeps the words by which a ticket is found. `known` tells that there may be some already.
    pub(super) async fn keep_words(
        self,
        on: &mut Connection,
        (number, serial): (Number, i64),
        words: &BTreeSet<String>,
        known: bool,
    ) -> Result<()> {
        let mut text = String::with_capacity(words.iter().map(|w| w.len() + 1).sum());
        for word in words {
            text.push_str(word);
            text.push(' ');
        }
        let text = text.trim_end();
        match self {
            Dialect::Sqlite => {
                if known {
                    on.execute_later("DELETE FROM ticket_words WHERE rowid = ?1", values![serial]).await?;
                }
                if !text.is_empty() {
                    on.execute_later("INSERT INTO ticket_words (rowid, words) VALUES (?1, ?2)", values![serial, text]).await?;
                }
            }
            Dialect::Postgres => {
                let sql =
                    "INSERT INTO ticket_words (ticket, words) VALUES (?1, array_to_tsvector(array_remove(string_to_array(?2, ' '), '')))
                           ON CONFLICT (ticket) DO UPDATE SET words = excluded.words";
                on.execute(sql, values![number.as_u64() as i64, text]).await?;
            }
        }
        Ok(())
    }

    /// Tickets with their words, and the condition that all the words of parameter `n` are among them. SQLite is
    /// told to begin with the words: they give the newest first, and it stops when the page is full.
    pub(super) fn found_by_words(self, n: usize) -> (&'static str, String) {
        match self {
            Dialect::Sqlite => ("ticket_words CROSS JOIN tickets t ON t.serial = ticket_words.rowid", format!("ticket_words MATCH ?{n}")),
            Dialect::Postgres => ("ticket_words w JOIN tickets t ON t.number = w.ticket", format!("w.words @@ (?{n})::text::tsquery")),
        }
    }

    /// The condition that a ticket which is known otherwise has all the words of parameter `n`.
    pub(super) fn has_words(self, n: usize) -> String {
        match self {
            Dialect::Sqlite => format!("EXISTS (SELECT 1 FROM ticket_words w WHERE w.rowid = t.serial AND w.ticket_words MATCH ?{n})"),
            Dialect::Postgres => {
                format!("EXISTS (SELECT 1 FROM ticket_words w WHERE w.ticket = t.number AND w.words @@ (?{n})::text::tsquery)")
            }
        }
    }

    /// The column that gives the order of registration, in a search for words.
    pub(super) fn order_of_words(self) -> &'static str {
        if self == Dialect::Sqlite { "ticket_words.rowid" } else { "t.serial" }
    }

    /// The parameter of [`Self::found_by_words`]: all the words, each of which may be a beginning. A word is letters,
    /// marks and digits: nothing in it ends the quotes.
    pub(super) fn match_words(self, words: &BTreeSet<String>) -> String {
        let each = words.iter().map(|word| match self {
            Dialect::Sqlite => format!("\"{word}\"*"),
            Dialect::Postgres => format!("'{word}':*"),
        });
        each.collect::<Vec<_>>().join(if self == Dialect::Sqlite { " AND " } else { " & " })
    }
}
