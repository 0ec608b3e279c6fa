//! Access tokens that are fetched with a refresh token (RFC 6749 §6), for servers that take no passwords (XOAUTH2).

use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Where tokens come from.
#[derive(Clone)]
pub struct OAuthConfig {
    /// The provider's token endpoint.
    pub token_url: String,
    /// Client id.
    pub client_id: String,
    /// Client secret, where the provider wants one.
    pub client_secret: Option<String>,
    /// Refresh token.
    pub refresh_token: String,
    /// Scope, where the provider wants one.
    pub scope: Option<String>,
}

/// A source of tokens. Clones share the token.
#[derive(Clone)]
pub struct OAuth {
    config: Arc<OAuthConfig>,
    client: reqwest::Client,
    token: Arc<Mutex<Option<(String, Instant)>>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

fn an_hour() -> u64 {
    3_600
}

/// A token that ends so soon is fetched anew.
const MARGIN: Duration = Duration::from_secs(120);

impl OAuth {
    /// A source; the client follows no redirects and waits no longer than it is set to.
    pub fn new(config: OAuthConfig, client: reqwest::Client) -> Self {
        Self { config: Arc::new(config), client, token: Arc::default() }
    }

    /// A token that holds for a while yet.
    ///
    /// # Errors
    /// A sentence without secrets.
    pub async fn token(&self) -> Result<String, String> {
        let mut kept = self.token.lock().await;
        if let Some((token, until)) = &*kept
            && *until > Instant::now() + MARGIN
        {
            return Ok(token.clone());
        }
        let config = &self.config;
        let mut form = vec![("grant_type", "refresh_token"), ("client_id", &config.client_id), ("refresh_token", &config.refresh_token)];
        form.extend(config.client_secret.as_deref().map(|secret| ("client_secret", secret)));
        form.extend(config.scope.as_deref().map(|scope| ("scope", scope)));
        let body = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let asked = self.client.post(&config.token_url).header("content-type", "application/x-www-form-urlencoded").body(body).send().await;
        let answer = asked.map_err(|why| format!("the token endpoint does not answer: {}", why.without_url()))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("the token endpoint answers {status}: look at client_id, client_secret and refresh_token"));
        }
        let granted: Granted = answer.json().await.map_err(|_| "the token endpoint answers without an access token".to_owned())?;
        *kept = Some((granted.access_token.clone(), Instant::now() + Duration::from_secs(granted.expires_in)));
        Ok(granted.access_token)
    }

    /// Forgets the token: the server did not take it.
    pub async fn forget(&self) {
        *self.token.lock().await = None;
    }
}

/// `application/x-www-form-urlencoded`.
fn encoded(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
