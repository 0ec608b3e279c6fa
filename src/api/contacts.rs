//! `POST /contacts`: the one door, over HTTP.

use super::extract::{Json, shortened};
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::tickets::step;
use super::who::Who;
use super::words::{ChannelWord, LanguageWord, SlaClassWord, StateWord};
use crate::access::Act;
use crate::observe::measure;
use axum::extract::State as Joined;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine;
use daak_domain::Timestamp;
use daak_domain::contact::{Attachment, AttachmentRole, Channel, Contact, Location, Outcome, Receipt, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Label, Refusal};
use daak_domain::ticket::{Number, SlaClass, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A contact to take in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewContact {
    /// The way it came.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// Who sent it. All may be absent: nobody must register.
    #[serde(default)]
    pub sender: NewSender,
    /// Language of the text, a BCP 47 tag; found out where absent.
    #[schema(value_type = Option<LanguageWord>)]
    pub language: Option<String>,
    /// Subject line.
    pub subject: Option<String>,
    /// What the citizen wrote, 1 to 20,000 characters.
    pub body: String,
    /// Where the matter is.
    pub location: Option<NewLocation>,
    /// Files, at most 10.
    #[serde(default)]
    pub attachments: Vec<NewAttachment>,
    /// The sender's own name for this contact; a second contact of the same name and channel is the same one.
    pub external_id: Option<String>,
    /// The citizen declared an emergency.
    #[serde(default)]
    pub declared_emergency: bool,
    /// Number of the ticket that this is about, where the citizen says so.
    pub about: Option<String>,
}

/// Who sent it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct NewSender {
    /// Telephone number, E.164 or as people in India write it.
    pub phone: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Name as given.
    pub name: Option<String>,
    /// Name within the channel where that is neither (`telegram:12345`).
    pub handle: Option<String>,
}

/// Where the matter is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct NewLocation {
    /// LGD code or name of a district.
    pub district: Option<String>,
    /// LGD code or name of a block or municipality.
    pub block: Option<String>,
    /// WGS 84 latitude in degrees.
    pub lat: Option<f64>,
    /// WGS 84 longitude in degrees.
    pub lon: Option<f64>,
}

/// A file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewAttachment {
    /// Name to show.
    pub name: String,
    /// The content, base64. What it is is found in it, not believed.
    pub content: String,
}

/// The ticket that a contact opened or joined.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactTaken {
    /// `opened`, `joined` an open ticket of the same person, or `repeated`: it had been taken in before.
    pub outcome: &'static str,
    /// The ticket.
    pub ticket: ReceiptView,
}

/// A ticket, as its citizen is told of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptView {
    /// Its number, ten digits.
    #[schema(value_type = String)]
    pub number: Number,
    /// The number in groups, as it is said.
    pub number_grouped: String,
    /// Where it stands.
    #[schema(value_type = StateWord)]
    pub state: State,
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    #[schema(value_type = SlaClassWord)]
    pub sla_class: SlaClass,
    /// Whether it is treated as an emergency.
    pub emergency: bool,
    /// When it must be resolved.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
}

impl From<Receipt> for ContactTaken {
    fn from(receipt: Receipt) -> Self {
        Self {
            outcome: outcome_word(receipt.outcome),
            ticket: ReceiptView {
                number: receipt.number,
                number_grouped: receipt.number.grouped(),
                state: receipt.state,
                category: receipt.category,
                department: receipt.department,
                sla_class: receipt.sla_class,
                emergency: receipt.emergency,
                due_at: receipt.due_at,
            },
        }
    }
}

pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Opened => "opened",
        Outcome::Joined => "joined",
        Outcome::Repeated => "repeated",
    }
}

/// Take in a contact.
///
/// It is durable when the answer arrives. Give `Idempotency-Key` (or `external_id`) so that a second try is the same contact.
#[utoipa::path(
    post, path = "/api/v1/contacts", tag = "contacts", request_body = NewContact,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this contact where `external_id` is absent; at most 255 characters")),
    responses(
        (status = 201, description = "A ticket was opened", body = ContactTaken),
        (status = 200, description = "It joined a ticket, or had been taken in before", body = ContactTaken),
        (status = 422, description = "A value is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not possible right now; keep it and try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn take_in(Joined(parts): Joined<Parts>, who: Who, headers: HeaderMap, Json(new): Json<NewContact>) -> Answer<impl IntoResponse> {
    who.may(Act::TakeInContact, None)?;
    let key = idempotency_key(&headers)?;
    let files = decode(&new.attachments, parts.settings.attachment_limit)?;
    let mut contact = into_contact(new, key, &who.0.name, Timestamp::now())?;
    if !files.is_empty() {
        contact.attachments = keep(&parts, files, &contact.external_id).await?;
    }
    let channel = contact.channel;
    let receipt = parts.helpline.take_in(contact).await.map_err(refuse)?;
    metrics::counter!(measure::CONTACTS, "channel" => channel.as_str(), "outcome" => outcome_word(receipt.outcome)).increment(1);
    let status = if receipt.outcome == Outcome::Opened { StatusCode::CREATED } else { StatusCode::OK };
    let mut answered = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/tickets/{}", receipt.number)) {
        answered.insert(header::LOCATION, place);
    }
    if receipt.outcome == Outcome::Repeated {
        answered.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    Ok((status, answered, Json(ContactTaken::from(receipt))))
}

/// What the door's refusal is over HTTP.
pub fn refuse(why: Refusal) -> Problem {
    match why {
        Refusal::Invalid(why) => Problem::invalid(why),
        Refusal::Unavailable(why) => {
            tracing::warn!(event = crate::observe::event::HTTP_FAILED, %why);
            Problem::unavailable("this cannot be stored right now: keep it and try again with the same Idempotency-Key")
        }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Answer<Option<&str>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key)),
        _ => Err(Problem::unreadable("Idempotency-Key: expected 1 to 255 visible ASCII characters")),
    }
}

/// The contact of the domain, every value checked.
fn into_contact(new: NewContact, key: Option<&str>, asker: &str, now: Timestamp) -> Answer<Contact> {
    let external_id = match (new.external_id, key) {
        (Some(id), _) => {
            bounded("external_id", &id, 255)?.ok_or_else(|| Problem::invalid("external_id: expected a name, this one is empty"))?
        }
        // Two machines may choose the same key: each has its own.
        (None, Some(key)) => format!("key:{asker}:{key}"),
        (None, None) => format!("http:{}", uuid::Uuid::now_v7()),
    };
    Ok(Contact {
        language: new
            .language
            .map(|tag| tag.parse::<Language>())
            .transpose()
            .map_err(|why| Problem::invalid(format!("language: {why}")))?,
        subject: new.subject.map(|subject| bounded("subject", &subject, 500)).transpose()?.flatten(),
        location: new.location.map(into_location).transpose()?,
        declared_emergency: new.declared_emergency,
        about: new
            .about
            .map(|number| Number::parse(&number).map_err(|why| Problem::invalid(format!("about: {:?}: {why}", shortened(&number)))))
            .transpose()?,
        ..Contact::new(new.channel, external_id, now, into_sender(new.sender)?, Statement::Written { text: body(&new.body)? })
    })
}

/// Longest text of a contact, in characters.
const LONGEST_BODY: usize = 20_000;

fn body(text: &str) -> Answer<String> {
    bounded("body", text, LONGEST_BODY)?.ok_or_else(|| Problem::invalid("body: expected what the citizen wrote, this is empty"))
}

/// The text trimmed, composed (NFC), without control characters but line ends; `None` if nothing is left.
fn bounded(key: &str, text: &str, longest: usize) -> Answer<Option<String>> {
    use unicode_normalization::{UnicodeNormalization, is_nfc_quick};
    let text = text.trim();
    if text.chars().take(longest + 1).count() > longest {
        return Err(Problem::invalid(format!("{key}: expected at most {longest} characters")));
    }
    let clean = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let plain = text.chars().all(clean) && is_nfc_quick(text.chars()) == unicode_normalization::IsNormalized::Yes;
    let text = if plain { text.to_owned() } else { text.chars().filter(|c| clean(*c)).nfc().collect() };
    Ok((!text.is_empty()).then_some(text))
}

fn into_sender(new: NewSender) -> Answer<Sender> {
    let phone = new.phone.filter(|p| !p.trim().is_empty());
    let email = new.email.filter(|e| !e.trim().is_empty()).map(|email| email.trim().to_lowercase());
    if let Some(email) = &email {
        let (user, host) = email.split_once('@').unwrap_or_default();
        let looks_right =
            !user.is_empty() && host.contains('.') && email.len() <= 254 && !email.contains(|c: char| c.is_whitespace() || c.is_control());
        if !looks_right {
            return Err(Problem::invalid("sender.email: expected an address such as name@example.org"));
        }
    }
    Ok(Sender {
        phone: phone.map(|phone| PhoneNumber::parse(&phone)).transpose().map_err(|why| Problem::invalid(format!("sender.phone: {why}")))?,
        email,
        name: new.name.map(|name| bounded("sender.name", &name, 200)).transpose()?.flatten(),
        handle: new.handle.map(|handle| bounded("sender.handle", &handle, 200)).transpose()?.flatten(),
    })
}

fn into_location(new: NewLocation) -> Answer<Location> {
    let within = |key: &str, value: Option<f64>, most: f64| match value {
        Some(degrees) if !degrees.is_finite() || degrees.abs() > most => {
            Err(Problem::invalid(format!("location.{key}: expected degrees from -{most} to {most}")))
        }
        value => Ok(value),
    };
    Ok(Location {
        district: new.district.map(|d| bounded("location.district", &d, 100)).transpose()?.flatten(),
        block: new.block.map(|b| bounded("location.block", &b, 100)).transpose()?.flatten(),
        lat: within("lat", new.lat, 90.0)?,
        lon: within("lon", new.lon, 180.0)?,
    })
}

const MOST_FILES: usize = 10;

/// A file that came with a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Name to show.
    pub name: String,
    /// The content.
    pub content: Vec<u8>,
    /// What it is for.
    pub role: AttachmentRole,
}

fn decode(attachments: &[NewAttachment], limit: usize) -> Answer<Vec<Upload>> {
    if attachments.len() > MOST_FILES {
        return Err(Problem::invalid(format!("attachments: expected at most {MOST_FILES} files")));
    }
    let decode_one = |attachment: &NewAttachment| {
        let content = base64::engine::general_purpose::STANDARD
            .decode(attachment.content.as_bytes())
            .map_err(|_| Problem::invalid("attachments: content: expected base64 (RFC 4648 section 4)"))?;
        match content.len() {
            0 => Err(Problem::invalid("attachments: content: expected a file, this one is empty")),
            size if size > limit => Err(Problem::too_large(format!("attachments: expected files of at most {limit} bytes"))),
            _ => Ok(Upload { name: step::file_name(&attachment.name), content, role: AttachmentRole::Document }),
        }
    };
    attachments.iter().map(decode_one).collect()
}

/// Lays files down for the contact that is named so.
///
/// # Errors
/// 503 if they cannot be stored now.
pub async fn keep(parts: &Parts, files: Vec<Upload>, belongs_to: &str) -> Answer<Vec<Attachment>> {
    let (archive, belongs_to) = (parts.archive.clone(), belongs_to.to_owned());
    let kept = tokio::task::spawn_blocking(move || {
        let keep_one = |Upload { name, content, role }: Upload| {
            let media_type = super::media_type::sniff(&content).to_owned();
            archive.put(Label { name, media_type, role, belongs_to: belongs_to.clone() }, &content)
        };
        files.into_iter().map(keep_one).collect::<Result<Vec<_>, _>>()
    });
    match kept.await {
        Ok(Ok(attachments)) => Ok(attachments),
        Ok(Err(why)) => {
            tracing::error!(event = crate::observe::event::HTTP_FAILED, %why);
            Err(Problem::unavailable("the files cannot be stored right now: keep them and try again"))
        }
        Err(_) => Err(Problem::ours()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Answer<Contact> {
        let new: NewContact = serde_json::from_str(json).map_err(|why| Problem::invalid(why.to_string()))?;
        into_contact(new, Some("k1"), "portal", "2026-11-24T10:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn a_portal_s_contact_is_normalised() {
        let contact = read(
            r#"{"channel":"portal","sender":{"phone":"98300 12345","email":" Rina@Example.ORG ","name":"রিনা"},"language":"bn-IN",
               "subject":"  ","body":"রাস্তা ভাঙা\u0000\r\n","location":{"district":"Hooghly","lat":22.9,"lon":88.4},"later":"ignored"}"#,
        )
        .expect("a good contact");
        assert_eq!(contact.sender.phone.map(|p| p.to_string()).as_deref(), Some("+919830012345"));
        assert_eq!(contact.sender.email.as_deref(), Some("rina@example.org"));
        assert_eq!((contact.language, contact.subject), (Some(Language::Bn), None));
        assert_eq!(contact.statement, Statement::Written { text: "রাস্তা ভাঙা".into() });
        assert_eq!(contact.external_id, "key:portal:k1");
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (json, said) in [
            (r#"{"channel":"portal","body":" "}"#, "body: expected what the citizen wrote"),
            (r#"{"channel":"portal","body":"x","sender":{"phone":"12"}}"#, "sender.phone: not a telephone number"),
            (r#"{"channel":"portal","body":"x","sender":{"email":"x"}}"#, "sender.email: expected an address"),
            (r#"{"channel":"portal","body":"x","language":"xx"}"#, "language: unknown language \"xx\""),
            (r#"{"channel":"portal","body":"x","location":{"lat":91}}"#, "location.lat: expected degrees"),
            (r#"{"channel":"portal","body":"x","about":"1"}"#, "about: \"1\": a registration number has 10 digits"),
            (r#"{"channel":"pigeon","body":"x"}"#, "unknown variant `pigeon`"),
            (r#"{"channel":"portal"}"#, "missing field `body`"),
        ] {
            let refused = read(json).expect_err(json);
            assert!(refused.status == 422 && refused.detail.contains(said), "{}", refused.detail);
        }
    }
}
