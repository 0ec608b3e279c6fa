//! Hooks of carriers and messengers: delivery reports, and citizens' messages. Nothing without our signature or secret is believed.

use super::parts::Parts;
use super::problem::{Answer, Problem};
use crate::clock::Clock;
use crate::notify::{Courier, ReportRefusal};
use crate::social::HookRefusal;
use axum::body::Bytes;
use axum::extract::{Path, Query, RawQuery, State as Joined};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::seam::Refusal;
use daak_sms::InboundRefusal;
use daak_social::hook::Handshake;

/// `main`: a delivery report, as the address that we gave the carrier says. Any other account: a message from a citizen.
pub async fn sms(
    Joined(parts): Joined<Parts>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let query = query.unwrap_or_default();
    if account != "main" {
        return message(&parts, &account, &query, &headers, &body).await;
    }
    match Courier::reported(&parts.store, &parts.reports, &query, &Clock::system()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ReportRefusal::NotBelieved(why)) => Err(Problem::forbidden(why.to_string())),
        Err(ReportRefusal::Store(why)) => Err(super::refused_by_store(&why)),
    }
}

/// A message from a citizen; the provider is told that we have it when it is durable.
async fn message(parts: &Parts, account: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Answer<StatusCode> {
    let inbound = parts.inbound.get(account).ok_or_else(|| Problem::not_found("there is no such account: see sms.inbound"))?;
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = text(header::AUTHORIZATION).strip_prefix("Bearer ");
    let arrival = inbound.read(query, bearer, text(header::CONTENT_TYPE), body, Timestamp::now()).map_err(|why| match why {
        InboundRefusal::Token => Problem::forbidden(why.to_string()),
        InboundRefusal::Json | InboundRefusal::Missing(_) => Problem::invalid(why.to_string()),
    })?;
    match parts.texts.arrive(arrival).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refusal::Invalid(why)) => Err(Problem::invalid(why)),
        Err(Refusal::Unavailable(_)) => Err(Problem::unavailable("the message cannot be kept right now: send it again")),
    }
}

/// A messenger's handshake, when the hook is registered with it.
pub async fn handshake(
    Joined(parts): Joined<Parts>,
    Path((provider, account)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer<Response> {
    match parts.hooks.handshake(&provider, &account, &query).map_err(|why| refused(&why))? {
        Handshake::Text(text) => Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()),
        Handshake::Json(json) => Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response()),
        Handshake::Refused => Err(Problem::forbidden("this is no handshake of the provider's, or its token is another")),
    }
}

/// A messenger's delivery: answered when all that it says is on the disk.
pub async fn deliver(
    Joined(parts): Joined<Parts>,
    Path((provider, account)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let door = parts.hooks.door(&provider, &account).map_err(|why| refused(&why))?;
    let signature = headers.get(door.header()).and_then(|value| value.to_str().ok());
    parts.hooks.deliver(door, signature, &body, Timestamp::now()).await.map_err(|why| refused(&why))?;
    Ok(StatusCode::OK)
}

fn refused(why: &HookRefusal) -> Problem {
    match why {
        HookRefusal::NoAccount => Problem::not_found(why.to_string()),
        HookRefusal::Unsigned(_) => Problem::forbidden(why.to_string()),
        HookRefusal::Later(_) => {
            tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
            Problem::unavailable("this cannot be kept right now: deliver it again")
        }
    }
}
