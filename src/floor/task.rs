//! The task that owns the distributor.

use crate::bus::{Bus, Happening};
use crate::observe::event;
use crate::store::Store;
use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, CallCommand, CallEvent, CallId, LeftQueue};
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, AgentSnapshot, Distributor, Order, QueueConfig, QueueSnapshot};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// News that may wait. A floor that is 8,192 behind has lost touch; what is lost is logged.
const MAILBOX: usize = 8_192;
/// Tries to store a call's record.
const TRIES: u32 = 20;

/// How the floor reaches calls: the telephone.
pub trait Switchboard: Send + Sync + 'static {
    /// Passes a command on to a call. Never waits; a call that is over ignores it.
    fn command(&self, call: CallId, command: CallCommand);

    /// Calls a citizen back, once; the flow `callback` brings whoever answers to the line at the kept place.
    fn call_back(&self, number: PhoneNumber, since: Timestamp);
}

/// Who answers, and how.
pub struct FloorConfig {
    /// Queues.
    pub queues: Vec<QueueConfig>,
    /// Agents.
    pub agents: Vec<AgentConfig>,
    /// Where each agent is reached.
    pub devices: HashMap<AgentId, AgentDevice>,
}

/// A handle of the floor.
#[derive(Clone)]
pub struct Floor {
    news: mpsc::Sender<News>,
    seen: Arc<Mutex<Seen>>,
    switchboard: Arc<OnceLock<Arc<dyn Switchboard>>>,
}

/// What is shown of the floor; renewed after every turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) queues: Vec<QueueSnapshot>,
    pub(super) agents: Vec<AgentSnapshot>,
    pub(super) calls: HashMap<CallId, Line>,
}

/// A call as the floor knows it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) caller: Option<PhoneNumber>,
    pub(super) called: String,
    pub(super) direction: daak_domain::call::Direction,
    pub(super) started_at: Timestamp,
    pub(super) stage: &'static str,
    pub(super) agent: Option<AgentId>,
}

enum News {
    Call(CallId, Box<CallEvent>),
    Presence(AgentId, bool),
}

impl Floor {
    /// Starts the floor's task; it ends with `closing`.
    pub fn start(
        config: FloorConfig,
        store: Store,
        bus: Bus,
        closing: CancellationToken,
    ) -> (Self, impl Future<Output = &'static str> + Send + 'static) {
        let now = Timestamp::now();
        let known: Vec<AgentId> = config.agents.iter().map(|a| a.agent.clone()).collect();
        let distributor = Distributor::new(config.queues, config.agents, now);
        let (news, inbox) = mpsc::channel(MAILBOX);
        let seen = Arc::new(Mutex::new(Seen { queues: distributor.queues(), agents: distributor.agents(), calls: HashMap::new() }));
        let switchboard = Arc::<OnceLock<_>>::default();
        let task = Task {
            distributor,
            devices: config.devices,
            numbers: HashMap::new(),
            store,
            bus,
            seen: seen.clone(),
            switchboard: switchboard.clone(),
            known,
        };
        (Self { news, seen, switchboard }, task.run(inbox, closing))
    }

    /// Joins the telephone. Until then orders go nowhere.
    pub fn join(&self, switchboard: Arc<dyn Switchboard>) {
        let _ = self.switchboard.set(switchboard);
    }

    /// Something happened in a call. Never waits.
    pub fn call_event(&self, call: CallId, event: CallEvent) {
        if self.news.try_send(News::Call(call, Box::new(event))).is_err() {
            tracing::error!(event = event::FLOOR_OVERRUN, %call);
        }
    }

    /// An agent is ready for calls, or not.
    ///
    /// # Errors
    /// A sentence if there is no such agent.
    pub(super) fn presence(&self, agent: &str, ready: bool) -> Result<(), String> {
        let agent = AgentId(agent.to_owned());
        if !self.seen().agents.iter().any(|a| a.agent == agent) {
            return Err(format!("{agent} is no agent: add one to [[agents]] in the configuration"));
        }
        self.news.try_send(News::Presence(agent, ready)).map_err(|_| "the floor is overrun: try again".to_owned())
    }

    pub(super) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    distributor: Distributor,
    devices: HashMap<AgentId, AgentDevice>,
    /// Numbers of callers, for calling back.
    numbers: HashMap<CallId, PhoneNumber>,
    store: Store,
    bus: Bus,
    seen: Arc<Mutex<Seen>>,
    switchboard: Arc<OnceLock<Arc<dyn Switchboard>>>,
    known: Vec<AgentId>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<News>, closing: CancellationToken) -> &'static str {
        loop {
            let wake = self.until_wakeup();
            let orders = tokio::select! {
                biased;
                news = inbox.recv() => match news {
                    Some(news) => self.take(news),
                    None => return "the floor",
                },
                () = tokio::time::sleep(wake) => self.distributor.tick(Timestamp::now()),
                () = closing.cancelled() => return "the floor",
            };
            for order in orders {
                self.carry_out(order);
            }
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.queues = self.distributor.queues();
            seen.agents = self.distributor.agents();
        }
    }

    fn until_wakeup(&self) -> Duration {
        let next = self.distributor.next_wakeup().map(|at| at.duration_since(Timestamp::now()));
        next.map_or(Duration::from_secs(3_600), |wait| Duration::try_from(wait).unwrap_or_default())
    }

    fn take(&mut self, news: News) -> Vec<Order> {
        let now = Timestamp::now();
        match news {
            News::Presence(agent, true) => self.distributor.agent_ready(&agent, now).unwrap_or_default(),
            News::Presence(agent, false) => self.distributor.agent_away(&agent, now).unwrap_or_default(),
            News::Call(call, event) => self.call(call, *event, now),
        }
    }

    fn call(&mut self, call: CallId, event: CallEvent, now: Timestamp) -> Vec<Order> {
        self.note(call, &event);
        self.bus.tell(Happening::Call { call, event: event.clone() });
        match event {
            CallEvent::Arrived { caller, .. } => {
                self.numbers.extend(caller.map(|number| (call, number)));
                Vec::new()
            }
            CallEvent::LanguageChosen { .. } | CallEvent::OfferRinging { .. } => Vec::new(),
            CallEvent::Waiting { queue, language, emergency, since } => {
                self.distributor.caller_waits(call, &queue, language, emergency, since, now)
            }
            CallEvent::LeftQueue { why, .. } => {
                let callback = self.numbers.get(&call).cloned().filter(|_| why == LeftQueue::Callback);
                self.distributor.caller_left(call, why, callback, now)
            }
            CallEvent::OfferAccepted { agent, .. } => self.distributor.offer_accepted(call, &agent, now),
            CallEvent::OfferFailed { agent, why, .. } => self.distributor.offer_failed(call, &agent, why, now),
            CallEvent::TalkEnded { agent, .. } => self.distributor.talk_ended(call, &agent, now),
            CallEvent::Ended { record } => {
                self.numbers.remove(&call);
                let store = self.store.clone();
                tokio::spawn(keep(store, *record));
                Vec::new()
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        let Some(switchboard) = self.switchboard.get() else { return };
        match order {
            Order::Offer { call, agent, ring_for } => match self.devices.get(&agent) {
                Some(at) => switchboard.command(call, CallCommand::Offer { agent, at: at.clone(), ring_for }),
                None => tracing::error!(event = event::FLOOR_OVERRUN, %agent, "an agent has no telephone"),
            },
            Order::Withdraw { call, agent } => switchboard.command(call, CallCommand::WithdrawOffer { agent }),
            Order::Position { call, place, wait } => switchboard.command(call, CallCommand::Position { place, wait }),
            Order::SendAway { call, branch } => switchboard.command(call, CallCommand::ReturnToFlow { branch: branch.to_owned() }),
            Order::CallBack { call, number, since, .. } => {
                // The kept place is taken over by the call that is made now.
                switchboard.call_back(number, since);
                let more = self.distributor.callback_failed(call, Timestamp::now());
                for order in more {
                    self.carry_out(order);
                }
            }
            Order::AgentChanged(agent) => {
                let presence = self.distributor.state(&agent).map_or("away", |s| s.name()).to_owned();
                if self.known.contains(&agent) {
                    self.bus.tell(Happening::Agent { agent, presence });
                }
            }
        }
    }

    fn note(&self, call: CallId, event: &CallEvent) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let CallEvent::Arrived { direction, caller, called, at } = event {
            let line =
                Line { caller: caller.clone(), called: called.clone(), direction: *direction, started_at: *at, stage: "flow", agent: None };
            seen.calls.insert(call, line);
            return;
        }
        if let CallEvent::Ended { .. } = event {
            seen.calls.remove(&call);
            return;
        }
        let Some(line) = seen.calls.get_mut(&call) else { return };
        match event {
            CallEvent::Waiting { .. } => line.stage = "waiting",
            CallEvent::OfferRinging { agent, .. } => (line.stage, line.agent) = ("ringing", Some(agent.clone())),
            CallEvent::OfferAccepted { agent, .. } => (line.stage, line.agent) = ("talking", Some(agent.clone())),
            CallEvent::OfferFailed { .. } => (line.stage, line.agent) = ("waiting", None),
            CallEvent::LeftQueue { .. } | CallEvent::TalkEnded { .. } => (line.stage, line.agent) = ("flow", None),
            CallEvent::Arrived { .. } | CallEvent::LanguageChosen { .. } | CallEvent::Ended { .. } => {}
        }
    }
}

/// Stores a call's record, again and again while the database cannot.
async fn keep(store: Store, record: daak_domain::call::CallRecord) {
    let mut pause = Duration::from_millis(200);
    for _ in 0..TRIES {
        match store.put_call(record.clone()).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(event = event::CALL_UNKEPT, call = %record.call, %error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(60));
    }
    tracing::error!(event = event::CALL_UNKEPT, call = %record.call, "given up");
}
