//! A ticket as its events make it.

use super::{Closure, Event, EventBody, Number, SlaClass, State, Step, next_state};
use crate::contact::Channel;
use crate::language::Language;
use crate::visit::Visit;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a ticket's events amount to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub number: Number,
    /// Its state.
    pub state: State,
    /// Whose it is.
    pub person: i64,
    /// By which way it first came.
    pub channel: Channel,
    /// Category code.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit.
    pub sla_class: SlaClass,
    /// Whether life or limb are at stake.
    pub emergency: bool,
    /// In which language to answer.
    pub language: Language,
    /// LGD code of the district, where known.
    pub district: Option<String>,
    /// Code of block or municipality, where known.
    pub block: Option<String>,
    /// The person who has it.
    pub officer: Option<String>,
    /// Code of the office that has it; none where only the department is known, as before there were offices: see [`Ticket::holder`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// Code of the office that forwarded it to the one that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_from: Option<String>,
    /// How many levels above its office it was escalated, while it is open.
    #[serde(default, skip_serializing_if = "is_none")]
    pub level: u32,
    /// Codes of the offices that it complains of: nobody in them or below them sees it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it must be resolved.
    pub due_at: Timestamp,
    /// When it was last closed, while it is.
    pub closed_at: Option<Timestamp>,
    /// On whose word, while it is closed.
    pub closure: Option<Closure>,
    /// The ticket in which it goes on, while it is merged.
    pub merged_into: Option<Number>,
    /// Its visits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visit>,
    /// How many contacts it has.
    pub contacts: u32,
    /// How many events it has.
    pub seq: u32,
}

/// An event that may not happen to a ticket as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The table of transitions has no such row.
    #[error("{step:?} is not possible while the ticket is {state}")]
    Step {
        /// Where it stands.
        state: State,
        /// What was tried.
        step: Step,
    },
    /// A life begins with its registration, once.
    #[error("a ticket's first event, and only its first, is its registration")]
    Birth,
    /// A ticket cannot be merged into itself.
    #[error("a ticket cannot be merged into itself")]
    IntoItself,
    /// One of its visits does not allow it.
    #[error(transparent)]
    Visit(#[from] crate::visit::Illegal),
}

impl Ticket {
    /// The ticket that its first event makes.
    ///
    /// # Errors
    /// [`Illegal::Birth`] if the event is not a registration.
    pub fn open(number: Number, event: &Event) -> Result<Self, Illegal> {
        let EventBody::Registered {
            person,
            channel,
            category,
            department,
            sla_class,
            emergency,
            language,
            district,
            block,
            due_at,
            office,
            ..
        } = &event.body
        else {
            return Err(Illegal::Birth);
        };
        Ok(Self {
            number,
            state: State::Registered,
            person: *person,
            channel: *channel,
            category: category.clone(),
            department: department.clone(),
            sla_class: *sla_class,
            emergency: *emergency,
            language: *language,
            district: district.clone(),
            block: block.clone(),
            officer: None,
            office: office.clone(),
            came_from: None,
            level: 0,
            about: Vec::new(),
            registered_at: event.at,
            due_at: *due_at,
            closed_at: None,
            closure: None,
            merged_into: None,
            visits: Vec::new(),
            contacts: 1,
            seq: 1,
        })
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// [`Illegal`] says why it may not happen; the ticket is unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), Illegal> {
        if let EventBody::Registered { .. } = event.body {
            return Err(Illegal::Birth);
        }
        if matches!(event.body, EventBody::Merged { into } if into == self.number) {
            return Err(Illegal::IntoItself);
        }
        if let Some(step) = event.body.step() {
            let state = self.state;
            self.state = next_state(state, step).ok_or(Illegal::Step { state, step })?;
        }
        Visit::apply(&mut self.visits, event)?;
        self.take_over(event);
        self.seq += 1;
        Ok(())
    }

    /// The ticket that these events make.
    ///
    /// # Errors
    /// [`Illegal`] if they are no legal life.
    pub fn fold<'a>(number: Number, events: impl IntoIterator<Item = &'a Event>) -> Result<Self, Illegal> {
        let mut events = events.into_iter();
        let mut ticket = Self::open(number, events.next().ok_or(Illegal::Birth)?)?;
        for event in events {
            ticket.apply(event)?;
        }
        Ok(ticket)
    }

    /// Code of the office that has it: where none was named, the head office of its department.
    pub fn holder(&self) -> &str {
        self.office.as_deref().unwrap_or(&self.department)
    }

    /// It lies with another office from now on, where one is named.
    fn lie_with(&mut self, office: &Option<String>) {
        if office.is_some() {
            self.office.clone_from(office);
            (self.came_from, self.level) = (None, 0);
        }
    }

    /// Another office has it, where one is named; the person who had it there has it no more.
    fn go_up(&mut self, office: &Option<String>) {
        if office.is_some() {
            self.lie_with(office);
            self.officer = None;
        }
    }

    fn take_over(&mut self, event: &Event) {
        match &event.body {
            EventBody::ContactJoined { .. } => self.contacts += 1,
            EventBody::Classified { category, department, sla_class, due_at, office, .. } => {
                self.lie_with(office);
                self.category.clone_from(category);
                self.department.clone_from(department);
                self.sla_class = *sla_class;
                self.due_at = *due_at;
            }
            EventBody::EmergencyRaised { due_at, .. } => {
                self.emergency = true;
                self.sla_class = SlaClass::Emergency;
                self.due_at = *due_at;
            }
            EventBody::Assigned { department, officer, office, .. } => {
                self.office.clone_from(office);
                (self.came_from, self.level) = (None, 0);
                self.department.clone_from(department);
                self.officer.clone_from(officer);
            }
            EventBody::Taken { officer } => self.officer = Some(officer.clone()),
            EventBody::Forwarded { department, office, .. } => {
                let before = self.holder().to_owned();
                self.office.clone_from(office);
                self.level = 0;
                self.came_from = office.as_ref().filter(|office| **office != before).map(|_| before);
                self.department.clone_from(department);
                self.officer = None;
            }
            EventBody::AtrReturned { office, .. } => self.go_up(office),
            EventBody::Restricted { about, office, .. } => {
                self.about.clone_from(about);
                self.go_up(office);
            }
            EventBody::Escalated { level, .. } => self.level = self.level.max(*level),
            EventBody::LimitMoved { due_at, .. } => self.due_at = *due_at,
            EventBody::Closed { closure, .. } => {
                self.closed_at = Some(event.at);
                self.closure = Some(*closure);
            }
            EventBody::Reopened { office, .. } => {
                self.closed_at = None;
                self.closure = None;
                self.level = 0;
                self.go_up(office);
            }
            EventBody::Merged { into } => self.merged_into = Some(*into),
            EventBody::Unmerged => self.merged_into = None,
            _ => {}
        }
    }
}

fn is_none(level: &u32) -> bool {
    *level == 0
}
