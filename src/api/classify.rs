//! `POST /classify`: what a text is about.

use super::extract::Json;
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::who::Who;
use super::words::{LanguageWord, SlaClassWord};
use crate::access::Act;
use crate::intelligence::{Understanding, mask};
use axum::extract::State as Joined;
use daak_domain::language::Language;
use daak_domain::ticket::SlaClass;
use daak_intelligence::{Danger, Urgency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ToClassify {
    /// The text, at most 20,000 characters.
    pub text: String,
}

/// What a text is about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Classified {
    /// Language.
    #[schema(value_type = LanguageWord)]
    pub language: Language,
    /// Whether Bengali or Hindi is written in Latin letters.
    pub romanised: bool,
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    #[schema(value_type = SlaClassWord)]
    pub sla_class: SlaClass,
    /// 0 to 1.
    pub confidence: f32,
    /// Whether life or limb are at stake.
    pub emergency: EmergencyView,
    /// What was found in it.
    pub entities: EntitiesView,
    /// Whether a person should look at the category, because the machine is not sure enough.
    pub look: bool,
    /// The words that decided for the category.
    pub because: Vec<String>,
    /// What else it may be, the likelier first; at most five.
    pub alternatives: Vec<AlternativeView>,
}

/// Whether life or limb are at stake, and what says so.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EmergencyView {
    /// Whether it is treated as one.
    pub is: bool,
    /// 0 to 1.
    pub score: f32,
    /// The words that say so.
    pub because: Vec<String>,
    /// What endangers: `medical`, `fire`, `flood`, `violence`, `electrical`, `self_harm`, `trafficked_or_stranded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// How fast somebody must act: `now`, or `soon`: within two hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<&'static str>,
    /// Whether the citizen may harm themself: a person takes over at once, gently, by the script for it.
    pub self_harm: bool,
}

/// Names and numbers that were found in a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct EntitiesView {
    /// LGD code of a district.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// LGD code of a block or municipality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Name of a scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Telephone number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Registration numbers whose check digit fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<String>,
    /// Sums in rupees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<u64>,
    /// Dates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// Numbers of applications, receipts, transactions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Whom the text complains of, by office.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub complained_of: Vec<String>,
    /// Kinds of personal numbers in the text, without the numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<String>,
    /// The text with its personal numbers hidden, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
}

/// Another category.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlternativeView {
    /// Category code.
    pub category: String,
    /// 0 to 1.
    pub confidence: f32,
}

impl From<Understanding> for Classified {
    fn from(understood: Understanding) -> Self {
        let (emergency, entities) = (understood.emergency, understood.entities);
        let self_harm = emergency.is_self_harm();
        let urgency = emergency.urgency.map(|u| if u == Urgency::Now { "now" } else { "soon" });
        let alternative = |a: crate::intelligence::Alternative| AlternativeView { category: a.category, confidence: a.confidence };
        Self {
            language: understood.language,
            romanised: understood.romanised,
            category: understood.category,
            department: understood.department,
            sla_class: understood.sla_class,
            confidence: understood.confidence,
            emergency: EmergencyView {
                is: emergency.is,
                score: emergency.score,
                because: emergency.because,
                kind: emergency.kind.map(Danger::as_str),
                urgency,
                self_harm,
            },
            entities: EntitiesView {
                district: entities.district,
                block: entities.block,
                scheme: entities.scheme,
                phone: entities.phone,
                tickets: entities.tickets,
                money: entities.money,
                dates: entities.dates,
                references: entities.references,
                complained_of: entities.complained_of,
                personal: entities.personal.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
                masked: None,
            },
            look: understood.look,
            because: understood.because,
            alternatives: understood.alternatives.into_iter().map(alternative).collect(),
        }
    }
}

/// What is this text about?
#[utoipa::path(
    post, path = "/api/v1/classify", tag = "classify", request_body = ToClassify,
    responses((status = 200, body = Classified), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub async fn classify(Joined(parts): Joined<Parts>, who: Who, Json(given): Json<ToClassify>) -> Answer<Json<Classified>> {
    who.may(Act::Classify, None)?;
    if given.text.trim().is_empty() {
        return Err(Problem::invalid("text: expected a text, this one is empty"));
    }
    if given.text.chars().count() > 20_000 {
        return Err(Problem::invalid("text: expected at most 20000 characters"));
    }
    let mut classified = Classified::from(parts.understand.understand(&given.text, None));
    if !classified.entities.personal.is_empty() {
        classified.entities.masked = Some(mask(&given.text));
    }
    Ok(Json(classified))
}
