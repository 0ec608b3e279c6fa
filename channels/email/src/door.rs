//! What a mail is becomes what the helpline has: files are stored, then the contact is taken in; or it is held, or told on.

use crate::clamd::{Clamd, Found};
use crate::reading::{self, Arrival, Hold, Part, Reading, Rules};
use daak_domain::Timestamp;
use daak_domain::contact::{Attachment, AttachmentRole, Channel, Receipt, Sender};
use daak_domain::seam::{Archive, Held, Helpline, Label, Refusal};
use std::sync::Arc;

/// The way of a mail into the helpline. Clones lead to the same one.
#[derive(Clone)]
pub struct Door {
    helpline: Arc<dyn Helpline>,
    archive: Arc<dyn Archive>,
    rules: Arc<Rules>,
    scanner: Option<Arc<Clamd>>,
}

/// What became of a mail. In every case the helpline needs it no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// A contact of this ticket.
    Contact(Receipt),
    /// A thing in quarantine, for this reason.
    Held(String),
    /// News of messages of ours.
    News,
    /// Nothing; the sentence tells why.
    Nothing(&'static str),
}

impl Became {
    /// One word, for figures.
    pub fn word(&self) -> &'static str {
        match self {
            Became::Contact(_) => "contact",
            Became::Held(_) => "held",
            Became::News => "news",
            Became::Nothing(_) => "nothing",
        }
    }
}

impl Door {
    /// A door with these parts.
    pub fn new(helpline: Arc<dyn Helpline>, archive: Arc<dyn Archive>, rules: Rules, scanner: Option<Clamd>) -> Self {
        Self { helpline, archive, rules: Arc::new(rules), scanner: scanner.map(Arc::new) }
    }

    /// How mails are read.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes a mail in. When this answers `Ok`, it is durable; the same mail again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] alone: keep the mail and offer it again. What can never be taken in is held.
    pub async fn take(&self, raw: Vec<u8>, received_at: Timestamp) -> Result<Became, Refusal> {
        let raw: Arc<[u8]> = raw.into();
        let (rules, read) = (self.rules.clone(), raw.clone());
        let reading = tokio::task::spawn_blocking(move || reading::read(&read, received_at, &rules)).await.unwrap_or_else(|_| unread(&raw));
        let became = match reading {
            Reading::Contact(arrival) => self.contact(*arrival, raw, received_at).await?,
            Reading::Held(hold) => self.hold(*hold, Some(raw), received_at).await?,
            Reading::News(news) => {
                for delivery in news {
                    self.helpline.delivery(delivery).await?;
                }
                Became::News
            }
            Reading::Nothing(why) => Became::Nothing(why),
        };
        metrics::counter!("daak_mails_total", "became" => became.word()).increment(1);
        Ok(became)
    }

    /// Holds a mail of which only the header is at hand, because it is too large to be fetched. It stays in its mailbox.
    ///
    /// # Errors
    /// As [`Door::take`].
    pub async fn too_large(&self, header: &[u8], size: u64, received_at: Timestamp) -> Result<Became, Refusal> {
        let reason = format!("the mail has {size} bytes; up to {} are fetched. It stays in the mailbox", self.rules.bounds.size);
        let external_id = reading::external_id_of_header(header);
        let rules = Rules { keep_original: false, ..(*self.rules).clone() };
        // The header is a whole mail without a body: its sender and subject can be read.
        let (sender, excerpt) = match reading::read(header, received_at, &rules) {
            Reading::Contact(arrival) => (arrival.contact.sender, arrival.contact.subject),
            Reading::Held(hold) => (hold.sender, hold.excerpt),
            _ => (Sender::default(), None),
        };
        self.hold(Hold { external_id, reason, sender, excerpt }, None, received_at).await
    }

    async fn contact(&self, arrival: Arrival, raw: Arc<[u8]>, received_at: Timestamp) -> Result<Became, Refusal> {
        let Arrival { mut contact, parts } = arrival;
        let held = |reason: String, contact: &daak_domain::contact::Contact| Hold {
            external_id: contact.external_id.clone(),
            reason,
            sender: contact.sender.clone(),
            excerpt: contact.subject.clone(),
        };
        if let Some(scanner) = self.scanner.as_ref().filter(|_| parts.iter().any(|part| part.role == AttachmentRole::Document)) {
            match scanner.look(&raw).await.map_err(Refusal::Unavailable)? {
                Found::Nothing => {}
                Found::Something(name) => {
                    let hold = held(format!("the virus scanner found {name} in it: do not open its files"), &contact);
                    return self.hold(hold, Some(raw), received_at).await;
                }
            }
        }
        contact.attachments = self.keep(parts, contact.external_id.clone()).await?;
        let hold = held(String::new(), &contact);
        match self.helpline.take_in(contact).await {
            Ok(receipt) => Ok(Became::Contact(receipt)),
            Err(Refusal::Invalid(why)) => {
                self.hold(Hold { reason: format!("it cannot be taken in as it is: {why}"), ..hold }, Some(raw), received_at).await
            }
            Err(later @ Refusal::Unavailable(_)) => Err(later),
        }
    }

    async fn hold(&self, hold: Hold, raw: Option<Arc<[u8]>>, received_at: Timestamp) -> Result<Became, Refusal> {
        let original = match raw {
            Some(raw) => {
                let part = Part {
                    name: "mail.eml".into(),
                    media_type: "message/rfc822".into(),
                    role: AttachmentRole::Original,
                    content: raw.to_vec(),
                };
                self.keep(vec![part], hold.external_id.clone()).await?.pop()
            }
            None => None,
        };
        let reason = hold.reason.clone();
        let held = Held {
            channel: Channel::Email,
            external_id: hold.external_id,
            received_at,
            sender: hold.sender,
            reason: hold.reason,
            excerpt: hold.excerpt,
            raw: original,
        };
        self.helpline.hold(held).await?;
        Ok(Became::Held(reason))
    }

    async fn keep(&self, parts: Vec<Part>, belongs_to: String) -> Result<Vec<Attachment>, Refusal> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let archive = self.archive.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let keep = |part: Part| {
                let label = Label { name: part.name, media_type: part.media_type, role: part.role, belongs_to: belongs_to.clone() };
                archive.put(label, &part.content)
            };
            parts.into_iter().map(keep).collect::<std::io::Result<Vec<_>>>()
        });
        let unavailable = |why: String| Refusal::Unavailable(format!("the files of a mail cannot be stored: {why}"));
        kept.await.map_err(|why| unavailable(why.to_string()))?.map_err(|why| unavailable(why.to_string()))
    }
}

/// A mail on which the reader itself failed: one such must not stop the line.
fn unread(raw: &[u8]) -> Reading {
    let header = &raw[..crate::bounds::header_end(raw).min(64 * 1024)];
    tracing::error!(event = "mail.unreadable", bytes = raw.len(), "the reader failed on a mail; it is held");
    Reading::Held(Box::new(Hold {
        external_id: reading::external_id_of_header(header),
        reason: "our reader failed on it".into(),
        sender: Sender::default(),
        excerpt: None,
    }))
}
