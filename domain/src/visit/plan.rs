//! When a visit is planned.

use super::rule::{Due, VisitRule, VisitRules};
use crate::ticket::{EventBody, Number, SealedEvent, Ticket};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why a visit was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", content = "name", rename_all = "snake_case")]
pub enum Cause {
    /// A rule of this name says so.
    Rule(String),
    /// It was drawn, by the draw of this name.
    Draw(String),
    /// Somebody of this sign-in name asked.
    Request(String),
}

impl VisitRules {
    /// The visits that a ticket's events call for and that are not planned yet: one at most for each event. `value` is the amount of
    /// rupees that the matter is about, where it names one.
    pub fn wanted(&self, ticket: &Ticket, events: &[SealedEvent], value: Option<u64>) -> Vec<EventBody> {
        let mut next = u32::try_from(ticket.visits.len()).unwrap_or(u32::MAX);
        let mut wanted = Vec::new();
        // One look at the place serves every rule: while somebody is to go, no rule sends another.
        let mut going = ticket.visits.iter().any(|visit| visit.state.is_open());
        for sealed in events {
            if ticket.visits.iter().any(|visit| visit.of == sealed.seq) {
                continue;
            }
            let last_of_its_kind = |same: fn(&EventBody) -> bool| !events.iter().any(|e| e.seq > sealed.seq && same(&e.event.body));
            let planned = match &sealed.event.body {
                EventBody::VisitRequested { reason } => {
                    let by = match &sealed.event.by {
                        crate::ticket::Actor::Person { name } | crate::ticket::Actor::Machine { name } => name.clone(),
                        _ => "helpline".to_owned(),
                    };
                    Some((Cause::Request(by), reason.clone(), false))
                }
                EventBody::AtrSubmitted { .. } if !going && last_of_its_kind(|body| matches!(body, EventBody::AtrSubmitted { .. })) => {
                    self.by_rule(Due::Report, ticket, value, sealed)
                }
                EventBody::Closed { .. } if !going && last_of_its_kind(|body| matches!(body, EventBody::Closed { .. })) => {
                    self.by_rule(Due::Closing, ticket, value, sealed)
                }
                _ => None,
            };
            if let Some((cause, reason, needed)) = planned {
                next = next.saturating_add(1);
                going = true;
                wanted.push(EventBody::VisitPlanned { visit: next, cause, of: sealed.seq, reason, needed });
            }
        }
        wanted
    }

    fn by_rule(&self, due: Due, ticket: &Ticket, value: Option<u64>, sealed: &SealedEvent) -> Option<(Cause, String, bool)> {
        let rule =
            self.rules.iter().find(|rule| rule.due == due && rule.is_for(ticket, value) && self.draws(rule, ticket.number, sealed))?;
        let cause = if rule.per_mille.is_some() { Cause::Draw(rule.name.clone()) } else { Cause::Rule(rule.name.clone()) };
        Some((cause, rule.why.clone(), rule.needed))
    }

    /// Whether the lot falls on this event. Nobody knows before it happened, for its hash is drawn from; anybody who has the log and
    /// the seed can draw again afterwards and finds the same.
    fn draws(&self, rule: &VisitRule, number: Number, sealed: &SealedEvent) -> bool {
        let Some(per_mille) = rule.per_mille else { return true };
        let mut hasher = Sha256::new();
        for part in [self.seed.as_bytes(), rule.name.as_bytes(), number.digits().as_bytes(), &sealed.hash] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        let drawn = digest.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        // The share of 2^64 below which it falls on it.
        u128::from(drawn) < (u128::from(per_mille) << 64) / 1000
    }
}
