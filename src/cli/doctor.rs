//! `daak doctor`: looks at every outside part and says, for each that is missing, what it costs and what mends it.

mod looks;

use super::{Place, say};
use crate::config::Config;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use voice_speech::WhisperConfig;

/// Arguments of `daak doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Measure the speech model on recordings of people, and note how far its text is believed
    #[arg(long)]
    speech: bool,
    /// With --speech: recordings of your own callers, bn/ hi/ en/ with NAME.wav and NAME.txt
    #[arg(long, value_name = "DIR", requires = "speech")]
    recordings: Option<PathBuf>,
    /// With --speech: clips a language
    #[arg(long, default_value_t = 40, requires = "speech")]
    clips: usize,
}

/// How a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Health {
    /// It works.
    Well(String),
    /// It is not configured, and nothing is lost by that today.
    Unused(String),
    /// The helpline works without it, worse.
    Missing {
        /// What was found.
        found: String,
        /// What it costs.
        costs: String,
        /// The command or key that mends it.
        mend: String,
    },
    /// The helpline does not work without it.
    Broken {
        /// What was found.
        found: String,
        /// What it costs.
        costs: String,
        /// The command or key that mends it.
        mend: String,
    },
}

/// A part that was looked at.
struct Look {
    part: &'static str,
    health: Health,
}

impl Doctor {
    /// Looks at everything. The exit code is 0 if the helpline can work, 1 if a part that it needs is broken.
    ///
    /// # Errors
    /// A configuration that is refused; a model that cannot be measured.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        if self.speech {
            return self.measure_speech(&config).await;
        }
        let looks = looks::all(&config, &place.data).await;
        for look in &looks {
            report(look);
        }
        let broken = looks.iter().filter(|look| matches!(look.health, Health::Broken { .. })).count();
        let missing = looks.iter().filter(|look| matches!(look.health, Health::Missing { .. })).count();
        say(&format!("{} parts looked at: {broken} broken, {missing} missing", looks.len()));
        Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn measure_speech(self, config: &Config) -> anyhow::Result<ExitCode> {
        let Some(model) = crate::app::model_file(config) else {
            anyhow::bail!("there is no speech model to measure: fetch one with `daak model fetch`, or set speech.model");
        };
        let settings = WhisperConfig { trust: config.speech.trust.clone(), ..WhisperConfig::new(model) };
        voice_speech::doctor::speech(settings, self.recordings.as_deref(), self.clips, say).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn report(look: &Look) {
    let (word, found, rest) = match &look.health {
        Health::Well(found) => ("well", found, None),
        Health::Unused(found) => ("unused", found, None),
        Health::Missing { found, costs, mend } => ("MISSING", found, Some((costs, mend))),
        Health::Broken { found, costs, mend } => ("BROKEN", found, Some((costs, mend))),
    };
    say(&format!("{:<14} {word:<8} {found}", look.part));
    if let Some((costs, mend)) = rest {
        say(&format!("{:<23} costs: {costs}", ""));
        say(&format!("{:<23} mend:  {mend}", ""));
    }
}
