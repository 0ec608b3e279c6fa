//! One conversation with a mail server. What went wrong is told by when: before the server had the mail it was surely not
//! taken; after that, only the server's answer says.

use super::SmtpConfig;
use crate::imap::{Proof, Tls};
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use std::future::Future;
use std::time::Duration;

/// A connection that is signed in.
pub(super) struct Connection {
    inner: AsyncSmtpConnection,
    timeout: Duration,
}

/// Why a mail was not sent.
#[derive(Debug)]
pub(super) enum Failed {
    /// The connection was gone before anything was said.
    Before(String),
    /// Not now.
    Later(String),
    /// Never, as it stands.
    Never(String),
    /// The server had the mail, and its answer did not arrive.
    Unknown(String),
}

/// Connects, encrypts and signs in.
pub(super) async fn connect(config: &SmtpConfig) -> Result<Connection, String> {
    let server = &config.server;
    let hello = ClientId::Domain(config.identity.ours.domain.clone());
    let tls = || -> Result<TlsParameters, Error> {
        let mut builder = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.authority {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build_rustls()
    };
    let shown = |why: Error| format!("the mail server at {}:{} cannot be used: {}", server.host, server.port, shown(&why));
    let implicit = (server.tls == Tls::Implicit).then(tls).transpose().map_err(shown)?;
    let address = (server.host.as_str(), server.port);
    let mut inner = AsyncSmtpConnection::connect_tokio1(address, Some(config.timeout), &hello, implicit, None).await.map_err(shown)?;
    if server.tls == Tls::StartTls {
        inner.starttls(tls().map_err(shown)?, &hello).await.map_err(shown)?;
    }
    if let Some((user, proof)) = &config.sign_in {
        let (mechanisms, secret): (&[Mechanism], String) = match proof {
            Proof::Password(password) => (&[Mechanism::Plain, Mechanism::Login], password.clone()),
            Proof::OAuth(source) => (&[Mechanism::Xoauth2], source.token().await?),
        };
        inner.auth(mechanisms, &Credentials::new(user.clone(), secret)).await.map_err(shown)?;
    }
    Ok(Connection { inner, timeout: config.timeout })
}

impl Connection {
    /// Hands one mail over.
    pub(super) async fn send(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), Failed> {
        // Composed mails are ASCII, so no extension is asked for; an address in other letters is refused by the server.
        let from = Mail::new(envelope.from().cloned(), Vec::new());
        let limit = self.timeout;
        match within(limit, self.inner.command(from)).await {
            Ok(_) => {}
            Err(Some(why)) if why.status().is_some() => return self.refused(why).await,
            Err(why) => return Err(Failed::Before(why.as_ref().map_or_else(silent, shown))),
        }
        for to in envelope.to() {
            match within(limit, self.inner.command(Rcpt::new(to.clone(), Vec::new()))).await {
                Ok(_) => {}
                Err(Some(why)) => return self.refused(why).await,
                Err(None) => return Err(Failed::Later(silent())),
            }
        }
        match within(limit, self.inner.command(Data)).await {
            Ok(_) => {}
            Err(Some(why)) => return self.refused(why).await,
            Err(None) => return Err(Failed::Later(silent())),
        }
        match within(limit, self.inner.message(mail)).await {
            Ok(_) => Ok(()),
            Err(Some(why)) if why.status().is_some() => self.refused(why).await,
            Err(why) => Err(Failed::Unknown(why.as_ref().map_or_else(silent, shown))),
        }
    }

    /// The server's no. What it says of us (530, 535, 538: sign-in) is mended in the configuration, so the mail waits.
    async fn refused(&mut self, why: Error) -> Result<(), Failed> {
        self.inner.abort().await;
        let said = shown(&why);
        let code = why.status().map(|code| code.to_string());
        if why.is_permanent() && !matches!(code.as_deref(), Some("530" | "535" | "538")) {
            Err(Failed::Never(said))
        } else {
            Err(Failed::Later(said))
        }
    }
}

async fn within<T>(limit: Duration, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Option<Error>> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(Some),
        Err(_) => Err(None),
    }
}

fn silent() -> String {
    "the mail server does not answer in time".to_owned()
}

/// The server's words without addresses: they end up in logs.
fn shown(why: &Error) -> String {
    use std::error::Error as _;
    let text = why.source().map_or_else(|| why.to_string(), |source| format!("{why}: {source}"));
    let words = text.split_whitespace().map(|word| if word.contains('@') { "(address)" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(250).collect()
}
