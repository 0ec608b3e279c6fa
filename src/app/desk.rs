//! The door, the messages and what carries them, as the configuration wants them.

use super::{AppError, Ground, key};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::section::written::{ClockTime, HttpMethod, SmsDriver, SmsHttp};
use crate::intake::{Desk, Intake, JoiningRule};
use crate::notify::{Courier, Notices, Rules, Templates};
use daak_domain::call::{CallEvent, CallId};
use daak_domain::carrier::Carrier;
use daak_domain::contact::Channel;
use daak_domain::seam::Helpline;
use daak_sms::{Gateway, HttpConfig, HttpGateway, Outbox, ReportAddress, SenderId, SmsCarrier};
use jiff::civil::Time;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The helpline as channels see it, without calls: what `daak import` uses.
///
/// # Errors
/// [`AppError::Masters`] if a template or rule cannot be used.
pub fn helpline(config: &Config, ground: &Ground) -> Result<Arc<dyn Helpline>, AppError> {
    Ok(Arc::new(desk(config, ground, |_, _| {})?.0))
}

/// The desk, and the templates that its messages are made from.
///
/// # Errors
/// [`AppError::Masters`] if a template or rule cannot be used.
pub fn desk(
    config: &Config,
    ground: &Ground,
    calls: impl Fn(CallId, CallEvent) + Send + Sync + 'static,
) -> Result<(Desk, Arc<Templates>), AppError> {
    let folder = &config.data.folder;
    let number = config.helpline.telephone.first().map_or("", String::as_str);
    let templates = Templates::load(&folder.join("templates"), number);
    let templates =
        Arc::new(templates.map_err(|errors| AppError::Masters(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?);
    let rule = JoiningRule::load(&folder.join("joining.toml")).map_err(AppError::Masters)?;
    let notices = Notices::new(templates.clone(), ground.masters.clone(), carried(config));
    let intake = Intake::new(ground.store.clone(), ground.understand.clone(), ground.masters.clone(), notices, rule, Clock::system());
    Ok((Desk::new(intake, calls), templates))
}

/// Where carriers report delivery to us, signed with a key of our own that the data folder keeps.
///
/// # Errors
/// A key that cannot be kept, or a public address that is none.
pub fn reports(config: &Config, data: &Path) -> Result<ReportAddress, AppError> {
    let local = || config.http.listen.0.first().map(|address| format!("http://{address}"));
    let base = config.http.public_url.clone().or_else(local).unwrap_or_default();
    let secret = key::kept(data, "reports.key")?;
    ReportAddress::new(&format!("{}/hooks/sms/main", base.trim_end_matches('/')), &secret).map_err(AppError::Masters)
}

/// The channels whose messages something carries: one line here and one in [`couriers`] for each way.
fn carried(_: &Config) -> BTreeSet<Channel> {
    BTreeSet::from([Channel::Sms])
}

/// What carries the outbox's messages: a courier for each way, so that a slow one keeps no other waiting.
///
/// # Errors
/// [`AppError::Masters`] if a way is not described well.
pub fn couriers(
    config: &Config,
    ground: &Ground,
    templates: &Arc<Templates>,
    reports: &ReportAddress,
    clock: &Clock,
) -> Result<Vec<Courier>, AppError> {
    let courier = |carrier: Arc<dyn Carrier>, rules| Courier::new(ground.store.clone(), carrier, templates.clone(), rules, clock.clone());
    Ok(vec![courier(Arc::new(sms(config, reports)?), sms_rules(config))])
}

fn sms(config: &Config, reports: &ReportAddress) -> Result<SmsCarrier, AppError> {
    let sms = &config.sms;
    let gateway: Arc<dyn Gateway> = match (sms.driver, &sms.http) {
        (SmsDriver::Outbox, _) => Arc::new(Outbox),
        (SmsDriver::Http, Some(http)) => Arc::new(gateway(http, reports)?),
        (SmsDriver::Http, None) => return Err(AppError::Masters("sms.driver = \"http\" needs the section [sms.http]".into())),
        (SmsDriver::Smpp, _) => return Err(AppError::NotBuilt("sms.driver", "outbox or http")),
    };
    let sender = SenderId { header: sms.sender.clone(), entity_id: sms.entity_id.clone(), template_ids: sms.template_ids.clone() };
    Ok(SmsCarrier::new(gateway, sender))
}

fn sms_rules(config: &Config) -> Rules {
    let sms = &config.sms;
    let time = |at: Option<ClockTime>| at.and_then(|at| Time::new(at.hour, at.minute, 0, 0).ok());
    Rules {
        quiet_from: time(sms.quiet_from),
        quiet_until: time(sms.quiet_until),
        per_second: sms.per_second,
        tries: sms.tries,
        ..Rules::default()
    }
}

fn gateway(http: &SmsHttp, reports: &ReportAddress) -> Result<HttpGateway, AppError> {
    let plain = |fields: &std::collections::BTreeMap<String, crate::config::secret::Secret>| {
        fields.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect()
    };
    let limit = Duration::from_secs(http.timeout_s);
    let config = HttpConfig {
        url: http.url.clone(),
        method: match http.method {
            HttpMethod::Get => daak_sms::http::HttpMethod::Get,
            HttpMethod::Post => daak_sms::http::HttpMethod::Post,
        },
        query: plain(&http.query),
        form: plain(&http.form),
        json: http.json.as_ref().map(|json| json.expose().to_owned()),
        headers: plain(&http.headers),
        accepted_prefix: http.accepted_prefix.clone(),
        id_pointer: http.id_pointer.clone(),
        timeout_s: http.timeout_s,
    };
    let client = reqwest::Client::builder()
        .timeout(limit)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|why| AppError::Masters(format!("sms.http: {why}")))?;
    HttpGateway::new(config, client, Some(reports.clone())).map_err(|why| AppError::Masters(format!("sms.http: {why}")))
}
