//! Proves flows complete: before anybody calls.

use crate::flow::{Flow, Flows};
use crate::load::{FlowError, line_of};
use crate::verb::Nature;
use daak_domain::language::Language;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many steps a person may be away from wherever the caller is asked for something.
pub const NEAR: usize = 12;
/// Names that are always known to a branch or prompt.
const KNOWN: [&str; 9] = ["language", "language_known", "caller_known", "called", "number", "due", "state", "place", "wait"];

type Node = (String, String);

/// Everything that is wrong with the flows.
pub fn check(flows: &Flows) -> Vec<FlowError> {
    let mut errors = Vec::new();
    for flow in flows.flows.values() {
        names(flows, flow, &mut errors);
    }
    if errors.is_empty() {
        let graph = Graph::of(flows);
        for flow in flows.flows.values() {
            graph.reach(flow, &mut errors);
            graph.loops(flow, &mut errors);
        }
        graph.persons(flows, &mut errors);
        without_speech(flows, &mut errors);
    }
    errors
}

fn error(flow: &Flow, step: &str, what: impl Into<String>, expected: impl Into<String>) -> FlowError {
    FlowError { file: format!("{}.yaml", flow.name), line: line_of(flow, step), what: what.into(), expected: expected.into() }
}

/// Steps, flows and prompts that are named but do not exist, in any language.
fn names(flows: &Flows, flow: &Flow, errors: &mut Vec<FlowError>) {
    let some = |map: &BTreeMap<String, _>| map.keys().take(8).cloned().collect::<Vec<_>>().join(", ");
    if !flow.steps.contains_key(&flow.start) {
        let expected = format!("one of its steps: {}", some(&flow.steps));
        errors.push(error(flow, &flow.start, format!("the flow starts at {:?}, which it does not have", flow.start), expected));
    }
    for (name, step) in &flow.steps {
        let verb = step.verb();
        let ways = verb.ways();
        if ways.is_empty() && verb.nature() != Nature::End {
            errors.push(error(flow, name, format!("step {name} leads nowhere"), "a step that follows it"));
        }
        for (way, to) in ways {
            if !flow.steps.contains_key(to) {
                let what = format!("step {name} ({way}) leads to {to:?}, which does not exist");
                errors.push(error(flow, name, what, format!("a step of this flow: {}", some(&flow.steps))));
            }
        }
        if let Some(other) = verb.enters().filter(|other| !flows.flows.contains_key(*other)) {
            errors.push(error(
                flow,
                name,
                format!("step {name} enters the flow {other:?}, which does not exist"),
                "a file of that name in this folder",
            ));
        }
        for prompt in verb.prompts() {
            let missing = flows.prompts.missing(prompt);
            if !missing.is_empty() {
                let languages = missing.iter().map(|l| l.code()).collect::<Vec<_>>().join(", ");
                let expected = format!("a text in each of {}", Language::SERVED.map(Language::code).join(", "));
                errors.push(error(flow, name, format!("step {name} says {prompt:?}, which prompts.yaml lacks in {languages}"), expected));
            }
            for value in flows.prompts.needs(prompt) {
                if !is_set_somewhere(flows, &value) {
                    let what = format!("step {name} says {prompt:?}, which needs the value {value:?} that no step sets");
                    errors.push(error(flow, name, what, "a step that sets it"));
                }
            }
        }
    }
}

fn is_set_somewhere(flows: &Flows, value: &str) -> bool {
    KNOWN.contains(&value)
        || value == "opens"
        || flows.flows.values().flat_map(|f| f.steps.values()).any(|step| format!("{step:?}").contains(&format!("{value:?}")))
}

struct Graph {
    ways: BTreeMap<Node, Vec<Node>>,
    nature: BTreeMap<Node, Nature>,
}

impl Graph {
    fn of(flows: &Flows) -> Self {
        let (mut ways, mut nature): (BTreeMap<Node, Vec<Node>>, _) = (BTreeMap::new(), BTreeMap::new());
        for flow in flows.flows.values() {
            for (name, step) in &flow.steps {
                let node = (flow.name.clone(), name.clone());
                let mut to: Vec<Node> = step.verb().ways().into_iter().map(|(_, to)| (flow.name.clone(), to.to_owned())).collect();
                to.extend(step.verb().enters().and_then(|other| Some((other.to_owned(), flows.flows.get(other)?.start.clone()))));
                nature.insert(node.clone(), step.verb().nature());
                ways.insert(node, to);
            }
        }
        Self { ways, nature }
    }

    /// How many steps away the nearest of a kind is.
    fn distance(&self, from: &Node, wanted: impl Fn(Nature) -> bool) -> Option<usize> {
        let (mut seen, mut waiting) = (BTreeSet::from([from.clone()]), VecDeque::from([(from.clone(), 0)]));
        while let Some((node, far)) = waiting.pop_front() {
            if self.nature.get(&node).is_some_and(|n| wanted(*n)) {
                return Some(far);
            }
            for next in self.ways.get(&node).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    waiting.push_back((next.clone(), far + 1));
                }
            }
        }
        None
    }

    fn reach(&self, flow: &Flow, errors: &mut Vec<FlowError>) {
        let start = (flow.name.clone(), flow.start.clone());
        let (mut seen, mut waiting) = (BTreeSet::from([start.clone()]), vec![start]);
        while let Some(node) = waiting.pop() {
            for next in self.ways.get(&node).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    waiting.push(next.clone());
                }
            }
        }
        for name in flow.steps.keys() {
            let node = (flow.name.clone(), name.clone());
            if !seen.contains(&node) {
                errors.push(error(flow, name, format!("step {name} can never be reached"), "a way to it, or its removal"));
            } else if self.distance(&node, |n| n == Nature::End).is_none() {
                errors.push(error(flow, name, format!("from step {name} the call can never end"), "a way to a hangup"));
            }
        }
    }

    /// A cycle in which no time passes would run for ever; one in which the caller is never asked could not be left.
    fn loops(&self, flow: &Flow, errors: &mut Vec<FlowError>) {
        for name in flow.steps.keys() {
            let node = (flow.name.clone(), name.clone());
            if self.cycles(&node, |n| n == Nature::Instant) {
                errors.push(error(
                    flow,
                    name,
                    format!("step {name} leads back to itself without time passing"),
                    "a step that waits for the caller in between",
                ));
            } else if self.cycles(&node, |n| matches!(n, Nature::Instant | Nature::Passing)) {
                errors.push(error(
                    flow,
                    name,
                    format!("step {name} leads back to itself without asking the caller"),
                    "a menu with a way out in between",
                ));
            }
        }
    }

    /// Whether a node leads back to itself through nodes of these kinds alone.
    fn cycles(&self, from: &Node, through: impl Fn(Nature) -> bool) -> bool {
        let allowed = |node: &Node| self.nature.get(node).is_some_and(|n| through(*n));
        if !allowed(from) {
            return false;
        }
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(node) = waiting.pop() {
            for next in self.ways.get(&node).into_iter().flatten() {
                if next == from {
                    return true;
                }
                if allowed(next) && seen.insert(next.clone()) {
                    waiting.push(next.clone());
                }
            }
        }
        false
    }

    /// Wherever the caller is asked for something, a person is near.
    fn persons(&self, flows: &Flows, errors: &mut Vec<FlowError>) {
        let has_persons =
            |flow: &Flow| flow.steps.keys().any(|s| self.distance(&(flow.name.clone(), s.clone()), |n| n == Nature::Person).is_some());
        for flow in flows.flows.values().filter(|flow| {
            has_persons(flow) || flow.steps.values().any(|s| s.verb().nature() == Nature::Asking && !flow.about.contains("(no person)"))
        }) {
            for (name, step) in &flow.steps {
                if step.verb().nature() != Nature::Asking {
                    continue;
                }
                let far = self.distance(&(flow.name.clone(), name.clone()), |n| n == Nature::Person);
                if far.is_none_or(|far| far > NEAR) {
                    let what = match far {
                        Some(far) => format!("from step {name} a person is {far} steps away"),
                        None => format!("from step {name} no person can be reached"),
                    };
                    errors.push(error(flow, name, what, format!("a queue, callback or transfer within {NEAR} steps")));
                }
            }
        }
    }
}

/// With recognition down, whatever can be reached can still be reached by the keypad.
fn without_speech(flows: &Flows, errors: &mut Vec<FlowError>) {
    for flow in flows.flows.values() {
        let start = [flow.start.clone()];
        let reach = |speech: bool| -> BTreeSet<String> {
            let (mut seen, mut waiting) = (BTreeSet::from(start.clone()), Vec::from(start.clone()));
            while let Some(name) = waiting.pop() {
                let Some(step) = flow.steps.get(&name) else { continue };
                let closed = step.verb().needs_speech().filter(|_| !speech);
                for (_, to) in step.verb().ways() {
                    if closed != Some(to) && seen.insert(to.to_owned()) {
                        waiting.push(to.to_owned());
                    }
                }
            }
            seen
        };
        let (with, without) = (reach(true), reach(false));
        for name in with.difference(&without) {
            // What reads the text back needs the text; anything that does a deed must have a way without it.
            let step = &flow.steps[name];
            let deed = matches!(
                step,
                crate::flow::Step::Register(_) | crate::flow::Step::Queue(_) | crate::flow::Step::Lookup(_) | crate::flow::Step::Hangup(_)
            );
            if deed {
                errors.push(error(
                    flow,
                    name,
                    format!("step {name} can only be reached while speech recognition is up"),
                    "a way to it by the keypad alone",
                ));
            }
        }
    }
}
