//! Messengers and social media: what providers deliver, before they are told that it arrived.

mod fetching;
pub mod replay;

pub use fetching::Fetcher;

use crate::observe::{event, measure};
use crate::store::{NewAwaited, Store};
use daak_domain::Timestamp;
use daak_domain::carrier::Delivery;
use daak_domain::contact::{AttachmentRole, Channel, Outcome, Sender};
use daak_domain::seam::{Amended, Archive, BoxFuture, Held, Helpline, Label, Refusal};
use daak_social::hook::{Door, Handshake};
use daak_social::{Account, Arrival, Conversations, Heard, Provider, Said, Strange, Unsigned};
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// The hooks of all accounts.
pub struct Hooks {
    doors: BTreeMap<(Provider, String), Door>,
    helpline: Arc<dyn Helpline>,
    store: Store,
    archive: Arc<dyn Archive>,
    /// What one citizen says is taken in one after the other: two messages at once would open two tickets.
    turns: Vec<Mutex<()>>,
    files: Arc<Notify>,
}

/// Citizens whose turns are told apart.
const TURNS: usize = 1_024;
/// Citizens of one delivery that are heard at once.
const AT_ONCE: usize = 64;
/// Signs of a strange piece that are shown.
const EXCERPT: usize = 600;

/// Why a delivery was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookRefusal {
    /// There is no such account.
    #[error("there is no such account: see [[social.accounts]]")]
    NoAccount,
    /// It is not believed.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// It is believed and cannot be kept now: the provider delivers it again.
    #[error("{0}")]
    Later(String),
}

impl Hooks {
    /// Hooks of these accounts.
    pub fn new(accounts: &[Arc<Account>], helpline: Arc<dyn Helpline>, store: Store, archive: Arc<dyn Archive>) -> Self {
        let doors = accounts.iter().map(|account| ((account.provider, account.name.clone()), Door::new(account.clone()))).collect();
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        Self { doors, helpline, store, archive, turns, files: Arc::default() }
    }

    /// Tells that there are files to fetch.
    pub fn files(&self) -> Arc<Notify> {
        self.files.clone()
    }

    /// The door of an account.
    ///
    /// # Errors
    /// [`HookRefusal::NoAccount`].
    pub fn door(&self, provider: &str, account: &str) -> Result<&Door, HookRefusal> {
        let provider = Provider::named(provider).ok_or(HookRefusal::NoAccount)?;
        self.doors.get(&(provider, account.to_owned())).ok_or(HookRefusal::NoAccount)
    }

    /// Answers a provider's handshake.
    ///
    /// # Errors
    /// [`HookRefusal::NoAccount`].
    pub fn handshake(&self, provider: &str, account: &str, query: &[(String, String)]) -> Result<Handshake, HookRefusal> {
        let find = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        Ok(self.door(provider, account)?.handshake(find))
    }

    /// Takes a delivery: when it answers `Ok`, all that it says is durable.
    ///
    /// # Errors
    /// [`HookRefusal`].
    pub async fn deliver(&self, door: &Door, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<(), HookRefusal> {
        if let Err(why) = door.believe(signature, body) {
            count(door.account().provider, "unsigned");
            tracing::warn!(event = event::HOOK_REFUSED, account = door.account().name, %why);
            return Err(why.into());
        }
        // What one citizen says stays in its order; citizens do not wait for each other.
        let mut by_citizen: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
        for arrival in door.read(body, now) {
            by_citizen.entry(citizen(&arrival)).or_default().push(arrival);
        }
        let account = door.account();
        let all: Vec<_> = by_citizen.into_iter().map(|(citizen, arrivals)| self.hear(account, citizen, arrivals, body)).collect();
        let mut outcomes = stream::iter(all).buffer_unordered(AT_ONCE);
        let mut late = None;
        while let Some(outcome) = outcomes.next().await {
            late = outcome.err().or(late);
        }
        match late {
            Some(why) => Err(HookRefusal::Later(why.to_string())),
            None => Ok(()),
        }
    }

    async fn hear(&self, account: &Account, citizen: String, arrivals: Vec<Arrival>, body: &[u8]) -> Result<(), Refusal> {
        let mut hasher = DefaultHasher::new();
        citizen.hash(&mut hasher);
        let turn = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        let _turn = self.turns[turn].lock().await;
        for arrival in arrivals {
            let outcome = match arrival {
                Arrival::Said(said) => self.said(account, said).await?,
                Arrival::Delivery(news) => self.news(news).await?,
                Arrival::Amended { amended, otherwise } => self.amended(account, amended, otherwise).await?,
                Arrival::Strange(strange) => self.strange(account, strange, body).await?,
                Arrival::Aside(_) => "aside",
            };
            count(account.provider, outcome);
        }
        Ok(())
    }

    async fn said(&self, account: &Account, said: Said) -> Result<&'static str, Refusal> {
        let (channel, contact) = (said.contact.channel, said.contact.external_id.clone());
        let held = (said.contact.received_at, said.contact.sender.clone());
        let excerpt = said.contact.statement.text().map(|text| text.chars().take(EXCERPT).collect::<String>());
        let outcome = match self.helpline.take_in(said.contact).await {
            Ok(receipt) => receipt.outcome,
            Err(Refusal::Invalid(reason)) => {
                let (received_at, sender) = held;
                self.helpline.hold(Held { channel, external_id: contact, received_at, sender, reason, excerpt, raw: None }).await?;
                return Ok("held");
            }
            Err(later) => return Err(later),
        };
        self.await_files(account, channel, &contact, &said.files).await?;
        Ok(match outcome {
            Outcome::Opened => "opened",
            Outcome::Joined => "joined",
            Outcome::Repeated => "repeated",
        })
    }

    /// Written down before the provider is told, so that a death in between loses none.
    async fn await_files(&self, account: &Account, channel: Channel, contact: &str, files: &[daak_social::File]) -> Result<(), Refusal> {
        if files.is_empty() {
            return Ok(());
        }
        let new = |(place, file): (u32, &daak_social::File)| NewAwaited {
            channel,
            contact: contact.to_owned(),
            place,
            account: account.name.clone(),
            file: serde_json::to_string(file).unwrap_or_default(),
        };
        let files = (0..).zip(files).map(new).collect();
        self.store.await_files(files, Timestamp::now()).await.map_err(|why| Refusal::Unavailable(why.to_string()))?;
        self.files.notify_one();
        Ok(())
    }

    async fn news(&self, news: Delivery) -> Result<&'static str, Refusal> {
        self.helpline.delivery(news).await?;
        Ok("receipt")
    }

    async fn amended(&self, account: &Account, amended: Amended, otherwise: Option<Said>) -> Result<&'static str, Refusal> {
        match (self.helpline.amend(amended).await?, otherwise) {
            (true, _) => Ok("amended"),
            (false, Some(said)) => self.said(account, said).await,
            (false, None) => Ok("aside"),
        }
    }

    async fn strange(&self, account: &Account, strange: Strange, body: &[u8]) -> Result<&'static str, Refusal> {
        // What is no JSON is kept byte for byte.
        let (content, media_type) = match &strange.content {
            serde_json::Value::String(_) => (body.to_vec(), "application/octet-stream"),
            json => (serde_json::to_vec_pretty(json).unwrap_or_default(), "application/json"),
        };
        let excerpt = String::from_utf8_lossy(&content).chars().filter(|c| !c.is_control()).take(EXCERPT).collect();
        let label = Label {
            name: format!("{}.json", account.provider.channel()),
            media_type: media_type.to_owned(),
            role: AttachmentRole::Original,
            belongs_to: strange.external_id.clone(),
        };
        let archive = self.archive.clone();
        let kept = tokio::task::spawn_blocking(move || archive.put(label, &content)).await;
        let raw =
            kept.map_err(std::io::Error::other).flatten().map_err(|_| Refusal::Unavailable("the delivery cannot be kept now".into()))?;
        let held = Held {
            channel: account.provider.channel(),
            external_id: strange.external_id,
            received_at: strange.at,
            sender: strange.sender,
            reason: strange.reason,
            excerpt: Some(excerpt),
            raw: Some(raw),
        };
        self.helpline.hold(held).await?;
        Ok("held")
    }
}

/// Whose turn it is; receipts and strange pieces have one each.
fn citizen(arrival: &Arrival) -> String {
    let of = |sender: &Sender| sender.handle.clone().unwrap_or_default();
    match arrival {
        Arrival::Said(said) => of(&said.contact.sender),
        Arrival::Amended { amended, .. } => of(&amended.sender),
        Arrival::Strange(strange) => strange.external_id.clone(),
        Arrival::Delivery(news) => format!("{:?}", news.message),
        Arrival::Aside(_) => String::new(),
    }
}

fn count(provider: Provider, outcome: &'static str) {
    metrics::counter!(measure::HOOKS, "provider" => provider.channel().as_str(), "outcome" => outcome).increment(1);
}

/// What the database knows of conversations.
pub struct KnownConversations(pub Store);

impl Conversations for KnownConversations {
    fn last_heard<'a>(&'a self, channel: Channel, handle: &'a str) -> BoxFuture<'a, Option<Heard>> {
        Box::pin(async move {
            let found = self.0.last_heard(channel, handle).await.ok().flatten();
            found.map(|(at, message)| Heard { at, message })
        })
    }
}
