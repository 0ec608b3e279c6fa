//! Messengers and social media, as the configuration wants them.

use super::{AppError, Ground};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::section::social::SocialAccount;
use crate::notify::{Rules, Templates};
use crate::social::{Fetcher, Hooks, KnownConversations};
use daak_domain::carrier::Carrier;
use daak_domain::seam::Helpline;
use daak_social::{Account, Media, Provider, Social, TemplateRule};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The accounts.
///
/// # Errors
/// [`AppError::Masters`] if an address is none.
pub fn accounts(config: &Config) -> Result<Vec<Arc<Account>>, AppError> {
    config.social.accounts.iter().map(|a| Ok(Arc::new(account(a)?))).collect()
}

fn account(a: &SocialAccount) -> Result<Account, AppError> {
    let base = a.base_url.as_deref().unwrap_or(a.provider.usual_base_url());
    let hosts = || a.provider.usual_media_hosts().iter().map(|host| (*host).to_owned()).collect();
    let rule = |t: &crate::config::section::social::SocialTemplate| TemplateRule {
        template: t.template.clone(),
        language: t.language,
        name: t.name.clone(),
        code: t.code.clone(),
        variables: t.variables.clone(),
    };
    Ok(Account {
        provider: a.provider,
        name: a.name.clone(),
        id: a.id.clone(),
        secret: a.secret.expose().to_owned(),
        verify_token: a.verify_token.as_ref().map(|t| t.expose().to_owned()).unwrap_or_default(),
        token: a.token.expose().to_owned(),
        base_url: base.parse().map_err(|why| AppError::Masters(format!("social.accounts {:?}: base_url: {why}", a.name)))?,
        media_hosts: a.media_hosts.clone().unwrap_or_else(hosts),
        per_second: a.per_second,
        templates: a.templates.iter().map(rule).collect(),
    })
}

/// The providers that something is configured of.
pub fn providers(config: &Config) -> BTreeSet<Provider> {
    config.social.accounts.iter().map(|a| a.provider).collect()
}

/// What carries messages, a carrier a provider.
///
/// # Errors
/// [`AppError::Masters`] if a provider's template asks for a value that ours has not.
pub fn carriers(config: &Config, ground: &Ground, templates: &Templates) -> Result<Vec<Arc<dyn Carrier>>, AppError> {
    let accounts = accounts(config)?;
    for (account, rule) in accounts.iter().flat_map(|a| a.templates.iter().map(move |rule| (a, rule))) {
        for value in &rule.variables {
            let known = value == "text" || templates.declares(&rule.template, value);
            if !known {
                let (name, template) = (&account.name, &rule.template);
                return Err(AppError::Masters(format!(
                    "social.accounts {name:?}: templates: {template:?} has no value {value:?}: see [values] of its file, or use \"text\""
                )));
            }
        }
    }
    let carrier = |provider: Provider| {
        let own = accounts.iter().filter(|account| account.provider == provider).cloned().collect();
        let conversations = Arc::new(KnownConversations(ground.store.clone()));
        let carrier: Arc<dyn Carrier> = Arc::new(Social::new(provider, own, conversations).map_err(AppError::Masters)?);
        Ok(carrier)
    };
    providers(config).into_iter().map(carrier).collect()
}

/// The rules of sending: the night is quiet here as it is for SMS; the pace is the account's own.
pub fn rules(config: &Config, sms: Rules) -> Rules {
    let per_second = config.social.accounts.iter().map(|a| a.per_second).sum::<u32>().max(1);
    // A conversation has many short answers.
    Rules { per_second, tries: config.social.tries, per_number_hour: 60, ..sms }
}

/// The hooks, and what fetches files.
///
/// # Errors
/// [`AppError::Masters`].
pub fn hooks(config: &Config, ground: &Ground, helpline: Arc<dyn Helpline>) -> Result<(Arc<Hooks>, Option<Fetcher>), AppError> {
    let accounts = accounts(config)?;
    let hooks = Arc::new(Hooks::new(&accounts, helpline.clone(), ground.store.clone(), ground.archive.clone()));
    if accounts.is_empty() {
        return Ok((hooks, None));
    }
    let fetcher = Fetcher {
        store: ground.store.clone(),
        helpline,
        archive: ground.archive.clone(),
        accounts,
        media: Media::new(config.http.attachment_limit_mib * 1024 * 1024).map_err(AppError::Masters)?,
        sniff: crate::api::media_type::sniff,
        at_once: config.social.fetches,
        files: hooks.files(),
        clock: Clock::system(),
    };
    Ok((hooks, Some(fetcher)))
}
