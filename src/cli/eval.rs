//! `daak eval`: measures the model in this program on texts it was never taught, and fails where a figure fell below the last
//! accepted one. Writes the model card.

use super::say;
use anyhow::Context;
use clap::Args;
use daak_intelligence::atr::{self, ActionTaken, Grievance, Verdict, Verifier};
use daak_intelligence::evaluate::Share;
use daak_intelligence::model::Model;
use daak_intelligence::report::{Figures, Report, errors, judge, measure};
use daak_intelligence::seeds;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `daak eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// Folder with the texts
    #[arg(long, value_name = "DIR", default_value = "intelligence/data")]
    texts: PathBuf,
    /// Write the model card to this file
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// Print the texts that were read otherwise than by a person
    #[arg(long)]
    errors: bool,
    /// Accept these figures from now on
    #[arg(long)]
    accept: bool,
}

/// Sets of texts that are never taught, with what is told of each.
const SETS: [(&str, &str); 2] = [
    ("holdout.txt", "texts written after the model was made"),
    ("statements.txt", "statements written before there was a model, by whoever wrote the keywords"),
];
/// A figure may fall by this much without a word, in points: less than one text of most sets.
const SLACK: f64 = 0.5;

impl Eval {
    /// Measures, compares, and writes.
    ///
    /// # Errors
    /// A file that cannot be read or written; no model.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let model = Model::shipped()?;
        let mut reports = Vec::new();
        for (file, told) in SETS {
            let judged = judge(&model, &seeds::read_mixed(&read(&self.texts.join(file))?).map_err(anyhow::Error::msg)?);
            reports.push(measure(&format!("{file}: {told}"), &model, &judged));
            if self.errors {
                errors(&model, &judged).iter().for_each(|line| say(line));
            }
        }
        reports.push(self.reports()?);
        reports.iter().for_each(|report| say(&format!("## {}\n| | |\n|---|---|\n{}", report.set, report.table)));
        if let Some(card) = &self.card {
            std::fs::write(card, model_card(&model, &reports)).with_context(|| format!("{} cannot be written", card.display()))?;
        }
        self.compare(&reports)
    }

    /// Pairs of grievance and report.
    fn reports(&self) -> anyhow::Result<Report> {
        let verifier = Verifier::shipped().map_err(anyhow::Error::msg)?;
        let mut figures = BTreeMap::new();
        let mut table = String::new();
        for file in ["atr_holdout.txt", "atr_pairs.txt"] {
            let pairs = atr::read_pairs(&read(&self.texts.join(file))?).map_err(anyhow::Error::msg)?;
            let returned = |pair: &&atr::Pair| {
                let grievance = Grievance { body: &pair.grievance, ..Grievance::default() };
                let report = ActionTaken { text: &pair.report, reason: pair.reason.as_deref(), attachments: 0 };
                verifier.judge(grievance, report, &|_| None).verdict == Verdict::Return
            };
            for (honest, name) in [(false, "evasive reports returned"), (true, "honest reports not returned")] {
                let of: Vec<&atr::Pair> = pairs.iter().filter(|p| p.honest == honest).collect();
                let share = Share::of(&of, |pair| returned(pair) != honest);
                let _ = writeln!(table, "| {name}, {file} | {share} |");
                figures.insert(format!("{name}, {file}"), (share.is * 1000.0).round() / 10.0);
            }
            if self.errors {
                pairs.iter().filter(|p| returned(p) == p.honest).for_each(|p| say(&format!("{} => {}", p.grievance, p.report)));
            }
        }
        Ok(Report { set: "action taken reports".into(), figures: Figures(figures), table })
    }

    fn compare(&self, reports: &[Report]) -> anyhow::Result<ExitCode> {
        let file = self.texts.join("accepted.json");
        let now: BTreeMap<&str, &Figures> = reports.iter().map(|r| (r.set.as_str(), &r.figures)).collect();
        if self.accept {
            std::fs::write(&file, serde_json::to_string_pretty(&now)? + "\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        let accepted: BTreeMap<String, Figures> = serde_json::from_str(&read(&file)?)?;
        let fell = |(set, figures): (&String, &Figures)| {
            let is = now.get(set.as_str()).map(|is| is.below(figures, SLACK)).unwrap_or_else(|| vec!["is no longer measured".into()]);
            is.into_iter().map(|what| format!("{set}: {what}")).collect::<Vec<_>>()
        };
        let fell: Vec<String> = accepted.iter().flat_map(fell).collect();
        fell.iter().for_each(|line| say(&format!("fell: {line}")));
        Ok(if fell.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read: run this in the project's folder", path.display()))
}

/// What a model is, how it was made, what it can and cannot.
fn model_card(model: &Model, reports: &[Report]) -> String {
    let head = &model.head;
    let mut card = format!(
        "# The model that understands texts\nMade by `daak eval --card docs/model-card.md`; do not edit.\n\n\
        Linear readers over hashed features, in eight bits; version {}, data {}. {} categories; below a confidence of {:.2} a person looks at \
        the category, from a probability of {:.2} on danger is heard.\n\n\
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
    for report in reports {
        let _ = write!(card, "\n## {}\n| | share (95 % interval) |\n|---|---|\n{}", report.set, report.table);
    }
    card
}
