//! What any channel hands in, and what it gets back.
//!
//! A telephone call, a mail, a message and a letter all become a [`Contact`]; the one door
//! ([`crate::seam::Helpline::take_in`]) answers each with a [`Receipt`].

use crate::language::Language;
use crate::phone::PhoneNumber;
use crate::ticket::{Number, SlaClass, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One arrival from a citizen. `(channel, external_id)` names it for ever: a second arrival of
/// the same pair is the same contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The way it came.
    pub channel: Channel,
    /// The channel's own name for it (Call-ID, Message-ID, update id, scan's hash).
    pub external_id: String,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Who sent it, as far as the channel knows.
    pub sender: Sender,
    /// The language chosen or detected by the channel.
    pub language: Option<Language>,
    /// Subject line, where the channel has one.
    pub subject: Option<String>,
    /// What was said or written.
    pub statement: Statement,
    /// Where the matter is, as far as it was told.
    pub location: Option<Location>,
    /// Category code that the citizen chose from a list; it goes before what a machine makes of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Files that came with it: the recording, photographs, scans.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The citizen declared an emergency (the emergency key, the emergency choice of the IVR).
    #[serde(default)]
    pub declared_emergency: bool,
    /// The ticket which the citizen says this is about, if any.
    #[serde(default)]
    pub about: Option<Number>,
    /// Earlier arrivals or messages of ours that it answers, by the channel's own names (In-Reply-To, References), the
    /// nearest first. They lead to a ticket only if it is the same person's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// A machine wrote it, or nobody must be answered: no acknowledgement goes out (RFC 3834).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// What came along and is not the statement: text that was quoted from earlier messages, a signature. Shown behind a
    /// fold; never classified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded: Option<String>,
    /// What else the channel knows of this arrival, for the person who looks at it (`dmarc`: `pass`). Names in lower case;
    /// nothing is decided by them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// What is to be known before it is read or answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

/// What is to be known of a contact before it is read or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It stands where everybody reads it (a post, a comment): it is answered there by a fixed text only.
    Public,
    /// Its words insult: it is shown behind a fold. It is a contact like every other.
    Abusive,
    /// The sender's address was typed into a form, and nobody has shown that it is theirs: it opens a ticket, and touches none.
    Unproven,
    /// The citizen asked that the office which settles it not know who they are.
    Confidential,
}

impl Contact {
    /// A contact of which nothing more is known.
    pub fn new(channel: Channel, external_id: impl Into<String>, received_at: Timestamp, sender: Sender, statement: Statement) -> Self {
        Self {
            channel,
            external_id: external_id.into(),
            received_at,
            sender,
            language: None,
            subject: None,
            statement,
            location: None,
            category: None,
            attachments: Vec::new(),
            declared_emergency: false,
            about: None,
            answers: Vec::new(),
            unanswered: false,
            folded: None,
            facts: BTreeMap::new(),
            marks: Vec::new(),
        }
    }
}

/// The way a contact came. The names are those of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Channel {
    Phone,
    Email,
    Whatsapp,
    Messenger,
    Instagram,
    Telegram,
    X,
    Sms,
    Letter,
    Portal,
    Web,
    WalkIn,
}

impl Channel {
    /// Every channel, in the order in which they are listed to people.
    pub const ALL: [Channel; 12] = [
        Channel::Phone,
        Channel::Email,
        Channel::Whatsapp,
        Channel::Messenger,
        Channel::Instagram,
        Channel::Telegram,
        Channel::X,
        Channel::Sms,
        Channel::Letter,
        Channel::Portal,
        Channel::Web,
        Channel::WalkIn,
    ];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Phone => "phone",
            Channel::Email => "email",
            Channel::Whatsapp => "whatsapp",
            Channel::Messenger => "messenger",
            Channel::Instagram => "instagram",
            Channel::Telegram => "telegram",
            Channel::X => "x",
            Channel::Sms => "sms",
            Channel::Letter => "letter",
            Channel::Portal => "portal",
            Channel::Web => "web",
            Channel::WalkIn => "walk_in",
        }
    }
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Channel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|c| c.as_str()).collect();
            format!("unknown channel: use one of {}", known.join(", "))
        })
    }
}

/// Who sent a contact, as the channel knows it. All may be empty: nobody must register.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sender {
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    /// Mail address, in lower case.
    #[serde(default)]
    pub email: Option<String>,
    /// Name as given.
    #[serde(default)]
    pub name: Option<String>,
    /// Name within the channel where that is neither a telephone number nor a mail address (`telegram:12345`).
    #[serde(default)]
    pub handle: Option<String>,
}

/// What a citizen said or wrote, and how far its text can be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Statement {
    /// The citizen's own written words.
    Written {
        /// NFC text.
        text: String,
    },
    /// Speech whose text was recognised in a language trusted for it.
    Transcribed {
        /// NFC text of record.
        text: String,
        /// The recogniser's confidence, 0 to 1.
        confidence: f32,
    },
    /// The voice itself is the statement: a person must write it down. A machine's guess may
    /// stand beside it, marked so, and decides nothing.
    VoiceOnly {
        /// Latin-letter phonetic hint, for search and for calling a person in danger.
        hint: Option<String>,
    },
    /// An image of writing that no machine could read well enough.
    ImageOnly {
        /// The unreliable reading, if any.
        draft: Option<String>,
    },
}

impl Statement {
    /// The text of record, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Statement::Written { text } | Statement::Transcribed { text, .. } => Some(text),
            Statement::VoiceOnly { .. } | Statement::ImageOnly { .. } => None,
        }
    }

    /// A machine's guess that is not a text of record.
    pub fn draft(&self) -> Option<&str> {
        match self {
            Statement::VoiceOnly { hint: Some(text) } | Statement::ImageOnly { draft: Some(text) } => Some(text),
            _ => None,
        }
    }
}

/// Where a matter is, as it was told; matched against the masters at the door.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// LGD code or name of a district.
    #[serde(default)]
    pub district: Option<String>,
    /// LGD code or name of a block or municipality.
    #[serde(default)]
    pub block: Option<String>,
    /// WGS 84 latitude in degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// WGS 84 longitude in degrees.
    #[serde(default)]
    pub lon: Option<f64>,
}

/// A stored file that belongs to a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The stored content.
    pub blob: BlobId,
    /// A name to show, without a path.
    pub name: String,
    /// Media type, as found in the content rather than as claimed.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// What it is for.
    pub role: AttachmentRole,
}

/// What an attachment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentRole {
    /// The citizen's statement, spoken after the tone.
    Statement,
    /// The recording of a whole call, both directions.
    CallRecording,
    /// A photograph, document or other file.
    Document,
    /// The thing itself as it came: the raw mail. It is only saved, never shown in place.
    Original,
    /// A rendering of ours that is safe to look at: a mail's HTML without script and without anything from elsewhere.
    View,
    /// What a machine read in the pictures beside it: words with their places and confidence, and fields to confirm (JSON).
    Reading,
}

/// Name of a stored file: the lower-case hexadecimal SHA-256 of its content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(String);

impl BlobId {
    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// A sentence if the text has another form; such a text never becomes a path.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a blob id is 64 lower-case hexadecimal digits")
        }
    }

    /// From a SHA-256 digest.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BlobId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.0
    }
}

/// What the door answers: the ticket that the contact opened or joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The ticket's number, to be said and sent to the citizen.
    pub number: Number,
    /// Whether a new ticket was opened, or an open one of the same person was joined, or this
    /// very contact had been taken in before.
    pub outcome: Outcome,
    /// The ticket's state now.
    pub state: State,
    /// Category code of the taxonomy.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    pub sla_class: SlaClass,
    /// Whether it is treated as an emergency.
    pub emergency: bool,
    /// When it must be resolved.
    pub due_at: Timestamp,
}

/// How a contact met its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new ticket was registered.
    Opened,
    /// It was added to an open ticket of the same person.
    Joined,
    /// The same contact had arrived before; nothing was changed.
    Repeated,
}
