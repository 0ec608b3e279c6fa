//! What a ticket's events say about its time.

use crate::sla::Claim;
use crate::ticket::{Actor, Event, EventBody, Limit, SlaClass, Ticket};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The facts of a ticket's time, since it was registered or opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// When its time began.
    pub started_at: Timestamp,
    class: SlaClass,
    category: String,
    office: String,
    /// Since when it is treated as an emergency, where that was later.
    pub emergency_at: Option<Timestamp>,
    /// Times that do not count; only the last may go on.
    pub rests: Vec<Rest>,
    /// When somebody began to do something about it.
    pub first_action_at: Option<Timestamp>,
    /// Whether the citizen heard how far it is.
    pub heard: bool,
    /// When it must be resolved, as it was written down last.
    pub due_at: Timestamp,
    /// When that was written down.
    pub due_said_at: Timestamp,
    /// Reminders done of each limit.
    pub reminded: BTreeMap<Limit, u32>,
    /// The highest level that was told of each limit, and when.
    pub escalated: BTreeMap<Limit, (u32, Timestamp)>,
    /// Nobody has to do anything: it is closed, merged, or kept for policy.
    pub over: bool,
}

/// A time that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Since when.
    pub from: Timestamp,
    /// Until when at most, where that was said.
    pub until: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why.
    pub why: RestReason,
}

/// Why the clock rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestReason {
    /// The citizen was asked for something.
    Asked,
    /// A report lies before whoever verifies it.
    Report,
}

impl RestReason {
    /// The name used in the HTTP API.
    pub fn as_str(self) -> &'static str {
        match self {
            RestReason::Asked => "asked",
            RestReason::Report => "report",
        }
    }
}

impl Clock {
    /// What a ticket's events say; `None` if they do not begin with its registration.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let EventBody::Registered { category, department, sla_class, office, due_at, .. } = &first.body else { return None };
        let mut clock = Self {
            started_at: first.at,
            class: *sla_class,
            category: category.clone(),
            office: office.as_ref().unwrap_or(department).clone(),
            emergency_at: None,
            rests: Vec::new(),
            first_action_at: None,
            heard: false,
            due_at: *due_at,
            due_said_at: first.at,
            reminded: BTreeMap::new(),
            escalated: BTreeMap::new(),
            over: false,
        };
        for event in events {
            clock.hear(event);
        }
        Some(clock)
    }

    /// What decides its limits: what it was when its time began. Nobody gains time by another word for the matter, or by
    /// another office.
    pub fn claim(&self) -> Claim<'_> {
        Claim { class: self.class, category: &self.category, office: &self.office }
    }

    /// The same as an emergency.
    pub fn emergency_claim(&self) -> Claim<'_> {
        Claim { class: SlaClass::Emergency, ..self.claim() }
    }

    /// By what its time is counted now.
    pub fn claim_now(&self) -> Claim<'_> {
        if self.emergency_at.is_some() { self.emergency_claim() } else { self.claim() }
    }

    fn hear(&mut self, event: &Event) {
        let by_hand = matches!(event.by, Actor::Person { .. } | Actor::Machine { .. });
        match &event.body {
            EventBody::EmergencyRaised { due_at, .. } => {
                if self.class != SlaClass::Emergency && self.emergency_at.is_none() {
                    self.emergency_at = Some(event.at);
                    (self.reminded, self.escalated) = Default::default();
                }
                self.said(*due_at, event.at);
            }
            EventBody::Classified { due_at, .. } | EventBody::LimitMoved { due_at, .. } => self.said(*due_at, event.at),
            EventBody::Taken { .. } | EventBody::VisitRequested { .. } => self.acted(event.at),
            EventBody::Replied { .. } => {
                self.acted(event.at);
                self.heard = true;
            }
            EventBody::Asked { until, .. } => {
                self.acted(event.at);
                self.heard = true;
                self.rest(Rest { from: event.at, until: *until, ended: None, why: RestReason::Asked });
            }
            EventBody::AtrSubmitted { .. } => {
                self.acted(event.at);
                self.rest(Rest { from: event.at, until: None, ended: None, why: RestReason::Report });
            }
            EventBody::AtrReturned { .. } => self.wake(event.at),
            EventBody::Closed { .. } | EventBody::Merged { .. } | EventBody::PolicyRegistered { .. } => self.over = true,
            EventBody::Unmerged => self.over = false,
            EventBody::Reopened { .. } => self.begin_anew(event.at),
            EventBody::Reminded { limit, nth, .. } => {
                let done = self.reminded.entry(*limit).or_default();
                *done = (*done).max(*nth);
            }
            EventBody::Escalated { limit, level, .. } => drop(self.escalated.insert(*limit, (*level, event.at))),
            EventBody::Assigned { .. } if self.over => self.over = false,
            _ => {}
        }
        // Whatever moves the ticket on ends the wait for the citizen.
        let asked = self.rests.last().is_some_and(|rest| rest.why == RestReason::Asked && rest.ended.is_none());
        let moves_on = matches!(event.body, EventBody::Answered { .. } | EventBody::Forwarded { .. } | EventBody::Assigned { .. });
        if asked && (moves_on || (by_hand && matches!(event.body, EventBody::Taken { .. }))) {
            self.wake(event.at);
        }
    }

    fn said(&mut self, due_at: Timestamp, at: Timestamp) {
        (self.due_at, self.due_said_at) = (due_at, at);
    }

    fn acted(&mut self, at: Timestamp) {
        self.first_action_at.get_or_insert(at);
    }

    fn rest(&mut self, rest: Rest) {
        self.wake(rest.from);
        self.rests.push(rest);
    }

    fn wake(&mut self, at: Timestamp) {
        if let Some(rest) = self.rests.last_mut().filter(|rest| rest.ended.is_none()) {
            rest.ended = Some(at);
        }
    }

    /// A matter that was closed and is not settled has its whole time again.
    fn begin_anew(&mut self, at: Timestamp) {
        if self.emergency_at.take().is_some() {
            self.class = SlaClass::Emergency;
        }
        self.started_at = at;
        self.rests.clear();
        (self.reminded, self.escalated) = Default::default();
        (self.first_action_at, self.heard, self.over) = (None, false, false);
    }
}

impl Ticket {
    /// Whether time can bring something about, as the ticket stands.
    pub fn has_clock(&self) -> bool {
        use crate::ticket::State;
        !matches!(self.state, State::Closed | State::Merged | State::PolicyRegister)
    }
}
