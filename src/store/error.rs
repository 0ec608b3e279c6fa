//! Why the database did not do what was asked.

use daak_domain::ticket::Illegal;

/// A refusal of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody was first: the ticket has more events than the asker had seen.
    #[error("somebody was first: the ticket has {now} events, you had seen {seen}; look again")]
    Conflict {
        /// Events that the asker had seen.
        seen: u32,
        /// Events now.
        now: u32,
    },
    /// The step may not happen as the ticket stands.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It may succeed later: locked, full, not reachable.
    #[error("the database cannot do this right now ({0}); keep what you hold and try again")]
    Unavailable(String),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read: {0}; run `daak doctor`")]
    Damaged(String),
    /// The page's cursor is none of ours.
    #[error("this cursor is not one that a page gave: leave it out to begin at the first page")]
    Cursor,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => StoreError::NotFound("row"),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                StoreError::Damaged(error.to_string())
            }
            // Serialization failure, deadlock, and the same new row written twice: the second try sees the first one's work.
            sqlx::Error::Database(e) if matches!(e.code().as_deref(), Some("40001" | "40P01" | "23505")) => {
                StoreError::Unavailable(MET_ANOTHER.into())
            }
            other => StoreError::Unavailable(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let Some(code) = error.sqlite_error_code() else { return StoreError::Damaged(error.to_string()) };
        StoreError::Unavailable(match code {
            ErrorCode::DiskFull => "the disk is full".to_owned(),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "another program holds the database".to_owned(),
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                format!("the file cannot be written; look at its owner and at the folder's: {error}")
            }
            ErrorCode::OperationInterrupted => "reading took too long; ask for less".to_owned(),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => return StoreError::Damaged(error.to_string()),
            _ => error.to_string(),
        })
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        StoreError::Unavailable(format!("migration failed: {error}"))
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Damaged(error.to_string())
    }
}

/// Why a transaction is to be repeated.
pub(super) const MET_ANOTHER: &str = "another one wrote the same at the same time";

/// What the store answers.
pub type Result<T> = std::result::Result<T, StoreError>;
