//! A flow as a picture.

use crate::flow::Flow;
use crate::verb::Nature;
use std::fmt::Write;

/// The flow in the language of Mermaid.
pub fn mermaid(flow: &Flow) -> String {
    let mut out = format!("flowchart TD\n  %% {}\n  start([{}]) --> {}\n", flow.about, flow.name, id(&flow.start));
    for (name, step) in &flow.steps {
        let verb = format!("{step:?}").split('(').next().unwrap_or_default().to_lowercase();
        let label = format!("{name}<br/><i>{verb}</i>");
        let shape = match step.verb().nature() {
            Nature::Asking => format!("{{{{\"{label}\"}}}}"),
            Nature::Person => format!("[/\"{label}\"/]"),
            Nature::End => format!("([\"{label}\"])"),
            Nature::Instant | Nature::Passing => format!("[\"{label}\"]"),
        };
        let _ = writeln!(out, "  {}{shape}", id(name));
        for (way, to) in step.verb().ways() {
            let _ = writeln!(out, "  {} -->|{way}| {}", id(name), id(to));
        }
        if let Some(other) = step.verb().enters() {
            let _ = writeln!(out, "  {} -.-> flow_{}[[{other}]]", id(name), id(other));
        }
    }
    out
}

fn id(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
