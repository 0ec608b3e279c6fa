//! The driver `http`: any provider that takes a message by one HTTP request.

use crate::gateway::{Gateway, Outgoing};
use crate::parts;
use crate::report::ReportAddress;
use crate::template::{Template, Values, json, plain};
use daak_domain::carrier::{Accepted, SendError};
use daak_domain::seam::BoxFuture;
use reqwest::{Client, Method, StatusCode, Url, header};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a provider is spoken to. Values may hold `{to}`, `{to_digits}`, `{to_national}`, `{text}`, `{sender}`, `{key}`,
/// `{coding}` (0 or 2), `{encoding}`, `{parts}`, `{report_url}`, `{template_id}`, `{entity_id}`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address without query, `http://127.0.0.1:13013/cgi-bin/sendsms`.
    pub url: String,
    /// `get` or `post`.
    #[serde(default)]
    pub method: HttpMethod,
    /// Query parameters by name.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Form fields by name (POST).
    #[serde(default)]
    pub form: BTreeMap<String, String>,
    /// A JSON document (POST); values are escaped for JSON strings. Not together with `form`.
    #[serde(default)]
    pub json: Option<String>,
    /// Header fields by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The answer must begin with one of these, where the provider says yes and no both with 200.
    #[serde(default)]
    pub accepted_prefix: Vec<String>,
    /// JSON pointer (RFC 6901) to the provider's id in the answer, `/messages/0/id`.
    #[serde(default)]
    pub id_pointer: Option<String>,
    /// Longest wait for one request in seconds.
    #[serde(default = "ten")]
    pub timeout_s: u64,
}

/// Passwords stand in the query or the headers: only the address is shown.
impl std::fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpConfig").field("url", &self.url).field("method", &self.method).finish_non_exhaustive()
    }
}

/// The request's method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum HttpMethod {
    #[default]
    Get,
    Post,
}

const fn ten() -> u64 {
    10
}

/// A configuration that no request can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sms.http.{key}: {what}")]
pub struct HttpConfigError {
    /// The key at fault.
    pub key: String,
    /// What is wrong and what to write.
    pub what: String,
}

/// Sends by HTTP. An answer that is lost leaves it open whether the message was taken: the same `key` is then
/// sent again. A provider that knows the key (put `{key}` into a field of its request) sends it once; one that
/// keeps no keys, such as Kannel's `sendsms`, may send it twice in that one window, between its taking
/// and our reading of the answer.
pub struct HttpGateway {
    client: Client,
    url: Url,
    config: HttpConfig,
    query: Vec<(String, Template)>,
    form: Vec<(String, Template)>,
    json: Option<Template>,
    headers: Vec<(header::HeaderName, Template)>,
    reports: Option<ReportAddress>,
}

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

impl HttpGateway {
    /// Checks the configuration. `reports` is where the provider shall report delivery, where it does.
    ///
    /// # Errors
    /// The first key that is wrong.
    pub fn new(config: HttpConfig, client: Client, reports: Option<ReportAddress>) -> Result<Self, HttpConfigError> {
        let wrong = |key: &str, what: String| HttpConfigError { key: key.to_owned(), what };
        let url = Url::parse(&config.url).map_err(|e| wrong("url", format!("{e}: write it as http://127.0.0.1:13013/cgi-bin/sendsms")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("url", "must begin with http:// or https://".to_owned()));
        }
        if config.json.is_some() && !config.form.is_empty() {
            return Err(wrong("json", "a request has a form or a JSON document, not both".to_owned()));
        }
        if config.method == HttpMethod::Get && (config.json.is_some() || !config.form.is_empty()) {
            return Err(wrong("method", "a GET has no body: use method = \"post\"".to_owned()));
        }
        if !(1..=60).contains(&config.timeout_s) {
            return Err(wrong("timeout_s", "must be 1 to 60 seconds".to_owned()));
        }
        let table = |name: &str, map: &BTreeMap<String, String>| {
            map.iter()
                .map(|(k, v)| Ok((k.clone(), Template::parse(v).map_err(|e| wrong(&format!("{name}.{k}"), e))?)))
                .collect::<Result<Vec<_>, HttpConfigError>>()
        };
        let (query, form) = (table("query", &config.query)?, table("form", &config.form)?);
        let headers = table("headers", &config.headers)?
            .into_iter()
            .map(|(k, t)| {
                let name = header::HeaderName::try_from(k.as_str());
                Ok((name.map_err(|_| wrong(&format!("headers.{k}"), "is no name of a header field".to_owned()))?, t))
            })
            .collect::<Result<Vec<_>, HttpConfigError>>()?;
        let json = config.json.as_deref().map(Template::parse).transpose().map_err(|e| wrong("json", e))?;
        Ok(Self { client, url, config, query, form, json, headers, reports })
    }

    fn request(&self, message: &Outgoing) -> Result<reqwest::Request, SendError> {
        let report_url = self.reports.as_ref().map(|r| r.url_for(&message.key)).unwrap_or_default();
        let values = Values { message, report_url: &report_url };
        let mut url = self.url.clone();
        add_pairs(&mut url, &self.query, &values);
        let method = if self.config.method == HttpMethod::Get { Method::GET } else { Method::POST };
        let mut request = self.client.request(method, url).timeout(Duration::from_secs(self.config.timeout_s));
        for (name, template) in &self.headers {
            request = request.header(name, template.fill(&values, plain));
        }
        if let Some(document) = &self.json {
            request = request.header(header::CONTENT_TYPE, "application/json").body(document.fill(&values, json));
        } else if !self.form.is_empty() {
            let mut form = self.url.clone();
            form.set_query(None);
            add_pairs(&mut form, &self.form, &values);
            let body = form.query().unwrap_or_default().to_owned();
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        request.build().map_err(|_| SendError::never("the provider's request cannot be built of this message: check sms.http"))
    }

    async fn send_one(&self, message: &Outgoing) -> Result<Accepted, SendError> {
        let request = self.request(message)?;
        let mut answer = self.client.execute(request).await.map_err(|error| connection_failed(&error))?;
        let status = answer.status();
        let after = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        if !status.is_success() {
            return Err(refused(status, after));
        }
        let body = String::from_utf8_lossy(&body);
        let prefixes = &self.config.accepted_prefix;
        if !prefixes.is_empty() && !prefixes.iter().any(|p| body.trim_start().starts_with(p.as_str())) {
            return Err(SendError::never(format!("the provider answered {} without saying that it took the message", status.as_u16())));
        }
        let carrier_id = self.config.id_pointer.as_deref().and_then(|pointer| id_in(&body, pointer)).unwrap_or_else(|| message.key.clone());
        Ok(Accepted { carrier_id, parts: parts::count(&message.text).parts, reports: self.reports.is_some() })
    }
}

impl Gateway for HttpGateway {
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.send_one(message))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.config.timeout_s)
    }

    fn driver(&self) -> &'static str {
        "http"
    }
}

fn add_pairs(url: &mut Url, pairs: &[(String, Template)], values: &Values<'_>) {
    if pairs.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    for (name, template) in pairs {
        let value = template.fill(values, plain);
        if !value.is_empty() {
            query.append_pair(name, &value);
        }
    }
}

fn id_in(body: &str, pointer: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(body).ok()?;
    match document.pointer(pointer)? {
        serde_json::Value::String(id) => Some(id.chars().take(100).collect()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The error's own text holds the address with number and text in its query: it is never passed on.
fn connection_failed(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        SendError::later("the SMS gateway cannot be reached: check that it runs and that sms.http.url is right")
    } else if error.is_timeout() {
        SendError::unknown("the SMS gateway did not answer in time")
    } else {
        SendError::unknown("the connection to the SMS gateway broke before its answer")
    }
}

fn refused(status: StatusCode, after: Option<Duration>) -> SendError {
    let code = status.as_u16();
    match code {
        401 | 403 | 407 => {
            SendError::later(format!("the SMS gateway refused our credentials ({code}): check the user and password in sms.http"))
        }
        408 | 425 | 429 => SendError { after, ..SendError::later(format!("the SMS gateway is busy ({code})")) },
        500..=599 => SendError { after, ..SendError::later(format!("the SMS gateway failed ({code})")) },
        _ => SendError::never(format!("the SMS gateway refused the message ({code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_now_and_what_for_ever() {
        assert!(refused(StatusCode::TOO_MANY_REQUESTS, None).retry);
        assert!(refused(StatusCode::BAD_GATEWAY, None).retry);
        assert!(refused(StatusCode::FORBIDDEN, None).retry);
        assert!(!refused(StatusCode::BAD_REQUEST, None).retry);
        assert!(!refused(StatusCode::FOUND, None).retry);
    }

    #[test]
    fn the_providers_id_is_found() {
        assert_eq!(id_in(r#"{"messages":[{"id":"ab"}]}"#, "/messages/0/id").as_deref(), Some("ab"));
        assert_eq!(id_in(r#"{"id":17}"#, "/id").as_deref(), Some("17"));
        assert_eq!(id_in("no json", "/id"), None);
    }
}
