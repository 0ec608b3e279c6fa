//! What is wrong in a flow, and where.

/// One mistake in a file of flows or prompts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}; expected {expected}")]
pub struct FlowError {
    /// File name, relative to the folder of the flows.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What would have been right.
    pub expected: String,
}

/// A place in a file, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    pub line: usize,
    pub column: usize,
}

impl FlowError {
    pub(crate) fn at(file: &str, mark: Mark, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: mark.line, column: mark.column, what: what.into(), expected: expected.into() }
    }
}
