//! From rows to the domain's words, and back.

use super::error::{Result, StoreError};
use daak_domain::Timestamp;
use daak_domain::contact::Contact;
use daak_domain::ticket::Ticket;
use sqlx::Row;
use sqlx::any::AnyRow;

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
pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    let micros: i64 = row.try_get(column)?;
    Timestamp::from_microsecond(micros).map_err(|e| StoreError::Damaged(e.to_string()))
}

/// The ticket that its events folded to.
pub(super) fn ticket(row: &AnyRow) -> Result<Ticket> {
    let folded: String = row.try_get("folded")?;
    Ok(serde_json::from_str(&folded)?)
}

/// A hash.
pub(super) fn hash(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::Damaged("a hash has another length than 32 bytes".into()))
}

/// A stored contact.
pub(super) fn contact(row: &AnyRow) -> Result<StoredContact> {
    let body: String = row.try_get("body")?;
    Ok(StoredContact { id: row.try_get("id")?, contact: serde_json::from_str(&body)? })
}
