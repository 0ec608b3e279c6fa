//! How many tickets there are, by one of the things that every ticket has.

use super::Store;
use super::error::Result;
use super::row;

/// By what tickets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    /// Where they stand.
    State,
    /// The department that holds them.
    Department,
    /// The district, where it is known.
    District,
}

/// How many there are of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Name of the state, or code.
    pub key: String,
    /// How many.
    pub count: u64,
}

impl Store {
    /// Counts all tickets, the most first. It reads an index from end to end: ask seldom.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn count_tickets(&self, by: CountedBy) -> Result<Vec<Count>> {
        let column = match by {
            CountedBy::State => "state",
            CountedBy::Department => "department",
            CountedBy::District => "district",
        };
        let sql = format!(
            "SELECT {column} AS name, count(*) AS n FROM tickets WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY n DESC, name"
        );
        let rows = self.readers.rows(&sql, &[]).await?;
        rows.iter().map(|row| Ok(Count { key: row.get("name")?, count: row::count(row, "n")? })).collect()
    }
}
