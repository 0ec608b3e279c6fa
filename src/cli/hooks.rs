//! `daak hooks`: deliveries of messengers, without the messenger.

use super::{Place, say};
use crate::social::replay::Replay;
use anyhow::Context;
use clap::{Args, Subcommand};
use daak_social::Provider;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `daak hooks`.
#[derive(Debug, Args)]
pub struct HooksCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Replay recorded deliveries against a running server, each signed as its provider would
    Simulate {
        /// A recorded delivery, or a folder of them
        recording: PathBuf,
        /// The server
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        to: String,
        /// whatsapp, messenger, instagram, telegram or x
        #[arg(long, value_parser = provider)]
        provider: Provider,
        /// Name of the account in [[social.accounts]]
        #[arg(long, default_value = "main")]
        account: String,
        /// Its secret; without it, the one of the configuration
        #[arg(long, env = "DAAK_HOOK_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
}

fn provider(text: &str) -> Result<Provider, String> {
    Provider::named(text).ok_or_else(|| "expected whatsapp, messenger, instagram, telegram or x".to_owned())
}

impl HooksCommand {
    /// Replays, and says what came of each.
    ///
    /// # Errors
    /// A recording that cannot be read, an account without a secret, a server that does not answer.
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let What::Simulate { recording, to, provider, account, secret } = self.what;
        let secret = match secret {
            Some(secret) => secret,
            None => {
                let config = place.config()?;
                let known = config.social.accounts.iter().find(|a| a.provider == provider && a.name == account);
                let known =
                    known.with_context(|| format!("no account {account:?} of {} is configured: give --secret", provider.channel()))?;
                known.secret.expose().to_owned()
            }
        };
        let files = Replay::files(&recording).with_context(|| format!("{} cannot be read", recording.display()))?;
        anyhow::ensure!(!files.is_empty(), "{} holds no .json files", recording.display());
        let replay = Replay { to, provider, account, secret };
        let client = reqwest::Client::new();
        let mut refused = 0;
        for file in files {
            let done = replay.deliver(&client, file).await.map_err(anyhow::Error::msg)?;
            refused += usize::from(done.status >= 300);
            say(&format!("{}  {:>4} ms  {}", done.status, done.took.as_millis(), done.file.display()));
        }
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
