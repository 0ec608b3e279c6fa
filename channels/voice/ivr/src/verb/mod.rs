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

    /// The steps that may follow although the caller does nothing; the checker proves that these ways lead to an end.
    fn alone(&self) -> Vec<&str> {
        self.ways().into_iter().map(|(_, to)| to).collect()
    }

    /// The values that it may set.
    fn sets(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The values that it reads, beside those in its prompts.
    fn uses(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What is wrong with its own fields.
    fn mistakes(&self) -> Vec<Mistake> {
        Vec::new()
    }

    /// What it does for the citizen, in a word: there must be a way by the keypad alone to a step that does it.
    fn deed(&self) -> Option<String> {
        match self.nature() {
            Nature::Person => Some("reach a person".to_owned()),
            Nature::End => Some("come to an end".to_owned()),
            Nature::Instant | Nature::Passing | Nature::Asking => None,
        }
    }

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

/// A mistake in a verb's own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The word in the file that is wrong.
    pub(crate) word: String,
    pub(crate) what: String,
    pub(crate) expected: String,
}

/// Keys that no telephone has, and a menu without any.
pub(crate) fn wrong_keys<'a>(keys: impl IntoIterator<Item = &'a String>) -> Vec<Mistake> {
    let on_a_telephone = |key: &str| key.len() == 1 && key.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'));
    let wrong = keys.into_iter().filter(|key| !on_a_telephone(key));
    let mistake = |key: &String| Mistake {
        word: key.clone(),
        what: format!("no telephone has the key {key:?}"),
        expected: "one of 0 to 9, * and #".to_owned(),
    };
    wrong.map(mistake).collect()
}

/// Tries that are none, or more than anybody bears.
pub(crate) fn wrong_tries(tries: u32) -> Vec<Mistake> {
    if (1..=9).contains(&tries) {
        return Vec::new();
    }
    vec![Mistake { word: "tries".to_owned(), what: format!("it is asked {tries} times"), expected: "1 to 9 tries".to_owned() }]
}

/// One way, named `next`.
pub(crate) fn next(to: &str) -> Vec<(String, &str)> {
    vec![("next".to_owned(), to)]
}

/// Ways by key.
pub(crate) fn by_key(keys: &BTreeMap<String, String>) -> Vec<(String, &str)> {
    keys.iter().map(|(key, to)| (key.clone(), to.as_str())).collect()
}
