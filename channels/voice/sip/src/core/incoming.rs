//! A call that comes in, until it is answered.

use super::dialog::{LegState, NewLeg, State, TheirMethods, Unacked, contact, record_routes, sdp};
use super::timers::LegAlarm;
use super::{Core, Flow, LIMIT, T1, TxId};
use crate::leg::{CallerId, EVENTS, IncomingCall, Leg, LegEnd, LegEvent};
use crate::sdp::Sdp;
use crate::session_timer::{MIN_SE, Refresher, session_expires};
use crate::wire::{Message, Name, NameAddr, Uri, header, reply};
use std::time::Duration;
use tokio::sync::mpsc;

/// A call that nobody answers or refuses is refused after this long.
const LONGEST_RINGING: Duration = Duration::from_secs(600);

impl Core {
    pub(super) fn new_call(&mut self, request: Message, flow: Flow, back: Flow) {
        if let Some((status, headers)) = refusal(&request) {
            return self.refuse_new(request, back, status, headers);
        }
        let (Some(target), Some(caller)) = (contact(&request), caller(&request)) else {
            return self.refuse_new(request, back, 400, Vec::new());
        };
        let called = Uri::read(request.request_uri()).map(|u| u.user_plain()).unwrap_or_default();
        let tx = match self.begin_server(request.clone(), back) {
            Ok(tx) => tx,
            Err(request) => return self.answer_statelessly(&request, back, 482, Vec::new()),
        };
        let id = self.inbox.new_leg();
        let tag = self.word();
        let (events, events_out) = mpsc::channel(EVENTS);
        let to = request.get(&Name::To).unwrap_or_default();
        let new = NewLeg {
            id,
            events,
            state: State::Ringing { tx },
            call_id: request.call_id().to_owned(),
            local: format!("{to};tag={tag}"),
            local_tag: tag,
            remote: request.get(&Name::From).unwrap_or_default().to_owned(),
            target: target.to_string(),
            flow,
        };
        let mut leg = LegState::new(new);
        leg.routes = record_routes(&request);
        leg.their_methods = TheirMethods::of(&request);
        leg.remote_cseq = request.cseq().map(|(n, _)| n);
        leg.refresh_target(self, &request, flow);
        let call = IncomingCall {
            leg: Leg { events: events_out, control: self.inbox.control(id) },
            caller,
            called,
            source: flow.peer(),
            trunk: self.trunk_at(flow.peer().ip()),
            authenticated: self.registrar.user_at(flow.peer(), self.now),
            identity: request.get(&Name::Identity).map(str::to_owned),
            offer: sdp(&request),
            received: self.now,
        };
        if let Some(tx) = self.servers.get_mut(&tx) {
            tx.leg = Some(id);
        }
        if let Err(refused) = self.calls.try_send(call) {
            tracing::warn!(event = "sip.nobody_answers", "too many calls wait to be answered");
            leg.state = State::Gone;
            if let Some(mut response) = self.response_to(tx, 503, &leg.local_tag) {
                response.push(Name::RetryAfter, "10");
                self.respond(tx, &response);
            }
            return drop(refused);
        }
        let at = self.now + LONGEST_RINGING;
        self.set_alarm(&mut leg, LegAlarm::Ring, at);
        self.enter_leg(leg);
    }

    /// Refuses an INVITE that made no leg; its transaction repeats the refusal until the ACK.
    fn refuse_new(&mut self, request: Message, back: Flow, status: u16, headers: Vec<(Name, String)>) {
        let Ok(tx) = self.begin_server(request, back) else { return };
        let tag = self.word();
        if let Some(mut response) = self.response_to(tx, status, &tag) {
            response.headers.extend(headers);
            self.respond(tx, &response);
        }
    }

    /// A response in a dialog: with Contact and what else makes one.
    pub(super) fn dialog_response(&self, leg: &LegState, tx: TxId, status: u16, sdp: Option<&Sdp>) -> Option<Message> {
        let request = self.servers.get(&tx)?.request.as_deref()?;
        let routes: Vec<String> = request.all(&Name::RecordRoute).map(str::to_owned).collect();
        let mut response = self.response_to(tx, status, &leg.local_tag)?;
        if (101..300).contains(&status) {
            response.headers.extend(routes.into_iter().map(|r| (Name::RecordRoute, r)));
            response.push(Name::Contact, self.contact(&leg.flow));
            response.push(Name::Allow, reply::ALLOW);
            response.push(Name::Supported, reply::SUPPORTED);
        }
        if let Some(sdp) = sdp {
            response.set_body("application/sdp", sdp.0.clone());
        }
        Some(response)
    }

    /// 200 OK to the INVITE that rings.
    pub(super) fn answer(&mut self, leg: &mut LegState, tx: TxId, sdp: Sdp) {
        let offered = self.servers.get(&tx).and_then(|t| t.request.as_deref()).is_some_and(|r| r.body.is_empty());
        let Some(mut response) = self.dialog_response(leg, tx, 200, Some(&sdp)) else { return };
        self.agree_on_refreshes(leg, tx, &mut response);
        leg.last_local = Some(sdp);
        leg.unset(LegAlarm::Ring);
        let cseq = response.cseq().map_or(0, |(n, _)| n);
        let Some((flow, bytes)) = self.respond(tx, &response) else { return };
        leg.state = State::Confirmed;
        self.await_ack(leg, Unacked { cseq, flow, bytes, interval: T1, until: self.now + LIMIT, offered, first: true, then_bye: false });
    }

    pub(super) fn await_ack(&mut self, leg: &mut LegState, unacked: Unacked) {
        let at = self.now + unacked.interval;
        leg.unacked = Some(unacked);
        self.set_alarm(leg, LegAlarm::Repeat, at);
    }

    /// Who refreshes the session and when (RFC 4028 §9).
    pub(super) fn agree_on_refreshes(&mut self, leg: &mut LegState, tx: TxId, response: &mut Message) {
        let Some(request) = self.servers.get(&tx).and_then(|t| t.request.as_deref()) else { return };
        let asked = session_expires(request);
        let (timer, again_uac) = leg.timer.agree_as_server(asked, TheirMethods::of(request).timer, self.config.session_expires, self.now);
        if let Some((seconds, refresher)) = again_uac {
            response.push(Name::SessionExpires, format!("{seconds};refresher={}", refresher.as_str()));
            if refresher == Refresher::Uac {
                response.push(Name::Require, "timer");
            }
        }
        leg.timer = timer;
        self.set_session_alarms(leg);
    }

    /// Refuses the INVITE that rings; the leg is gone.
    pub(super) fn refuse_ringing(&mut self, leg: &mut LegState, tx: TxId, status: u16, retry_after: Option<u32>, end: LegEnd) {
        if let Some(mut response) = self.dialog_response(leg, tx, status, None) {
            if let Some(seconds) = retry_after {
                response.push(Name::RetryAfter, seconds.to_string());
            }
            self.respond(tx, &response);
        }
        self.finish(leg, end);
    }

    /// CANCEL came for an INVITE that has no final response.
    pub(super) fn leg_cancelled(&mut self, leg: &mut LegState, tx: TxId) {
        match leg.state {
            State::Ringing { tx: ringing } if ringing == tx => self.refuse_ringing(leg, tx, 487, None, LegEnd::RemoteCancel),
            _ if leg.theirs.as_ref().is_some_and(|t| t.tx == tx) => {
                leg.theirs = None;
                self.refuse(tx, 487);
            }
            _ => {}
        }
    }

    /// An ACK came that acknowledges a 2xx of ours.
    pub(super) fn leg_acknowledged(&mut self, leg: &mut LegState, ack: &Message) {
        let number = ack.cseq().map(|(n, _)| n);
        if ack.call_id() != leg.call_id || leg.unacked.as_ref().map(|u| u.cseq) != number {
            return;
        }
        let Some(unacked) = leg.unacked.take() else { return };
        leg.unset(LegAlarm::Repeat);
        if unacked.then_bye {
            return self.bye(leg);
        }
        let answer = sdp(ack).filter(|_| unacked.offered);
        match answer {
            answer if unacked.first => leg.tell(LegEvent::AckReceived(answer)),
            Some(answer) => leg.tell(LegEvent::OfferAnswered(answer)),
            None => {}
        }
        self.offer_again(leg);
    }
}

/// What is wrong with an INVITE before anybody has to be asked.
fn refusal(request: &Message) -> Option<(u16, Vec<(Name, String)>)> {
    // We stand between two dialogs when we pass a call on, and count its hops (RFC 7332 §5).
    if request.get(&Name::MaxForwards) == Some("0") {
        return Some((483, Vec::new()));
    }
    let accepts_sdp = request.get(&Name::Accept).is_none_or(|_| {
        request.tokens(&Name::Accept).any(|t| {
            let kind = t.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            ["application/sdp", "application/*", "*/*"].contains(&kind.as_str())
        })
    });
    if !accepts_sdp {
        return Some((406, Vec::new()));
    }
    let encoded = request.get(&Name::ContentEncoding).is_some_and(|e| !e.eq_ignore_ascii_case("identity"));
    if !request.body.is_empty() && (encoded || sdp(request).is_none()) && !is_optional(request) {
        return Some((415, vec![(Name::Accept, "application/sdp".into())]));
    }
    if session_expires(request).is_some_and(|(seconds, _)| seconds < MIN_SE) {
        return Some((422, vec![(Name::MinSe, MIN_SE.to_string())]));
    }
    None
}

/// A body that may be ignored (RFC 3261 §20.11).
fn is_optional(request: &Message) -> bool {
    request
        .get(&Name::ContentDisposition)
        .and_then(|d| header::parameter(d, "handling"))
        .is_some_and(|h| h.eq_ignore_ascii_case("optional"))
}

fn caller(request: &Message) -> Option<CallerId> {
    let from = NameAddr::read(request.get(&Name::From)?)?;
    let (user, host) = from.address().map_or((String::new(), String::new()), |uri| (uri.user_plain(), uri.host));
    let asserted = request.all(&Name::AssertedIdentity).flat_map(header::list).find_map(|v| {
        let uri = NameAddr::read(v)?.address()?;
        Some(uri.user_plain()).filter(|u| !u.is_empty())
    });
    Some(CallerId { user, display: from.display, host, asserted })
}
