//! The states of a ticket and the table of steps between them.

use serde::{Deserialize, Serialize};

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has a number.
    Registered,
    /// An office has it.
    Assigned,
    /// A person works on it.
    InProgress,
    /// The citizen was asked for something; the clock rests.
    NeedsInfo,
    /// An action taken report lies before the verifier.
    AtrSubmitted,
    /// The report is being verified.
    Verifying,
    /// The report was sent back.
    Returned,
    /// Over.
    Closed,
    /// The citizen said it is not settled.
    Reopened,
    /// A duplicate: its life goes on in another ticket.
    Merged,
    /// No office can settle it; it is kept for policy.
    PolicyRegister,
}

impl State {
    /// Every state.
    pub const ALL: [State; 11] = [
        State::Registered,
        State::Assigned,
        State::InProgress,
        State::NeedsInfo,
        State::AtrSubmitted,
        State::Verifying,
        State::Returned,
        State::Closed,
        State::Reopened,
        State::Merged,
        State::PolicyRegister,
    ];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Registered => "registered",
            State::Assigned => "assigned",
            State::InProgress => "in_progress",
            State::NeedsInfo => "needs_info",
            State::AtrSubmitted => "atr_submitted",
            State::Verifying => "verifying",
            State::Returned => "returned",
            State::Closed => "closed",
            State::Reopened => "reopened",
            State::Merged => "merged",
            State::PolicyRegister => "policy_register",
        }
    }

    /// Whether somebody still has to do something.
    pub fn is_open(self) -> bool {
        !matches!(self, State::Closed | State::Merged)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for State {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("unknown state: use one of {}", known.join(", "))
        })
    }
}

/// The class that decides a ticket's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaClass {
    /// Life or limb: runs round the clock.
    Emergency,
    /// One person's benefit.
    Individual,
    /// A road, a tap, a lamp.
    Community,
    /// A decision of policy.
    Policy,
}

impl SlaClass {
    /// Every class.
    pub const ALL: [SlaClass; 4] = [SlaClass::Emergency, SlaClass::Individual, SlaClass::Community, SlaClass::Policy];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            SlaClass::Emergency => "emergency",
            SlaClass::Individual => "individual",
            SlaClass::Community => "community",
            SlaClass::Policy => "policy",
        }
    }
}

impl std::fmt::Display for SlaClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for SlaClass {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|c| c.as_str() == text)
            .ok_or_else(|| "unknown class: use emergency, individual, community or policy".to_owned())
    }
}

/// A step in a ticket's life that may move its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Step {
    Assign,
    Take,
    Forward,
    Ask,
    Answer,
    SubmitAtr,
    Verify,
    Return,
    Close,
    Reopen,
    Merge,
    Unmerge,
    ToPolicyRegister,
}

/// One row of the table: in `from`, `step` leads to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// What is done.
    pub step: Step,
    /// The state after.
    pub to: State,
}

const fn row(from: State, step: Step, to: State) -> Transition {
    Transition { from, step, to }
}

/// All that may happen. What is not here is illegal.
pub const TRANSITIONS: &[Transition] = {
    use State as S;
    use Step as T;
    &[
        row(S::Registered, T::Assign, S::Assigned),
        row(S::Registered, T::Take, S::InProgress),
        row(S::Registered, T::Forward, S::Assigned),
        row(S::Registered, T::Ask, S::NeedsInfo),
        row(S::Registered, T::Merge, S::Merged),
        row(S::Registered, T::ToPolicyRegister, S::PolicyRegister),
        row(S::Assigned, T::Assign, S::Assigned),
        row(S::Assigned, T::Take, S::InProgress),
        row(S::Assigned, T::Forward, S::Assigned),
        row(S::Assigned, T::Ask, S::NeedsInfo),
        row(S::Assigned, T::SubmitAtr, S::AtrSubmitted),
        row(S::Assigned, T::Merge, S::Merged),
        row(S::Assigned, T::ToPolicyRegister, S::PolicyRegister),
        row(S::InProgress, T::Assign, S::Assigned),
        row(S::InProgress, T::Take, S::InProgress),
        row(S::InProgress, T::Forward, S::Assigned),
        row(S::InProgress, T::Ask, S::NeedsInfo),
        row(S::InProgress, T::SubmitAtr, S::AtrSubmitted),
        row(S::InProgress, T::Merge, S::Merged),
        row(S::InProgress, T::ToPolicyRegister, S::PolicyRegister),
        row(S::NeedsInfo, T::Answer, S::InProgress),
        row(S::NeedsInfo, T::Take, S::InProgress),
        row(S::NeedsInfo, T::Forward, S::Assigned),
        row(S::NeedsInfo, T::SubmitAtr, S::AtrSubmitted),
        row(S::NeedsInfo, T::Merge, S::Merged),
        row(S::AtrSubmitted, T::Verify, S::Verifying),
        row(S::AtrSubmitted, T::Return, S::Returned),
        row(S::AtrSubmitted, T::Close, S::Closed),
        row(S::Verifying, T::Return, S::Returned),
        row(S::Verifying, T::Close, S::Closed),
        row(S::Returned, T::Assign, S::Assigned),
        row(S::Returned, T::Take, S::InProgress),
        row(S::Returned, T::Forward, S::Assigned),
        row(S::Returned, T::Ask, S::NeedsInfo),
        row(S::Returned, T::SubmitAtr, S::AtrSubmitted),
        row(S::Returned, T::ToPolicyRegister, S::PolicyRegister),
        row(S::Closed, T::Reopen, S::Reopened),
        row(S::Reopened, T::Assign, S::Assigned),
        row(S::Reopened, T::Take, S::InProgress),
        row(S::Reopened, T::Forward, S::Assigned),
        row(S::Reopened, T::Ask, S::NeedsInfo),
        row(S::Reopened, T::SubmitAtr, S::AtrSubmitted),
        row(S::Reopened, T::Merge, S::Merged),
        row(S::Reopened, T::ToPolicyRegister, S::PolicyRegister),
        row(S::Merged, T::Unmerge, S::Registered),
        row(S::PolicyRegister, T::Assign, S::Assigned),
        row(S::PolicyRegister, T::SubmitAtr, S::AtrSubmitted),
    ]
};

/// The state after `step` in `from`, or `None` if the step is illegal there.
pub fn next_state(from: State, step: Step) -> Option<State> {
    TRANSITIONS.iter().find(|t| t.from == from && t.step == step).map(|t| t.to)
}
