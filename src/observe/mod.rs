//! What the log and the measures say: one catalogue of names, no personal data.
//!
//! Every line of the log is an event with a name from [`event`], as in
//! `tracing::info!(event = event::HTTP_LISTENING, %address)`. Numbers of citizens, names and what they said never
//! stand in a line: ticket numbers, call ids and sign-in names are enough to find them in the database.

pub mod event;
pub mod measure;

use crate::config::section::http::{Log, LogFormat};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Sends events to standard error as `[log]` says. Only the first call in a process counts.
pub fn start(log: &Log) {
    let filter: Targets = log.filter.parse().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let _ = match log.format {
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}
