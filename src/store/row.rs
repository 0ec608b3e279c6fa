//! From rows to the domain's words, and back.

use super::connection::Row;
use super::error::{Result, StoreError};
use daak_domain::Timestamp;
use daak_domain::contact::Contact;
use daak_domain::ticket::{Number, Ticket};

/// A contact as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredContact {
    /// Its name in events.
    pub id: i64,
    /// The contact.
    pub contact: Contact,
}

/// Microseconds since 1970: how times lie in both databases.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time as it lies in the database.
pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|e| StoreError::Damaged(e.to_string()))
}

/// A count.
pub(super) fn count(row: &Row, column: &str) -> Result<u64> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| StoreError::Damaged("a count is negative".into()))
}

/// The ticket that its events folded to.
pub(super) fn ticket(row: &Row) -> Result<Ticket> {
    Ok(serde_json::from_str(&row.get::<String>("folded")?)?)
}

/// The number of a ticket, where there is one.
pub(super) fn number(row: &Row, column: &str) -> Result<Option<Number>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.and_then(|n| Number::from_u64(u64::try_from(n).ok()?).ok()))
}

/// A hash.
pub(super) fn hash(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::Damaged("a hash has another length than 32 bytes".into()))
}

/// A stored contact.
pub(super) fn contact(row: &Row) -> Result<StoredContact> {
    Ok(StoredContact { id: row.get("id")?, contact: serde_json::from_str(&row.get::<String>("body")?)? })
}

/// A place in a list that is ordered by a time and a name.
pub(super) fn write_cursor(at: Timestamp, name: &str) -> String {
    format!("{}-{name}", micros(at))
}

/// Reads a place back; without one, the place before the first.
pub(super) fn read_cursor(cursor: Option<&str>) -> Result<(i64, String)> {
    let Some(cursor) = cursor else { return Ok((i64::MAX, String::new())) };
    let (at, name) = cursor.split_once('-').ok_or(StoreError::Cursor)?;
    Ok((at.parse().map_err(|_| StoreError::Cursor)?, name.to_owned()))
}
