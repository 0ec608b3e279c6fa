//! Open311 GeoReport v2: other portals read what is reported in public matters, and hand in what their citizens report.
//!
//! The public specification is at <https://wiki.open311.org/GeoReport_v2>; updates are asked for and handed in as FixMyStreet does
//! (`servicerequestupdates`). XML is only ever written: what comes in is form-encoded. Without a key only matters of the community
//! are seen (a road, a lamp), never a person's; with the key of a role that hands in contacts, also what this portal itself
//! handed in. What a citizen wrote, and who they are, goes to nobody.

mod document;
mod requests;
mod services;
mod updates;

use crate::access::{Act, Principal, may};
use crate::api::parts::Parts;
use crate::api::who;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State as Joined};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use document::Format;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The addresses below `/open311/v2`.
pub fn routes() -> Router<Parts> {
    Router::new().route("/open311/v2/{resource}", get(top).post(top)).route("/open311/v2/{resource}/{name}", get(below))
}

/// A refusal in the form of the specification: a code and a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    says: String,
}

impl Refused {
    fn new(status: StatusCode, says: impl Into<String>) -> Self {
        Self { status, says: says.into() }
    }

    fn missing(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("{name} was not provided"))
    }

    fn unknown(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{name} provided was not found"))
    }

    fn wrong(says: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, says)
    }

    fn ours(why: &dyn std::fmt::Display) -> Self {
        tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "this cannot be done right now: try again")
    }
}

/// What is answered: which document, and the status.
struct Answered {
    root: &'static str,
    value: Value,
    status: StatusCode,
}

type Answer = Result<Answered, Refused>;

fn found(root: &'static str, value: Value) -> Answer {
    Ok(Answered { root, value, status: StatusCode::OK })
}

/// What somebody asks, of the address and the form together.
struct Asked {
    fields: HashMap<String, String>,
    /// Whose key came along.
    portal: Option<Principal>,
}

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// The portal, where one is needed.
    fn portal(&self) -> Result<&Principal, Refused> {
        self.portal.as_ref().ok_or_else(|| {
            Refused::new(StatusCode::FORBIDDEN, "api_key was not provided: `daak token create --role integration` makes one")
        })
    }
}

/// `/open311/v2/services.xml` and the like.
async fn top(Joined(parts): Joined<Parts>, Path(resource): Path<String>, request: Request) -> Response {
    let (name, format) = Format::of(&resource);
    answer(format, dispatch(&parts, name, None, request).await)
}

/// `/open311/v2/requests/{id}.xml` and the like.
async fn below(Joined(parts): Joined<Parts>, Path((resource, name)): Path<(String, String)>, request: Request) -> Response {
    let (name, format) = Format::of(&name);
    answer(format, dispatch(&parts, &resource, Some(name), request).await)
}

async fn dispatch(parts: &Parts, resource: &str, name: Option<&str>, request: Request) -> Answer {
    let method = request.method().clone();
    let asked = read(parts, request).await?;
    if asked.get("jurisdiction_id").is_some_and(|id| id != parts.settings.jurisdiction) {
        return Err(Refused::unknown("jurisdiction_id"));
    }
    match (method, resource, name) {
        (Method::GET, "discovery", None) => services::discovery(parts),
        (Method::GET, "services", None) => services::list(parts, &asked),
        (Method::GET, "services", Some(code)) => services::one(parts, code),
        (Method::GET, "requests", None) => requests::list(parts, &asked).await,
        (Method::GET, "requests", Some(id)) => requests::one(parts, &asked, id).await,
        (Method::POST, "requests", None) => requests::hand_in(parts, &asked).await,
        (Method::GET, "tokens", Some(token)) => requests::token(parts, &asked, token).await,
        (Method::GET, "servicerequestupdates", None) => updates::list(parts, &asked).await,
        (Method::POST, "servicerequestupdates", None) => updates::hand_in(parts, &asked).await,
        _ => Err(Refused::new(StatusCode::NOT_FOUND, "there is no such resource: see discovery.json")),
    }
}

/// Reads the query and the form; looks at the key.
async fn read(parts: &Parts, request: Request) -> Result<Asked, Refused> {
    let (head, body) = request.into_parts();
    let key_of_method = head.method.clone();
    let query = axum::extract::Query::<HashMap<String, String>>::try_from_uri(&head.uri);
    let mut fields = query.map(|axum::extract::Query(fields)| fields).map_err(|_| Refused::wrong("the query cannot be read"))?;
    if key_of_method == Method::POST {
        let request = Request::from_parts(head.clone(), body);
        let form = <axum::Form<HashMap<String, String>> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
        let axum::Form(form) = form.map_err(|_| {
            Refused::wrong("expected a body of the type application/x-www-form-urlencoded: XML and JSON are only written here")
        })?;
        fields.extend(form);
    }
    let bearer = who::bearer(&head.headers).map(str::to_owned);
    let key = fields.remove("api_key").filter(|key| !key.trim().is_empty()).or(bearer);
    let portal = match key {
        None => None,
        Some(key) => Some(portal(parts, key.trim()).await?),
    };
    if portal.is_none() {
        let limited = parts.limits.public(who::address(&head, parts));
        limited.map_err(|problem| Refused::new(StatusCode::TOO_MANY_REQUESTS, problem.detail))?;
    }
    Ok(Asked { fields, portal })
}

async fn portal(parts: &Parts, key: &str) -> Result<Principal, Refused> {
    let known = parts.access.token(key).await.map_err(|why| Refused::ours(&why))?;
    let portal = known.ok_or_else(|| Refused::new(StatusCode::FORBIDDEN, "api_key is not known here"))?;
    match may(&portal, Act::TakeInContact, None) {
        Ok(_) => Ok(portal),
        Err(why) => Err(Refused::new(StatusCode::FORBIDDEN, why.to_string())),
    }
}

fn answer(format: Option<Format>, answered: Answer) -> Response {
    let Some(format) = format else {
        let refused = Refused::new(StatusCode::BAD_REQUEST, "expected an address that ends with .xml or .json");
        return written(Format::Json, error(refused));
    };
    written(format, answered.unwrap_or_else(error))
}

fn error(refused: Refused) -> Answered {
    Answered { root: "errors", value: json!([{ "code": refused.status.as_u16(), "description": refused.says }]), status: refused.status }
}

fn written(format: Format, answered: Answered) -> Response {
    let text = format.write(answered.root, &answered.value);
    let headers = [(header::CONTENT_TYPE, format.media_type()), (header::CACHE_CONTROL, "no-store")];
    (answered.status, headers, Body::from(text)).into_response()
}
