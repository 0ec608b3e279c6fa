//! Offices as a tree, and which of them a matter goes to.

use super::extract::{Json, Query, TicketNumber, shortened};
use super::page::Page;
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::tickets::read::seen;
use super::who::Who;
use super::words::{OfficeKindWord, SlaClassWord};
use crate::access::Act;
use axum::extract::State as Joined;
use daak_domain::Timestamp;
use daak_domain::office::{Office, OfficeKind};
use daak_domain::routing::{Explained, Matter, Outcome};
use daak_domain::ticket::SlaClass;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An office, as it is on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OfficeView {
    /// Its code.
    #[schema(example = "DM-305")]
    pub code: String,
    /// What kind of office it is.
    #[schema(value_type = OfficeKindWord)]
    pub kind: OfficeKind,
    /// Code of the office above; none at the top.
    pub parent: Option<String>,
    /// Code of its department; an office of the general administration has none.
    pub department: Option<String>,
    /// LGD code of its district.
    pub district: Option<String>,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
    /// Sign-in name of whoever is in charge on that day, where known.
    pub in_charge: Option<String>,
    /// Whether that is the deputy, because the nodal officer is away.
    pub deputy: bool,
}

impl OfficeView {
    /// An office on a day.
    pub fn new(office: &Office, day: Date) -> Self {
        let in_charge = office.in_charge(day);
        Self {
            code: office.code.clone(),
            kind: office.kind,
            parent: office.parent.clone(),
            department: office.department.clone(),
            district: office.district.clone(),
            name_en: office.name_en.clone(),
            name_bn: office.name_bn.clone(),
            name_hi: office.name_hi.clone(),
            in_charge: in_charge.post.name.clone(),
            deputy: in_charge.deputy,
        }
    }
}

/// Which offices.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfficeSearch {
    /// As they are on this day; today where absent.
    #[param(format = Date)]
    pub on: Option<String>,
}

/// Every office on a day: the tree, each office naming the one above it.
#[utoipa::path(get, path = "/api/v1/offices", tag = "masters", params(OfficeSearch), responses((status = 200, body = Page<OfficeView>)))]
pub async fn offices(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<OfficeSearch>) -> Answer<Json<Page<OfficeView>>> {
    who.may(Act::ReadMasters, None)?;
    let day = match wanted.on.as_deref().filter(|text| !text.is_empty()) {
        None => parts.rules.day(Timestamp::now()),
        Some(text) => {
            text.parse().map_err(|_| Problem::invalid(format!("on: {:?}: expected a day such as 2026-11-24", shortened(text))))?
        }
    };
    Ok(Json(Page { items: parts.rules.offices.all(day).map(|office| OfficeView::new(office, day)).collect(), next: None }))
}

/// Where a matter goes, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RouteView {
    /// The office.
    pub office: String,
    /// The reason that the route gives.
    pub why: String,
    /// Every route that was considered, in order; the last one is taken.
    pub considered: Vec<ConsideredView>,
}

/// A route that was considered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConsideredView {
    /// Its line in `routes.toml`.
    pub line: usize,
    /// What it asks for; empty where it holds for all.
    #[schema(example = "category wcd.*, local_kind block")]
    pub when: String,
    /// Its target as it is written.
    #[schema(example = "BDO-{local}")]
    pub to: String,
    /// `taken`; `other`: the condition does not hold; `no_office`: its office does not exist for this matter.
    pub outcome: &'static str,
    /// The condition that does not hold.
    pub condition: Option<&'static str>,
}

impl From<Explained> for RouteView {
    fn from(explained: Explained) -> Self {
        let considered = explained.considered.into_iter().map(|considered| {
            let (outcome, condition) = match considered.outcome {
                Outcome::Taken { .. } => ("taken", None),
                Outcome::Other { condition } => ("other", Some(condition)),
                Outcome::NoOffice => ("no_office", None),
            };
            ConsideredView { line: considered.line, when: considered.when, to: considered.to, outcome, condition }
        });
        Self { considered: considered.collect(), office: explained.office, why: explained.why }
    }
}

/// A matter that need not be a ticket.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RouteQuery {
    /// Category code.
    pub category: String,
    /// LGD code or name of a district.
    pub district: Option<String>,
    /// LGD code of a block or municipality.
    pub block: Option<String>,
    /// Class of limit; the category's own where absent.
    #[param(value_type = Option<SlaClassWord>)]
    pub sla_class: Option<SlaClass>,
}

/// Which office a matter would go to, and why.
#[utoipa::path(
    get, path = "/api/v1/route", tag = "masters", params(RouteQuery),
    responses((status = 200, body = RouteView), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub async fn route(Joined(parts): Joined<Parts>, who: Who, Query(asked): Query<RouteQuery>) -> Answer<Json<RouteView>> {
    who.may(Act::ReadMasters, None)?;
    let category = parts.rules.taxonomy.category(&asked.category);
    let category = category.ok_or_else(|| Problem::invalid("category: there is none with this code: see /api/v1/masters"))?;
    let places = &parts.rules.places;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let district = given(asked.district).map(|text| match places.district(&text) {
        Some(district) => Ok(district.code.clone()),
        None => Err(Problem::invalid(format!("district: {:?}: there is none of this code or name", shortened(&text)))),
    });
    let (district, block) = (district.transpose()?, given(asked.block));
    let home = block.as_ref().and_then(|code| places.locals.get(code)?.district.clone());
    let matter = Matter {
        category: &category.code,
        department: &category.department,
        district: district.as_deref().or(home.as_deref()),
        local: block.as_deref(),
        class: asked.sla_class.unwrap_or(category.sla_class),
    };
    Ok(Json(parts.rules.route(&matter, Timestamp::now()).into()))
}

/// Which office a ticket should lie with by the routes of today, and why.
#[utoipa::path(
    get, path = "/api/v1/tickets/{number}/route", tag = "tickets", params(("number" = String, Path, description = "Its number")),
    responses((status = 200, body = RouteView), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn of_ticket(Joined(parts): Joined<Parts>, who: Who, TicketNumber(number): TicketNumber) -> Answer<Json<RouteView>> {
    let (ticket, _) = seen(&parts, &who, Act::ReadTicket, number).await?;
    Ok(Json(parts.rules.route(&Matter::of(&ticket), Timestamp::now()).into()))
}
