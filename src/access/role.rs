//! The roles of the helpline.

use serde::{Deserialize, Serialize};

/// What a person or a machine is there for. The names are those of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes calls and registers what is said.
    Agent,
    /// Sees the floor, listens, moves people between queues.
    Supervisor,
    /// Turns letters, mails and messages into well-formed tickets.
    Processor,
    /// Settles tickets of an office.
    Officer,
    /// Visits.
    Field,
    /// Reads measures.
    Analyst,
    /// Reads everything that was done, changes nothing.
    Auditor,
    /// Manages people and masters.
    Admin,
    /// A portal or another machine that hands in contacts.
    Integration,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 9] = [
        Role::Agent,
        Role::Supervisor,
        Role::Processor,
        Role::Officer,
        Role::Field,
        Role::Analyst,
        Role::Auditor,
        Role::Admin,
        Role::Integration,
    ];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Supervisor => "supervisor",
            Role::Processor => "processor",
            Role::Officer => "officer",
            Role::Field => "field",
            Role::Analyst => "analyst",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
            Role::Integration => "integration",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|r| r.as_str()).collect();
            format!("unknown role {text:?}: use one of {}", known.join(", "))
        })
    }
}
