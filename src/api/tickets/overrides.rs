//! `GET /overrides`: who closed how many tickets on their own word.

use crate::access::Act;
use crate::api::extract::Json;
use crate::api::page::Page;
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::Who;
use axum::extract::State as Joined;
use serde::Serialize;
use utoipa::ToSchema;

/// Tickets that stand closed on a person's own word.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverrideCount {
    /// Sign-in name of whoever closed them.
    pub by: String,
    /// How many.
    pub count: u64,
}

/// People counted at most.
const MOST: u32 = 200;

/// Who closed how many tickets on their own word, without two witnesses: the most first, at most 200 people.
#[utoipa::path(
    get, path = "/api/v1/overrides", tag = "tickets",
    responses((status = 200, body = Page<OverrideCount>), (status = 403, body = Problem, content_type = "application/problem+json"))
)]
pub async fn overrides(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<Page<OverrideCount>>> {
    who.may(Act::ReadMeasures, None)?;
    if who.0.scope.is_bounded() {
        return Err(Problem::forbidden("this counts over all offices: ask the helpline"));
    }
    let counted = parts.store.overrides(MOST).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(Page { items: counted.into_iter().map(|(by, count)| OverrideCount { by, count }).collect(), next: None }))
}
