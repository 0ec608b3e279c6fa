//! Where citizens' messages come in, by whatever gateway: numbers brought into one form, parts joined, what is no message kept
//! for a person to look at.

use crate::alphabet::text_of;
use crate::concat::Concat;
use crate::join::{Part, Whole};
use crate::shelf::Shelf;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Held, Helpline, Refusal};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The door for messages.
pub struct TextDoor {
    helpline: Arc<dyn Helpline>,
    shelf: Arc<Shelf>,
    arrived: Notify,
}

/// A message, or a part of one, as a gateway hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The gateway's own name for it, where it has one that never comes twice.
    pub id: Option<String>,
    /// From whom, as the network writes it.
    pub from: String,
    /// To which of our numbers.
    pub to: String,
    /// Its place in a message of several parts.
    pub place: Option<Concat>,
    /// What it says.
    pub content: Content,
    /// When it reached us.
    pub received_at: Timestamp,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, as UTF-16 units.
    Units(Vec<u16>),
    /// No text: a ring tone, a setting, a coding that nobody knows.
    Binary(Vec<u8>),
}

/// Neither the number nor the text reaches a log.
impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival").field("id", &self.id).field("place", &self.place).finish_non_exhaustive()
    }
}

/// A message that comes twice within this time is the same one, where the gateway gives it no name.
const SAME_WITHIN_S: i64 = 600;
/// How often a message is offered again that the helpline could not take.
const AGAIN: Duration = Duration::from_secs(5);

impl TextDoor {
    /// Opens the door. Parts lie in `folder` until their message is whole, `patience` at most.
    ///
    /// # Errors
    /// The disk's own.
    pub fn open(helpline: Arc<dyn Helpline>, folder: &Path, patience: SignedDuration) -> std::io::Result<Self> {
        Ok(Self { helpline, shelf: Arc::new(Shelf::open(folder, patience)?), arrived: Notify::new() })
    }

    /// Takes a message or a part of one. When it answers `Ok`, it is durable.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`]: the gateway must offer it again.
    pub async fn arrive(&self, arrival: Arrival) -> Result<(), Refusal> {
        match (arrival.place, &arrival.content) {
            (Some(place), Content::Units(units)) => {
                let (from, to) = (arrival.from.clone(), arrival.to.clone());
                let part = Part { from, to, place, units: units.clone(), received_at: arrival.received_at };
                let shelf = self.shelf.clone();
                let kept = tokio::task::spawn_blocking(move || shelf.keep(part)).await;
                kept.map_err(|why| Refusal::Unavailable(why.to_string()))?.map_err(|why| Refusal::Unavailable(why.to_string()))?;
                self.arrived.notify_one();
                Ok(())
            }
            (None, Content::Units(units)) => {
                let text = text_of(units).trim().to_owned();
                let id = arrival.id.clone().unwrap_or_else(|| name_of(&arrival, &text));
                self.hand_in(&arrival.from, &id, &text, arrival.received_at).await
            }
            (_, Content::Binary(octets)) => {
                let id = arrival.id.clone().unwrap_or_else(|| name_of(&arrival, &hex::encode(octets)));
                self.hold(
                    &arrival.from,
                    &id,
                    arrival.received_at,
                    "it is no text: a telephone's settings, a picture, or a coding that is not known",
                    hex::encode(octets),
                )
                .await
            }
        }
    }

    /// Hands in messages as they become whole, or are waited for no longer, until `closing`.
    pub async fn run(self: Arc<Self>, closing: CancellationToken) {
        while !closing.is_cancelled() {
            let now = Timestamp::now();
            let due = self.shelf.due(now);
            let mut left = false;
            for whole in due {
                match self.take_whole(&whole).await {
                    Ok(()) => {
                        let shelf = self.shelf.clone();
                        let _ = tokio::task::spawn_blocking(move || shelf.settled(&whole)).await;
                    }
                    Err(why) => {
                        left = true;
                        tracing::warn!(event = "sms.not_taken_in", %why);
                    }
                }
            }
            let next = self.shelf.next().and_then(|at| Duration::try_from(at.duration_since(Timestamp::now())).ok());
            let rest = if left { AGAIN } else { next.unwrap_or(AGAIN).clamp(Duration::from_millis(50), Duration::from_secs(60)) };
            tokio::select! {
                () = closing.cancelled() => {}
                () = self.arrived.notified(), if !left => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    async fn take_whole(&self, whole: &Whole) -> Result<(), Refusal> {
        let Some(first) = whole.parts.first() else { return Ok(()) };
        let id =
            hash([&first.from, &first.to, &format!("{}/{}", first.place.reference, first.place.total), &whole.received_at.to_string()]);
        self.hand_in(&first.from, &id, &whole.text, whole.received_at).await
    }

    async fn hand_in(&self, from: &str, id: &str, text: &str, at: Timestamp) -> Result<(), Refusal> {
        let Ok(phone) = PhoneNumber::parse(from) else {
            let why = "it comes from no telephone number, so nobody can be answered: advertising, or a bank's notice";
            return self.hold(from, id, at, why, text.to_owned()).await;
        };
        if text.is_empty() {
            return self.hold(from, id, at, "it is empty", String::new()).await;
        }
        let sender = Sender { phone: Some(phone), ..Sender::default() };
        let contact = Contact::new(Channel::Sms, id, at, sender, Statement::Written { text: text.to_owned() });
        match self.helpline.short_message(contact).await {
            Err(Refusal::Invalid(why)) => self.hold(from, id, at, &why, text.to_owned()).await,
            other => other,
        }
    }

    async fn hold(&self, from: &str, id: &str, at: Timestamp, reason: &str, excerpt: String) -> Result<(), Refusal> {
        let phone = PhoneNumber::parse(from).ok();
        let name = phone.is_none().then(|| from.chars().take(40).collect());
        let sender = Sender { phone, name, ..Sender::default() };
        let excerpt = Some(excerpt.chars().take(2_000).collect::<String>()).filter(|text| !text.is_empty());
        let held = Held {
            channel: Channel::Sms,
            external_id: id.to_owned(),
            received_at: at,
            sender,
            reason: reason.to_owned(),
            excerpt,
            raw: None,
        };
        self.helpline.hold(held).await
    }
}

/// A name for a message that has none of its own: the same words of the same telephone within ten minutes are the same message.
fn name_of(arrival: &Arrival, text: &str) -> String {
    hash([&arrival.from, &arrival.to, text, &(arrival.received_at.as_second() / SAME_WITHIN_S).to_string()])
}

fn hash<const N: usize>(texts: [&str; N]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update([0]);
    }
    format!("sms:{}", hex::encode(&hasher.finalize()[..16]))
}
