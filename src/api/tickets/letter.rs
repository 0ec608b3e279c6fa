//! `POST /tickets/{number}/letter`: a reply to the citizen by post.

use super::read::seen;
use super::step;
use super::view::AttachmentView;
use crate::access::Act;
use crate::api::extract::{Json, TicketNumber};
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::Who;
use axum::extract::State as Joined;
use axum::http::StatusCode;
use daak_domain::Timestamp;
use daak_domain::contact::AttachmentRole;
use daak_domain::language::Language;
use daak_domain::seam::Label;
use daak_domain::ticket::{Event, EventBody, Ticket};
use daak_letter::paper::{Fonts, PaperError, Reply, reply};
use serde::Deserialize;
use utoipa::ToSchema;

/// A letter to be printed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewLetter {
    /// Name and address, a line each, at most six: they stand in the envelope's window.
    pub to: String,
    /// Line above the text; the ticket's number in the ticket's language where absent.
    pub subject: Option<String>,
    /// What is said, in the citizen's language; a line is a paragraph.
    pub body: String,
}

/// Make a letter to the citizen: a PDF with the address in the window and the ticket's code. It is kept with the ticket.
#[utoipa::path(
    post, path = "/api/v1/tickets/{number}/letter", tag = "tickets", request_body = NewLetter,
    params(("number" = String, Path, description = "The ticket's number")),
    responses(
        (status = 201, description = "The PDF, to be fetched from its `url` and printed", body = AttachmentView),
        (status = 422, description = "A value is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The fonts are missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn write(
    Joined(parts): Joined<Parts>,
    who: Who,
    TicketNumber(number): TicketNumber,
    Json(new): Json<NewLetter>,
) -> Answer<(StatusCode, Json<AttachmentView>)> {
    let (ticket, _) = seen(&parts, &who, Act::Ask, number).await?;
    let (to, body) = (step::text("to", new.to)?, step::text("body", new.body)?);
    if to.lines().count() > 6 {
        return Err(Problem::invalid("to: expected at most six lines, more are not seen in the window"));
    }
    let subject = new.subject.filter(|s| !s.trim().is_empty()).map(|s| step::text("subject", s)).transpose()?;
    let now = Timestamp::now();
    let made = {
        let (parts, ticket) = (parts.clone(), ticket.clone());
        tokio::task::spawn_blocking(move || make(&parts, &ticket, &to, subject, &body, now)).await
    };
    let attachment = match made {
        Ok(Ok(attachment)) => attachment,
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            return Err(Problem::unavailable(why));
        }
        Err(_) => return Err(Problem::ours()),
    };
    let shown = AttachmentView::new(number, &attachment);
    let body = EventBody::Noted { text: "A letter to the citizen was written.".to_owned(), attachments: vec![attachment] };
    let noted = parts.desk.append(number, None, Event { at: now, by: who.0.actor(), body }).await;
    noted.map_err(|why| refused_by_store(&why))?;
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Sets the letter and keeps it.
fn make(
    parts: &Parts,
    ticket: &Ticket,
    to: &str,
    subject: Option<String>,
    body: &str,
    now: Timestamp,
) -> Result<daak_domain::contact::Attachment, String> {
    let fonts = Fonts::load(&parts.settings.fonts).map_err(|why| PaperError::from(why).to_string())?;
    let grouped = ticket.number.grouped();
    let subject = subject.unwrap_or_else(|| match ticket.language {
        Language::Bn => format!("বিষয়: আপনার অভিযোগ, নম্বর {grouped}"),
        Language::Hi | Language::Ne => format!("विषय: आपकी शिकायत, संख्या {grouped}"),
        _ => format!("Subject: your grievance, number {grouped}"),
    });
    let day = now.to_zoned_datetime(parts.settings.timezone.clone()).strftime("%d.%m.%Y").to_string();
    let code = format!("{}/track?number={}", parts.settings.public_url, ticket.number.digits());
    let from = format!("{}\n{}", parts.settings.name, parts.settings.telephone.join(", "));
    let letter = Reply { from: &from, to, date: &day, subject: &subject, body, code: &code, number: &grouped };
    let pdf = reply(&fonts, &letter).map_err(|why| why.to_string())?;
    let label = Label {
        name: "letter.pdf".into(),
        media_type: "application/pdf".into(),
        role: AttachmentRole::Document,
        belongs_to: ticket.number.digits(),
    };
    parts.archive.put(label, &pdf).map_err(|why| format!("the letter cannot be kept right now ({why}): try again"))
}
