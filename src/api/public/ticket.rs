//! A ticket as its citizen sees it: `GET /public/v1/tickets`, `GET /public/v1/tickets/{number}`.

use super::language;
use super::words::Words;
use crate::api::extract::{Json, TicketNumber};
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who;
use crate::api::words::StateWord;
use crate::citizen::{OwnTicket, Step};
use axum::extract::{FromRequestParts, Query, Request, State as Joined};
use axum::http::header;
use axum::http::request::Parts as Head;
use daak_domain::Timestamp;
use daak_domain::language::Language;
use daak_domain::person::Identity;
use daak_domain::ticket::{Closure, Number, State, Ticket, Told};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// In which language things are said.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InLanguage {
    /// `bn`, `hi` or `en`; else what `Accept-Language` says.
    lang: Option<String>,
}

/// A ticket in the citizen's list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnTicketRow {
    /// Its number, ten digits.
    #[schema(value_type = String, example = "4718309263")]
    pub number: Number,
    /// The number in groups, as it is said.
    pub number_grouped: String,
    /// Where it stands.
    #[schema(value_type = StateWord)]
    pub state: State,
    /// Where it stands, in words.
    pub says: String,
    /// What it is about, in words.
    pub about: String,
    /// Who holds it: the name of the office.
    pub with: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
    /// When it must be settled.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// When it was closed, while it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}

/// A ticket as its citizen sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnTicketView {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: OwnTicketRow,
    /// The ticket in which it goes on, where it was joined with another about the same matter: how that one stands, and nothing else of it.
    pub goes_on: Option<GoesOn>,
    /// What was said when it was registered, as far as there is a text.
    pub statement: Option<String>,
    /// What happened, the first first.
    pub timeline: Vec<StepView>,
}

/// How the ticket stands in which another goes on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GoesOn {
    /// Where it stands.
    #[schema(value_type = StateWord)]
    pub state: State,
    /// Where it stands, in words.
    pub says: String,
    /// When it must be settled.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StepView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What, for programs.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What, in words.
    pub says: String,
    /// What was asked, answered or written then.
    pub text: Option<String>,
}

/// A citizen who showed a code.
pub struct Citizen {
    /// Their session's secret.
    pub secret: String,
    /// The address that is theirs.
    pub address: Identity,
}

impl FromRequestParts<Parts> for Citizen {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Problem> {
        let secret = who::bearer(&head.headers).ok_or_else(unknown)?;
        let session = parts.citizens.session(secret).await.map_err(|why| refused_by_store(&why))?;
        match session {
            Some(session) => Ok(Self { secret: secret.to_owned(), address: session.address }),
            None => Err(refuse_stranger(head, parts)),
        }
    }
}

fn unknown() -> Problem {
    Problem::unknown_person(
        "ask for a code at /public/v1/otp, show it at /public/v1/session, and send the token as Authorization: Bearer …",
    )
}

/// Whoever tries tokens is soon told to stop.
fn refuse_stranger(head: &Head, parts: &Parts) -> Problem {
    parts.limits.public(who::address(head, parts)).err().unwrap_or_else(unknown)
}

/// The tickets that your telephone or mail address registered, the newest first.
#[utoipa::path(
    get, path = "/public/v1/tickets", tag = "public", params(InLanguage), security(("citizen" = [])),
    responses((status = 200, body = Vec<OwnTicketRow>), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    Joined(parts): Joined<Parts>,
    citizen: Citizen,
    Query(asked): Query<InLanguage>,
    request: Request,
) -> Answer<Json<Vec<OwnTicketRow>>> {
    let language = spoken(&asked, request.headers());
    let tickets = parts.citizens.tickets(&citizen.address).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(tickets.iter().map(|ticket| row(&parts, ticket, language)).collect()))
}

/// One of them, with what happened.
///
/// A ticket that another address registered is not found, like one that is not there.
#[utoipa::path(
    get, path = "/public/v1/tickets/{number}", tag = "public", security(("citizen" = [])),
    params(("number" = String, Path, description = "Its number"), InLanguage),
    responses(
        (status = 200, body = OwnTicketView),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "You have no ticket of this number", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn one(
    Joined(parts): Joined<Parts>,
    TicketNumber(number): TicketNumber,
    Query(asked): Query<InLanguage>,
    request: Request,
) -> Answer<Json<OwnTicketView>> {
    let (head, _) = request.into_parts();
    let secret = who::bearer(&head.headers).ok_or_else(unknown)?;
    let seen = parts.citizens.ticket(secret, number).await.map_err(|why| refused_by_store(&why))?;
    let own = seen.ok_or_else(|| refuse_stranger(&head, &parts))?;
    let own = own.ok_or_else(|| Problem::not_found(format!("you have no complaint with the number {}", number.grouped())))?;
    Ok(Json(view(&parts, &own, spoken(&asked, &head.headers))))
}

fn spoken(asked: &InLanguage, headers: &axum::http::HeaderMap) -> Language {
    language(asked.lang.as_deref(), headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()))
}

/// The ticket as a row, said in this language.
pub fn row(parts: &Parts, ticket: &Ticket, language: Language) -> OwnTicketRow {
    let words = Words::of(language);
    OwnTicketRow {
        number: ticket.number,
        number_grouped: ticket.number.grouped(),
        state: ticket.state,
        says: words.state(ticket.state),
        about: parts.masters.category_name(&ticket.category, language),
        with: parts.masters.department_name(&ticket.department, language),
        registered_at: ticket.registered_at,
        due_at: ticket.due_at,
        closed_at: ticket.closed_at,
    }
}

/// The whole ticket, said in this language.
pub fn view(parts: &Parts, own: &OwnTicket, language: Language) -> OwnTicketView {
    let goes_on = own.goes_on.as_ref().map(|ticket| GoesOn {
        state: ticket.state,
        says: Words::of(language).state(ticket.state),
        due_at: ticket.due_at,
    });
    OwnTicketView {
        ticket: row(parts, &own.ticket, language),
        goes_on,
        statement: own.statement.clone(),
        timeline: own.steps.iter().map(|step| said(parts, step, language)).collect(),
    }
}

fn said(parts: &Parts, step: &Step, language: Language) -> StepView {
    let (kind, says) = kind_said(parts, &step.told, language);
    let text = match &step.told {
        Told::Added { .. } => step.words.clone(),
        Told::Asked { question: text } | Told::Answered { text } | Told::Written { text } | Told::NotSettled { words: text } => {
            Some(text.clone())
        }
        Told::Closed { remarks, .. } => remarks.clone(),
        _ => None,
    };
    StepView { at: step.at, kind, says, text }
}

/// What happened, for programs and in words, without anything that anybody wrote.
pub fn kind_said(parts: &Parts, told: &Told, language: Language) -> (&'static str, String) {
    let words = Words::of(language);
    let (kind, value) = match told {
        Told::Registered { .. } => ("registered", None),
        Told::Added { .. } => ("added", None),
        Told::Emergency => ("emergency", None),
        Told::Given { department } => ("given", Some(parts.masters.department_name(department, language))),
        Told::Begun => ("begun", None),
        Told::Asked { .. } => ("asked", None),
        Told::Answered { .. } => ("answered", None),
        Told::Written { .. } => ("written", None),
        Told::Visit => ("visit", None),
        Told::Visited => ("visited", None),
        Told::Reported { closure_reason } => ("reported", Some(parts.masters.closure_reason_name(closure_reason, language))),
        Told::Checked => ("checked", None),
        Told::Questioned => ("questioned", None),
        Told::SentBack => ("sent_back", None),
        Told::NotSettled { .. } => ("not_settled", None),
        Told::Closed { closure: Closure::Confirmed, .. } => ("closed_confirmed", None),
        Told::Closed { closure: Closure::NoAnswer, .. } => ("closed_no_answer", None),
        Told::Closed { closure: Closure::Evidenced, .. } => ("closed_evidenced", None),
        Told::Closed { closure: Closure::Override, .. } => ("closed_override", None),
        Told::Reopened => ("reopened", None),
        Told::Rated { stars } => ("rated", Some(words.get("rate", &stars.to_string()).to_owned())),
        Told::Joined { .. } => ("joined", None),
        Told::Parted => ("parted", None),
        Told::ForPolicy => ("for_policy", None),
    };
    (kind, words.step(kind, value.as_deref()))
}
