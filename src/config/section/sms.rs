//! `[sms]`: messages to citizens and from them.

use crate::config::secret::Secret;
use crate::config::section::written::ClockTime;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[sms]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sms {
    /// How messages leave.
    pub driver: SmsDriver,
    /// Sender header, as registered with the operators (TRAI, DLT).
    pub sender: String,
    /// The number to which citizens send SMS; texts name it. The helpline's own where left out.
    pub reply_to: Option<String>,
    /// Principal entity id (DLT).
    pub entity_id: Option<String>,
    /// Content template ids (DLT): `[sms.template_ids.registered]` with `bn = "…"`. Those of the registry's file go before.
    pub template_ids: BTreeMap<String, BTreeMap<String, String>>,
    /// The registry of texts (DLT), TOML or CSV: every text is held against it before the program starts.
    pub dlt: Option<PathBuf>,
    /// No message but an emergency's leaves from this hour of the day on, `"21:00"`.
    pub quiet_from: Option<ClockTime>,
    /// Until this hour of the day.
    pub quiet_until: Option<ClockTime>,
    /// Messages sent in a second at most.
    pub per_second: u32,
    /// Tries before a message is given up.
    pub tries: u32,
    /// Minutes that missing parts of a citizen's message are waited for.
    pub parts_within_min: u32,
    /// The driver `http`.
    pub http: Option<SmsHttp>,
    /// The driver `smpp`.
    pub smpp: Option<SmsSmpp>,
    /// Citizens' messages by HTTP: `[sms.inbound.NAME]` takes them at `/hooks/sms/NAME`.
    pub inbound: BTreeMap<String, SmsInbound>,
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            driver: SmsDriver::Outbox,
            sender: "DAAKWB".into(),
            reply_to: None,
            entity_id: None,
            template_ids: BTreeMap::new(),
            dlt: None,
            quiet_from: Some(ClockTime { hour: 21, minute: 0 }),
            quiet_until: Some(ClockTime { hour: 8, minute: 0 }),
            per_second: 20,
            tries: 8,
            parts_within_min: 10,
            http: None,
            smpp: None,
            inbound: BTreeMap::new(),
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

/// `[sms.smpp]`: an SMS centre over SMPP 3.4.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSmpp {
    /// The SMS centre, `host:2775`.
    pub address: String,
    /// Further addresses of the same centre; each gets its own links.
    #[serde(default)]
    pub more_addresses: Vec<String>,
    /// Over TLS.
    #[serde(default)]
    pub tls: bool,
    /// `system_id`.
    pub user: String,
    /// `password`.
    pub password: Secret,
    /// `system_type`.
    #[serde(default)]
    pub system_type: String,
    /// `transceiver`: one connection for both directions; `pair`: one sends, one receives.
    #[serde(default)]
    pub bind: daak_sms::smpp::Binding,
    /// Links to each address.
    #[serde(default = "one")]
    pub links: usize,
    /// Messages under way on a link at most.
    #[serde(default = "ten_usize")]
    pub window: usize,
    /// Messages a second on a link at most.
    #[serde(default = "fifty")]
    pub per_second: u32,
    /// Type of number and numbering plan of the sender, `[5, 0]`; found from its form where left out.
    #[serde(default)]
    pub source_ton_npi: Option<(u8, u8)>,
    /// `udh`, `sar`, `payload`: how texts of several parts travel.
    #[serde(default)]
    pub long_text: daak_sms::smpp::LongText,
    /// `gsm7`, `latin1`, `utf8`: what `data_coding` 0 means there.
    #[serde(default)]
    pub default_alphabet: daak_sms::alphabet::DefaultAlphabet,
    /// Whether delivery receipts are asked for.
    #[serde(default = "yes")]
    pub receipts: bool,
    /// `auto`, `same`, `hex_to_decimal`, `decimal_to_hex`: how receipts write the names of messages.
    #[serde(default)]
    pub receipt_ids: daak_sms::smpp::receipt::IdDialect,
    /// Telemarketer id (DLT, TLV 0x1402).
    #[serde(default)]
    pub telemarketer_id: Option<String>,
    /// Seconds without a word after which the link is asked whether it lives.
    #[serde(default = "thirty")]
    pub enquire_s: u64,
    /// Seconds that an answer may take.
    #[serde(default = "ten")]
    pub answer_s: u64,
}

fn one() -> usize {
    1
}

fn ten_usize() -> usize {
    10
}

fn fifty() -> u32 {
    50
}

fn thirty() -> u64 {
    30
}

fn yes() -> bool {
    true
}

/// `[sms.inbound.NAME]`: each field is the name of a parameter, or a JSON pointer such as `"/message/text"`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsInbound {
    /// The secret that the provider sends along: parameter `token`, or `Authorization: Bearer …`.
    pub token: Secret,
    /// From whom.
    pub from: String,
    /// To which of our numbers.
    #[serde(default)]
    pub to: Option<String>,
    /// What is said.
    pub text: String,
    /// The provider's own name for it.
    #[serde(default)]
    pub id: Option<String>,
    /// User data header in hexadecimal, where the provider does not join parts.
    #[serde(default)]
    pub udh: Option<String>,
}
