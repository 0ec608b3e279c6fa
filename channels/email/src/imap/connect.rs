//! A signed-in connection.

use super::{Mailbox, Proof, Server, Tls};
use async_imap::{Authenticator, Client, Session};
use daak_domain::seam::Refusal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Why a mailbox is not read right now. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The server cannot be reached, or went away.
    #[error("the mail server cannot be reached: {0}")]
    Connection(String),
    /// It does not let us in.
    #[error("the mail server does not let us in ({0}): look at user and password")]
    SignIn(String),
    /// The folder is not there.
    #[error("the folder cannot be read ({0}): look at its name")]
    Folder(String),
    /// It said nothing for too long.
    #[error("the mail server does not answer in time")]
    Silence,
    /// The helpline cannot keep anything right now.
    #[error(transparent)]
    Helpline(#[from] Refusal),
}

impl From<async_imap::error::Error> for Lost {
    fn from(why: async_imap::error::Error) -> Self {
        Lost::Connection(why.to_string().chars().take(200).collect())
    }
}

/// Bytes in both directions, in the clear or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// A session over whatever wire.
pub(super) type Open = Session<Box<dyn Wire>>;

/// Longest wait for one answer.
pub(super) const ANSWER: Duration = Duration::from_secs(60);
const CONNECTING: Duration = Duration::from_secs(20);

/// Waits for one answer, not for ever.
pub(super) async fn soon<T, E: Into<Lost>>(answer: impl Future<Output = Result<T, E>>) -> Result<T, Lost> {
    tokio::time::timeout(ANSWER, answer).await.map_err(|_| Lost::Silence)?.map_err(Into::into)
}

/// Connects and signs in.
pub(super) async fn open(mailbox: &Mailbox) -> Result<Open, Lost> {
    let client = tokio::time::timeout(CONNECTING, greeted(&mailbox.server)).await.map_err(|_| Lost::Silence)??;
    let refused = |why: async_imap::error::Error| Lost::SignIn(why.to_string().chars().take(200).collect());
    match &mailbox.proof {
        Proof::Password(password) => soon(async { client.login(&mailbox.user, password).await.map_err(|(why, _)| refused(why)) }).await,
        Proof::OAuth(source) => {
            let token = source.token().await.map_err(Lost::SignIn)?;
            let bearer = Bearer { response: Some(format!("user={}\x01auth=Bearer {token}\x01\x01", mailbox.user)) };
            let session = soon(async { client.authenticate("XOAUTH2", bearer).await.map_err(|(why, _)| refused(why)) }).await;
            if session.is_err() {
                source.forget().await;
            }
            session
        }
    }
}

/// Looks whether a mailbox can be opened, and says how many mails its folder has.
///
/// # Errors
/// [`Lost`] says why not.
pub async fn look(mailbox: &Mailbox) -> Result<u32, Lost> {
    let mut session = open(mailbox).await?;
    let found = soon(async { session.examine(&mailbox.folder).await.map_err(|why| Lost::Folder(why.to_string())) }).await?;
    let _ = tokio::time::timeout(Duration::from_secs(2), session.logout()).await;
    Ok(found.exists)
}

/// The XOAUTH2 answer; what the server says to a token that it refuses is answered with nothing, as the mechanism wants.
struct Bearer {
    response: Option<String>,
}

impl Authenticator for Bearer {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.response.take().unwrap_or_default()
    }
}

async fn greeted(server: &Server) -> Result<Client<Box<dyn Wire>>, Lost> {
    let lost = |why: std::io::Error| Lost::Connection(why.to_string());
    let stream = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(lost)?;
    let _ = stream.set_nodelay(true);
    let gone = || Lost::Connection("it hung up before its greeting".into());
    match server.tls {
        Tls::Off => {
            let mut client = Client::new(Box::new(stream) as Box<dyn Wire>);
            client.read_response().await.map_err(lost)?.ok_or_else(gone)?;
            Ok(client)
        }
        Tls::Implicit => {
            let mut client = Client::new(Box::new(encrypted(server, stream).await?) as Box<dyn Wire>);
            client.read_response().await.map_err(lost)?.ok_or_else(gone)?;
            Ok(client)
        }
        Tls::StartTls => {
            let mut client = Client::new(stream);
            client.read_response().await.map_err(lost)?.ok_or_else(gone)?;
            client.run_command_and_check_ok("STARTTLS", None).await?;
            Ok(Client::new(Box::new(encrypted(server, client.into_inner()).await?) as Box<dyn Wire>))
        }
    }
}

async fn encrypted(server: &Server, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Lost> {
    let wrong = |why: String| Lost::Connection(why);
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &server.authority {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|why| wrong(format!("the certificate of the authority cannot be read: {why}")))?;
            roots.add(certificate).map_err(|why| wrong(format!("the certificate of the authority cannot be used: {why}")))?;
        }
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong(why.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(server.host.clone()).map_err(|_| wrong(format!("{:?} is no host name", server.host)))?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|why| wrong(format!("TLS: {why}")))
}
