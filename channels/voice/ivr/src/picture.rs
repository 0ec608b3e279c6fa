//! A flow as a picture: in the language of Mermaid, or as an SVG that any browser shows.

use crate::flow::{Flow, Step};
use crate::verb::Nature;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

/// The flow in the language of Mermaid.
pub fn mermaid(flow: &Flow) -> String {
    let mut out = format!("flowchart TD\n  %% {}\n  start([{}]) --> {}\n", flow.about, flow.name, id(&flow.start));
    for (name, step) in &flow.steps {
        let label = format!("{name}<br/><i>{}</i>", verb(step));
        let shape = match step.verb().nature() {
            Nature::Asking => format!("{{{{\"{label}\"}}}}"),
            Nature::Person => format!("[/\"{label}\"/]"),
            Nature::End => format!("([\"{label}\"])"),
            Nature::Instant | Nature::Passing => format!("[\"{label}\"]"),
        };
        let _ = writeln!(out, "  {}{shape}", id(name));
        for (way, to) in step.verb().ways() {
            // A bare # or * means something else to Mermaid.
            let way = match way.as_str() {
                "#" => "\"#35;\"".to_owned(),
                "*" => "\"#42;\"".to_owned(),
                way => way.to_owned(),
            };
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

fn verb(step: &Step) -> String {
    format!("{step:?}").split('(').next().unwrap_or_default().to_lowercase()
}

/// Measures of the picture, in pixels.
const BOX: (usize, usize) = (150, 42);
const CELL: (usize, usize) = (190, 110);
const MARGIN: usize = 30;

/// The flow as an SVG: a row for each number of steps from the start, a line for each way.
pub fn svg(flow: &Flow) -> String {
    let places = places(flow);
    let columns = places.values().map(|(column, _)| column + 1).max().unwrap_or(1);
    let rows = places.values().map(|(_, row)| row + 1).max().unwrap_or(1);
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}: {}</title>\n<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#667\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(&flow.name),
        escaped(&flow.about)
    );
    for (name, step) in &flow.steps {
        for (n, (way, to)) in step.verb().ways().into_iter().enumerate() {
            if let (Some(from), Some(to)) = (places.get(name.as_str()), places.get(to)) {
                line(&mut out, *from, *to, &way, n);
            }
        }
    }
    for (name, step) in &flow.steps {
        if let Some(place) = places.get(name.as_str()) {
            step_box(&mut out, *place, name, step);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Column and row of each step.
fn places(flow: &Flow) -> BTreeMap<&str, (usize, usize)> {
    let (mut places, mut filled): (BTreeMap<&str, (usize, usize)>, Vec<usize>) = (BTreeMap::new(), Vec::new());
    let mut waiting = VecDeque::from([(flow.start.as_str(), 0)]);
    while let Some((name, row)) = waiting.pop_front() {
        let Some(step) = flow.steps.get(name).filter(|_| !places.contains_key(name)) else { continue };
        if filled.len() <= row {
            filled.push(0);
        }
        places.insert(name, (filled[row], row));
        filled[row] += 1;
        waiting.extend(step.verb().ways().into_iter().map(|(_, to)| (to, row + 1)));
    }
    places
}

fn middle((column, row): (usize, usize)) -> (usize, usize) {
    (MARGIN + column * CELL.0 + CELL.0 / 2, MARGIN + row * CELL.1 + CELL.1 / 2)
}

/// A line goes down from box to box; one that goes up or stays on its row swings out to the right.
fn line(out: &mut String, from: (usize, usize), to: (usize, usize), way: &str, nth: usize) {
    let ((x1, y1), (x2, y2)) = (middle(from), middle(to));
    let half = BOX.1 / 2;
    let (path, at) = if to.1 > from.1 {
        let bend = (y1 + half + y2 - half) / 2;
        (
            format!("M{x1} {} C{x1} {bend} {x2} {bend} {x2} {}", y1 + half, y2 - half),
            (x1 + (x2 + 10 - x1.min(x2 + 10)) / 8, y1 + half + 14 + 12 * nth),
        )
    } else {
        let (right, away) = (BOX.0 / 2, x1.max(x2) + CELL.0 / 2 + 8 * nth);
        (format!("M{} {y1} C{away} {y1} {away} {y2} {} {y2}", x1 + right, x2 + right), (x1 + right + 4, y1 - 4 - 12 * nth.min(2)))
    };
    let _ = writeln!(out, "<path d=\"{path}\" fill=\"none\" stroke=\"#667\" marker-end=\"url(#arrow)\"/>");
    let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" fill=\"#445\" font-size=\"10\">{}</text>", at.0, at.1, escaped(way));
}

fn step_box(out: &mut String, place: (usize, usize), name: &str, step: &Step) {
    let (x, y) = middle(place);
    let (left, top) = (x - BOX.0 / 2, y - BOX.1 / 2);
    let (fill, round) = match step.verb().nature() {
        Nature::Asking => ("#fff3d6", 4),
        Nature::Person => ("#dcf3dc", 4),
        Nature::End => ("#e4e4ec", 20),
        Nature::Instant | Nature::Passing => ("#eaf1fb", 4),
    };
    let _ = writeln!(
        out,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"#556\"/>\n\
         <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\" \
         font-style=\"italic\" fill=\"#556\">{}{}</text>",
        BOX.0,
        BOX.1,
        y.saturating_sub(2),
        escaped(name),
        y + 13,
        verb(step),
        step.verb().enters().map(|other| format!(" {}", escaped(other))).unwrap_or_default()
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
