//! What the log and the measures say: one catalogue of names, no personal data.
//!
//! Every line of the log is an event with a name from [`event`], as in
//! `tracing::info!(event = event::HTTP_LISTENING, %address)`. Numbers of citizens, names and what they said never
//! stand in a line: ticket numbers, call ids and sign-in names are enough to find them in the database.

pub mod event;
pub mod measure;

use crate::config::section::http::{Log, LogFormat};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Sends events to standard error as `[log]` says. Only the first call in a process counts.
pub fn start(log: &Log) {
    let registry = tracing_subscriber::registry().with(filter(&log.filter));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let _ = match log.format {
        LogFormat::Text => registry.with(layer.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}

/// What `[log] filter` lets through. The SIP library writes whole messages, citizens' numbers in them: it is
/// silent whatever the filter asks; who needs the wire takes a capture.
fn filter(asked: &str) -> Targets {
    asked.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO)).with_target("rsipstack", LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn no_filter_lets_the_sip_library_write_messages() {
        for asked in ["info", "trace", "rsipstack=trace", "no=such=filter"] {
            assert!(!filter(asked).would_enable("rsipstack::transaction", &Level::ERROR), "{asked}");
        }
        assert!(filter("info").would_enable("daak::api", &Level::INFO));
        assert!(filter("warn,daak::api=debug").would_enable("daak::api", &Level::DEBUG));
    }
}
