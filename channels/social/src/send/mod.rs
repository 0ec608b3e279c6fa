//! Sending: each provider's rules are kept before anything is sent, and its answer is read for what it means.

mod graph;
mod pace;
mod telegram;
mod whatsapp;
mod x;

use crate::account::{Account, Provider, account_of};
use crate::json::text;
use daak_domain::Timestamp;
use daak_domain::carrier::{Accepted, Carrier, Dispatch, SendError};
use daak_domain::contact::Channel;
use daak_domain::seam::BoxFuture;
use pace::Pace;
use reqwest::{Client, Url, redirect};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Carries messages to the citizens of one provider, by the account that they last wrote to.
pub struct Social {
    provider: Provider,
    ways: Vec<Way>,
    conversations: Arc<dyn Conversations>,
    client: Client,
    /// Pieces of a long text that were taken before one was not, by key.
    begun: Mutex<HashMap<String, (usize, String)>>,
}

/// What is known of conversations.
pub trait Conversations: Send + Sync + 'static {
    /// When a citizen last wrote in a channel, and the channel's own name for that contact.
    fn last_heard<'a>(&'a self, channel: Channel, handle: &'a str) -> BoxFuture<'a, Option<Heard>>;
}

/// When a citizen last wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// The channel's own name for the contact.
    pub message: String,
}

struct Way {
    account: Arc<Account>,
    pace: Mutex<Pace>,
}

/// One request to a provider: JSON, by POST.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    /// Steps of the path below the API's address.
    path: Vec<String>,
    body: Value,
}

/// What a provider answered.
#[derive(Debug, Default, Clone)]
struct Reply {
    status: u16,
    /// Headers about rates, in lower case.
    headers: HashMap<String, String>,
    body: Value,
}

/// The longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Pieces of one text at most.
const MOST_PIECES: usize = 10;
/// Texts of which pieces were taken, remembered at most.
const MOST_BEGUN: usize = 10_000;

impl Social {
    /// A carrier over these accounts, all of one provider.
    ///
    /// # Errors
    /// A sentence if TLS cannot be set up.
    pub fn new(provider: Provider, accounts: Vec<Arc<Account>>, conversations: Arc<dyn Conversations>) -> Result<Self, String> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|why| why.to_string())?;
        let way = |account: Arc<Account>| Way { pace: Mutex::new(Pace::new(account.per_second)), account };
        Ok(Self { provider, ways: accounts.into_iter().map(way).collect(), conversations, client, begun: Mutex::default() })
    }

    async fn carry(&self, message: &Dispatch) -> Result<Accepted, SendError> {
        if !message.enclosed.attachments.is_empty() {
            return Err(SendError::never("files cannot be sent by this channel yet: write where they are found, or choose mail"));
        }
        let heard = self.conversations.last_heard(message.channel, &message.to).await;
        let way = self.way(message, heard.as_ref())?;
        let calls = plan(&way.account, message, heard.as_ref(), Timestamp::now())?;
        if calls.is_empty() || calls.len() > MOST_PIECES {
            return Err(SendError::never(format!("the text makes {} pieces, expected 1 to {MOST_PIECES}: shorten it", calls.len())));
        }
        let (done, mut name) = self.begun.lock().unwrap_or_else(PoisonError::into_inner).get(&message.key).cloned().unwrap_or_default();
        for (at, call) in calls.iter().enumerate().skip(done) {
            lock(&way.pace).admit(Instant::now()).map_err(wait)?;
            name = self.call(way, call).await?;
            self.note(message, at + 1, calls.len(), &name);
        }
        Ok(Accepted { carrier_id: way.account.named(&name), parts: calls.len(), reports: true })
    }

    /// The account that the citizen last wrote to, else the one whose message is answered, else the first.
    fn way(&self, message: &Dispatch, heard: Option<&Heard>) -> Result<&Way, SendError> {
        let answered = message.enclosed.answers.as_deref().filter(|_| message.enclosed.public);
        let told = answered.or(heard.map(|heard| heard.message.as_str())).or(message.enclosed.answers.as_deref());
        let known = told.and_then(account_of).and_then(|name| self.ways.iter().find(|way| way.account.name == name));
        known.or(self.ways.first()).ok_or_else(|| SendError::never("no account of this provider is configured: add [[social.accounts]]"))
    }

    async fn call(&self, way: &Way, call: &Call) -> Result<String, SendError> {
        let reply = self.post(&way.account, call).await?;
        let outcome = match self.provider {
            Provider::Whatsapp => whatsapp::outcome(&reply),
            Provider::Messenger | Provider::Instagram => graph::outcome(&reply),
            Provider::Telegram => telegram::outcome(&reply),
            Provider::X => x::outcome(&reply, Timestamp::now()),
        };
        let pause = outcome.as_ref().err().and_then(|why| why.after).or_else(|| pace::told(&reply, Timestamp::now()));
        if let Some(pause) = pause {
            lock(&way.pace).pause(Instant::now(), pause);
        }
        outcome
    }

    async fn post(&self, account: &Account, call: &Call) -> Result<Reply, SendError> {
        let mut url: Url = account.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| SendError::never("social.accounts.base_url is no address of a server"))?
            .pop_if_empty()
            .extend(&call.path);
        let mut request = self.client.post(url).json(&call.body);
        if self.provider != Provider::Telegram {
            request = request.bearer_auth(&account.token);
        }
        let mut answer = request.send().await.map_err(|why| match why.is_connect() {
            true => SendError::later("the provider cannot be reached"),
            false => SendError::unknown("the provider's answer did not arrive"),
        })?;
        let shown = |name: &reqwest::header::HeaderName| pace::HEADERS.contains(&name.as_str());
        let headers = answer.headers().iter().filter(|(name, _)| shown(name));
        let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        Ok(Reply { status: answer.status().as_u16(), headers, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Remembers how far a long text has got, so that another try goes on from there.
    fn note(&self, message: &Dispatch, done: usize, of: usize, name: &str) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if done == of {
            begun.remove(&message.key);
        } else if begun.len() < MOST_BEGUN {
            begun.insert(message.key.clone(), (done, name.to_owned()));
        }
    }
}

impl Carrier for Social {
    fn channels(&self) -> Vec<Channel> {
        vec![self.provider.channel()]
    }

    fn send<'a>(&'a self, message: &'a Dispatch) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.carry(message))
    }

    fn reaches(&self, channel: Channel, to: &str) -> Result<(), &'static str> {
        match to.strip_prefix(channel.as_str()).and_then(|rest| rest.strip_prefix(':')) {
            Some(name) if !name.is_empty() => Ok(()),
            _ => Err("the address is no name in this channel: write by another"),
        }
    }

    fn patience(&self) -> Duration {
        (PATIENCE + Duration::from_secs(2)) * u32::try_from(MOST_PIECES).unwrap_or(1)
    }

    fn driver(&self) -> &'static str {
        self.provider.channel().as_str()
    }
}

/// The requests that a message takes, by the provider's rules.
fn plan(account: &Account, message: &Dispatch, heard: Option<&Heard>, now: Timestamp) -> Result<Vec<Call>, SendError> {
    match account.provider {
        Provider::Whatsapp => whatsapp::plan(account, message, heard, now),
        Provider::Messenger | Provider::Instagram => graph::plan(account, message, heard, now),
        Provider::Telegram => telegram::plan(account, message),
        Provider::X => x::plan(account, message),
    }
}

fn lock(pace: &Mutex<Pace>) -> std::sync::MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(after: Duration) -> SendError {
    SendError { after: Some(after), ..SendError::later("the provider asks to send more slowly") }
}

/// The name of the citizen in the channel: what stands behind the first colon.
fn citizen(message: &Dispatch) -> &str {
    message.to.split_once(':').map_or(message.to.as_str(), |(_, name)| name)
}

fn path(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// What an answer means that is of no provider's own form.
fn by_status(reply: &Reply, told: &str) -> SendError {
    let said = |what: &str| format!("{what} ({}{}{told})", reply.status, if told.is_empty() { "" } else { ": " });
    let after = pace::retry_after(reply);
    match reply.status {
        401 => renew(&said("the provider does not know the account's token: renew social.accounts.token")),
        429 => {
            SendError { after: after.or(Some(Duration::from_secs(30))), ..SendError::later(said("the provider asks to send more slowly")) }
        }
        503 => SendError { after, ..SendError::later(said("the provider cannot take messages now")) },
        500.. => SendError::unknown(said("the provider failed")),
        200..=299 => SendError::unknown(said("the provider took it and gave no name for it")),
        _ => SendError::never(said("the provider refuses it")),
    }
}

/// A token that is not known any more is renewed by a person: nothing is given up for it.
fn renew(detail: &str) -> SendError {
    SendError { after: Some(Duration::from_secs(600)), ..SendError::later(detail) }
}

/// The provider's words, cut, without line breaks; they name no citizen.
fn words(body: &Value, pointers: &[&str]) -> String {
    let told = pointers.iter().find_map(|pointer| text(body, pointer)).unwrap_or_default();
    told.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
