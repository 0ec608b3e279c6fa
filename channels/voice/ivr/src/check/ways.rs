//! Wherever a caller is, there is a way on, a way out, and a person near.

use super::Site;
use crate::error::FlowError;
use crate::flow::{Flow, Flows, Person};
use crate::verb::{Nature, Verb};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many steps a person may be away from wherever the caller is asked for something.
pub const NEAR: usize = 12;

/// A flow and a step of it.
type Node<'a> = (&'a str, &'a str);
type Ways<'a> = BTreeMap<Node<'a>, Vec<Node<'a>>>;

pub(super) fn check(flows: &Flows, errors: &mut Vec<FlowError>) {
    recursion(flows, errors);
    if !errors.is_empty() {
        return; // the ways through flows that enter one another have no end
    }
    let graph = Graph::of(flows);
    for flow in flows.flows.values() {
        graph.reach(flow, errors);
        graph.loops(flow, errors);
        graph.persons(flow, errors);
        without_speech(flow, errors);
    }
}

struct Graph<'a> {
    all: Ways<'a>,
    alone: Ways<'a>,
    verbs: BTreeMap<Node<'a>, &'a dyn Verb>,
}

impl<'a> Graph<'a> {
    /// A step that enters another flow leads to that flow's start and, once it has returned, on: so each flow is proven
    /// with all that it enters, and never mixed up with what else enters the same.
    fn of(flows: &'a Flows) -> Self {
        let (mut all, mut alone, mut verbs) = (Ways::new(), Ways::new(), BTreeMap::new());
        for flow in flows.flows.values() {
            for (name, step) in &flow.steps {
                let verb = step.verb();
                let node = (flow.name.as_str(), name.as_str());
                let into = verb.enters().and_then(|other| flows.flows.get(other)).map(|other| (other.name.as_str(), other.start.as_str()));
                let here = |to: &'a str| (flow.name.as_str(), to);
                all.insert(node, verb.ways().into_iter().map(|(_, to)| here(to)).chain(into).collect());
                alone.insert(node, verb.alone().into_iter().map(here).chain(into).collect());
                verbs.insert(node, verb);
            }
        }
        Self { all, alone, verbs }
    }

    /// How many steps away the nearest of a kind is.
    fn distance(&self, from: Node<'a>, wanted: impl Fn(&dyn Verb) -> bool) -> Option<usize> {
        let (mut seen, mut waiting) = (BTreeSet::from([from]), VecDeque::from([(from, 0)]));
        while let Some((node, far)) = waiting.pop_front() {
            if self.verbs.get(&node).is_some_and(|verb| wanted(*verb)) {
                return Some(far);
            }
            for next in self.all.get(&node).into_iter().flatten() {
                if seen.insert(*next) {
                    waiting.push_back((*next, far + 1));
                }
            }
        }
        None
    }

    fn reach(&self, flow: &'a Flow, errors: &mut Vec<FlowError>) {
        let seen = reachable(&self.all, (&flow.name, &flow.start), |_| true);
        for name in flow.steps.keys() {
            let (node, site) = ((flow.name.as_str(), name.as_str()), Site { flow, step: name });
            if !seen.contains(&node) {
                errors.push(site.error(format!("step {name} can never be reached"), "a way to it, or its removal"));
            } else if self.distance(node, |verb| verb.nature() == Nature::End).is_none() {
                errors.push(site.error(format!("from step {name} the call can never end"), "a way to a hangup"));
            }
        }
    }

    /// A cycle in which no time passes would run for ever; one that is walked while the caller does nothing would hold
    /// the line of somebody who put the receiver down beside the telephone.
    fn loops(&self, flow: &'a Flow, errors: &mut Vec<FlowError>) {
        let instant = |node: &Node<'a>| self.verbs.get(node).is_some_and(|verb| verb.nature() == Nature::Instant);
        for name in flow.steps.keys() {
            let (node, site) = ((flow.name.as_str(), name.as_str()), Site { flow, step: name });
            if instant(&node) && reachable_again(&self.all, node, instant) {
                errors.push(site.error(
                    format!("step {name} leads back to itself without time passing"),
                    "a step that waits for the caller in between",
                ));
            } else if reachable_again(&self.alone, node, |_| true) {
                let round = self.round(node).join(" → ");
                let what = format!("step {name} leads back to itself without the caller doing anything: {round}");
                errors.push(site.error(what, "a way out of it for a caller who is silent"));
                return; // one is enough: the others are on the same round
            }
        }
    }

    /// The shortest round that a silent caller walks from a step back to it.
    fn round(&self, from: Node<'a>) -> Vec<&'a str> {
        let mut before: BTreeMap<Node<'a>, Node<'a>> = BTreeMap::new();
        let mut waiting = VecDeque::from([from]);
        while let Some(node) = waiting.pop_front() {
            for next in self.alone.get(&node).into_iter().flatten() {
                if *next == from {
                    let mut round = vec![from.1, node.1];
                    let mut at = node;
                    while let Some(earlier) = before.get(&at) {
                        round.push(earlier.1);
                        at = *earlier;
                    }
                    round.reverse();
                    return round;
                }
                if !before.contains_key(next) {
                    before.insert(*next, node);
                    waiting.push_back(*next);
                }
            }
        }
        Vec::new()
    }

    /// Wherever the caller is asked for something, a person is near.
    fn persons(&self, flow: &'a Flow, errors: &mut Vec<FlowError>) {
        if flow.person == Person::Never {
            return;
        }
        let asking = flow.steps.iter().filter(|(name, step)| **name == flow.start || step.verb().nature() == Nature::Asking);
        for (name, _) in asking {
            let site = Site { flow, step: name };
            let what = match self.distance((&flow.name, name), |verb| verb.nature() == Nature::Person) {
                Some(far) if far <= NEAR => continue,
                Some(far) => format!("from step {name} a person is {far} steps away"),
                None => format!("from step {name} no person can be reached"),
            };
            let expected = format!("a queue, callback or transfer within {NEAR} steps, or `person: never` if nobody shall be reached here");
            errors.push(site.error(what, expected));
        }
    }
}

fn reachable<'a>(ways: &Ways<'a>, from: Node<'a>, through: impl Fn(&Node<'a>) -> bool) -> BTreeSet<Node<'a>> {
    let (mut seen, mut waiting) = (BTreeSet::from([from]), vec![from]);
    while let Some(node) = waiting.pop() {
        for next in ways.get(&node).into_iter().flatten().filter(|next| through(next)) {
            if seen.insert(*next) {
                waiting.push(*next);
            }
        }
    }
    seen
}

/// Whether a node leads back to itself.
fn reachable_again<'a>(ways: &Ways<'a>, node: Node<'a>, through: impl Fn(&Node<'a>) -> bool) -> bool {
    ways.get(&node).into_iter().flatten().filter(|next| through(next)).any(|next| reachable(ways, *next, &through).contains(&node))
}

/// A flow that enters itself, straight or by way of others, would never return.
fn recursion(flows: &Flows, errors: &mut Vec<FlowError>) {
    let entered = |name: &str| -> Vec<String> {
        flows.flows.get(name).into_iter().flat_map(|f| f.steps.values()).filter_map(|s| s.verb().enters()).map(str::to_owned).collect()
    };
    for flow in flows.flows.values() {
        for (name, step) in &flow.steps {
            let Some(other) = step.verb().enters() else { continue };
            let (mut seen, mut waiting) = (BTreeSet::new(), vec![other.to_owned()]);
            while let Some(next) = waiting.pop() {
                if seen.insert(next.clone()) {
                    waiting.extend(entered(&next));
                }
            }
            if seen.contains(&flow.name) {
                let what = format!("step {name} enters the flow {other:?}, which enters {:?} again", flow.name);
                errors.push(Site { flow, step: name }.error_in("flow", other, what, "flows that do not enter one another"));
            }
        }
    }
}

/// With recognition down, whatever a citizen calls for can still be had by the keypad.
fn without_speech(flow: &Flow, errors: &mut Vec<FlowError>) {
    let reach = |speech: bool| -> BTreeSet<&str> {
        let (mut seen, mut waiting) = (BTreeSet::from([flow.start.as_str()]), vec![flow.start.as_str()]);
        while let Some(step) = waiting.pop().and_then(|name| flow.steps.get(name)) {
            let closed = step.verb().needs_speech().filter(|_| !speech);
            for (_, to) in step.verb().ways() {
                if closed != Some(to) && seen.insert(to) {
                    waiting.push(to);
                }
            }
        }
        seen
    };
    let deed = |name: &&str| flow.steps.get(*name).and_then(|step| step.verb().deed());
    let (with, without) = (reach(true), reach(false));
    let possible: BTreeSet<String> = without.iter().filter_map(deed).collect();
    for name in &with {
        if let Some(deed) = deed(name).filter(|deed| !possible.contains(deed)) {
            let what = format!("step {name}: a caller can {deed} only while speech recognition is up");
            errors.push(Site { flow, step: name }.error(what, "a way to it by the keypad alone"));
        }
    }
}
