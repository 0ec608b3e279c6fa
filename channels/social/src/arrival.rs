//! What a delivery says.

use crate::account::Account;
use daak_domain::Timestamp;
use daak_domain::carrier::Delivery;
use daak_domain::contact::{AttachmentRole, Contact, Sender, Statement};
use daak_domain::seam::Amended;
use serde::{Deserialize, Serialize};

/// One thing that a delivery says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)]
pub enum Arrival {
    /// A citizen said something.
    Said(Said),
    /// What became of a message of ours.
    Delivery(Delivery),
    /// A citizen changed something that was said; where that is not known, it is said now.
    Amended {
        /// What happened.
        amended: Amended,
        /// What it is if the first one is not known here.
        otherwise: Option<Said>,
    },
    /// Something that this version cannot read, or another account's: kept for a person to look at.
    Strange(Strange),
    /// Something that asks for nothing: an echo of ours, typing, news about the account.
    Aside(&'static str),
}

/// Something that a citizen said, and the files that it only refers to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// What becomes a contact.
    pub contact: Contact,
    /// Files to fetch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
}

/// A file that a payload refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it is.
    pub place: Place,
    /// Its name, as the sender's side gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    pub role: AttachmentRole,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The provider's API tells, by this name.
    Id(String),
    /// There.
    Url(String),
}

/// Something that is kept without being understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strange {
    /// Names it, so that a second arrival is the same.
    pub external_id: String,
    /// When.
    pub at: Timestamp,
    /// Who, as far as can be told.
    pub sender: Sender,
    /// Why it is kept: a sentence.
    pub reason: String,
    /// The piece of the payload.
    pub content: serde_json::Value,
}

impl Said {
    /// A message of words.
    pub(crate) fn new(account: &Account, id: &str, at: Timestamp, sender: Sender, text: impl Into<String>) -> Self {
        let statement = Statement::Written { text: text.into() };
        Self { contact: Contact::new(account.provider.channel(), account.named(id), at, sender, statement), files: Vec::new() }
    }

    /// Adds a file. Where nothing was written, a voice or an image is itself the statement.
    pub(crate) fn file(&mut self, kind: Kind, place: Place, name: Option<&str>) {
        let role = if kind == Kind::Voice { AttachmentRole::Statement } else { AttachmentRole::Document };
        if self.contact.statement.text().is_some_and(|text| text.trim().is_empty()) {
            self.contact.statement = match kind {
                Kind::Voice => Statement::VoiceOnly { hint: None },
                Kind::Picture | Kind::Other => Statement::ImageOnly { draft: None },
            };
        }
        if self.files.len() < MOST_FILES {
            self.files.push(File { place, name: name.filter(|n| !n.trim().is_empty()).map(str::to_owned), role });
        }
    }

    /// That it answers an earlier message.
    pub(crate) fn answers(&mut self, account: &Account, id: Option<&str>) {
        self.contact.answers.extend(id.map(|id| account.named(id)));
    }

    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.contact.statement.text().is_some_and(|text| text.trim().is_empty())
    }
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A voice note: the citizen's statement, spoken.
    Voice,
    /// A photograph or a film.
    Picture,
    /// Any other.
    Other,
}

/// Files of one message at most; no provider sends more.
const MOST_FILES: usize = 20;
