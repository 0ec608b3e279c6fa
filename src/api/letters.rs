//! `POST /letters`: scans handed in over HTTP. They take the way of those that the scanner lays down.

use super::extract::{Json, Query};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::who::Who;
use crate::access::Act;
use axum::extract::State as Joined;
use axum::http::StatusCode;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Name of a scan.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScanQuery {
    /// Name to show where the scan cannot be read.
    #[serde(default)]
    pub name: String,
}

/// A scan that lies in the inbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScanLaidDown {
    /// Bytes on the disk.
    pub size: u64,
}

/// Hand in a scan: a PDF, TIFF, JPEG or PNG of one or more letters, parted by separator sheets.
///
/// When the answer arrives it is on the disk; tickets follow as it is read. The same scan handed in twice is taken in once.
#[utoipa::path(
    post, path = "/api/v1/letters", tag = "contacts", params(ScanQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "It lies in the inbox", body = ScanLaidDown),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No inbox is configured, or it cannot be written", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn lay_down(
    Joined(parts): Joined<Parts>,
    who: Who,
    Query(query): Query<ScanQuery>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Answer<(StatusCode, Json<ScanLaidDown>)> {
    who.may(Act::TakeInContact, None)?;
    let content = body.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large(format!("expected a scan of at most {} bytes", parts.settings.attachment_limit))
        }
        status => Problem::of_status(status, why.body_text()),
    })?;
    if content.is_empty() {
        return Err(Problem::invalid("expected a scan, this body is empty"));
    }
    let Some(inbox) = parts.settings.letters.clone() else {
        return Err(Problem::unavailable("no letters are read here: set letters.inbox"));
    };
    let size = content.len() as u64;
    match tokio::task::spawn_blocking(move || daak_letter::inbox::lay_down(&inbox, &query.name, &content)).await {
        Ok(Ok(())) => Ok((StatusCode::ACCEPTED, Json(ScanLaidDown { size }))),
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::unavailable("the scan cannot be laid down right now: try again"))
        }
        Err(_) => Err(Problem::ours()),
    }
}
