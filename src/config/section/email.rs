//! `[email]`: mailboxes that are read, and the server that answers leave by.

use crate::config::secret::Secret;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;

/// `[email]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Email {
    /// Mailbox to read: `imaps://user@host/INBOX`. It is the first of [`Email::mailboxes`].
    pub imap: Option<MailUrl>,
    /// Its password.
    pub imap_password: Option<Secret>,
    /// Server to send by: `smtp://user@host:587`.
    pub smtp: Option<MailUrl>,
    /// Its password.
    pub smtp_password: Option<Secret>,
    /// Where its tokens come from, instead of a password.
    pub smtp_oauth2: Option<OAuth2>,
    /// Address to send from.
    pub from: Option<String>,
    /// Name beside it; the helpline's where it is left out.
    pub name: Option<String>,
    /// Further addresses of ours, to which citizens write.
    pub addresses: Vec<String>,
    /// Further mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// Seconds without news after which a mailbox is looked at.
    pub poll_s: u64,
    /// Mails fetched at a time.
    pub batch: usize,
    /// Mails taken in at the same time.
    pub at_once: usize,
    /// Largest mail that is fetched; a larger one is held, and stays in its mailbox.
    pub largest_mib: usize,
    /// Media types of files that are kept; the usual ones where it is left out.
    pub allowed: Option<Vec<String>>,
    /// Whether the mail as it came is kept beside what was read of it.
    pub keep_original: bool,
    /// Name by which the receiving server signs `Authentication-Results`; without it nothing is known of a mail's origin.
    pub authentication_server: Option<String>,
    /// Whether a mail that it calls forged (DMARC fails) is held.
    pub hold_forged: bool,
    /// Whether answers go to an address with the ticket's number, `helpline+4718309263@…`.
    pub number_in_address: bool,
    /// A virus scanner (clamd), `127.0.0.1:3310`.
    pub clamd: Option<String>,
    /// A PEM file with a certificate authority of your own.
    pub authority: Option<PathBuf>,
    /// The signature over mails.
    pub dkim: Option<Dkim>,
    /// Mails sent in a second at most.
    pub per_second: u32,
}

impl Default for Email {
    fn default() -> Self {
        Self {
            imap: None,
            imap_password: None,
            smtp: None,
            smtp_password: None,
            smtp_oauth2: None,
            from: None,
            name: None,
            addresses: Vec::new(),
            mailboxes: Vec::new(),
            poll_s: 60,
            batch: 100,
            at_once: 64,
            largest_mib: 25,
            allowed: None,
            keep_original: true,
            authentication_server: None,
            hold_forged: true,
            number_in_address: false,
            clamd: None,
            authority: None,
            dkim: None,
            per_second: 20,
        }
    }
}

impl Email {
    /// Every mailbox, the one of `email.imap` first.
    pub fn all_mailboxes(&self) -> Vec<Mailbox> {
        let first = self.imap.clone().map(|imap| Mailbox {
            name: "main".into(),
            imap,
            password: self.imap_password.clone(),
            oauth2: None,
            after: After::Seen,
            address: None,
        });
        first.into_iter().chain(self.mailboxes.iter().cloned()).collect()
    }
}

/// `[[email.mailboxes]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// Its name in logs.
    pub name: String,
    /// `imaps://user@host/INBOX`.
    pub imap: MailUrl,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Where its tokens come from, instead of a password (XOAUTH2).
    #[serde(default)]
    pub oauth2: Option<OAuth2>,
    /// What is done with a mail that is stored: `seen`, `leave`, or `move:Folder`.
    #[serde(default)]
    pub after: After,
    /// The address to which citizens write, where it is not the user's name.
    #[serde(default)]
    pub address: Option<String>,
}

/// Where access tokens come from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// The provider's token endpoint.
    pub token_url: String,
    /// Client id.
    pub client_id: String,
    /// Client secret.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Secret,
    /// Scope.
    #[serde(default)]
    pub scope: Option<String>,
}

/// `[email.dkim]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// Domain.
    pub domain: String,
    /// Selector.
    pub selector: String,
    /// RSA key in PEM form, or Ed25519 seed in base64.
    pub key: Secret,
}

/// What is done with a mail that is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum After {
    /// It is marked as seen.
    #[default]
    Seen,
    /// Nothing.
    Leave,
    /// It is moved.
    Move(String),
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (&text[..], text.strip_prefix("move:").map(str::trim)) {
            ("seen", _) => Ok(Self::Seen),
            ("leave", _) => Ok(Self::Leave),
            (_, Some(folder)) if !folder.is_empty() => Ok(Self::Move(folder.to_owned())),
            _ => Err(serde::de::Error::custom(format!("{text:?} is not known, expected \"seen\", \"leave\" or \"move:Folder\""))),
        }
    }
}

/// `imaps://user@host:993/INBOX`, `imap://…`, `smtp://…`, `smtps://…`. In a user's name, `@` may stand as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailUrl {
    /// `imap` or `smtp`.
    pub protocol: &'static str,
    /// Encryption: with an `s` from the first byte on; else after STARTTLS, except on this very machine.
    pub tls: Encryption,
    /// User.
    pub user: Option<String>,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Folder.
    pub folder: Option<String>,
}

/// Encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Encryption {
    Implicit,
    StartTls,
    Off,
}

impl MailUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence; it never repeats the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as \"imaps://user@mail.example.org/INBOX\" or \"smtp://user@mail.example.org:587\"";
        let (scheme, rest) = text.split_once("://").ok_or(expected)?;
        let (protocol, secure, usual) = match scheme {
            "imap" => ("imap", false, 143),
            "imaps" => ("imap", true, 993),
            "smtp" => ("smtp", false, 25),
            "smtps" => ("smtp", true, 465),
            _ => return Err(expected.into()),
        };
        let (place, folder) = rest.split_once('/').map_or((rest, ""), |(place, folder)| (place, folder));
        let (user, host) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user), host));
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password stands in this address: give it by its own key, so that it is never shown".into());
        }
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') => (host, port.parse().map_err(|_| expected)?),
            _ => (host, usual),
        };
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(expected.into());
        }
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let tls = match (secure, here) {
            (true, _) => Encryption::Implicit,
            (false, true) => Encryption::Off,
            (false, false) => Encryption::StartTls,
        };
        let user = user.map(|user| user.replace("%40", "@")).filter(|user| !user.is_empty());
        let folder = Some(folder.to_owned()).filter(|folder| !folder.is_empty());
        Ok(Self { protocol, tls, user, host: host.to_owned(), port, folder })
    }
}

impl<'de> Deserialize<'de> for MailUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let url = MailUrl::parse("imaps://help@cm.example.org@mail.example.org/Help desk").expect("good");
        assert_eq!((url.user.as_deref(), url.host.as_str(), url.port), (Some("help@cm.example.org"), "mail.example.org", 993));
        assert_eq!((url.folder.as_deref(), url.tls), (Some("Help desk"), Encryption::Implicit));
        let url = MailUrl::parse("smtp://127.0.0.1:2525").expect("good");
        assert_eq!((url.user, url.port, url.tls), (None, 2525, Encryption::Off));
        assert_eq!(MailUrl::parse("imap://u@mail.example.org").expect("good").tls, Encryption::StartTls);
        for wrong in ["mail.example.org", "pop3://x", "imap://", "imap://u:secret@host", "imap://u@h:99999"] {
            let why = MailUrl::parse(wrong).expect_err(wrong);
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
