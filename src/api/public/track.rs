//! `/track`: a code to the telephone that registered it, and then how it stands and what the citizen can do.

use super::code;
use super::form::{Form, Refused, new_key};
use super::grievance::take_in;
use super::page::{Page, message, see};
use super::ticket::view;
use super::visitor::{Visitor, encoded};
use super::words::Words;
use crate::api::parts::Parts;
use crate::api::problem::Problem;
use crate::api::who;
use crate::citizen::{Asked, OwnTicket};
use crate::intake::LONGEST_TEXT;
use crate::observe::event;
use crate::store::StoreError;
use axum::extract::{Path, Request, State as Joined};
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Statement};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::Refusal;
use daak_domain::ticket::{Actor, Event, EventBody, Number, State, Told};
use minijinja::{Value, context};
use std::collections::HashMap;

/// `GET /track?known=`: the form, or one's own tickets.
pub async fn enter(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    // Letters and messages lead here by number.
    let known = visitor.asked.get("known").or(visitor.asked.get("number")).cloned().unwrap_or_default();
    let session = match &visitor.session {
        Some(secret) => parts.citizens.session(secret).await.ok().flatten(),
        None => None,
    };
    let Some(session) = session else { return form(&parts, &visitor, StatusCode::OK, context! { known }) };
    if let Ok(number) = Number::parse(&known) {
        return see(&format!("/track/{number}"), &visitor.chosen);
    }
    match parts.citizens.tickets(&session.address).await {
        Ok(tickets) => {
            let row = |ticket: &daak_domain::ticket::Ticket| {
                let row = super::ticket::row(&parts, ticket, visitor.language);
                context! { number => row.number.digits(), grouped => row.number_grouped.clone(), about => row.about.clone(), says => row.says.clone(), registered => visitor.day(row.registered_at) }
            };
            let tickets: Vec<_> = tickets.iter().map(row).collect();
            let title = Words::of(visitor.language).get("track", "yours");
            Page::of(&parts, &visitor).show("own", title, context! { tickets, form => visitor.form_token() })
        }
        Err(why) => failed(&parts, &visitor, &why.to_string()),
    }
}

fn form(parts: &Parts, visitor: &Visitor, status: StatusCode, values: Value) -> Response {
    let title = Words::of(visitor.language).get("track", "title");
    Page::of(parts, visitor).at("/track").status(status).show("track", title, values)
}

fn failed(parts: &Parts, visitor: &Visitor, why: &str) -> Response {
    tracing::warn!(event = event::HTTP_FAILED, %why);
    message(parts, visitor, StatusCode::SERVICE_UNAVAILABLE, Words::of(visitor.language).get("file", "busy"), "/track")
}

/// A short form without files.
async fn fields(request: Request, parts: &Parts) -> Result<(Head, HashMap<String, String>), Response> {
    let (head, body) = request.into_parts();
    who::own_form(&head, parts).map_err(IntoResponse::into_response)?;
    let copy = head.clone();
    let request = Request::from_parts(head, body);
    let read = <axum::Form<HashMap<String, String>> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
    let axum::Form(fields) = read.map_err(|_| Problem::unreadable("this form cannot be read").into_response())?;
    Ok((copy, fields))
}

/// `POST /track`: asks for a code. The page that follows is the same whether or not anybody is known.
pub async fn ask(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, fields) = match fields(request, &parts).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let visitor = Visitor::of(&head, &parts);
    let words = Words::of(visitor.language);
    let known = fields.get("known").map(|known| known.trim().to_owned()).unwrap_or_default();
    let Some(wish) = read_known(&known, visitor.language) else {
        let wrong = words.get("track", "not_read");
        return form(&parts, &visitor, StatusCode::UNPROCESSABLE_ENTITY, context! { known, wrong });
    };
    let from = who::address(&head, &parts);
    match parts.limits.public(from).and_then(|()| code::asked(&parts, wish, from)) {
        Ok(challenge) => form(&parts, &visitor, StatusCode::OK, context! { known, challenge }),
        Err(refused) => {
            let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
            form(&parts, &visitor, status, context! { known, wrong => words.get("track", "too_often") })
        }
    }
}

/// What somebody wrote into the one field: a number, a telephone, a mail address. Ten digits may be either of the first two.
fn read_known(known: &str, language: daak_domain::language::Language) -> Option<Asked> {
    match (Number::parse(known), PhoneNumber::parse(known)) {
        (Ok(number), Ok(phone)) => Some(Asked::for_either(number, phone, Some(language))),
        (Ok(number), Err(_)) => Some(Asked::for_ticket(number, Some(language))),
        (Err(_), Ok(phone)) => Some(Asked::for_phone(phone, Some(language))),
        _ if known.contains('@') && known.len() <= 254 => Some(Asked::for_email(known, Some(language))),
        _ => None,
    }
}

/// `POST /track/open`: shows the code.
pub async fn open(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, fields) = match fields(request, &parts).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let visitor = Visitor::of(&head, &parts);
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let (challenge, known) = (field("challenge"), field("known"));
    if let Err(refused) = parts.limits.public(who::address(&head, &parts)) {
        return refused.into_response();
    }
    match parts.citizens.open(challenge, field("code")).await {
        Ok(Some(opened)) => {
            tracing::info!(event = event::CODE_ACCEPTED);
            let seconds = opened.until.duration_since(Timestamp::now()).as_secs().try_into().unwrap_or(0);
            let mut cookies = visitor.chosen.clone();
            cookies.push(visitor.session_cookie(opened.secret.reveal(), seconds));
            let own = match Number::parse(known) {
                Ok(number) => parts.citizens.ticket(opened.secret.reveal(), number).await.ok().flatten().flatten().map(|_| number),
                Err(_) => None,
            };
            see(&own.map_or("/track".to_owned(), |number| format!("/track/{number}")), &cookies)
        }
        Ok(None) => {
            tracing::info!(event = event::CODE_REFUSED);
            let wrong = Words::of(visitor.language).get("track", "wrong_code");
            form(&parts, &visitor, StatusCode::UNPROCESSABLE_ENTITY, context! { known, challenge, wrong })
        }
        Err(why) => failed(&parts, &visitor, &why.to_string()),
    }
}

/// `POST /track/leave`.
pub async fn leave(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, fields) = match fields(request, &parts).await {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let visitor = Visitor::of(&head, &parts);
    if let (Some(secret), Ok(())) = (&visitor.session, visitor.ours(fields.get("form").map(String::as_str)))
        && let Err(why) = parts.citizens.close(secret).await
    {
        return failed(&parts, &visitor, &why.to_string());
    }
    see("/", &[visitor.session_cookie("", 0)])
}

/// The citizen's own ticket of this number; else the page that says what to do.
async fn own(parts: &Parts, visitor: &Visitor, number: &str) -> Result<OwnTicket, Response> {
    let words = Words::of(visitor.language);
    let nothing = || message(parts, visitor, StatusCode::NOT_FOUND, words.get("track", "nothing"), "/track");
    let number = Number::parse(number).map_err(|_| nothing())?;
    let code_first = || see(&format!("/track?known={}", encoded(&number.digits())), &visitor.chosen);
    let secret = visitor.session.as_deref().ok_or_else(code_first)?;
    let seen = parts.citizens.ticket(secret, number).await.map_err(|why| failed(parts, visitor, &why.to_string()))?;
    seen.ok_or_else(code_first)?.ok_or_else(nothing)
}

/// `GET /track/{number}`.
pub async fn ticket(Joined(parts): Joined<Parts>, Path(number): Path<String>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    match own(&parts, &visitor, &number).await {
        Ok(own) => {
            let done = visitor.asked.get("done").map(String::as_str).unwrap_or_default();
            show(&parts, &visitor, &own, done, "", StatusCode::OK)
        }
        Err(page) => page,
    }
}

/// The ticket's page; `done` and `wrong` are names of words.
fn show(parts: &Parts, visitor: &Visitor, own: &OwnTicket, done: &str, wrong: &str, status: StatusCode) -> Response {
    let words = Words::of(visitor.language);
    let seen = view(parts, own, visitor.language);
    let row = &seen.ticket;
    let now = Timestamp::now();
    let reopens = parts.desk.reopens(&own.ticket, now) || may_appeal(parts, own, now);
    let can = context! {
        settle => matches!(row.state, State::Verifying | State::AtrSubmitted), reopen => reopens, rate => row.state == State::Closed,
        say => row.state != State::Closed, answer => row.state == State::NeedsInfo,
    };
    let question =
        own.steps.iter().rev().find_map(|step| if let Told::Asked { question } = &step.told { Some(question.clone()) } else { None });
    let rated = own.steps.iter().rev().find_map(|step| if let Told::Rated { stars } = step.told { Some(stars) } else { None });
    let goes_on = seen.goes_on.as_ref().map(|next| context! { says => next.says.clone(), due => visitor.day(next.due_at) });
    let steps: Vec<_> = seen
        .timeline
        .iter()
        .rev()
        .map(|step| context! { at => visitor.time(step.at), says => step.says.clone(), text => step.text.clone() })
        .collect();
    let said = |name: &str| words.get("track", name);
    let most = parts.settings.attachment_limit;
    let values = context! {
        ticket => context! {
            number => row.number.digits(), grouped => row.number_grouped.clone(), about => row.about.clone(), says => row.says.clone(), with => row.with.clone(),
            registered => visitor.day(row.registered_at), due => visitor.day(row.due_at), closed => row.closed_at.map(|at| visitor.day(at)),
        },
        statement => seen.statement.clone(), can, question, rated, goes_on, steps, form => visitor.form_token(), key => new_key(), done => said(done), wrong => said(wrong), most,
        files_hint => words.get("file", "hint").replace("{}", &(most / 1024 / 1024).to_string()),
    };
    Page::of(parts, visitor).at(&format!("/track/{}", row.number)).status(status).show("ticket", &row.number_grouped, values)
}

/// A contact about an own ticket, from whoever registered it.
fn about(own: &OwnTicket, visitor: &Visitor, key: String, text: String) -> Contact {
    let statement = Statement::Written { text };
    let mut contact = Contact::new(Channel::Web, key, Timestamp::now(), own.sender.clone(), statement);
    contact.language = Some(visitor.language);
    contact.about = Some(own.ticket.number);
    contact
}

/// `POST /track/{number}/say`: more words or files, or the answer to a question.
pub async fn say(Joined(parts): Joined<Parts>, Path(number): Path<String>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    if let Err(refused) = who::own_form(&head, &parts) {
        return refused.into_response();
    }
    let own = match own(&parts, &visitor, &number).await {
        Ok(own) => own,
        Err(page) => return page,
    };
    let again = |wrong| show(&parts, &visitor, &own, "", wrong, StatusCode::UNPROCESSABLE_ENTITY);
    let form = match Form::read(Request::from_parts(head, body), &parts).await {
        Ok(form) => form,
        Err(Refused::Kind(_) | Refused::TooLarge | Refused::Unreadable) => return again("files"),
    };
    if let Err(refused) = visitor.ours(form.get("form")) {
        return refused.into_response();
    }
    let text = form.text("text");
    if text.is_empty() && form.files.is_empty() || text.chars().count() > LONGEST_TEXT {
        return again("empty");
    }
    let contact = about(&own, &visitor, form.key(), text.to_owned());
    match take_in(&parts, contact, form.files).await {
        Ok(_) => see(&format!("/track/{}?done=received", own.ticket.number), &[]),
        Err(()) => show(&parts, &visitor, &own, "", "busy", StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// `POST /track/{number}/settled`: yes, or no with the reasons; a no opens a closed ticket again.
pub async fn settled(Joined(parts): Joined<Parts>, Path(number): Path<String>, request: Request) -> Response {
    let (visitor, own, fields) = match acted(&parts, &number, request).await {
        Ok(read) => read,
        Err(page) => return page,
    };
    let field = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let yes = field("said") == "yes";
    let words = Words::of(visitor.language);
    let label = words.get("track", if yes { "yes" } else { "no" }).to_owned();
    let text = Some(field("words")).filter(|text| !yes && !text.is_empty()).unwrap_or(label);
    let key = Some(field("key")).filter(|key| (16..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric()));
    let key = format!("web:{}", key.unwrap_or_else(new_key));
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    let now = Timestamp::now();
    if !yes && !parts.desk.reopens(&own.ticket, now) && may_appeal(&parts, &own, now) {
        return appeal(&parts, &visitor, &own, text).await;
    }
    let contact = about(&own, &visitor, key, text);
    match parts.desk.settled(contact, yes).await {
        Ok(_) => see(&format!("/track/{}?done={}", own.ticket.number, if yes { "said_yes" } else { "said_no" }), &[]),
        Err(Refusal::Invalid(_)) => show(&parts, &visitor, &own, "", "moved_on", StatusCode::CONFLICT),
        Err(Refusal::Unavailable(why)) => failed(&parts, &visitor, &why),
    }
}

/// Whether it is too late for a plain no, and a settlement may still be appealed against.
fn may_appeal(parts: &Parts, own: &OwnTicket, now: Timestamp) -> bool {
    let closed = own.ticket.closed_at.filter(|_| own.ticket.state == State::Closed);
    closed.is_some_and(|closed| parts.rules.escalation.may_appeal(closed, now))
}

/// An appeal: it goes to the office above the one that settled it.
async fn appeal(parts: &Parts, visitor: &Visitor, own: &OwnTicket, reason: String) -> Response {
    let now = Timestamp::now();
    let office = Some(parts.rules.superior(own.ticket.holder(), now).to_owned());
    let event = Event { at: now, by: Actor::Citizen, body: EventBody::Reopened { reason, office, appeal: true } };
    match parts.desk.append(own.ticket.number, None, event).await {
        Ok(_) => see(&format!("/track/{}?done=said_no", own.ticket.number), &[]),
        Err(StoreError::Illegal(_) | StoreError::Conflict { .. }) => show(parts, visitor, own, "", "moved_on", StatusCode::CONFLICT),
        Err(why) => failed(parts, visitor, &why.to_string()),
    }
}

/// `POST /track/{number}/rate`.
pub async fn rate(Joined(parts): Joined<Parts>, Path(number): Path<String>, request: Request) -> Response {
    let (visitor, own, fields) = match acted(&parts, &number, request).await {
        Ok(read) => read,
        Err(page) => return page,
    };
    let stars = fields.get("stars").and_then(|stars| stars.parse::<u8>().ok()).filter(|stars| (1..=5).contains(stars));
    let Some(stars) = stars.filter(|_| own.ticket.state == State::Closed) else {
        return show(&parts, &visitor, &own, "", "moved_on", StatusCode::CONFLICT);
    };
    let rated = format!("/track/{}?done=rated", own.ticket.number);
    let before = own.steps.iter().rev().find_map(|step| if let Told::Rated { stars } = step.told { Some(stars) } else { None });
    if before == Some(stars) {
        return see(&rated, &[]);
    }
    let event = Event { at: Timestamp::now(), by: Actor::Citizen, body: EventBody::Rated { stars } };
    match parts.desk.append(own.ticket.number, None, event).await {
        Ok(_) => see(&rated, &[]),
        Err(why) => failed(&parts, &visitor, &why.to_string()),
    }
}

/// A form about an own ticket that was sent from its own page.
async fn acted(parts: &Parts, number: &str, request: Request) -> Result<(Visitor, OwnTicket, HashMap<String, String>), Response> {
    let (head, fields) = fields(request, parts).await?;
    let visitor = Visitor::of(&head, parts);
    let own = own(parts, &visitor, number).await?;
    visitor.ours(fields.get("form").map(String::as_str)).map_err(IntoResponse::into_response)?;
    Ok((visitor, own, fields))
}
