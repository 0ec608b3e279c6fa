//! Reading flows from a folder: each mistake with its file, line, column, what is wrong and what was expected.

use crate::error::{FlowError, Mark};
use crate::flow::{Flow, Flows, Person, Step};
use crate::prompts::Prompts;
use crate::source::{Content, Key, Node, from_node, parse};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the catalogue.
const PROMPTS: &str = "prompts.yaml";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// What a flow file may say.
const KEYS: &str = "about, person, start, steps";

impl Flows {
    /// Reads `*.yaml` of a folder: `prompts.yaml` is the catalogue, every other file a flow. The flows are checked.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn load(dir: &Path) -> Result<Self, Vec<FlowError>> {
        let mut texts = BTreeMap::new();
        let gone = |what: String| vec![FlowError::at(&dir.display().to_string(), Mark { line: 1, column: 1 }, what, "a folder with flows")];
        for entry in std::fs::read_dir(dir).map_err(|e| gone(e.to_string()))? {
            let path = entry.map_err(|e| gone(e.to_string()))?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.ends_with(".yaml") {
                continue;
            }
            if std::fs::metadata(&path).is_ok_and(|m| m.len() > LARGEST) {
                return Err(gone(format!("{name} has more than {LARGEST} bytes")));
            }
            texts.insert(name, std::fs::read_to_string(&path).map_err(|e| gone(format!("{}: {e}", path.display())))?);
        }
        Self::read(&texts)
    }

    /// Reads flows from the texts of files by name.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn read(texts: &BTreeMap<String, String>) -> Result<Self, Vec<FlowError>> {
        let (mut flows, mut errors) = (Flows::default(), Vec::new());
        for (file, text) in texts {
            if file == PROMPTS {
                match parse(file, text).map_err(|e| vec![e]).and_then(|root| Prompts::read(file, &root)) {
                    Ok(prompts) => flows.prompts = prompts,
                    Err(found) => errors.extend(found),
                }
                continue;
            }
            match flow(file, text) {
                Ok(flow) => {
                    flows.flows.insert(flow.name.clone(), flow);
                }
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() {
            errors = crate::check::check(&flows);
        }
        if errors.is_empty() { Ok(flows) } else { Err(errors) }
    }
}

fn flow(file: &str, text: &str) -> Result<Flow, Vec<FlowError>> {
    let root = parse(file, text).map_err(|e| vec![e])?;
    let entries = entries(file, &root, "a flow").map_err(|e| vec![e])?;
    let mut errors = Vec::new();
    for (key, _) in entries.iter().filter(|(key, _)| !["about", "person", "start", "steps"].contains(&key.text.as_str())) {
        errors.push(FlowError::at(file, key.mark, format!("unknown field `{}`", key.text), format!("one of {KEYS}")));
    }
    let mut about = String::new();
    let mut start = String::new();
    for (name, into) in [("about", &mut about), ("start", &mut start)] {
        match root.get(name).map(|node| from_node::<String>(file, node)) {
            Some(Ok(text)) => *into = text,
            Some(Err(error)) => errors.push(error),
            None => errors.push(FlowError::at(
                file,
                root.mark,
                format!("missing field `{name}`"),
                format!("all of {KEYS}, person may be left out"),
            )),
        }
    }
    let person = match root.get("person").map_or(Ok(Person::default()), |node| from_node(file, node)) {
        Ok(person) => person,
        Err(error) => {
            errors.push(error);
            Person::default()
        }
    };
    let mut steps = BTreeMap::new();
    match root.get("steps") {
        Some(node) => read_steps(file, node, &mut steps, &mut errors),
        None => errors.push(FlowError::at(file, root.mark, "missing field `steps`", "the steps of the flow by name")),
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let name = file.trim_end_matches(".yaml").to_owned();
    Ok(Flow { name, about, person, start, steps, source: root })
}

fn read_steps(file: &str, node: &Node, steps: &mut BTreeMap<String, Step>, errors: &mut Vec<FlowError>) {
    let found = match entries(file, node, "`steps`") {
        Ok(found) => found,
        Err(error) => return errors.push(error),
    };
    for (key, node) in found {
        match step(file, key, node) {
            Ok(step) => {
                steps.insert(key.text.clone(), step);
            }
            Err(error) => errors.push(FlowError { what: format!("step {}: {}", key.text, error.what), ..error }),
        }
    }
}

/// A step is written with its verb among its fields; it is read as the verb around its fields, which keeps every place.
fn step(file: &str, key: &Key, node: &Node) -> Result<Step, FlowError> {
    let fields = entries(file, node, "a step")?;
    let Some(verb) = node.get("verb") else {
        return Err(FlowError::at(file, key.mark, "it has no verb", "`verb:` and the name of one"));
    };
    let Content::Scalar { text, .. } = &verb.content else {
        return Err(FlowError::at(file, verb.mark, format!("the verb is {}", verb.kind()), "the name of a verb"));
    };
    let rest = fields.iter().filter(|(key, _)| key.text != "verb").cloned().collect();
    let around = (Key { mark: verb.mark, text: text.clone() }, Node { mark: key.mark, content: Content::Map(rest) });
    let node = Node { mark: verb.mark, content: Content::Map(vec![around]) };
    from_node(file, &node)
}

fn entries<'a>(file: &str, node: &'a Node, what: &str) -> Result<&'a [(Key, Node)], FlowError> {
    match &node.content {
        Content::Map(entries) => Ok(entries),
        _ => Err(FlowError::at(file, node.mark, format!("{what} is {}", node.kind()), "a mapping")),
    }
}
