//! `goto`: another step, or back out of a subflow (`return`).

use super::{Go, Nature, Verb};
use crate::session::Scene;
use schemars::JsonSchema;
use serde::Deserialize;

/// Go to another step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goto {
    /// Its name; `return` leads out of this flow.
    to: String,
}

/// The name that leads out of a flow.
pub(crate) const RETURN: &str = "return";

impl Verb for Goto {
    fn enter(&self, _: &mut Scene<'_>) -> Go {
        if self.to == RETURN { Go::Back } else { Go::To(self.to.clone()) }
    }

    fn ways(&self) -> Vec<(String, &str)> {
        if self.to == RETURN { Vec::new() } else { super::next(&self.to) }
    }

    fn nature(&self) -> Nature {
        if self.to == RETURN { Nature::End } else { Nature::Instant }
    }
}
