//! HTTP and WebSocket: one file a noun.
//!
//! `/api/v1` is described by the OpenAPI document at `/api/openapi.json`, which is made from the handlers themselves and kept as
//! `docs/openapi.json`. Errors are problem details ([`problem`]), lists come in pages ([`page`]).

pub mod atr;
mod changes;
pub mod classify;
mod console;
pub mod contacts;
mod extract;
mod guard;
mod health;
mod held;
mod hooks;
pub mod insight;
pub mod letters;
mod live;
pub mod masters;
pub mod media_type;
mod messages;
pub mod offices;
mod open311;
mod openapi;
pub mod page;
pub mod parts;
pub mod people;
pub mod problem;
pub mod public;
mod range;
mod session;
pub mod tickets;
mod webhooks;
mod who;
pub mod words;

pub use guard::{Limits, Rates};
pub use openapi::openapi;
pub use parts::{Joined, Parts, Settings};

use crate::store::StoreError;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use people::{accounts, floor};
use problem::Problem;
use public::{code, ticket};
use std::time::Duration;
use tickets::{append, files, letter, overrides, read};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

/// Longest wait for an answer; a WebSocket lives on after its handshake.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Everything that is served over HTTP.
pub fn router(parts: Parts) -> Router {
    let limit = parts.settings.body_limit;
    let (api, _) = api(parts.settings.attachment_limit).split_for_parts();
    Router::new()
        .merge(api)
        .route("/api/openapi.json", get(openapi::document))
        .merge(open311::routes())
        .merge(public::pages(parts.settings.attachment_limit))
        .route("/console", get(console::enter))
        .route("/console/", get(console::first_page))
        .route("/console/{*path}", get(console::file))
        .route("/hooks/sms/{account}", get(hooks::sms).post(hooks::sms))
        .route(
            "/hooks/{provider}/{account}",
            get(hooks::handshake).post(hooks::deliver).layer(DefaultBodyLimit::max(parts.settings.delivery_limit)),
        )
        .route("/healthz", get(health::lives))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::measures))
        .fallback(nothing_there)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(limit))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(axum::middleware::from_fn(guard::around))
        .with_state(parts)
}

/// `/api/v1`. Files may be larger than other bodies; in base64 a file is a third longer.
fn api(attachment_limit: usize) -> OpenApiRouter<Parts> {
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(contacts::take_in).layer(DefaultBodyLimit::max(attachment_limit.saturating_mul(3) / 2)))
        .routes(routes!(letters::lay_down).layer(DefaultBodyLimit::max(attachment_limit)))
        .routes(routes!(changes::changes))
        .routes(routes!(webhooks::list, webhooks::make))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::calls))
        .routes(routes!(code::ask))
        .routes(routes!(code::open, code::close))
        .routes(routes!(ticket::list))
        .routes(routes!(ticket::one))
        .routes(routes!(read::search))
        .routes(routes!(read::one))
        .routes(routes!(append::append))
        .routes(routes!(offices::of_ticket))
        .routes(routes!(overrides::overrides))
        .routes(routes!(files::upload).layer(DefaultBodyLimit::max(attachment_limit)))
        .routes(routes!(files::read))
        .routes(routes!(letter::write))
        .routes(routes!(session::sign_in, session::current, session::sign_out))
        .routes(routes!(floor::queues))
        .routes(routes!(floor::agents))
        .routes(routes!(floor::presence))
        .routes(routes!(floor::calls))
        .routes(routes!(floor::disposition))
        .routes(routes!(floor::attend))
        .routes(routes!(accounts::accounts))
        .routes(routes!(messages::messages))
        .routes(routes!(held::held))
        .routes(routes!(held::raw))
        .routes(routes!(held::release))
        .routes(routes!(held::discard))
        .routes(routes!(masters::masters))
        .routes(routes!(insight::measures))
        .routes(routes!(insight::table))
        .routes(routes!(insight::series))
        .routes(routes!(insight::ages))
        .routes(routes!(insight::hotspots))
        .routes(routes!(insight::map::map))
        .routes(routes!(insight::report::report))
        .routes(routes!(offices::offices))
        .routes(routes!(offices::route))
        .routes(routes!(classify::classify))
        .routes(routes!(atr::verify))
        .routes(routes!(live::live))
}

async fn nothing_there(uri: Uri) -> Problem {
    Problem::not_found(format!("nothing stands at {:?}: see /api/openapi.json", extract::shortened(uri.path())))
}

async fn no_such_method() -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED, "this address does not know that method: see /api/openapi.json")
}

/// What a refusal of the store is over HTTP.
fn refused_by_store(why: &StoreError) -> Problem {
    match why {
        StoreError::NotFound(_) => Problem::not_found(why.to_string()),
        StoreError::Conflict { .. } | StoreError::Illegal(_) => Problem::conflict("conflict", why.to_string()),
        StoreError::Cursor => Problem::invalid(format!("cursor: {why}")),
        StoreError::Unavailable(_) => {
            tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
            Problem::unavailable("the database cannot do this right now: try again")
        }
        StoreError::Damaged(_) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Problem::ours()
        }
    }
}

#[cfg(test)]
mod tests;
