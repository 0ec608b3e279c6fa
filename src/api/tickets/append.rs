//! `POST /tickets/{number}/events`: one step of a ticket's life.

use super::placing::{Placed, placed};
use super::read::seen;
use super::step::{self, AskedStep, FileReference, KnownFile, NewEvent};
use super::verdict;
use super::view::{ActorView, TicketRow};
use crate::access::Act;
use crate::api::extract::{Json, TicketNumber};
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::Who;
use crate::store::StoreError;
use axum::extract::State as Joined;
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::routing::Matter;
use daak_domain::ticket::{Closure, Event, EventBody, Number, State, Ticket};

/// Add an event to a ticket's life.
///
/// With `expected_seq`, nothing happens if somebody was first: the answer is 409, and says who.
#[utoipa::path(
    post, path = "/api/v1/tickets/{number}/events", tag = "tickets", request_body = NewEvent,
    params(("number" = String, Path, description = "The ticket's number")),
    responses(
        (status = 201, description = "The ticket after it", body = TicketRow),
        (status = 403, description = "Your role, or your department, may not", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Somebody was first, or the ticket's state does not allow it", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn append(
    Joined(parts): Joined<Parts>,
    who: Who,
    TicketNumber(number): TicketNumber,
    Json(new): Json<NewEvent>,
) -> Answer<(StatusCode, Json<TicketRow>)> {
    let (before, _) = seen(&parts, &who, new.step.act(), number).await?;
    check_against_masters(&parts, &new.step)?;
    check_references(&parts, &who, number, &new.step).await?;
    let files = look_at(&parts, new.step.files()).await?;
    let now = Timestamp::now();
    let body = match new.step {
        AskedStep::Classify { category, department, sla_class, why } => {
            let why = step::text("why", why)?;
            rerouted(&parts, &before, parts.masters.classified(&category, department, sla_class, &before, why)?, now)
        }
        AskedStep::Assign { department, office, officer, reason } => {
            let Placed { department, office } = placed(&parts, &before, department, office)?;
            let (officer, reason) = (step::optional("officer", officer)?, step::optional("reason", reason)?);
            EventBody::Assigned { department, officer, reason, office: Some(office) }
        }
        AskedStep::Forward { department, office, reason } => {
            let Placed { department, office } = placed(&parts, &before, department, office)?;
            EventBody::Forwarded { department, reason: step::text("reason", reason)?, office: Some(office) }
        }
        AskedStep::Reply { text, channel } => reply(&parts, &before, step::text("text", text)?, channel).await?,
        AskedStep::Reopen { reason } => {
            verdict::check_reopening(&parts, &before, now)?;
            let office = Some(parts.rules.superior(before.holder(), now).to_owned());
            EventBody::Reopened { reason: step::text("reason", reason)?, office, appeal: false }
        }
        AskedStep::Appeal { reason } => {
            verdict::check_appeal(&parts, &before, now)?;
            let office = Some(parts.rules.superior(before.holder(), now).to_owned());
            EventBody::Reopened { reason: step::text("reason", reason)?, office, appeal: true }
        }
        AskedStep::Restrict { about, reason } => verdict::restricted(&parts, &before, about, step::text("reason", reason)?)?,
        AskedStep::Feedback { settled, words, call } => {
            let events = verdict::heard(&parts, &who, &before, &call, settled, words).await?;
            return add(&parts, &who, &before, new.expected_seq, events).await;
        }
        other => {
            check_verdict(&parts, &who, &before, &other, &files).await?;
            other.into_body(&who.0, files)?
        }
    };
    add(&parts, &who, &before, new.expected_seq, vec![Event { at: now, by: who.0.actor(), body }]).await
}

/// Adds events one after the other; what the asker had seen counts for the first.
async fn add(
    parts: &Parts,
    who: &Who,
    before: &Ticket,
    expected_seq: Option<u32>,
    events: Vec<Event>,
) -> Answer<(StatusCode, Json<TicketRow>)> {
    let (number, mut expected, mut appended) = (before.number, expected_seq, Err(StoreError::NotFound("event")));
    for event in events {
        appended = parts.desk.append(number, expected, event).await;
        match &appended {
            Ok(ticket) => expected = expected.map(|_| ticket.seq),
            Err(_) => break,
        }
    }
    match appended {
        Ok(ticket) => Ok((StatusCode::CREATED, Json(TicketRow::new(&ticket, None, None)))),
        Err(StoreError::Conflict { .. }) => Err(who_was_first(parts, number, expected).await),
        Err(StoreError::Illegal(why)) => Err(Problem::conflict("illegal-step", format!("{why}: read the ticket again"))
            .with("state", before.state.as_str())
            .with("possible", step::possible(&who.0, before))),
        Err(why) => Err(refused_by_store(&why)),
    }
}

/// What a report needs, and who may say what of it.
async fn check_verdict(parts: &Parts, who: &Who, before: &Ticket, asked: &AskedStep, files: &[KnownFile]) -> Answer<()> {
    match asked {
        AskedStep::Atr { closure_reason, remarks, .. } => verdict::check_report(parts, before, closure_reason, remarks, files),
        AskedStep::Close { closure, .. } => verdict::check_closing(parts, before, closure.unwrap_or(Closure::Override)).await,
        AskedStep::Verify { .. } => verdict::check_cosigned(parts, before).await,
        AskedStep::Cosign { .. } => verdict::check_cosigner(parts, who, before).await,
        AskedStep::Evidence { .. } => verdict::reported(before),
        _ => Ok(()),
    }
}

/// A ticket that nobody has begun to work on lies where the routes say for what it is said to be now.
fn rerouted(parts: &Parts, before: &Ticket, mut body: EventBody, now: Timestamp) -> EventBody {
    if let (State::Registered, EventBody::Classified { category, department, sla_class, office, .. }) = (before.state, &mut body) {
        let matter = Matter { category, department, class: *sla_class, ..Matter::of(before) };
        *office = Some(parts.rules.route(&matter, now).office).filter(|_| before.about.is_empty());
    }
    body
}

/// What is written to the citizen, by the channel that was chosen or the one that the matter came by.
async fn reply(parts: &Parts, ticket: &Ticket, text: String, channel: Option<Channel>) -> Answer<EventBody> {
    let reachable = parts.desk.channels(ticket).await.map_err(|why| refused_by_store(&why))?;
    let channel = channel.or(reachable.first().copied());
    match channel.filter(|channel| reachable.contains(channel)) {
        Some(channel) => Ok(EventBody::Replied { message: format!("reply:{}", uuid::Uuid::now_v7()), channel, text }),
        None if reachable.is_empty() => Err(Problem::invalid("channel: this citizen can only be telephoned")),
        None => {
            let ways: Vec<_> = reachable.iter().map(|channel| channel.as_str()).collect();
            Err(Problem::invalid(format!("channel: this citizen cannot be written to in that way, expected one of {}", ways.join(", "))))
        }
    }
}

fn check_against_masters(parts: &Parts, step: &AskedStep) -> Answer<()> {
    match step {
        AskedStep::Atr { closure_reason, .. } => parts.masters.know_closure_reason(closure_reason),
        _ => Ok(()),
    }
}

/// What a step refers to must be there: the officer, the contact, the ticket in which it goes on.
async fn check_references(parts: &Parts, who: &Who, number: Number, step: &AskedStep) -> Answer<()> {
    match step {
        AskedStep::Assign { officer: Some(officer), .. } => check_officer(parts, officer).await,
        AskedStep::WriteDown { contact, .. } => {
            let contacts = parts.store.contacts_of(number).await.map_err(|why| refused_by_store(&why))?;
            let known = contacts.iter().any(|c| c.id == *contact);
            if known { Ok(()) } else { Err(Problem::invalid("contact: the ticket has no contact with this id")) }
        }
        AskedStep::Merge { into } => check_merge(parts, who, into).await,
        _ => Ok(()),
    }
}

async fn check_officer(parts: &Parts, officer: &str) -> Answer<()> {
    let people = parts.access.accounts().await.map_err(|why| refused_by_store(&why))?;
    match people.iter().any(|person| person.name == officer && !person.disabled) {
        true => Ok(()),
        false => Err(Problem::invalid("officer: nobody signs in by this name: see /api/v1/people")),
    }
}

/// A ticket is merged into one that is there, and goes on there.
async fn check_merge(parts: &Parts, who: &Who, into: &str) -> Answer<()> {
    let Ok(number) = Number::parse(into) else { return Ok(()) };
    match seen(parts, who, Act::ReadTicket, number).await {
        Ok((Ticket { merged_into: Some(further), .. }, _)) => {
            Err(Problem::invalid(format!("into: that ticket was itself merged: give {}, in which it goes on", further.grouped())))
        }
        Ok(_) => Ok(()),
        Err(problem) => Err(Problem::invalid(format!("into: {}", problem.detail))),
    }
}

/// Looks at the files that a step refers to: they must be there, and their content says what they are.
async fn look_at(parts: &Parts, references: &[FileReference]) -> Answer<Vec<KnownFile>> {
    const MOST: usize = 20;
    if references.len() > MOST {
        return Err(Problem::invalid(format!("attachments: expected at most {MOST} files")));
    }
    let mut known = Vec::with_capacity(references.len());
    for reference in references {
        let blob = step::blob_of(reference)?;
        let content = super::files::content(parts, blob.clone()).await.map_err(|problem| match problem.status {
            404 => Problem::invalid("attachments: there is no such file: upload it first"),
            _ => problem,
        })?;
        known.push(step::known_file(blob, reference, &content));
    }
    Ok(known)
}

/// 409, with the first event that the asker had not seen.
async fn who_was_first(parts: &Parts, number: Number, expected: Option<u32>) -> Problem {
    let events = match parts.store.events(number).await {
        Ok(events) => events,
        Err(why) => return refused_by_store(&why),
    };
    let unseen = events.iter().find(|sealed| expected.is_none_or(|seen| sealed.seq > seen)).or(events.last());
    let Some(first) = unseen else { return Problem::ours() };
    let by = ActorView::from(&first.event.by);
    let name = by.name.clone().unwrap_or_else(|| by.kind.to_owned());
    let kind = kind_of(&first.event.body);
    let detail = format!("{name} was first ({kind}, {}): read the ticket again before you go on", first.event.at);
    Problem::conflict("conflict", detail)
        .with("seq", events.len())
        .with("first", serde_json::json!({ "seq": first.seq, "by": by, "at": first.event.at, "type": kind }))
}

fn kind_of(body: &EventBody) -> String {
    serde_json::to_value(body).ok().and_then(|v| v.get("type")?.as_str().map(Into::into)).unwrap_or_default()
}
