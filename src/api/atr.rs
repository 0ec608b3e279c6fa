//! `POST /atr/verify`: whether an action taken report answers the grievance.

use super::extract::Json;
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::refused_by_store;
use super::tickets::read::seen;
use super::who::Who;
use crate::access::Act;
use crate::intake::grievance_of;
use crate::intelligence::atr::{ActionTaken, Grievance, Judgement};
use axum::extract::State as Joined;
use daak_domain::ticket::Number;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A grievance and the report that answers it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ToVerify {
    /// The ticket's number, or the grievance itself.
    pub ticket: TicketOrText,
    /// The report's text, or the report with its closure reason.
    pub atr: AtrOrText,
}

/// A ticket by its number, or a grievance that need not be stored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TicketOrText {
    /// The number, or the text of the grievance if it is no number.
    Said(String),
    /// The number, as a number.
    Number(u64),
    /// The grievance.
    Grievance(GivenGrievance),
}

/// A grievance that need not be stored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct GivenGrievance {
    /// The ticket's number, if it is stored.
    pub number: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its text, at most 20,000 characters.
    #[serde(alias = "text")]
    pub body: Option<String>,
    /// LGD code of its district.
    pub district: Option<String>,
}

/// A report, or its text alone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AtrOrText {
    /// Its text.
    Text(String),
    /// The report.
    Report(GivenAtr),
}

/// A report.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct GivenAtr {
    /// What was done, at most 20,000 characters.
    #[serde(alias = "remarks", alias = "body")]
    pub text: String,
    /// Code of the closure reason.
    #[serde(alias = "closure_reason")]
    pub reason: Option<String>,
    /// How many papers or photographs are with it.
    #[serde(default)]
    pub attachments: usize,
}

/// Whether a report answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verified {
    /// `accept`, `return` or `human`.
    pub verdict: &'static str,
    /// How well it answers, 0 to 1.
    pub score: f32,
    /// Why, the weightiest first, quoting both sides.
    pub because: Vec<String>,
}

impl From<Judgement> for Verified {
    fn from(said: Judgement) -> Self {
        Self { verdict: said.verdict.as_str(), score: said.score, because: said.because }
    }
}

/// Does this report answer the grievance?
///
/// The machine proposes; a person decides.
#[utoipa::path(
    post, path = "/api/v1/atr/verify", tag = "classify", request_body = ToVerify,
    responses(
        (status = 200, body = Verified),
        (status = 404, description = "No such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn verify(Joined(parts): Joined<Parts>, who: Who, Json(given): Json<ToVerify>) -> Answer<Json<Verified>> {
    who.may(Act::JudgeAtr, None)?;
    let (subject, body, district) = asked(&parts, &who, given.ticket).await?;
    let (text, reason, attachments) = match given.atr {
        AtrOrText::Text(text) => (text, None, 0),
        AtrOrText::Report(GivenAtr { text, reason, attachments }) => (text, reason, attachments),
    };
    for (name, text) in [("ticket", &body), ("atr", &text)] {
        if text.chars().count() > 20_000 {
            return Err(Problem::invalid(format!("{name}: expected at most 20000 characters")));
        }
    }
    let grievance = Grievance { subject: subject.as_deref(), body: &body, district: district.as_deref() };
    let report = ActionTaken { text: &text, reason: reason.as_deref(), attachments };
    Ok(Json(parts.understand.judge(grievance, report).into()))
}

/// Subject, text and district of the grievance.
async fn asked(parts: &Parts, who: &Who, ticket: TicketOrText) -> Answer<(Option<String>, String, Option<String>)> {
    let number = match &ticket {
        TicketOrText::Number(number) => Some(number.to_string()),
        TicketOrText::Said(said) if Number::parse(said).is_ok() => Some(said.clone()),
        TicketOrText::Grievance(GivenGrievance { number: Some(number), body: None, .. }) => Some(number.clone()),
        _ => None,
    };
    let Some(number) = number else {
        return match ticket {
            TicketOrText::Said(text) => Ok((None, text, None)),
            TicketOrText::Grievance(GivenGrievance { subject, body: Some(body), district, .. }) => Ok((subject, body, district)),
            _ => Err(Problem::invalid("ticket: expected a number, a text, or an object with `body`")),
        };
    };
    let number = Number::parse(&number).map_err(|why| Problem::invalid(format!("ticket: {why}")))?;
    let (ticket, _) = seen(parts, who, Act::ReadTicket, number).await?;
    let contacts = parts.store.contacts_of(number).await.map_err(|why| refused_by_store(&why))?;
    let events = parts.store.events(number).await.map_err(|why| refused_by_store(&why))?;
    Ok((None, grievance_of(&contacts, &events), ticket.district))
}
