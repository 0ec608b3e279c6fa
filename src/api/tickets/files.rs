//! A ticket's files: recordings to hear, photographs to see, evidence to add.

use super::read::seen;
use super::view::AttachmentView;
use crate::access::Act;
use crate::api::extract::{Json, Query, TicketNumber, shortened};
use crate::api::media_type;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::range::{Wanted, wanted};
use crate::api::refused_by_store;
use crate::api::who::Who;
use axum::body::Body;
use axum::extract::State as Joined;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use daak_domain::contact::{Attachment, AttachmentRole, BlobId};
use daak_domain::seam::Label;
use daak_domain::ticket::{EventBody, Number};
use serde::Deserialize;
use utoipa::IntoParams;

/// Hear or see a file of a ticket. A player may ask for a part of it (`Range`).
#[utoipa::path(
    get, path = "/api/v1/tickets/{number}/attachments/{blob}", tag = "tickets",
    params(
        ("number" = String, Path, description = "The ticket's number"),
        ("blob" = String, Path, description = "The file's `blob`"),
        ("Range" = Option<String>, Header, description = "`bytes=first-last`"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "The part that was asked for", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "The ticket has no such file", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "The file has no such part", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read(
    Joined(parts): Joined<Parts>,
    who: Who,
    axum::extract::Path((number, blob)): axum::extract::Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let number = Number::parse(&number).map_err(|why| Problem::not_found(format!("there is no ticket {:?}: {why}", shortened(&number))))?;
    let blob = BlobId::parse(&blob).map_err(Problem::not_found)?;
    let (ticket, _) = seen(&parts, &who, Act::ReadTicket, number).await?;
    let attachment = of_ticket(&parts, number, &blob).await?.ok_or_else(|| Problem::not_found("the ticket has no such file"))?;
    if matches!(attachment.role, AttachmentRole::Statement | AttachmentRole::CallRecording) {
        who.may(Act::HearRecording, Some(&ticket))?;
    }
    let content = Bytes::from(content(&parts, blob).await?);
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    Ok(answer(&attachment, content, range))
}

/// Name of an uploaded file.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// Name to show.
    pub name: String,
}

/// Upload a file, to be named by the next `note` or `atr`. The body is the file itself.
#[utoipa::path(
    post, path = "/api/v1/tickets/{number}/attachments", tag = "tickets",
    params(("number" = String, Path, description = "The ticket's number"), UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "What to name it by", body = AttachmentView),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn upload(
    Joined(parts): Joined<Parts>,
    who: Who,
    TicketNumber(number): TicketNumber,
    Query(query): Query<UploadQuery>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Answer<(StatusCode, Json<AttachmentView>)> {
    seen(&parts, &who, Act::Note, number).await?;
    let content = body.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large(format!("expected a file of at most {} bytes", parts.settings.attachment_limit))
        }
        status => Problem::of_status(status, why.body_text()),
    })?;
    if content.is_empty() {
        return Err(Problem::invalid("expected a file, this body is empty"));
    }
    let label = Label {
        name: super::step::file_name(&query.name),
        media_type: media_type::sniff(&content).to_owned(),
        role: AttachmentRole::Document,
        belongs_to: number.digits(),
    };
    let archive = parts.archive.clone();
    match tokio::task::spawn_blocking(move || archive.put(label, &content)).await {
        Ok(Ok(attachment)) => Ok((StatusCode::CREATED, Json(AttachmentView::new(number, &attachment)))),
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::unavailable("the file cannot be stored right now: try again"))
        }
        Err(_) => Err(Problem::ours()),
    }
}

/// The file's content.
///
/// # Errors
/// 404 if there is none; 500 if it was tampered with.
pub async fn content(parts: &Parts, blob: BlobId) -> Answer<Vec<u8>> {
    let archive = parts.archive.clone();
    match tokio::task::spawn_blocking(move || archive.get(&blob)).await {
        Ok(Ok(content)) => Ok(content),
        Ok(Err(why)) if why.kind() == std::io::ErrorKind::NotFound => Err(Problem::not_found("there is no such file")),
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::ours())
        }
        Err(_) => Err(Problem::ours()),
    }
}

/// The attachment of this name among those of the ticket's contacts and events.
async fn of_ticket(parts: &Parts, number: Number, blob: &BlobId) -> Answer<Option<Attachment>> {
    let contacts = parts.store.contacts_of(number).await.map_err(|why| refused_by_store(&why))?;
    if let Some(found) = contacts.into_iter().flat_map(|c| c.contact.attachments).find(|a| a.blob == *blob) {
        return Ok(Some(found));
    }
    let events = parts.store.events(number).await.map_err(|why| refused_by_store(&why))?;
    Ok(events.into_iter().flat_map(|sealed| files_of(sealed.event.body)).find(|a| a.blob == *blob))
}

fn files_of(body: EventBody) -> Vec<Attachment> {
    match body {
        EventBody::Noted { attachments, .. } | EventBody::AtrSubmitted { attachments, .. } | EventBody::Amended { attachments, .. } => {
            attachments
        }
        EventBody::Called { recording: Some(recording), .. } => vec![recording],
        _ => Vec::new(),
    }
}

/// The file as an answer, whole or the part that was asked for.
pub fn answer(attachment: &Attachment, content: Bytes, range: Option<&str>) -> Response {
    let size = content.len() as u64;
    let (status, part, shown) = match wanted(range, size) {
        Wanted::Whole => (StatusCode::OK, content, None),
        Wanted::Part(part) => {
            let (from, to) = (usize::try_from(*part.start()).unwrap_or(0), usize::try_from(*part.end()).unwrap_or(0));
            (StatusCode::PARTIAL_CONTENT, content.slice(from..=to), Some(format!("bytes {from}-{to}/{size}")))
        }
        Wanted::Outside => {
            let refusal = Problem::of_status(StatusCode::RANGE_NOT_SATISFIABLE, format!("this file has {size} bytes"));
            let mut response = refusal.into_response();
            insert(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
    };
    let mut response = (status, Body::from(part)).into_response();
    let headers = response.headers_mut();
    // A page of ours may be looked at: nothing in it runs or fetches, and the browser is told so once more.
    let page = attachment.role == AttachmentRole::View && attachment.media_type == "text/html";
    let shown_in_place = page || media_type::may_be_shown(&attachment.media_type);
    if page {
        insert(headers, header::X_FRAME_OPTIONS, "SAMEORIGIN");
        insert(
            headers,
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'",
        );
    }
    let kind = if page { "text/html; charset=utf-8" } else { attachment.media_type.as_str() };
    insert(headers, header::CONTENT_TYPE, if shown_in_place { kind } else { "application/octet-stream" });
    insert(headers, header::ACCEPT_RANGES, "bytes");
    insert(headers, header::ETAG, &format!("\"{}\"", attachment.blob.as_str()));
    // Files never change: the one who may read it may keep it until the session is over.
    insert(headers, header::CACHE_CONTROL, "private, max-age=3600");
    insert(headers, header::CONTENT_DISPOSITION, &disposition(&attachment.name, shown_in_place));
    if let Some(shown) = shown {
        insert(headers, header::CONTENT_RANGE, &shown);
    }
    response
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Content-Disposition` (RFC 6266) with the name in UTF-8 (RFC 8187).
fn disposition(name: &str, in_place: bool) -> String {
    use std::fmt::Write;
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-' | b'_' => encoded.push(char::from(byte)),
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    format!("{}; filename*=UTF-8''{encoded}", if in_place { "inline" } else { "attachment" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_ours_is_shown_as_a_page() {
        let file = |role| Attachment {
            blob: BlobId::from_digest([0; 32]),
            name: "mail.html".into(),
            media_type: "text/html".into(),
            size: 1,
            role,
        };
        let shown = answer(&file(AttachmentRole::View), Bytes::from_static(b"x"), None);
        assert_eq!(shown.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(shown.headers()[header::CONTENT_SECURITY_POLICY].to_str().is_ok_and(|policy| policy.contains("sandbox")));
        for role in [AttachmentRole::Document, AttachmentRole::Original] {
            let saved = answer(&file(role), Bytes::from_static(b"x"), None);
            assert_eq!(saved.headers()[header::CONTENT_TYPE], "application/octet-stream");
            assert!(saved.headers()[header::CONTENT_DISPOSITION].to_str().is_ok_and(|way| way.starts_with("attachment")));
        }
    }
}
