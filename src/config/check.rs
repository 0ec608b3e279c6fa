//! What no single value shows: ranges, and values that do not go together.

use super::section::email::MailUrl;
use super::section::sms::SmsDriver;
use super::section::voice::Srtp;
use super::{Config, Impossible};
use crate::config::address::{BlobsUrl, BusUrl, SipTransport};
use daak_social::Provider;
use std::collections::BTreeSet;

type Checked = Result<(), Impossible>;

/// Refuses what cannot work.
///
/// # Errors
/// The first key that cannot be as it is.
pub fn check(config: &Config) -> Checked {
    http(config)?;
    public(config)?;
    demand((1..=64).contains(&config.database.readers), "database.readers", "expected 1 to 64")?;
    voice(config)?;
    trunks(config)?;
    desk(config)?;
    written(config)?;
    email(config)?;
    insight(config)?;
    social(config)?;
    closed_doors(config)
}

fn demand(holds: bool, key: &str, what: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(Impossible::new(key, what)) }
}

fn http(config: &Config) -> Checked {
    let http = &config.http;
    demand(!http.listen.0.is_empty(), "http.listen", "expected at least one address, such as \"127.0.0.1:8080\"")?;
    demand((1..=65_536).contains(&http.body_limit_kib), "http.body_limit_kib", "expected 1 to 65536 KiB")?;
    demand((1..=512).contains(&http.attachment_limit_mib), "http.attachment_limit_mib", "expected 1 to 512 MiB")?;
    demand((1..=1440).contains(&http.session_idle_min), "http.session_idle_min", "expected 1 to 1440 minutes")?;
    demand((1..=168).contains(&http.session_limit_h), "http.session_limit_h", "expected 1 to 168 hours")?;
    demand(http.sign_in_per_min > 0, "http.sign_in_per_min", "expected at least 1")?;
    demand(http.public_per_min > 0, "http.public_per_min", "expected at least 1")?;
    demand(http.lock_after > 0, "http.lock_after", "expected at least 1")?;
    for (key, url) in
        http.public_url.iter().map(|u| ("http.public_url", u)).chain(http.trusted_origins.iter().map(|u| ("http.trusted_origins", u)))
    {
        demand(
            url.parse::<axum::http::Uri>().is_ok_and(|u| u.scheme().is_some() && u.host().is_some()),
            key,
            format!("{url:?} is no address, expected one such as \"https://helpline.example\""),
        )?;
    }
    let zone = &config.helpline.timezone;
    demand(
        jiff::tz::TimeZone::get(zone).is_ok(),
        "helpline.timezone",
        format!("{zone:?} is no time zone, expected one such as \"Asia/Kolkata\""),
    )?;
    let filter = &config.log.filter;
    demand(
        filter.parse::<tracing_subscriber::filter::Targets>().is_ok(),
        "log.filter",
        format!("{filter:?} is no filter, expected one such as \"info\" or \"info,daak::api=debug\""),
    )
}

fn public(config: &Config) -> Checked {
    let public = &config.public;
    demand((1..=60).contains(&public.code_minutes), "public.code_minutes", "expected 1 to 60 minutes")?;
    demand((1..=10).contains(&public.code_tries), "public.code_tries", "expected 1 to 10: each try is a guess")?;
    demand((1..=60).contains(&public.codes_per_target_h), "public.codes_per_target_h", "expected 1 to 60")?;
    demand(public.codes_per_address_h > 0, "public.codes_per_address_h", "expected at least 1")?;
    demand(public.filings_per_address_h > 0, "public.filings_per_address_h", "expected at least 1")?;
    demand(public.filings_per_target_h > 0, "public.filings_per_target_h", "expected at least 1")?;
    demand((5..=1440).contains(&public.session_min), "public.session_min", "expected 5 to 1440 minutes")
}

fn voice(config: &Config) -> Checked {
    let (sip, rtp, speech) = (&config.sip, &config.rtp, &config.speech);
    demand(!sip.listen.0.is_empty(), "sip.listen", "expected at least one address; to take no calls set voice.enabled = false")?;
    demand(sip.certificate.is_some() == sip.key.is_some(), "sip.certificate", "expected certificate and key together")?;
    for (key, file) in [("sip.certificate", &sip.certificate), ("sip.key", &sip.key)] {
        if let Some(file) = file {
            demand(file.is_file(), key, format!("there is no file {}, expected one in PEM form", file.display()))?;
        }
    }
    demand(sip.session_expires_s >= 90, "sip.session_expires_s", "expected at least 90 seconds (RFC 4028 section 4)")?;
    demand(sip.new_calls_per_s > 0, "sip.new_calls_per_s", "expected at least 1; to take no calls set voice.enabled = false")?;
    demand(sip.max_calls > 0, "sip.max_calls", "expected at least 1; to take no calls set voice.enabled = false")?;
    demand(!sip.realm.is_empty() && !sip.realm.contains(['"', '\\']), "sip.realm", "expected a name without quotes")?;
    demand(rtp.threads <= 256, "rtp.threads", "expected 0 (one a core) to 256")?;
    demand((5..=3600).contains(&rtp.silence_limit_s), "rtp.silence_limit_s", "expected 5 to 3600 seconds")?;
    demand(!rtp.codecs.is_empty(), "rtp.codecs", "expected at least one of \"pcma\", \"pcmu\", \"g722\"")?;
    let sip_ports = sip.listen.0.iter().filter(|(transport, _)| *transport == SipTransport::Udp).map(|(_, address)| address.port());
    for port in sip_ports {
        demand(
            !(rtp.ports.first..=rtp.ports.last).contains(&port),
            "rtp.ports",
            format!("SIP listens on {port}, expected a range without it"),
        )?;
    }
    demand(config.voice.page_puzzle_bits <= 24, "voice.page_puzzle_bits", "expected 0 to 24 bits: each more doubles the work")?;
    let callbacks = config.voice.callback_queue.as_ref();
    let known = callbacks.is_none_or(|name| config.queues.iter().any(|q| q.name == *name));
    demand(known, "voice.callback_queue", "expected the name of one of [[queues]]")?;
    let nobody = config.voice.missed_call_numbers.is_empty() || !config.queues.is_empty();
    demand(nobody, "voice.missed_call_numbers", "expected a queue too: nobody would call back")?;
    demand((1..=1440).contains(&config.voice.longest_call_min), "voice.longest_call_min", "expected 1 to 1440 minutes")?;
    demand((1..=64).contains(&speech.workers), "speech.workers", "expected 1 to 64")?;
    demand((1..=10_000).contains(&speech.queue), "speech.queue", "expected 1 to 10000")?;
    demand((1..=600).contains(&speech.limit_s), "speech.limit_s", "expected 1 to 600 seconds")?;
    demand(speech.model.is_none() || speech.url.is_none(), "speech.url", "expected either speech.model or speech.url")
}

fn trunks(config: &Config) -> Checked {
    unique("trunks", config.trunks.iter().map(|t| t.name.as_str()))?;
    for (at, trunk) in config.trunks.iter().enumerate() {
        let key = |name: &str| format!("trunks.{at}.{name}");
        let sip = trunk.uri.starts_with("sip:") || trunk.uri.starts_with("sips:");
        demand(sip, &key("uri"), format!("{:?} is no SIP address, expected one such as \"sip:sbc.example.net:5060\"", trunk.uri))?;
        let known = trunk.user.is_some() && trunk.password.is_some();
        demand(!trunk.register || known, &key("register"), "expected user and password beside it")?;
        let clear = config.rtp.srtp == Srtp::Off && trunk.srtp == Some(Srtp::Required);
        demand(!clear, &key("srtp"), "encryption is required here but rtp.srtp is \"off\", expected rtp.srtp = \"allowed\"")?;
    }
    Ok(())
}

fn desk(config: &Config) -> Checked {
    unique("queues", config.queues.iter().map(|q| q.name.as_str()))?;
    unique("agents", config.agents.iter().map(|a| a.name.as_str()))?;
    for (at, queue) in config.queues.iter().enumerate() {
        demand((3..=300).contains(&queue.ring_s), &format!("queues.{at}.ring_s"), "expected 3 to 300 seconds")?;
        demand(queue.wrap_up_s <= 3600, &format!("queues.{at}.wrap_up_s"), "expected at most 3600 seconds")?;
        demand(queue.max_waiting > 0, &format!("queues.{at}.max_waiting"), "expected at least 1")?;
    }
    for (at, agent) in config.agents.iter().enumerate() {
        for name in &agent.queues {
            let known = || config.queues.iter().map(|q| q.name.as_str()).collect::<Vec<_>>().join(", ");
            let there = config.queues.iter().any(|q| q.name == *name);
            demand(there, &format!("agents.{at}.queues"), format!("there is no queue {name:?}, expected one of [[queues]]: {}", known()))?;
        }
        let contact = agent.contact.as_deref().is_none_or(|c| c.starts_with("sip:") || c.starts_with("sips:"));
        demand(contact, &format!("agents.{at}.contact"), "expected a SIP address such as \"sip:desk1@10.0.0.7:5060\"")?;
    }
    Ok(())
}

fn unique<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Checked {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        let key = format!("{list}.{at}.name");
        demand(!name.trim().is_empty(), &key, "expected a name")?;
        demand(seen.insert(name), &key, format!("{name:?} stands here twice, expected each name once"))?;
    }
    Ok(())
}

fn written(config: &Config) -> Checked {
    letters(config)?;
    let sms = &config.sms;
    demand(sms.driver != SmsDriver::Http || sms.http.is_some(), "sms.driver", "\"http\" needs a section [sms.http] with url")?;
    demand(
        sms.driver != SmsDriver::Smpp || sms.smpp.is_some(),
        "sms.driver",
        "\"smpp\" needs a section [sms.smpp] with address, user and password",
    )?;
    demand((1..=1_440).contains(&sms.parts_within_min), "sms.parts_within_min", "expected 1 to 1440 minutes")?;
    demand(!sms.inbound.contains_key("main"), "sms.inbound.main", "\"main\" takes delivery reports, expected another name")?;
    for (name, inbound) in &sms.inbound {
        let long_enough = inbound.token.expose().len() >= 16;
        demand(long_enough, &format!("sms.inbound.{name}.token"), "expected at least 16 characters")?;
    }
    demand(sms.quiet_from.is_some() == sms.quiet_until.is_some(), "sms.quiet_from", "expected quiet_from and quiet_until together")?;
    demand(sms.per_second > 0, "sms.per_second", "expected at least 1")?;
    demand((1..=100).contains(&sms.tries), "sms.tries", "expected 1 to 100")?;
    if let Some(http) = &sms.http {
        let form = !http.form.is_empty();
        demand(!(form && http.json.is_some()), "sms.http.json", "expected either form or json")?;
        demand(
            http.url.starts_with("http://") || http.url.starts_with("https://"),
            "sms.http.url",
            "expected an address with http:// or https://",
        )?;
        demand((1..=120).contains(&http.timeout_s), "sms.http.timeout_s", "expected 1 to 120 seconds")?;
    }
    Ok(())
}

fn letters(config: &Config) -> Checked {
    let letters = &config.letters;
    demand(letters.rests_s <= 3600, "letters.rests_s", "expected at most 3600 seconds")?;
    demand(letters.workers <= 256, "letters.workers", "expected 0 (half the cores) to 256")?;
    demand((5..=600).contains(&letters.limit_s), "letters.limit_s", "expected 5 to 600 seconds")?;
    demand(letters.trust <= 100, "letters.trust", "expected 0 to 100")?;
    demand((1..=5000).contains(&letters.pages), "letters.pages", "expected 1 to 5000")?;
    demand((1..=4096).contains(&letters.size_mib), "letters.size_mib", "expected 1 to 4096 MiB")
}

fn insight(config: &Config) -> Checked {
    let address = |to: &String| to.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    let weekly = &config.insight.weekly_to;
    demand(weekly.iter().all(address), "insight.weekly_to", "expected mail addresses such as \"office@example.org\"")?;
    demand(weekly.is_empty() || config.email.smtp.is_some(), "insight.weekly_to", "expected email.smtp: without it no mail goes out")
}

fn email(config: &Config) -> Checked {
    let email = &config.email;
    unique("email.mailboxes", email.mailboxes.iter().map(|m| m.name.as_str()))?;
    let imap = |url: Option<&MailUrl>| url.is_none_or(|url| url.protocol == "imap" && url.user.is_some());
    demand(imap(email.imap.as_ref()), "email.imap", "expected an address such as \"imaps://user@mail.example.org/INBOX\"")?;
    for (at, mailbox) in email.mailboxes.iter().enumerate() {
        let key = |name: &str| format!("email.mailboxes.{at}.{name}");
        demand(imap(Some(&mailbox.imap)), &key("imap"), "expected an address such as \"imaps://user@mail.example.org/INBOX\"")?;
        demand(mailbox.password.is_some() != mailbox.oauth2.is_some(), &key("password"), "expected either password or oauth2")?;
        demand(mailbox.name != "main" || email.imap.is_none(), &key("name"), "\"main\" is the mailbox of email.imap, expected another")?;
    }
    demand(email.smtp.as_ref().is_none_or(|url| url.protocol == "smtp"), "email.smtp", "expected \"smtp://…\" or \"smtps://…\"")?;
    let from =
        email.from.as_deref().is_none_or(|from| from.rsplit_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()));
    demand(from, "email.from", "expected an address such as \"helpline@example.org\"")?;
    demand(email.smtp.is_none() || email.from.is_some(), "email.smtp", "expected email.from beside it: the address that we write from")?;
    demand((5..=1_700).contains(&email.poll_s), "email.poll_s", "expected 5 to 1700 seconds")?;
    demand((1..=1_000).contains(&email.batch), "email.batch", "expected 1 to 1000 mails")?;
    demand((1..=512).contains(&email.at_once), "email.at_once", "expected 1 to 512 mails")?;
    demand((1..=100).contains(&email.largest_mib), "email.largest_mib", "expected 1 to 100 MiB")?;
    demand(email.per_second > 0, "email.per_second", "expected at least 1")
}

fn social(config: &Config) -> Checked {
    let social = &config.social;
    demand((16..=16_384).contains(&social.body_limit_kib), "social.body_limit_kib", "expected 16 to 16384 KiB")?;
    demand((1..=64).contains(&social.fetches), "social.fetches", "expected 1 to 64")?;
    demand((1..=100).contains(&social.tries), "social.tries", "expected 1 to 100")?;
    let mut seen = BTreeSet::new();
    for (at, account) in social.accounts.iter().enumerate() {
        let key = |name: &str| format!("social.accounts.{at}.{name}");
        let plain = !account.name.is_empty() && account.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        demand(plain && account.name.len() <= 40, &key("name"), "expected a short name of letters, digits, - and _")?;
        let once = seen.insert((account.provider, &account.name));
        demand(once, &key("name"), format!("{:?} stands here twice for one provider, expected each name once", account.name))?;
        demand(!account.id.is_empty(), &key("id"), "expected the account's id at the provider")?;
        demand(account.secret.expose().len() >= 8, &key("secret"), "expected a secret of 8 signs or more")?;
        demand(!account.token.expose().is_empty(), &key("token"), "expected the token by which we send")?;
        demand((1..=1_000).contains(&account.per_second), &key("per_second"), "expected 1 to 1000")?;
        let meta = !matches!(account.provider, Provider::Telegram | Provider::X);
        demand(
            !meta || account.verify_token.is_some(),
            &key("verify_token"),
            "expected the token that Meta repeats when the hook is registered",
        )?;
        if let Some(url) = &account.base_url {
            let web = url.starts_with("https://") || url.starts_with("http://");
            demand(web, &key("base_url"), format!("{url:?} is no address, expected one such as \"https://graph.facebook.com/v23.0\""))?;
        }
        let whatsapp = account.provider == Provider::Whatsapp || account.templates.is_empty();
        demand(whatsapp, &key("templates"), "only WhatsApp knows templates, expected none here")?;
    }
    Ok(())
}

/// Parts that this version has not got, where going on without them would lose something.
fn closed_doors(config: &Config) -> Checked {
    demand(matches!(config.bus.url, BusUrl::InProcess), "bus.url", "NATS is not built into this version, expected \"inprocess:\"")?;
    demand(matches!(config.blobs.url, BlobsUrl::Folder(_)), "blobs.url", "S3 is not built into this version, expected \"file:blobs\"")
}
