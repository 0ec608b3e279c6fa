//! The command line: one file a command.

mod doctor;
mod eval;
mod flow;
mod geo;
mod hooks;
mod import;
mod letter;
mod migrate;
mod model;
mod serve;
mod simulate;
mod sms;
mod token;
mod train;
mod user;

use crate::access::Access;
use crate::app;
use crate::config::Config;
use crate::store::Store;
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

    /// The database that the configuration names, brought up to date.
    async fn store(&self, config: &Config) -> anyhow::Result<Store> {
        Ok(Store::open(&config.database.url.to_url(&self.data)).await?)
    }

    /// Who is who, in that database.
    async fn access(&self, config: &Config) -> anyhow::Result<Access> {
        Ok(Access::new(self.store(config).await?, app::terms(config)))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the helpline
    Serve(serve::Serve),
    /// Bring the database up to date
    Migrate(migrate::Migrate),
    /// People who sign in
    User(user::User),
    /// Bearer tokens of machines
    Token(token::Token),
    /// The flows of the telephone
    Flow(flow::FlowCommand),
    /// Take in contacts from files
    Import(import::Import),
    /// Separator sheets for batches of scanned letters
    Letter(letter::Letter),
    /// Boundaries for the map
    Geo(geo::Geo),
    /// Texts of SMS, held against the carriers' registry
    Sms(sms::Sms),
    /// Deliveries of messengers, without the messenger
    Hooks(hooks::HooksCommand),
    /// A made-up day on the floor
    Simulate(simulate::Simulate),
    /// The speech model
    Model(model::Model),
    /// Make the model that understands texts
    Train(train::Train),
    /// Measure the model that understands texts
    Eval(eval::Eval),
    /// Look at every outside part, and say what each that is missing costs and what mends it
    Doctor(doctor::Doctor),
}

/// Carries out a command.
///
/// # Errors
/// A sentence for whoever typed it.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = arguments.place;
    match arguments.command {
        Command::Serve(serve) => serve.run(&place).await,
        Command::Migrate(migrate) => migrate.run(&place).await,
        Command::User(user) => user.run(&place).await,
        Command::Token(token) => token.run(&place).await,
        Command::Flow(flow) => flow.run(&place).await,
        Command::Import(import) => import.run(&place).await,
        Command::Letter(letter) => letter.run(&place),
        Command::Geo(geo) => geo.run(&place),
        Command::Sms(sms) => sms.run(&place),
        Command::Hooks(hooks) => hooks.run(&place).await,
        Command::Simulate(simulate) => simulate.run(&place).await,
        Command::Model(model) => model.run().await,
        Command::Train(train) => train.run(&place),
        Command::Eval(eval) => eval.run(),
        Command::Doctor(doctor) => doctor.run(&place).await,
    }
}

/// Prints a line. A closed standard output ends nothing.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
