//! Messages from citizens by HTTP: any provider that calls an address of ours for each, with its own names for the fields.

use crate::concat;
use crate::door::{Arrival, Content};
use daak_domain::Timestamp;
use reqwest::Url;
use sha2::{Digest, Sha256};

/// How a provider tells of a message. Each field is the name of a parameter of the query or the form, or a JSON pointer
/// (RFC 6901) into a JSON body, `/message/text`.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundConfig {
    /// The secret that the provider sends along: as parameter `token`, or as `Authorization: Bearer …`.
    pub token: String,
    /// From whom.
    pub from: String,
    /// To which of our numbers.
    pub to: Option<String>,
    /// What is said.
    pub text: String,
    /// The provider's own name for it.
    pub id: Option<String>,
    /// The user data header in hexadecimal, where the provider does not join parts.
    pub udh: Option<String>,
}

/// The token is not shown.
impl std::fmt::Debug for InboundConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboundConfig").field("from", &self.from).field("text", &self.text).finish_non_exhaustive()
    }
}

/// One provider's way in.
#[derive(Debug, Clone)]
pub struct Inbound {
    account: String,
    config: InboundConfig,
}

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboundRefusal {
    /// The secret is missing or wrong.
    #[error("the token is missing or wrong: send it as the parameter token, or as Authorization: Bearer …")]
    Token,
    /// The body is no JSON.
    #[error("the body is no JSON")]
    Json,
    /// A field is missing.
    #[error("{0} is missing: see sms.inbound for the names of the fields")]
    Missing(String),
}

/// Characters of a provider's name for a message.
const LONGEST_ID: usize = 120;
/// Characters of a message; no telephone sends more.
const LONGEST_TEXT: usize = 20_000;

impl Inbound {
    /// A way in by the address `/hooks/sms/{account}`.
    ///
    /// # Errors
    /// A sentence if the token is too short to be a secret.
    pub fn new(account: &str, config: InboundConfig) -> Result<Self, String> {
        if config.token.len() < 16 {
            return Err("token: expected at least 16 characters".to_owned());
        }
        Ok(Self { account: account.to_owned(), config })
    }

    /// Reads a request. `bearer` is what stands in its header `Authorization` behind `Bearer`.
    ///
    /// # Errors
    /// [`InboundRefusal`]; nothing is read of a request without the token.
    pub fn read(
        &self,
        query: &str,
        bearer: Option<&str>,
        media_type: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Arrival, InboundRefusal> {
        let mut fields = Fields { query: pairs(query), json: None };
        let given = bearer.map(str::to_owned).or_else(|| fields.get("token"));
        // Digests are compared: the time tells nothing of the secret.
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        if given.is_none_or(|given| digest(&given) != digest(&self.config.token)) {
            return Err(InboundRefusal::Token);
        }
        if media_type.starts_with("application/json") {
            fields.json = Some(read_json(body).ok_or(InboundRefusal::Json)?);
        } else if media_type.starts_with("application/x-www-form-urlencoded") {
            fields.query.extend(pairs(&String::from_utf8_lossy(body)));
        }
        let needed = |name: &str| fields.get(name).ok_or_else(|| InboundRefusal::Missing(name.to_owned()));
        let optional = |name: &Option<String>| name.as_deref().and_then(|name| fields.get(name)).filter(|value| !value.is_empty());
        let place = optional(&self.config.udh).and_then(|udh| hex::decode(udh.trim()).ok()).and_then(|octets| concat::header(&octets).0);
        let id = optional(&self.config.id).map(|id| id.chars().filter(|c| !c.is_control()).take(LONGEST_ID).collect::<String>());
        let text: String = needed(&self.config.text)?.chars().take(LONGEST_TEXT).collect();
        Ok(Arrival {
            id: id.map(|id| format!("sms:{}:{id}", self.account)),
            from: needed(&self.config.from)?,
            to: optional(&self.config.to).unwrap_or_default(),
            place,
            content: Content::Units(text.encode_utf16().collect()),
            received_at: now,
        })
    }
}

struct Fields {
    query: Vec<(String, String)>,
    json: Option<serde_json::Value>,
}

impl Fields {
    fn get(&self, name: &str) -> Option<String> {
        if !name.starts_with('/') {
            return self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        }
        match self.json.as_ref()?.pointer(name)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Parameters, percent-decoded. What is no UTF-8 (half a surrogate pair of a careless gateway) becomes U+FFFD.
fn pairs(query: &str) -> Vec<(String, String)> {
    let Ok(mut url) = Url::parse("http://localhost/") else { return Vec::new() };
    url.set_query(Some(query));
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// JSON, in which halves of surrogate pairs (`\ud83d` alone) are no reason to lose the rest.
fn read_json(body: &[u8]) -> Option<serde_json::Value> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Some(value);
    }
    serde_json::from_str(&whole_pairs(std::str::from_utf8(body).ok()?)).ok()
}

fn whole_pairs(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = |text: &str| text.strip_prefix("\\u").and_then(|t| u16::from_str_radix(t.get(..4)?, 16).ok());
        let length = match unit(rest) {
            Some(0xd800..=0xdbff) if rest.get(6..).and_then(unit).is_some_and(|low| (0xdc00..=0xdfff).contains(&low)) => 12,
            Some(0xd800..=0xdfff) => {
                out.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            Some(_) => 6,
            // An escaped character, whatever it is: `\\` must not begin the next escape.
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (escape, after) = rest.split_at(length);
        out.push_str(escape);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::text_of;
    use proptest::prelude::*;

    const TOKEN: &str = "sixteen characters and more";

    fn inbound(text: &str, from: &str) -> Inbound {
        let name = |text: &str| Some(text.to_owned());
        let config =
            InboundConfig { token: TOKEN.into(), from: from.into(), to: name("to"), text: text.into(), id: name("id"), udh: name("udh") };
        Inbound::new("kannel", config).expect("valid")
    }

    fn said(arrival: &Arrival) -> String {
        match &arrival.content {
            Content::Units(units) => text_of(units),
            Content::Binary(_) => String::new(),
        }
    }

    #[test]
    fn query_form_and_json() {
        let now = Timestamp::UNIX_EPOCH;
        let query = "token=sixteen+characters+and+more&from=%2B919830012345&to=1000&text=%E0%A6%9C%E0%A6%B2&id=7&udh=050003070201";
        let arrival = inbound("text", "from").read(query, None, "", b"", now).expect("taken");
        assert_eq!((said(&arrival).as_str(), arrival.from.as_str(), arrival.id.as_deref()), ("জল", "+919830012345", Some("sms:kannel:7")));
        assert_eq!(arrival.place.map(|p| (p.reference, p.total, p.part)), Some((7, 2, 1)));
        let form = inbound("text", "from").read("", Some(TOKEN), "application/x-www-form-urlencoded", b"from=98300&text=a%20b", now);
        assert_eq!(said(&form.expect("taken")), "a b");
        let json = br#"{"msg":{"body":"a \ud83d b \ud83d\ude00 \\ud83d","from":9830012345}}"#;
        let arrival = inbound("/msg/body", "/msg/from").read("", Some(TOKEN), "application/json", json, now).expect("taken");
        assert_eq!((said(&arrival).as_str(), arrival.from.as_str()), ("a \u{fffd} b 😀 \\ud83d", "9830012345"));
    }

    #[test]
    fn without_the_token_nothing_is_read() {
        let now = Timestamp::UNIX_EPOCH;
        for query in ["from=1&text=a", "token=&from=1&text=a", "token=sixteen&from=1&text=a"] {
            assert_eq!(inbound("text", "from").read(query, None, "", b"", now), Err(InboundRefusal::Token));
        }
        let missing = inbound("text", "from").read("from=1", Some(TOKEN), "", b"", now);
        assert_eq!(missing, Err(InboundRefusal::Missing("text".into())));
        assert_eq!(inbound("/t", "/f").read("", Some(TOKEN), "application/json", b"{", now), Err(InboundRefusal::Json));
        assert!(Inbound::new("x", InboundConfig { token: "short".into(), ..inbound("t", "f").config }).is_err());
    }

    proptest! {
        #[test]
        fn no_request_panics(query in "\\PC{0,100}", body in "[\\\\ud83e0-9\"{}:a ]{0,80}") {
            let inbound = inbound("/text", "/from");
            let _ = inbound.read(&query, Some(TOKEN), "application/json", body.as_bytes(), Timestamp::UNIX_EPOCH);
            drop(read_json(body.as_bytes()));
        }
    }
}
