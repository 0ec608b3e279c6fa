//! How channels reach the helpline without knowing it.
//!
//! `channels/*` call these traits; `src/` implements them; `app.rs` joins the two. Implementations
//! bound their own waits: a caller in a call gives up after the flow's limit and goes on.

use crate::call::{AfterHours, CallCommand, CallEvent, CallId};
use crate::carrier::Delivery;
use crate::contact::{Attachment, AttachmentRole, Channel, Contact, Receipt, Sender};
use crate::language::Language;
use crate::phone::PhoneNumber;
use crate::ticket::{Number, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// A boxed future, so that the seams can be held as `Arc<dyn …>`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the platform does for a channel.
pub trait Helpline: Send + Sync + 'static {
    /// The one door. When it answers `Ok`, the contact is durable: the sender may be told so.
    fn take_in(&self, contact: Contact) -> BoxFuture<'_, Result<Receipt, Refusal>>;

    /// A short message from a telephone: a matter, the answer to a question of ours, or a command (`STATUS …`, `STOP`). When it
    /// answers `Ok`, what it leads to is durable; the same message again leads to nothing new.
    fn short_message(&self, contact: Contact) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move { self.take_in(contact).await.map(drop) })
    }

    /// Keeps what cannot or must not become a contact by itself: damaged, dangerous, too large, perhaps a fraud. A person
    /// looks at it and releases it or throws it away. When it answers `Ok`, it is durable; a second arrival of the same
    /// `(channel, external_id)` is the same one.
    fn hold(&self, held: Held) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Writes down what a carrier heard later of a message. One that is not known is passed over.
    fn delivery(&self, news: Delivery) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Writes down what happened later to a contact, or to a message of ours: nothing that was there before is lost.
    /// `false` if neither is known by that name.
    fn amend(&self, _amended: Amended) -> BoxFuture<'_, Result<bool, Refusal>> {
        Box::pin(async { Err(Refusal::Invalid("this helpline keeps no amendments".to_owned())) })
    }

    /// How a ticket stands, for a citizen who has its number. `None` if there is no such ticket.
    fn look_up(&self, number: Number) -> BoxFuture<'_, Result<Option<Standing>, Refusal>>;

    /// Sends a citizen the message `template` in `language`. Answers when it is in the outbox.
    /// `key` makes a second request the same one.
    fn send_sms<'a>(
        &'a self,
        key: &'a str,
        to: &'a PhoneNumber,
        language: Language,
        template: &'a str,
        values: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), Refusal>>;

    /// Whether the lines named `calendar` are open at `now`, and otherwise until when they are closed.
    fn hours(&self, calendar: &str, now: Timestamp) -> AfterHours;

    /// Says what happened in a call. Never waits.
    fn call_event(&self, call: CallId, event: CallEvent);

    /// The language this number chose last time.
    fn remembered_language<'a>(&'a self, caller: &'a PhoneNumber) -> BoxFuture<'a, Option<Language>>;
}

/// How the floor reaches calls and citizens: the telephone.
pub trait Switchboard: Send + Sync + 'static {
    /// Passes a command on to a call. Never waits; a call that is over ignores it.
    fn command(&self, call: CallId, command: CallCommand);

    /// Calls a citizen back, once. Answers with the name of the new call as soon as it is set up; the call then says
    /// itself how it goes: whoever answers comes to the line ([`CallEvent::Waiting`]), whoever does not ends ([`CallEvent::Ended`]).
    fn call_back(&self, recall: Recall) -> BoxFuture<'_, Result<CallId, Refusal>>;

    /// Tells a citizen that all attempts to call back were in vain.
    fn callback_missed(&self, recall: Recall) -> BoxFuture<'_, Result<(), Refusal>>;

    /// The calls that exist at this moment, so that whoever missed news of them can mend its picture.
    fn live(&self) -> Vec<CallId>;
}

/// Whom to call back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The call in which it was asked.
    pub asked_in: CallId,
    /// Whom.
    pub number: PhoneNumber,
    /// In which language.
    pub language: Language,
    /// The place in the line that is kept.
    pub since: Timestamp,
}

/// Why the helpline did not do what a channel asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It can never succeed as it stands.
    #[error("not accepted: {0}")]
    Invalid(String),
    /// It may succeed later: the database is locked, the disk is full. Keep what you hold and try again.
    #[error("not possible right now: {0}")]
    Unavailable(String),
}

/// What is kept in quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The way it came.
    pub channel: Channel,
    /// The channel's own name for it.
    pub external_id: String,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Who sent it, as far as can be told.
    pub sender: Sender,
    /// Why it is held: a sentence for the person who decides.
    pub reason: String,
    /// What can be read of it safely.
    pub excerpt: Option<String>,
    /// The thing itself, as it came.
    pub raw: Option<Attachment>,
}

/// What happened later to a contact, or to a message of ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Amended {
    /// The way it came.
    pub channel: Channel,
    /// The channel's own name for the contact or message.
    pub message: String,
    /// Who did it; nobody's contact but their own is amended. Empty where the helpline itself did.
    pub sender: Sender,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Amendment,
}

/// What happened to it. A second arrival of the same is passed over.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Amendment {
    /// The citizen wrote it anew.
    Edited(String),
    /// The citizen took it back.
    Deleted,
    /// The citizen answered by a sign; `None` took the sign away.
    Reacted(Option<String>),
    /// Files that it only referred to have been fetched.
    Fetched(Vec<Attachment>),
    /// A file that it referred to cannot be had any more: a sentence.
    Lost(String),
}

/// How a ticket stands, in what may be told to anybody who has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its number.
    pub number: Number,
    /// Its state.
    pub state: State,
    /// Department that holds it, by code.
    pub department: String,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it must be resolved.
    pub due_at: Timestamp,
    /// When it was closed, if it is.
    pub closed_at: Option<Timestamp>,
}

/// Where files are kept: content-addressed, encrypted at rest. Calls block; use them from a thread that may.
pub trait Archive: Send + Sync + 'static {
    /// Begins a file that grows, such as a recording. What was appended and synced survives the
    /// death of the process: it is found and finished at the next start.
    ///
    /// # Errors
    /// The disk's own, with the path taken out.
    fn create(&self, label: Label) -> std::io::Result<Box<dyn ArchiveWriter>>;

    /// Stores a whole file.
    ///
    /// # Errors
    /// The disk's own.
    fn put(&self, label: Label, content: &[u8]) -> std::io::Result<Attachment> {
        let mut writer = self.create(label)?;
        writer.append(content)?;
        writer.finish()
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// `NotFound` if there is none; `InvalidData` if it was tampered with or the key is another.
    fn get(&self, blob: &crate::contact::BlobId) -> std::io::Result<Vec<u8>>;
}

/// What a file is, said when it is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// A name to show, without a path.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// What it is for.
    pub role: AttachmentRole,
    /// The call or contact it belongs to, so that an unfinished one can be given back to it.
    pub belongs_to: String,
}

/// A file being written. Dropping it unfinished keeps what was synced, for recovery.
pub trait ArchiveWriter: Send {
    /// Adds bytes.
    ///
    /// # Errors
    /// The disk's own (full, gone).
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Makes all that was appended survive a crash. Recordings do so once a second.
    ///
    /// # Errors
    /// The disk's own.
    fn sync(&mut self) -> std::io::Result<()>;

    /// Ends the file and names it by its content.
    ///
    /// # Errors
    /// The disk's own.
    fn finish(self: Box<Self>) -> std::io::Result<Attachment>;

    /// Ends the file and removes it: nobody wants it.
    fn discard(self: Box<Self>) {
        let _ = self.finish();
    }
}
