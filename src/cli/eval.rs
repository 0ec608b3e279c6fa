//! `daak eval`: measures the model in this program on texts it was never taught, and fails where a figure fell below the last
//! accepted one. Writes the model card.

use super::say;
use anyhow::Context;
use clap::Args;
use daak_intelligence::card::measure_all;
use daak_intelligence::model::Model;
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

impl Eval {
    /// Measures, compares, and writes.
    ///
    /// # Errors
    /// A file that cannot be read or written; no model.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let model = Model::shipped()?;
        let measured =
            measure_all(&model, |file| read(&self.texts.join(file)).map_err(|why| format!("{why:#}"))).map_err(anyhow::Error::msg)?;
        if self.errors {
            measured.errors.iter().for_each(|line| say(line));
        }
        say(&measured.tables());
        if let Some(card) = &self.card {
            std::fs::write(card, measured.card(&model)).with_context(|| format!("{} cannot be written", card.display()))?;
        }
        let file = self.texts.join("accepted.json");
        if self.accept {
            std::fs::write(&file, measured.accepted().map_err(anyhow::Error::msg)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let fell = measured.fell(&read(&file)?).map_err(anyhow::Error::msg)?;
        fell.iter().for_each(|line| say(&format!("fell: {line}")));
        Ok(if fell.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read: run this in the project's folder", path.display()))
}
