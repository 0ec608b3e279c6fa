//! Whatever a flow names exists.

use super::Site;
use crate::error::{FlowError, Mark};
use crate::flow::{Flow, Flows, Step};
use crate::session::ABOUT;
use crate::verb::Verb;
use daak_domain::language::Language;
use daak_domain::ticket::State;
use std::collections::BTreeMap;

/// Names that a branch always knows.
const KNOWN: [&str; 6] = ["language", "language_known", "caller_known", "called", "number_known", ABOUT];

pub(super) fn check(flows: &Flows, flow: &Flow, errors: &mut Vec<FlowError>) {
    if !flow.steps.contains_key(&flow.start) {
        let mark = flow.source.place(&["start".to_owned()]);
        let what = format!("the flow starts at {:?}, which it does not have", flow.start);
        errors.push(FlowError::at(&format!("{}.yaml", flow.name), mark, what, format!("one of its steps: {}", some(&flow.steps))));
    }
    for (name, step) in &flow.steps {
        let site = Site { flow, step: name };
        steps(flows, site, step.verb(), errors);
        prompts(flows, site, step.verb(), errors);
        values(flows, site, step.verb(), errors);
        for mistake in step.verb().mistakes() {
            errors.push(site.error_in(&mistake.word, &mistake.word, format!("step {name}: {}", mistake.what), mistake.expected));
        }
    }
}

fn some(steps: &BTreeMap<String, Step>) -> String {
    steps.keys().take(8).cloned().collect::<Vec<_>>().join(", ")
}

/// Steps and flows.
fn steps(flows: &Flows, site: Site<'_>, verb: &dyn Verb, errors: &mut Vec<FlowError>) {
    for (way, to) in verb.ways().into_iter().filter(|(_, to)| !site.flow.steps.contains_key(*to)) {
        let what = format!("step {} ({way}) leads to {to:?}, which does not exist", site.step);
        errors.push(site.error_in(&way, to, what, format!("a step of this flow: {}", some(&site.flow.steps))));
    }
    if let Some(other) = verb.enters().filter(|other| !flows.flows.contains_key(*other)) {
        let what = format!("step {} enters the flow {other:?}, which does not exist", site.step);
        let known = flows.flows.keys().cloned().collect::<Vec<_>>().join(", ");
        errors.push(site.error_in("flow", other, what, format!("a flow of this folder: {known}")));
    }
}

/// Prompts, in every language, and the values in them.
fn prompts(flows: &Flows, site: Site<'_>, verb: &dyn Verb, errors: &mut Vec<FlowError>) {
    for prompt in verb.prompts() {
        let missing = flows.prompts.missing(prompt);
        if missing.is_empty() {
            missing_values(flows, site, prompt, errors);
            continue;
        }
        let codes = |all: &[Language]| all.iter().map(|l| l.code()).collect::<Vec<_>>().join(", ");
        let what = format!("step {} says {prompt:?}, which prompts.yaml lacks in {}", site.step, codes(&missing));
        errors.push(site.error_in("prompts", prompt, what, format!("a text in each of {}", codes(&Language::SERVED))));
    }
}

fn missing_values(flows: &Flows, site: Site<'_>, prompt: &str, errors: &mut Vec<FlowError>) {
    let needs = flows.prompts.needs(prompt);
    for value in needs.iter().filter(|value| !is_known(flows, value)) {
        let what = format!("step {} says {prompt:?}, which needs the value {value:?} that no step sets", site.step);
        errors.push(site.error_in("prompts", prompt, what, "a step that sets it"));
    }
    if needs.contains("state") {
        for state in State::ALL.iter().map(|state| format!("state-{state}")).filter(|name| !flows.prompts.missing(name).is_empty()) {
            let mark = flows.prompts.mark(prompt).unwrap_or(Mark { line: 1, column: 1 });
            errors.push(FlowError::at(
                "prompts.yaml",
                mark,
                format!("{prompt:?} says a state, but there is no {state:?}"),
                "words for every state",
            ));
        }
    }
}

/// Values that are read but that no step ever sets.
fn values(flows: &Flows, site: Site<'_>, verb: &dyn Verb, errors: &mut Vec<FlowError>) {
    for value in verb.uses().into_iter().filter(|value| !KNOWN.contains(value) && !is_known(flows, value)) {
        let what = format!("step {} reads the value {value:?}, which no step sets", site.step);
        let set: Vec<_> = flows.flows.values().flat_map(|f| f.steps.values()).flat_map(|s| s.verb().sets()).collect();
        errors.push(site.error_in(value, value, what, format!("a value that is set ({}) or one of {}", set.join(", "), KNOWN.join(", "))));
    }
}

fn is_known(flows: &Flows, value: &str) -> bool {
    value == ABOUT || flows.flows.values().flat_map(|f| f.steps.values()).any(|step| step.verb().sets().contains(&value))
}
