//! Quarantine: what came and is no contact until a person says so.

use super::contacts::{ContactTaken, refuse};
use super::extract::{Json, Path, Query};
use super::page::{Page, PageQuery};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::refused_by_store;
use super::tickets::view::PersonView;
use super::tickets::{files, step};
use super::who::Who;
use super::words::ChannelWord;
use crate::access::Act;
use crate::store::{HeldRow, Settled};
use axum::extract::State as Joined;
use axum::http::StatusCode;
use axum::response::Response;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Statement};
use daak_domain::ticket::Number;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A thing in quarantine.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    /// Its name here.
    pub id: i64,
    /// The way it came.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// When it reached us.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Who sent it, as far as can be told.
    pub sender: PersonView,
    /// Why it is held.
    pub reason: String,
    /// What can be read of it safely.
    pub excerpt: Option<String>,
    /// The thing itself, as it came.
    pub raw: Option<RawView>,
    /// Who decided, if somebody did.
    pub settled_by: Option<String>,
    /// The ticket that it became.
    #[schema(value_type = Option<String>)]
    pub ticket: Option<Number>,
}

/// A thing as it came. It is never shown in place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RawView {
    /// Name to show.
    pub name: String,
    /// Media type, as found in the content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Where to fetch it.
    pub url: String,
}

/// Which.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeldSearch {
    /// Those on which somebody decided; those that wait where absent.
    #[serde(default)]
    pub settled: bool,
    /// What `next` was on the page before.
    pub cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// What is held, the newest first.
#[utoipa::path(get, path = "/api/v1/held", tag = "contacts", params(HeldSearch), responses((status = 200, body = Page<HeldView>)))]
pub async fn held(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<HeldSearch>) -> Answer<Json<Page<HeldView>>> {
    who.may(Act::Quarantine, None)?;
    let page = PageQuery { cursor: wanted.cursor, limit: wanted.limit };
    let found = parts.store.held(wanted.settled, page.cursor.as_deref(), page.limit()?).await.map_err(|why| refused_by_store(&why))?;
    Ok(Json(Page { items: found.items.into_iter().map(HeldView::from).collect(), next: found.next }))
}

/// The thing itself, to be saved and looked at with care.
#[utoipa::path(
    get, path = "/api/v1/held/{id}/raw", tag = "contacts", params(("id" = i64, Path, description = "Its name here")),
    responses(
        (status = 200, description = "As it came", content_type = "application/octet-stream"),
        (status = 404, description = "No such thing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn raw(Joined(parts): Joined<Parts>, who: Who, Path(id): Path<i64>) -> Answer<Response> {
    who.may(Act::Quarantine, None)?;
    let row = parts.store.held_one(id).await.map_err(|why| refused_by_store(&why))?;
    let mut raw = row.and_then(|row| row.held.raw).ok_or_else(|| Problem::not_found("nothing of this name is held"))?;
    let content = files::content(&parts, raw.blob.clone()).await?;
    "application/octet-stream".clone_into(&mut raw.media_type);
    Ok(files::answer(&raw, content.into(), None))
}

/// A decision to let a thing in.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Release {
    /// What it says, written down by you; a person at the ticket reads the thing itself where absent.
    pub body: Option<String>,
}

/// Let a held thing in: it becomes a contact, with the thing itself attached.
#[utoipa::path(
    post, path = "/api/v1/held/{id}/release", tag = "contacts", request_body = Release,
    params(("id" = i64, Path, description = "Its name here")),
    responses(
        (status = 201, description = "The ticket that it opened or joined", body = ContactTaken),
        (status = 404, description = "No such thing", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody decided before", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn release(
    Joined(parts): Joined<Parts>,
    who: Who,
    Path(id): Path<i64>,
    Json(wanted): Json<Release>,
) -> Answer<(StatusCode, Json<ContactTaken>)> {
    who.may(Act::Quarantine, None)?;
    let row = waiting(&parts, id).await?;
    let held = row.held;
    let written = wanted.body.filter(|body| !body.trim().is_empty()).map(|body| step::text("body", body)).transpose()?;
    let statement = match written {
        Some(text) => Statement::Written { text },
        None => Statement::ImageOnly { draft: held.excerpt },
    };
    let mut contact = Contact::new(held.channel, held.external_id, held.received_at, held.sender, statement);
    contact.attachments = held.raw.into_iter().collect();
    // The same external id makes a second release, after a death in between, the same contact.
    let receipt = parts.helpline.take_in(contact).await.map_err(refuse)?;
    settle(&parts, id, &who, Some(receipt.number)).await?;
    Ok((StatusCode::CREATED, Json(ContactTaken::from(receipt))))
}

/// Throw a held thing away. It stays on record who did.
#[utoipa::path(
    post, path = "/api/v1/held/{id}/discard", tag = "contacts",
    params(("id" = i64, Path, description = "Its name here")),
    responses(
        (status = 204, description = "It is settled"),
        (status = 404, description = "No such thing", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody decided before", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn discard(Joined(parts): Joined<Parts>, who: Who, Path(id): Path<i64>) -> Answer<StatusCode> {
    who.may(Act::Quarantine, None)?;
    waiting(&parts, id).await?;
    settle(&parts, id, &who, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn waiting(parts: &Parts, id: i64) -> Answer<HeldRow> {
    let row = parts.store.held_one(id).await.map_err(|why| refused_by_store(&why))?;
    let row = row.ok_or_else(|| Problem::not_found("nothing of this name is held"))?;
    match &row.settled {
        Some(settled) => Err(Problem::conflict("settled", format!("{} decided on this at {}", settled.by, settled.at))),
        None => Ok(row),
    }
}

async fn settle(parts: &Parts, id: i64, who: &Who, ticket: Option<Number>) -> Answer<()> {
    let settled = Settled { by: who.0.name.clone(), at: Timestamp::now(), ticket };
    match parts.store.settle_held(id, settled).await.map_err(|why| refused_by_store(&why))? {
        true => Ok(()),
        false => Err(Problem::conflict("settled", "somebody decided on this just now: read the list again")),
    }
}

impl From<HeldRow> for HeldView {
    fn from(row: HeldRow) -> Self {
        let (held, settled) = (row.held, row.settled);
        Self {
            id: row.id,
            channel: held.channel,
            received_at: held.received_at,
            sender: PersonView {
                name: held.sender.name,
                phones: held.sender.phone.iter().map(|phone| phone.as_str().to_owned()).collect(),
                emails: held.sender.email.into_iter().collect(),
            },
            reason: held.reason,
            excerpt: held.excerpt,
            raw: held.raw.map(|raw| RawView {
                name: raw.name,
                media_type: raw.media_type,
                size: raw.size,
                url: format!("/api/v1/held/{}/raw", row.id),
            }),
            settled_by: settled.as_ref().map(|settled| settled.by.clone()),
            ticket: settled.and_then(|settled| settled.ticket),
        }
    }
}
