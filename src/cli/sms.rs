//! `daak sms`: every text in every language, with its parts and what the carriers' registry says of it.

use super::{Place, say};
use crate::app;
use clap::{Args, Subcommand};
use daak_sms::dlt::Piece;
use daak_sms::{Registry, parts};
use std::process::ExitCode;

/// Arguments of `daak sms`.
#[derive(Debug, Args)]
pub struct Sms {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Print every text with its parts, and whether the carriers would let it pass
    Check,
}

impl Sms {
    /// Prints the table. The exit code is 1 if a text would be dropped.
    ///
    /// # Errors
    /// A configuration or a template that is refused, a registry that cannot be read.
    pub fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let Act::Check = self.act;
        let config = place.config()?;
        let templates = app::templates(&config)?;
        let texts = templates.for_registry(&config.data.folder.join("templates"));
        let registry = match &config.sms.dlt {
            Some(file) => Some(
                Registry::load(file)
                    .map_err(|errors| anyhow::anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?,
            ),
            None => None,
        };
        let rows = registry.as_ref().map(|registry| registry.check(&texts));
        let mut dropped = 0;
        say("template               language  parts  registered as");
        for (at, text) in texts.iter().enumerate() {
            let longest: String = text.pieces.iter().map(longest).collect();
            let row = rows.as_ref().and_then(|rows| rows.get(at));
            let id = row.and_then(|row| row.id.clone()).unwrap_or_else(|| "-".into());
            say(&format!("{:<22} {:<9} {:<6} {id}", text.template, text.language, parts::count(&longest).parts));
            if let Some(trouble) = row.and_then(|row| row.trouble.as_ref()) {
                dropped += 1;
                say(&format!("    {trouble}"));
            }
        }
        match &registry {
            None => say("sms.dlt is not set: nothing was held against a registry"),
            Some(registry) => {
                if let Err(why) = registry.knows(&config.sms.sender, config.sms.entity_id.as_deref()) {
                    dropped += 1;
                    say(&why);
                }
                say(&format!("{} texts, {dropped} mistakes", texts.len()));
            }
        }
        Ok(if dropped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A piece at its longest: a value in the script of the text around it.
fn longest(piece: &Piece) -> String {
    match piece {
        Piece::Fixed(words) => words.clone(),
        Piece::Value { longest, .. } => "0".repeat(*longest),
    }
}
