//! The door of one account for its provider's deliveries: handshake, signature, reading.

use crate::account::{Account, Provider};
use crate::arrival::{Arrival, Strange};
use crate::signature::{self, Unsigned};
use crate::{instagram, messenger, telegram, whatsapp, x};
use daak_domain::Timestamp;
use daak_domain::contact::Sender;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The door of one account.
#[derive(Debug, Clone)]
pub struct Door {
    account: Arc<Account>,
}

/// What the handshake is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handshake {
    /// This text.
    Text(String),
    /// This JSON document.
    Json(String),
    /// Nothing: it is not the provider, or it does not know the token.
    Refused,
}

/// Arrivals of one delivery at most: Meta puts up to a thousand into one.
const MOST_ARRIVALS: usize = 2_000;

impl Door {
    /// The door of this account.
    pub fn new(account: Arc<Account>) -> Self {
        Self { account }
    }

    /// Whose it is.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The header that carries the signature, in lower case.
    pub fn header(&self) -> &'static str {
        signature::header(self.account.provider)
    }

    /// Answers the provider's handshake: `query` finds a parameter.
    pub fn handshake<'a>(&self, query: impl Fn(&str) -> Option<&'a str>) -> Handshake {
        match self.account.provider {
            Provider::Whatsapp | Provider::Messenger | Provider::Instagram => {
                let known = query("hub.verify_token").is_some_and(|told| signature::same(&self.account.verify_token, told));
                match (query("hub.mode"), query("hub.challenge")) {
                    (Some("subscribe"), Some(challenge)) if known && !self.account.verify_token.is_empty() && challenge.len() <= 1_000 => {
                        Handshake::Text(challenge.to_owned())
                    }
                    _ => Handshake::Refused,
                }
            }
            Provider::X => match query("crc_token") {
                Some(token) if token.len() <= 1_000 => {
                    Handshake::Json(serde_json::json!({ "response_token": signature::challenge(&self.account, token) }).to_string())
                }
                _ => Handshake::Refused,
            },
            Provider::Telegram => Handshake::Refused,
        }
    }

    /// Believes a delivery by the signature that stands in [`Door::header`].
    ///
    /// # Errors
    /// [`Unsigned`].
    pub fn believe(&self, signature: Option<&str>, body: &[u8]) -> Result<(), Unsigned> {
        signature::verify(&self.account, signature, body)
    }

    /// What a believed delivery says. A body that is no JSON, or says nothing that is known, is kept as it is.
    pub fn read(&self, body: &[u8], now: Timestamp) -> Vec<Arrival> {
        let Ok(payload) = serde_json::from_slice::<Value>(body) else {
            let content = Value::String(String::from_utf8_lossy(&body[..body.len().min(10_000)]).into_owned());
            return vec![self.strange(body, content, "the delivery is signed rightly and is no JSON", now)];
        };
        let account = &*self.account;
        let mut arrivals = match account.provider {
            Provider::Whatsapp => whatsapp::read(account, &payload, now),
            Provider::Messenger => messenger::read(account, &payload, now),
            Provider::Instagram => instagram::read(account, &payload, now),
            Provider::Telegram => telegram::read(account, &payload, now),
            Provider::X => x::read(account, &payload, now),
        };
        if arrivals.is_empty() {
            arrivals.push(self.strange(body, payload, "the delivery is signed rightly and says nothing that is known", now));
        } else if arrivals.len() > MOST_ARRIVALS {
            arrivals.truncate(MOST_ARRIVALS);
            arrivals.push(self.strange(body, payload, "the delivery says more than is read at once", now));
        }
        arrivals
    }

    fn strange(&self, body: &[u8], content: Value, reason: &str, now: Timestamp) -> Arrival {
        let name = hex::encode(Sha256::digest(body));
        Arrival::Strange(Strange {
            external_id: self.account.named(&format!("body.{}", &name[..32])),
            at: now,
            sender: Sender::default(),
            reason: reason.to_owned(),
            content,
        })
    }
}

/// Something that a reader does not know, or that is another account's, named by its content where it has no name.
pub(crate) fn strange(account: &Account, id: Option<String>, at: Timestamp, sender: Sender, reason: String, content: &Value) -> Arrival {
    let id = id.unwrap_or_else(|| format!("piece.{}", &hex::encode(Sha256::digest(content.to_string()))[..32]));
    Arrival::Strange(Strange { external_id: account.named(&id), at, sender, reason, content: content.clone() })
}

/// What is another account's.
pub(crate) fn not_ours(account: &Account, other: &str, now: Timestamp, content: &Value) -> Arrival {
    let reason = format!("it is for the account {other}, which is not {:?} of the configuration", account.name);
    strange(account, None, now, Sender::default(), reason, content)
}
