//! `[helpline]`, `[http]`, `[log]`.

use crate::access::Role;
use crate::config::address::HttpListen;
use daak_domain::language::Language;
use serde::Deserialize;

/// `[helpline]`: who we are.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Helpline {
    /// Name on the public page and in messages.
    pub name: String,
    /// Telephone numbers shown to the public, as they are to be read.
    pub telephone: Vec<String>,
    /// Zone of the working-time calendar and of the console, by IANA name.
    pub timezone: String,
    /// When the lines are open, in words, for the public page: one text, or one for each language.
    pub hours: Said,
}

impl Default for Helpline {
    fn default() -> Self {
        Self {
            name: "Daak".into(),
            telephone: vec!["1000".into()],
            timezone: "Asia/Kolkata".into(),
            hours: Said::InEach {
                bn: "সোমবার থেকে শনিবার, সকাল ৯টা থেকে সন্ধ্যা ৬টা, ছুটির দিন বাদে".into(),
                hi: "सोमवार से शनिवार, सुबह 9 बजे से शाम 6 बजे तक, छुट्टियों को छोड़कर".into(),
                en: "Monday to Saturday, 9:00 to 18:00, except holidays".into(),
            },
        }
    }
}

/// Words for the public.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// The same in every language.
    Once(String),
    /// In each language of the public pages.
    InEach {
        /// Bengali.
        bn: String,
        /// Hindi.
        hi: String,
        /// English.
        en: String,
    },
}

impl Said {
    /// The words in a language in which the public is answered.
    pub fn to(&self, language: Language) -> &str {
        match (self, language.answered_in()) {
            (Self::Once(words), _) => words,
            (Self::InEach { bn, .. }, Language::Bn) => bn,
            (Self::InEach { hi, .. }, Language::Hi) => hi,
            (Self::InEach { en, .. }, _) => en,
        }
    }
}

/// `[http]`: the API, the console and the public pages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Addresses to listen on.
    pub listen: HttpListen,
    /// Address by which people reach it, `https://helpline.example`; cookies are marked Secure when it is https.
    pub public_url: Option<String>,
    /// Origins, besides our own, from which a browser may act with its cookie.
    pub trusted_origins: Vec<String>,
    /// Proxies in front of us, whose `X-Forwarded-For` says who asks.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Largest request body in KiB, attachments apart.
    pub body_limit_kib: usize,
    /// Largest attachment in MiB.
    pub attachment_limit_mib: usize,
    /// A session ends after so many minutes without a request.
    pub session_idle_min: u32,
    /// A session ends after so many hours in any case.
    pub session_limit_h: u32,
    /// Sign-ins that one address may try in a minute.
    pub sign_in_per_min: u32,
    /// Public requests that one address may make in a minute.
    pub public_per_min: u32,
    /// Wrong passwords in a row after which a name is locked.
    pub lock_after: u32,
    /// How long it stays locked, in minutes.
    pub lock_min: u32,
    /// Requests from this machine need no sign-in and act with this role. For benchmarks only.
    pub loopback_role: Option<Role>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: HttpListen(vec![std::net::SocketAddr::from(([127, 0, 0, 1], 8080))]),
            public_url: None,
            trusted_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            body_limit_kib: 256,
            attachment_limit_mib: 25,
            session_idle_min: 60,
            session_limit_h: 12,
            sign_in_per_min: 10,
            public_per_min: 60,
            lock_after: 5,
            lock_min: 15,
            loopback_role: None,
        }
    }
}

/// `[log]`: what is written to standard error. Never personal data, whatever the filter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Filter in the form of `tracing`: `info`, `info,daak::api=debug`.
    pub filter: String,
    /// One line of text or one JSON object an event.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text }
    }
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogFormat {
    Text,
    Json,
}
