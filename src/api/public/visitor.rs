//! Whoever looks at a public page: their language, text size and clock, and the session that they opened with a code.

use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::who;
use axum::extract::Query;
use axum::http::header;
use axum::http::request::Parts as Head;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A visitor. What they chose stays chosen by cookies, and by the address where there are none.
pub struct Visitor {
    /// Language of the pages.
    pub language: Language,
    /// Larger text.
    pub large: bool,
    /// Their clock, where they are abroad.
    pub zone: Option<(String, TimeZone)>,
    /// Secret of their session.
    pub session: Option<String>,
    /// What the address asks.
    pub asked: HashMap<String, String>,
    /// Cookies that remember what was chosen now.
    pub chosen: Vec<String>,
    secure: bool,
    path: String,
}

/// The session's cookie.
const SESSION: &str = "daak_citizen";
/// What is chosen is remembered for a year.
const YEAR: u32 = 31_536_000;

impl Visitor {
    /// From a request's head.
    pub fn of(head: &Head, parts: &Parts) -> Self {
        let asked = Query::<HashMap<String, String>>::try_from_uri(&head.uri).map(|Query(asked)| asked).unwrap_or_default();
        let cookie = |name: &str| who::cookie_named(&head.headers, name).map(str::to_owned);
        let mut visitor = Self {
            language: Language::default(),
            large: false,
            zone: None,
            session: cookie(SESSION),
            chosen: Vec::new(),
            secure: parts.settings.secure_cookie,
            path: head.uri.path().to_owned(),
            asked,
        };
        let accepted = head.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        let tag = visitor.choose("lang", "daak_lang", cookie("daak_lang"), |tag| tag.parse::<Language>().is_ok());
        visitor.language = super::language(tag.as_deref(), accepted);
        let size = visitor.choose("size", "daak_size", cookie("daak_size"), |size| matches!(size, "large" | "usual"));
        visitor.large = size.as_deref() == Some("large");
        let zone = visitor.choose("zone", "daak_zone", cookie("daak_zone"), |zone| TimeZone::get(zone).is_ok());
        visitor.zone = zone.and_then(|name| TimeZone::get(&name).ok().map(|zone| (name, zone)));
        visitor
    }

    /// What the address chooses now and is remembered, or what was chosen before.
    fn choose(&mut self, name: &str, cookie: &str, before: Option<String>, fits: impl Fn(&str) -> bool) -> Option<String> {
        match self.asked.get(name).filter(|chosen| fits(chosen)).cloned() {
            Some(chosen) => {
                self.chosen.push(self.cookie(cookie, &chosen, YEAR));
                Some(chosen)
            }
            None => before.filter(|chosen| fits(chosen)),
        }
    }

    /// Remembers by which clock times are shown.
    pub fn remember_zone(&mut self, name: &str) {
        self.chosen.push(self.cookie("daak_zone", name, YEAR));
        self.zone = TimeZone::get(name).ok().map(|zone| (name.to_owned(), zone));
    }

    fn cookie(&self, name: &str, value: &str, max_age: u32) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}")
    }

    /// The cookie of a session that was opened.
    pub fn session_cookie(&self, secret: &str, seconds: u32) -> String {
        self.cookie(SESSION, secret, seconds)
    }

    /// The address of this page, ready for one more question; what the address asked is kept but for what is remembered elsewhere.
    pub fn here(&self) -> String {
        let mut kept: Vec<_> = self.asked.iter().filter(|(name, _)| !matches!(name.as_str(), "lang" | "size" | "zone")).collect();
        kept.sort();
        let kept: String = kept.into_iter().map(|(name, value)| format!("{}={}&", encoded(name), encoded(value))).collect();
        format!("{}?{kept}", self.path)
    }

    /// A day by the visitor's clock.
    pub fn day(&self, at: Timestamp) -> String {
        self.shown(at, "%d.%m.%Y")
    }

    /// A time by the visitor's clock.
    pub fn time(&self, at: Timestamp) -> String {
        self.shown(at, "%d.%m.%Y %H:%M")
    }

    fn shown(&self, at: Timestamp, form: &str) -> String {
        let zone = self.zone.as_ref().map(|(_, zone)| zone.clone()).or_else(|| TimeZone::get("Asia/Kolkata").ok());
        at.to_zoned_datetime(zone.unwrap_or(TimeZone::UTC)).strftime(form).to_string()
    }

    /// What stands in every form of this session: another site's page cannot know it.
    pub fn form_token(&self) -> String {
        let secret = self.session.as_deref().unwrap_or_default();
        hex::encode(&Sha256::digest(format!("form\0{secret}").as_bytes())[..16])
    }

    /// Refuses a form that was not ours.
    ///
    /// # Errors
    /// 403.
    pub fn ours(&self, token: Option<&str>) -> Answer<()> {
        match token {
            Some(token) if token == self.form_token() => Ok(()),
            _ => Err(Problem::forbidden("this form is from another page: open the page anew and send it again")),
        }
    }
}

/// Percent-encoding (RFC 3986 section 2.1).
pub fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}
