//! The measuring of a model on texts it was never taught: tables, the comparison with the last accepted figures, the model card.

use crate::atr::{self, ActionTaken, Grievance, Verdict, Verifier};
use crate::evaluate::Share;
use crate::model::Model;
use crate::report::{Figures, Report, errors, judge, measure};
use crate::seeds;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Sets of texts that are never taught, with what is told of each.
pub const SETS: [(&str, &str); 3] = [
    (
        "blind.txt",
        "written in another voice when the model that it first measured was made; its texts have not been looked at since, one choice of features was made by its figures",
    ),
    ("holdout.txt", "written after the first model was made; what went wrong in it has been looked at since, so it guards against falling"),
    ("statements.txt", "statements written before there was a model, by whoever wrote the keywords"),
];
/// Pairs of grievance and report.
pub const PAIRS: [&str; 2] = ["atr_holdout.txt", "atr_pairs.txt"];
/// A figure may fall by this much without a word, in points: less than one text of most sets.
const SLACK: f64 = 0.5;

/// What was measured, and what went wrong.
#[derive(Debug, Clone)]
pub struct Measured {
    /// A report for each set.
    pub reports: Vec<Report>,
    /// Texts that were read otherwise than by a person.
    pub errors: Vec<String>,
}

/// Measures a model; `read` gives the text of a file of `intelligence/data`.
///
/// # Errors
/// A file that cannot be read, or the first mistake in one.
pub fn measure_all(model: &Model, read: impl Fn(&str) -> Result<String, String>) -> Result<Measured, String> {
    let mut measured = Measured { reports: Vec::new(), errors: Vec::new() };
    for (file, told) in SETS {
        let judged = judge(model, &seeds::read_mixed(&read(file)?)?);
        measured.reports.push(measure(&format!("{file}: {told}"), model, &judged));
        measured.errors.extend(errors(model, &judged));
    }
    let verifier = Verifier::shipped()?;
    let mut figures = BTreeMap::new();
    let mut table = String::new();
    for file in PAIRS {
        let pairs = atr::read_pairs(&read(file)?)?;
        let returned = |pair: &&atr::Pair| {
            let grievance = Grievance { body: &pair.grievance, ..Grievance::default() };
            let report = ActionTaken { text: &pair.report, reason: pair.reason.as_deref(), attachments: 0 };
            verifier.judge(grievance, report, &|_| None).verdict == Verdict::Return
        };
        for (honest, name) in [(false, "evasive reports returned"), (true, "honest reports not returned")] {
            let of: Vec<&atr::Pair> = pairs.iter().filter(|p| p.honest == honest).collect();
            let share = Share::of(&of, |pair| returned(pair) != honest);
            // Writing to a string cannot fail.
            let _ = writeln!(table, "| {name}, {file} | {share} |");
            figures.insert(format!("{name}, {file}"), (share.is * 1000.0).round() / 10.0);
        }
        measured.errors.extend(pairs.iter().filter(|p| returned(p) == p.honest).map(|p| format!("{} => {}", p.grievance, p.report)));
    }
    measured.reports.push(Report { set: "action taken reports".into(), figures: Figures(figures), table });
    Ok(measured)
}

impl Measured {
    /// The tables.
    pub fn tables(&self) -> String {
        self.reports.iter().map(|report| format!("## {}\n| | |\n|---|---|\n{}\n", report.set, report.table)).collect()
    }

    /// The figures, to be accepted.
    ///
    /// # Errors
    /// Never in practice: numbers become JSON.
    pub fn accepted(&self) -> Result<String, String> {
        let now: BTreeMap<&str, &Figures> = self.reports.iter().map(|r| (r.set.as_str(), &r.figures)).collect();
        serde_json::to_string_pretty(&now).map(|json| json + "\n").map_err(|why| why.to_string())
    }

    /// Figures that fell below those of `accepted.json`.
    ///
    /// # Errors
    /// The file is no list of figures.
    pub fn fell(&self, accepted: &str) -> Result<Vec<String>, String> {
        let accepted: BTreeMap<String, Figures> = serde_json::from_str(accepted).map_err(|why| format!("accepted.json: {why}"))?;
        let of = |(set, figures): (&String, &Figures)| {
            let now = self.reports.iter().find(|r| r.set == *set).map(|r| r.figures.below(figures, SLACK));
            let fell = now.unwrap_or_else(|| vec!["is no longer measured".into()]);
            fell.into_iter().map(|what| format!("{set}: {what}")).collect::<Vec<_>>()
        };
        Ok(accepted.iter().flat_map(of).collect())
    }

    /// What a model is, how it was made, what it can and cannot.
    pub fn card(&self, model: &Model) -> String {
        let head = &model.head;
        let mut card = format!(
            "# The model that understands texts\nMade by `daak eval --card docs/model-card.md`; do not edit.\n\n\
            Linear readers over hashed features, in eight bits; version {}, data {}. {} categories; below a confidence of {:.2} a person looks \
            at the category, from a probability of {:.2} on danger is heard.\n\n\
            **What it is for.** A first category, office and limit for a statement in Bengali, Hindi or English, in their own letters or in \
            Latin ones; hearing danger; weighing action taken reports. People correct it; it decides nothing that only a person may.\n\n\
            **What it is made from.** Texts written by hand for the purpose (`intelligence/data/README.md`); no citizen's words are in it. \
            One hand wrote nearly all of them, so texts of other people fare worse than the tables say.\n\n\
            **What it cannot.** Handwriting, other languages than these, sarcasm; two matters in one text get the category of one. Urdu \
            and Nepali are recognised, not understood.\n",
            head.version,
            &head.data[..head.data.len().min(16)],
            head.categories.len(),
            head.look_below,
            head.danger_from
        );
        for report in &self.reports {
            let _ = write!(card, "\n## {}\n| | share (95 % interval) |\n|---|---|\n{}", report.set, report.table);
        }
        card
    }
}
