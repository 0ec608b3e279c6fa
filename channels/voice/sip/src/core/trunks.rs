//! Lines to the telephone network: watched by OPTIONS, or by registering out; preferred in their order.

use super::client::{Outcome, Owner};
use super::outgoing::{Route, way};
use super::timers::Alarm;
use super::{Core, Output, TxId};
use crate::config::{SipError, TrunkConfig, TrunkStatus};
use crate::trunk::Account;
use crate::wire::{Message, Method, Name, NameAddr, Uri, header, reply};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a trunk is asked whether it is there.
const WATCH_EVERY: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
const WATCH_LIMIT: Duration = Duration::from_secs(5);
/// Registration asked for, in seconds.
const EXPIRES: u64 = 300;

/// A trunk and how it is.
#[derive(Debug)]
pub(crate) struct TrunkState {
    pub(crate) config: TrunkConfig,
    pub(crate) uri: Uri,
    account: Option<Arc<Account>>,
    addrs: Vec<SocketAddr>,
    up: bool,
    detail: String,
    /// What we asked and when.
    asked: Option<(TxId, Instant)>,
    challenged: bool,
    expires: u64,
    call_id: String,
    tag: String,
    cseq: u32,
    next: Option<Instant>,
}

impl TrunkState {
    pub(crate) fn new(config: TrunkConfig) -> Result<Self, SipError> {
        let uri = Uri::read(&config.uri).map_err(|_| SipError::Target(config.uri.clone()))?;
        if uri.host.is_empty() {
            return Err(SipError::Target(config.uri.clone()));
        }
        let addrs = uri.socket_addr().into_iter().collect();
        let account = config.register.as_ref().map(|a| Arc::new(Account::new(a)));
        // Until it is known to be down it is tried: a call is the surest question.
        Ok(Self {
            config,
            uri,
            account,
            addrs,
            up: true,
            detail: "not asked yet".into(),
            asked: None,
            challenged: false,
            expires: EXPIRES,
            call_id: String::new(),
            tag: String::new(),
            cseq: 0,
            next: None,
        })
    }

    pub(crate) fn status(&self) -> TrunkStatus {
        TrunkStatus { name: self.config.name.clone(), up: self.up, detail: self.detail.clone() }
    }

    fn note(&mut self, up: bool, detail: impl Into<String>) {
        self.detail = detail.into();
        if self.up != up {
            self.up = up;
            tracing::warn!(event = "sip.trunk_changed", trunk = %self.config.name, up, detail = %self.detail);
        }
    }
}

impl Core {
    /// The trunk at an address.
    pub(super) fn trunk_at(&self, ip: IpAddr) -> Option<String> {
        self.trunks.iter().find(|t| t.addrs.iter().any(|a| a.ip() == ip)).map(|t| t.config.name.clone())
    }

    /// The ways to a number: trunks that are up first, each in its order.
    pub(super) fn ways_by_trunk(&self, number: &str) -> Result<Vec<Route>, SipError> {
        let mut trunks: Vec<&TrunkState> = self.trunks.iter().filter(|t| !t.addrs.is_empty()).collect();
        trunks.sort_by_key(|t| !t.up); // stable
        let routes = trunks.into_iter().flat_map(|trunk| {
            let mut uri = trunk.uri.clone();
            uri.user = Some(crate::wire::uri::escape(number));
            let (account, shows, srtp) = (trunk.account.clone(), trunk.config.shows.clone(), trunk.config.srtp);
            trunk.addrs.iter().take(4).map(move |addr| Route { account: account.clone(), shows: shows.clone(), srtp, ..way(&uri, *addr) })
        });
        let routes: Vec<Route> = routes.collect();
        if routes.is_empty() { Err(SipError::NoTrunk) } else { Ok(routes) }
    }

    /// The addresses of a trunk's host were looked up.
    pub(crate) fn trunk_found(&mut self, trunk: usize, addrs: Vec<SocketAddr>) {
        let Some(state) = self.trunks.get_mut(trunk) else { return };
        if addrs.is_empty() {
            state.note(false, format!("the name {} has no address", state.uri.host));
            return;
        }
        let first = state.addrs.is_empty();
        state.addrs = addrs;
        if first {
            self.ask_trunk(trunk);
        }
    }

    pub(super) fn watch_trunk(&mut self, trunk: usize) {
        let now = self.now;
        let Some(state) = self.trunks.get_mut(trunk) else { return };
        if state.next.is_some_and(|next| next > now) {
            return; // an alarm of an earlier plan
        }
        if let Some((tx, _)) = state.asked.take() {
            state.note(false, if state.account.is_some() { "does not answer our registration" } else { "does not answer OPTIONS" });
            self.end_client(tx);
            return self.plan(trunk, WATCH_EVERY - WATCH_LIMIT);
        }
        if self.trunks[trunk].uri.socket_addr().is_none() {
            self.out.push(Output::Look { trunk });
        }
        self.ask_trunk(trunk);
    }

    fn plan(&mut self, trunk: usize, after: Duration) {
        let at = self.now + after;
        if let Some(state) = self.trunks.get_mut(trunk) {
            state.next = Some(at);
        }
        self.alarm(at, Alarm::Trunk(trunk));
    }

    fn ask_trunk(&mut self, trunk: usize) {
        if self.trunks[trunk].call_id.is_empty() {
            let (call_id, tag) = (self.word(), self.word());
            (self.trunks[trunk].call_id, self.trunks[trunk].tag) = (call_id, tag);
        }
        self.trunks[trunk].challenged = false;
        self.send_to_trunk(trunk, None);
    }

    fn send_to_trunk(&mut self, trunk: usize, authorization: Option<(Name, String)>) {
        let state = &self.trunks[trunk];
        let Some(addr) = state.addrs.first().copied() else { return self.plan(trunk, WATCH_EVERY) };
        let Route { place: super::Place::At { transport, name, .. }, .. } = way(&state.uri, addr) else { return };
        let Some(flow) = self.flow_to(transport, addr, &name) else {
            self.trunks[trunk].note(false, "there is no listener of its transport");
            return self.plan(trunk, WATCH_EVERY);
        };
        let (own, contact) = (self.own_address(&flow), self.contact(&flow));
        let state = &mut self.trunks[trunk];
        state.cseq += 1;
        let method = if state.account.is_some() { Method::Register } else { Method::Options };
        let mut server = state.uri.clone();
        server.user = None;
        let us = match &state.account {
            Some(account) => {
                let user = Some(crate::wire::uri::escape(&account.user));
                format!("<{}>", Uri { user, params: String::new(), ..server.clone() })
            }
            None => format!("<sip:daak@{own}>"),
        };
        let mut request = Message::request(method.clone(), server.to_string());
        request.push(Name::MaxForwards, "70");
        request.push(Name::From, format!("{us};tag={}", state.tag));
        request.push(Name::To, if method == Method::Register { us } else { format!("<{server}>") });
        request.push(Name::CallId, format!("{}@{}", state.call_id, own.ip()));
        request.push(Name::CSeq, format!("{} {}", state.cseq, method.as_str()));
        request.push(Name::Contact, contact);
        if method == Method::Register {
            request.push(Name::Expires, state.expires.to_string());
        } else {
            request.push(Name::Accept, "application/sdp");
        }
        request.push(Name::Allow, reply::ALLOW);
        request.headers.extend(authorization);
        let tx = self.begin_client(request, flow, Owner::Trunk(trunk));
        self.trunks[trunk].asked = Some((tx, self.now));
        self.plan(trunk, WATCH_LIMIT);
    }

    pub(super) fn trunk_outcome(&mut self, trunk: usize, tx: TxId, outcome: &Outcome) {
        let status = outcome.status();
        let Some(state) = self.trunks.get_mut(trunk) else { return };
        if status < 200 || state.asked.is_none_or(|(asked, _)| asked != tx) {
            return;
        }
        state.asked = None;
        if state.account.is_none() {
            let up = status != 408 && status < 500;
            state
                .note(up, if outcome.response().is_some() { format!("answers OPTIONS with {status}") } else { "cannot be reached".into() });
            return self.plan(trunk, WATCH_EVERY);
        }
        self.registered_out(trunk, outcome);
    }

    fn registered_out(&mut self, trunk: usize, outcome: &Outcome) {
        let status = outcome.status();
        let state = &mut self.trunks[trunk];
        let (account, uri) = (state.account.clone(), Uri { user: None, ..state.uri.clone() }.to_string());
        match status {
            200..300 => {
                let granted = outcome.response().and_then(granted).unwrap_or(state.expires).clamp(20, 86_400);
                state.note(true, format!("registered for {granted} s"));
                self.plan(trunk, Duration::from_secs(granted * 4 / 5));
            }
            401 | 407 if !state.challenged => {
                state.challenged = true;
                match self.answer_challenge(account.as_deref(), outcome, "REGISTER", &uri) {
                    Some(answer) => self.send_to_trunk(trunk, Some(answer)),
                    None => self.registration_failed(trunk, "asks for a proof that we cannot give".into()),
                }
            }
            423 if state.expires < 86_400 => {
                let least = outcome.response().and_then(|r| r.get(&Name::MinExpires)?.trim().parse().ok()).unwrap_or(3_600u64);
                state.expires = least.clamp(state.expires + 1, 86_400);
                state.challenged = false;
                self.send_to_trunk(trunk, None);
            }
            _ if outcome.response().is_none() => self.registration_failed(trunk, "cannot be reached".into()),
            _ => self.registration_failed(trunk, format!("refuses to register us: {status}")),
        }
    }

    fn registration_failed(&mut self, trunk: usize, detail: String) {
        self.trunks[trunk].note(false, detail);
        self.plan(trunk, WATCH_EVERY);
    }

    /// The header that answers a challenge.
    pub(super) fn answer_challenge(
        &mut self,
        account: Option<&Account>,
        outcome: &Outcome,
        method: &str,
        uri: &str,
    ) -> Option<(Name, String)> {
        let response = outcome.response()?;
        let (asked, answered) = match response.status()? {
            401 => (Name::WwwAuthenticate, Name::Authorization),
            _ => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        };
        let cnonce = self.word();
        // The strongest that we can; the order of several is theirs (RFC 8760 §2.4).
        let answer = response.all(&asked).find_map(|challenge| account?.answer(challenge, method, uri, &cnonce))?;
        Some((answered, answer))
    }

    /// Answers a challenge within a dialog, or lets `otherwise` look at the outcome.
    pub(super) fn challenged_or(
        &mut self,
        leg: &mut super::dialog::LegState,
        tx: TxId,
        outcome: &Outcome,
        otherwise: fn(&mut Self, &mut super::dialog::LegState, TxId, &Outcome),
    ) {
        let request = self.clients.get(&tx).map(|t| t.request.clone());
        let Some(mut request) = request.filter(|r| {
            matches!(outcome.status(), 401 | 407) && r.get(&Name::Authorization).is_none() && r.get(&Name::ProxyAuthorization).is_none()
        }) else {
            return otherwise(self, leg, tx, outcome);
        };
        let method = request.method().map_or("", Method::as_str).to_owned();
        let uri = request.request_uri().to_owned();
        match self.answer_challenge(leg.account.clone().as_deref(), outcome, &method, &uri) {
            Some(answer) => {
                leg.cseq += 1;
                request.remove(&Name::Via);
                request.set(Name::CSeq, format!("{} {method}", leg.cseq));
                request.headers.push(answer);
                let again = self.send_in(leg, request);
                if let Some(ours) = leg.ours.as_mut().filter(|o| o.tx == tx) {
                    ours.tx = again;
                }
                if leg.bye == Some(tx) {
                    leg.bye = Some(again);
                }
            }
            None => otherwise(self, leg, tx, outcome),
        }
    }
}

/// Seconds that a registration was granted: those of our Contact, or of Expires.
fn granted(response: &Message) -> Option<u64> {
    let of_contact = response.all(&Name::Contact).flat_map(header::list).find_map(|v| NameAddr::read(v)?.param("expires")?.parse().ok());
    of_contact.or_else(|| response.get(&Name::Expires)?.trim().parse().ok())
}
