//! Requests: read by whoever may see them, handed in by portals with a key.

use super::{Answer, Answered, Asked, Refused, found, services};
use crate::api::parts::Parts;
use crate::store::{PublicMatter, PublicQuery};
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Location, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::Refusal;
use daak_domain::ticket::{Number, SlaClass, State};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};

/// Requests in one answer, and what is asked for without a limit of one's own.
const MOST: u32 = 200;
/// How far back requests are given where nothing is said (GeoReport v2: 90 days).
const WINDOW: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Characters of a description.
const LONGEST: usize = 20_000;

/// `GET /requests`.
pub async fn list(parts: &Parts, asked: &Asked) -> Answer {
    let query = PublicQuery { limit: limit(asked)?, offset: page(asked)?, ..query(asked)? };
    let matters = parts.store.public_matters(query).await.map_err(|why| Refused::ours(&why))?;
    found("service_requests", matters.iter().map(|matter| request(parts, asked, matter)).collect())
}

/// `GET /requests/{id}`.
pub async fn one(parts: &Parts, asked: &Asked, id: &str) -> Answer {
    let matter = see(parts, asked, id).await?;
    found("service_requests", json!([request(parts, asked, &matter)]))
}

/// `GET /tokens/{token}`: a request has its number at once, which is its token.
pub async fn token(parts: &Parts, asked: &Asked, token: &str) -> Answer {
    let matter = see(parts, asked, token).await.map_err(|_| Refused::unknown("token"))?;
    let id = matter.ticket.number.digits();
    found("service_requests", json!([{ "service_request_id": id, "token": id }]))
}

/// The matter of this number, if whoever asks may see it. One that they may not is not found.
pub async fn see(parts: &Parts, asked: &Asked, id: &str) -> Result<PublicMatter, Refused> {
    let unknown = || Refused::unknown("service_request_id");
    let number = Number::parse(id).map_err(|_| unknown())?;
    let query = PublicQuery { numbers: vec![number], limit: 1, portal: prefix(asked), ..PublicQuery::default() };
    let found = parts.store.public_matters(query).await.map_err(|why| Refused::ours(&why))?;
    found.into_iter().next().ok_or_else(unknown)
}

/// How the contacts of a portal are named: what it handed in, it may see.
pub fn prefix(asked: &Asked) -> Option<String> {
    asked.portal.as_ref().map(|portal| format!("open311:{}:", portal.name))
}

fn limit(asked: &Asked) -> Result<u32, Refused> {
    match asked.get("page_size").or(asked.get("limit")).map(str::parse::<u32>) {
        None => Ok(MOST),
        Some(Ok(size @ 1..=MOST)) => Ok(size),
        Some(_) => Err(Refused::wrong(format!("page_size: expected 1 to {MOST}"))),
    }
}

fn page(asked: &Asked) -> Result<u32, Refused> {
    let size = limit(asked)?;
    match asked.get("page").map(str::parse::<u32>) {
        None => Ok(0),
        Some(Ok(page @ 1..=100)) => Ok((page - 1) * size),
        Some(_) => Err(Refused::wrong("page: expected 1 to 100; for more, ask by start_date and end_date")),
    }
}

fn query(asked: &Asked) -> Result<PublicQuery, Refused> {
    let list = |name: &str| {
        asked.get(name).into_iter().flat_map(|list| list.split(',')).map(|item| item.trim().to_owned()).filter(|item| !item.is_empty())
    };
    let numbers = list("service_request_id").map(|id| Number::parse(&id)).collect::<Result<Vec<_>, _>>();
    let numbers = numbers.map_err(|_| Refused::unknown("service_request_id"))?;
    let mut states = Vec::new();
    for status in list("status") {
        match status.as_str() {
            "open" => states.extend(State::ALL.into_iter().filter(|state| !is_closed(*state))),
            "closed" => states.extend(State::ALL.into_iter().filter(|state| is_closed(*state))),
            _ => return Err(Refused::wrong("status: expected open or closed")),
        }
    }
    let (from, to) = window(asked, numbers.is_empty())?;
    Ok(PublicQuery { numbers, categories: list("service_code").collect(), states, from, to, limit: MOST, offset: 0, portal: prefix(asked) })
}

/// The days that are asked for; where nothing is said and no request is named, the last ninety.
pub fn window(asked: &Asked, recent: bool) -> Result<(Option<Timestamp>, Option<Timestamp>), Refused> {
    let time = |name: &str| {
        let read = asked.get(name).map(|text| text.replace(' ', "+").parse::<Timestamp>());
        read.transpose().map_err(|_| Refused::wrong(format!("{name}: expected a time with offset, such as 2026-11-24T09:00:00+05:30")))
    };
    let (from, to) = (time("start_date")?, time("end_date")?);
    let now = Timestamp::now();
    let from = from.or_else(|| to.unwrap_or(now).checked_sub(WINDOW).ok().filter(|_| recent));
    Ok((from, to))
}

fn is_closed(state: State) -> bool {
    matches!(state, State::Closed | State::Merged)
}

/// A request as the specification has it. What the citizen wrote is in no field.
fn request(parts: &Parts, asked: &Asked, matter: &PublicMatter) -> Value {
    let ticket = &matter.ticket;
    let language = asked.get("locale").and_then(|tag| tag.parse::<Language>().ok()).unwrap_or(Language::En);
    let district = ticket.district.as_ref().and_then(|code| parts.rules.places.districts.get(code)).map(|d| d.name_en.clone());
    // A place is given only where the matter is the community's, and to about a hundred metres.
    let shown = ticket.sla_class == SlaClass::Community && !ticket.emergency;
    let coarse = |degrees: f64| (degrees * 1000.0).round() / 1000.0;
    let place = matter.place.filter(|_| shown);
    json!({
        "service_request_id": ticket.number.digits(),
        "status": if is_closed(ticket.state) { "closed" } else { "open" },
        "status_notes": crate::api::public::state_in_words(ticket.state, language),
        "service_name": parts.masters.category_name(&ticket.category, language),
        "service_code": ticket.category,
        "description": null,
        "agency_responsible": parts.masters.department_name(&ticket.department, language),
        "service_notice": null,
        "requested_datetime": time(ticket.registered_at),
        "updated_datetime": time(matter.updated_at),
        "expected_datetime": time(ticket.due_at),
        "address": district,
        "address_id": null,
        "zipcode": null,
        "lat": place.map(|(lat, _)| coarse(lat)),
        "long": place.map(|(_, lon)| coarse(lon)),
        "media_url": null,
    })
}

/// A time in the W3C's form, by the clock of the state.
pub fn time(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    at.to_zoned_datetime(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `POST /requests`.
pub async fn hand_in(parts: &Parts, asked: &Asked) -> Answer {
    let portal = asked.portal()?;
    let code = asked.get("service_code").ok_or_else(|| Refused::missing("service_code"))?;
    let category = services::known(parts, code).ok_or_else(|| Refused::unknown("service_code"))?;
    let location = location(asked)?;
    let address = asked.get("address_string").or(asked.get("address_id")).map(str::to_owned);
    if location.is_none() && address.is_none() {
        return Err(Refused::missing("lat and long, address_string or address_id"));
    }
    let description = asked.get("description").or(asked.get("attribute[description]"));
    let text = [description.unwrap_or(&category.name_en), address.as_deref().unwrap_or_default()].join("\n");
    if text.chars().count() > LONGEST {
        return Err(Refused::wrong(format!("description: expected at most {LONGEST} characters")));
    }
    // FixMyStreet names its reports; a second handing in of the same is the same one.
    let own = asked.get("attribute[fixmystreet_id]").or(asked.get("attribute[external_id]")).or(asked.get("account_id"));
    let key = own.map_or_else(|| uuid::Uuid::now_v7().to_string(), |own| own.chars().filter(|c| !c.is_control()).take(200).collect());
    let now = Timestamp::now();
    let mut contact =
        Contact::new(Channel::Portal, format!("open311:{}:{key}", portal.name), now, sender(asked)?, Statement::Written { text });
    contact.category = Some(category.code.clone());
    contact.location = location;
    contact.facts = ["media_url", "device_id"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), asked.get(name)?.chars().take(500).collect())))
        .collect();
    let receipt = parts.helpline.take_in(contact).await.map_err(refused)?;
    let value = json!([{ "service_request_id": receipt.number.digits(), "service_notice": null, "account_id": null }]);
    Ok(Answered { root: "service_requests", value, status: StatusCode::CREATED })
}

/// What the door's refusal is here.
pub fn refused(why: Refusal) -> Refused {
    match why {
        Refusal::Invalid(why) => Refused::wrong(why),
        Refusal::Unavailable(why) => Refused::ours(&why),
    }
}

fn location(asked: &Asked) -> Result<Option<Location>, Refused> {
    let degrees = |name: &str, most: f64| {
        let read = asked.get(name).map(|text| text.parse::<f64>().ok().filter(|value| value.abs() <= most));
        match read {
            Some(None) => Err(Refused::wrong(format!("{name}: expected degrees from -{most} to {most}"))),
            Some(value) => Ok(value),
            None => Ok(None),
        }
    };
    match (degrees("lat", 90.0)?, degrees("long", 180.0)?) {
        (Some(lat), Some(lon)) => Ok(Some(Location { lat: Some(lat), lon: Some(lon), ..Location::default() })),
        (None, None) => Ok(None),
        _ => Err(Refused::missing("lat or long")),
    }
}

/// Who reported it, as the portal says.
fn sender(asked: &Asked) -> Result<Sender, Refused> {
    let phone = asked.get("phone").map(PhoneNumber::parse).transpose().map_err(|why| Refused::wrong(format!("phone: {why}")))?;
    let name = [asked.get("first_name"), asked.get("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let email = asked.get("email").map(str::to_lowercase);
    Ok(Sender { phone, email, name: Some(name).filter(|name| !name.is_empty()), handle: None })
}
