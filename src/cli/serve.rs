//! `daak serve`: runs the helpline until it is told to end.

use super::{Place, say};
use crate::app::{App, Part, Setting};
use crate::observe::{self, event};
use clap::Args;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `daak serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Parts to run in this process
    #[arg(long = "role", value_enum, value_delimiter = ',', default_value = "all")]
    roles: Vec<Part>,
    /// Lay down made-up people, offices and tickets where the database is empty, and print their passwords
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// Starts every part, prints one line an address, and ends them in order on SIGTERM or SIGINT.
    ///
    /// # Errors
    /// A part that does not start.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        observe::start(&config.log);
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let setting = Setting { data: place.data.clone(), parts: self.roles, demo: self.demo };
        let app = App::start(config, setting).await?;
        for line in app.listening() {
            say(line);
        }
        let died = tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            part = app.first_death() => Some(part),
        };
        tracing::info!(event = event::PROGRAM_STOPPING);
        app.stop().await;
        tracing::info!(event = event::PROGRAM_STOPPED);
        match died {
            None => Ok(ExitCode::SUCCESS),
            Some(part) => anyhow::bail!("{part} ended by itself; the log says why"),
        }
    }
}
