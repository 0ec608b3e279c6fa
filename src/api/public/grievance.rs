//! `/file`: a grievance from a form. Nobody registers; what is typed as telephone or address is not proven, and touches no other ticket.

use super::form::{Form, Refused, new_key};
use super::home::countries;
use super::page::Page;
use super::visitor::Visitor;
use super::words::Words;
use crate::api::contacts::{keep, outcome_word};
use crate::api::masters::in_language;
use crate::api::parts::Parts;
use crate::api::who;
use crate::intake::LONGEST_TEXT;
use crate::observe::measure;
use axum::extract::{Request, State as Joined};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Location, Mark, Receipt, Sender, Statement};
use daak_domain::person::Identity;
use daak_domain::phone::PhoneNumber;
use minijinja::context;
use std::net::IpAddr;

/// What is wrong with a form, and in which field.
struct Mistake {
    field: &'static str,
    says: String,
}

/// `GET /file`: first where, then what.
pub async fn form(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    match visitor.asked.get("district").cloned() {
        Some(district) => ask(&parts, &visitor, &district, &Form::default(), &[]),
        None => {
            let title = Words::of(visitor.language).get("file", "title");
            let mut districts: Vec<_> = parts.masters.districts.iter().collect();
            districts.sort_by(|a, b| a.name_en.cmp(&b.name_en));
            let name = |d: &crate::api::masters::District| {
                in_language((&d.name_bn, d.name_hi.as_deref(), &d.name_en), visitor.language).to_owned()
            };
            let districts: Vec<_> = districts.into_iter().map(|d| context! { code => d.code.clone(), name => name(d) }).collect();
            Page::of(&parts, &visitor).show("where", title, context! { districts, abroad => is_abroad(&visitor, &Form::default()) })
        }
    }
}

/// Whoever chose a country writes by mail; so does whoever sent a mail address.
fn is_abroad(visitor: &Visitor, given: &Form) -> bool {
    visitor.zone.is_some() || visitor.asked.contains_key("abroad") || given.get("email").is_some()
}

fn ask(parts: &Parts, visitor: &Visitor, district: &str, given: &Form, wrong: &[Mistake]) -> Response {
    let (words, language) = (Words::of(visitor.language), visitor.language);
    let named = parts.rules.places.districts.get(district);
    let name = named.map_or(words.get("file", "nowhere"), |d| in_language((&d.name_bn, None, &d.name_en), language)).to_owned();
    let mut blocks: Vec<_> =
        parts.rules.places.locals.values().filter(|local| named.is_some() && local.district.as_deref() == Some(district)).collect();
    blocks.sort_by(|a, b| a.name_en.cmp(&b.name_en));
    let blocks: Vec<_> = blocks.into_iter().map(|local| context! { code => local.code.clone(), name => local.name_en.clone() }).collect();
    let categories: Vec<_> = parts
        .masters
        .categories
        .iter()
        .map(|c| context! { code => c.code.clone(), name => parts.masters.category_name(&c.code, language) })
        .collect();
    let most = parts.settings.attachment_limit;
    let mistakes: Vec<_> = wrong.iter().map(|m| context! { field => m.field, says => m.says.clone() }).collect();
    let here = format!("/file?district={}&", super::visitor::encoded(district));
    let values = context! {
        district => context! { code => if named.is_some() { district } else { "-" }, name }, blocks, categories, most,
        key => given.get("key").map_or_else(new_key, str::to_owned), wrong => mistakes, abroad => is_abroad(visitor, given),
        countries => countries(parts, language), files_hint => words.get("file", "hint").replace("{}", &(most / 1024 / 1024).to_string()),
        given => context! {
            text => given.text("text"), name => given.text("name"), phone => given.text("phone"), email => given.text("email"),
            block => given.text("block"), category => given.text("category"), country => given.get("country").or(visitor.asked.get("abroad").map(String::as_str)),
            lat => given.text("lat"), lon => given.text("lon"), confidential => given.ticked("confidential"), danger => given.ticked("danger"),
        },
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Page::of(parts, visitor).at_exactly(here).status(status).show("grievance", words.get("file", "title"), values)
}

/// `POST /file`.
pub async fn file(Joined(parts): Joined<Parts>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let visitor = Visitor::of(&head, &parts);
    if let Err(refused) = who::own_form(&head, &parts) {
        return refused.into_response();
    }
    let (from, words) = (who::address(&head, &parts), Words::of(visitor.language));
    let form = match Form::read(Request::from_parts(head, body), &parts).await {
        Ok(form) => form,
        Err(why) => {
            let says = match why {
                Refused::Kind(name) => format!("{} {name}", words.get("file", "bad_file")),
                Refused::TooLarge | Refused::Unreadable => words.get("file", "too_large").to_owned(),
            };
            return ask(&parts, &visitor, "-", &Form::default(), &[Mistake { field: "photos", says }]);
        }
    };
    let district = form.text("district").to_owned();
    let again = |field, says: &str, status: StatusCode| {
        let mut page = ask(&parts, &visitor, &district, &form, &[Mistake { field, says: says.to_owned() }]);
        *page.status_mut() = status;
        page
    };
    let contact = match contact(&parts, &visitor, &form).await {
        Ok(contact) => contact,
        Err(wrong) => return ask(&parts, &visitor, &district, &form, &wrong),
    };
    if let Err(refused) = allowed(&parts, from, &contact.sender) {
        return again("", words.get("file", "too_often"), StatusCode::from_u16(refused).unwrap_or(StatusCode::TOO_MANY_REQUESTS));
    }
    match take_in(&parts, contact, form.files.clone()).await {
        Ok(receipt) => done(&parts, &visitor, &receipt),
        Err(()) => again("", words.get("file", "busy"), StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn allowed(parts: &Parts, from: IpAddr, sender: &Sender) -> Result<(), u16> {
    let target = Identity::of(sender).first().map(|identity| format!("{:?}", identity.stored())).unwrap_or_default();
    parts.limits.filing(from, target).map_err(|problem| problem.status)
}

/// Lays down the files and takes the contact in.
pub async fn take_in(parts: &Parts, mut contact: Contact, files: Vec<crate::api::contacts::Upload>) -> Result<Receipt, ()> {
    if !files.is_empty() {
        contact.attachments = keep(parts, files, &contact.external_id).await.map_err(drop)?;
    }
    let channel = contact.channel;
    let receipt = parts.helpline.take_in(contact).await.map_err(|why| {
        tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
    })?;
    metrics::counter!(measure::CONTACTS, "channel" => channel.as_str(), "outcome" => outcome_word(receipt.outcome)).increment(1);
    Ok(receipt)
}

fn done(parts: &Parts, visitor: &Visitor, receipt: &Receipt) -> Response {
    let values = context! {
        number => receipt.number.grouped(), digits => receipt.number.digits(), due => visitor.day(receipt.due_at),
        with => parts.masters.department_name(&receipt.department, visitor.language),
    };
    let title = Words::of(visitor.language).get("file", "done");
    Page::of(parts, visitor).at("/file").status(StatusCode::CREATED).show("filed", title, values)
}

/// The contact that a form makes, or all that is wrong with it.
async fn contact(parts: &Parts, visitor: &Visitor, form: &Form) -> Result<Contact, Vec<Mistake>> {
    let words = Words::of(visitor.language);
    let mut wrong = Vec::new();
    let mut mistake = |field, name| wrong.push(Mistake { field, says: words.get("file", name).to_owned() });
    let sender = sender(form, &mut mistake);
    let statement = statement(form, &mut mistake);
    let (Some(sender), Some(statement)) = (sender, statement) else { return Err(wrong) };
    let now = Timestamp::now();
    let mut contact = Contact::new(Channel::Web, form.key(), now, sender, statement);
    contact.language = Some(visitor.language);
    contact.category = form.get("category").map(str::to_owned);
    contact.location = Some(location(form));
    contact.declared_emergency = form.ticked("danger");
    if form.ticked("confidential") {
        contact.marks.push(Mark::Confidential);
    }
    if !is_proven(parts, visitor, &contact.sender).await {
        contact.marks.push(Mark::Unproven);
    }
    if let Some(country) = form.get("country").filter(|code| parts.rules.countries.iter().any(|c| c.code == **code)) {
        contact.facts.insert("country".into(), country.to_owned());
    }
    if let Some((zone, _)) = &visitor.zone {
        contact.facts.insert("time_zone".into(), zone.clone());
    }
    Ok(contact)
}

/// By one address only: two would make one person of two.
fn sender(form: &Form, mistake: &mut impl FnMut(&'static str, &'static str)) -> Option<Sender> {
    let name = form.get("name").map(|name| name.chars().take(200).collect());
    if let Some(email) = form.get("email") {
        let (user, host) = email.split_once('@').unwrap_or_default();
        if user.is_empty() || !host.contains('.') || email.len() > 254 || email.contains(char::is_whitespace) {
            mistake("email", "bad_email");
            return None;
        }
        return Some(Sender { email: Some(email.to_lowercase()), name, ..Sender::default() });
    }
    match PhoneNumber::parse(form.text("phone")) {
        Ok(phone) => Some(Sender { phone: Some(phone), name, ..Sender::default() }),
        Err(_) => {
            mistake("phone", "bad_phone");
            None
        }
    }
}

fn statement(form: &Form, mistake: &mut impl FnMut(&'static str, &'static str)) -> Option<Statement> {
    let spoken = form.files.iter().any(|file| file.role == daak_domain::contact::AttachmentRole::Statement);
    match form.get("text") {
        Some(text) if text.chars().count() > LONGEST_TEXT => {
            mistake("text", "long");
            None
        }
        Some(text) => Some(Statement::Written { text: text.to_owned() }),
        None if spoken => Some(Statement::VoiceOnly { hint: None }),
        None => {
            mistake("text", "no_text");
            None
        }
    }
}

fn location(form: &Form) -> Location {
    let degrees = |name: &str, most: f64| form.text(name).parse::<f64>().ok().filter(|value| value.abs() <= most);
    let place = degrees("lat", 90.0).zip(degrees("lon", 180.0));
    Location {
        district: form.get("district").filter(|code| *code != "-").map(str::to_owned),
        block: form.get("block").map(str::to_owned),
        lat: place.map(|(lat, _)| lat),
        lon: place.map(|(_, lon)| lon),
    }
}

/// Whether the visitor's session shows that the address which they typed is theirs.
async fn is_proven(parts: &Parts, visitor: &Visitor, sender: &Sender) -> bool {
    let Some(secret) = &visitor.session else { return false };
    let session = parts.citizens.session(secret).await.ok().flatten();
    session.is_some_and(|session| Identity::provable(sender) == Some(session.address))
}
