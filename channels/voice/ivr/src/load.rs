//! Reading flows from a folder: each mistake with its file, line, what is wrong and what was expected.

use crate::flow::{Flow, FlowFile, Flows, Step};
use crate::prompts::Prompts;
use daak_domain::language::Language;
use std::collections::BTreeMap;
use std::path::Path;

/// A mistake in a flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}; expected {expected}")]
pub struct FlowError {
    /// Name of the file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What was expected.
    pub expected: String,
}

/// Name of the catalogue.
const PROMPTS: &str = "prompts.yaml";
/// Largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

impl Flows {
    /// Reads `*.yaml` of a folder: `prompts.yaml` is the catalogue, every other file a flow. The flows are checked.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn load(dir: &Path) -> Result<Self, Vec<FlowError>> {
        let mut texts = BTreeMap::new();
        let gone =
            |what: String| vec![FlowError { file: dir.display().to_string(), line: 1, what, expected: "a folder with flows".into() }];
        for entry in std::fs::read_dir(dir).map_err(|e| gone(e.to_string()))? {
            let path = entry.map_err(|e| gone(e.to_string()))?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.ends_with(".yaml") || std::fs::metadata(&path).is_ok_and(|m| m.len() > LARGEST) {
                continue;
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
                match prompts(text) {
                    Ok(prompts) => flows.prompts = prompts,
                    Err(error) => errors.push(error),
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

fn prompts(text: &str) -> Result<Prompts, FlowError> {
    serde_yaml_ng::from_str::<BTreeMap<String, BTreeMap<Language, String>>>(text).map(Prompts).map_err(|e| syntax(PROMPTS, &e))
}

fn syntax(file: &str, error: &serde_yaml_ng::Error) -> FlowError {
    let line = error.location().map_or(1, |l| l.line());
    let (what, expected) = split(&error.to_string());
    FlowError { file: file.to_owned(), line, what, expected }
}

/// Splits serde's sentence into what is wrong and what was expected.
fn split(message: &str) -> (String, String) {
    let message = message.split(" at line ").next().unwrap_or(message);
    match message.split_once(", expected ") {
        Some((what, expected)) => (what.to_owned(), expected.to_owned()),
        None => (message.to_owned(), "what ivr-flows/schema.json describes".to_owned()),
    }
}

fn flow(file: &str, text: &str) -> Result<Flow, Vec<FlowError>> {
    let read: FlowFile = serde_yaml_ng::from_str(text).map_err(|e| vec![syntax(file, &e)])?;
    let lines = lines(text);
    let (mut steps, mut errors) = (BTreeMap::new(), Vec::new());
    for (name, value) in read.steps {
        match serde_yaml_ng::from_value::<Step>(value) {
            Ok(step) => {
                steps.insert(name, step);
            }
            Err(error) => {
                let (what, expected) = split(&error.to_string());
                let line = lines.get(&name).copied().unwrap_or(1);
                let line = line + offset(text, line, &what);
                errors.push(FlowError { file: file.to_owned(), line, what: format!("step {name}: {what}"), expected });
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let name = file.trim_end_matches(".yaml").to_owned();
    Ok(Flow { name, about: read.about, start: read.start, steps, lines })
}

/// The lines on which steps begin: keys of two spaces below `steps:`.
fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut within = false;
    for (n, line) in text.lines().enumerate() {
        if !line.starts_with(' ') && !line.is_empty() && !line.starts_with('#') {
            within = line.starts_with("steps:");
        } else if within && line.starts_with("  ") && !line.starts_with("   ") && !line.trim_start().starts_with('#') {
            let name = line.trim().split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
            found.insert(name.to_owned(), n + 1);
        }
    }
    found
}

/// How far below a step's first line the word in backquotes or quotes of an error stands.
fn offset(text: &str, line: usize, what: &str) -> usize {
    let Some(word) = what.split(['`', '"']).nth(1).filter(|w| !w.is_empty()) else { return 0 };
    let step = text.lines().skip(line).take_while(|l| l.starts_with("    ") || l.trim().is_empty());
    step.enumerate().find(|(_, l)| l.contains(word)).map_or(0, |(n, _)| n + 1)
}

/// The line of a step.
pub(crate) fn line_of(flow: &Flow, step: &str) -> usize {
    flow.lines.get(step).copied().unwrap_or(1)
}
