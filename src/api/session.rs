//! Signing in and out.

use super::extract::Json;
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::who::{self, COOKIE, Who};
use crate::access::{Role, Scope, SignInRefused};
use crate::observe::event;
use axum::extract::{FromRequest, FromRequestParts, Request, State as Joined};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name and password.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SignIn {
    /// Sign-in name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// Whoever is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionView {
    /// Sign-in name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Department of an officer, by code.
    pub department: Option<String>,
    /// Office of an officer, by code: its tickets and those below are seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// LGD code of the district to which they are bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Whether it is a machine with a token.
    pub machine: bool,
}

impl From<Who> for SessionView {
    fn from(Who(principal): Who) -> Self {
        let Scope { department, office, district, .. } = principal.scope;
        Self { name: principal.name, role: principal.role, department, office, district, machine: principal.machine }
    }
}

/// Sign in. The session is a cookie that scripts cannot read.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn, security(()),
    responses(
        (status = 200, description = "Signed in", body = SessionView),
        (status = 401, description = "Wrong name or password", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too often, or the name is locked for a while", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(Joined(parts): Joined<Parts>, request: Request) -> Answer<Response> {
    let (head, body) = request.into_parts();
    parts.limits.sign_in(who::address(&head, &parts))?;
    let Json(given) = <Json<SignIn> as FromRequest<Parts>>::from_request(Request::from_parts(head, body), &parts).await?;
    let SignIn { name, password } = given;
    match parts.access.sign_in(&name, password, Timestamp::now()).await {
        Ok(opened) => {
            tracing::info!(event = event::SIGN_IN_GRANTED, name = %opened.principal.name);
            let cookie = cookie_line(opened.secret.reveal(), parts.settings.secure_cookie, None);
            Ok((cookie, Json(SessionView::from(Who(opened.principal)))).into_response())
        }
        Err(SignInRefused::Wrong) => {
            tracing::info!(event = event::SIGN_IN_REFUSED, why = "wrong");
            Err(Problem::unknown_person("name or password is wrong: try again, or ask your administrator for a new one"))
        }
        Err(SignInRefused::Locked { until }) => {
            tracing::warn!(event = event::SIGN_IN_REFUSED, why = "locked");
            let seconds = u64::try_from(until.duration_since(Timestamp::now()).as_secs().max(1)).unwrap_or(1);
            Err(Problem::too_often("too many wrong passwords: this name is locked for a while", seconds))
        }
        Err(SignInRefused::Store(why)) => Err(super::refused_by_store(&why)),
    }
}

/// Who am I?
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionView), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
pub async fn current(who: Who) -> Json<SessionView> {
    Json(who.into())
}

/// Sign out, here.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204, description = "Signed out")))]
pub async fn sign_out(Joined(parts): Joined<Parts>, request: Request) -> Answer<Response> {
    let (mut head, _) = request.into_parts();
    let Who(principal) = Who::from_request_parts(&mut head, &parts).await?;
    if let Some(shown) = who::cookie(&head.headers) {
        parts.access.sign_out(shown).await.map_err(|why| super::refused_by_store(&why))?;
    }
    tracing::info!(event = event::SIGN_OUT, name = %principal.name);
    Ok((StatusCode::NO_CONTENT, cookie_line("", parts.settings.secure_cookie, Some(0))).into_response())
}

fn cookie_line(value: &str, secure: bool, max_age_s: Option<u32>) -> HeaderMap {
    let secure = if secure { "; Secure" } else { "" };
    let max_age = max_age_s.map_or_else(String::new, |s| format!("; Max-Age={s}"));
    let line = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{max_age}");
    HeaderValue::from_str(&line).map(|line| HeaderMap::from_iter([(header::SET_COOKIE, line)])).unwrap_or_default()
}
