//! A call from the public page: a WebSocket on which the page and its call agree, after the visitor's computer has done a little work.

use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::who;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State as Joined};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::sync::mpsc;

/// Calls from the page. Nothing of it waits.
pub trait PageCalls: Send + Sync + 'static {
    /// Whether the page may call.
    fn open(&self) -> bool;
    /// Takes a call; what happens to it is told through `news`.
    ///
    /// # Errors
    /// A sentence for the visitor.
    fn call(&self, offer: &str, news: mpsc::Sender<PageNews>) -> Result<Box<dyn PageLine>, String>;
}

/// The page's end of a call; dropping it hangs up.
pub trait PageLine: Send + Sync {
    /// The answer to the browser's offer.
    fn answer(&self) -> &str;
    /// Presses a key.
    fn press(&self, key: char);
}

/// What the page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageNews {
    /// The helpline answers.
    Answered,
    /// The call is over.
    Over,
}

/// What the page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Call { sdp: String, nonce: String },
    Press { key: char },
    HangUp,
}

/// How long a visitor may take to solve the puzzle and offer sound.
const PUZZLE: Duration = Duration::from_secs(60);
/// How long sound may take to come.
const SOUND: Duration = Duration::from_secs(15);
/// The longest call from the page.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Keys in one call.
const KEYS: u32 = 500;

/// `GET /public/v1/call`.
pub async fn call(Joined(parts): Joined<Parts>, request: Request) -> Answer<Response> {
    let (mut head, _) = request.into_parts();
    parts.limits.public(who::address(&head, &parts))?;
    who::same_site(&head, &parts)?;
    if !parts.page_calls.as_ref().is_some_and(|calls| calls.open()) {
        return Err(Problem::not_found("calls from this page are switched off: telephone us instead"));
    }
    match WebSocketUpgrade::from_request_parts(&mut head, &parts).await {
        Ok(upgrade) => Ok(upgrade.max_message_size(48 * 1024).on_upgrade(move |socket| async move {
            let mut socket = socket;
            if let Err(why) = converse(&mut socket, &parts).await {
                let _ = send(&mut socket, &json!({ "event": "refused", "why": why })).await;
            }
            let _ = tokio::time::timeout(Duration::from_secs(5), socket.send(Message::Close(None))).await;
        })),
        Err(rejection) => Ok(rejection.into_response()),
    }
}

/// `GET /call.js`.
pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], include_str!("call.js"))
        .into_response()
}

/// One visit, from the puzzle to the end of the call.
async fn converse(socket: &mut WebSocket, parts: &Parts) -> Result<(), String> {
    let Some(calls) = parts.page_calls.clone() else { return Ok(()) };
    let (salt, bits) = (hex::encode(rand::random::<[u8; 16]>()), parts.settings.page_puzzle_bits);
    send(socket, &json!({ "event": "puzzle", "salt": salt, "bits": bits })).await?;
    let first = tokio::time::timeout(PUZZLE, next(socket)).await.map_err(|_| "that took too long: try again".to_owned())?;
    let Some(Said::Call { sdp, nonce }) = first? else { return Ok(()) };
    if !solves(&salt, &nonce, bits) {
        return Err("the puzzle is not solved: try again".into());
    }
    let (news, mut told) = mpsc::channel(8);
    let line = calls.call(&sdp, news)?;
    send(socket, &json!({ "event": "answer", "sdp": line.answer() })).await?;
    let mut deadline = tokio::time::Instant::now() + SOUND;
    let mut keys = 0;
    loop {
        tokio::select! {
            news = told.recv() => match news {
                Some(PageNews::Answered) => {
                    deadline = tokio::time::Instant::now() + LONGEST;
                    send(socket, &json!({ "event": "answered" })).await?;
                }
                Some(PageNews::Over) | None => {
                    send(socket, &json!({ "event": "over" })).await?;
                    return Ok(());
                }
            },
            said = next(socket) => match said? {
                Some(Said::Press { key }) if keys < KEYS && (key.is_ascii_digit() || key == '*' || key == '#') => {
                    keys += 1;
                    line.press(key);
                }
                Some(Said::HangUp) | None => return Ok(()),
                Some(_) => return Err("not understood".into()),
            },
            () = tokio::time::sleep_until(deadline) => return Err("no sound came: telephone us instead".into()),
        }
    }
}

/// The next thing that the page says; `None` when it is gone.
async fn next(socket: &mut WebSocket) -> Result<Option<Said>, String> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).map(Some).map_err(|_| "not understood".to_owned()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(None),
            Some(Ok(_)) => {}
        }
    }
}

async fn send(socket: &mut WebSocket, value: &Value) -> Result<(), String> {
    let sent = tokio::time::timeout(Duration::from_secs(10), socket.send(Message::Text(value.to_string().into()))).await;
    sent.ok().and_then(Result::ok).ok_or_else(|| "the line is broken".to_owned())
}

/// Whether SHA-256 of salt and nonce begins with so many zero bits.
fn solves(salt: &str, nonce: &str, bits: u8) -> bool {
    if nonce.len() > 32 {
        return false;
    }
    let hash = Sha256::digest(format!("{salt}{nonce}"));
    let zeros = hash.iter().position(|byte| *byte != 0).map_or(256, |at| at as u32 * 8 + hash[at].leading_zeros());
    zeros >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_puzzle_takes_some_work_and_none_if_switched_off() {
        let nonce = (0u32..).map(|n| n.to_string()).find(|nonce| solves("salt", nonce, 10)).expect("there is one");
        assert!(solves("salt", &nonce, 10) && !solves("other", &nonce, 10));
        assert!(solves("salt", "x", 0));
        assert!(!solves("salt", &"0".repeat(33), 0), "a nonce has a length");
    }
}
