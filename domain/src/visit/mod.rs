//! Visits: somebody of the helpline goes and looks, and what they bring back is looked at too.
//!
//! A visit is part of its ticket's life: it is planned (by a rule, by a draw, on request), given to a field executive for a day,
//! reported, and the report is checked against what is known. Each of these is an event of the ticket. Pure: files, clocks and the
//! map's data are arguments.

mod amount;
mod evidence;
mod place;
mod plan;
mod report;
mod rule;
mod state;

pub use amount::rupees_in;
pub use evidence::{Bounds, Concern, Exif, Finding, Photograph, Seen, Twin, check};
pub use place::{Called, Executive, Spot, day_route, share_out};
pub use plan::Cause;
pub use report::{Answers, Fix, Outcome, VisitReport, Word};
pub use rule::{Checklist, ChecklistItem, Due, FileBounds, ItemKind, NamedReason, VisitRule, VisitRuleError, VisitRules};
pub use state::{Illegal, VISIT_TRANSITIONS, Visit, VisitId, VisitState, VisitStep, next_visit_state};

#[cfg(test)]
mod tests;
