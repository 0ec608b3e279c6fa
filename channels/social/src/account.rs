//! An account of the helpline with a provider.

use daak_domain::contact::Channel;
use daak_domain::language::Language;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// An account of the helpline with a provider: who we are there, and what proves it.
#[derive(Clone)]
pub struct Account {
    /// With whom.
    pub provider: Provider,
    /// Its name here: in the hook's address, and before the provider's names of messages.
    pub name: String,
    /// Its name there: phone number id, page id, Instagram account id, bot id, user id.
    pub id: String,
    /// What proves deliveries: app secret (Meta), secret token (Telegram), consumer secret (X).
    pub secret: String,
    /// What Meta repeats in its handshake.
    pub verify_token: String,
    /// What proves us when we send and fetch.
    pub token: String,
    /// The provider's API; without a slash at the end.
    pub base_url: Url,
    /// Hosts, with those below them, from which files may be fetched besides the API's own.
    pub media_hosts: Vec<String>,
    /// Messages a second at most.
    pub per_second: u32,
    /// WhatsApp: our templates as the provider knows them.
    pub templates: Vec<TemplateRule>,
}

/// One of our templates as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRule {
    /// Our name for it; `reply` for what a person writes.
    pub template: String,
    /// In which language.
    pub language: Language,
    /// The provider's name for it.
    pub name: String,
    /// The provider's code of the language, `bn`, `en_GB`.
    pub code: String,
    /// Our values in the order of the provider's places; `text` is what a person wrote.
    pub variables: Vec<String>,
}

/// Whose network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Provider {
    Whatsapp,
    Messenger,
    Instagram,
    Telegram,
    X,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Provider; 5] = [Provider::Whatsapp, Provider::Messenger, Provider::Instagram, Provider::Telegram, Provider::X];

    /// The channel that it is.
    pub fn channel(self) -> Channel {
        match self {
            Provider::Whatsapp => Channel::Whatsapp,
            Provider::Messenger => Channel::Messenger,
            Provider::Instagram => Channel::Instagram,
            Provider::Telegram => Channel::Telegram,
            Provider::X => Channel::X,
        }
    }

    /// By its name in addresses.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.channel().as_str() == name)
    }

    /// Where its API is found, where the configuration says nothing else.
    pub fn usual_base_url(self) -> &'static str {
        match self {
            Provider::Whatsapp | Provider::Messenger => "https://graph.facebook.com/v23.0",
            Provider::Instagram => "https://graph.instagram.com/v23.0",
            Provider::Telegram => "https://api.telegram.org",
            Provider::X => "https://api.x.com",
        }
    }

    /// Hosts of its files, where the configuration says nothing else.
    pub fn usual_media_hosts(self) -> &'static [&'static str] {
        match self {
            Provider::Whatsapp | Provider::Messenger | Provider::Instagram => &["fbcdn.net", "fbsbx.com", "cdninstagram.com"],
            Provider::Telegram => &[],
            Provider::X => &["twimg.com", "ton.twitter.com"],
        }
    }
}

impl Account {
    /// A message's name here: unlike others of the same provider's other accounts.
    pub(crate) fn named(&self, id: &str) -> String {
        format!("{}/{id}", self.name)
    }

    /// A citizen's name in the channel.
    pub(crate) fn handle(&self, id: &str) -> String {
        format!("{}:{id}", self.provider.channel())
    }
}

/// Neither secret nor token is ever shown.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("provider", &self.provider).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The account of this name, out of the channel's own name for a message (`main/wamid.…`).
pub(crate) fn account_of(message: &str) -> Option<&str> {
    message.split_once('/').map(|(account, _)| account)
}

/// The provider's own name for a message, out of ours.
pub(crate) fn native(message: &str) -> &str {
    message.split_once('/').map_or(message, |(_, native)| native)
}
