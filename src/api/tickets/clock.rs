//! The limits of a ticket as they are shown.

use crate::api::parts::Parts;
use daak_domain::Timestamp;
use daak_domain::escalation::Clock;
use daak_domain::ticket::SealedEvent;
use serde::Serialize;
use utoipa::ToSchema;

/// The limits of a ticket, since it was registered or opened again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LimitsView {
    /// When its time began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// By when somebody must have begun to do something.
    #[schema(value_type = String, format = DateTime)]
    pub first_action_at: Timestamp,
    /// When somebody did.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_action_done_at: Option<Timestamp>,
    /// By when the citizen should hear how far it is; absent where none is owed, or they heard.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub interim_at: Option<Timestamp>,
    /// By when it must be resolved.
    #[schema(value_type = String, format = DateTime)]
    pub resolution_at: Timestamp,
    /// Why the clock rests, while it does: `asked`, `report`.
    pub resting: Option<&'static str>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resting_since: Option<Timestamp>,
    /// Until when at most, where that is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resting_until: Option<Timestamp>,
}

/// The limits that a ticket's events give.
pub fn limits(parts: &Parts, events: &[SealedEvent], now: Timestamp) -> Option<LimitsView> {
    let clock = Clock::of(events.iter().map(|sealed| &sealed.event)).filter(|clock| !clock.over)?;
    let (rule, limits) = (&parts.rules.escalation, &parts.rules.limits);
    let due = rule.due(&clock, limits, now);
    let resting = rule.resting(&clock, limits, now);
    Some(LimitsView {
        started_at: clock.started_at,
        first_action_at: due.first_action_at,
        first_action_done_at: clock.first_action_at,
        interim_at: due.interim_at.filter(|_| !clock.heard),
        resolution_at: due.resolution_at,
        resting: resting.map(|(rest, _)| rest.why.as_str()),
        resting_since: resting.map(|(rest, _)| rest.from),
        resting_until: resting.and_then(|(_, until)| until),
    })
}
