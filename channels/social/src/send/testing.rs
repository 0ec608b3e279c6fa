//! Accounts and messages for tests.

use crate::account::{Account, Provider, TemplateRule};
use daak_domain::carrier::{Dispatch, Enclosed};
use daak_domain::language::Language;

pub(crate) fn account(provider: Provider) -> Account {
    let id = match provider {
        Provider::Telegram => "9999",
        Provider::X => "4337869213",
        _ => "1000",
    };
    Account {
        provider,
        name: "main".into(),
        id: id.into(),
        secret: "shh".into(),
        verify_token: "verify".into(),
        token: "9999:tok".into(),
        base_url: "http://127.0.0.1:9".parse().expect("an address"),
        media_hosts: provider.usual_media_hosts().iter().map(|h| (*h).to_owned()).collect(),
        per_second: 20,
        templates: vec![TemplateRule {
            template: "closed".into(),
            language: Language::Bn,
            name: "ticket_closed".into(),
            code: "bn".into(),
            variables: vec!["number".into(), "remarks".into()],
        }],
    }
}

pub(crate) fn message(provider: Provider, to: &str, text: &str) -> Dispatch {
    Dispatch {
        key: "k1".into(),
        channel: provider.channel(),
        to: format!("{}:{to}", provider.channel()),
        ticket: None,
        template: "closed".into(),
        language: Language::Bn,
        text: text.into(),
        enclosed: Enclosed::default(),
    }
}
