//! Rows of people who sign in, their sessions, and tokens of machines. What they mean is `crate::access`'s.

use super::connection::{BoxWork, Connection, Row, values};
use super::error::Result;
use super::row::{micros, time};
use super::writer::Work;
use super::{Change, Store};
use daak_domain::Timestamp;

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Sign-in name.
    pub name: String,
    /// Name of the role.
    pub role: String,
    /// Department whose tickets the person sees; none means all.
    pub department: Option<String>,
    /// Office whose tickets, with those below, the person sees; none means any.
    pub office: Option<String>,
    /// District whose tickets the person sees; none means any.
    pub district: Option<String>,
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
        let row = self.readers.row("SELECT * FROM users WHERE name = ?1", values![name]).await?;
        row.as_ref().map(user).transpose()
    }

    /// Everybody who may or might sign in, by name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        self.readers.rows("SELECT * FROM users ORDER BY name", &[]).await?.iter().map(user).collect()
    }

    /// Officers of an office who may sign in, at most `limit`; of a department's head office those of the department.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn officers_of(&self, office: &str, limit: u32) -> Result<Vec<UserRow>> {
        let sql = "SELECT * FROM users WHERE role = 'officer' AND disabled = 0 AND (office = ?1 OR (office IS NULL AND department = ?1))
                   ORDER BY name LIMIT ?2";
        self.readers.rows(sql, values![office, i64::from(limit)]).await?.iter().map(user).collect()
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
        let row = self.readers.row("SELECT * FROM sessions WHERE fingerprint = ?1", values![fingerprint]).await?;
        row.map(|row| {
            Ok(SessionRow {
                fingerprint: row.get("fingerprint")?,
                name: row.get("name")?,
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
        let row = self.readers.row("SELECT * FROM tokens WHERE fingerprint = ?1", values![fingerprint]).await?;
        row.map(|row| Ok(TokenRow { fingerprint: row.get("fingerprint")?, name: row.get("name")?, role: row.get("role")? })).transpose()
    }
}

fn user(row: &Row) -> Result<UserRow> {
    let disabled: i64 = row.get("disabled")?;
    Ok(UserRow {
        name: row.get("name")?,
        role: row.get("role")?,
        department: row.get("department")?,
        office: row.get("office")?,
        district: row.get("district")?,
        phone: row.get("phone")?,
        password: row.get("password")?,
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

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, u64> {
        Box::pin(async move {
            match self {
                Write::User(u) => {
                    let sql = "INSERT INTO users (name, role, department, phone, password, disabled, created_at, office, district)
                               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                               ON CONFLICT (name) DO UPDATE SET role = excluded.role, department = excluded.department,
                               office = excluded.office, district = excluded.district,
                               phone = excluded.phone, password = excluded.password, disabled = excluded.disabled";
                    let (disabled, created_at) = (i64::from(u.disabled), micros(u.created_at));
                    let who = values![&u.name, &u.role, &u.department, &u.phone, &u.password, disabled, created_at, &u.office, &u.district];
                    on.execute(sql, who).await
                }
                Write::Session(s) => {
                    let sql = "INSERT INTO sessions (fingerprint, name, created_at, seen_at) VALUES (?1, ?2, ?3, ?4)
                               ON CONFLICT (fingerprint) DO UPDATE SET seen_at = excluded.seen_at";
                    on.execute(sql, values![&s.fingerprint[..], &s.name, micros(s.created_at), micros(s.seen_at)]).await
                }
                Write::EndSession(fingerprint) => {
                    on.execute("DELETE FROM sessions WHERE fingerprint = ?1", values![&fingerprint[..]]).await
                }
                Write::EndSessionsOf(name) => on.execute("DELETE FROM sessions WHERE name = ?1", values![name]).await,
                Write::Token(t, now) => {
                    let sql = "INSERT INTO tokens (fingerprint, name, role, created_at) VALUES (?1, ?2, ?3, ?4)";
                    on.execute(sql, values![&t.fingerprint[..], &t.name, &t.role, micros(*now)]).await
                }
            }
        })
    }
}
