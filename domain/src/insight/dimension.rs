//! By what counts are told apart and filtered.

use super::facts::Kind;
use serde::{Deserialize, Serialize};

/// A property by which tickets are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Department that has it.
    Department,
    /// What it is about.
    Category,
    /// Class of its limit.
    Class,
    /// District of the matter.
    District,
    /// Block or municipality of the matter.
    Block,
    /// By which way it came.
    Channel,
    /// The office that has it. Counted from the tickets themselves: no sums are kept by office.
    Office,
    /// The person who has it. Counted from the tickets themselves: no sums are kept by person.
    Officer,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Dimension; 8] = [
        Dimension::Department,
        Dimension::Category,
        Dimension::Class,
        Dimension::District,
        Dimension::Block,
        Dimension::Channel,
        Dimension::Office,
        Dimension::Officer,
    ];

    /// Those of which sums are kept.
    pub const KEPT: [Dimension; 6] =
        [Dimension::Department, Dimension::Category, Dimension::Class, Dimension::District, Dimension::Block, Dimension::Channel];

    /// The name used in the HTTP API and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Department => "department",
            Dimension::Category => "category",
            Dimension::Class => "class",
            Dimension::District => "district",
            Dimension::Block => "block",
            Dimension::Channel => "channel",
            Dimension::Office => "office",
            Dimension::Officer => "officer",
        }
    }

    /// What a kind of tickets is in this dimension; empty where that is not known.
    pub fn of(self, kind: &Kind) -> &str {
        match self {
            Dimension::Department => &kind.department,
            Dimension::Category => &kind.category,
            Dimension::Class => kind.class.as_str(),
            Dimension::District => &kind.district,
            Dimension::Block => &kind.block,
            Dimension::Channel => kind.channel.as_str(),
            Dimension::Office | Dimension::Officer => "",
        }
    }
}

impl std::str::FromStr for Dimension {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|d| d.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|d| d.as_str()).collect();
            format!("unknown: use one of {}", known.join(", "))
        })
    }
}
