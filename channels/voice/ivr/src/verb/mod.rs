//! The verbs of a flow: a file each. A verb knows how it begins, what it does with what happens, where it may lead,
//! and what it says; the session and the checker know no verb by name.

pub mod branch;
pub mod callback;
pub mod confirm;
pub mod digits;
pub mod goto;
pub mod hangup;
pub mod hours;
mod keys;
pub mod listen;
pub mod lookup;
pub mod menu;
pub mod play;
pub mod queue;
pub mod record;
pub mod register;
pub mod say;
pub mod set;
pub mod sms;
pub mod subflow;
pub mod transfer;

use crate::act::Input;
use crate::session::Scene;
use std::collections::BTreeMap;

/// What a step is for the checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Leads on at once, without time passing.
    Instant,
    /// Time passes, and it leads on by itself.
    Passing,
    /// The caller is asked for something.
    Asking,
    /// A person takes over.
    Person,
    /// The call ends.
    End,
}

/// Where a visit to a step leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Go {
    /// Nowhere yet.
    Stay,
    /// To a step of this flow.
    To(String),
    /// Into another flow, and afterwards to a step of this one.
    Into(String, String),
    /// Back to where this flow was entered from; the end of the call if it was not.
    Back,
}

/// A verb.
pub(crate) trait Verb: std::fmt::Debug + Send + Sync {
    /// The step is entered.
    fn enter(&self, scene: &mut Scene<'_>) -> Go;

    /// Something happened while it is the current step.
    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let _ = (input, scene);
        Go::Stay
    }

    /// The steps that may follow, each with the name of its way.
    fn ways(&self) -> Vec<(String, &str)>;

    /// The prompts that it may play.
    fn prompts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What it is for the checker.
    fn nature(&self) -> Nature;

    /// Another flow that it enters.
    fn enters(&self) -> Option<&str> {
        None
    }

    /// Whether a caller who comes here from a queue keeps the place in the line.
    fn keeps_place(&self) -> bool {
        false
    }

    /// The way that needs speech recognition to be up, and the one that does not.
    fn needs_speech(&self) -> Option<&str> {
        None
    }
}

/// One way, named `next`.
pub(crate) fn next(to: &str) -> Vec<(String, &str)> {
    vec![("next".to_owned(), to)]
}

/// Ways by key.
pub(crate) fn by_key(keys: &BTreeMap<String, String>) -> Vec<(String, &str)> {
    keys.iter().map(|(key, to)| (key.clone(), to.as_str())).collect()
}
