//! A leg's dialog (RFC 3261 §12) and what it is in the middle of.

use super::offers::{Ours, Theirs};
use super::outgoing::Calling;
use super::provisional::Reliable;
use super::timers::{Alarm, LEG_ALARMS, LegAlarm};
use super::{Core, Flow, LIMIT, TxId};
use crate::leg::{LegEnd, LegEvent, LegId};
use crate::sdp::Sdp;
use crate::session_timer::SessionTimer;
use crate::trunk::Account;
use crate::wire::header::list;
use crate::wire::{Message, Method, Name, NameAddr, Uri, multipart, reply};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// One leg.
#[derive(Debug)]
pub(crate) struct LegState {
    pub(crate) id: LegId,
    pub(super) events: mpsc::Sender<LegEvent>,
    /// The owner was told that it is over.
    pub(super) told_end: bool,
    pub(super) state: State,
    /// We called.
    pub(super) outgoing: bool,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    /// Header value that names us, with our tag.
    pub(super) local: String,
    /// Header value that names them, with their tag once there is one.
    pub(super) remote: String,
    pub(super) remote_tag: Option<String>,
    /// Where requests are addressed.
    pub(super) target: String,
    /// Values of Route, in order.
    pub(super) routes: Vec<String>,
    /// Where requests go.
    pub(super) flow: Flow,
    pub(super) cseq: u32,
    pub(super) remote_cseq: Option<u32>,
    /// The last description that we sent.
    pub(super) last_local: Option<Sdp>,
    pub(super) theirs: Option<Theirs>,
    pub(super) ours: Option<Ours>,
    /// An offer of ours that waits until a collision is over.
    pub(super) again: Option<Sdp>,
    /// A 2xx of ours that has no ACK yet.
    pub(super) unacked: Option<Unacked>,
    /// The ACKs of 2xx that we got, by CSeq and their tag, for when a 2xx is repeated.
    pub(super) acks: Vec<(u32, String, Flow, Bytes)>,
    pub(super) timer: SessionTimer,
    pub(super) their_methods: TheirMethods,
    pub(super) provisionals: Reliable,
    pub(super) account: Option<Arc<Account>>,
    /// Our BYE.
    pub(super) bye: Option<TxId>,
    alarms: [Option<Instant>; LEG_ALARMS],
}

#[derive(Debug)]
pub(super) enum State {
    /// Their INVITE is not answered.
    Ringing { tx: TxId },
    /// Our INVITE is not answered.
    Calling(Box<Calling>),
    /// Answered.
    Confirmed,
    /// Over; what is still on its way is waited for.
    Ending,
    /// Nothing is left.
    Gone,
}

/// A 2xx that is repeated until its ACK comes (§13.3.1.4).
#[derive(Debug)]
pub(super) struct Unacked {
    pub(super) cseq: u32,
    pub(super) flow: Flow,
    pub(super) bytes: Bytes,
    pub(super) interval: Duration,
    pub(super) until: Instant,
    /// The INVITE had no offer: the answer to ours comes in the ACK.
    pub(super) offered: bool,
    /// It answers the INVITE that began the dialog.
    pub(super) first: bool,
    /// BYE once it is acknowledged (§15).
    pub(super) then_bye: bool,
}

/// What the peer says that it can.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TheirMethods {
    pub(super) update: bool,
    pub(super) timer: bool,
    pub(super) reliable: bool,
    pub(super) reliable_required: bool,
}

impl TheirMethods {
    pub(super) fn of(message: &Message) -> Self {
        let required = message.lists(&Name::Require, "100rel");
        Self {
            update: message.lists(&Name::Allow, "UPDATE"),
            timer: message.lists(&Name::Supported, "timer") || message.lists(&Name::Require, "timer"),
            reliable: required || message.lists(&Name::Supported, "100rel"),
            reliable_required: required,
        }
    }
}

/// What begins a [`LegState`].
pub(super) struct NewLeg {
    pub(super) id: LegId,
    pub(super) events: mpsc::Sender<LegEvent>,
    pub(super) state: State,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    pub(super) local: String,
    pub(super) remote: String,
    pub(super) target: String,
    pub(super) flow: Flow,
}

impl LegState {
    pub(super) fn new(new: NewLeg) -> Self {
        Self {
            id: new.id,
            events: new.events,
            told_end: false,
            outgoing: matches!(new.state, State::Calling(_)),
            state: new.state,
            call_id: new.call_id,
            local_tag: new.local_tag,
            local: new.local,
            remote_tag: crate::wire::header::parameter(&new.remote, "tag").map(str::to_owned),
            remote: new.remote,
            target: new.target,
            routes: Vec::new(),
            flow: new.flow,
            cseq: 0,
            remote_cseq: None,
            last_local: None,
            theirs: None,
            ours: None,
            again: None,
            unacked: None,
            acks: Vec::new(),
            timer: SessionTimer::default(),
            their_methods: TheirMethods::default(),
            provisionals: Reliable::default(),
            account: None,
            bye: None,
            alarms: [None; LEG_ALARMS],
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Tells the owner. An owner that does not listen is left behind: the leg goes on until its end.
    pub(super) fn tell(&self, event: LegEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!(event = "sip.event_dropped", "the owner of a leg is gone or overrun");
        }
    }

    /// Whether an alarm that went off still matters; it is then over.
    pub(super) fn take_alarm(&mut self, what: LegAlarm, at: Instant) -> bool {
        let slot = &mut self.alarms[what as usize];
        let matters = *slot == Some(at);
        if matters {
            *slot = None;
        }
        matters
    }

    pub(super) fn is_set(&self, what: LegAlarm) -> bool {
        self.alarms[what as usize].is_some()
    }

    pub(super) fn keep_alarm_of(&mut self, other: &Self, what: LegAlarm) {
        self.alarms[what as usize] = other.alarms[what as usize];
    }

    pub(super) fn unset(&mut self, what: LegAlarm) {
        self.alarms[what as usize] = None;
    }

    /// Follows a target refresh (§12.2.1.2).
    pub(super) fn refresh_target(&mut self, core: &Core, message: &Message, seen: Flow) {
        if let Some(uri) = contact(message) {
            self.target = uri.to_string();
            let direct = message.method().is_some() && message.all(&Name::Via).flat_map(list).count() == 1;
            self.flow = core.next_hop(&self.routes, &uri, seen, direct);
        }
    }
}

/// The address of the first Contact.
pub(super) fn contact(message: &Message) -> Option<Uri> {
    NameAddr::read(list(message.get(&Name::Contact)?)[0])?.address()
}

/// Values of Record-Route in order, one each.
pub(super) fn record_routes(message: &Message) -> Vec<String> {
    message.all(&Name::RecordRoute).flat_map(list).map(str::to_owned).collect()
}

/// The description in a body, if it is one or holds one.
pub(super) fn sdp(message: &Message) -> Option<Sdp> {
    let kind = message.get(&Name::ContentType)?;
    let is_sdp = kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case("application/sdp"));
    let body = if is_sdp { &message.body[..] } else { multipart::part(kind, &message.body, "application/sdp")? };
    (!body.is_empty()).then(|| Sdp(String::from_utf8_lossy(body).into_owned()))
}

impl Core {
    pub(super) fn set_alarm(&mut self, leg: &mut LegState, what: LegAlarm, at: Instant) {
        leg.alarms[what as usize] = Some(at);
        self.alarm(at, Alarm::Leg(leg.id, what));
    }

    /// A request within a dialog, with the next CSeq.
    pub(super) fn request_in(&mut self, leg: &mut LegState, method: Method) -> Message {
        leg.cseq += 1;
        let cseq = leg.cseq;
        self.request_numbered(leg, method, cseq)
    }

    pub(super) fn request_numbered(&mut self, leg: &LegState, method: Method, cseq: u32) -> Message {
        let name = method.as_str().to_owned();
        let makes_targets = matches!(method, Method::Invite | Method::Update | Method::Refer);
        let mut request = Message::request(method, leg.target.clone());
        request.push(Name::MaxForwards, "70");
        request.push(Name::From, leg.local.clone());
        request.push(Name::To, leg.remote.clone());
        request.push(Name::CallId, leg.call_id.clone());
        request.push(Name::CSeq, format!("{cseq} {name}"));
        for route in &leg.routes {
            request.push(Name::Route, route.clone());
        }
        if makes_targets {
            let contact = self.contact(&leg.flow);
            request.push(Name::Contact, contact);
            request.push(Name::Allow, reply::ALLOW);
            request.push(Name::Supported, reply::SUPPORTED);
        }
        request.push(Name::UserAgent, self.config.user_agent.clone());
        request
    }

    /// Sends a request of a dialog; what becomes of it comes back to the leg.
    pub(super) fn send_in(&mut self, leg: &LegState, request: Message) -> TxId {
        let flow = self.flow_of(leg);
        self.begin_client(request, flow, super::client::Owner::Leg(leg.id))
    }

    /// The way to the peer of a leg. A stream that the peer opened and that is closed is replaced by one to its Contact.
    fn flow_of(&mut self, leg: &LegState) -> Flow {
        let target = Uri::read(&leg.target).ok().and_then(|uri| Some((uri.socket_addr()?, uri.host)));
        match (leg.flow, target) {
            (Flow::Stream { stream, .. }, Some((addr, name))) if !self.is_open(stream) => {
                self.flow_to(leg.flow.transport(), addr, &name).unwrap_or(leg.flow)
            }
            (flow, _) => flow,
        }
    }

    /// The ACK of a 2xx: no transaction, but kept to be sent again (§13.2.2.4).
    pub(super) fn acknowledge(&mut self, leg: &mut LegState, cseq: u32, tag: &str, sdp: Option<&Sdp>) {
        let mut ack = self.request_numbered(leg, Method::Ack, cseq);
        let branch = self.branch();
        let flow = self.flow_of(leg);
        ack.headers.insert(0, (Name::Via, self.via(&flow, &branch)));
        if let Some(sdp) = sdp {
            ack.set_body("application/sdp", sdp.0.clone());
        }
        let bytes = Bytes::from(ack.to_bytes());
        self.send(flow, bytes.clone());
        if leg.acks.len() >= 8 {
            leg.acks.remove(0);
        }
        leg.acks.push((cseq, tag.to_owned(), flow, bytes));
    }

    /// Sends BYE and waits for what becomes of it.
    pub(super) fn bye(&mut self, leg: &mut LegState) {
        leg.state = State::Ending;
        let request = self.request_in(leg, Method::Bye);
        leg.bye = Some(self.send_in(leg, request));
        let at = self.now + LIMIT + Duration::from_secs(1);
        self.set_alarm(leg, LegAlarm::Forget, at);
    }

    /// Tells the owner how the leg ended, once.
    pub(super) fn end(&mut self, leg: &mut LegState, end: LegEnd) {
        if std::mem::replace(&mut leg.told_end, true) {
            return;
        }
        self.alive = self.alive.saturating_sub(1);
        leg.tell(LegEvent::Ended(end));
        if let Some(theirs) = leg.theirs.take() {
            self.refuse(theirs.tx, 487);
        }
        leg.ours = None;
        leg.again = None;
        for alarm in [LegAlarm::Ring, LegAlarm::Patience, LegAlarm::Refresh, LegAlarm::Lapse, LegAlarm::Again, LegAlarm::RepeatProvisional]
        {
            leg.unset(alarm);
        }
    }

    /// The leg is over and nothing is on its way.
    pub(super) fn finish(&mut self, leg: &mut LegState, end: LegEnd) {
        self.end(leg, end);
        leg.state = State::Gone;
    }

    pub(super) fn enter_leg(&mut self, leg: LegState) {
        self.alive += 1;
        self.tags.insert(leg.local_tag.clone(), leg.id);
        self.legs.insert(leg.id, Box::new(leg));
    }
}
