//! `daak migrate`: brings the database up to date.

use super::{Place, say};
use clap::Args;
use std::process::ExitCode;

/// Arguments of `daak migrate`.
#[derive(Debug, Args)]
pub struct Migrate {}

impl Migrate {
    /// Opens the database, which brings it up to date.
    ///
    /// # Errors
    /// A database that cannot be reached or migrated.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        place.store(&config).await?;
        say(&format!("the database {:?} is up to date", config.database.url));
        Ok(ExitCode::SUCCESS)
    }
}
