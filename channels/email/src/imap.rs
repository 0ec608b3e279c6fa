//! Mailboxes that are watched over IMAP (RFC 3501, RFC 9051).

mod connect;
mod oauth;
mod uids;
mod watch;

pub use connect::{Lost, look};
pub use oauth::{OAuth, OAuthConfig};
pub use watch::Watcher;

use daak_domain::seam::{BoxFuture, Refusal};
use std::time::Duration;

/// A mailbox, and how it is read.
#[derive(Clone)]
pub struct Mailbox {
    /// Its name in logs and in the database.
    pub name: String,
    /// The server.
    pub server: Server,
    /// User name.
    pub user: String,
    /// What proves who we are.
    pub proof: Proof,
    /// Folder, `INBOX`.
    pub folder: String,
    /// What is done with a mail that is stored.
    pub after: After,
    /// Mails that are fetched at a time.
    pub batch: usize,
    /// Mails that are taken in at the same time.
    pub at_once: usize,
    /// How long nothing may be heard before we look ourselves.
    pub poll: Duration,
}

/// A server, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// A certificate in PEM form that is trusted beside the usual ones.
    pub authority: Option<Vec<u8>>,
}

/// Encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte on.
    Implicit,
    /// After `STARTTLS`; without it nothing goes on.
    StartTls,
    /// None: for a server on this machine.
    Off,
}

/// What proves who we are. Never printed.
#[derive(Clone)]
pub enum Proof {
    /// A password.
    Password(String),
    /// A token that is fetched (XOAUTH2).
    OAuth(OAuth),
}

/// What is done with a mail after it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It is marked as seen.
    Seen,
    /// It is moved to this folder.
    Move(String),
    /// Nothing.
    Leave,
}

/// Where it is written down how far a mailbox was read.
pub trait Cursors: Send + Sync + 'static {
    /// What was written last under this name.
    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, Refusal>>;

    /// Writes it down durably.
    fn save<'a>(&'a self, name: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), Refusal>>;
}
