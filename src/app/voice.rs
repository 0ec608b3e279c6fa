//! The telephone, as the configuration wants it, joined with the floor.

use super::{AppError, speech};
use crate::api::people::phone::Phones;
use crate::api::public::call::{PageCalls, PageLine, PageNews};
use crate::config::Config;
use crate::config::address::SipTransport;
use crate::config::section::desk::{Agent, Queue};
use crate::config::section::voice::{CodecName, Srtp};
use crate::floor::{Floor, FloorConfig, Switchboard};
use crate::observe::event;
use daak_domain::call::{AgentDevice, AgentId, CallCommand, CallId};
use daak_domain::queue::{AgentConfig, QueueConfig};
use daak_domain::seam::{Archive, BoxFuture, Helpline, Recall, Refusal};
use daak_domain::softphone::{PhoneNews, PhoneWish, RingId};
use daak_voice::{
    Capabilities, Codec, Credentials, Flows, Listen, MediaConfig, Missed, Numbers, SipConfig, SipLimits, Sounds, Speaker, SpeakerConfig,
    SrtpPolicy, TlsFiles, Transport, TrunkAccount, TrunkConfig, Voice, VoiceConfig, ha1,
};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of spoken prompts that are kept across restarts.
const PROMPTS_KEPT: u64 = 200 << 20;

/// Starts the telephone.
///
/// # Errors
/// A sentence: an address that is taken, a flow with mistakes, a certificate that cannot be used.
pub async fn start(config: &Config, data: &Path, helpline: Arc<dyn Helpline>, archive: Arc<dyn Archive>) -> Result<Voice, AppError> {
    let flows = Flows::load(&config.voice.flows).map_err(|errors| {
        let lines = errors.iter().map(|e| format!("  {e}")).collect::<Vec<_>>().join("\n");
        AppError::Flows { folder: config.voice.flows.clone(), lines }
    })?;
    let flows = Arc::new(flows);
    let disk = Some((data.join("spoken"), PROMPTS_KEPT));
    let speaker = Speaker::new(SpeakerConfig { program: config.speech.espeak.clone(), disk, ..SpeakerConfig::default() });
    let sounds = Arc::new(Sounds::new(config.voice.prompts.clone(), speaker));
    let voice = VoiceConfig {
        sip: sip(config),
        media: media(config),
        capabilities: capabilities(config),
        advertise: config.sip.advertise,
        numbers: numbers(config),
        missed: Missed {
            numbers: config.voice.missed_call_numbers.iter().cloned().collect(),
            queue: super::workflow::queue_of_callbacks(config),
        },
        flows: flows.clone(),
        sounds: sounds.clone(),
        recogniser: speech::recogniser(config).await,
        disk_threads: 2,
        max_calls: usize::try_from(config.sip.max_calls).unwrap_or(usize::MAX),
        record_calls: config.voice.record,
    };
    let voice = Voice::start(voice, helpline, archive).await.map_err(|why| AppError::Voice(why.to_string()))?;
    tokio::spawn(async move {
        let missing = sounds.prepare(&flows.prompts).await;
        if missing > 0 {
            tracing::warn!(event = event::PART_MISSING, part = "prompts", missing);
        }
    });
    Ok(voice)
}

/// What the floor knows of queues and agents.
pub fn floor(config: &Config) -> FloorConfig {
    let devices = config.agents.iter().map(|agent| (AgentId(agent.name.clone()), device(agent)));
    FloorConfig {
        queues: config.queues.iter().map(queue).collect(),
        agents: config.agents.iter().map(agent).collect(),
        devices: devices.collect::<HashMap<_, _>>(),
    }
}

fn queue(queue: &Queue) -> QueueConfig {
    let seconds = |s: u32| Duration::from_secs(s.into());
    let unless_never = |s: u32| (s > 0).then(|| seconds(s));
    QueueConfig {
        name: queue.name.clone(),
        ring_for: seconds(queue.ring_s),
        wrap_up: seconds(queue.wrap_up_s),
        most: usize::try_from(queue.max_waiting).unwrap_or(usize::MAX),
        longest_wait: unless_never(queue.max_wait_s),
        tell_place_every: unless_never(queue.tell_place_every_s),
        needs_agents: true,
    }
}

fn agent(agent: &Agent) -> AgentConfig {
    AgentConfig {
        agent: AgentId(agent.name.clone()),
        queues: agent.queues.iter().cloned().collect(),
        languages: agent.languages.iter().copied().collect(),
        fixed: agent.always_ready,
    }
}

fn device(agent: &Agent) -> AgentDevice {
    match &agent.contact {
        Some(uri) => AgentDevice::Contact { uri: uri.clone() },
        None => AgentDevice::Registered { user: agent.name.clone() },
    }
}

/// The floor's way to calls and citizens.
pub struct Exchange {
    /// The telephone.
    pub voice: Voice,
    /// For messages to citizens.
    pub helpline: Arc<dyn Helpline>,
}

impl Switchboard for Exchange {
    fn command(&self, call: CallId, command: CallCommand) {
        self.voice.command(call, command);
    }

    fn call_back(&self, recall: Recall) -> BoxFuture<'_, Result<CallId, Refusal>> {
        Box::pin(async move {
            let made = self.voice.call_out(&recall.number, "callback", Some(recall.since)).await;
            made.map_err(|why| Refusal::Unavailable(why.to_string()))
        })
    }

    fn callback_missed(&self, recall: Recall) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let key = format!("{}-callback-missed", recall.asked_in);
            self.helpline.send_sms(&key, &recall.number, recall.language, "callback_missed", BTreeMap::new()).await
        })
    }

    fn live(&self) -> Vec<CallId> {
        self.voice.calls().into_iter().map(|call| call.call).collect()
    }
}

/// What browsers reach of the telephone; nothing where this process has none.
#[derive(Default)]
pub struct Browsers {
    /// Agents' telephones.
    pub phones: Option<Arc<dyn Phones>>,
    /// Calls from the public page.
    pub page_calls: Option<Arc<dyn PageCalls>>,
}

impl Browsers {
    /// Of a telephone and the floor that it serves.
    pub fn of(voice: &Voice, floor: &Floor) -> Self {
        Self {
            phones: Some(Arc::new(BrowserPhones { voice: voice.clone(), floor: floor.clone() })),
            page_calls: Some(Arc::new(Visitors(voice.clone()))),
        }
    }
}

/// Browsers' way to the telephone.
struct BrowserPhones {
    voice: Voice,
    /// Rings an agent where the telephone is.
    floor: Floor,
}

/// The public page's way to the telephone.
struct Visitors(Voice);

impl PageCalls for Visitors {
    fn open(&self) -> bool {
        self.0.takes_page_calls()
    }

    fn call(&self, offer: &str, news: mpsc::Sender<PageNews>) -> Result<Box<dyn PageLine>, String> {
        let (told, mut heard) = mpsc::channel(8);
        let line = self.0.call_from_page(offer, told).map_err(|why| why.to_string())?;
        tokio::spawn(async move {
            while let Some(happened) = heard.recv().await {
                let word = match happened {
                    daak_voice::PageNews::Answered => PageNews::Answered,
                    daak_voice::PageNews::Over => PageNews::Over,
                };
                if news.send(word).await.is_err() {
                    return;
                }
            }
        });
        Ok(Box::new(Visit(line)))
    }
}

struct Visit(daak_voice::PageLine);

impl PageLine for Visit {
    fn answer(&self) -> &str {
        &self.0.answer
    }

    fn press(&self, key: char) {
        self.0.press(key);
    }
}

/// How long a browser may be gone, as in a reload, until its agent is taken to have left.
const AGENT_GONE: Duration = Duration::from_secs(15);

impl Phones for BrowserPhones {
    fn claim(&self, agent: &AgentId, tab: &str, take: bool, has: Option<RingId>, news: mpsc::Sender<PhoneNews>) -> u64 {
        let claim = self.voice.softphones().claim(agent, tab, take, has, news);
        self.floor.phone_in_browser(agent, true);
        claim.number()
    }

    fn leave(&self, agent: &AgentId, claim: u64) {
        if !self.voice.softphones().leave(agent, claim) {
            return;
        }
        let (voice, floor, agent) = (self.voice.clone(), self.floor.clone(), agent.clone());
        // Meanwhile the browser is still rung: a reload is quicker than the next call.
        tokio::spawn(async move {
            tokio::time::sleep(AGENT_GONE).await;
            if !voice.softphones().is_here(&agent) {
                floor.browser_gone(&agent);
            }
        });
    }

    fn says(&self, agent: &AgentId, claim: u64, wish: PhoneWish) -> Result<(), String> {
        self.voice.softphones().says(agent, claim, wish).map_err(str::to_owned)
    }
}

/// Passwords of desk phones: those of the agents in the configuration.
struct DeskPhones(HashMap<String, String>);

impl Credentials for DeskPhones {
    fn ha1(&self, user: &str, realm: &str) -> Option<String> {
        self.0.get(user).map(|password| ha1(user, realm, password))
    }
}

fn sip(config: &Config) -> SipConfig {
    let sip = &config.sip;
    let tls = sip.certificate.clone().zip(sip.key.clone()).map(|(certificate, key)| TlsFiles { certificate, key });
    let transport = |t: &SipTransport| match t {
        SipTransport::Udp => Transport::Udp,
        SipTransport::Tcp => Transport::Tcp,
        SipTransport::Tls => Transport::Tls,
    };
    let listen = sip.listen.0.iter().filter(|(t, _)| *t != SipTransport::Tls || tls.is_some());
    let passwords = config.agents.iter().filter_map(|a| Some((a.name.clone(), a.password.as_ref()?.expose().to_owned())));
    let mut trunks: Vec<_> = config.trunks.iter().collect();
    trunks.sort_by_key(|t| t.preference);
    SipConfig {
        listen: listen.map(|(t, addr)| Listen { transport: transport(t), addr: *addr }).collect(),
        advertise: sip.advertise,
        tls: tls.clone(),
        realm: sip.realm.clone(),
        users: Arc::new(DeskPhones(passwords.collect())),
        trunks: trunks.into_iter().map(trunk).collect(),
        limits: SipLimits {
            new_calls_per_s: sip.new_calls_per_s,
            max_calls: usize::try_from(sip.max_calls).unwrap_or(usize::MAX),
            guesses_before_ban: sip.guesses_before_ban,
            ban_for: Duration::from_secs(sip.ban_s.into()),
            trust_loopback: sip.trust_loopback,
        },
        session_expires: Duration::from_secs(sip.session_expires_s.into()),
        user_agent: sip.user_agent.clone(),
    }
}

fn trunk(trunk: &crate::config::section::voice::Trunk) -> TrunkConfig {
    let password = trunk.password.as_ref().map(|p| p.expose().to_owned()).unwrap_or_default();
    let account = trunk.user.clone().map(|user| TrunkAccount { user, password });
    TrunkConfig {
        name: trunk.name.clone(),
        uri: trunk.uri.clone(),
        register: account.filter(|_| trunk.register),
        shows: trunk.caller_id.clone(),
        srtp: trunk.srtp.map(srtp),
    }
}

fn media(config: &Config) -> MediaConfig {
    let rtp = &config.rtp;
    let first = config.sip.listen.0.first().map(|(_, addr)| addr.ip());
    let default = MediaConfig::default();
    MediaConfig {
        ip: rtp.bind.or(first).unwrap_or(default.ip),
        ports: rtp.ports.first..=rtp.ports.last,
        threads: rtp.threads,
        silence_limit: Duration::from_secs(rtp.silence_limit_s.into()),
        symmetric: rtp.symmetric,
    }
}

fn capabilities(config: &Config) -> Capabilities {
    let codec = |name: &CodecName| match name {
        CodecName::Pcma => Codec::Pcma,
        CodecName::Pcmu => Codec::Pcmu,
        CodecName::G722 => Codec::G722,
    };
    Capabilities { codecs: config.rtp.codecs.iter().map(codec).collect(), srtp: srtp(config.rtp.srtp) }
}

fn srtp(policy: Srtp) -> SrtpPolicy {
    match policy {
        Srtp::Off => SrtpPolicy::Off,
        Srtp::Allowed => SrtpPolicy::Allowed,
        Srtp::Required => SrtpPolicy::Required,
    }
}

fn numbers(config: &Config) -> Numbers {
    let mut exact = config.voice.numbers.clone();
    let any = exact.remove("*");
    Numbers { exact, any }
}
