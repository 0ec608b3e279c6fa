//! `daak model`: the speech model.

use super::say;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use voice_speech::fetch;

/// Arguments of `daak model`.
#[derive(Debug, Args)]
pub struct Model {
    #[command(subcommand)]
    act: ModelAct,
}

#[derive(Debug, Subcommand)]
enum ModelAct {
    /// Fetch and convert the small model once, by checksum
    Fetch {
        /// Folder for it; without one, where `serve` looks for it
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

impl Model {
    /// Fetches the model, with a line for each step.
    ///
    /// # Errors
    /// Every way that was tried, in one sentence.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let ModelAct::Fetch { into } = self.act;
        let into = into.or_else(fetch::default_directory).context("this user has no home: say where with --into")?;
        fetch::fetch(&into, say).await?;
        Ok(ExitCode::SUCCESS)
    }
}
