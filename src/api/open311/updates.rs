//! Updates of requests, as FixMyStreet fetches and sends them.

use super::requests::{prefix, refused, see, time, window};
use super::{Answer, Answered, Asked, Refused, found};
use crate::api::parts::Parts;
use crate::store::ChangeQuery;
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Statement};
use daak_domain::language::Language;
use daak_domain::ticket::{Closure, Told};
use serde_json::{Value, json};

/// Updates in one answer.
const MOST: u32 = 500;

/// `GET /servicerequestupdates`: what happened to requests that whoever asks may see, the oldest first.
pub async fn list(parts: &Parts, asked: &Asked) -> Answer {
    let (from, to) = window(asked, true)?;
    let language = asked.get("locale").and_then(|tag| tag.parse::<Language>().ok()).unwrap_or(Language::En);
    let query = ChangeQuery { from, to, public: true, portal: prefix(asked), limit: MOST, ..ChangeQuery::default() };
    let changes = parts.store.changes_of(query).await.map_err(|why| Refused::ours(&why))?;
    let update = |change: &crate::store::ChangeRow| -> Option<Value> {
        let told = Told::of(&change.event)?;
        let (kind, value) = crate::api::public::kind_in_words(parts, &told, language);
        Some(json!({
            "update_id": format!("{}-{}", change.number, change.seq),
            "service_request_id": change.number.digits(),
            "status": status(&told),
            "external_status_code": kind,
            "updated_datetime": time(change.event.at),
            "description": value,
            "media_url": null,
        }))
    };
    found("service_request_updates", changes.iter().filter_map(update).collect())
}

/// The states that FixMyStreet knows beyond open and closed.
fn status(told: &Told) -> &'static str {
    match told {
        Told::Given { .. } => "internal_referral",
        Told::Begun | Told::Answered { .. } | Told::SentBack | Told::NotSettled { .. } | Told::Reported { .. } => "in_progress",
        Told::Visit | Told::ForPolicy => "action_scheduled",
        Told::Asked { .. } | Told::Visited | Told::Checked | Told::Questioned => "investigating",
        Told::Joined { .. } => "duplicate",
        Told::Closed { closure: Closure::Confirmed, .. } => "fixed",
        Told::Closed { .. } | Told::Rated { .. } => "closed",
        Told::Registered { .. } | Told::Added { .. } | Told::Emergency | Told::Written { .. } | Told::Reopened | Told::Parted => "open",
    }
}

/// `POST /servicerequestupdates`: more about a request that this portal handed in.
pub async fn hand_in(parts: &Parts, asked: &Asked) -> Answer {
    let portal = asked.portal()?;
    let id = asked.get("service_request_id").ok_or_else(|| Refused::missing("service_request_id"))?;
    let text = asked.get("description").ok_or_else(|| Refused::missing("description"))?;
    let matter = see(parts, asked, id).await?;
    if !matter.handed_in_by.starts_with(&format!("open311:{}:", portal.name)) {
        return Err(Refused::new(StatusCode::FORBIDDEN, "this request was handed in by another portal, or by the citizen"));
    }
    let key = asked
        .get("update_id")
        .map_or_else(|| uuid::Uuid::now_v7().to_string(), |id| id.chars().filter(|c| !c.is_control()).take(200).collect());
    let name = format!("open311:{}:update:{key}", portal.name);
    let mut contact =
        Contact::new(Channel::Portal, name, Timestamp::now(), matter.sender.clone(), Statement::Written { text: text.to_owned() });
    contact.about = Some(matter.ticket.number);
    parts.helpline.take_in(contact).await.map_err(refused)?;
    let value = json!([{ "update_id": key }]);
    Ok(Answered { root: "service_request_updates", value, status: StatusCode::CREATED })
}
