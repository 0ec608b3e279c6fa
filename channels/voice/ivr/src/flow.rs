//! A flow as data: its steps, each one verb.

use crate::prompts::Prompts;
use crate::source::Node;
use crate::verb::{self, Verb};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A flow file, as its schema describes it.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
pub(crate) struct FlowFile {
    /// What the flow is for, in a line.
    about: String,
    /// Whether callers must be able to reach a person from here; they must, unless the flow says otherwise.
    #[schemars(default)]
    person: Person,
    /// The step that comes first.
    start: String,
    /// The steps by name.
    steps: BTreeMap<String, Step>,
}

/// Whether callers must be able to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Person {
    /// From wherever they are asked for something.
    #[default]
    Near,
    /// Not from this flow: no citizen calls it, or it is a part of one that sees to it.
    Never,
}

/// A flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name: the file's, without the ending.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether callers must be able to reach a person.
    pub person: Person,
    /// The step that comes first.
    pub start: String,
    /// The steps by name.
    pub steps: BTreeMap<String, Step>,
    /// The file, in which every word knows its place.
    pub(crate) source: Node,
}

/// All flows of a folder, with the catalogue of prompts.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    /// By name.
    pub flows: BTreeMap<String, Flow>,
    /// What is said.
    pub prompts: Prompts,
}

impl Flows {
    /// Whether there is a flow of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.flows.contains_key(name)
    }

    /// A step of a flow.
    pub(crate) fn step(&self, flow: &str, step: &str) -> Option<&Step> {
        self.flows.get(flow)?.steps.get(step)
    }
}

/// One step: a verb. Each verb is a file in `verb/` and a line here.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(tag = "verb")]
pub enum Step {
    /// Say prompts, then go on.
    Say(verb::say::Say),
    /// Play a tone or music for a while.
    Play(verb::play::Play),
    /// Offer keys.
    Menu(verb::menu::Menu),
    /// Take digits.
    Digits(verb::digits::Digits),
    /// Keep what the caller says after the tone.
    Record(verb::record::Record),
    /// Have the recording recognised.
    Listen(verb::listen::Listen),
    /// Ask whether what was understood is right.
    Confirm(verb::confirm::Confirm),
    /// Take the recording in as a ticket.
    Register(verb::register::Register),
    /// Ask how a ticket stands.
    Lookup(verb::lookup::Lookup),
    /// Set the language or a value.
    Set(verb::set::Set),
    /// Go on by a value.
    Branch(verb::branch::Branch),
    /// Go on by whether the lines are open.
    Hours(verb::hours::Hours),
    /// Wait for a person.
    Queue(verb::queue::Queue),
    /// Leave the queue and be called back.
    Callback(verb::callback::Callback),
    /// Join with another party.
    Transfer(verb::transfer::Transfer),
    /// Send the caller a message.
    Sms(verb::sms::Sms),
    /// Do another flow, then go on.
    Subflow(verb::subflow::Subflow),
    /// Go to another step.
    Goto(verb::goto::Goto),
    /// End the call.
    Hangup(verb::hangup::Hangup),
}

impl Step {
    /// The verb.
    pub(crate) fn verb(&self) -> &dyn Verb {
        match self {
            Step::Say(verb) => verb,
            Step::Play(verb) => verb,
            Step::Menu(verb) => verb,
            Step::Digits(verb) => verb,
            Step::Record(verb) => verb,
            Step::Listen(verb) => verb,
            Step::Confirm(verb) => verb,
            Step::Register(verb) => verb,
            Step::Lookup(verb) => verb,
            Step::Set(verb) => verb,
            Step::Branch(verb) => verb,
            Step::Hours(verb) => verb,
            Step::Queue(verb) => verb,
            Step::Callback(verb) => verb,
            Step::Transfer(verb) => verb,
            Step::Sms(verb) => verb,
            Step::Subflow(verb) => verb,
            Step::Goto(verb) => verb,
            Step::Hangup(verb) => verb,
        }
    }
}
