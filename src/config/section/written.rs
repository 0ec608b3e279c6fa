//! `[email]`, `[sms]`, `[letters]`: what is written.

use crate::config::secret::Secret;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[email]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Email {
    /// Mailbox to read: `imaps://user@host/INBOX`.
    pub imap: Option<String>,
    /// Its password.
    pub imap_password: Option<Secret>,
    /// Server to send by: `smtp://user@host:587`.
    pub smtp: Option<String>,
    /// Its password.
    pub smtp_password: Option<Secret>,
    /// Address to send from.
    pub from: Option<String>,
}

/// `[letters]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Letters {
    /// Folder in which the scanner lays its files.
    pub inbox: Option<PathBuf>,
    /// Seconds for which a file's size must not change before it is taken.
    pub rests_s: u64,
    /// Pages read at once; 0: half the cores.
    pub workers: usize,
    /// Longest time for a page in seconds.
    pub limit_s: u64,
    /// Mean confidence of words, of 100, below which a person writes a letter down.
    pub trust: u8,
    /// Pages of a file at most.
    pub pages: u32,
    /// Size of a file at most.
    pub size_mib: u64,
    /// Folder with the fonts in which we write ourselves.
    pub fonts: PathBuf,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            inbox: None,
            rests_s: 2,
            workers: 0,
            limit_s: 40,
            trust: 75,
            pages: 300,
            size_mib: 200,
            fonts: "/usr/share/fonts/truetype/noto".into(),
        }
    }
}

/// `[sms]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sms {
    /// How messages leave.
    pub driver: SmsDriver,
    /// Sender header, as registered with the operators (TRAI, DLT).
    pub sender: String,
    /// Principal entity id (DLT).
    pub entity_id: Option<String>,
    /// Content template ids (DLT): `[sms.template_ids.registered]` with `bn = "…"`.
    pub template_ids: BTreeMap<String, BTreeMap<String, String>>,
    /// No message but an emergency's leaves from this hour of the day on, `"21:00"`.
    pub quiet_from: Option<ClockTime>,
    /// Until this hour of the day.
    pub quiet_until: Option<ClockTime>,
    /// Messages sent in a second at most.
    pub per_second: u32,
    /// Tries before a message is given up.
    pub tries: u32,
    /// The driver `http`.
    pub http: Option<SmsHttp>,
    /// The driver `smpp`.
    pub smpp: Option<SmsSmpp>,
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            driver: SmsDriver::Outbox,
            sender: "DAAKWB".into(),
            entity_id: None,
            template_ids: BTreeMap::new(),
            quiet_from: Some(ClockTime { hour: 21, minute: 0 }),
            quiet_until: Some(ClockTime { hour: 8, minute: 0 }),
            per_second: 20,
            tries: 8,
            http: None,
            smpp: None,
        }
    }
}

/// How messages leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsDriver {
    /// They are stored and shown in the console, and go nowhere.
    Outbox,
    /// A gateway over HTTP.
    Http,
    /// An SMS centre over SMPP 3.4.
    Smpp,
}

/// `[sms.http]`: one request a message. Values may hold places such as `{to}`, `{text}`, `{key}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsHttp {
    /// Address without query.
    pub url: String,
    /// `get` or `post`.
    #[serde(default)]
    pub method: HttpMethod,
    /// Query parameters; each may be a secret.
    #[serde(default)]
    pub query: BTreeMap<String, Secret>,
    /// Form fields; each may be a secret.
    #[serde(default)]
    pub form: BTreeMap<String, Secret>,
    /// A JSON document, instead of a form.
    #[serde(default)]
    pub json: Option<Secret>,
    /// Header fields; each may be a secret.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// The answer must begin with one of these.
    #[serde(default)]
    pub accepted_prefix: Vec<String>,
    /// JSON pointer (RFC 6901) to the provider's id in the answer.
    #[serde(default)]
    pub id_pointer: Option<String>,
    /// Longest wait for one request in seconds.
    #[serde(default = "ten")]
    pub timeout_s: u64,
}

fn ten() -> u64 {
    10
}

/// Method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum HttpMethod {
    #[default]
    Get,
    Post,
}

/// `[sms.smpp]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSmpp {
    /// The SMS centre, `host:2775`.
    pub address: String,
    /// `system_id`.
    pub user: String,
    /// `password`.
    pub password: Secret,
}

/// A time of the day, `"21:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
        match parts {
            Some((hour @ 0..=23, minute @ 0..=59)) => Ok(Self { hour, minute }),
            _ => Err(serde::de::Error::custom(format!("{text:?} is no time of the day, expected one such as \"21:00\""))),
        }
    }
}
