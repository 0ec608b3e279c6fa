//! A visit, and the table of what may happen to it.

use super::{Cause, Outcome};
use crate::ticket::{Event, EventBody, Number};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// Somebody is to go.
    Planned,
    /// It is known who goes, and on which day.
    Assigned,
    /// They are on their way, or there.
    Started,
    /// They were there and said what they saw.
    Done,
    /// They could not do it, and said why.
    CouldNot,
    /// Nobody is to go any more.
    Cancelled,
}

/// What may be done with a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitStep {
    /// Give it to somebody for a day, or to somebody else.
    Assign,
    /// Set out.
    Start,
    /// Say what was seen.
    Report,
    /// Say why nothing could be seen.
    GiveUp,
    /// Nobody is to go.
    Cancel,
}

/// Every row of the table: from where, by what, to where. A report may come before the setting-out that it belongs to: devices
/// are without a network for days.
pub const VISIT_TRANSITIONS: [(VisitState, VisitStep, VisitState); 14] = {
    use VisitState::*;
    use VisitStep::*;
    [
        (Planned, Assign, Assigned),
        (Planned, Cancel, Cancelled),
        (Assigned, Assign, Assigned),
        (Assigned, Start, Started),
        (Assigned, Report, Done),
        (Assigned, GiveUp, CouldNot),
        (Assigned, Cancel, Cancelled),
        (Started, Assign, Assigned),
        (Started, Report, Done),
        (Started, GiveUp, CouldNot),
        (Started, Cancel, Cancelled),
        // Whoever could not go may go again; what was called off may be taken up after all.
        (CouldNot, Assign, Assigned),
        (CouldNot, Cancel, Cancelled),
        (Cancelled, Assign, Assigned),
    ]
};

/// The state after a step; `None` where the table has no such row.
pub fn next_visit_state(from: VisitState, step: VisitStep) -> Option<VisitState> {
    VISIT_TRANSITIONS.iter().find(|row| (row.0, row.1) == (from, step)).map(|row| row.2)
}

/// Names a visit: its ticket, and its place among the ticket's visits from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitId {
    /// The ticket.
    pub ticket: Number,
    /// The place.
    pub nth: u32,
}

/// A visit as the ticket's events make it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Its place among the ticket's visits, from 1.
    pub nth: u32,
    /// Where it stands.
    pub state: VisitState,
    /// Why it was planned.
    pub cause: Cause,
    /// Which event of the ticket was the reason.
    pub of: u32,
    /// Whether the ticket is not to be closed without the citizen's word before somebody was there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needed: bool,
    /// Sign-in name of whoever goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executive: Option<String>,
    /// On which day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// The device's name of the report that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the matter was seen to be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<bool>,
    /// Whether the checks of the report found nothing to doubt; none: they were not made yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<bool>,
}

/// What may not happen to a visit as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The table has no such row.
    #[error("{step:?} is not possible: the visit is {}", .state.as_str())]
    Step {
        /// Where it stands.
        state: VisitState,
        /// What was tried.
        step: VisitStep,
    },
    /// There is no such visit.
    #[error("the ticket has no visit {0}")]
    Unknown(u32),
    /// Visits are numbered in order.
    #[error("the ticket's next visit is number {0}")]
    Place(u32),
    /// There is nothing to check, or it was checked.
    #[error("visit {0} has no report that waits to be checked")]
    Unreported(u32),
}

impl VisitState {
    /// Every state.
    pub const ALL: [VisitState; 6] =
        [VisitState::Planned, VisitState::Assigned, VisitState::Started, VisitState::Done, VisitState::CouldNot, VisitState::Cancelled];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            VisitState::Planned => "planned",
            VisitState::Assigned => "assigned",
            VisitState::Started => "started",
            VisitState::Done => "done",
            VisitState::CouldNot => "could_not",
            VisitState::Cancelled => "cancelled",
        }
    }

    /// Whether somebody is still to go.
    pub fn is_open(self) -> bool {
        matches!(self, VisitState::Planned | VisitState::Assigned | VisitState::Started)
    }
}

impl std::str::FromStr for VisitState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("unknown state of a visit: use one of {}", known.join(", "))
        })
    }
}

impl std::fmt::Display for VisitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ticket, self.nth)
    }
}

impl std::str::FromStr for VisitId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (ticket, nth) = text.rsplit_once('-').ok_or("expected a ticket's number, a hyphen and the place of the visit")?;
        let nth = nth.parse().map_err(|_| format!("{nth:?} is no place of a visit"))?;
        Ok(Self { ticket: Number::parse(ticket).map_err(|why| why.to_string())?, nth })
    }
}

impl Visit {
    /// Does to a ticket's visits what an event says; every other event leaves them as they are.
    ///
    /// # Errors
    /// [`Illegal`] says why it may not happen; the visits are unchanged.
    pub fn apply(visits: &mut Vec<Visit>, event: &Event) -> Result<(), Illegal> {
        match &event.body {
            EventBody::VisitPlanned { visit, cause, of, needed, .. } => {
                let next = u32::try_from(visits.len()).unwrap_or(u32::MAX).saturating_add(1);
                if *visit != next {
                    return Err(Illegal::Place(next));
                }
                visits.push(Visit::planned(next, cause.clone(), *of, *needed));
            }
            EventBody::VisitAssigned { visit, executive, day } => {
                let visit = step(visits, *visit, VisitStep::Assign)?;
                (visit.executive, visit.day) = (Some(executive.clone()), Some(*day));
                (visit.key, visit.settled, visit.sound) = (None, None, None);
            }
            EventBody::VisitStarted { visit } => drop(step(visits, *visit, VisitStep::Start)?),
            EventBody::VisitCancelled { visit, .. } => drop(step(visits, *visit, VisitStep::Cancel)?),
            EventBody::VisitReported { visit, report } => {
                let seen = matches!(report.outcome, Outcome::Seen { .. });
                let visit = step(visits, *visit, if seen { VisitStep::Report } else { VisitStep::GiveUp })?;
                visit.key = Some(report.key.clone());
                if let Outcome::Seen { settled } = report.outcome {
                    visit.settled = Some(settled);
                }
            }
            EventBody::VisitChecked { visit, finding } => {
                let found = of(visits, *visit)?;
                if found.key.is_none() || found.sound.is_some() {
                    return Err(Illegal::Unreported(*visit));
                }
                found.sound = Some(finding.is_sound());
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether its ticket waits for it: the rules ask for it, and nobody was there yet.
    pub fn is_awaited(&self) -> bool {
        self.needed && !matches!(self.state, VisitState::Done | VisitState::Cancelled)
    }

    fn planned(nth: u32, cause: Cause, of: u32, needed: bool) -> Self {
        let state = VisitState::Planned;
        Self { nth, state, cause, of, needed, executive: None, day: None, key: None, settled: None, sound: None }
    }
}

fn of(visits: &mut [Visit], nth: u32) -> Result<&mut Visit, Illegal> {
    visits.iter_mut().find(|visit| visit.nth == nth).ok_or(Illegal::Unknown(nth))
}

fn step(visits: &mut [Visit], nth: u32, step: VisitStep) -> Result<&mut Visit, Illegal> {
    let visit = of(visits, nth)?;
    let state = visit.state;
    visit.state = next_visit_state(state, step).ok_or(Illegal::Step { state, step })?;
    Ok(visit)
}
