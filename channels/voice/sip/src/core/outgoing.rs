//! A call that we make, until it is answered.

use super::client::{Outcome, Owner};
use super::dialog::{LegState, NewLeg, State, TheirMethods, contact, record_routes, sdp};
use super::timers::LegAlarm;
use super::{Core, Flow, LIMIT, TxId};
use crate::config::{SipError, Transport};
use crate::leg::{CallerLine, DialSpec, LegEnd, LegEvent, LegId, Target};
use crate::offer::{Offers, SrtpPolicy};
use crate::sdp::Sdp;
use crate::session_timer::{MIN_SE, SessionTimer, session_expires};
use crate::trunk::Account;
use crate::wire::{Message, Method, Name, Uri, uri};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a trunk may take to answer at all before another is tried.
const TRUNK_PATIENCE: Duration = Duration::from_secs(4);

/// A way to whom we call.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// The request URI.
    pub(crate) uri: String,
    pub(crate) place: Place,
    pub(crate) account: Option<Arc<Account>>,
    /// The number to show instead of the one asked for.
    pub(crate) shows: Option<String>,
    /// Whether media are encrypted by this way, where that is settled.
    pub(crate) srtp: Option<SrtpPolicy>,
}

/// Where the INVITE is sent.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    At { transport: Transport, addr: SocketAddr, name: String },
    By(Flow),
}

/// An INVITE of ours under way.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(super) tx: TxId,
    from: CallerLine,
    offer: Offers,
    /// The offer that was refused by this way, if one was.
    refused: Option<Sdp>,
    headers: Vec<(String, String)>,
    routes: Vec<Route>,
    at: usize,
    /// Something was heard.
    provisional: bool,
    /// The owner gave it up; it is told so already.
    given_up: bool,
    cancel_sent: bool,
    challenged: bool,
    /// Last reliable provisional response, by tag of who sent it.
    pub(super) pracked: Vec<(String, u32)>,
}

impl Core {
    /// The ways to a target, the best first. A host name has to be looked up before.
    pub(crate) fn ways_to(&self, target: &Target) -> Result<Vec<Route>, SipError> {
        match target {
            Target::Uri(text) => {
                let uri = Uri::read(text).map_err(|_| SipError::Target(text.clone()))?;
                let addr = uri.socket_addr().ok_or_else(|| SipError::Target(text.clone()))?;
                Ok(vec![way(&uri, addr)])
            }
            Target::Registered(user) => {
                let place = self.registrar.find(user, self.now).ok_or_else(|| SipError::NotRegistered(user.clone()))?;
                Ok(vec![Route { uri: place.contact, place: Place::By(place.flow), account: None, shows: None, srtp: None }])
            }
            Target::Trunk { number } => self.ways_by_trunk(number),
        }
    }

    /// Sends an INVITE by the first of the ways.
    pub(crate) fn dial(&mut self, id: LegId, spec: DialSpec, routes: Vec<Route>, events: mpsc::Sender<LegEvent>) -> Result<(), SipError> {
        let first = routes.first().cloned().ok_or(SipError::NoTrunk)?;
        let flow = self.place(&first.place).ok_or_else(|| SipError::Stack("there is no listener of its transport".into()))?;
        let headers = spec.headers;
        let calling = Calling {
            tx: 0,
            from: spec.from,
            offer: spec.offer,
            refused: None,
            headers,
            routes,
            at: 0,
            provisional: false,
            given_up: false,
            cancel_sent: false,
            challenged: false,
            pracked: Vec::new(),
        };
        let mut leg = self.calling_leg(id, events, Box::new(calling), &first, flow);
        self.invite(&mut leg, None);
        let at = self.now + spec.ring_for;
        self.set_alarm(&mut leg, LegAlarm::Ring, at);
        self.enter_leg(leg);
        Ok(())
    }

    fn place(&mut self, place: &Place) -> Option<Flow> {
        match place {
            Place::At { transport, addr, name } => self.flow_to(*transport, *addr, name),
            Place::By(flow) => Some(self.open_flow(*flow)),
        }
    }

    fn calling_leg(&mut self, id: LegId, events: mpsc::Sender<LegEvent>, calling: Box<Calling>, route: &Route, flow: Flow) -> LegState {
        let tag = self.word();
        let host = self.own_address(&flow);
        let user = uri::escape(route.shows.as_deref().unwrap_or(&calling.from.user));
        let display = calling.from.display.as_deref().map(quoted).unwrap_or_default();
        let local = format!("{display}<sip:{user}@{host}>;tag={tag}");
        let call_id = format!("{}{}@{}", self.word(), self.word(), host.ip());
        let new = NewLeg {
            id,
            events,
            call_id,
            local,
            local_tag: tag,
            remote: format!("<{}>", route.uri),
            target: route.uri.clone(),
            flow,
            state: State::Calling(calling),
        };
        let mut leg = LegState::new(new);
        leg.account.clone_from(&route.account);
        leg
    }

    /// Sends the INVITE, with the answer to a challenge if there was one.
    fn invite(&mut self, leg: &mut LegState, authorization: Option<(Name, String)>) {
        let mut request = self.request_in(leg, Method::Invite);
        let State::Calling(calling) = &leg.state else { return };
        for (name, value) in &calling.headers {
            request.push(Name::read(name), value.replace(['\r', '\n'], " "));
        }
        let seconds = leg.timer.seconds().unwrap_or(self.config.session_expires.as_secs()).max(u64::from(MIN_SE));
        request.push(Name::SessionExpires, seconds.to_string());
        request.headers.extend(authorization);
        let way = calling.routes.get(calling.at).and_then(|route| route.srtp);
        let secure = leg.flow.transport() == Transport::Tls;
        let offer = match &calling.refused {
            Some(refused) => calling.offer.other(way, refused).unwrap_or(refused),
            None => calling.offer.first(way, secure),
        };
        let offer = offer.clone();
        let patient = calling.at + 1 >= calling.routes.len();
        request.set_body("application/sdp", offer.0.clone());
        leg.last_local = Some(offer);
        let tx = self.send_in(leg, request);
        if let State::Calling(calling) = &mut leg.state {
            calling.tx = tx;
        }
        if !patient {
            let at = self.now + TRUNK_PATIENCE;
            self.set_alarm(leg, LegAlarm::Patience, at);
        }
    }

    /// A trunk does not answer at all, or is out of order: the next one is tried, as a new call.
    pub(super) fn try_next_route(&mut self, leg: &mut LegState) {
        let State::Calling(calling) = &mut leg.state else { return };
        if calling.given_up || calling.provisional || calling.at + 1 >= calling.routes.len() {
            return;
        }
        let old = calling.tx;
        calling.at += 1;
        calling.challenged = false;
        calling.refused = None;
        let route = calling.routes[calling.at].clone();
        self.end_client(old);
        let Some(flow) = self.place(&route.place) else { return self.try_next_route(leg) };
        let State::Calling(calling) = std::mem::replace(&mut leg.state, State::Gone) else { return };
        let mut fresh = self.calling_leg(leg.id, leg.events.clone(), calling, &route, flow);
        self.tags.remove(&leg.local_tag);
        self.tags.insert(fresh.local_tag.clone(), fresh.id);
        fresh.keep_alarm_of(leg, LegAlarm::Ring);
        self.invite(&mut fresh, None);
        *leg = fresh;
    }

    /// What became of our INVITE.
    pub(super) fn calling_outcome(&mut self, leg: &mut LegState, outcome: &Outcome) {
        match (outcome.status(), outcome) {
            (..200, Outcome::Response(response, _)) => self.progressed(leg, response),
            (200..300, Outcome::Response(response, flow)) => self.answered(leg, response, *flow),
            _ => self.refused(leg, outcome),
        }
    }

    fn progressed(&mut self, leg: &mut LegState, response: &Message) {
        leg.unset(LegAlarm::Patience);
        let State::Calling(calling) = &mut leg.state else { return };
        calling.provisional = true;
        if calling.given_up {
            return self.cancel(leg);
        }
        if response.status() == Some(100) {
            return;
        }
        self.prack(leg, response);
        if response.status() == Some(180) {
            leg.tell(LegEvent::Ringing);
        }
        if let Some(early) = sdp(response) {
            leg.tell(LegEvent::Progress(early));
        }
    }

    fn answered(&mut self, leg: &mut LegState, response: &Message, flow: Flow) {
        let State::Calling(calling) = &leg.state else { return };
        let given_up = calling.given_up;
        leg.remote = response.get(&Name::To).unwrap_or(&leg.remote).to_owned();
        leg.remote_tag = response.to_tag().map(str::to_owned);
        leg.routes = record_routes(response);
        leg.routes.reverse();
        leg.their_methods = TheirMethods::of(response);
        leg.refresh_target(self, response, flow);
        let number = response.cseq().map_or(leg.cseq, |(n, _)| n);
        let tag = leg.remote_tag.clone().unwrap_or_default();
        self.acknowledge(leg, number, &tag, None);
        if given_up {
            return self.bye(leg);
        }
        leg.state = State::Confirmed;
        for alarm in [LegAlarm::Ring, LegAlarm::Patience] {
            leg.unset(alarm);
        }
        leg.timer = SessionTimer::agree_as_client(session_expires(response), self.config.session_expires, self.now);
        self.set_session_alarms(leg);
        leg.tell(LegEvent::Answered(sdp(response)));
    }

    fn refused(&mut self, leg: &mut LegState, outcome: &Outcome) {
        let State::Calling(calling) = &mut leg.state else { return };
        if calling.given_up {
            return leg.state = State::Gone;
        }
        let status = outcome.status();
        let more = calling.at + 1 < calling.routes.len();
        if matches!(status, 401 | 407)
            && !std::mem::replace(&mut calling.challenged, true)
            && let Some(answer) = self.answer_challenge(leg.account.clone().as_deref(), outcome, "INVITE", &leg.target)
        {
            return self.invite(leg, Some(answer));
        }
        if status == 422 && leg.timer.seconds().is_none() {
            let least = outcome.response().and_then(|r| r.get(&Name::MinSe)?.trim().parse().ok()).unwrap_or(MIN_SE);
            leg.timer = SessionTimer::agree_as_client(Some((least, None)), self.config.session_expires, self.now);
            return self.invite(leg, None);
        }
        if matches!(status, 415 | 488 | 606) && self.offer_otherwise(leg) {
            return self.invite(leg, None);
        }
        let State::Calling(calling) = &mut leg.state else { return };
        if more && !calling.provisional && matches!(status, 408 | 480 | 500..=599) {
            return self.try_next_route(leg);
        }
        let end = match outcome {
            Outcome::Response(response, _) => LegEnd::Rejected { status, reason: response.reason().to_owned() },
            Outcome::Timeout | Outcome::Failed => LegEnd::TransportFailed,
        };
        self.finish(leg, end);
    }

    /// Media as they were offered are not acceptable: whether there is another offer, with keys or without.
    fn offer_otherwise(&mut self, leg: &mut LegState) -> bool {
        let State::Calling(calling) = &mut leg.state else { return false };
        let way = calling.routes.get(calling.at).and_then(|route| route.srtp);
        let Some(sent) = leg.last_local.clone().filter(|_| calling.refused.is_none()) else { return false };
        if calling.offer.other(way, &sent).is_none() {
            return false;
        }
        calling.refused = Some(sent);
        true
    }

    /// Gives our INVITE up; a 2xx that comes nevertheless is acknowledged and ended.
    pub(super) fn give_up(&mut self, leg: &mut LegState, end: LegEnd) {
        self.end(leg, end);
        let State::Calling(calling) = &mut leg.state else { return };
        calling.given_up = true;
        let heard = calling.provisional;
        let at = self.now + LIMIT + Duration::from_secs(8);
        self.set_alarm(leg, LegAlarm::Forget, at);
        if heard {
            self.cancel(leg); // not before: RFC 3261 §9.1
        }
    }

    fn cancel(&mut self, leg: &mut LegState) {
        let State::Calling(calling) = &mut leg.state else { return };
        if std::mem::replace(&mut calling.cancel_sent, true) {
            return;
        }
        let Some(invite) = self.clients.get(&calling.tx) else { return };
        let (flow, uri) = (invite.flow, invite.request.request_uri().to_owned());
        let branch = invite.request.get(&Name::Via).and_then(crate::wire::Via::read).and_then(|v| v.param("branch").map(str::to_owned));
        let mut cancel = Message::request(Method::Cancel, uri);
        for (name, value) in &invite.request.headers {
            match name {
                Name::From | Name::To | Name::CallId | Name::Route | Name::MaxForwards => cancel.push(name.clone(), value.clone()),
                Name::CSeq => cancel.push(Name::CSeq, format!("{} CANCEL", invite.request.cseq().map_or(1, |(n, _)| n))),
                _ => {}
            }
        }
        self.begin_client_with(cancel, flow, Owner::Nobody, &branch.unwrap_or_default());
    }

    /// A request in the early dialog that a response of theirs makes.
    pub(super) fn request_in_early(&mut self, leg: &mut LegState, response: &Message, method: Method) -> (Message, Flow) {
        let mut request = self.request_in(leg, method);
        request.set(Name::To, response.get(&Name::To).unwrap_or_default());
        let mut routes = record_routes(response);
        routes.reverse();
        let target = contact(response);
        let flow = target.as_ref().map_or(leg.flow, |uri| self.next_hop(&routes, uri, leg.flow, false));
        for route in routes {
            request.push(Name::Route, route);
        }
        if let (Some(target), crate::wire::Start::Request { uri, .. }) = (target, &mut request.start) {
            *uri = target.to_string();
        }
        (request, flow)
    }

    /// A 2xx to an INVITE that makes a dialog nobody wants, or one that is over: acknowledged and ended (§13.2.2.4).
    pub(super) fn stray_answer(&mut self, tx: TxId, response: &Message, flow: Flow) {
        let Some(invite) = self.clients.get(&tx).map(|t| t.request.clone()) else { return };
        let number = response.cseq().map_or(1, |(n, _)| n);
        let mut routes = record_routes(response);
        routes.reverse();
        let target = contact(response);
        let to = target.as_ref().map_or(flow, |uri| self.next_hop(&routes, uri, flow, false));
        let address = target.map_or_else(|| invite.request_uri().to_owned(), |uri| uri.to_string());
        let build = |method: Method, number: u32| {
            let mut request = Message::request(method.clone(), address.clone());
            request.push(Name::MaxForwards, "70");
            request.push(Name::From, invite.get(&Name::From).unwrap_or_default());
            request.push(Name::To, response.get(&Name::To).unwrap_or_default());
            request.push(Name::CallId, invite.call_id());
            request.push(Name::CSeq, format!("{number} {}", method.as_str()));
            request.headers.extend(routes.iter().map(|r| (Name::Route, r.clone())));
            request
        };
        let (mut ack, bye) = (build(Method::Ack, number), build(Method::Bye, number + 1));
        let branch = self.branch();
        let to = self.open_flow(to);
        ack.headers.insert(0, (Name::Via, self.via(&to, &branch)));
        self.send(to, bytes::Bytes::from(ack.to_bytes()));
        self.begin_client(bye, to, Owner::Nobody);
    }
}

/// The way to a SIP URI at an address.
pub(crate) fn way(uri: &Uri, addr: SocketAddr) -> Route {
    let transport = match uri.transport().as_deref() {
        _ if uri.is_secure() => Transport::Tls,
        Some("tcp") => Transport::Tcp,
        _ => Transport::Udp,
    };
    Route { uri: uri.to_string(), place: Place::At { transport, addr, name: uri.host.clone() }, account: None, shows: None, srtp: None }
}

fn quoted(display: &str) -> String {
    format!("\"{}\" ", display.replace(['"', '\\', '\r', '\n'], ""))
}
