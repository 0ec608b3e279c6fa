//! Why a configuration is refused: where, what, and what was expected.

use std::path::PathBuf;

/// A configuration that the program will not start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or may not be read.
    #[error("{file}: cannot read the configuration ({why}): give another file with --config, or leave it out to start with the defaults", file = .file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// The system's word.
        why: String,
    },
    /// A key, a type or a value in the file is wrong.
    #[error("{file}:{line}:{column}: {key}{what}", file = .file.display(), key = shown(.key))]
    InFile {
        /// Which file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The key, where it is known: `http.listen`.
        key: String,
        /// What is wrong and what was expected.
        what: String,
    },
    /// An environment variable is wrong.
    #[error("environment variable {variable}: {what}")]
    InEnvironment {
        /// Its name.
        variable: String,
        /// What is wrong and what was expected.
        what: String,
    },
    /// A default does not fit this machine; no file or variable said anything about it.
    #[error("{key}: {what}")]
    InDefaults {
        /// The key to set.
        key: String,
        /// What is wrong and what was expected.
        what: String,
    },
}

fn shown(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

/// A value that cannot be, found once all values are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// The key, with places in lists as numbers: `queues.0.name`.
    pub key: String,
    /// What is wrong and what was expected.
    pub what: String,
}

impl Impossible {
    /// Says so of `key`.
    pub fn new(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { key: key.into(), what: what.into() }
    }
}
