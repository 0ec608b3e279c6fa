//! SMS, as the configuration wants it: the gateway, the door for citizens' messages, the registry of texts.

use super::AppError;
use crate::config::Config;
use crate::config::section::sms::{HttpMethod, SmsDriver, SmsHttp, SmsSmpp};
use crate::notify::Templates;
use daak_domain::seam::Helpline;
use daak_sms::smpp::pdu::Bind;
use daak_sms::smpp::{SmppConfig, SmppTls};
use daak_sms::{
    Gateway, HttpConfig, HttpGateway, Inbound, InboundConfig, Outbox, Registry, ReportAddress, SenderId, SmppGateway, SmsCarrier, TextDoor,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Messages both ways.
pub struct Sms {
    /// What takes citizens' messages.
    pub door: Arc<TextDoor>,
    /// The providers who bring them by HTTP, by account.
    pub inbound: BTreeMap<String, Inbound>,
    /// What carries ours.
    pub carrier: SmsCarrier,
}

/// Builds both directions; a gateway's links begin at once.
///
/// # Errors
/// [`AppError`] names the key, or the text that carriers would drop.
pub fn sms(
    config: &Config,
    data: &Path,
    templates: &Templates,
    helpline: &Arc<dyn Helpline>,
    reports: &ReportAddress,
    closing: &CancellationToken,
) -> Result<Sms, AppError> {
    let registry = registry(config, templates)?.map(Arc::new);
    let patience = SignedDuration::from_mins(config.sms.parts_within_min.into());
    let folder = data.join("sms-parts");
    let door = TextDoor::open(helpline.clone(), &folder, patience).map_err(|why| AppError::Data { folder, why })?;
    let door = Arc::new(door);
    let settings = &config.sms;
    let gateway: Arc<dyn Gateway> = match (settings.driver, &settings.http, &settings.smpp) {
        (SmsDriver::Outbox, ..) => Arc::new(Outbox),
        (SmsDriver::Http, Some(http), _) => Arc::new(http_gateway(http, reports)?),
        (SmsDriver::Smpp, _, Some(smpp)) => {
            let started = SmppGateway::start(smpp_config(smpp), helpline.clone(), door.clone(), closing);
            Arc::new(started.map_err(|why| AppError::Masters(why.to_string()))?)
        }
        (SmsDriver::Http, None, _) => return Err(AppError::Masters("sms.driver = \"http\" needs the section [sms.http]".into())),
        (SmsDriver::Smpp, _, None) => return Err(AppError::Masters("sms.driver = \"smpp\" needs the section [sms.smpp]".into())),
    };
    let entity = settings.entity_id.clone().or_else(|| Some(registry.as_ref()?.entity()?.to_owned()));
    let sender = SenderId { header: settings.sender.clone(), entity_id: entity, template_ids: settings.template_ids.clone(), registry };
    Ok(Sms { door, inbound: inbound(config)?, carrier: SmsCarrier::new(gateway, sender) })
}

/// The registry of texts, if one is configured: read, and every text of ours held against it.
///
/// # Errors
/// [`AppError::Masters`], a line for each text that carriers would drop.
pub fn registry(config: &Config, templates: &Templates) -> Result<Option<Registry>, AppError> {
    let Some(file) = &config.sms.dlt else { return Ok(None) };
    let lines = |mistakes: Vec<String>| AppError::Masters(mistakes.join("\n"));
    let registry = Registry::load(file).map_err(|errors| lines(errors.iter().map(ToString::to_string).collect()))?;
    registry.knows(&config.sms.sender, config.sms.entity_id.as_deref()).map_err(AppError::Masters)?;
    let rows = registry.check(&templates.for_registry(&config.data.folder.join("templates")));
    let troubles: Vec<_> = rows.into_iter().filter_map(|row| row.trouble).map(|trouble| trouble.to_string()).collect();
    if troubles.is_empty() { Ok(Some(registry)) } else { Err(lines(troubles)) }
}

fn inbound(config: &Config) -> Result<BTreeMap<String, Inbound>, AppError> {
    let one = |(account, given): (&String, &crate::config::section::sms::SmsInbound)| {
        let fields = InboundConfig {
            token: given.token.expose().to_owned(),
            from: given.from.clone(),
            to: given.to.clone(),
            text: given.text.clone(),
            id: given.id.clone(),
            udh: given.udh.clone(),
        };
        let inbound = Inbound::new(account, fields).map_err(|why| AppError::Masters(format!("sms.inbound.{account}.{why}")))?;
        Ok((account.clone(), inbound))
    };
    config.sms.inbound.iter().map(one).collect()
}

fn smpp_config(smpp: &SmsSmpp) -> SmppConfig {
    SmppConfig {
        addresses: std::iter::once(&smpp.address).chain(&smpp.more_addresses).cloned().collect(),
        tls: smpp.tls.then(SmppTls::public),
        binding: smpp.bind,
        links: smpp.links,
        bind: Bind { system_id: smpp.user.clone(), password: smpp.password.expose().to_owned(), system_type: smpp.system_type.clone() },
        window: smpp.window,
        per_second: smpp.per_second,
        source: smpp.source_ton_npi,
        long_text: smpp.long_text,
        default_alphabet: smpp.default_alphabet,
        receipts: smpp.receipts,
        receipt_ids: smpp.receipt_ids,
        telemarketer: smpp.telemarketer_id.clone(),
        enquire_s: smpp.enquire_s,
        answer_s: smpp.answer_s,
    }
}

fn http_gateway(http: &SmsHttp, reports: &ReportAddress) -> Result<HttpGateway, AppError> {
    let plain = |fields: &BTreeMap<String, crate::config::secret::Secret>| {
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
