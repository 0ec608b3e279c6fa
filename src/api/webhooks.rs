//! Webhooks out: who is called when something happens, and what came of it.

use super::extract::{Json, Path};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::refused_by_store;
use super::who::Who;
use crate::access::{Act, Opaque};
use crate::store::{Place, WebhookCall, WebhookRow};
use axum::extract::State as Joined;
use axum::http::StatusCode;
use daak_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook to be kept.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewWebhook {
    /// Its name: letters a-z, digits and dashes.
    #[schema(example = "state-portal")]
    pub name: String,
    /// Where it is called; `https`, or `http` on this machine.
    #[schema(example = "https://portal.example/daak")]
    pub url: String,
    /// After which change it begins, as `GET /changes` gives it; from now on where absent.
    pub after: Option<String>,
}

/// A webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its name.
    pub name: String,
    /// Where it is called.
    pub url: String,
    /// The last change that it took.
    pub after: String,
    /// Calls in vain since then.
    pub attempts: u32,
    /// Since when it is called in vain.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Timestamp>,
    /// Since when it is not called any more, because it did not answer for three days; a replay calls it again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
}

/// A webhook that was made; its secret is shown once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookMade {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// With what calls are signed: `Daak-Signature` is `v1=` and the HMAC-SHA-256 of `Daak-Timestamp`, a dot and the body.
    pub secret: String,
}

/// From where to tell again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Replay {
    /// Everything after this change is told again; `0-0` tells all.
    pub after: String,
}

/// A call, and what came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallMade {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Places of the first and the last change that were told; empty for a trial.
    pub told: String,
    /// How many changes.
    pub changes: u32,
    /// Whether it was taken.
    pub taken: bool,
    /// The status, or why there was none.
    pub detail: String,
}

impl From<WebhookRow> for WebhookView {
    fn from(row: WebhookRow) -> Self {
        let WebhookRow { name, url, after, attempts, failing_since, paused_at, .. } = row;
        Self { name, url, after: after.to_string(), attempts, failing_since, paused_at }
    }
}

impl From<WebhookCall> for CallMade {
    fn from(call: WebhookCall) -> Self {
        let WebhookCall { at, told, changes, taken, detail } = call;
        Self { at, told, changes, taken, detail }
    }
}

/// Who is called when something happens.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "changes", responses((status = 200, body = Vec<WebhookView>)))]
pub async fn list(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<Vec<WebhookView>>> {
    who.may(Act::ManageWebhooks, None)?;
    let hooks = parts.store.webhooks().await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(hooks.into_iter().map(WebhookView::from).collect()))
}

/// Have another system called when something happens; one of the same name is replaced.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "changes", request_body = NewWebhook,
    responses((status = 201, body = WebhookMade), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub async fn make(Joined(parts): Joined<Parts>, who: Who, Json(new): Json<NewWebhook>) -> Answer<(StatusCode, Json<WebhookMade>)> {
    who.may(Act::ManageWebhooks, None)?;
    check_name(&new.name)?;
    check_url(&new.url)?;
    let after = match &new.after {
        Some(place) => Place::parse(place).map_err(|why| refused_by_store(&why))?,
        None => parts.store.last_change().await.map_err(|why| refused_by_store(&why))?,
    };
    let secret = Opaque::new("daakw_").reveal().to_owned();
    let hook = WebhookRow {
        name: new.name,
        url: new.url,
        secret: secret.clone(),
        after,
        attempts: 0,
        next_at: Timestamp::now(),
        paused_at: None,
        failing_since: None,
    };
    parts.store.put_webhook(hook.clone()).await.map_err(|why| refused_by_store(&why))?;
    Ok((StatusCode::CREATED, Json(WebhookMade { webhook: hook.into(), secret })))
}

/// Call it no more.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{name}", tag = "changes", params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "It is gone"), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn remove(Joined(parts): Joined<Parts>, who: Who, Path(name): Path<String>) -> Answer<StatusCode> {
    who.may(Act::ManageWebhooks, None)?;
    match parts.store.drop_webhook(&name).await.map_err(|why| refused_by_store(&why))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown()),
    }
}

/// Call it once now, without changes, and say what came of it.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{name}/test", tag = "changes", params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = CallMade), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn test(Joined(parts): Joined<Parts>, who: Who, Path(name): Path<String>) -> Answer<Json<CallMade>> {
    who.may(Act::ManageWebhooks, None)?;
    let hook = find(&parts, &name).await?;
    let call = parts.caller.try_out(hook).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(call.into()))
}

/// Tell it again everything after a change; one that was given up is called again.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{name}/replay", tag = "changes", request_body = Replay,
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = WebhookView), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn replay(
    Joined(parts): Joined<Parts>,
    who: Who,
    Path(name): Path<String>,
    Json(from): Json<Replay>,
) -> Answer<Json<WebhookView>> {
    who.may(Act::ManageWebhooks, None)?;
    let mut hook = find(&parts, &name).await?;
    hook.after = Place::parse(&from.after).map_err(|why| refused_by_store(&why))?;
    (hook.attempts, hook.next_at, hook.paused_at, hook.failing_since) = (0, Timestamp::now(), None, None);
    parts.store.put_webhook(hook.clone()).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(hook.into()))
}

/// The last calls, the newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{name}/calls", tag = "changes", params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = Vec<CallMade>), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn calls(Joined(parts): Joined<Parts>, who: Who, Path(name): Path<String>) -> Answer<Json<Vec<CallMade>>> {
    who.may(Act::ManageWebhooks, None)?;
    find(&parts, &name).await?;
    let calls = parts.store.webhook_calls(&name, 200).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(calls.into_iter().map(CallMade::from).collect()))
}

async fn find(parts: &Parts, name: &str) -> Answer<WebhookRow> {
    parts.store.webhook(name).await.map_err(|why| refused_by_store(&why))?.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("there is no webhook of this name: see /api/v1/webhooks")
}

fn check_name(name: &str) -> Answer<()> {
    let fits = (2..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(()) } else { Err(Problem::invalid("name: expected 2 to 40 of the letters a-z, digits and dashes")) }
}

/// What is told must not be read on the way.
fn check_url(url: &str) -> Answer<()> {
    let read: Option<axum::http::Uri> = url.parse().ok();
    let host = read.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let here = host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match read.as_ref().and_then(|uri| uri.scheme_str()) {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if here => Ok(()),
        _ => Err(Problem::invalid("url: expected an address such as https://portal.example/daak; http only on this machine")),
    }
}
