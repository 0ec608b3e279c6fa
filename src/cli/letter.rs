//! `daak letter`: what the post room prints.

use super::{Place, say};
use anyhow::Context;
use clap::{Args, Subcommand};
use daak_letter::paper::{Fonts, separator_sheets};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `daak letter`.
#[derive(Debug, Args)]
pub struct Letter {
    #[command(subcommand)]
    act: LetterAct,
}

#[derive(Debug, Subcommand)]
enum LetterAct {
    /// Make separator sheets as a PDF: one lies before each letter in a batch, and the scan is parted there
    Sheets {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        count: u32,
        /// File to write
        #[arg(long, value_name = "FILE", default_value = "separator-sheets.pdf")]
        out: PathBuf,
    },
}

impl Letter {
    /// Makes what is wanted.
    ///
    /// # Errors
    /// Fonts that are missing; a file that cannot be written.
    pub fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let LetterAct::Sheets { count, out } = self.act;
        let pdf = separator_sheets(&Fonts::load(&config.letters.fonts).map_err(daak_letter::paper::PaperError::from)?, count)?;
        std::fs::write(&out, pdf).with_context(|| format!("{} cannot be written", out.display()))?;
        say(&format!("{}: {count} separator sheets; print them single-sided and lay one before each letter", out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
