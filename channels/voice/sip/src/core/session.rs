//! What a leg is ordered to do, what it waits for, and how it ends.

use super::client::Outcome;
use super::dialog::{LegState, State};
use super::timers::LegAlarm;
use super::{Core, Flow, T2, TxId};
use crate::leg::{LegEnd, LegId, Order};
use crate::wire::Message;
use std::time::Instant;

impl LegState {
    /// Whether an offer waits for the end of a collision.
    pub(super) fn is_waiting_to_retry(&self) -> bool {
        self.is_set(LegAlarm::Again)
    }
}

impl Core {
    pub(super) fn order(&mut self, id: LegId, order: Order) {
        self.with_leg(id, |core, leg| core.leg_order(leg, order));
    }

    pub(super) fn leg_order(&mut self, leg: &mut LegState, order: Order) {
        match (&leg.state, order) {
            (_, Order::HangUp) => self.hang_up(leg),
            (State::Ringing { tx }, order) => {
                let tx = *tx;
                self.ringing_order(leg, tx, order);
            }
            (State::Calling(_), Order::Reject(..)) if leg.theirs.is_none() => self.hang_up(leg),
            (State::Confirmed, Order::Offer(sdp)) => self.offer(leg, sdp),
            (State::Confirmed | State::Calling(_), Order::AcceptOffer(sdp)) => self.accept_offer(leg, Some(sdp)),
            (State::Confirmed | State::Calling(_), Order::Reject(status, _)) => self.reject_offer(leg, status),
            (State::Confirmed, Order::InfoDigit(digit)) => self.send_digit(leg, digit),
            (State::Confirmed, Order::Refer(target)) => self.send_refer(leg, &target),
            _ => {}
        }
    }

    fn ringing_order(&mut self, leg: &mut LegState, tx: TxId, order: Order) {
        match order {
            Order::Ringing | Order::Progress(_) if !self.provisional(leg, tx, &order) => self.after_prack(leg, order),
            Order::Answer(_) if Self::waits_for_prack(leg) => self.after_prack(leg, order),
            Order::Answer(sdp) => self.answer(leg, tx, sdp),
            Order::Reject(status, retry_after) => self.refuse_ringing(leg, tx, status.clamp(300, 699), retry_after, LegEnd::LocalReject),
            _ => {}
        }
    }

    /// BYE, CANCEL or a refusal, as fits. The owner hears the end at once; what is on its way is looked after here.
    pub(super) fn hang_up(&mut self, leg: &mut LegState) {
        match &leg.state {
            State::Ringing { tx } => {
                let tx = *tx;
                self.refuse_ringing(leg, tx, 480, None, LegEnd::LocalReject);
            }
            State::Calling(_) => self.give_up(leg, LegEnd::LocalBye),
            State::Confirmed => self.end_session(leg, LegEnd::LocalBye),
            State::Ending | State::Gone => {}
        }
    }

    /// Ends an answered session from our side.
    pub(super) fn end_session(&mut self, leg: &mut LegState, end: LegEnd) {
        self.end(leg, end);
        match &mut leg.unacked {
            // Not before the ACK or the end of its wait (RFC 3261 §15).
            Some(unacked) => {
                unacked.then_bye = true;
                leg.state = State::Ending;
            }
            None => self.bye(leg),
        }
    }

    pub(super) fn stop_repeating(&mut self, leg: &mut LegState) {
        leg.unacked = None;
        leg.unset(LegAlarm::Repeat);
    }

    pub(super) fn leg_alarm(&mut self, id: LegId, what: LegAlarm, at: Instant) {
        self.with_leg(id, |core, leg| {
            if leg.take_alarm(what, at) {
                core.rung(leg, what, at);
            }
        });
    }

    fn rung(&mut self, leg: &mut LegState, what: LegAlarm, at: Instant) {
        match what {
            LegAlarm::Repeat => self.repeat_answer(leg, at),
            LegAlarm::RepeatProvisional => self.repeat_provisional(leg, at),
            LegAlarm::Ring => match &leg.state {
                State::Ringing { tx } => {
                    let tx = *tx;
                    self.refuse_ringing(leg, tx, 480, None, LegEnd::LocalReject);
                }
                State::Calling(_) => self.give_up(leg, LegEnd::NoAnswer),
                _ => {}
            },
            LegAlarm::Patience => self.try_next_route(leg),
            LegAlarm::Refresh => self.refresh(leg),
            LegAlarm::Lapse => self.end_session(leg, LegEnd::SessionExpired),
            LegAlarm::Again => self.offer_again(leg),
            LegAlarm::Forget => {
                if let State::Calling(calling) = &leg.state {
                    let tx = calling.tx;
                    self.end_client(tx);
                }
                leg.state = State::Gone;
            }
        }
    }

    /// Repeats our 2xx: T1, doubled up to T2, for 64 × T1 (§13.3.1.4).
    fn repeat_answer(&mut self, leg: &mut LegState, at: Instant) {
        let Some(unacked) = &mut leg.unacked else { return };
        if at >= unacked.until {
            leg.unacked = None;
            self.end(leg, LegEnd::NoAck);
            return self.bye(leg);
        }
        unacked.interval = (unacked.interval * 2).min(T2);
        let next = (at + unacked.interval).min(unacked.until);
        let (flow, bytes): (Flow, _) = (unacked.flow, unacked.bytes.clone());
        self.send(flow, bytes);
        self.set_alarm(leg, LegAlarm::Repeat, next);
    }

    pub(super) fn set_session_alarms(&mut self, leg: &mut LegState) {
        leg.unset(LegAlarm::Refresh);
        if let Some(at) = leg.timer.due {
            self.set_alarm(leg, LegAlarm::Refresh, at);
        }
        if let Some(at) = leg.timer.lapses {
            self.set_alarm(leg, LegAlarm::Lapse, at);
        }
    }

    /// What became of a request of a leg.
    pub(super) fn leg_outcome(&mut self, id: LegId, tx: TxId, outcome: &Outcome) {
        if !self.legs.contains_key(&id) {
            // The leg is gone; a 2xx to its INVITE that comes late, or by a fork, must still be ended.
            if let Some((response, flow)) = outcome.answers_invite() {
                self.stray_answer(tx, response, flow);
            }
            return;
        }
        self.with_leg(id, |core, leg| {
            let invite = matches!(&leg.state, State::Calling(c) if c.tx == tx);
            if invite {
                return core.calling_outcome(leg, outcome);
            }
            let ours = leg.ours.as_ref().is_some_and(|o| o.tx == tx);
            if let Some((response, flow)) = outcome.answers_invite().filter(|_| !ours) {
                return core.answered_again(leg, tx, response, flow);
            }
            if ours {
                return core.challenged_or(leg, tx, outcome, Core::ours_outcome);
            }
            if outcome.status() >= 200 {
                core.challenged_or(leg, tx, outcome, Core::other_outcome);
            }
        });
    }

    /// A 2xx to an INVITE that was answered before: its ACK is repeated, or it is of a fork that nobody wants.
    fn answered_again(&mut self, leg: &mut LegState, tx: TxId, response: &Message, flow: Flow) {
        let (number, tag) = (response.cseq().map_or(0, |(n, _)| n), response.to_tag().unwrap_or_default());
        match leg.acks.iter().find(|(n, t, ..)| *n == number && t == tag) {
            Some((_, _, flow, ack)) => self.send(*flow, ack.clone()),
            None => self.stray_answer(tx, response, flow),
        }
    }

    fn other_outcome(&mut self, leg: &mut LegState, tx: TxId, outcome: &Outcome) {
        match leg.state {
            State::Ending if leg.bye == Some(tx) => leg.state = State::Gone,
            State::Confirmed if matches!(outcome.status(), 408 | 481) => {
                tracing::debug!(event = "sip.dialog_lost", "a request within a dialog was not answered");
                self.end(leg, LegEnd::TransportFailed);
                self.bye(leg);
            }
            _ => {}
        }
    }
}
