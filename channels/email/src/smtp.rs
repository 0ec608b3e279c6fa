//! What carries answers: one of the helpline's carriers, over SMTP (RFC 5321, RFC 6409).

mod compose;
mod connection;

pub use compose::{Dkim, Identity};

use crate::imap::{Proof, Server};
use connection::{Connection, Failed, connect};
use daak_domain::carrier::{Accepted, Carrier, Dispatch, SendError};
use daak_domain::contact::{Attachment, Channel};
use daak_domain::seam::{Archive, BoxFuture};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Where answers leave.
#[derive(Clone)]
pub struct SmtpConfig {
    /// The server.
    pub server: Server,
    /// User name and proof; none for a server that trusts this machine.
    pub sign_in: Option<(String, Proof)>,
    /// As whom we write.
    pub identity: Identity,
    /// Longest wait for one answer of the server.
    pub timeout: Duration,
}

/// Carries the channel `email`.
pub struct SmtpCarrier {
    config: SmtpConfig,
    archive: Arc<dyn Archive>,
    resting: Mutex<Vec<(Connection, Instant)>>,
}

/// Connections that are kept for the next message.
const KEPT: usize = 4;
/// A connection that rested longer is not used again: servers hang up.
const RESTED: Duration = Duration::from_secs(20);

impl SmtpCarrier {
    /// A carrier; attachments come out of `archive`.
    pub fn new(config: SmtpConfig, archive: Arc<dyn Archive>) -> Self {
        Self { config, archive, resting: Mutex::default() }
    }

    async fn pass_on(&self, message: &Dispatch) -> Result<Accepted, SendError> {
        let files = self.files(&message.enclosed.attachments).await?;
        let composed = compose::mail(message, files, &self.config.identity, std::time::SystemTime::now());
        let (mail, id) = composed.map_err(SendError::never)?;
        let (envelope, bytes) = (mail.envelope().clone(), mail.formatted());
        if let Some(mut resting) = self.resting().await {
            match resting.send(&envelope, &bytes).await {
                // It had hung up while it rested: surely nothing was taken.
                Err(Failed::Before(_)) => {}
                sent => return self.done(resting, sent, id).await,
            }
        }
        let connected = tokio::time::timeout(self.config.timeout, connect(&self.config)).await;
        let mut connection =
            connected.map_err(|_| SendError::later("the mail server does not answer in time"))?.map_err(SendError::later)?;
        let sent = connection.send(&envelope, &bytes).await;
        self.done(connection, sent, id).await
    }

    async fn done(&self, connection: Connection, sent: Result<(), Failed>, id: String) -> Result<Accepted, SendError> {
        match sent {
            Ok(()) => {
                let mut resting = self.resting.lock().await;
                if resting.len() < KEPT {
                    resting.push((connection, Instant::now()));
                }
                Ok(Accepted { carrier_id: id, parts: 1, reports: false })
            }
            Err(Failed::Before(why) | Failed::Later(why)) => Err(SendError::later(why)),
            Err(Failed::Never(why)) => Err(SendError::never(why)),
            Err(Failed::Unknown(why)) => Err(SendError::unknown(why)),
        }
    }

    async fn resting(&self) -> Option<Connection> {
        let mut resting = self.resting.lock().await;
        resting.retain(|(_, since)| since.elapsed() < RESTED);
        resting.pop().map(|(connection, _)| connection)
    }

    async fn files(&self, attachments: &[Attachment]) -> Result<Vec<(Attachment, Vec<u8>)>, SendError> {
        if attachments.is_empty() {
            return Ok(Vec::new());
        }
        let (archive, wanted) = (self.archive.clone(), attachments.to_vec());
        let read = tokio::task::spawn_blocking(move || {
            wanted.into_iter().map(|file| archive.get(&file.blob).map(|content| (file, content))).collect::<std::io::Result<Vec<_>>>()
        });
        let lost = |why: String| SendError::later(format!("an attachment cannot be read: {why}"));
        read.await.map_err(|why| lost(why.to_string()))?.map_err(|why| lost(why.to_string()))
    }

    /// Looks whether the server takes connections and lets us in.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub async fn look(config: &SmtpConfig) -> Result<(), String> {
        connect(config).await.map(drop)
    }
}

impl Carrier for SmtpCarrier {
    fn channels(&self) -> Vec<Channel> {
        vec![Channel::Email]
    }

    fn send<'a>(&'a self, message: &'a Dispatch) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            let sent = tokio::time::timeout(self.patience(), self.pass_on(message)).await;
            sent.unwrap_or_else(|_| Err(SendError::unknown("the mail server does not answer in time")))
        })
    }

    fn reaches(&self, _: Channel, to: &str) -> Result<(), &'static str> {
        match to.parse::<lettre::Address>() {
            Ok(_) => Ok(()),
            Err(_) => Err("this is no mail address: correct the citizen's address"),
        }
    }

    fn patience(&self) -> Duration {
        self.config.timeout * 4
    }

    fn driver(&self) -> &'static str {
        "smtp"
    }
}
