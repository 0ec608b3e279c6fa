//! Mail, as the configuration wants it: mailboxes that are watched, the door that mails come in by, the carrier of answers.

use super::{AppError, Ground};
use crate::config::Config;
use crate::config::section::email::{self, Encryption, MailUrl};
use crate::store::Store;
use daak_domain::seam::{BoxFuture, Helpline, Refusal};
use daak_email::clamd::Clamd;
use daak_email::imap::{After, Cursors, Mailbox, OAuth, OAuthConfig, Proof, Server, Tls, Watcher};
use daak_email::smtp::{Dkim, Identity};
use daak_email::thread::Ours;
use daak_email::{Door, Rules, SmtpCarrier, SmtpConfig};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one answer of the sending server.
const ANSWER: Duration = Duration::from_secs(20);

/// A watcher for each mailbox.
///
/// # Errors
/// [`AppError::Masters`] if one is not described well.
pub fn watchers(config: &Config, ground: &Ground, helpline: Arc<dyn Helpline>) -> Result<Vec<Watcher>, AppError> {
    let door = door(config, ground, helpline);
    let cursors: Arc<dyn Cursors> = Arc::new(Kept(ground.store.clone()));
    let watcher = |mailbox: &email::Mailbox| Ok(Watcher::new(watched(config, mailbox)?, door.clone(), cursors.clone()));
    config.email.all_mailboxes().iter().map(watcher).collect()
}

/// The door that mails come in by, also those from files.
pub fn door(config: &Config, ground: &Ground, helpline: Arc<dyn Helpline>) -> Door {
    let email = &config.email;
    let usual = Rules::default();
    let rules = Rules {
        bounds: daak_email::bounds::Bounds { size: email.largest_mib << 20, ..usual.bounds },
        ours: ours(config),
        trusted_server: email.authentication_server.clone(),
        allowed: email.allowed.clone().unwrap_or(usual.allowed),
        keep_original: email.keep_original,
        hold_forged: email.hold_forged,
    };
    Door::new(helpline, ground.archive.clone(), rules, email.clamd.as_ref().map(Clamd::new))
}

/// What carries answers by mail; none without `email.smtp`.
///
/// # Errors
/// [`AppError::Masters`] if it is not described well.
pub fn carrier(config: &Config, ground: &Ground) -> Result<Option<SmtpCarrier>, AppError> {
    Ok(smtp(config)?.map(|smtp| SmtpCarrier::new(smtp, ground.archive.clone())))
}

/// Looks at every mailbox, or at the sending server: one line for each, or the first that fails.
///
/// # Errors
/// A sentence that says which, and why.
pub async fn look(config: &Config, sending: bool) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    if sending {
        if let Some(smtp) = smtp(config).map_err(|why| why.to_string())? {
            SmtpCarrier::look(&smtp).await?;
            found.push(format!("{}:{} takes mail of ours", smtp.server.host, smtp.server.port));
        }
        return Ok(found);
    }
    for mailbox in config.email.all_mailboxes() {
        let watched = watched(config, &mailbox).map_err(|why| why.to_string())?;
        let mails = daak_email::imap::look(&watched).await.map_err(|why| format!("{}: {why}", mailbox.name))?;
        found.push(format!("{}: {} has {mails} mails", mailbox.name, watched.folder));
    }
    Ok(found)
}

fn smtp(config: &Config) -> Result<Option<SmtpConfig>, AppError> {
    let email = &config.email;
    let (Some(url), Some(from)) = (&email.smtp, &email.from) else { return Ok(None) };
    let proof = match (&email.smtp_password, &email.smtp_oauth2) {
        (Some(password), _) => Some(Proof::Password(password.expose().to_owned())),
        (None, Some(oauth2)) => Some(Proof::OAuth(oauth(oauth2)?)),
        (None, None) => None,
    };
    let dkim = email.dkim.as_ref().map(|dkim| Dkim::new(&dkim.domain, &dkim.selector, dkim.key.expose()));
    let dkim = dkim.transpose().map_err(|why| AppError::Masters(format!("email.dkim.key: {why}")))?;
    Ok(Some(SmtpConfig {
        server: server(config, url)?,
        sign_in: url.user.clone().zip(proof),
        identity: Identity {
            from: from.clone(),
            name: email.name.clone().unwrap_or_else(|| config.helpline.name.clone()),
            ours: ours(config),
            number_in_address: email.number_in_address,
            dkim: dkim.map(Arc::new),
        },
        timeout: ANSWER,
    }))
}

fn watched(config: &Config, mailbox: &email::Mailbox) -> Result<Mailbox, AppError> {
    let proof = match &mailbox.oauth2 {
        Some(oauth2) => Proof::OAuth(oauth(oauth2)?),
        None => Proof::Password(mailbox.password.as_ref().map(|p| p.expose().to_owned()).unwrap_or_default()),
    };
    Ok(Mailbox {
        name: mailbox.name.clone(),
        server: server(config, &mailbox.imap)?,
        user: mailbox.imap.user.clone().unwrap_or_default(),
        proof,
        folder: mailbox.imap.folder.clone().unwrap_or_else(|| "INBOX".into()),
        after: match &mailbox.after {
            email::After::Seen => After::Seen,
            email::After::Leave => After::Leave,
            email::After::Move(folder) => After::Move(folder.clone()),
        },
        batch: config.email.batch,
        at_once: config.email.at_once,
        poll: Duration::from_secs(config.email.poll_s),
    })
}

/// As whom we write: the address that we write from, those of the mailboxes, and what else is named.
fn ours(config: &Config) -> Ours {
    let email = &config.email;
    let mailboxes = email.all_mailboxes();
    let of_mailboxes = mailboxes.iter().filter_map(|m| m.address.clone().or_else(|| m.imap.user.clone())).filter(|a| a.contains('@'));
    Ours::new(email.from.iter().cloned().chain(email.addresses.iter().cloned()).chain(of_mailboxes))
}

fn server(config: &Config, url: &MailUrl) -> Result<Server, AppError> {
    let authority = config.email.authority.as_ref().map(std::fs::read).transpose();
    Ok(Server {
        host: url.host.clone(),
        port: url.port,
        tls: match url.tls {
            Encryption::Implicit => Tls::Implicit,
            Encryption::StartTls => Tls::StartTls,
            Encryption::Off => Tls::Off,
        },
        authority: authority.map_err(|why| AppError::Masters(format!("email.authority cannot be read: {why}")))?,
    })
}

fn oauth(oauth2: &email::OAuth2) -> Result<OAuth, AppError> {
    let client = reqwest::Client::builder()
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|why| AppError::Masters(format!("email oauth2: {why}")))?;
    let config = OAuthConfig {
        token_url: oauth2.token_url.clone(),
        client_id: oauth2.client_id.clone(),
        client_secret: oauth2.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
        refresh_token: oauth2.refresh_token.expose().to_owned(),
        scope: oauth2.scope.clone(),
    };
    Ok(OAuth::new(config, client))
}

/// The database keeps how far each mailbox was read.
struct Kept(Store);

impl Cursors for Kept {
    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, Refusal>> {
        Box::pin(async move { self.0.cursor(name).await.map_err(|why| Refusal::Unavailable(why.to_string())) })
    }

    fn save<'a>(&'a self, name: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move { self.0.put_cursor(name, value).await.map_err(|why| Refusal::Unavailable(why.to_string())) })
    }
}
