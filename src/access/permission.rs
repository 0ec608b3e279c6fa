//! Who may do what: one function, [`may`].

use super::{Role, Scope};
use daak_domain::ticket::{Actor, Ticket};

/// Somebody, or some machine, who was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Sign-in name, or the token's name.
    pub name: String,
    /// What they are there for.
    pub role: Role,
    /// Whose tickets they see.
    pub scope: Scope,
    /// Whether it is a machine with a token.
    pub machine: bool,
}

impl Principal {
    /// Who stands in the event log for what they do.
    pub fn actor(&self) -> Actor {
        match self.machine {
            true => Actor::Machine { name: self.name.clone() },
            false => Actor::Person { name: self.name.clone() },
        }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Act {
    TakeInContact,
    Classify,
    ReadTicket,
    HearRecording,
    Note,
    WriteDown,
    Assign,
    Forward,
    Take,
    Ask,
    Answer,
    SubmitAtr,
    JudgeAtr,
    Verify,
    ReturnAtr,
    Close,
    Reopen,
    Appeal,
    Merge,
    RequestVisit,
    GiveEvidence,
    Cosign,
    HearCitizen,
    Restrict,
    ReadMasters,
    ReadFloor,
    ChangeOwnPresence,
    ChangeOthersPresence,
    Attend,
    ReadOutbox,
    Reply,
    Quarantine,
    ReadMeasures,
    ManagePeople,
    FollowChanges,
    ManageWebhooks,
}

impl Act {
    /// In words, after "may not".
    fn words(self) -> &'static str {
        match self {
            Act::TakeInContact => "hand in contacts",
            Act::Classify => "classify texts",
            Act::ReadTicket => "read this ticket",
            Act::HearRecording => "hear recordings",
            Act::Note => "write notes",
            Act::WriteDown => "write down what a voice says",
            Act::Assign => "assign tickets",
            Act::Forward => "forward tickets",
            Act::Take => "take tickets",
            Act::Ask => "ask the citizen",
            Act::Answer => "answer for the citizen",
            Act::SubmitAtr => "submit action taken reports",
            Act::JudgeAtr => "have reports checked",
            Act::Verify => "verify reports",
            Act::ReturnAtr => "return reports",
            Act::Close => "close tickets",
            Act::Reopen => "reopen tickets",
            Act::Appeal => "appeal for the citizen",
            Act::GiveEvidence => "say what the evidence shows",
            Act::Cosign => "put their name to reports",
            Act::HearCitizen => "write down what the citizen says of a report",
            Act::Restrict => "hide tickets from those complained of",
            Act::Merge => "merge tickets",
            Act::RequestVisit => "ask for visits",
            Act::ReadMasters => "read the masters",
            Act::ReadFloor => "see the floor",
            Act::ChangeOwnPresence => "take calls",
            Act::ChangeOthersPresence => "change the presence of others",
            Act::Attend => "listen to the calls of others",
            Act::ReadOutbox => "read the outbox",
            Act::Reply => "write to the citizen",
            Act::Quarantine => "decide what is held in quarantine",
            Act::ReadMeasures => "read measures",
            Act::ManagePeople => "manage people",
            Act::FollowChanges => "follow changes",
            Act::ManageWebhooks => "manage webhooks",
        }
    }

    fn roles(self) -> &'static [Role] {
        use Role::*;
        match self {
            Act::TakeInContact => &[Agent, Supervisor, Processor, Admin, Integration],
            Act::Classify => &[Agent, Supervisor, Processor, Analyst, Admin, Integration],
            Act::ReadTicket => &[Agent, Supervisor, Processor, Officer, Field, Analyst, Auditor, Admin, Integration],
            Act::HearRecording => &[Agent, Supervisor, Processor, Officer, Auditor, Admin],
            Act::Note => &[Agent, Supervisor, Processor, Officer, Field, Admin],
            Act::WriteDown => &[Agent, Supervisor, Processor, Admin],
            Act::Assign | Act::Forward => &[Agent, Supervisor, Processor, Officer, Admin],
            Act::Take => &[Agent, Supervisor, Processor, Officer, Admin],
            Act::Ask | Act::Answer => &[Agent, Supervisor, Processor, Officer, Admin, Integration],
            Act::JudgeAtr => &[Agent, Supervisor, Processor, Officer, Field, Analyst, Admin, Integration],
            Act::SubmitAtr => &[Agent, Supervisor, Processor, Officer, Admin],
            Act::Verify | Act::ReturnAtr => &[Agent, Supervisor, Processor, Officer, Field, Admin],
            Act::Close => &[Agent, Supervisor, Processor, Officer, Admin],
            Act::Reopen => &[Agent, Supervisor, Processor, Officer, Admin, Integration],
            Act::Appeal => &[Agent, Supervisor, Processor, Admin, Integration],
            Act::GiveEvidence => &[Supervisor, Processor, Officer, Field, Admin],
            Act::Cosign => &[Officer],
            Act::HearCitizen => &[Agent, Supervisor, Processor],
            Act::Restrict => &[Agent, Supervisor, Processor, Auditor, Admin],
            Act::Merge => &[Supervisor, Processor, Admin],
            Act::RequestVisit => &[Supervisor, Processor, Officer, Admin],
            Act::ReadMasters => &Role::ALL,
            Act::ReadFloor => &[Agent, Supervisor, Analyst, Auditor, Admin, Integration],
            Act::ChangeOwnPresence => &[Agent, Supervisor],
            Act::ChangeOthersPresence => &[Supervisor, Admin],
            Act::Attend => &[Supervisor],
            Act::Reply => &[Agent, Supervisor, Processor, Officer, Admin],
            Act::Quarantine => &[Supervisor, Processor, Admin],
            Act::ReadOutbox => &[Supervisor, Processor, Auditor, Admin],
            Act::ReadMeasures => &[Supervisor, Analyst, Auditor, Admin, Officer, Integration],
            Act::ManagePeople => &[Admin],
            Act::FollowChanges => &[Integration, Admin, Auditor],
            Act::ManageWebhooks => &[Admin],
        }
    }
}

/// A right that is not there. The sentence is shown to the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The role has not got it.
    #[error("the role {role} may not {act}: ask a {who}", act = .act.words(), who = first_other(.act))]
    Role {
        /// Whose.
        role: Role,
        /// What.
        act: Act,
    },
    /// The ticket lies with another department.
    #[error("this ticket lies with department {holder}: only it, or the helpline itself, may do that")]
    Department {
        /// Where it lies.
        holder: String,
    },
    /// The ticket lies with an office that is not below the own one.
    #[error("this ticket lies with the office {holder}: only it, those above it, or the helpline itself, may do that")]
    Office {
        /// Where it lies.
        holder: String,
    },
    /// The matter is in another district.
    #[error("this ticket is about another district than yours: ask the helpline")]
    District,
    /// It must not even be known that there is such a ticket.
    #[error("there is no such ticket")]
    Hidden,
}

fn first_other(act: &Act) -> &'static str {
    act.roles().iter().find(|r| **r != Role::Agent).or(act.roles().first()).map_or("administrator", |r| r.as_str())
}

/// How much of a citizen's person a principal sees. Everybody sees the whole today; masking by role comes with a
/// later rule, here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Names, numbers, addresses.
    Whole,
    /// Only what is needed to tell one from another.
    Masked,
}

/// What is left of `sight` where the citizen asked that the office not know them: those who settle the matter do it without.
pub fn sight_of_confidential(who: &Principal, sight: Sight) -> Sight {
    if who.role == Role::Officer { Sight::Masked } else { sight }
}

/// Whether `who` may do `act`, to `ticket` where the act is done to one.
///
/// # Errors
/// [`Forbidden`] says what is missing.
pub fn may(who: &Principal, act: Act, ticket: Option<&Ticket>) -> Result<Sight, Forbidden> {
    // Before the role: whoever may not know of a ticket does not learn of it by what else they may not do.
    if let Some(ticket) = ticket
        && who.scope.sees(ticket.into()) == Err(Forbidden::Hidden)
    {
        return Err(Forbidden::Hidden);
    }
    if !act.roles().contains(&who.role) {
        return Err(Forbidden::Role { role: who.role, act });
    }
    if let Some(ticket) = ticket {
        who.scope.sees(ticket.into())?;
    }
    Ok(match who.role {
        Role::Analyst => Sight::Masked,
        _ => Sight::Whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_domain::contact::Channel;
    use daak_domain::language::Language;
    use daak_domain::ticket::{Number, SlaClass, State};

    fn ticket(department: &str) -> Ticket {
        let now = "2026-11-24T10:00:00Z".parse().expect("a time");
        Ticket {
            number: Number::from_serial(1),
            state: State::Assigned,
            person: 1,
            channel: Channel::Phone,
            category: "roads".into(),
            department: department.into(),
            sla_class: SlaClass::Community,
            emergency: false,
            language: Language::Bn,
            district: None,
            block: None,
            officer: None,
            office: None,
            came_from: None,
            level: 0,
            about: Vec::new(),
            registered_at: now,
            due_at: now,
            closed_at: None,
            closure: None,
            merged_into: None,
            visits: Vec::new(),
            contacts: 1,
            seq: 2,
        }
    }

    fn person(role: Role, department: Option<&str>) -> Principal {
        let scope = Scope::without_office(department.map(Into::into), None);
        Principal { name: "x".into(), role, scope, machine: false }
    }

    #[test]
    fn an_officer_acts_within_the_own_department_only() {
        let officer = person(Role::Officer, Some("PWD"));
        assert_eq!(may(&officer, Act::SubmitAtr, Some(&ticket("PWD"))), Ok(Sight::Whole));
        let refused = may(&officer, Act::ReadTicket, Some(&ticket("WCD"))).expect_err("another department");
        assert_eq!(refused.to_string(), "this ticket lies with department WCD: only it, or the helpline itself, may do that");
    }

    #[test]
    fn a_machine_hands_in_but_does_not_close() {
        let machine = person(Role::Integration, None);
        assert!(may(&machine, Act::TakeInContact, None).is_ok());
        let refused = may(&machine, Act::Close, Some(&ticket("PWD"))).expect_err("not its business");
        assert_eq!(refused.to_string(), "the role integration may not close tickets: ask a supervisor");
    }

    #[test]
    fn an_analyst_sees_nobody_s_name_and_an_auditor_changes_nothing() {
        assert_eq!(may(&person(Role::Analyst, None), Act::ReadTicket, None), Ok(Sight::Masked));
        let auditor = person(Role::Auditor, None);
        assert!(may(&auditor, Act::HearRecording, None).is_ok());
        for act in [Act::Note, Act::Assign, Act::Close, Act::SubmitAtr, Act::Merge, Act::ManagePeople, Act::TakeInContact] {
            assert!(may(&auditor, act, None).is_err(), "{act:?}");
        }
    }
}
