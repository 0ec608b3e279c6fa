//! Reading requests, with refusals in our own form.

use super::problem::Problem;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use daak_domain::ticket::Number;
use serde::de::DeserializeOwned;

/// A JSON body, in or out.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refuse_json(&rejection)),
        }
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn refuse_json(rejection: &JsonRejection) -> Problem {
    use std::error::Error;
    let cause = rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
    match rejection {
        JsonRejection::JsonDataError(_) => Problem::invalid(format!("{cause}: compare with /api/openapi.json")),
        JsonRejection::JsonSyntaxError(_) => Problem::unreadable(format!("this is not JSON: {cause}")),
        JsonRejection::MissingJsonContentType(_) => {
            Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON with the header Content-Type: application/json")
        }
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("the body is larger than this server takes"),
        other => Problem::of_status(other.status(), other.body_text()),
    }
}

/// The query of a URL.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|rejection: QueryRejection| Problem::invalid(format!("{}: compare with /api/openapi.json", rejection.body_text())))
    }
}

/// One segment of a path, parsed.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|rejection: PathRejection| Problem::not_found(rejection.body_text()))
    }
}

/// The ticket number of a path.
#[derive(Debug, Clone, Copy)]
pub struct TicketNumber(pub Number);

impl<S: Send + Sync> FromRequestParts<S> for TicketNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        Number::parse(&text).map(Self).map_err(|why| Problem::not_found(format!("there is no ticket {:?}: {why}", shortened(&text))))
    }
}

/// At most 40 characters of something that came from outside, to show it back.
pub fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
