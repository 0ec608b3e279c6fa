//! Typed configuration: one TOML file and the environment, checked before anything starts.
//!
//! Every key has a default that works without a file. An unknown key, a wrong type or an impossible value is
//! refused with file, line and what was expected; what the environment set, with the variable's name.

pub mod address;
mod check;
mod environment;
mod error;
mod locate;
pub mod secret;
pub mod section;

pub use error::{ConfigError, Impossible};
pub use secret::Secret;

use environment::Override;
use section::{desk, email, http, insight, keeping, public, sms, social, voice, written};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who we are.
    pub helpline: http::Helpline,
    /// API, console, public pages.
    pub http: http::Http,
    /// What citizens reach without signing in.
    pub public: public::Public,
    /// Signalling.
    pub sip: voice::Sip,
    /// Media.
    pub rtp: voice::Rtp,
    /// What callers meet.
    pub voice: voice::Voice,
    /// Speech to text and back.
    pub speech: voice::Speech,
    /// Ways to the telephone network.
    pub trunks: Vec<voice::Trunk>,
    /// Lines in which callers wait.
    pub queues: Vec<desk::Queue>,
    /// Who answers them.
    pub agents: Vec<desk::Agent>,
    /// The database.
    pub database: keeping::Database,
    /// Messages between our parts.
    pub bus: keeping::Bus,
    /// Files.
    pub blobs: keeping::Blobs,
    /// Masters.
    pub data: keeping::Data,
    /// Mail.
    pub email: email::Email,
    /// Text messages.
    pub sms: sms::Sms,
    /// Messengers and social media.
    pub social: social::Social,
    /// Measures and reports.
    pub insight: insight::Insight,
    /// Post.
    pub letters: written::Letters,
    /// The log.
    pub log: http::Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            helpline: http::Helpline::default(),
            http: http::Http::default(),
            public: public::Public::default(),
            sip: voice::Sip::default(),
            rtp: voice::Rtp::default(),
            voice: voice::Voice::default(),
            speech: voice::Speech::default(),
            trunks: Vec::new(),
            queues: vec![desk::Queue::named("helpline")],
            agents: Vec::new(),
            database: keeping::Database::default(),
            bus: keeping::Bus::default(),
            blobs: keeping::Blobs::default(),
            data: keeping::Data::default(),
            email: email::Email::default(),
            sms: sms::Sms::default(),
            social: social::Social::default(),
            insight: insight::Insight::default(),
            letters: written::Letters::default(),
            log: http::Log::default(),
        }
    }
}

/// The file that is read when none is named and it is there.
pub const USUAL_FILE: &str = "config/daak.toml";

impl Config {
    /// Reads `file` (or [`USUAL_FILE`], where it exists) and the environment of this process.
    ///
    /// # Errors
    /// [`ConfigError`] with file and line, or the variable.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = Path::new(USUAL_FILE);
        let file = file.or_else(|| usual.exists().then_some(usual));
        let text = match file {
            Some(file) => {
                std::fs::read_to_string(file).map_err(|why| ConfigError::Unreadable { file: file.to_owned(), why: why.to_string() })?
            }
            None => String::new(),
        };
        let variables = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Self::read(&text, file.unwrap_or(usual), variables)
    }

    /// The configuration that `text` (named `file` in messages) and `variables` make.
    ///
    /// # Errors
    /// [`ConfigError`] with file and line, or the variable.
    pub fn read(text: &str, file: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let source = Source { text, file, overrides: Override::all(variables) };
        let mut config: Config = toml::from_str(text).map_err(|why| source.in_file(&why))?;
        let mut table: Table = toml::from_str(text).map_err(|why| source.in_file(&why))?;
        for change in &source.overrides {
            (config, table) = apply(change, &table)?;
        }
        check::check(&config).map_err(|impossible| source.impossible(impossible))?;
        Ok(config)
    }

    /// The configuration without file or environment.
    pub fn defaults() -> Self {
        Self::default()
    }
}

fn apply(change: &Override, table: &Table) -> Result<(Config, Table), ConfigError> {
    let wrong = |what: String| ConfigError::InEnvironment { variable: change.variable.clone(), what };
    let mut first_refusal = None;
    for reading in change.readings() {
        let mut tried = table.clone();
        change.put(&mut tried, reading).map_err(wrong)?;
        match Config::deserialize(Value::Table(tried.clone())) {
            Ok(config) => return Ok((config, tried)),
            Err(why) => {
                first_refusal.get_or_insert_with(|| one_line(why.message()));
            }
        }
    }
    Err(wrong(first_refusal.unwrap_or_default()))
}

/// Where a configuration came from, to say where it is wrong.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
    overrides: Vec<Override>,
}

impl Source<'_> {
    fn in_file(&self, why: &toml::de::Error) -> ConfigError {
        let offset = why.span().map_or(0, |span| span.start);
        let (line, column) = locate::position(self.text, offset);
        let (file, key) = (PathBuf::from(self.file), locate::key_at(self.text, offset));
        ConfigError::InFile { file, line, column, key, what: one_line(why.message()) }
    }

    fn impossible(&self, found: Impossible) -> ConfigError {
        let section = |o: &&Override| found.key == o.key() || found.key.starts_with(&format!("{}.", o.key()));
        if let Some(set) = self.overrides.iter().rfind(section) {
            return ConfigError::InEnvironment { variable: set.variable.clone(), what: found.what };
        }
        match locate::offset_of(self.text, &found.key) {
            Some(offset) => {
                let (line, column) = locate::position(self.text, offset);
                ConfigError::InFile { file: self.file.to_owned(), line, column, key: found.key, what: found.what }
            }
            None => ConfigError::InDefaults { key: found.key, what: found.what },
        }
    }
}

fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
