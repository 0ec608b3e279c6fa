//! One look a part. Each is bounded in time, and asks nothing that costs the other side anything.

mod letters;

use super::{Health, Look};
use crate::app;
use crate::config::Config;
use crate::config::address::{DatabaseUrl, SipTransport};
use crate::config::section::sms::SmsDriver;
use crate::masters::Masters;
use crate::store::Store;
use daak_domain::language::Language;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use voice_speech::{Speaker, SpeakerConfig, Trust, TrustTable};

/// Longest look at one part.
const LIMIT: Duration = Duration::from_secs(8);

/// Looks at every part, in the order in which a caller meets them.
pub async fn all(config: &Config, data: &Path) -> Vec<Look> {
    let mut looks = Vec::new();
    let mut add = |part: &'static str, health: Health| looks.push(Look { part, health });
    add("data folder", data_folder(data));
    add("database", in_time(database(config, data)).await);
    add("masters", masters(config));
    add("http", in_time(http(config)).await);
    add("sip", in_time(sip(config)).await);
    add("tls", tls(config));
    add("trunks", in_time(trunks(config)).await);
    add("flows", flows(config));
    add("speech model", speech_model(config));
    add("espeak-ng", in_time(espeak(config)).await);
    add("tesseract", in_time(letters::engine(config)).await);
    add("poppler", in_time(letters::poppler()).await);
    add("fonts", letters::fonts(config));
    add("sms", in_time(sms(config)).await);
    add("sms texts (DLT)", sms_texts(config));
    add("smtp", in_time(mail(config, true)).await);
    add("imap", in_time(mail(config, false)).await);
    add("social", in_time(social(config)).await);
    add("letters", letters::inbox(config));
    looks
}

async fn in_time(look: impl Future<Output = Health>) -> Health {
    match tokio::time::timeout(LIMIT, look).await {
        Ok(health) => health,
        Err(_) => missing(
            format!("no answer within {} s", LIMIT.as_secs()),
            "it cannot be relied on",
            "look whether it is overloaded, or a firewall swallows packets",
        ),
    }
}

fn missing(found: impl Into<String>, costs: &str, mend: impl Into<String>) -> Health {
    Health::Missing { found: found.into(), costs: costs.into(), mend: mend.into() }
}

fn broken(found: impl Into<String>, costs: &str, mend: impl Into<String>) -> Health {
    Health::Broken { found: found.into(), costs: costs.into(), mend: mend.into() }
}

fn data_folder(data: &Path) -> Health {
    let probe = data.join(".doctor");
    let written = std::fs::create_dir_all(data).and_then(|()| std::fs::write(&probe, b"x"));
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => Health::Well(format!("{} can be written", data.display())),
        Err(why) => broken(
            format!("{} cannot be written ({why})", data.display()),
            "nothing can be kept",
            "make it writable, or give another with --data",
        ),
    }
}

async fn database(config: &Config, data: &Path) -> Health {
    let mend = match config.database.url {
        DatabaseUrl::Sqlite(_) => "make the file's folder writable, or set database.url",
        DatabaseUrl::Postgres(_) => "start the server, and look at user, password and name in database.url",
    };
    match Store::open(&config.database.url.to_url(data)).await {
        Ok(store) => match store.ping().await {
            Ok(()) => Health::Well(format!("{:?} answers and is up to date", config.database.url)),
            Err(why) => broken(why.to_string(), "no ticket can be kept", mend),
        },
        Err(why) => broken(why.to_string(), "no ticket can be kept", mend),
    }
}

fn masters(config: &Config) -> Health {
    match Masters::load(&config.data.folder) {
        Ok(masters) => Health::Well(format!(
            "{} categories, {} departments, {} districts",
            masters.taxonomy.categories.len(),
            masters.taxonomy.departments.len(),
            masters.places.districts.len()
        )),
        Err(why) => broken(why.to_string(), "nothing can be classified or assigned", "mend the file, or set data.folder"),
    }
}

async fn http(config: &Config) -> Health {
    for address in &config.http.listen.0 {
        if let Err(why) = TcpListener::bind(address).await {
            return in_use("http", *address, &why.to_string(), "http.listen");
        }
    }
    Health::Well(format!("{} can be listened on", joined(config.http.listen.0.iter())))
}

async fn sip(config: &Config) -> Health {
    if !config.voice.enabled {
        return Health::Unused("voice.enabled is false: no calls are taken".into());
    }
    for (transport, address) in &config.sip.listen.0 {
        let bound = match transport {
            SipTransport::Udp => UdpSocket::bind(address).await.map(drop),
            SipTransport::Tcp | SipTransport::Tls => TcpListener::bind(address).await.map(drop),
        };
        if let Err(why) = bound {
            return in_use("sip", *address, &why.to_string(), "sip.listen");
        }
    }
    Health::Well(format!("{} can be listened on", joined(config.sip.listen.0.iter().map(|(t, a)| format!("{t}:{a}")))))
}

/// A port that is taken is most often our own helpline, running.
fn in_use(what: &str, address: SocketAddr, why: &str, key: &str) -> Health {
    missing(
        format!("{address} is taken or not ours ({why})"),
        &format!("{what} does not start, unless the helpline itself is running there"),
        format!("end the other program, or set {key}"),
    )
}

fn joined(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn tls(config: &Config) -> Health {
    match (&config.sip.certificate, config.sip.listen.0.iter().any(|(t, _)| *t == SipTransport::Tls)) {
        (Some(file), _) => Health::Well(format!("certificate {}", file.display())),
        (None, true) => {
            missing("no certificate", "no calls over TLS, so their media keys would be readable", "set sip.certificate and sip.key")
        }
        (None, false) => Health::Unused("sip.listen names no tls: address".into()),
    }
}

async fn trunks(config: &Config) -> Health {
    if config.trunks.is_empty() {
        return missing(
            "none is configured",
            "nobody can call from the public telephone network",
            "add [[trunks]] with the operator's address",
        );
    }
    for trunk in &config.trunks {
        if let Err(why) = resolve(&trunk.uri, 5060).await {
            return missing(format!("{}: {why}", trunk.name), "calls by this trunk fail", "look at its uri and at the name server");
        }
    }
    Health::Well(format!("{} configured, their names resolve; `serve` watches them by OPTIONS", config.trunks.len()))
}

/// The addresses of `scheme:host:port`, with user, port and parameters taken apart.
async fn resolve(uri: &str, usual_port: u16) -> Result<Vec<SocketAddr>, String> {
    let host = uri.split_once(':').map_or(uri, |(_, rest)| rest).trim_start_matches('/');
    let host = host.rsplit('@').next().unwrap_or(host);
    let host = host.split([';', '?', '/']).next().unwrap_or(host);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port.parse().map_err(|_| format!("{port} is no port"))?)
        }
        _ => (host, usual_port),
    };
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host((name, port)).await.map_err(|why| format!("{name} does not resolve ({why})"))?.collect();
    if found.is_empty() { Err(format!("{name} has no address")) } else { Ok(found) }
}

fn flows(config: &Config) -> Health {
    if !config.voice.enabled {
        return Health::Unused("voice.enabled is false".into());
    }
    match voice_ivr::Flows::load(&config.voice.flows) {
        Ok(flows) => Health::Well(format!("{} flows, complete in every language", flows.flows.len())),
        Err(errors) => {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            broken(
                format!("{first} ({} mistakes)", errors.len()),
                "callers cannot be led",
                "mend them; `daak flow check` lists all, or set voice.flows",
            )
        }
    }
}

fn speech_model(config: &Config) -> Health {
    if let Some(url) = &config.speech.url {
        return Health::Well(format!("a speech server at {url} is asked"));
    }
    let costs = "callers' voices are kept, and people write them down";
    let Some(model) = app::model_file(config) else {
        return missing("no model", costs, "daak model fetch");
    };
    if !model.is_file() {
        return missing(format!("there is no file {}", model.display()), costs, "daak model fetch, or set speech.model");
    }
    let table = config.speech.trust.clone().unwrap_or_else(|| TrustTable::beside(&model));
    let table = TrustTable::load(&table).unwrap_or_default();
    let trusted = |language: &Language| table.model.keys().any(|id| table.trust(id, *language) == Trust::Record);
    let languages: Vec<_> = Language::SERVED.iter().filter(|l| trusted(l)).map(|l| l.code()).collect();
    match languages.join(", ").as_str() {
        "" => Health::Well(format!(
            "{}; no language is measured good enough for a text of record (`daak doctor --speech` measures)",
            model.display()
        )),
        languages => Health::Well(format!("{}; text of record in: {languages}", model.display())),
    }
}

async fn espeak(config: &Config) -> Health {
    let speaker = Speaker::new(SpeakerConfig { program: config.speech.espeak.clone(), ..SpeakerConfig::default() });
    match speaker.check().await {
        Ok(version) => Health::Well(version),
        Err(why) => {
            missing(why.to_string(), "callers hear recorded prompts only: numbers and names cannot be said", "apt-get install espeak-ng")
        }
    }
}

async fn sms(config: &Config) -> Health {
    match (config.sms.driver, &config.sms.http) {
        (SmsDriver::Http, Some(http)) => match reach(&http.url, if http.url.starts_with("https") { 443 } else { 80 }).await {
            Ok(()) => Health::Well(format!("the gateway at {} takes connections", http.url)),
            Err(why) => missing(
                format!("the gateway at {} does not answer ({why})", http.url),
                "messages wait in the outbox until it does",
                "start the gateway, or set sms.http.url",
            ),
        },
        (SmsDriver::Smpp, _) => match &config.sms.smpp {
            Some(smpp) => match reach(&format!("smpp://{}", smpp.address), 2775).await {
                Ok(()) => Health::Well(format!("the SMS centre at {} takes connections", smpp.address)),
                Err(why) => missing(
                    format!("the SMS centre at {} does not answer ({why})", smpp.address),
                    "messages wait in the outbox until it does, and citizens' messages at the centre",
                    "look whether it runs and lets us in, or set sms.smpp.address",
                ),
            },
            None => missing("there is no section [sms.smpp]", "nothing is sent", "add it, with address, user and password"),
        },
        _ => missing(
            "the driver is \"outbox\"",
            "messages are kept and shown in the console, and reach nobody",
            "set sms.driver = \"http\" and [sms.http] to your gateway",
        ),
    }
}

fn sms_texts(config: &Config) -> Health {
    if config.sms.dlt.is_none() {
        return Health::Unused("sms.dlt is not set: texts are not held against the carriers' registry".into());
    }
    let checked = app::templates(config).and_then(|templates| app::registry(config, &templates));
    match checked {
        Ok(_) => Health::Well("every text in every language fits what is registered".into()),
        Err(why) => broken(
            why.to_string(),
            "carriers would drop these texts silently, and the program does not start",
            "mend each, then `daak sms check`",
        ),
    }
}

async fn social(config: &Config) -> Health {
    let accounts = &config.social.accounts;
    if accounts.is_empty() {
        return Health::Unused("no [[social.accounts]] is configured: no messenger delivers here".into());
    }
    let shown = joined(accounts.iter().map(|a| format!("{}/{}", a.provider.channel(), a.name)));
    if config.http.public_url.is_none() {
        return missing(
            format!("{shown}, and no public address"),
            "no provider can deliver here",
            "set http.public_url to where the providers reach this server by https",
        );
    }
    for account in accounts {
        let url = account.base_url.as_deref().unwrap_or(account.provider.usual_base_url());
        if let Err(why) = reach(url, if url.starts_with("https") { 443 } else { 80 }).await {
            return missing(
                format!("the API of {}/{} does not answer ({why})", account.provider.channel(), account.name),
                "messages wait in the outbox, and files are not fetched, until it does",
                "let this server out to the provider, or look at social.accounts.base_url",
            );
        }
    }
    Health::Well(format!("{shown}; their APIs take connections"))
}

async fn mail(config: &Config, sending: bool) -> Health {
    let (costs, mend) = if sending {
        ("answers by mail wait in the outbox", "look at email.smtp, email.smtp_password and the server")
    } else {
        ("mails wait in their mailbox", "look at email.imap, email.imap_password, [[email.mailboxes]] and the server")
    };
    match app::look_at_mail(config, sending).await {
        Ok(found) if found.is_empty() && sending => Health::Unused("email.smtp is not set: nobody is answered by mail".into()),
        Ok(found) if found.is_empty() => Health::Unused("email.imap is not set: no mail is read".into()),
        Ok(found) => Health::Well(found.join("; ")),
        Err(why) => missing(why, costs, mend),
    }
}

async fn reach(url: &str, port: u16) -> Result<(), String> {
    let addresses = resolve(url, port).await?;
    TcpStream::connect(addresses.as_slice()).await.map(drop).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_read_out_of_uris() {
        for (uri, port, expected) in [
            ("sip:127.0.0.1", 5060, "127.0.0.1:5060"),
            ("sip:user@127.0.0.1:5070;transport=udp", 5060, "127.0.0.1:5070"),
            ("http://127.0.0.1:13013/cgi-bin/sendsms?x=1", 80, "127.0.0.1:13013"),
            ("imaps://me@127.0.0.1/INBOX", 993, "127.0.0.1:993"),
        ] {
            let found = resolve(uri, port).await.expect("an address");
            assert_eq!(found.first().map(ToString::to_string).as_deref(), Some(expected), "{uri}");
        }
        assert!(resolve("sip:127.0.0.1:99999", 5060).await.is_err());
    }

    #[tokio::test]
    async fn without_anything_configured_each_missing_part_names_its_mend() {
        let folder = tempfile::tempdir().expect("a folder");
        let looks = all(&Config::defaults(), folder.path()).await;
        assert_eq!(looks.len(), 19);
        for look in &looks {
            if let Health::Missing { costs, mend, .. } | Health::Broken { costs, mend, .. } = &look.health {
                assert!(!costs.is_empty() && !mend.is_empty(), "{}", look.part);
            }
        }
        let sms = looks.iter().find(|look| look.part == "sms").expect("looked at");
        assert!(matches!(&sms.health, Health::Missing { mend, .. } if mend.contains("sms.driver")));
    }
}
