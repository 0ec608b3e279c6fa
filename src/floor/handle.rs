//! The handle by which the rest of the program speaks with the floor.

use super::board::Board;
use super::ledger::{Ledger, keep_all};
use super::task::{News, Task};
use crate::bus::Bus;
use crate::observe::event;
use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, Attending, Beyond, CallCommand, CallEvent, CallId, DeskAct};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentConfig, AgentState, CallbackSnapshot, Distributor, QueueConfig};
use daak_domain::seam::Switchboard;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// News that may wait. A floor that is 8,192 behind has lost touch: it then asks the telephone which calls there are.
const MAILBOX: usize = 8_192;
/// Records of finished calls that may wait for the database.
const RECORDS: usize = 8_192;
/// How long records may take to be stored when the program ends.
const LAST_RECORDS: Duration = Duration::from_secs(5);

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
    lost_touch: Arc<AtomicBool>,
    board: Arc<Mutex<Board>>,
    switchboard: Arc<OnceLock<Arc<dyn Switchboard>>>,
}

/// What an agent does about calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentWish {
    /// Takes calls.
    Ready,
    /// Takes none for a while, for this reason.
    Paused(String),
    /// Goes.
    Away,
}

impl Floor {
    /// Makes the floor; its work is done by the future, which ends with `closing` and names the floor if it ends before.
    /// Records of finished calls go to the ledger, changes to the bus.
    pub fn start(
        config: FloorConfig,
        ledger: impl Ledger,
        bus: Bus,
        closing: CancellationToken,
    ) -> (Self, impl Future<Output = &'static str> + Send + 'static) {
        Self::start_by(Timestamp::now, config, ledger, bus, closing)
    }

    /// As [`Self::start`], by a clock that must go as fast as the runtime's timers.
    pub(super) fn start_by(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        config: FloorConfig,
        ledger: impl Ledger,
        bus: Bus,
        closing: CancellationToken,
    ) -> (Self, impl Future<Output = &'static str> + Send + 'static) {
        let distributor = Distributor::new(config.queues, config.agents, clock());
        let (news, inbox) = mpsc::channel(MAILBOX);
        let (records, kept) = mpsc::channel(RECORDS);
        let floor = Self {
            news,
            lost_touch: Arc::default(),
            board: Arc::new(Mutex::new(Board::new(distributor, config.devices))),
            switchboard: Arc::default(),
        };
        let task = Task {
            clock: Box::new(clock),
            board: floor.board.clone(),
            bus,
            records,
            switchboard: floor.switchboard.clone(),
            lost_touch: floor.lost_touch.clone(),
            news: floor.news.downgrade(),
        };
        let work = async move {
            let keeping = keep_all(Arc::new(ledger), kept);
            tokio::pin!(keeping);
            tokio::select! {
                () = task.run(inbox, closing) => drop(tokio::time::timeout(LAST_RECORDS, keeping).await),
                () = &mut keeping => {}
            }
            "the floor"
        };
        (floor, work)
    }

    /// Joins the telephone. Until then orders go nowhere.
    pub fn join(&self, switchboard: Arc<dyn Switchboard>) {
        let _ = self.switchboard.set(switchboard);
    }

    /// Something happened in a call. Never waits.
    pub fn call_event(&self, call: CallId, event: CallEvent) {
        if self.news.try_send(News::Call(call, Box::new(event))).is_err() {
            self.lost_touch.store(true, Ordering::Relaxed);
            tracing::error!(event = event::FLOOR_OVERRUN, %call);
        }
    }

    /// Promises to call somebody back who is not on the line. Never waits.
    pub fn promise(&self, number: PhoneNumber, language: Language, queue: &str) {
        let asked = CallEvent::CallbackAsked { number, queue: queue.to_owned(), language, at: Timestamp::now() };
        self.call_event(CallId(uuid::Uuid::now_v7()), asked);
    }

    /// An agent signs in, pauses, goes, or is ready again.
    ///
    /// # Errors
    /// A sentence if there is no such agent.
    pub fn agent_wishes(&self, agent: &AgentId, wish: AgentWish) -> Result<(), String> {
        if self.board().distributor.state(agent).is_none() {
            return Err(format!("{agent} is no agent: add one to [[agents]] in the configuration"));
        }
        self.news.try_send(News::Presence(agent.clone(), wish)).map_err(|_| "the floor is overrun: try again".to_owned())
    }

    /// An agent's telephone came into a browser, or is in none any more.
    pub fn phone_in_browser(&self, agent: &AgentId, here: bool) {
        let mut board = self.board();
        if here {
            board.in_browser.insert(agent.clone());
        } else {
            board.in_browser.remove(agent);
        }
    }

    /// No browser has had the agent's telephone for a while: calls go to the desk phone, or, without one, the agent has left.
    pub fn browser_gone(&self, agent: &AgentId) {
        self.phone_in_browser(agent, false);
        let at_work = self.board().distributor.state(agent).is_some_and(|state| state != AgentState::Away);
        let fixed = matches!(self.board().devices.get(agent), Some(AgentDevice::Contact { .. }));
        if at_work && !fixed {
            let _ = self.agent_wishes(agent, AgentWish::Away);
        }
    }

    /// Does what an agent in a talk wants done with the caller.
    ///
    /// # Errors
    /// A sentence: the agent does not speak in that call, or there is no such queue or agent.
    pub fn desk(&self, agent: &AgentId, call: CallId, mut act: DeskAct) -> Result<(), String> {
        let board = self.board();
        if !board.speaks(agent, call) {
            return Err("you do not speak in that call: it is over, or another's".to_owned());
        }
        if let DeskAct::Transfer { to } | DeskAct::Consult { to } = &mut act {
            match to {
                Beyond::Queue { name } if board.distributor.queues().iter().any(|queue| queue.name == *name) => {}
                Beyond::Queue { name } => return Err(format!("there is no queue {name:?}: choose one of the list")),
                Beyond::Agent { agent: other, .. } if other == agent => return Err("that is yourself".to_owned()),
                Beyond::Agent { agent: other, at } => {
                    *at = board.device(other);
                    if at.is_none() {
                        return Err(format!("{other} has no telephone here: choose another"));
                    }
                }
                Beyond::Number { number } if !is_dialable(number) => {
                    return Err("that is no telephone number: give 3 to 15 digits".to_owned());
                }
                Beyond::Number { .. } => {}
            }
        }
        drop(board);
        let Some(switchboard) = self.switchboard.get() else { return Err("this process has no telephone".to_owned()) };
        switchboard.command(call, CallCommand::Desk { agent: agent.clone(), act });
        Ok(())
    }

    /// Lets a supervisor attend a talk, or attend it in another way; without a way, the supervisor who attends it takes it over.
    ///
    /// # Errors
    /// A sentence: nobody talks in that call, another attends it, or the supervisor has no telephone.
    pub fn attend(&self, supervisor: &AgentId, call: CallId, how: Option<Attending>) -> Result<(), String> {
        let board = self.board();
        let line = board.calls.get(&call).filter(|line| line.stage == "talking");
        let line = line.ok_or("no agent speaks in that call now: look at the floor again")?;
        if line.agent.as_ref() == Some(supervisor) {
            return Err("that is your own call".to_owned());
        }
        let attends = line.attended.as_ref().map(|(who, _)| who);
        if let Some(other) = attends.filter(|who| *who != supervisor) {
            return Err(format!("{other} attends that call already: one at a time"));
        }
        let supervisor = supervisor.clone();
        let command = match how {
            Some(how) => {
                let at = board.device(&supervisor).ok_or("your telephone is not here: open the console, or register your desk phone")?;
                CallCommand::Attend { supervisor, at, how }
            }
            None if attends.is_some() => CallCommand::TakeOver { supervisor },
            None => return Err("first listen to the call, then take it over".to_owned()),
        };
        drop(board);
        self.switchboard.get().ok_or("this process has no telephone")?.command(call, command);
        Ok(())
    }

    /// Every promise to call somebody back.
    pub fn callbacks(&self) -> Vec<CallbackSnapshot> {
        self.board().distributor.callbacks()
    }

    pub(super) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}
