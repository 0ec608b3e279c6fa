//! Telegram Bot API: `sendMessage`.

use super::{Call, Reply, by_status, citizen, path, renew, words};
use crate::account::{Account, native};
use crate::json::{id, whole};
use crate::split::split;
use daak_domain::carrier::{Dispatch, SendError};
use serde_json::{Value, json};
use std::time::Duration;

/// UTF-16 units of a text.
const LONGEST_TEXT: usize = 4_096;

pub(super) fn plan(account: &Account, message: &Dispatch) -> Result<Vec<Call>, SendError> {
    // Our names of messages are chat and number.
    let answered = message.enclosed.answers.as_deref().map(native).and_then(|name| name.rsplit_once('.'));
    let chat = match answered {
        Some((chat, _)) if message.enclosed.public => chat,
        _ => citizen(message),
    };
    let number = answered.filter(|(of, _)| *of == chat).and_then(|(_, number)| number.parse::<i64>().ok());
    let call = |(at, text): (usize, String)| {
        let mut body = json!({ "chat_id": chat, "text": text, "link_preview_options": { "is_disabled": true } });
        if let Some(number) = number.filter(|_| at == 0) {
            body["reply_parameters"] = json!({ "message_id": number, "allow_sending_without_reply": true });
        }
        Call { path: path(&[&format!("bot{}", account.token), "sendMessage"]), body }
    };
    Ok(split(&message.text, LONGEST_TEXT, char::len_utf16).into_iter().enumerate().map(call).collect())
}

/// Chat and number of the message, or what the error means.
pub(super) fn outcome(reply: &Reply) -> Result<String, SendError> {
    let body = &reply.body;
    if body.get("ok").and_then(Value::as_bool) == Some(true)
        && let (Some(chat), Some(number)) = (id(body, "/result/chat/id"), id(body, "/result/message_id"))
    {
        return Ok(format!("{chat}.{number}"));
    }
    let told = words(body, &["/description"]);
    let code = whole(body, "/error_code").and_then(|code| u16::try_from(code).ok()).unwrap_or(reply.status);
    Err(match code {
        429 => {
            let after = whole(body, "/parameters/retry_after").and_then(|s| u64::try_from(s).ok()).unwrap_or(30);
            SendError { after: Some(Duration::from_secs(after)), ..SendError::later(format!("Telegram asks to send more slowly ({told})")) }
        }
        401 | 404 => renew(&format!("Telegram does not know the bot: renew social.accounts.token ({told})")),
        403 => SendError::never(format!("the citizen does not want messages of the bot any more ({told})")),
        _ => by_status(&Reply { status: code, ..reply.clone() }, &told),
    })
}
