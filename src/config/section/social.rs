//! `[social]`: messengers and social media.

use crate::config::secret::Secret;
use daak_domain::language::Language;
use daak_social::Provider;
use serde::Deserialize;

/// `[social]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Social {
    /// Bytes of a delivery at most.
    pub body_limit_kib: usize,
    /// Files that are fetched at once.
    pub fetches: usize,
    /// Tries before a message whose fate is not known is given up.
    pub tries: u32,
    /// Our accounts.
    pub accounts: Vec<SocialAccount>,
}

impl Default for Social {
    fn default() -> Self {
        Self { body_limit_kib: 4_096, fetches: 4, tries: 8, accounts: Vec::new() }
    }
}

/// `[[social.accounts]]`: the provider calls `/hooks/{provider}/{name}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocialAccount {
    /// `whatsapp`, `messenger`, `instagram`, `telegram`, `x`.
    pub provider: Provider,
    /// Its name here, in the hook's address.
    pub name: String,
    /// Its name there: phone number id, page id, Instagram account id, bot id, user id.
    pub id: String,
    /// App secret (Meta), secret token of the hook (Telegram), consumer secret (X).
    pub secret: Secret,
    /// What Meta repeats when the hook is registered.
    pub verify_token: Option<Secret>,
    /// The token by which we send and fetch.
    pub token: Secret,
    /// Where the API is, if it is not the provider's own.
    pub base_url: Option<String>,
    /// Hosts of files, if they are not the provider's own.
    pub media_hosts: Option<Vec<String>>,
    /// Messages a second at most.
    #[serde(default = "twenty")]
    pub per_second: u32,
    /// WhatsApp: our templates as the provider knows them.
    #[serde(default)]
    pub templates: Vec<SocialTemplate>,
}

/// `[[social.accounts.templates]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocialTemplate {
    /// Our name for it; `reply` for what a person writes.
    pub template: String,
    /// `bn`, `hi`, `en`.
    pub language: Language,
    /// The provider's name for it.
    pub name: String,
    /// The provider's code of the language.
    pub code: String,
    /// Our values in the order of the provider's places; `text` is what a person wrote.
    #[serde(default)]
    pub variables: Vec<String>,
}

fn twenty() -> u32 {
    20
}
