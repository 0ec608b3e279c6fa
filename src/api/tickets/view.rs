//! Tickets, contacts and events as they are shown.

use super::clock::LimitsView;
use crate::access::Sight;
use crate::api::words::{AttachmentRoleWord, ChannelWord, ClosureWord, LanguageWord, SlaClassWord, StateWord};
use daak_domain::Timestamp;
use daak_domain::contact::{Attachment, AttachmentRole, Channel, Contact, Location, Mark, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Actor, Closure, Number, SealedEvent, SlaClass, State, Ticket};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A ticket in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketRow {
    /// Its number, ten digits.
    #[schema(value_type = String, example = "4718309263")]
    pub number: Number,
    /// The number in groups, as it is said.
    #[schema(example = "471 830 9263")]
    pub number_grouped: String,
    /// Where it stands.
    #[schema(value_type = StateWord)]
    pub state: State,
    /// By which way it first came.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    #[schema(value_type = SlaClassWord)]
    pub sla_class: SlaClass,
    /// Whether life or limb are at stake.
    pub emergency: bool,
    /// In which language the citizen is answered.
    #[schema(value_type = LanguageWord)]
    pub language: Language,
    /// LGD code of the district, where known.
    pub district: Option<String>,
    /// Code of block or municipality, where known.
    pub block: Option<String>,
    /// Sign-in name of the person who has it.
    pub officer: Option<String>,
    /// Code of the office that has it.
    #[schema(example = "DM-305")]
    pub office: String,
    /// How many levels above its office were told that a limit passed.
    pub level: u32,
    /// Codes of the offices that it complains of, from which it is hidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
    /// When it must be resolved.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// When it was last closed, while it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// On whose word, while it is closed.
    #[schema(value_type = Option<ClosureWord>)]
    pub closure: Option<Closure>,
    /// The ticket in which it goes on, while it is merged.
    #[schema(value_type = Option<String>)]
    pub merged_into: Option<Number>,
    /// How many contacts it has.
    pub contact_count: u32,
    /// How many events it has; give it as `expected_seq` with the next.
    pub seq: u32,
    /// Whose it is, as your role may see it.
    pub person: Option<PersonView>,
    /// The first words of what was said; absent where only a voice or an image was left.
    pub excerpt: Option<String>,
}

impl TicketRow {
    /// The row of a ticket; `person` already as the role may see it.
    pub fn new(ticket: &Ticket, person: Option<PersonView>, excerpt: Option<String>) -> Self {
        Self {
            number: ticket.number,
            number_grouped: ticket.number.grouped(),
            state: ticket.state,
            channel: ticket.channel,
            category: ticket.category.clone(),
            department: ticket.department.clone(),
            sla_class: ticket.sla_class,
            emergency: ticket.emergency,
            language: ticket.language,
            district: ticket.district.clone(),
            block: ticket.block.clone(),
            officer: ticket.officer.clone(),
            office: ticket.holder().to_owned(),
            level: ticket.level,
            about: ticket.about.clone(),
            registered_at: ticket.registered_at,
            due_at: ticket.due_at,
            closed_at: ticket.closed_at,
            closure: ticket.closure,
            merged_into: ticket.merged_into,
            contact_count: ticket.contacts,
            seq: ticket.seq,
            person,
            excerpt,
        }
    }
}

/// A citizen, as a role may see them.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PersonView {
    /// Name as given.
    pub name: Option<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
}

impl PersonView {
    /// What `sight` leaves of it.
    #[must_use]
    pub fn seen_with(mut self, sight: Sight) -> Self {
        if sight == Sight::Masked {
            self.name = self.name.map(|name| masked_word(&name));
            self.phones = self.phones.iter().map(|phone| masked_phone(phone)).collect();
            self.emails = self.emails.iter().map(|email| masked_word(email)).collect();
        }
        self
    }
}

/// One ticket with everything that belongs to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketView {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: TicketRow,
    /// What came in, the first first.
    pub contacts: Vec<ContactView>,
    /// Its life, the first event first.
    pub timeline: Vec<EventView>,
    /// Channels by which the citizen can be written to, the one that the matter came by first.
    #[schema(value_type = Vec<ChannelWord>)]
    pub channels: Vec<Channel>,
    /// Its limits, while it is open.
    pub limits: Option<LimitsView>,
    /// Types of events that you may add as it stands.
    #[schema(example = json!(["note", "take", "atr"]))]
    pub possible: Vec<&'static str>,
}

/// A contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactView {
    /// Its number, as events name it.
    pub id: i64,
    /// The way it came.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// When it reached us.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Who sent it, as the channel knows.
    pub sender: SenderView,
    /// Language chosen or detected.
    #[schema(value_type = Option<LanguageWord>)]
    pub language: Option<Language>,
    /// Subject line.
    pub subject: Option<String>,
    /// What was said or written.
    #[serde(flatten)]
    pub statement: StatementView,
    /// Where the matter is, as it was told.
    pub location: Option<LocationView>,
    /// Files.
    pub attachments: Vec<AttachmentView>,
    /// Whether the citizen declared an emergency.
    pub declared_emergency: bool,
    /// Whether it stands where everybody reads it: never answer there with anything about the matter.
    pub public: bool,
    /// Whether its words insult: show it behind a fold.
    pub abusive: bool,
    /// Whether the sender's address was typed into a form and nobody has shown that it is theirs.
    pub unproven: bool,
    /// Whether the citizen asked that the office not know who they are.
    pub confidential: bool,
    /// What came along and is not the statement, to be shown behind a fold: quoted text, a signature.
    pub folded: Option<String>,
    /// What else the channel knows of this arrival (`dmarc`: `pass`).
    pub facts: BTreeMap<String, String>,
}

impl ContactView {
    /// The contact with this id of `ticket`, as `sight` shows it.
    pub fn new(ticket: Number, id: i64, contact: &Contact, sight: Sight) -> Self {
        Self {
            id,
            channel: contact.channel,
            received_at: contact.received_at,
            sender: SenderView::new(&contact.sender, sight),
            language: contact.language,
            subject: contact.subject.clone(),
            statement: StatementView::from(&contact.statement),
            location: contact.location.as_ref().map(LocationView::from),
            attachments: contact.attachments.iter().map(|a| AttachmentView::new(ticket, a)).collect(),
            declared_emergency: contact.declared_emergency,
            public: contact.marks.contains(&Mark::Public),
            abusive: contact.marks.contains(&Mark::Abusive),
            unproven: contact.marks.contains(&Mark::Unproven),
            confidential: contact.marks.contains(&Mark::Confidential),
            folded: contact.folded.clone(),
            facts: contact.facts.clone(),
        }
    }
}

/// The sender of a contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SenderView {
    /// E.164.
    pub phone: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Name as given.
    pub name: Option<String>,
    /// Name within the channel.
    pub handle: Option<String>,
}

impl SenderView {
    fn new(sender: &Sender, sight: Sight) -> Self {
        let hide = |text: &String| if sight == Sight::Masked { masked_word(text) } else { text.clone() };
        let phone = |number: &PhoneNumber| if sight == Sight::Masked { number.masked() } else { number.to_string() };
        Self {
            phone: sender.phone.as_ref().map(phone),
            email: sender.email.as_ref().map(hide),
            name: sender.name.as_ref().map(hide),
            handle: sender.handle.as_ref().map(hide),
        }
    }
}

/// What a citizen said or wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatementView {
    /// `written`, `transcribed`, `voice_only` or `image_only`.
    pub kind: &'static str,
    /// The text of record; absent where the voice or the image itself is the statement.
    pub text: Option<String>,
    /// A machine's guess beside a voice or an image. It decides nothing.
    pub draft: Option<String>,
    /// The recogniser's confidence in a transcribed text, 0 to 1.
    pub confidence: Option<f32>,
}

impl From<&Statement> for StatementView {
    fn from(statement: &Statement) -> Self {
        let (kind, confidence) = match statement {
            Statement::Written { .. } => ("written", None),
            Statement::Transcribed { confidence, .. } => ("transcribed", Some(*confidence)),
            Statement::VoiceOnly { .. } => ("voice_only", None),
            Statement::ImageOnly { .. } => ("image_only", None),
        };
        Self { kind, text: statement.text().map(Into::into), draft: statement.draft().map(Into::into), confidence }
    }
}

/// Where a matter is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LocationView {
    /// LGD code or name of a district.
    pub district: Option<String>,
    /// LGD code or name of a block or municipality.
    pub block: Option<String>,
    /// WGS 84 latitude in degrees.
    pub lat: Option<f64>,
    /// WGS 84 longitude in degrees.
    pub lon: Option<f64>,
}

impl From<&Location> for LocationView {
    fn from(location: &Location) -> Self {
        Self { district: location.district.clone(), block: location.block.clone(), lat: location.lat, lon: location.lon }
    }
}

/// A stored file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachmentView {
    /// Its name in the store: SHA-256 of its content.
    pub blob: String,
    /// Name to show.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// What it is for.
    #[schema(value_type = AttachmentRoleWord)]
    pub role: AttachmentRole,
    /// Where to read it.
    #[schema(example = "/api/v1/tickets/4718309263/attachments/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub url: String,
}

impl AttachmentView {
    /// A file of `ticket`.
    pub fn new(ticket: Number, attachment: &Attachment) -> Self {
        Self {
            blob: attachment.blob.as_str().to_owned(),
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size: attachment.size,
            role: attachment.role,
            url: format!("/api/v1/tickets/{ticket}/attachments/{}", attachment.blob.as_str()),
        }
    }
}

/// An event of a ticket's life.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Its place, from 1.
    pub seq: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub by: ActorView,
    /// SHA-256 over the one before and this one, hexadecimal.
    pub hash: String,
    /// What: `registered`, `contact_joined`, `amended`, `classified`, `emergency_raised`, `written_down`, `assigned`, `taken`, `forwarded`,
    /// `asked`, `answered`, `noted`, `atr_submitted`, `verification_begun`, `atr_returned`, `closed`, `reopened`, `merged`,
    /// `unmerged`, `policy_registered`, `visit_requested`, `evidence_given`, `cosigned`, `restricted`, `reminded`, `escalated`,
    /// `limit_moved`, `questioned`, `called`, `message`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What belongs to that type, beside the others.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub details: Map<String, Value>,
}

impl From<&SealedEvent> for EventView {
    fn from(sealed: &SealedEvent) -> Self {
        let mut details = match serde_json::to_value(&sealed.event.body) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let kind = details.remove("type").and_then(|t| t.as_str().map(Into::into)).unwrap_or_default();
        Self { seq: sealed.seq, at: sealed.event.at, by: ActorView::from(&sealed.event.by), hash: hex::encode(sealed.hash), kind, details }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActorView {
    /// `citizen`, `person`, `machine` or `helpline`.
    pub kind: &'static str,
    /// Sign-in name of a person, name of a machine's token.
    pub name: Option<String>,
}

impl From<&Actor> for ActorView {
    fn from(actor: &Actor) -> Self {
        let (kind, name) = match actor {
            Actor::Citizen => ("citizen", None),
            Actor::Person { name } => ("person", Some(name.clone())),
            Actor::Machine { name } => ("machine", Some(name.clone())),
            Actor::Helpline => ("helpline", None),
        };
        Self { kind, name }
    }
}

/// The first letter, and a sign that more is hidden.
pub fn masked_word(text: &str) -> String {
    text.chars().next().map_or_else(String::new, |first| format!("{first}…"))
}

/// A telephone number with its middle hidden.
pub fn masked_phone(text: &str) -> String {
    PhoneNumber::parse(text).map_or_else(|_| masked_word(text), |number| number.masked())
}
