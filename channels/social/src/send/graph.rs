//! Messenger and Instagram: `/{page}/messages` within 24 hours, for people's own words within seven days; comments in public.

use super::{Call, Heard, Reply, by_status, citizen, path, renew, words};
use crate::account::{Account, Provider, native};
use crate::json::{id, whole};
use crate::split::split;
use daak_domain::Timestamp;
use daak_domain::carrier::{Dispatch, SendError};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;

/// The standard messaging window; a minute less, for the way.
const WINDOW: SignedDuration = SignedDuration::from_secs(24 * 3600 - 60);
/// What a person writes may go out so long (tag `HUMAN_AGENT`).
const PERSON_WINDOW: SignedDuration = SignedDuration::from_secs(7 * 24 * 3600 - 60);
/// The template's name of what a person wrote.
const REPLY: &str = "reply";

pub(super) fn plan(account: &Account, message: &Dispatch, heard: Option<&Heard>, now: Timestamp) -> Result<Vec<Call>, SendError> {
    if message.enclosed.public {
        return in_public(account, message);
    }
    let since = heard.map(|heard| now.duration_since(heard.at));
    let tag = match since {
        Some(since) if since < WINDOW => None,
        Some(since) if since < PERSON_WINDOW && message.template == REPLY => Some("HUMAN_AGENT"),
        _ => return Err(SendError::never("the citizen wrote too long ago: this network takes no message any more, write by another way")),
    };
    let pieces = match account.provider {
        Provider::Instagram => split(&message.text, 1_000, char::len_utf8),
        _ => split(&message.text, 2_000, char::len_utf16),
    };
    let call = |text: String| {
        let mut body = json!({ "recipient": { "id": citizen(message) }, "message": { "text": text } });
        if account.provider == Provider::Messenger {
            body["messaging_type"] = json!(if tag.is_some() { "MESSAGE_TAG" } else { "RESPONSE" });
            body["message"]["metadata"] = json!(message.key);
        }
        if let Some(tag) = tag {
            body["tag"] = json!(tag);
        }
        Call { path: path(&[&account.id, "messages"]), body }
    };
    Ok(pieces.into_iter().map(call).collect())
}

/// Under the comment or post that it answers.
fn in_public(account: &Account, message: &Dispatch) -> Result<Vec<Call>, SendError> {
    let answered = message.enclosed.answers.as_deref().map(native);
    let answered = answered.ok_or_else(|| SendError::never("nothing is answered in public but what stands there"))?;
    let below = if account.provider == Provider::Instagram { "replies" } else { "comments" };
    Ok(vec![Call { path: path(&[answered, below]), body: json!({ "message": message.text }) }])
}

/// The name of the message, or what the error's code means (Graph API, Send API error codes).
pub(super) fn outcome(reply: &Reply) -> Result<String, SendError> {
    if let Some(name) = id(&reply.body, "/message_id").or_else(|| id(&reply.body, "/id")) {
        return Ok(name);
    }
    let told = words(&reply.body, &["/error/message"]);
    let (code, subcode) = (whole(&reply.body, "/error/code"), whole(&reply.body, "/error/error_subcode"));
    let Some(code) = code else { return Err(by_status(reply, &told)) };
    let said = |what: &str| format!("{what} ({code}: {told})");
    let later = |s: u64| SendError { after: Some(Duration::from_secs(s)), ..SendError::later(said("the network does not take it now")) };
    Err(match (code, subcode) {
        (10, Some(2_018_278)) => SendError::never(said("the citizen wrote too long ago")),
        (551, _) | (100, Some(2_018_001)) | (200, Some(1_545_041)) => SendError::never(said("the citizen cannot be reached here")),
        (4 | 17 | 32 | 613 | 80_002 | 80_006, _) => later(super::pace::retry_after(reply).map_or(60, |after| after.as_secs())),
        (1 | 2 | 1_200, _) => later(30),
        (10 | 102 | 190 | 200..=299 | 459 | 460 | 463 | 467, _) => {
            renew(&said("the network does not let this account send: renew social.accounts.token and look at its rights"))
        }
        _ => SendError::never(said("the network refuses it")),
    })
}
