//! Proves flows complete: before anybody calls.
//!
//! * every step, flow, prompt and value that is named exists, every prompt in every language ([`names`]);
//! * every step can be reached, and from every step the call can end;
//! * a caller who does nothing comes to an end, for no cycle can be walked without the caller doing something;
//! * from wherever the caller is asked for something, a person is within [`NEAR`] steps;
//! * with recognition down, whatever a citizen calls for can still be had by the keypad ([`ways`]).

mod names;
mod ways;

use crate::error::{FlowError, Mark};
use crate::flow::{Flow, Flows};

pub use ways::NEAR;

/// Everything that is wrong with the flows, in the order of files and lines.
pub fn check(flows: &Flows) -> Vec<FlowError> {
    let mut errors = Vec::new();
    for flow in flows.flows.values() {
        names::check(flows, flow, &mut errors);
    }
    if errors.is_empty() {
        ways::check(flows, &mut errors);
    }
    errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    errors.dedup();
    errors
}

/// Where something of a flow is wrong.
#[derive(Clone, Copy)]
struct Site<'a> {
    flow: &'a Flow,
    step: &'a str,
}

impl Site<'_> {
    /// A mistake in the step as a whole.
    fn error(self, what: impl Into<String>, expected: impl Into<String>) -> FlowError {
        self.error_at(self.mark(&[]), what, expected)
    }

    /// A mistake in one word of the step: the value of the field `way`, or a value that is `word`, or a key that is.
    fn error_in(self, way: &str, word: &str, what: impl Into<String>, expected: impl Into<String>) -> FlowError {
        let step = self.flow.source.get("steps").and_then(|steps| steps.get(self.step));
        let found = step.and_then(|node| node.find(way, word));
        self.error_at(found.unwrap_or_else(|| self.mark(&[])), what, expected)
    }

    fn error_at(self, mark: Mark, what: impl Into<String>, expected: impl Into<String>) -> FlowError {
        FlowError::at(&format!("{}.yaml", self.flow.name), mark, what, expected)
    }

    fn mark(self, path: &[&str]) -> Mark {
        let whole: Vec<String> = ["steps", self.step].iter().chain(path).map(|s| (*s).to_owned()).collect();
        self.flow.source.place(&whole)
    }
}
