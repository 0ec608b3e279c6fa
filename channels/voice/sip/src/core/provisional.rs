//! Provisional responses that are acknowledged (RFC 3262): ours by their PRACK, theirs by ours.

use super::dialog::{LegState, State, sdp};
use super::timers::LegAlarm;
use super::{Core, LIMIT, T1, TxId};
use crate::leg::{LegEnd, LegEvent, Order};
use crate::wire::{Message, Method, Name};
use bytes::Bytes;
use rand::RngExt;
use std::time::{Duration, Instant};

/// Most responses that wait for a PRACK.
const MOST_WAITING: usize = 8;

/// Where a leg stands with reliable provisional responses.
#[derive(Debug, Default)]
pub(super) struct Reliable {
    /// The number of the last one that we sent.
    number: u32,
    sent: Option<Sent>,
    /// Orders that come after it.
    waiting: Vec<Order>,
}

#[derive(Debug)]
struct Sent {
    cseq: u32,
    bytes: Bytes,
    interval: Duration,
    until: Instant,
    /// It held our offer.
    offered: bool,
}

impl Core {
    /// 180 or 183, acknowledged where the caller wants that. Answers false if the order has to wait for a PRACK.
    pub(super) fn provisional(&mut self, leg: &mut LegState, tx: TxId, order: &Order) -> bool {
        if leg.provisionals.sent.is_some() {
            return false;
        }
        let (status, sdp) = match order {
            Order::Progress(sdp) => (183, Some(sdp)),
            _ => (180, None),
        };
        let Some(mut response) = self.dialog_response(leg, tx, status, sdp) else { return true };
        let reliable = leg.their_methods.reliable_required || (leg.their_methods.reliable && sdp.is_some());
        if !reliable {
            self.respond(tx, &response);
            return true;
        }
        let number = if leg.provisionals.number == 0 { self.chance.random_range(1..1 << 30) } else { leg.provisionals.number + 1 };
        response.push(Name::Require, "100rel");
        response.push(Name::RSeq, number.to_string());
        leg.provisionals.number = number;
        let cseq = response.cseq().map_or(0, |(n, _)| n);
        let offered = sdp.is_some() && self.servers.get(&tx).and_then(|t| t.request.as_deref()).is_some_and(|r| r.body.is_empty());
        if let Some((_, bytes)) = self.respond(tx, &response) {
            leg.provisionals.sent = Some(Sent { cseq, bytes, interval: T1, until: self.now + LIMIT, offered });
            let at = self.now + T1;
            self.set_alarm(leg, LegAlarm::RepeatProvisional, at);
        }
        true
    }

    /// Keeps an order until the PRACK is there.
    pub(super) fn after_prack(&mut self, leg: &mut LegState, order: Order) {
        if leg.provisionals.waiting.len() < MOST_WAITING {
            leg.provisionals.waiting.push(order);
        }
    }

    /// Whether a response waits for its PRACK, so that an answer has to wait, too.
    pub(super) fn waits_for_prack(leg: &LegState) -> bool {
        leg.provisionals.sent.is_some()
    }

    pub(super) fn repeat_provisional(&mut self, leg: &mut LegState, at: Instant) {
        let State::Ringing { tx } = leg.state else { return };
        let Some(sent) = &mut leg.provisionals.sent else { return };
        if at >= sent.until {
            leg.provisionals.sent = None;
            return self.refuse_ringing(leg, tx, 504, None, LegEnd::NoAck); // RFC 3262 §3
        }
        sent.interval *= 2;
        let next = (at + sent.interval).min(sent.until);
        let bytes = sent.bytes.clone();
        if let Some(flow) = self.server_flow(tx) {
            self.send(flow, bytes);
        }
        self.set_alarm(leg, LegAlarm::RepeatProvisional, next);
    }

    /// PRACK came.
    pub(super) fn pracked(&mut self, leg: &mut LegState, tx: TxId, request: &Message) {
        let expected = leg.provisionals.sent.as_ref().map(|s| format!("{} {} INVITE", leg.provisionals.number, s.cseq));
        let said: Option<String> = request.get(&Name::RAck).map(|v| v.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        if expected.is_none() || said != expected {
            return self.answer_with(leg, tx, 481, Vec::new());
        }
        let offered = leg.provisionals.sent.take().is_some_and(|s| s.offered);
        leg.unset(LegAlarm::RepeatProvisional);
        match sdp(request) {
            Some(answer) if offered => leg.tell(LegEvent::OfferAnswered(answer)),
            Some(_) => return self.answer_with(leg, tx, 488, Vec::new()),
            None => {}
        }
        self.answer_with(leg, tx, 200, Vec::new());
        for order in std::mem::take(&mut leg.provisionals.waiting) {
            self.leg_order(leg, order);
        }
    }

    /// Acknowledges a provisional response of theirs that wants it.
    pub(super) fn prack(&mut self, leg: &mut LegState, response: &Message) {
        let number = response.get(&Name::RSeq).and_then(|v| v.trim().parse::<u32>().ok());
        let (Some(number), Some((cseq, method)), State::Calling(calling)) = (number, response.cseq(), &mut leg.state) else { return };
        let Some(tag) = response.to_tag().filter(|_| response.lists(&Name::Require, "100rel")) else { return };
        let room = calling.pracked.len() < MOST_WAITING;
        match calling.pracked.iter_mut().find(|(t, _)| t == tag) {
            Some((_, last)) if number != *last + 1 => return, // repeated, or one is missing that will be repeated
            Some((_, last)) => *last = number,
            None if room => calling.pracked.push((tag.to_owned(), number)),
            None => return,
        }
        let rack = format!("{number} {cseq} {method}");
        let (mut request, flow) = self.request_in_early(leg, response, Method::Prack);
        request.push(Name::RAck, rack);
        self.begin_client(request, flow, super::client::Owner::Nobody);
    }
}
