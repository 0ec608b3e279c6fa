//! A flow as data: its steps, each one verb.

use crate::prompts::Prompts;
use crate::verb::{self, Verb};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A flow file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowFile {
    /// What the flow is for, in a line.
    #[allow(dead_code)]
    pub(crate) about: String,
    /// The step that comes first.
    pub(crate) start: String,
    /// The steps by name.
    #[schemars(with = "BTreeMap<String, Step>")]
    pub(crate) steps: BTreeMap<String, serde_yaml_ng::Value>,
}

/// A flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name: the file's, without the ending.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// The step that comes first.
    pub start: String,
    /// The steps by name.
    pub steps: BTreeMap<String, Step>,
    /// Lines on which the steps begin.
    pub(crate) lines: BTreeMap<String, usize>,
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
#[serde(tag = "verb", rename_all = "lowercase")]
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
