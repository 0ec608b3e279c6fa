//! Rows of people who sign in, their sessions, and tokens of machines. What they mean is `crate::access`'s.

use super::error::Result;
use super::row::{micros, time};
use super::writer::{BoxWork, Work};
use super::{Change, Store};
use daak_domain::Timestamp;
use sqlx::{AnyConnection, Row};

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Sign-in name.
    pub name: String,
    /// Name of the role.
    pub role: String,
    /// Department whose tickets the person sees; none means all.
    pub department: Option<String>,
    /// Telephone number, E.164.
    pub phone: Option<String>,
    /// Password, hashed (PHC string).
    pub password: Option<String>,
    /// May no longer sign in.
    pub disabled: bool,
    /// When the person was added.
    pub created_at: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Hash of its secret.
    pub fingerprint: Vec<u8>,
    /// Whose.
    pub name: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
}

/// A machine's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Hash of its secret.
    pub fingerprint: Vec<u8>,
    /// Name of the machine.
    pub name: String,
    /// Name of the role.
    pub role: String,
}

impl Store {
    /// Adds a person, or changes one of this name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn put_user(&self, user: UserRow) -> Result<()> {
        self.writer.work(Write::User(user)).await.map(|_| ())
    }

    /// The person of this sign-in name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn user(&self, name: &str) -> Result<Option<UserRow>> {
        let row = sqlx::query("SELECT * FROM users WHERE name = $1").bind(name).fetch_optional(&self.readers).await?;
        row.as_ref().map(user).transpose()
    }

    /// Everybody who may or might sign in, by name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        sqlx::query("SELECT * FROM users ORDER BY name").fetch_all(&self.readers).await?.iter().map(user).collect()
    }

    /// Keeps a session, new or used again.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn put_session(&self, session: SessionRow) -> Result<()> {
        self.writer.work(Write::Session(session)).await.map(|_| ())
    }

    /// The session with this hash.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn session(&self, fingerprint: &[u8]) -> Result<Option<SessionRow>> {
        let row =
            sqlx::query("SELECT * FROM sessions WHERE fingerprint = $1").bind(fingerprint.to_vec()).fetch_optional(&self.readers).await?;
        row.map(|row| {
            Ok(SessionRow {
                fingerprint: row.try_get("fingerprint")?,
                name: row.try_get("name")?,
                created_at: time(&row, "created_at")?,
                seen_at: time(&row, "seen_at")?,
            })
        })
        .transpose()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn end_session(&self, fingerprint: &[u8]) -> Result<()> {
        self.writer.work(Write::EndSession(fingerprint.to_vec())).await.map(|_| ())
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn end_sessions_of(&self, name: &str) -> Result<()> {
        self.writer.work(Write::EndSessionsOf(name.to_owned())).await.map(|_| ())
    }

    /// Keeps a token.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn put_token(&self, token: TokenRow, now: Timestamp) -> Result<()> {
        self.writer.work(Write::Token(token, now)).await.map(|_| ())
    }

    /// The token with this hash.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn token(&self, fingerprint: &[u8]) -> Result<Option<TokenRow>> {
        let row =
            sqlx::query("SELECT * FROM tokens WHERE fingerprint = $1").bind(fingerprint.to_vec()).fetch_optional(&self.readers).await?;
        row.map(|row| Ok(TokenRow { fingerprint: row.try_get("fingerprint")?, name: row.try_get("name")?, role: row.try_get("role")? }))
            .transpose()
    }
}

fn user(row: &sqlx::any::AnyRow) -> Result<UserRow> {
    let disabled: i64 = row.try_get("disabled")?;
    Ok(UserRow {
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        department: row.try_get("department")?,
        phone: row.try_get("phone")?,
        password: row.try_get("password")?,
        disabled: disabled != 0,
        created_at: time(row, "created_at")?,
    })
}

enum Write {
    User(UserRow),
    Session(SessionRow),
    EndSession(Vec<u8>),
    EndSessionsOf(String),
    Token(TokenRow, Timestamp),
}

impl Work for Write {
    type Answer = u64;

    fn run<'a>(&'a self, on: &'a mut AnyConnection, _: &'a mut Vec<Change>) -> BoxWork<'a, u64> {
        Box::pin(async move {
            let query = match self {
                Write::User(u) => sqlx::query(
                    "INSERT INTO users (name, role, department, phone, password, disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                     ON CONFLICT (name) DO UPDATE SET role = excluded.role, department = excluded.department, phone = excluded.phone,
                     password = excluded.password, disabled = excluded.disabled",
                )
                .bind(&u.name)
                .bind(&u.role)
                .bind(&u.department)
                .bind(&u.phone)
                .bind(&u.password)
                .bind(i64::from(u.disabled))
                .bind(micros(u.created_at)),
                Write::Session(s) => sqlx::query(
                    "INSERT INTO sessions (fingerprint, name, created_at, seen_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (fingerprint) DO UPDATE SET seen_at = excluded.seen_at",
                )
                .bind(s.fingerprint.clone())
                .bind(&s.name)
                .bind(micros(s.created_at))
                .bind(micros(s.seen_at)),
                Write::EndSession(fingerprint) => sqlx::query("DELETE FROM sessions WHERE fingerprint = $1").bind(fingerprint.clone()),
                Write::EndSessionsOf(name) => sqlx::query("DELETE FROM sessions WHERE name = $1").bind(name),
                Write::Token(t, now) => sqlx::query("INSERT INTO tokens (fingerprint, name, role, created_at) VALUES ($1, $2, $3, $4)")
                    .bind(t.fingerprint.clone())
                    .bind(&t.name)
                    .bind(&t.role)
                    .bind(micros(*now)),
            };
            Ok(query.execute(on).await?.rows_affected())
        })
    }
}
