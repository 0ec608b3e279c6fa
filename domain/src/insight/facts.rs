//! What of a ticket is counted.

use super::Day;
use crate::contact::Channel;
use crate::ticket::{Closure, Event, EventBody, Illegal, Number, SlaClass, State, Ticket};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A condition in which a ticket stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It was registered on this day.
    Registered = 1,
    /// It was registered on this day, and somebody still has something to do.
    Open = 2,
    /// It was registered on this day, and waits for the citizen's answer.
    Waiting = 3,
    /// It was registered on this day, and a report lies before the verifier.
    Verifying = 4,
    /// It is due on this day, and open.
    Due = 5,
    /// It was closed on this day on the citizen's yes, within its limit.
    ConfirmedKept = 6,
    /// On the citizen's yes, after its limit.
    ConfirmedLate = 7,
    /// It was closed on this day because the citizen did not answer, within its limit.
    NoAnswerKept = 8,
    /// Without an answer, after its limit.
    NoAnswerLate = 9,
    /// It was closed on this day on an official's own word, within its limit.
    OverrideKept = 10,
    /// On an official's own word, after its limit.
    OverrideLate = 11,
    /// It was reopened on this day, for the last time so far.
    Reopened = 12,
    /// It was closed on this day on evidence that a person accepted, within its limit.
    EvidencedKept = 13,
    /// On evidence, after its limit.
    EvidencedLate = 14,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Fact; 14] = [
        Fact::Registered,
        Fact::Open,
        Fact::Waiting,
        Fact::Verifying,
        Fact::Due,
        Fact::ConfirmedKept,
        Fact::ConfirmedLate,
        Fact::NoAnswerKept,
        Fact::NoAnswerLate,
        Fact::OverrideKept,
        Fact::OverrideLate,
        Fact::Reopened,
        Fact::EvidencedKept,
        Fact::EvidencedLate,
    ];

    /// How it is stored.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// The fact that is stored so.
    pub fn of_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.code() == code)
    }

    /// Closed on this word, within the limit or after it.
    pub fn closed(closure: Closure, late: bool) -> Self {
        match (closure, late) {
            (Closure::Confirmed, false) => Fact::ConfirmedKept,
            (Closure::Confirmed, true) => Fact::ConfirmedLate,
            (Closure::NoAnswer, false) => Fact::NoAnswerKept,
            (Closure::NoAnswer, true) => Fact::NoAnswerLate,
            (Closure::Evidenced, false) => Fact::EvidencedKept,
            (Closure::Evidenced, true) => Fact::EvidencedLate,
            (Closure::Override, false) => Fact::OverrideKept,
            (Closure::Override, true) => Fact::OverrideLate,
        }
    }

    /// On whose word, and whether after the limit, if the fact is that it was closed.
    pub fn closing(self) -> Option<(Closure, bool)> {
        Some(match self {
            Fact::ConfirmedKept => (Closure::Confirmed, false),
            Fact::ConfirmedLate => (Closure::Confirmed, true),
            Fact::NoAnswerKept => (Closure::NoAnswer, false),
            Fact::NoAnswerLate => (Closure::NoAnswer, true),
            Fact::EvidencedKept => (Closure::Evidenced, false),
            Fact::EvidencedLate => (Closure::Evidenced, true),
            Fact::OverrideKept => (Closure::Override, false),
            Fact::OverrideLate => (Closure::Override, true),
            _ => return None,
        })
    }
}

/// By what counts are told apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Department that has it now.
    pub department: String,
    /// What it is about.
    pub category: String,
    /// Class of its limit.
    pub class: SlaClass,
    /// LGD code of its district; empty where it is not known.
    pub district: String,
    /// Code of its block or municipality; empty where it is not known.
    pub block: String,
    /// By which way it came.
    pub channel: Channel,
}

/// All that is counted of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Of what kind it is.
    pub kind: Kind,
    /// When it was registered.
    pub registered: Day,
    /// When it must be resolved.
    pub due: Day,
    /// Where it stands.
    pub state: State,
    /// When it was closed, on whose word and whether after its limit, while it is closed.
    pub closed: Option<(Day, Closure, bool)>,
    /// When it was reopened last.
    pub reopened: Option<Day>,
}

/// One number that changes: of this kind, in this condition, on this day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The condition.
    pub fact: Fact,
    /// The day.
    pub day: Day,
    /// The kind.
    pub kind: &'a Kind,
    /// One ticket more or less.
    pub n: i64,
    /// Days that went by between registration and closing, more or less; 0 for other facts.
    pub days: i64,
}

impl Facts {
    /// What is counted of this ticket, which was last reopened then.
    pub fn of(ticket: &Ticket, reopened_at: Option<Timestamp>) -> Self {
        let over = ticket.closed_at.zip(ticket.closure).filter(|_| ticket.state == State::Closed);
        Self {
            kind: Kind {
                department: ticket.department.clone(),
                category: ticket.category.clone(),
                class: ticket.sla_class,
                district: ticket.district.clone().unwrap_or_default(),
                block: ticket.block.clone().unwrap_or_default(),
                channel: ticket.channel,
            },
            registered: Day::of(ticket.registered_at),
            due: Day::of(ticket.due_at),
            state: ticket.state,
            closed: over.map(|(at, closure)| (Day::of(at), closure, at > ticket.due_at)),
            reopened: reopened_at.map(Day::of),
        }
    }

    /// The ticket that these events make, when it was last reopened, and what is counted of it.
    ///
    /// # Errors
    /// [`Illegal`] if they are no legal life.
    pub fn fold<'a>(number: Number, events: impl IntoIterator<Item = &'a Event> + Clone) -> Result<(Ticket, Option<Timestamp>), Illegal> {
        let ticket = Ticket::fold(number, events.clone())?;
        let reopened = events.into_iter().filter(|e| matches!(e.body, EventBody::Reopened { .. })).last();
        Ok((ticket, reopened.map(|e| e.at)))
    }

    /// The conditions in which it stands, each with its day.
    pub fn conditions(&self) -> Vec<(Fact, Day)> {
        let mut all = vec![(Fact::Registered, self.registered)];
        if self.state.is_open() {
            all.push((Fact::Open, self.registered));
            all.push((Fact::Due, self.due));
        }
        match self.state {
            State::NeedsInfo => all.push((Fact::Waiting, self.registered)),
            State::AtrSubmitted | State::Verifying => all.push((Fact::Verifying, self.registered)),
            _ => {}
        }
        all.extend(self.closed.map(|(day, closure, late)| (Fact::closed(closure, late), day)));
        all.extend(self.reopened.map(|day| (Fact::Reopened, day)));
        all
    }

    /// What changes in the counts when a ticket that stood as `before` (`None`: there was none) stands so.
    pub fn changes<'a>(&'a self, before: Option<&'a Facts>) -> Vec<Change<'a>> {
        let (new, old) = (self.conditions(), before.map(Facts::conditions).unwrap_or_default());
        let same_kind = before.is_some_and(|b| b.kind == self.kind && b.registered == self.registered);
        let stays = |(fact, day): &(Fact, Day), others: &[(Fact, Day)]| same_kind && others.contains(&(*fact, *day));
        let mut changes = Vec::new();
        if let Some(before) = before {
            changes.extend(old.iter().filter(|c| !stays(c, &new)).map(|(fact, day)| before.change(*fact, *day, -1)));
        }
        changes.extend(new.iter().filter(|c| !stays(c, &old)).map(|(fact, day)| self.change(*fact, *day, 1)));
        changes
    }

    fn change(&self, fact: Fact, day: Day, n: i64) -> Change<'_> {
        let days = if fact.closing().is_some() { i64::from((day.0 - self.registered.0).max(0)) } else { 0 };
        Change { fact, day, kind: &self.kind, n, days: n * days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn facts(department: &str, state: State) -> Facts {
        Facts {
            kind: Kind {
                department: department.into(),
                category: "c".into(),
                class: SlaClass::Individual,
                district: "305".into(),
                block: String::new(),
                channel: Channel::Phone,
            },
            registered: Day(100),
            due: Day(107),
            state,
            closed: (state == State::Closed).then_some((Day(109), Closure::NoAnswer, true)),
            reopened: None,
        }
    }

    #[test]
    fn what_moves_no_count_changes_nothing() {
        let before = facts("PWD", State::Registered);
        assert_eq!(facts("PWD", State::InProgress).changes(Some(&before)), []);
        let waits = facts("PWD", State::NeedsInfo);
        let changes = waits.changes(Some(&before));
        assert_eq!(changes.iter().map(|c| (c.fact, c.n)).collect::<Vec<_>>(), [(Fact::Waiting, 1)]);
    }

    #[test]
    fn a_ticket_that_goes_elsewhere_takes_its_counts_along() {
        let (here, there) = (facts("PWD", State::Registered), facts("PHE", State::Closed));
        let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
        let all = here.changes(None).into_iter().chain(there.changes(Some(&here)));
        for change in all {
            let sum = sums.entry((change.kind.department.clone(), change.fact, change.day)).or_default();
            *sum = (sum.0 + change.n, sum.1 + change.days);
        }
        sums.retain(|_, sum| *sum != (0, 0));
        let expected = [(("PHE".into(), Fact::Registered, Day(100)), (1, 0)), (("PHE".into(), Fact::NoAnswerLate, Day(109)), (1, 9))];
        assert_eq!(sums, expected.into());
    }

    #[test]
    fn every_fact_has_a_code_of_its_own() {
        for fact in Fact::ALL {
            assert_eq!(Fact::of_code(fact.code()), Some(fact));
            assert_eq!(fact.closing().map(|(closure, late)| Fact::closed(closure, late)), fact.closing().map(|_| fact));
        }
    }
}
