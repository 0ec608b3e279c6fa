//! The only place that knows concrete types: builds the parts from the configuration and joins them.

mod desk;
mod ground;
mod http;
mod key;
mod letters;
mod mail;
mod recovery;
mod sms;
mod social;
mod speech;
mod voice;
mod workflow;

pub use desk::{helpline, templates};
pub use ground::{Ground, terms};
pub use letters::{engine, post_room};
pub use mail::{door as mail_door, look as look_at_mail};
pub use sms::registry;
pub use speech::{model_file, recogniser};

use crate::api::{Joined, Limits, Parts, Rates};
use crate::citizen::Citizens;
use crate::clock::Clock;
use crate::config::Config;
use crate::floor::Floor;
use crate::follow::Caller;
use crate::insight::{Insight, Weekly};
use crate::intake::Desk;
use crate::masters::MastersError;
use crate::observe::event;
use crate::social::Hooks;
use crate::store::StoreError;
use crate::workflow::{Feedback, LimitKeeper};
use daak_domain::seam::Helpline;
use daak_sms::{Inbound, ReportAddress, TextDoor};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
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

    /// Parts of one helpline on several machines speak over a bus between machines, which this version has not got.
    fn check(&self) -> Result<(), AppError> {
        if self.runs(Part::Platform) { Ok(()) } else { Err(AppError::Apart) }
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
    /// Parts on machines of their own.
    #[error(
        "--role: without \"platform\" in this process the others need a bus between machines, which is not built into this version: leave --role out, or name platform too"
    )]
    Apart,
    /// Flows have mistakes.
    #[error("the flows in {folder} have mistakes:\n{lines}\n`daak flow check {folder}` looks again", folder = .folder.display())]
    Flows {
        /// Where.
        folder: PathBuf,
        /// A line each.
        lines: String,
    },
    /// The telephone.
    #[error("{0}")]
    Voice(String),
    /// The post room.
    #[error("{0}")]
    Letters(String),
    /// The demonstration.
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoRefused),
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
    voice: Option<daak_voice::Voice>,
}

/// How long calls may take to end politely when the program ends.
const CALL_GRACE: Duration = Duration::from_secs(5);
/// How long open requests may take when the program ends.
const GRACE: Duration = Duration::from_secs(10);

impl App {
    /// Builds the parts and starts them.
    ///
    /// # Errors
    /// [`AppError`] says which part did not start, and what to do.
    pub async fn start(mut config: Config, setting: Setting) -> Result<Self, AppError> {
        tracing::info!(event = event::PROGRAM_STARTING, version = env!("CARGO_PKG_VERSION"));
        crate::observe::measure::recorder();
        setting.check()?;
        if setting.demo {
            crate::demo::prepare(&mut config)?;
        }
        let mut ground = Ground::lay(&config, &setting.data).await?;
        let mut app = Self { listening: Vec::new(), tasks: tokio::sync::Mutex::default(), closing: CancellationToken::new(), voice: None };
        let (tasks, closing) = (app.tasks.get_mut(), &app.closing);
        tasks.spawn(ground::pass_on_changes(ground.store.clone(), ground.bus.clone(), closing.clone()));
        let (floor, work) = Floor::start(voice::floor(&config), ground.store.clone(), ground.bus.clone(), closing.clone());
        tasks.spawn(work);
        let calls = floor.clone();
        let (desk, templates) = desk::desk(&config, &ground, move |call, event| calls.call_event(call, event))?;
        let (citizens, codes) = desk::citizens(&config, &ground, &desk);
        keep(tasks, "the sending of codes", codes.aloud(setting.demo).run(closing.clone()));
        let desk = Arc::new(desk);
        let reports = Arc::new(desk::reports(&config, &setting.data)?);
        let seen: Arc<dyn Helpline> = desk.clone();
        let sms::Sms { door, inbound, carrier } = sms::sms(&config, &setting.data, &templates, &seen, &reports, closing)?;
        keep(tasks, "the door of SMS", door.clone().run(closing.clone()));
        for courier in desk::couriers(&config, &ground, &templates, carrier, &Clock::system())? {
            keep(tasks, "a courier", courier.run(closing.clone()));
        }
        let (hooks, fetcher) = social::hooks(&config, &ground, desk.clone())?;
        if let Some(fetcher) = fetcher {
            tasks.spawn(fetcher.run(closing.clone()));
        }
        recovery::take_in(std::mem::take(&mut ground.recovered), &*desk, &ground.store).await;
        if setting.demo {
            app.listening = crate::demo::seed(&ground.store, &ground.access, &*desk, &*desk).await?;
        }
        if setting.runs(Part::Written) {
            for watcher in mail::watchers(&config, &ground, desk.clone())? {
                keep(tasks, "the watching of a mailbox", watcher.run(closing.clone()));
            }
            if let Some(inbox) = letters::inbox(&config, desk.clone(), ground.archive.clone(), closing.clone())? {
                tasks.spawn(inbox);
            }
        }
        let mut browsers = voice::Browsers::default();
        if config.voice.enabled && setting.runs(Part::Voice) {
            let telephone = voice::start(&config, &setting.data, desk.clone(), ground.archive.clone()).await?;
            browsers = voice::Browsers::of(&telephone, &floor);
            floor.join(Arc::new(voice::Exchange { voice: telephone.clone(), helpline: desk.clone() }));
            app.listening.extend(telephone.sip().listeners().iter().map(|(transport, address)| format!("sip   {transport}:{address}")));
            app.voice = Some(telephone);
        }
        let queue = workflow::queue_of_callbacks(&config);
        let reached = Arc::new(workflow::ByTelephone { voice: app.voice.clone(), floor: floor.clone(), queue });
        let feedback = Feedback::new(ground.store.clone(), desk.clone(), ground.masters.feedback.clone(), reached, Clock::system());
        let insight = Insight::new(ground.store.clone(), ground.masters.clone());
        let weekly = Weekly { to: config.insight.weekly_to.clone(), language: config.insight.weekly_language };
        keep(tasks, "the weekly report", weekly.run(insight.clone(), Clock::system(), closing.clone()));
        keep(tasks, "the gathering of counts", insight.gather(closing.clone()));
        keep(tasks, "the asking of citizens", feedback.run(closing.clone()));
        let limits = LimitKeeper::new(ground.store.clone(), desk.clone(), ground.masters.clone(), Clock::system());
        keep(tasks, "the keeping of limits", limits.run(closing.clone()));
        let caller = || Caller::new(ground.store.clone(), Clock::system()).map_err(|why| AppError::Masters(format!("webhooks: {why}")));
        keep(tasks, "the calling of webhooks", caller()?.run(closing.clone()));
        let caller = Arc::new(caller()?);
        let router =
            crate::api::router(parts(&config, &ground, (desk, citizens), floor, browsers, (reports, door, inbound), (hooks, caller)));
        app.listening.extend(http::listen(&config, router, tasks, closing).await?);
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
        if let Some(voice) = &self.voice {
            voice.shutdown(CALL_GRACE).await;
        }
        self.closing.cancel();
        let mut tasks = self.tasks.into_inner();
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tasks.abort_all();
        }
    }
}

/// Runs a part until the program ends; if it dies before, it is missed by its name.
fn keep(tasks: &mut JoinSet<&'static str>, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(async move {
        part.await;
        name
    });
}

/// What of SMS comes in over HTTP: delivery reports, and citizens' messages.
type SmsIn = (Arc<ReportAddress>, Arc<TextDoor>, BTreeMap<String, Inbound>);

/// The parts that the API calls.
fn parts(
    config: &Config,
    ground: &Ground,
    (desk, citizens): (Arc<Desk>, Citizens),
    floor: Floor,
    browsers: voice::Browsers,
    sms: SmsIn,
    (hooks, caller): (Arc<Hooks>, Arc<Caller>),
) -> Parts {
    Parts::new(Joined {
        store: ground.store.clone(),
        citizens: Arc::new(citizens),
        helpline: desk.clone(),
        desk,
        understand: ground.understand.clone(),
        archive: ground.archive.clone(),
        access: ground.access.clone(),
        bus: ground.bus.clone(),
        floor: Arc::new(floor),
        phones: browsers.phones,
        page_calls: browsers.page_calls,
        masters: (&*ground.masters).into(),
        rules: ground.masters.clone(),
        caller,
        figures: Default::default(),
        insight: Insight::new(ground.store.clone(), ground.masters.clone()),
        reports: sms.0,
        texts: sms.1,
        inbound: sms.2,
        hooks,
        settings: http::settings(config),
        limits: Limits::new(Rates {
            sign_in_per_min: config.http.sign_in_per_min,
            public_per_min: config.http.public_per_min,
            codes_per_address_h: config.public.codes_per_address_h,
            codes_per_target_h: config.public.codes_per_target_h,
            filings_per_address_h: config.public.filings_per_address_h,
            filings_per_target_h: config.public.filings_per_target_h,
        }),
    })
}
