//! Fetching the files that a payload only refers to, within their lifetime, bounded in size and time.

use crate::account::{Account, Provider};
use crate::arrival::{File, Place};
use crate::json::{id, text};
use crate::net::{PublicOnly, Way, allowed};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde_json::Value;
use std::time::Duration;

/// Fetches files.
pub struct Media {
    api: Client,
    outside: Client,
    /// Bytes of a file at most.
    most: usize,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What is in it.
    pub content: Vec<u8>,
    /// What its server calls it; the content decides.
    pub media_type: Option<String>,
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct FetchError {
    /// Whether another try may succeed.
    pub retry: bool,
    /// A sentence, without the address.
    pub detail: String,
}

/// The longest fetch of one file.
const PATIENCE: Duration = Duration::from_secs(120);
/// Steps from one address to the next.
const MOST_STEPS: usize = 4;
/// The longest answer of an API.
const LONGEST_ANSWER: usize = 64 * 1024;

impl Media {
    /// A fetcher of files up to `most` bytes.
    ///
    /// # Errors
    /// A sentence if TLS cannot be set up.
    pub fn new(most: usize) -> Result<Self, String> {
        let builder = || Client::builder().timeout(PATIENCE).connect_timeout(Duration::from_secs(10)).redirect(redirect::Policy::none());
        let api = builder().build().map_err(|why| why.to_string())?;
        let outside = builder().dns_resolver(PublicOnly).no_proxy().build().map_err(|why| why.to_string())?;
        Ok(Self { api, outside, most })
    }

    /// Fetches a file of an account.
    ///
    /// # Errors
    /// [`FetchError`] says whether it is worth another try.
    pub async fn fetch(&self, account: &Account, file: &File) -> Result<Fetched, FetchError> {
        let (url, again) = match (&file.place, account.provider) {
            (Place::Url(url), _) => (Url::parse(url).map_err(|_| never("the file's address cannot be read"))?, false),
            (Place::Id(name), Provider::Telegram) => (self.telegram(account, name).await?, true),
            (Place::Id(name), _) => (self.graph(account, name).await?, true),
        };
        self.download(account, url, again).await
    }

    /// Graph API: the name of a file leads to an address that lives for five minutes.
    async fn graph(&self, account: &Account, name: &str) -> Result<Url, FetchError> {
        let told = self.ask(account, api_url(&account.base_url, &[name])?).await?;
        let size = told.get("file_size").and_then(Value::as_u64).unwrap_or(0);
        self.bounded(size)?;
        text(&told, "/url").and_then(|url| Url::parse(url).ok()).ok_or_else(|| later("the provider tells no address of the file"))
    }

    /// Telegram: the name of a file leads to a path that lives for an hour. Bots get files of up to 20 MB.
    async fn telegram(&self, account: &Account, name: &str) -> Result<Url, FetchError> {
        let bot = format!("bot{}", account.token);
        let mut url = api_url(&account.base_url, &[&bot, "getFile"])?;
        url.query_pairs_mut().append_pair("file_id", name);
        let told = self.ask(account, url).await?;
        self.bounded(told.pointer("/result/file_size").and_then(Value::as_u64).unwrap_or(0))?;
        let path = id(&told, "/result/file_path").ok_or_else(|| later("the provider tells no path of the file"))?;
        let steps: Vec<_> = ["file", &bot].into_iter().chain(path.split('/').filter(|step| !matches!(*step, "" | "." | ".."))).collect();
        api_url(&account.base_url, &steps)
    }

    async fn ask(&self, account: &Account, url: Url) -> Result<Value, FetchError> {
        let mut request = self.api.get(url);
        if account.provider != Provider::Telegram {
            request = request.bearer_auth(&account.token);
        }
        let answer = request.send().await.map_err(|_| later("the provider does not answer"))?;
        let status = answer.status();
        let content = body(answer, LONGEST_ANSWER).await?;
        if !status.is_success() {
            return Err(refused(status, false));
        }
        serde_json::from_slice(&content).map_err(|_| later("the provider's answer cannot be read"))
    }

    async fn download(&self, account: &Account, mut url: Url, again: bool) -> Result<Fetched, FetchError> {
        for _ in 0..MOST_STEPS {
            let way = allowed(account, &url).map_err(never)?;
            let client = if way == Way::Api { &self.api } else { &self.outside };
            let mut request = client.get(url.clone());
            // Addresses of Messenger and Instagram carry their own proof; Telegram's carries the token.
            if matches!(account.provider, Provider::Whatsapp | Provider::X) {
                request = request.bearer_auth(&account.token);
            }
            let answer = request.send().await.map_err(|_| later("the file's server does not answer"))?;
            let status = answer.status();
            if status.is_redirection() {
                let to = answer.headers().get(reqwest::header::LOCATION).and_then(|to| to.to_str().ok());
                url = to.and_then(|to| url.join(to).ok()).ok_or_else(|| never("the file's server leads nowhere"))?;
                continue;
            }
            if !status.is_success() {
                return Err(refused(status, again));
            }
            self.bounded(answer.content_length().unwrap_or(0))?;
            let told = answer.headers().get(reqwest::header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).map(str::to_owned);
            let content = body(answer, self.most).await?;
            return Ok(Fetched { content, media_type: told });
        }
        Err(never("the file's server leads in circles"))
    }

    fn bounded(&self, size: u64) -> Result<(), FetchError> {
        if size > self.most as u64 { Err(too_large()) } else { Ok(()) }
    }
}

/// Meta's and Telegram's APIs, a step a segment, so that nothing in a name leaves its place.
fn api_url(base: &Url, steps: &[&str]) -> Result<Url, FetchError> {
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| never("social.accounts.base_url is no address of a server"))?.pop_if_empty().extend(steps);
    Ok(url)
}

async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, FetchError> {
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| later("the file broke off"))? {
        if content.len() + chunk.len() > most {
            return Err(too_large());
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

fn refused(status: StatusCode, again: bool) -> FetchError {
    let code = status.as_u16();
    match code {
        400 | 404 | 410 if !again => never(format!("the provider does not have the file any more ({code})")),
        _ => later(format!("the provider does not give the file now ({code})")),
    }
}

fn too_large() -> FetchError {
    never("the file is larger than files may be here")
}

fn never(detail: impl Into<String>) -> FetchError {
    FetchError { retry: false, detail: detail.into() }
}

fn later(detail: impl Into<String>) -> FetchError {
    FetchError { retry: true, detail: detail.into() }
}
