//! Server transactions (RFC 3261 §17.2, RFC 6026).

use super::timers::Alarm;
use super::{Core, Flow, LIMIT, T1, T2, T4, TxId};
use crate::leg::LegId;
use crate::wire::header::list;
use crate::wire::{Message, Method, Name, Via, reply};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// An INVITE that has no other response gets 100 Trying after this long (§17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(100);

/// A request of theirs, until nobody repeats it any more.
#[derive(Debug)]
pub(crate) struct ServerTx {
    key: String,
    merge: Option<String>,
    pub(crate) invite: bool,
    /// Where responses go.
    flow: Flow,
    state: State,
    last: Option<Bytes>,
    interval: Duration,
    next: Option<Instant>,
    over: Option<Instant>,
    pub(crate) leg: Option<LegId>,
    /// Until the final response.
    pub(crate) request: Option<Box<Message>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    /// A final response that is no 2xx to an INVITE was sent.
    Completed,
    /// It was acknowledged.
    Confirmed,
    /// A 2xx was sent; whoever sent it repeats it.
    Accepted,
}

/// What names a server transaction (§17.2.3).
pub(super) fn key(request: &Message, method: &str) -> String {
    let top = request.get(&Name::Via).map(|v| list(v)[0]).unwrap_or_default();
    if let Some(via) = Via::read(top)
        && let Some(branch) = via.branch()
    {
        return format!("{branch}|{}:{}|{method}", via.host, via.port.unwrap_or(5060));
    }
    // A client of RFC 2543 is known by all that it repeats. The To tag of its ACK is ours and not looked at.
    let number = request.cseq().map_or(0, |(n, _)| n);
    let tag = request.caller_tag().unwrap_or_default();
    format!("{}|{}|{number}|{tag}|{top}|{method}", request.request_uri(), request.call_id())
}

fn merge_key(request: &Message) -> String {
    format!("{}|{}|{}", request.call_id(), request.caller_tag().unwrap_or_default(), request.cseq().map_or(0, |(n, _)| n))
}

impl Core {
    /// Begins a server transaction. `Err` holds the request if it is a fork of one that is under way.
    pub(super) fn begin_server(&mut self, request: Message, flow: Flow) -> Result<TxId, Box<Message>> {
        let invite = request.is(&Method::Invite);
        let merge = (invite && request.to_tag().is_none()).then(|| merge_key(&request));
        if merge.as_ref().is_some_and(|m| self.merges.contains_key(m)) {
            return Err(Box::new(request));
        }
        let id = self.id();
        let key = key(&request, request.method().map_or("", Method::as_str));
        let next = invite.then(|| self.now + TRYING_AFTER);
        if let Some(next) = next {
            self.alarm(next, Alarm::Server(id));
        }
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), id);
        }
        self.server_keys.insert(key.clone(), id);
        let request = Some(Box::new(request));
        let tx =
            ServerTx { key, merge, invite, flow, state: State::Proceeding, last: None, interval: T1, next, over: None, leg: None, request };
        self.servers.insert(id, tx);
        Ok(id)
    }

    pub(super) fn find_server(&self, key: &str) -> Option<TxId> {
        self.server_keys.get(key).copied()
    }

    /// A request that came before is answered as before.
    pub(super) fn repeated(&mut self, id: TxId) {
        let Some(tx) = self.servers.get(&id) else { return };
        if let (State::Proceeding | State::Completed, Some(last)) = (tx.state, tx.last.clone()) {
            let flow = tx.flow;
            self.send(flow, last);
        }
    }

    /// An ACK with the transaction's own branch: it acknowledges a refusal, or comes from a client that gives the ACK
    /// of a 2xx the same branch (true).
    pub(super) fn acknowledged(&mut self, id: TxId) -> bool {
        let now = self.now;
        let Some(tx) = self.servers.get_mut(&id) else { return false };
        match tx.state {
            State::Completed => {
                tx.state = State::Confirmed;
                tx.next = None;
                let over = if tx.flow.is_reliable() { now } else { now + T4 };
                tx.over = Some(over);
                self.alarm(over, Alarm::Server(id));
                false
            }
            State::Accepted => true,
            State::Proceeding | State::Confirmed => false,
        }
    }

    /// Where the responses of a transaction go.
    pub(super) fn server_flow(&self, id: TxId) -> Option<Flow> {
        self.servers.get(&id).map(|tx| tx.flow)
    }

    /// Whether a final response was sent.
    pub(super) fn is_answered(&self, id: TxId) -> bool {
        self.servers.get(&id).is_none_or(|tx| tx.state != State::Proceeding)
    }

    /// A response to the request of a transaction, to be filled and given to [`Core::respond`].
    pub(super) fn response_to(&self, id: TxId, status: u16, tag: &str) -> Option<Message> {
        let request = self.servers.get(&id)?.request.as_deref()?;
        let mut response = reply::response(request, status, Some(tag));
        if status > 100 {
            response.push(Name::Server, self.config.user_agent.clone());
        }
        Some(response)
    }

    /// Sends a response and answers its bytes.
    pub(super) fn respond(&mut self, id: TxId, response: &Message) -> Option<(Flow, Bytes)> {
        let now = self.now;
        let status = response.status()?;
        let tx = self.servers.get_mut(&id).filter(|tx| tx.state == State::Proceeding)?;
        let bytes = Bytes::from(response.to_bytes());
        tx.last = Some(bytes.clone());
        tx.next = None;
        let flow = tx.flow;
        if status >= 200 {
            tx.request = None;
            let reliable = flow.is_reliable();
            tx.state = if tx.invite && status < 300 { State::Accepted } else { State::Completed };
            tx.next = (tx.invite && status >= 300 && !reliable).then(|| now + T1);
            let over = if tx.invite || !reliable { now + LIMIT } else { now };
            tx.over = Some(over);
            if tx.state == State::Accepted {
                tx.last = None;
            }
            let due = tx.next.map_or(over, |next| next.min(over));
            self.alarm(due, Alarm::Server(id));
        }
        self.send(flow, bytes.clone());
        Some((flow, bytes))
    }

    /// Answers with a status and nothing else.
    pub(super) fn refuse(&mut self, id: TxId, status: u16) {
        let tag = self.word();
        if let Some(response) = self.response_to(id, status, &tag) {
            self.respond(id, &response);
        }
    }

    /// Answers without keeping anything: a repeated request is answered the same again (§8.2.7).
    pub(super) fn answer_statelessly(&mut self, request: &Message, flow: Flow, status: u16, headers: Vec<(Name, String)>) {
        if request.is(&Method::Ack) {
            return;
        }
        let tag = format!("s{:016x}", fingerprint(&self.secret, &key(request, "")));
        let mut response = reply::response(request, status, Some(&tag));
        response.push(Name::Server, self.config.user_agent.clone());
        response.headers.extend(headers);
        self.send(flow, Bytes::from(response.to_bytes()));
    }

    pub(super) fn server_alarm(&mut self, id: TxId, at: Instant) {
        let Some(tx) = self.servers.get_mut(&id) else { return };
        if tx.over.is_some_and(|over| over <= at) {
            self.end_server(id);
            return;
        }
        if tx.next != Some(at) {
            return;
        }
        if tx.state == State::Proceeding {
            tx.next = None;
            let trying = tx.request.as_deref().map(|r| Bytes::from(reply::response(r, 100, None).to_bytes()));
            if let (None, Some(trying)) = (&tx.last, trying) {
                tx.last = Some(trying.clone());
                let flow = tx.flow;
                self.send(flow, trying);
            }
            return;
        }
        // Timer G: T1, doubled up to T2.
        tx.interval = (tx.interval * 2).min(T2);
        let next = at + tx.interval;
        tx.next = Some(next);
        let due = tx.over.map_or(next, |over| next.min(over));
        let (flow, last) = (tx.flow, tx.last.clone());
        self.alarm(due, Alarm::Server(id));
        if let Some(last) = last {
            self.send(flow, last);
        }
    }

    fn end_server(&mut self, id: TxId) {
        let Some(tx) = self.servers.remove(&id) else { return };
        self.server_keys.remove(&tx.key);
        if let Some(merge) = &tx.merge {
            self.merges.remove(merge);
        }
    }
}

/// A number that only we can make from a text.
fn fingerprint(secret: &[u8], text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let sum = Sha256::new().chain_update(secret).chain_update(text.as_bytes()).finalize();
    sum.iter().take(8).fold(0, |acc, b| acc << 8 | u64::from(*b))
}
