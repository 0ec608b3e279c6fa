//! The command line: one file a command.

mod serve;

use crate::config::Config;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The telephony and multi-channel contact centre of a public helpline.
#[derive(Debug, Parser)]
#[command(name = "daak", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration and the data are.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Configuration file; without it config/daak.toml, where there is one
    #[arg(long, global = true, env = "DAAK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the database, recordings and keys
    #[arg(long, global = true, env = "DAAK_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

impl Place {
    fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref())?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the helpline
    Serve(serve::Serve),
}

/// Carries out a command.
///
/// # Errors
/// A sentence for whoever typed it.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = arguments.place;
    match arguments.command {
        Command::Serve(serve) => serve.run(&place).await,
    }
}
