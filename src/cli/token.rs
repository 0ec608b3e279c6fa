//! `daak token`: bearer tokens of machines.

use super::{Place, say};
use crate::access::Role;
use clap::{Args, Subcommand};
use daak_domain::Timestamp;
use std::process::ExitCode;

/// Arguments of `daak token`.
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    act: TokenAct,
}

#[derive(Debug, Subcommand)]
enum TokenAct {
    /// Make a token; it is printed once and kept nowhere
    Create {
        /// agent, supervisor, processor, officer, field, analyst, auditor, admin, integration
        #[arg(long)]
        role: Role,
        /// Name of the machine, as the event log shows it
        #[arg(long)]
        name: String,
    },
}

impl Token {
    /// Makes a token.
    ///
    /// # Errors
    /// A sentence for whoever typed it.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let TokenAct::Create { role, name } = self.act;
        let token = place.access(&config).await?.new_token(&name, role, Timestamp::now()).await?;
        say(token.reveal());
        Ok(ExitCode::SUCCESS)
    }
}
