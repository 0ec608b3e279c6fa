//! One-time codes and the sessions that they open: `POST /public/v1/otp`, `POST` and `DELETE /public/v1/session`.

use crate::api::extract::Json;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who;
use crate::api::words::LanguageWord;
use crate::citizen::Asked;
use crate::observe::event;
use axum::extract::{FromRequest, Request, State as Joined};
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::Number;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For what a code is asked: exactly one of `number`, `phone` and `email`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct CodeWish {
    /// A ticket's number: the code goes to the telephone (or mail address) that registered it.
    #[schema(example = "471 830 9263")]
    pub number: Option<String>,
    /// The telephone that registered a ticket.
    pub phone: Option<String>,
    /// The mail address that registered a ticket, where there was no telephone.
    pub email: Option<String>,
    /// Language of the message; that of the ticket where absent.
    #[schema(value_type = Option<LanguageWord>)]
    pub language: Option<String>,
}

/// A code is on its way, if there is anybody to send it to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CodeAsked {
    /// Give it back with the code.
    pub challenge: String,
    /// Seconds for which the code is good.
    pub expires_in_s: u32,
    /// What to tell the citizen.
    pub says: &'static str,
}

/// A code, as the citizen read it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ShownCode {
    /// The `challenge` that belongs to it.
    pub challenge: String,
    /// The code.
    #[schema(example = "123456")]
    pub code: String,
}

/// A citizen's session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CitizenSessionView {
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

const SAYS: &str = "If a complaint was registered so, a code goes now to the telephone or mail address that registered it.";

impl CodeWish {
    /// What is asked, every value read. Nothing is looked up.
    ///
    /// # Errors
    /// 422 with what is wrong: it says nothing of who is known.
    pub fn read(self) -> Answer<Asked> {
        let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let language = given(self.language).map(|tag| tag.parse::<Language>()).transpose();
        let language = language.map_err(|why| Problem::invalid(format!("language: {why}")))?;
        match (given(self.number), given(self.phone), given(self.email)) {
            (Some(number), None, None) => {
                let number = Number::parse(&number).map_err(|why| Problem::invalid(format!("number: {why}")))?;
                Ok(Asked::for_ticket(number, language))
            }
            (None, Some(phone), None) => {
                let phone = PhoneNumber::parse(&phone).map_err(|why| Problem::invalid(format!("phone: {why}")))?;
                Ok(Asked::for_phone(phone, language))
            }
            (None, None, Some(email)) if email.len() <= 254 && email.contains('@') => Ok(Asked::for_email(&email, language)),
            (None, None, Some(_)) => Err(Problem::invalid("email: expected an address such as name@example.org")),
            _ => Err(Problem::invalid("expected exactly one of number, phone and email")),
        }
    }
}

/// Ask for a one-time code.
///
/// The answer is the same, and as quick, whether or not anybody is known by what you give: only whoever reads messages at the
/// address that registered the ticket learns more.
#[utoipa::path(
    post, path = "/public/v1/otp", tag = "public", request_body = CodeWish, security(()),
    responses(
        (status = 202, description = "A code is on its way, if there is anybody to send it to", body = CodeAsked),
        (status = 422, description = "What was given is no number, telephone or address", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too often for this target, or from your address", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ask(Joined(parts): Joined<Parts>, request: Request) -> Answer<(StatusCode, Json<CodeAsked>)> {
    let (head, body) = request.into_parts();
    let address = who::address(&head, &parts);
    parts.limits.public(address)?;
    let Json(wish) = <Json<CodeWish> as FromRequest<Parts>>::from_request(Request::from_parts(head, body), &parts).await?;
    let challenge = asked(&parts, wish.read()?, address)?;
    Ok((StatusCode::ACCEPTED, Json(CodeAsked { challenge, expires_in_s: parts.citizens.minutes() * 60, says: SAYS })))
}

/// Asks for a code, as often as is allowed; answers the challenge.
///
/// # Errors
/// 429 with when to come again, 503: both say nothing of who is known.
pub fn asked(parts: &Parts, asked: Asked, from: std::net::IpAddr) -> Answer<String> {
    parts.limits.code(from, asked.target())?;
    let secret = parts.citizens.ask(asked).map_err(|why| Problem::unavailable(why.to_string()))?;
    Ok(secret.reveal().to_owned())
}

/// Open a session with a code.
#[utoipa::path(
    post, path = "/public/v1/session", tag = "public", request_body = ShownCode, security(()),
    responses(
        (status = 201, description = "The code is right", body = CitizenSessionView),
        (status = 401, description = "It is wrong, too old, or was shown too often", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn open(Joined(parts): Joined<Parts>, request: Request) -> Answer<(StatusCode, Json<CitizenSessionView>)> {
    let (head, body) = request.into_parts();
    parts.limits.public(who::address(&head, &parts))?;
    let Json(shown) = <Json<ShownCode> as FromRequest<Parts>>::from_request(Request::from_parts(head, body), &parts).await?;
    let opened = parts.citizens.open(&shown.challenge, &shown.code).await.map_err(|why| refused_by_store(&why))?;
    let Some(opened) = opened else {
        tracing::info!(event = event::CODE_REFUSED);
        return Err(Problem::unknown_person("this code is wrong or too old: compare it with the message, or ask for another"));
    };
    tracing::info!(event = event::CODE_ACCEPTED);
    Ok((StatusCode::CREATED, Json(CitizenSessionView { token: opened.secret.reveal().to_owned(), expires_at: opened.until })))
}

/// End a citizen's session.
#[utoipa::path(delete, path = "/public/v1/session", tag = "public", security(()), responses((status = 204, description = "It is over")))]
pub async fn close(Joined(parts): Joined<Parts>, request: Request) -> Answer<StatusCode> {
    let (head, _) = request.into_parts();
    if let Some(secret) = who::bearer(&head.headers) {
        parts.citizens.close(secret).await.map_err(|why| refused_by_store(&why))?;
    }
    Ok(StatusCode::NO_CONTENT)
}
