//! The OpenAPI document, made from the handlers.

use axum::http::header;
use axum::response::IntoResponse;
use std::sync::LazyLock;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document};

#[derive(OpenApi)]
#[openapi(
    info(title = "Daak", description = "The telephony and multi-channel contact centre of a public helpline.\n\nErrors are problem details (RFC 9457); times are RFC 3339 with offset; telephone numbers are E.164; lists come in pages: give `next` as `cursor`.", license(name = "Apache-2.0")),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "contacts", description = "What citizens hand in"),
        (name = "tickets", description = "What becomes of it"),
        (name = "floor", description = "Queues, agents, calls"),
        (name = "people", description = "Who works here"),
        (name = "messages", description = "What citizens are told"),
        (name = "insight", description = "Measures: how many, where, how long"),
        (name = "masters", description = "Categories, departments, districts"),
        (name = "classify", description = "What a text is about"),
        (name = "live", description = "What changes, as it changes"),
        (name = "session", description = "Signing in and out"),
        (name = "changes", description = "What happens, for other systems to follow"),
        (name = "public", description = "What citizens see and do of their own, after a one-time code"),
    )
)]
struct Frame;

/// The document without its paths.
pub fn frame() -> Document {
    let mut document = Frame::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("citizen", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(super::who::COOKIE))));
    document
}

/// The whole document.
pub fn openapi() -> Document {
    super::api(0).split_for_parts().1
}

static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_pretty_json().unwrap_or_default());

/// `GET /api/openapi.json`.
pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], TEXT.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/openapi.json` is what clients are generated from: a change of the API shows in the diff.
    /// Set DAAK_WRITE_OPENAPI=1 to write it anew.
    #[test]
    fn the_document_in_docs_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
        let made = format!("{}\n", TEXT.as_str());
        if std::env::var_os("DAAK_WRITE_OPENAPI").is_some() {
            std::fs::write(path, &made).expect("docs/ can be written");
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == made,
            "docs/openapi.json is not what the handlers say: run the tests with DAAK_WRITE_OPENAPI=1 and look at the diff"
        );
    }

    #[test]
    fn every_operation_says_what_it_answers_and_is_openapi_3_1() {
        let document = serde_json::to_value(openapi()).expect("JSON");
        assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")));
        let paths = document["paths"].as_object().expect("paths");
        assert!(paths.len() >= 14, "{}", paths.len());
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().expect("methods") {
                let answers = operation["responses"].as_object().map_or(0, serde_json::Map::len);
                assert!(answers > 0 && operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{method} {path}");
            }
        }
    }
}
