//! The console, out of the binary.

use super::extract::Path;
use super::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::RustEmbed;

/// What the console's build left. A binary that was built without it says so at `/console/`.
#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Built;

/// `/console` without its last slash.
pub async fn enter() -> Redirect {
    Redirect::permanent("/console/")
}

/// The console's first page.
pub async fn first_page(headers: HeaderMap) -> Response {
    answer("index.html", &headers)
}

/// A file of the console; a page of it, where no file has that name.
pub async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let is_page = Built::get(&path).is_none() && !path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    answer(if is_page { "index.html" } else { &path }, &headers)
}

fn answer(path: &str, asked: &HeaderMap) -> Response {
    let Some(file) = Built::get(path) else {
        let missing = if path == "index.html" {
            "this binary was built without the console: run `make console`, then build again"
        } else {
            "the console has no such file"
        };
        return Problem::not_found(missing).into_response();
    };
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return axum::http::StatusCode::NOT_MODIFIED.into_response();
    }
    // The build puts a hash into the name of every file below assets/.
    let kept = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = axum::body::Body::from(file.data).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}
