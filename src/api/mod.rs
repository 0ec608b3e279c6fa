//! HTTP and WebSocket: one file a noun.

pub mod problem;

use axum::Router;
use axum::routing::get;

/// Everything that is served over HTTP.
pub fn router() -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(|| async { "ready\n" }))
}
