//! The door, the messages and what carries them, as the configuration wants them.

use super::{AppError, Ground, key, mail, social};
use crate::citizen::{Citizens, CodeTerms, Wishes};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::section::written::ClockTime;
use crate::intake::{Desk, DoorRules, Intake};
use crate::notify::{Courier, Notices, Rules, Templates};
use daak_domain::call::{CallEvent, CallId};
use daak_domain::carrier::Carrier;
use daak_domain::contact::Channel;
use daak_domain::seam::Helpline;
use daak_sms::{ReportAddress, SmsCarrier};
use daak_social::Provider;
use jiff::civil::Time;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

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
    let templates = Arc::new(templates(config)?);
    let rules = DoorRules::load(&config.data.folder).map_err(AppError::Masters)?;
    let notices = Notices::new(templates.clone(), ground.masters.clone(), carried(config));
    let intake = Intake::new(ground.store.clone(), ground.understand.clone(), ground.masters.clone(), notices, rules, Clock::system());
    Ok((Desk::new(intake, calls), templates))
}

/// The citizens' own door, and the sending of codes behind it.
pub fn citizens(config: &Config, ground: &Ground, desk: &Desk) -> (Citizens, Wishes) {
    let public = &config.public;
    let terms = CodeTerms {
        minutes: public.code_minutes,
        tries: public.code_tries,
        per_hour: public.codes_per_target_h,
        session_minutes: public.session_min,
    };
    Citizens::new(ground.store.clone(), desk.notices().clone(), terms, Clock::system())
}

/// The templates of messages.
///
/// # Errors
/// [`AppError::Masters`], a line for each mistake.
pub fn templates(config: &Config) -> Result<Templates, AppError> {
    let number = config.helpline.telephone.first().map_or("", String::as_str);
    let reply_to = config.sms.reply_to.as_deref().unwrap_or(number);
    let templates = Templates::load(&config.data.folder.join("templates"), number, reply_to);
    templates.map_err(|errors| AppError::Masters(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
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
fn carried(config: &Config) -> BTreeSet<Channel> {
    let mail = config.email.smtp.as_ref().map(|_| Channel::Email);
    let messengers = social::providers(config).into_iter().map(Provider::channel);
    [Channel::Sms].into_iter().chain(mail).chain(messengers).collect()
}

/// What carries the outbox's messages: a courier for each way, so that a slow one keeps no other waiting.
///
/// # Errors
/// [`AppError::Masters`] if a way is not described well.
pub fn couriers(
    config: &Config,
    ground: &Ground,
    templates: &Arc<Templates>,
    sms: SmsCarrier,
    clock: &Clock,
) -> Result<Vec<Courier>, AppError> {
    let courier = |carrier: Arc<dyn Carrier>, rules| Courier::new(ground.store.clone(), carrier, templates.clone(), rules, clock.clone());
    let mut couriers = vec![courier(Arc::new(sms), sms_rules(config))];
    if let Some(mail) = mail::carrier(config, ground)? {
        let rules = Rules { per_second: config.email.per_second, ..Rules::default() };
        couriers.push(courier(Arc::new(mail), rules));
    }
    for carrier in social::carriers(config, ground, templates)? {
        couriers.push(courier(carrier, social::rules(config, sms_rules(config))));
    }
    Ok(couriers)
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
