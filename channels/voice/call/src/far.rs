//! The far side of a call: the agent's telephone that rings for the caller, or another party.

use crate::{FarId, FarTarget};
use daak_domain::call::AgentId;

/// A far leg of the call. One speaks with the caller; another may be asked meanwhile, and a third may attend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Far {
    pub(crate) id: FarId,
    pub(crate) who: Who,
    pub(crate) joined: bool,
}

/// Who is at the other end of a far leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// An agent, by the floor's offer.
    Agent(AgentId),
    /// Another party, by the flow's transfer.
    Party,
    /// A number outside, by an agent's transfer.
    Beyond,
    /// A supervisor who attends the talk.
    Supervisor(AgentId),
}

/// Where a transfer of the flow goes.
pub(crate) fn party(to: &str) -> FarTarget {
    FarTarget::Party(to.to_owned())
}
