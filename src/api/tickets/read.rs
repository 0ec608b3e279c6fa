//! Finding tickets, and reading one.

use super::step;
use super::view::{ContactView, EventView, PersonView, TicketRow, TicketView};
use crate::access::{Act, Sight, sight_of_confidential};
use crate::api::extract::{Json, Query, TicketNumber, shortened};
use crate::api::page::{Page, PageQuery};
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::{Who, no_such_ticket};
use crate::api::words::{ChannelWord, ClosureWord, SlaClassWord};
use crate::store::{Found, Person, TicketQuery, Within};
use axum::extract::State as Joined;
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Mark};
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Closure, Number, SlaClass, State, Ticket};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// What to look for; all that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketSearch {
    /// Its number, with or without groups.
    pub number: Option<String>,
    /// A telephone number of its citizen.
    pub phone: Option<String>,
    /// Name of its citizen, or a part of it.
    pub name: Option<String>,
    /// States, separated by commas; `open` stands for all in which somebody has something to do.
    pub state: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Code of an office: tickets that lie with it.
    pub office: Option<String>,
    /// With `office`: those with all offices below it as well.
    pub below: Option<bool>,
    /// Open, and past the limit.
    pub late: Option<bool>,
    /// On whose word it was closed.
    #[param(value_type = Option<ClosureWord>)]
    pub closure: Option<Closure>,
    /// LGD code of a district, or its name; `none`: where it is not known.
    pub district: Option<String>,
    /// Code of a block or municipality; `none`: where it is not known.
    pub block: Option<String>,
    /// Class of its limit.
    #[param(value_type = Option<SlaClassWord>)]
    pub class: Option<SlaClass>,
    /// By which way it came.
    #[param(value_type = Option<ChannelWord>)]
    pub channel: Option<Channel>,
    /// Sign-in name of the person who has it; `none`: nobody.
    pub officer: Option<String>,
    /// Whether it is an emergency.
    pub emergency: Option<bool>,
    /// Registered at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<String>,
    /// Registered before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<String>,
    /// Due at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub due_from: Option<String>,
    /// Due before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub due_to: Option<String>,
    /// Closed at this time or later, and closed now.
    #[param(value_type = Option<String>, format = DateTime)]
    pub closed_from: Option<String>,
    /// Closed before this time, and closed now.
    #[param(value_type = Option<String>, format = DateTime)]
    pub closed_to: Option<String>,
    /// Last reopened at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub reopened_from: Option<String>,
    /// Last reopened before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub reopened_to: Option<String>,
    /// Whether it was closed after its limit, and is closed now.
    pub closed_late: Option<bool>,
    /// Words of what was said, in any script.
    pub q: Option<String>,
    /// What `next` was on the page before.
    pub cursor: Option<String>,
    /// Items wanted, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Find tickets, the newest first.
#[utoipa::path(
    get, path = "/api/v1/tickets", tag = "tickets", params(TicketSearch),
    responses((status = 200, description = "Those found", body = Page<TicketRow>), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub async fn search(Joined(parts): Joined<Parts>, who: Who, Query(wanted): Query<TicketSearch>) -> Answer<Json<Page<TicketRow>>> {
    let sight = who.may(Act::ReadTicket, None)?;
    let page = PageQuery { cursor: wanted.cursor.clone(), limit: wanted.limit };
    let mut query = into_query(wanted, &parts)?;
    let scope = &who.0.scope;
    query.department = scope.department.clone().or(query.department);
    query.district = scope.district.clone().or(query.district);
    query.not_about.clone_from(scope.hidden());
    query.offices = match (query.offices, scope.offices()) {
        (Some(asked), Some(own)) => Some(asked.intersection(own).cloned().collect()),
        (asked, own) => asked.or_else(|| own.cloned()),
    };
    let found = parts.store.search(query, page.cursor.as_deref(), page.limit()?).await.map_err(|why| refused_by_store(&why))?;
    let confidential = match sight_of_confidential(&who.0, sight) == sight {
        true => BTreeSet::new(),
        false => {
            let numbers: Vec<_> = found.items.iter().map(|f| f.ticket.number).collect();
            parts.store.confidential_among(&numbers).await.map_err(|why| refused_by_store(&why))?
        }
    };
    let row = |f: Found| {
        let sight = if confidential.contains(&f.ticket.number) { sight_of_confidential(&who.0, sight) } else { sight };
        TicketRow::new(&f.ticket, f.person.map(|p| person_view(&p, sight)), f.excerpt)
    };
    let items = found.items.into_iter().map(row).collect();
    Ok(Json(Page { items, next: found.next }))
}

/// Read one ticket, with its contacts, files and timeline.
#[utoipa::path(
    get, path = "/api/v1/tickets/{number}", tag = "tickets", params(("number" = String, Path, description = "Its number")),
    responses((status = 200, description = "The ticket", body = TicketView), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn one(Joined(parts): Joined<Parts>, who: Who, TicketNumber(number): TicketNumber) -> Answer<Json<TicketView>> {
    let (ticket, sight) = seen(&parts, &who, Act::ReadTicket, number).await?;
    let contacts = parts.store.contacts_of(number).await.map_err(|why| refused_by_store(&why))?;
    let confidential = contacts.iter().any(|stored| stored.contact.marks.contains(&Mark::Confidential));
    let sight = if confidential { sight_of_confidential(&who.0, sight) } else { sight };
    let events = parts.store.events(number).await.map_err(|why| refused_by_store(&why))?;
    let person = parts.store.person(ticket.person).await.map_err(|why| refused_by_store(&why))?;
    let excerpt = contacts.iter().find_map(|c| c.contact.statement.text()).map(|text| text.chars().take(160).collect());
    Ok(Json(TicketView {
        channels: parts.desk.channels(&ticket).await.map_err(|why| refused_by_store(&why))?,
        limits: super::clock::limits(&parts, &events, Timestamp::now()),
        possible: step::possible(&who.0, &ticket),
        ticket: TicketRow::new(&ticket, person.map(|p| person_view(&p, sight)), excerpt),
        contacts: contacts.iter().map(|c| ContactView::new(number, c.id, &c.contact, sight)).collect(),
        timeline: events.iter().map(EventView::from).collect(),
    }))
}

/// The ticket with this number, if `who` may do `act` to it, and how much of the citizen they see. Whatever shows or changes a
/// ticket comes by here.
///
/// # Errors
/// 404 if there is none, or none for them; 403 with the missing right.
pub async fn seen(parts: &Parts, who: &Who, act: Act, number: Number) -> Answer<(Ticket, Sight)> {
    let found = parts.store.ticket(number).await.map_err(|why| refused_by_store(&why))?;
    let ticket = found.ok_or_else(|| no_such_ticket(number))?;
    let sight = who.may(act, Some(&ticket))?;
    Ok((ticket, sight))
}

fn into_query(wanted: TicketSearch, parts: &Parts) -> Answer<TicketQuery> {
    let now = Timestamp::now();
    let number = given(wanted.number).map(|number| Number::parse(&number).map_err(|why| wrong("number", &number, &why)));
    let phone = given(wanted.phone).map(|phone| PhoneNumber::parse(&phone).map_err(|why| wrong("phone", &phone, &why)));
    Ok(TicketQuery {
        number: number.transpose()?,
        phone: phone.transpose()?,
        name: given(wanted.name),
        states: states(wanted.state.as_deref().unwrap_or_default())?,
        category: given(wanted.category),
        department: given(wanted.department),
        district: given(wanted.district).map(|district| place(&district).unwrap_or_else(|| parts.masters.district_code(&district))),
        block: given(wanted.block).map(|block| place(&block).unwrap_or(block)),
        class: wanted.class,
        channel: wanted.channel,
        officer: given(wanted.officer).map(|officer| place(&officer).unwrap_or(officer)),
        emergency: wanted.emergency,
        from: time("from", given(wanted.from))?,
        to: time("to", given(wanted.to))?,
        due: Within { from: time("due_from", given(wanted.due_from))?, to: time("due_to", given(wanted.due_to))? },
        closed: Within { from: time("closed_from", given(wanted.closed_from))?, to: time("closed_to", given(wanted.closed_to))? },
        reopened: Within { from: time("reopened_from", given(wanted.reopened_from))?, to: time("reopened_to", given(wanted.reopened_to))? },
        closed_late: wanted.closed_late,
        q: given(wanted.q),
        offices: given(wanted.office).map(|code| match wanted.below {
            Some(true) => parts.rules.offices.below(&code, parts.rules.day(now)),
            _ => [code].into(),
        }),
        not_about: BTreeSet::new(),
        late_at: wanted.late.unwrap_or(false).then_some(now),
        closure: wanted.closure,
    })
}

/// The word for what is not known, as the store knows it.
fn place(named: &str) -> Option<String> {
    (named == "none").then(String::new)
}

/// A form sends what was left empty as an empty text.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn wrong(key: &str, text: &str, why: &dyn std::fmt::Display) -> Problem {
    Problem::invalid(format!("{key}: {:?}: {why}", shortened(text)))
}

fn states(list: &str) -> Answer<Vec<State>> {
    let mut states = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            "open" => states.extend(State::ALL.into_iter().filter(|state| state.is_open())),
            word => states.push(word.parse().map_err(|why| wrong("state", word, &why))?),
        }
    }
    Ok(states)
}

fn time(key: &str, text: Option<String>) -> Answer<Option<Timestamp>> {
    let read = |text: String| text.parse().map_err(|_| wrong(key, &text, &"expected a time such as 2026-11-24T09:00:00+05:30"));
    text.map(read).transpose()
}

/// A citizen, as `sight` shows them.
fn person_view(person: &Person, sight: Sight) -> PersonView {
    PersonView { name: person.name.clone(), phones: person.phones.clone(), emails: person.emails.clone() }.seen_with(sight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_states_is_read_and_open_stands_for_many() {
        assert_eq!(states("closed, merged").expect("known"), [State::Closed, State::Merged]);
        assert!(states("open").expect("known").iter().all(|state| state.is_open()));
        assert_eq!(states("").expect("none"), []);
        assert!(states("shut").expect_err("unknown").detail.starts_with("state: \"shut\": unknown state"));
        assert!(time("from", Some("yesterday".into())).is_err());
        assert!(time("from", Some("2026-11-24T09:00:00+05:30".into())).expect("a time").is_some());
    }
}
