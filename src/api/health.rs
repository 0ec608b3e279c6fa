//! Whether it lives, whether it is ready, and its measures.

use super::parts::Parts;
use super::problem::Problem;
use crate::observe::measure;
use axum::extract::State as Joined;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// The process answers.
pub async fn lives() -> &'static str {
    "ok\n"
}

/// The database answers.
pub async fn ready(Joined(parts): Joined<Parts>) -> Response {
    match parts.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(why) => {
            tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
            Problem::unavailable("the database does not answer").into_response()
        }
    }
}

/// Measures in Prometheus' text form.
pub async fn measures() -> Response {
    match measure::recorder() {
        Some(recorder) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render()).into_response(),
        None => Problem::unavailable("another part of this process keeps the measures").into_response(),
    }
}
