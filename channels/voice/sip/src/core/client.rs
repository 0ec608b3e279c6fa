//! Client transactions (RFC 3261 §17.1, RFC 6026).

use super::timers::Alarm;
use super::{Core, Flow, LIMIT, T1, T2, T4, TxId};
use crate::leg::LegId;
use crate::wire::header::list;
use crate::wire::{Message, Method, Name, Via};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// A request of ours, until it is answered and nobody repeats the answer any more.
#[derive(Debug)]
pub(crate) struct ClientTx {
    key: String,
    pub(crate) request: Message,
    bytes: Bytes,
    pub(crate) flow: Flow,
    state: State,
    interval: Duration,
    next: Option<Instant>,
    over: Option<Instant>,
    pub(crate) owner: Owner,
    /// The ACK of a refusal, for when the refusal is repeated.
    ack: Option<Bytes>,
}

/// Who is told of the responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Leg(LegId),
    Trunk(usize),
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Response(Message, Flow),
    /// No answer in time: as 408.
    Timeout,
    /// The network refuses: as 503.
    Failed,
}

impl Outcome {
    /// The status, or the one that stands for the failure (§8.1.3.1).
    pub(crate) fn status(&self) -> u16 {
        match self {
            Outcome::Response(response, _) => response.status().unwrap_or(500),
            Outcome::Timeout => 408,
            Outcome::Failed => 503,
        }
    }

    /// A 2xx to an INVITE.
    pub(crate) fn answers_invite(&self) -> Option<(&Message, Flow)> {
        match self {
            Outcome::Response(response, flow) => {
                let invite = response.cseq().is_some_and(|(_, method)| method == "INVITE");
                (invite && (200..300).contains(&self.status())).then_some((response, *flow))
            }
            Outcome::Timeout | Outcome::Failed => None,
        }
    }

    pub(crate) fn response(&self) -> Option<&Message> {
        match self {
            Outcome::Response(response, _) => Some(response),
            Outcome::Timeout | Outcome::Failed => None,
        }
    }
}

impl ClientTx {
    pub(super) fn is_lost_with(&self, stream: u64) -> bool {
        matches!(self.flow, Flow::Stream { stream: s, .. } if s == stream) && matches!(self.state, State::Calling | State::Proceeding)
    }

    pub(super) fn method(&self) -> &Method {
        self.request.method().unwrap_or(&Method::Options)
    }
}

impl Core {
    /// Adds a Via of ours on top.
    pub(super) fn via(&self, flow: &Flow, branch: &str) -> String {
        let transport = flow.transport().to_string().to_ascii_uppercase();
        format!("SIP/2.0/{transport} {};rport;branch={branch}", self.own_address(flow))
    }

    pub(super) fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.word())
    }

    /// Sends a request that has no Via yet.
    pub(super) fn begin_client(&mut self, request: Message, flow: Flow, owner: Owner) -> TxId {
        let branch = self.branch();
        self.begin_client_with(request, flow, owner, &branch)
    }

    /// The same with a given branch, as a CANCEL has that of its INVITE.
    pub(super) fn begin_client_with(&mut self, mut request: Message, flow: Flow, owner: Owner, branch: &str) -> TxId {
        let flow = self.open_flow(flow);
        request.headers.insert(0, (Name::Via, self.via(&flow, branch)));
        let id = self.id();
        let key = format!("{branch}|{}", request.method().map_or("", Method::as_str));
        let bytes = Bytes::from(request.to_bytes());
        let next = (!flow.is_reliable()).then(|| self.now + T1);
        let over = self.now + LIMIT;
        self.client_keys.insert(key.clone(), id);
        self.send(flow, bytes.clone());
        let tx = ClientTx { key, request, bytes, flow, state: State::Calling, interval: T1, next, over: Some(over), owner, ack: None };
        self.clients.insert(id, tx);
        self.alarm(next.map_or(over, |n| n.min(over)), Alarm::Client(id));
        id
    }

    /// A response came. It is matched by the branch of its topmost Via and the method of its CSeq (§17.1.3).
    pub(super) fn response(&mut self, response: Message, flow: Flow) {
        let vias: Vec<&str> = response.all(&Name::Via).flat_map(list).collect();
        let [via] = vias[..] else { return }; // another's Via below ours: it was not meant for us
        let Some(via) = Via::read(via) else { return };
        let Some((_, method)) = response.cseq() else { return };
        let key = format!("{}|{method}", via.param("branch").unwrap_or_default());
        let Some(id) = self.client_keys.get(&key).copied() else { return };
        let Some(tx) = self.clients.get(&id) else { return };
        let (owner, invite) = (tx.owner, *tx.method() == Method::Invite);
        let status = response.status().unwrap_or(0);
        let pass = if invite { self.invite_response(id, &response, status) } else { self.other_response(id, status) };
        if pass {
            self.tell_owner(owner, id, Outcome::Response(response, flow));
        }
    }

    fn invite_response(&mut self, id: TxId, response: &Message, status: u16) -> bool {
        let now = self.now;
        let Some(tx) = self.clients.get_mut(&id) else { return false };
        match (tx.state, status) {
            (State::Calling | State::Proceeding, 100..200) => {
                // How long a telephone rings is limited by its owner's patience; a re-INVITE rings nobody.
                let within = tx.request.to_tag().is_some();
                let over = within.then(|| now + LIMIT);
                tx.state = State::Proceeding;
                (tx.next, tx.over) = (None, over);
                if let Some(over) = over {
                    self.alarm(over, Alarm::Client(id));
                }
                true
            }
            (State::Calling | State::Proceeding | State::Accepted, 200..300) => {
                if tx.state != State::Accepted {
                    tx.state = State::Accepted;
                    tx.next = None;
                    tx.over = Some(now + LIMIT);
                    self.alarm(now + LIMIT, Alarm::Client(id));
                }
                true
            }
            (State::Calling | State::Proceeding, _) => {
                tx.state = State::Completed;
                tx.next = None;
                let ack = Bytes::from(ack_of_refusal(&tx.request, response).to_bytes());
                tx.ack = Some(ack.clone());
                let (flow, over) = (tx.flow, if tx.flow.is_reliable() { now } else { now + LIMIT });
                tx.over = Some(over);
                self.alarm(over, Alarm::Client(id));
                self.send(flow, ack);
                true
            }
            (State::Completed, 300..) => {
                if let (flow, Some(ack)) = (tx.flow, tx.ack.clone()) {
                    self.send(flow, ack);
                }
                false
            }
            _ => false,
        }
    }

    fn other_response(&mut self, id: TxId, status: u16) -> bool {
        let now = self.now;
        let Some(tx) = self.clients.get_mut(&id) else { return false };
        match (tx.state, status) {
            (State::Calling | State::Proceeding, 100..200) => {
                tx.state = State::Proceeding;
                true
            }
            (State::Calling | State::Proceeding, _) => {
                tx.state = State::Completed;
                tx.next = None;
                let over = if tx.flow.is_reliable() { now } else { now + T4 };
                tx.over = Some(over);
                self.alarm(over, Alarm::Client(id));
                true
            }
            _ => false,
        }
    }

    pub(super) fn client_alarm(&mut self, id: TxId, at: Instant) {
        let Some(tx) = self.clients.get_mut(&id) else { return };
        if tx.over.is_some_and(|over| over <= at) {
            let owner = tx.owner;
            let unanswered = matches!(tx.state, State::Calling | State::Proceeding);
            self.end_client(id);
            if unanswered {
                self.tell_owner(owner, id, Outcome::Timeout);
            }
            return;
        }
        if tx.next != Some(at) {
            return;
        }
        // Timer A doubles without end; timer E up to T2, and is T2 once something was heard.
        let doubled = tx.interval * 2;
        tx.interval = match (tx.method(), tx.state) {
            (Method::Invite, _) => doubled,
            (_, State::Proceeding) => T2,
            _ => doubled.min(T2),
        };
        let next = at + tx.interval;
        tx.next = Some(next);
        let due = tx.over.map_or(next, |over| next.min(over));
        let (flow, bytes) = (tx.flow, tx.bytes.clone());
        self.alarm(due, Alarm::Client(id));
        self.send(flow, bytes);
    }

    /// The network refuses a request.
    pub(super) fn client_failed(&mut self, id: TxId) {
        let Some(owner) = self.clients.get(&id).map(|tx| tx.owner) else { return };
        self.end_client(id);
        self.tell_owner(owner, id, Outcome::Failed);
    }

    /// Forgets a transaction; what still comes to it is ignored.
    pub(super) fn end_client(&mut self, id: TxId) {
        if let Some(tx) = self.clients.remove(&id) {
            self.client_keys.remove(&tx.key);
        }
    }

    fn tell_owner(&mut self, owner: Owner, id: TxId, outcome: Outcome) {
        match owner {
            Owner::Leg(leg) => self.leg_outcome(leg, id, &outcome),
            Owner::Trunk(trunk) => self.trunk_outcome(trunk, id, &outcome),
            Owner::Nobody => {}
        }
    }
}

/// The ACK of a refusal: by the INVITE's own way (§17.1.1.3).
fn ack_of_refusal(invite: &Message, refusal: &Message) -> Message {
    let mut ack = Message::request(Method::Ack, invite.request_uri());
    for (name, value) in &invite.headers {
        match name {
            Name::Via | Name::From | Name::CallId | Name::Route | Name::MaxForwards => ack.push(name.clone(), value.clone()),
            Name::To => ack.push(Name::To, refusal.get(&Name::To).unwrap_or(value)),
            Name::CSeq => ack.push(Name::CSeq, format!("{} ACK", invite.cseq().map_or(1, |(n, _)| n))),
            _ => {}
        }
    }
    ack
}
