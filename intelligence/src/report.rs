//! Figures of a model on a set of texts, as a table for people and as numbers to compare with the last accepted ones.

use crate::evaluate::{Judged, Share, calibration_error, macro_f1};
use crate::model::Model;
use crate::seeds::{Danger, Form, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Figures that may not get worse, in per cent where they are shares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures(pub BTreeMap<String, f64>);

/// What was measured on one set of texts.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the set.
    pub set: String,
    /// The figures.
    pub figures: Figures,
    /// The table.
    pub table: String,
}

/// Reads texts with a model, as it is read in service.
pub fn judge(model: &Model, seeds: &[Seed]) -> Vec<Judged> {
    let one = |seed: &Seed| {
        let words = model.features().words(&seed.text);
        let features = model.features().of(&words);
        let (scores, dangers) = model.raw(&words, &features);
        Judged {
            form: seed.form,
            category: model.head.categories.iter().position(|c| *c == seed.category).unwrap_or(usize::MAX),
            danger: seed.danger,
            scores,
            dangers,
            form_said: model.read_words(&seed.text, &words).forms,
            text: seed.text.clone(),
        }
    };
    seeds.iter().map(one).collect()
}

/// Measures what a model said of the texts of a set.
pub fn measure(set: &str, model: &Model, judged: &[Judged]) -> Report {
    let head = &model.head;
    let mut figures = BTreeMap::new();
    let mut table = String::new();
    // Writing to a string cannot fail.
    let mut line = |name: &str, share: Share| {
        let _ = writeln!(table, "| {name} | {share} |");
        figures.insert(name.to_owned(), (share.is * 1000.0).round() / 10.0);
    };
    line("category, first", Share::of(judged, |j| j.place() == 0));
    line("category, among the first three", Share::of(judged, |j| j.place() < 3));
    for form in Form::ALL {
        let of: Vec<&Judged> = judged.iter().filter(|j| j.form == form).collect();
        if !of.is_empty() {
            line(&format!("category, first, {}", form.name()), Share::of(&of, |j| j.place() == 0));
        }
    }
    let sure: Vec<&Judged> = judged.iter().filter(|j| j.confidence(head.temperature) >= head.look_below).collect();
    line("sure enough to need no look", Share::new(sure.len(), judged.len()));
    line("right where it was sure", Share::of(&sure, |j| j.place() == 0));
    let heard = |j: &Judged| j.danger_heard(&head.ear) >= head.danger_from;
    let real: Vec<&Judged> = judged.iter().filter(|j| j.danger != Danger::None).collect();
    let alarms: Vec<&Judged> = judged.iter().filter(|j| heard(j)).collect();
    line("emergencies heard", Share::of(&real, |j| heard(j)));
    line("alarms that were emergencies", Share::of(&alarms, |j| j.danger != Danger::None));
    let kind = |j: &Judged| (1..j.dangers.len()).max_by(|a, b| j.dangers[*a].total_cmp(&j.dangers[*b])).map(|at| Danger::ALL[at]);
    line("kind of emergency", Share::of(&real, |j| kind(j) == Some(j.danger)));
    let form = |j: &Judged| (0..Form::ALL.len()).max_by(|a, b| j.form_said[*a].total_cmp(&j.form_said[*b])).map(|at| Form::ALL[at]);
    line("form of writing", Share::of(judged, |j| form(j) == Some(j.form)));
    let pairs: Vec<(usize, usize)> = judged.iter().map(|j| (j.category, j.said())).collect();
    let said: Vec<(f32, bool)> = judged.iter().map(|j| (j.confidence(head.temperature), j.place() == 0)).collect();
    let (f1, error) = (macro_f1(&pairs), calibration_error(&said));
    let _ = writeln!(table, "| macro-F1 | {f1:.3} |\n| expected calibration error | {error:.3} |");
    table.push_str(&curve(model, judged));
    figures.insert("macro-F1".into(), (f1 * 1000.0).round() / 10.0);
    Report { set: set.to_owned(), figures: Figures(figures), table }
}

/// What each threshold for danger would hear: the curve that its costs are weighed on.
fn curve(model: &Model, judged: &[Judged]) -> String {
    let row = |from: f32| {
        let heard = |j: &Judged| j.danger_heard(&model.head.ear) >= from;
        let real: Vec<&Judged> = judged.iter().filter(|j| j.danger != Danger::None).collect();
        let alarms: Vec<&Judged> = judged.iter().filter(|j| heard(j)).collect();
        let (recall, precision) = (Share::of(&real, |j| heard(j)), Share::of(&alarms, |j| j.danger != Danger::None));
        format!(
            "| danger from {from:.2} on: heard, and alarms that were real | {:.1} %, {:.1} % |\n",
            100.0 * recall.is,
            100.0 * precision.is
        )
    };
    [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7].into_iter().map(row).collect()
}

impl Figures {
    /// Figures that fell by more than `slack` points below those that were accepted.
    pub fn below<'a>(&'a self, accepted: &'a Figures, slack: f64) -> Vec<String> {
        let fell = |(name, was): (&'a String, &'a f64)| {
            let is = self.0.get(name).copied().unwrap_or(0.0);
            (is + slack < *was).then(|| format!("{name}: {is:.1}, accepted was {was:.1}"))
        };
        accepted.0.iter().filter_map(fell).collect()
    }
}

/// Errors to look at: category or danger other than a person's.
pub fn errors(model: &Model, judged: &[Judged]) -> Vec<String> {
    let head = &model.head;
    let name = |class: usize| head.categories.get(class).map_or("?", String::as_str);
    let mut lines = Vec::new();
    for j in judged {
        if j.place() > 0 {
            lines.push(format!("{} taken for {} ({}): {}", name(j.category), name(j.said()), j.form.name(), j.text));
        }
        let heard = j.danger_heard(&head.ear);
        if (heard >= head.danger_from) != (j.danger != Danger::None) {
            lines.push(format!("danger {} heard with {heard:.2} ({}): {}", j.danger.as_str(), j.form.name(), j.text));
        }
    }
    lines
}
