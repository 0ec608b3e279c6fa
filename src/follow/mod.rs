//! How other systems follow what happens: what they are told of a change, and the calling of those who want to be called.

mod caller;

pub use caller::{Caller, signature};

use crate::store::ChangeRow;
use daak_domain::Timestamp;
use daak_domain::contact::Channel;
use daak_domain::ticket::{Closure, EventBody, Number, SlaClass, State};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened to a ticket: what kind of step it was, and nothing that anybody wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeView {
    /// Names the change for ever: whoever gets it twice knows it.
    pub id: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The ticket.
    #[schema(value_type = String)]
    pub ticket: Number,
    /// The event's place in the ticket's life, from 1.
    pub seq: u32,
    /// What happened: `registered`, `assigned`, `closed` and so on, as in a ticket's timeline.
    #[serde(rename = "type")]
    pub kind: String,
    /// The office that it was given to.
    pub department: Option<String>,
    /// On whose word it was closed.
    #[schema(value_type = Option<String>)]
    pub closure: Option<Closure>,
    /// By which way a contact came.
    #[schema(value_type = Option<String>)]
    pub channel: Option<Channel>,
    /// How the ticket stands now.
    pub now: StandsNow,
}

/// How a ticket stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StandsNow {
    /// Its state.
    #[schema(value_type = String)]
    pub state: State,
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// LGD code of the district, where known.
    pub district: Option<String>,
    /// Class of limit.
    #[schema(value_type = String)]
    pub sla_class: SlaClass,
    /// Whether life or limb are at stake.
    pub emergency: bool,
    /// When it must be resolved.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
}

impl From<&ChangeRow> for ChangeView {
    fn from(row: &ChangeRow) -> Self {
        let body = &row.event.body;
        let kind = serde_json::to_value(body).ok().and_then(|v| v.get("type")?.as_str().map(str::to_owned)).unwrap_or_default();
        let department = match body {
            EventBody::Registered { department, .. }
            | EventBody::Assigned { department, .. }
            | EventBody::Forwarded { department, .. }
            | EventBody::Classified { department, .. } => Some(department.clone()),
            _ => None,
        };
        let closure = if let EventBody::Closed { closure, .. } = body { Some(*closure) } else { None };
        let channel = match body {
            EventBody::Registered { channel, .. } | EventBody::ContactJoined { channel, .. } | EventBody::Message { channel, .. } => {
                Some(*channel)
            }
            _ => None,
        };
        let ticket = &row.ticket;
        Self {
            id: format!("{}-{}", row.number, row.seq),
            at: row.event.at,
            ticket: row.number,
            seq: row.seq,
            kind,
            department,
            closure,
            channel,
            now: StandsNow {
                state: ticket.state,
                category: ticket.category.clone(),
                department: ticket.department.clone(),
                district: ticket.district.clone(),
                sla_class: ticket.sla_class,
                emergency: ticket.emergency,
                due_at: ticket.due_at,
            },
        }
    }
}
