//! The telephone exchange of the helpline: takes calls in, gives each its task, passes on what the floor wants.

use crate::actor::{Post, new_call_id};
use crate::arrival;
use crate::caller::Caller;
use crate::disk::Disk;
use crate::far::line;
use crate::softphone::Softphones;
use crate::sounds::Sounds;
use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallCommand, CallEvent, CallId, Direction, EndReason};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Archive, Helpline};
use daak_domain::ticket::Number;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use voice_call::{Facts, Happening};
use voice_ivr::Flows;
use voice_media::{MediaConfig, MediaEngine, MediaError};
use voice_sip::{CallerLine, Capabilities, SipConfig, SipError, SipStack};
use voice_speech::Recogniser;

/// How the telephone is set up.
pub struct VoiceConfig {
    /// Signalling.
    pub sip: SipConfig,
    /// Media.
    pub media: MediaConfig,
    /// Codecs and encryption, in order of preference.
    pub capabilities: Capabilities,
    /// The address that the other side is told to send media to, where it is not the one bound.
    pub advertise: Option<IpAddr>,
    /// Which flow answers which number.
    pub numbers: Numbers,
    /// Numbers that are only rung, and the queue that calls back.
    pub missed: Missed,
    /// The flows.
    pub flows: Arc<Flows>,
    /// Prompts and the synthesised voice.
    pub sounds: Arc<Sounds>,
    /// Speech to text.
    pub recogniser: Arc<dyn Recogniser>,
    /// Threads that write recordings.
    pub disk_threads: usize,
    /// Calls at one time; more get 503.
    pub max_calls: usize,
    /// Whether a talk with a person is recorded.
    pub record_calls: bool,
}

/// Which flow answers which number.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// By what was dialled, exactly.
    pub exact: BTreeMap<String, String>,
    /// For any other number.
    pub any: Option<String>,
}

impl Numbers {
    /// The flow for a dialled number.
    pub fn flow(&self, called: &str) -> Option<&str> {
        self.exact.get(called).or(self.any.as_ref()).map(String::as_str)
    }
}

/// Numbers that are only rung: a missed call costs nothing, and is answered with a call.
#[derive(Debug, Clone, Default)]
pub struct Missed {
    /// As dialled.
    pub numbers: BTreeSet<String>,
    /// The queue whose agents call back.
    pub queue: String,
}

/// Why the telephone could not be started.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// Signalling.
    #[error(transparent)]
    Sip(#[from] SipError),
    /// Media.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// No leg could be dialled for want of a port or a codec.
    #[error("a call cannot be made: {0}")]
    NoMedia(String),
    /// Browsers.
    #[error(transparent)]
    Browsers(#[from] voice_webrtc::NoIdentity),
    /// Threads for recordings.
    #[error("cannot start the threads that write recordings: {0}: raise the limit of threads")]
    Disk(std::io::Error),
    /// A number leads to a flow that does not exist.
    #[error("[voice.numbers] sends {number} to the flow {flow:?}, which does not exist in the folder of flows")]
    NoFlow {
        /// The number.
        number: String,
        /// The flow.
        flow: String,
    },
}

/// A call as it is shown to people.
#[derive(Debug, Clone, Serialize)]
pub struct CallSummary {
    /// Its name.
    pub call: CallId,
    /// The other party's number.
    pub caller: Option<PhoneNumber>,
    /// The number dialled.
    pub called: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Language spoken.
    pub language: Option<Language>,
    /// Where it is: `flow`, `waiting`, `ringing`, `talking`.
    pub stage: &'static str,
    /// The queue in which it waits or waited.
    pub queue: Option<String>,
    /// With whom the caller speaks, or whose telephone rings.
    pub agent: Option<AgentId>,
}

/// The running telephone.
#[derive(Clone)]
pub struct Voice(Arc<Shared>);

/// What all calls share.
pub(crate) struct Shared {
    pub(crate) sip: SipStack,
    pub(crate) media: MediaEngine,
    pub(crate) softphones: Softphones,
    pub(crate) identity: voice_webrtc::Identity,
    pub(crate) capabilities: Capabilities,
    pub(crate) sounds: Arc<Sounds>,
    pub(crate) recogniser: Arc<dyn Recogniser>,
    pub(crate) helpline: Arc<dyn Helpline>,
    pub(crate) disk: Disk,
    advertise: Option<IpAddr>,
    pub(crate) numbers: Numbers,
    pub(crate) missed: Missed,
    pub(crate) flows: Arc<Flows>,
    max_calls: usize,
    pub(crate) record_calls: bool,
    calls: Mutex<HashMap<CallId, Line>>,
}

pub(crate) struct Line {
    pub(crate) mailbox: mpsc::Sender<Post>,
    pub(crate) summary: CallSummary,
}

impl Voice {
    /// Starts listening.
    ///
    /// # Errors
    /// [`VoiceError`], each a sentence with what to do.
    pub async fn start(config: VoiceConfig, helpline: Arc<dyn Helpline>, archive: Arc<dyn Archive>) -> Result<Self, VoiceError> {
        for (number, flow) in config.numbers.exact.iter().chain(config.numbers.any.iter().map(|f| (f, f))) {
            if !config.flows.contains(flow) {
                return Err(VoiceError::NoFlow { number: number.clone(), flow: flow.clone() });
            }
        }
        let media = MediaEngine::start(config.media)?;
        let disk = Disk::start(&archive, config.disk_threads).map_err(VoiceError::Disk)?;
        let (sip, calls) = SipStack::start(config.sip).await?;
        let identity = voice_webrtc::Identity::new()?;
        let shared = Arc::new(Shared {
            sip,
            media,
            softphones: Softphones::default(),
            identity,
            capabilities: config.capabilities,
            sounds: config.sounds,
            recogniser: config.recogniser,
            helpline,
            disk,
            advertise: config.advertise,
            numbers: config.numbers,
            missed: config.missed,
            flows: config.flows,
            max_calls: config.max_calls,
            record_calls: config.record_calls,
            calls: Mutex::default(),
        });
        tokio::spawn(arrival::accept(shared.clone(), calls));
        Ok(Self(shared))
    }

    /// Passes a command of the floor on to a call. A call that has ended ignores it.
    pub fn command(&self, call: CallId, command: CallCommand) {
        let mailbox = self.0.lines().get(&call).map(|line| line.mailbox.clone());
        if let Some(mailbox) = mailbox
            && mailbox.try_send(Happening::Command(command).into()).is_err()
        {
            tracing::error!(event = "call.mailbox_full", %call, "a call does not take commands");
        }
    }

    /// Calls somebody by a trunk and leads whoever answers through a flow. `since` is the place in the line that the call takes over.
    ///
    /// # Errors
    /// [`VoiceError`] if there is no such flow, no trunk, or no port.
    pub async fn call_out(&self, number: &PhoneNumber, flow: &str, since: Option<Timestamp>) -> Result<CallId, VoiceError> {
        let language = self.0.helpline.remembered_language(number).await;
        self.dial(number, flow, language, since, None).await
    }

    /// Calls somebody about a ticket, in this language.
    ///
    /// # Errors
    /// As [`Voice::call_out`].
    pub async fn call_about(&self, number: &PhoneNumber, flow: &str, about: Number, language: Language) -> Result<CallId, VoiceError> {
        self.dial(number, flow, Some(language), None, Some(about)).await
    }

    async fn dial(
        &self,
        number: &PhoneNumber,
        flow: &str,
        language: Option<Language>,
        since: Option<Timestamp>,
        about: Option<Number>,
    ) -> Result<CallId, VoiceError> {
        let shared = &self.0;
        if !shared.flows.contains(flow) {
            return Err(VoiceError::NoFlow { number: "a callback".into(), flow: flow.to_owned() });
        }
        let call = new_call_id();
        let facts = Facts {
            call,
            direction: Direction::Outbound,
            caller: Some(number.clone()),
            called: number.as_str().to_owned(),
            flow: flow.to_owned(),
            language,
            identity: None,
            started_at: Timestamp::now(),
            waits_since: since,
            about,
        };
        let caller = Caller::dial(shared, number).await?;
        tokio::spawn(arrival::run(shared.clone(), facts, caller));
        Ok(call)
    }

    /// The calls at this moment, the oldest first.
    pub fn calls(&self) -> Vec<CallSummary> {
        let mut calls: Vec<_> = self.0.lines().values().map(|line| line.summary.clone()).collect();
        calls.sort_by_key(|call| call.call);
        calls
    }

    /// Signalling, for its listeners, trunks and registered telephones.
    pub fn sip(&self) -> &SipStack {
        &self.0.sip
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Whether the public page may call.
    pub fn takes_page_calls(&self) -> bool {
        self.0.page_flow().is_some()
    }

    /// The telephones in the agents' browsers.
    pub fn softphones(&self) -> &Softphones {
        &self.0.softphones
    }

    /// What the media threads have to do.
    pub fn load(&self) -> voice_media::Load {
        self.0.media.load()
    }

    /// Ends every call politely, waiting at most `grace`.
    pub async fn shutdown(&self, grace: Duration) {
        for call in self.calls() {
            self.command(call.call, CallCommand::HangUp { reason: EndReason::Shutdown });
        }
        let _ = tokio::time::timeout(grace, async {
            while !self.0.lines().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        self.0.sip.shutdown(Duration::from_secs(1)).await;
    }
}

impl Shared {
    pub(crate) fn lines(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Line>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the other side is told to send media.
    pub(crate) fn advertised(&self, local: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.advertise.unwrap_or(local.ip()), local.port())
    }

    /// What a far telephone shows: the caller's number as it came.
    pub(crate) fn line_for(&self, caller: &Caller) -> CallerLine {
        line(&caller.shown, None)
    }

    /// The flow that answers the public page, if it may call.
    pub(crate) fn page_flow(&self) -> Option<String> {
        self.numbers.exact.get(crate::visitor::PAGE).cloned()
    }

    /// Whether no more calls are taken.
    pub(crate) fn is_full(&self) -> bool {
        self.lines().len() >= self.max_calls
    }

    /// Forgets a call that is over.
    pub(crate) fn forget(&self, call: CallId) {
        self.lines().remove(&call);
    }

    /// Keeps what is shown of a call in step with what it says of itself.
    pub(crate) fn note(&self, call: CallId, event: &CallEvent) {
        let mut lines = self.lines();
        let Some(Line { summary, .. }) = lines.get_mut(&call) else { return };
        match event {
            CallEvent::LanguageChosen { language } => summary.language = Some(*language),
            CallEvent::Waiting { queue, .. } => (summary.stage, summary.queue) = ("waiting", Some(queue.clone())),
            CallEvent::LeftQueue { .. } => summary.stage = "flow",
            CallEvent::OfferRinging { agent, .. } => (summary.stage, summary.agent) = ("ringing", Some(agent.clone())),
            CallEvent::OfferAccepted { agent, .. } => (summary.stage, summary.agent) = ("talking", Some(agent.clone())),
            CallEvent::OfferFailed { .. } => (summary.stage, summary.agent) = ("waiting", None),
            CallEvent::TalkEnded { .. } => (summary.stage, summary.agent) = ("flow", None),
            CallEvent::Arrived { .. }
            | CallEvent::CallbackAsked { .. }
            | CallEvent::Ended { .. }
            | CallEvent::Held { .. }
            | CallEvent::Consulted { .. }
            | CallEvent::Attended { .. }
            | CallEvent::RecordingPaused { .. } => {}
        }
    }
}

/// What an unfinished recording says of itself, so that it can be given back after a crash.
pub(crate) fn belongs_to(facts: &Facts, turn: u32, language: Language) -> String {
    serde_json::json!({
        "call": facts.call,
        "turn": turn,
        "caller": facts.caller,
        "called": facts.called,
        "language": language,
        "started_at": facts.started_at,
    })
    .to_string()
}
