//! `/live`: what changes, as it changes, over a WebSocket.

use super::parts::Parts;
use super::people::phone::{Handset, message};
use super::tickets::view::masked_phone;
use super::who::{self, Who};
use crate::access::{Act, Principal, Sight, Whereabouts, may};
use crate::bus::Happening;
use crate::observe::event;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State as Joined};
use axum::response::{IntoResponse, Response};
use daak_domain::call::AgentId;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// A connection is asked so often whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A message that cannot be sent within this time ends the connection.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Rights are looked at again this often: a session that was ended ends its connection.
const RECHECK_EVERY: u32 = 3;

/// What changes, as it changes. Each message is one JSON object with a `type`: `hello` first, then `ticket`, `call`, `agent`,
/// `message`, `held`; `missed` says that you fell behind and should read anew. Agents' telephones speak here too: `docs/live.md`.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", responses((status = 101, description = "The connection is a WebSocket from now on")))]
pub async fn live(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    let Who(principal) = match Who::from_request_parts(&mut head, &parts).await {
        Ok(who) => who,
        Err(problem) => return problem.into_response(),
    };
    let shown = who::cookie(&head.headers).map(ToOwned::to_owned);
    match WebSocketUpgrade::from_request_parts(&mut head, &parts).await {
        Ok(upgrade) => upgrade.max_message_size(64 * 1024).on_upgrade(move |socket| converse(socket, parts, principal, shown)),
        Err(rejection) => rejection.into_response(),
    }
}

async fn converse(mut socket: WebSocket, parts: Parts, principal: Principal, session: Option<String>) {
    let mut happenings = parts.bus.listen();
    let takes_calls = !principal.machine && may(&principal, Act::ChangeOwnPresence, None).is_ok();
    let agent = takes_calls.then(|| AgentId(principal.name.clone()));
    let (mut handset, mut phone) = Handset::new(parts.phones.clone(), parts.floor.clone(), agent);
    let hello = json!({ "type": "hello", "name": principal.name, "role": principal.role });
    if send(&mut socket, &hello).await.is_err() {
        return;
    }
    let mut ticks = tokio::time::interval(PING_EVERY);
    ticks.tick().await;
    let mut ticked = 0;
    loop {
        let sent = tokio::select! {
            happening = happenings.recv() => match happening {
                Ok(happening) => match shown_to(&principal, &happening) {
                    Some(value) => send(&mut socket, &value).await,
                    None => Ok(()),
                },
                Err(RecvError::Lagged(missed)) => {
                    tracing::info!(event = event::LIVE_LAGGED, missed);
                    send(&mut socket, &json!({ "type": "missed", "count": missed })).await
                }
                Err(RecvError::Closed) => break,
            },
            Some(news) = phone.recv() => send(&mut socket, &message(&news)).await,
            said = socket.recv() => match said {
                Some(Ok(Message::Close(_))) | None => break,
                Some(Ok(Message::Text(text))) => match handset.take(&text) {
                    Some(refusal) => send(&mut socket, &refusal).await,
                    None => Ok(()),
                },
                Some(Ok(_)) => Ok(()),
                Some(Err(_)) => break,
            },
            _ = ticks.tick() => {
                ticked += 1;
                if ticked % RECHECK_EVERY == 0 && !still_in(&parts, session.as_deref()).await {
                    break;
                }
                deliver(&mut socket, Message::Ping(bytes::Bytes::new())).await
            }
        };
        if sent.is_err() {
            break;
        }
    }
    drop(handset); // before the farewell, which may take its time
    let _ = tokio::time::timeout(SEND_LIMIT, socket.send(Message::Close(None))).await;
}

async fn still_in(parts: &Parts, session: Option<&str>) -> bool {
    match session {
        Some(shown) => !matches!(parts.access.session(shown, daak_domain::Timestamp::now()).await, Ok(None)),
        None => true,
    }
}

async fn send(socket: &mut WebSocket, value: &Value) -> Result<(), ()> {
    deliver(socket, Message::Text(value.to_string().into())).await
}

async fn deliver(socket: &mut WebSocket, message: Message) -> Result<(), ()> {
    match tokio::time::timeout(SEND_LIMIT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

/// What `principal` may see of a happening.
fn shown_to(principal: &Principal, happening: &Happening) -> Option<Value> {
    let sight = match happening {
        Happening::Ticket { department, office, district, about, .. } => {
            principal.scope.sees(Whereabouts { department, office, district: district.as_deref(), about }).ok()?;
            may(principal, Act::ReadTicket, None)
        }
        Happening::Call { .. } | Happening::Agent { .. } => may(principal, Act::ReadFloor, None),
        Happening::Message { .. } => may(principal, Act::ReadOutbox, None),
        Happening::Held => may(principal, Act::Quarantine, None),
    };
    let sight = sight.ok()?;
    let mut value = serde_json::to_value(happening).ok()?;
    if sight == Sight::Masked {
        mask_callers(&mut value);
    }
    Some(value)
}

fn mask_callers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), &*member) {
                    ("caller", Value::String(number)) => *member = Value::String(masked_phone(number)),
                    _ => mask_callers(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_callers),
        _ => {}
    }
}
