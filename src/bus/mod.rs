//! Messages between the parts of the program: what changed, told to whoever listens. Inside one process for now;
//! the seam is [`Bus`], so that a server can carry them between machines later.

use daak_domain::call::{AgentId, CallEvent, CallId};
use daak_domain::ticket::{Number, State};
use serde::Serialize;
use tokio::sync::broadcast;

/// Tells listeners what changed. Telling never waits; a listener that falls behind loses the oldest and is told so.
#[derive(Clone)]
pub struct Bus {
    sender: broadcast::Sender<Happening>,
}

/// What changed. A listener reads the thing itself anew where it wants more.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Happening {
    /// A ticket was registered or has new events.
    Ticket {
        /// Which.
        number: Number,
        /// How many events it has now.
        seq: u32,
        /// Its state now.
        state: State,
        /// Department that holds it.
        department: String,
        /// Whether it is an emergency.
        emergency: bool,
        /// Code of the office that has it.
        office: String,
        /// LGD code of its district; decides who hears of it.
        #[serde(skip)]
        district: Option<String>,
        /// Codes of the offices that it complains of; decides who hears of it.
        #[serde(skip)]
        about: Vec<String>,
    },
    /// Something happened in a call.
    Call {
        /// Which.
        call: CallId,
        /// What.
        event: CallEvent,
    },
    /// An agent's state changed.
    Agent {
        /// Who.
        agent: AgentId,
        /// What the agent is now: `ready`, `ringing`, `talking`, `wrap_up`, `away`.
        presence: String,
    },
    /// Something came into quarantine, or left it.
    Held,
    /// A message in the outbox moved on.
    Message {
        /// Its key.
        key: String,
        /// Where it stands: `queued`, `sent`, `delivered`, `read`, `failed`.
        state: String,
    },
}

/// How many happenings a listener may be behind.
const BACKLOG: usize = 1024;

impl Bus {
    /// A bus inside this process.
    pub fn in_process() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0 }
    }

    /// Tells every listener. Nobody listening is no error.
    pub fn tell(&self, happening: Happening) {
        let _ = self.sender.send(happening);
    }

    /// Hears all that is told from now on.
    pub fn listen(&self) -> broadcast::Receiver<Happening> {
        self.sender.subscribe()
    }
}
