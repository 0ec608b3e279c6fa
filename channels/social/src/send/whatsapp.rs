//! WhatsApp Cloud API, `/{phone number id}/messages`: free words within 24 hours of the citizen's last message, templates after.

use super::{Call, Heard, Reply, by_status, citizen, path, renew, words};
use crate::account::{Account, TemplateRule, native};
use crate::json::{text, whole};
use crate::split::split;
use daak_domain::Timestamp;
use daak_domain::carrier::{Dispatch, SendError};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;

/// The customer service window; a minute less, for the way.
const WINDOW: SignedDuration = SignedDuration::from_secs(24 * 3600 - 60);
/// Signs of a text.
const LONGEST_TEXT: usize = 4_096;
/// Signs of all values of a template together.
const LONGEST_VALUES: usize = 1_024;
/// Bytes of what is given back with each status.
const LONGEST_KEY: usize = 512;

pub(super) fn plan(account: &Account, message: &Dispatch, heard: Option<&Heard>, now: Timestamp) -> Result<Vec<Call>, SendError> {
    let open = heard.is_some_and(|heard| now.duration_since(heard.at) < WINDOW);
    let bodies = if open { free(message) } else { vec![template(account, message)?] };
    let last = bodies.len().saturating_sub(1);
    let call = |(at, mut body): (usize, Value)| {
        body["messaging_product"] = json!("whatsapp");
        body["recipient_type"] = json!("individual");
        body["to"] = json!(citizen(message));
        // Given back with every status, which may come before the answer. The last piece speaks for the whole.
        if at == last && message.key.len() <= LONGEST_KEY {
            body["biz_opaque_callback_data"] = json!(message.key);
        }
        Call { path: path(&[&account.id, "messages"]), body }
    };
    Ok(bodies.into_iter().enumerate().map(call).collect())
}

fn free(message: &Dispatch) -> Vec<Value> {
    let answered = message.enclosed.answers.as_deref().map(native).filter(|name| name.starts_with("wamid."));
    let piece = |(at, text): (usize, String)| {
        let mut body = json!({ "type": "text", "text": { "preview_url": false, "body": text } });
        if let Some(name) = answered.filter(|_| at == 0) {
            body["context"] = json!({ "message_id": name });
        }
        body
    };
    split(&message.text, LONGEST_TEXT, char::len_utf16).into_iter().enumerate().map(piece).collect()
}

fn template(account: &Account, message: &Dispatch) -> Result<Value, SendError> {
    let rule = rule(account, message).ok_or_else(|| {
        SendError::never(format!(
            "the citizen wrote more than 24 hours ago, and WhatsApp knows no template for {:?} in {}: add [[social.accounts.templates]]",
            message.template,
            message.language.code()
        ))
    })?;
    let values = rule.variables.iter().map(|name| value(name, message)).collect::<Result<Vec<_>, _>>()?;
    if values.iter().map(|v| v.chars().count()).sum::<usize>() > LONGEST_VALUES {
        return Err(SendError::never(format!("WhatsApp's templates take {LONGEST_VALUES} signs: shorten the text")));
    }
    let places: Vec<_> = values.into_iter().map(|text| json!({ "type": "text", "text": text })).collect();
    let mut template = json!({ "name": rule.name, "language": { "code": rule.code } });
    if !places.is_empty() {
        template["components"] = json!([{ "type": "body", "parameters": places }]);
    }
    Ok(json!({ "type": "template", "template": template }))
}

fn rule<'a>(account: &'a Account, message: &Dispatch) -> Option<&'a TemplateRule> {
    account.templates.iter().find(|rule| rule.template == message.template && rule.language == message.language)
}

/// A value in one line: line breaks, tabs and more than four spaces are refused by WhatsApp.
fn value(name: &str, message: &Dispatch) -> Result<String, SendError> {
    let given = if name == "text" { Some(&message.text) } else { message.enclosed.values.get(name) };
    let line = given.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty());
    line.ok_or_else(|| {
        SendError::never(format!("the message has no value {name:?} for WhatsApp's template: see [[social.accounts.templates]]"))
    })
}

/// The name of the message, or what the error's code means (Cloud API, error codes).
pub(super) fn outcome(reply: &Reply) -> Result<String, SendError> {
    if let Some(name) = text(&reply.body, "/messages/0/id") {
        return Ok(name.to_owned());
    }
    let told = words(&reply.body, &["/error/error_data/details", "/error/message"]);
    let said = |what: &str, code: i64| format!("{what} ({code}: {told})");
    let later = |code: i64, s: u64| SendError {
        after: Some(Duration::from_secs(s)),
        ..SendError::later(said("WhatsApp does not take it now", code))
    };
    let Some(code) = whole(&reply.body, "/error/code") else { return Err(by_status(reply, &told)) };
    Err(match code {
        // Rates: of the app, the account, the number, the pair.
        4 | 80_007 | 130_429 | 131_048 => {
            super::pace::retry_after(reply).map_or_else(|| later(code, 60), |after| later(code, after.as_secs()))
        }
        131_056 => later(code, 6),
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 => later(code, 30),
        0 | 3 | 10 | 190 | 200..=299 | 131_005 => {
            renew(&said("WhatsApp does not let this account send: renew social.accounts.token and look at its rights", code))
        }
        368 | 131_031 | 131_042 | 131_045 => {
            renew(&said("WhatsApp has closed this account for sending: look at it in the business manager", code))
        }
        131_047 => SendError::never(said("the citizen wrote more than 24 hours ago: a template is needed", code)),
        131_026 | 131_030 => SendError::never(said("the citizen cannot be reached by WhatsApp", code)),
        _ => SendError::never(said("WhatsApp refuses it", code)),
    })
}
