//! How the helpline reaches citizens in writing, without knowing the way: SMS, mail, messengers.
//!
//! A message lies in the outbox until a [`Carrier`] takes it. What comes of it later, a delivery report or a bounce,
//! comes back through [`crate::seam::Helpline::delivery`].

use crate::contact::{Attachment, Channel};
use crate::language::Language;
use crate::seam::BoxFuture;
use crate::ticket::Number;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A way of carrying messages. The same `key` may be sent again when it is not known whether it was taken:
/// a carrier passes the key on, so that the receiving side can see the second as the first.
pub trait Carrier: Send + Sync + 'static {
    /// The channels whose messages it carries.
    fn channels(&self) -> Vec<Channel>;

    /// Hands one message over. Bounded in time by the carrier itself.
    fn send<'a>(&'a self, message: &'a Dispatch) -> BoxFuture<'a, Result<Accepted, SendError>>;

    /// Whether it can reach this address at all, looked at before any rule of sending.
    ///
    /// # Errors
    /// A sentence that says what to do instead; the message fails with it.
    fn reaches(&self, _channel: Channel, _to: &str) -> Result<(), &'static str> {
        Ok(())
    }

    /// The longest that one sending can take. Whoever holds a message for sending holds it longer than this.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Its name in the configuration and in logs: `outbox`, `http`, `smtp`.
    fn driver(&self) -> &'static str;
}

/// One message to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Names this message for ever; a second sending carries the same key.
    pub key: String,
    /// By which way.
    pub channel: Channel,
    /// To whom: an E.164 number, a mail address, a name within the channel (`telegram:12345`).
    pub to: String,
    /// The ticket it is about.
    pub ticket: Option<Number>,
    /// Name of its template; `reply` for what a person wrote.
    pub template: String,
    /// Language of its text.
    pub language: Language,
    /// What is said.
    pub text: String,
    /// What goes with it.
    pub enclosed: Enclosed,
}

/// Neither the address nor the text reaches a log.
impl std::fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatch").field("key", &self.key).field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// What goes with a message besides its text, where the channel can carry it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// Subject line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The channel's own name for the contact that it answers: a Message-ID, a message id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The values in its text by name, as they are written there, for carriers that know texts only by templates of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// It is said where everybody reads it, under the contact that it answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

impl Enclosed {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The carrier took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The carrier's own name for it; our key where it gives none.
    pub carrier_id: String,
    /// Parts on the air, as counted here; 1 where there is no such thing.
    pub parts: usize,
    /// Whether the carrier will report delivery.
    pub reports: bool,
}

/// The carrier did not take it, or it is not known whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SendError {
    /// Whether the same message may be taken later.
    pub retry: bool,
    /// Whether it may have been taken all the same: the answer was lost.
    pub uncertain: bool,
    /// How long the carrier asks to wait.
    pub after: Option<Duration>,
    /// A sentence without the address and the text.
    pub detail: String,
}

impl SendError {
    /// It can never succeed as it stands.
    pub fn never(detail: impl Into<String>) -> Self {
        Self { retry: false, uncertain: false, after: None, detail: detail.into() }
    }

    /// It may succeed later, and was surely not taken.
    pub fn later(detail: impl Into<String>) -> Self {
        Self { retry: true, uncertain: false, after: None, detail: detail.into() }
    }

    /// It may have been taken; the answer did not arrive.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self { retry: true, uncertain: true, after: None, detail: detail.into() }
    }
}

/// What a carrier heard later of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Which message.
    pub message: Sent,
    /// What became of it.
    pub fate: Fate,
}

/// How a carrier names a message that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// By our key.
    Key(String),
    /// By the name that it gave itself when it took it ([`Accepted::carrier_id`]).
    Carrier(String),
    /// Everything that was written to an address until then: some channels report reading so.
    Until {
        /// By which way.
        channel: Channel,
        /// To whom, as in [`Dispatch::to`].
        to: String,
        /// Until when.
        at: Timestamp,
    },
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// The citizen opened it.
    Read,
    /// It will not arrive; a sentence.
    Failed(String),
}
