//! The only place that knows concrete types: builds the parts from the configuration and joins them.

mod ground;
mod http;
mod key;
mod speech;

pub use ground::{Ground, terms};
pub use speech::{model_file, recogniser};

use crate::config::Config;
use crate::masters::MastersError;
use crate::observe::event;
use crate::store::StoreError;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Parts that one process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Everything.
    All,
    /// Calls.
    Voice,
    /// Mail, messages, letters.
    Written,
    /// API, console, queues, clocks.
    Platform,
    /// Recognition for other machines.
    Speech,
}

/// How a process was started.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Folder for the database, recordings and keys.
    pub data: PathBuf,
    /// What to run.
    pub parts: Vec<Part>,
    /// Lay down the demonstration where the database is empty.
    pub demo: bool,
}

impl Setting {
    /// Whether `part` runs in this process.
    pub fn runs(&self, part: Part) -> bool {
        self.parts.iter().any(|p| *p == Part::All || *p == part)
    }
}

/// Why the helpline did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder.
    #[error("the data folder {folder} cannot be used ({why}): make it writable, or give another with --data", folder = .folder.display())]
    Data {
        /// Which.
        folder: PathBuf,
        /// The system's word.
        why: std::io::Error,
    },
    /// The masters.
    #[error(transparent)]
    MastersFiles(#[from] MastersError),
    /// The masters.
    #[error("{0}")]
    Masters(String),
    /// The database.
    #[error("the database does not open: {0}")]
    Store(#[from] StoreError),
    /// The key of the files.
    #[error(transparent)]
    Key(#[from] key::KeyError),
    /// A part that this version has not got.
    #[error("{0}: not built into this version, expected {1:?}")]
    NotBuilt(&'static str, &'static str),
    /// An address is taken.
    #[error("{what} cannot listen on {address} ({why}): free it, or set {key}")]
    Listen {
        /// Which part.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// The system's word.
        why: std::io::Error,
        /// The key that says where.
        key: &'static str,
    },
}

/// The running helpline.
pub struct App {
    listening: Vec<String>,
    tasks: tokio::sync::Mutex<JoinSet<&'static str>>,
    closing: CancellationToken,
}

/// How long open requests may take when the program ends.
const GRACE: Duration = Duration::from_secs(10);

impl App {
    /// Builds the parts and starts them.
    ///
    /// # Errors
    /// [`AppError`] says which part did not start, and what to do.
    pub async fn start(config: Config, setting: Setting) -> Result<Self, AppError> {
        tracing::info!(event = event::PROGRAM_STARTING, version = env!("CARGO_PKG_VERSION"));
        let ground = Ground::lay(&config, &setting.data).await?;
        let mut app = Self { listening: Vec::new(), tasks: tokio::sync::Mutex::default(), closing: CancellationToken::new() };
        let tasks = app.tasks.get_mut();
        tasks.spawn(ground::pass_on_changes(ground.store.clone(), ground.bus.clone(), app.closing.clone()));
        app.listening = http::listen(&config, crate::api::waiting(), tasks, &app.closing).await?;
        Ok(app)
    }

    /// One line for each address.
    pub fn listening(&self) -> &[String] {
        &self.listening
    }

    /// Waits until a part ends that should not, and names it.
    pub async fn first_death(&self) -> &'static str {
        match self.tasks.lock().await.join_next().await {
            Some(Ok(part)) => part,
            Some(Err(why)) => {
                tracing::error!(event = event::PART_DIED, %why);
                "a part"
            }
            None => std::future::pending().await,
        }
    }

    /// Ends every part: first the doors, then what they lead to.
    pub async fn stop(self) {
        self.closing.cancel();
        let mut tasks = self.tasks.into_inner();
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tasks.abort_all();
        }
    }
}
