//! `GET /changes`: what happened to tickets, as it became durable, for other systems to follow.

use super::extract::{Json, Query};
use super::page::{Page, PageQuery};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::refused_by_store;
use super::who::Who;
use crate::access::Act;
use crate::follow::ChangeView;
use crate::store::{ChangeQuery, Place};
use axum::extract::State as Joined;

/// Follow what happens to tickets, the oldest first.
///
/// `next` is always there: keep it, and ask with it again for what happens later. Nothing that citizens or offices wrote is in it, and
/// nobody's name; tickets that complain of offices are left out.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "changes", params(PageQuery),
    responses((status = 200, body = Page<ChangeView>), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub async fn changes(Joined(parts): Joined<Parts>, who: Who, Query(page): Query<PageQuery>) -> Answer<Json<Page<ChangeView>>> {
    who.may(Act::FollowChanges, None)?;
    let after = page.cursor.as_deref().map(Place::parse).transpose().map_err(|why| refused_by_store(&why))?;
    let query = ChangeQuery { after, limit: page.limit()?, ..ChangeQuery::default() };
    let rows = parts.store.changes_of(query).await.map_err(|why| refused_by_store(&why))?;
    let next = rows.last().map(|row| row.place.to_string()).or(page.cursor).unwrap_or_else(|| "0-0".to_owned());
    let items = rows.iter().filter(|row| row.ticket.about.is_empty()).map(ChangeView::from).collect();
    Ok(Json(Page { items, next: Some(next) }))
}
