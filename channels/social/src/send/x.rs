//! X API v2: private messages, and the one public answer under a post.

use super::{Call, Reply, by_status, citizen, pace, path, words};
use crate::account::{Account, native};
use crate::json::id;
use crate::split::split;
use daak_domain::Timestamp;
use daak_domain::carrier::{Dispatch, SendError};
use serde_json::json;
use std::time::Duration;

/// Signs of a private message.
const LONGEST_TEXT: usize = 10_000;
/// Weighted signs of a post (twitter-text, version 3): Latin and Indian letters weigh one, others two.
const LONGEST_POST: usize = 280;

pub(super) fn plan(_: &Account, message: &Dispatch) -> Result<Vec<Call>, SendError> {
    if message.enclosed.public {
        let answered = message.enclosed.answers.as_deref().map(native).and_then(|name| name.strip_prefix("post."));
        let answered = answered.ok_or_else(|| SendError::never("nothing is answered in public but a post"))?;
        let weight = |c: char| if matches!(u32::from(c), 0..=4_351 | 8_192..=8_205 | 8_208..=8_223 | 8_242..=8_247) { 1 } else { 2 };
        if message.text.chars().map(weight).sum::<usize>() > LONGEST_POST {
            return Err(SendError::never(format!("a post takes {LONGEST_POST} signs: shorten the template {}", message.template)));
        }
        let body = json!({ "text": message.text, "reply": { "in_reply_to_tweet_id": answered } });
        return Ok(vec![Call { path: path(&["2", "tweets"]), body }]);
    }
    let to = path(&["2", "dm_conversations", "with", citizen(message), "messages"]);
    Ok(split(&message.text, LONGEST_TEXT, |_| 1).into_iter().map(|text| Call { path: to.clone(), body: json!({ "text": text }) }).collect())
}

/// The name of the message or post, or what the answer means.
pub(super) fn outcome(reply: &Reply, now: Timestamp) -> Result<String, SendError> {
    if let Some(name) = id(&reply.body, "/data/dm_event_id") {
        return Ok(format!("dm.{name}"));
    }
    if let Some(name) = id(&reply.body, "/data/id") {
        return Ok(format!("post.{name}"));
    }
    let told = words(&reply.body, &["/detail", "/errors/0/message", "/title"]);
    Err(match reply.status {
        429 => {
            let after = pace::reset(reply, now).or_else(|| pace::retry_after(reply)).unwrap_or(Duration::from_secs(60));
            SendError { after: Some(after), ..SendError::later(format!("X asks to send more slowly ({told})")) }
        }
        403 => SendError::never(format!("X does not let us write to this citizen ({told}): they take no messages, or said it before")),
        _ => by_status(reply, &told),
    })
}
