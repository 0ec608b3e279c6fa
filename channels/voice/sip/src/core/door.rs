//! What comes in: who may be heard, what is answered at the door, and to whom the rest goes.

use super::dialog::{LegState, State};
use super::{Core, Flow, server};
use crate::leg::LegId;
use crate::wire::check::{self, Fault};
use crate::wire::parse::{self, Found, Length};
use crate::wire::{Message, Method, Name, reply};
use bytes::Bytes;

/// Seconds after which a call that was too many may be tried again.
const TRY_AGAIN: u32 = 10;

impl Core {
    /// A datagram came by the n-th UDP socket.
    pub(crate) fn datagram(&mut self, socket: usize, peer: std::net::SocketAddr, bytes: &[u8]) {
        if self.guard.is_banned(peer.ip(), self.now) {
            return;
        }
        if bytes == b"\r\n\r\n" {
            return self.send(Flow::Datagram { socket, peer }, Bytes::from_static(b"\r\n")); // RFC 5626 §4.4.1
        }
        let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(bytes.len());
        self.heard(Flow::Datagram { socket, peer }, &bytes[start..]);
    }

    /// A whole message came by a stream.
    pub(crate) fn streamed(&mut self, stream: u64, secure: bool, peer: std::net::SocketAddr, bytes: &[u8]) {
        if !self.guard.is_banned(peer.ip(), self.now) {
            self.heard(Flow::Stream { stream, secure, peer }, bytes);
        }
    }

    /// After this head nobody knows where the next message begins: it is answered, and the stream closed.
    pub(crate) fn stream_lost(&mut self, stream: u64, secure: bool, peer: std::net::SocketAddr, bytes: &[u8]) {
        if let Some(mut found) = parse::find(bytes)
            && found.message.status().is_none()
            && check::can_be_answered(&found.message)
        {
            reply::stamp(&mut found.message, peer);
            self.answer_statelessly(&found.message, Flow::Stream { stream, secure, peer }, 400, Vec::new());
        }
        self.out.push(super::Output::Close { stream });
    }

    fn heard(&mut self, flow: Flow, bytes: &[u8]) {
        let Some(mut found) = parse::find(bytes) else { return };
        if found.message.status().is_some() {
            if found.length != Length::Bad {
                self.response(found.message, flow);
            }
            return;
        }
        if !check::can_be_answered(&found.message) {
            return;
        }
        let peer = flow.peer();
        reply::stamp(&mut found.message, peer);
        let back = match flow {
            Flow::Datagram { socket, .. } => Flow::Datagram { socket, peer: reply::datagram_target(&found.message, peer) },
            stream => stream,
        };
        let whole = !matches!(found.length, Length::Says(n) if n > found.message.body.len());
        match check::request(&found, whole) {
            Ok(()) => self.request(found, flow, back),
            Err(Fault { status, why }) => {
                tracing::debug!(event = "sip.bad_request", status, why);
                self.answer_statelessly(&found.message, back, status, Vec::new());
            }
        }
    }

    fn request(&mut self, found: Found, flow: Flow, back: Flow) {
        let request = found.message;
        let method = match request.method() {
            Some(Method::Ack) => return self.ack(&request),
            Some(Method::Cancel) => return self.cancelled_by_peer(&request, back),
            Some(method) => method.clone(),
            None => return,
        };
        if let Some(tx) = self.find_server(&server::key(&request, method.as_str())) {
            return self.repeated(tx);
        }
        match request.to_tag().map(|tag| self.tags.get(tag).copied()) {
            Some(Some(leg)) => self.in_dialog(leg, request, flow, back),
            Some(None) => self.answer_statelessly(&request, back, 481, Vec::new()),
            None => self.outside(&method, request, flow, back),
        }
    }

    /// A request that belongs to no dialog.
    fn outside(&mut self, method: &Method, request: Message, flow: Flow, back: Flow) {
        let unknown: Vec<&str> =
            request.tokens(&Name::Require).filter(|t| !["timer", "100rel"].iter().any(|k| k.eq_ignore_ascii_case(t))).collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return self.answer_statelessly(&request, back, 420, vec![(Name::Unsupported, unknown)]);
        }
        match method {
            Method::Invite => self.invited(request, flow, back),
            Method::Register => self.registering(request, flow, back),
            Method::Options => {
                let headers = vec![
                    (Name::Accept, "application/sdp".to_owned()),
                    (Name::Supported, reply::SUPPORTED.to_owned()),
                    (Name::Contact, self.contact(&flow)),
                ];
                self.answer_statelessly(&request, back, 200, headers);
            }
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify | Method::Refer => {
                self.answer_statelessly(&request, back, 481, Vec::new());
            }
            Method::Other(_) => self.answer_statelessly(&request, back, 501, Vec::new()),
            _ => self.answer_statelessly(&request, back, 405, Vec::new()),
        }
    }

    /// An INVITE that begins a call: whether it may come in at all. What may not is answered without being kept.
    fn invited(&mut self, request: Message, flow: Flow, back: Flow) {
        let from = flow.peer().ip();
        let known = self.trunk_at(from).is_some() || self.registrar.user_at(flow.peer(), self.now).is_some();
        if !self.guard.may_call(from, known, self.alive, self.now) {
            let again = vec![(Name::RetryAfter, TRY_AGAIN.to_string())];
            return self.answer_statelessly(&request, back, 503, again);
        }
        self.new_call(request, flow, back);
    }

    fn ack(&mut self, ack: &Message) {
        let own_branch = self.find_server(&server::key(ack, "INVITE"));
        if let Some(tx) = own_branch
            && !self.acknowledged(tx)
        {
            return;
        }
        let leg = ack.to_tag().and_then(|tag| self.tags.get(tag)).copied().or_else(|| self.servers.get(&own_branch?)?.leg);
        if let Some(leg) = leg {
            self.with_leg(leg, |core, leg| core.leg_acknowledged(leg, ack));
        }
    }

    /// CANCEL has the branch of its INVITE (RFC 3261 §9.2).
    fn cancelled_by_peer(&mut self, cancel: &Message, back: Flow) {
        let tx = self.find_server(&server::key(cancel, "INVITE"));
        self.answer_statelessly(cancel, back, if tx.is_some() { 200 } else { 481 }, Vec::new());
        let Some(tx) = tx.filter(|tx| !self.is_answered(*tx)) else { return };
        if let Some(leg) = self.servers.get(&tx).and_then(|tx| tx.leg) {
            self.with_leg(leg, |core, leg| core.leg_cancelled(leg, tx));
        }
    }

    fn in_dialog(&mut self, id: LegId, request: Message, flow: Flow, back: Flow) {
        let Some(leg) = self.legs.get(&id) else { return self.answer_statelessly(&request, back, 481, Vec::new()) };
        if !belongs(leg, &request) {
            return self.answer_statelessly(&request, back, 481, Vec::new());
        }
        let Some((number, _)) = request.cseq() else { return };
        if leg.remote_cseq.is_some_and(|last| number < last) {
            return self.answer_statelessly(&request, back, 500, vec![(Name::RetryAfter, "0".into())]); // §12.2.2
        }
        let Ok(tx) = self.begin_server(request.clone(), back) else { return };
        self.with_leg(id, |core, leg| {
            leg.remote_cseq = Some(number);
            core.leg_request(leg, tx, &request, flow);
        });
    }
}

/// Whether a request is of the leg that its To tag names: the same call and, once known, the same peer.
fn belongs(leg: &LegState, request: &Message) -> bool {
    let tag = request.caller_tag();
    let same_peer = match (&leg.remote_tag, tag) {
        (Some(ours), Some(theirs)) => ours == theirs,
        (None, None) => true,
        (None, Some(_)) => matches!(leg.state, State::Calling(_)),
        (Some(_), None) => false,
    };
    leg.call_id == request.call_id() && same_peer
}
