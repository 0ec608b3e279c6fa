//! Offers within a session (RFC 3264, RFC 3311): ours and theirs, collisions, refreshes.

use super::client::Outcome;
use super::dialog::{LegState, State, Unacked, sdp};
use super::timers::LegAlarm;
use super::{Core, Flow, LIMIT, T1, TxId};
use crate::leg::{LegEnd, LegEvent};
use crate::sdp::Sdp;
use crate::session_timer::{MIN_SE, SessionTimer, session_expires};
use crate::wire::{Message, Method, Name};
use rand::RngExt;
use std::time::Duration;

/// A re-INVITE or UPDATE of theirs that the owner has to answer.
#[derive(Debug)]
pub(super) struct Theirs {
    pub(super) tx: TxId,
    invite: bool,
}

/// A re-INVITE or UPDATE of ours that is on its way.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) tx: TxId,
    invite: bool,
    /// The owner asked for it; otherwise it only refreshes.
    asked: bool,
}

impl Core {
    /// Makes an offer, now or when nothing else is under way.
    pub(super) fn offer(&mut self, leg: &mut LegState, sdp: Sdp) {
        leg.again = Some(sdp);
        if !leg.is_waiting_to_retry() {
            self.offer_again(leg);
        }
    }

    pub(super) fn offer_again(&mut self, leg: &mut LegState) {
        let free = matches!(leg.state, State::Confirmed) && leg.ours.is_none() && leg.theirs.is_none() && leg.unacked.is_none();
        if let Some(sdp) = leg.again.take_if(|_| free) {
            self.send_offer(leg, Some(sdp), true, true);
        }
    }

    /// Refreshes the session: by UPDATE where the peer takes it, else by offering the same again.
    pub(super) fn refresh(&mut self, leg: &mut LegState) {
        if leg.ours.is_some() || leg.theirs.is_some() || leg.unacked.is_some() {
            let at = self.now + Duration::from_secs(2);
            return self.set_alarm(leg, LegAlarm::Refresh, at);
        }
        let invite = !leg.their_methods.update;
        let sdp = leg.last_local.clone().filter(|_| invite);
        self.send_offer(leg, sdp, invite, false);
    }

    fn send_offer(&mut self, leg: &mut LegState, sdp: Option<Sdp>, invite: bool, asked: bool) {
        let mut request = self.request_in(leg, if invite { Method::Invite } else { Method::Update });
        if let Some(seconds) = leg.timer.seconds() {
            let who = if leg.timer.ours { "uac" } else { "uas" };
            request.push(Name::SessionExpires, format!("{seconds};refresher={who}"));
        }
        if let Some(sdp) = sdp {
            request.set_body("application/sdp", sdp.0.clone());
            leg.last_local = Some(sdp);
        }
        let tx = self.send_in(leg, request);
        leg.ours = Some(Ours { tx, invite, asked });
    }

    /// What became of our re-INVITE or UPDATE.
    pub(super) fn ours_outcome(&mut self, leg: &mut LegState, tx: TxId, outcome: &Outcome) {
        let status = outcome.status();
        if status < 200 {
            return;
        }
        let Some(ours) = leg.ours.take_if(|o| o.tx == tx) else { return };
        match (status, outcome) {
            (200..300, Outcome::Response(response, flow)) => self.ours_accepted(leg, &ours, response, *flow),
            (491, _) => self.collided(leg, &ours),
            (422, Outcome::Response(response, _)) => {
                let least = response.get(&Name::MinSe).and_then(|v| v.trim().parse().ok()).unwrap_or(MIN_SE);
                leg.timer = SessionTimer::agree_as_client(Some((least, None)), self.config.session_expires, self.now);
                self.refresh(leg);
            }
            // The dialog is no more (RFC 3261 §12.2.1.2, §14.1).
            (408 | 481, _) => {
                let end = if ours.asked { LegEnd::TransportFailed } else { LegEnd::SessionExpired };
                self.end(leg, end);
                self.bye(leg);
            }
            _ => {
                tracing::debug!(event = "sip.offer_refused", status, "a change of the session was refused; it stays as it was");
                if !ours.asked {
                    leg.timer.refreshed(self.now); // a refusal, too, shows that the peer is there
                    self.set_session_alarms(leg);
                }
                self.offer_again(leg);
            }
        }
    }

    fn ours_accepted(&mut self, leg: &mut LegState, ours: &Ours, response: &Message, flow: Flow) {
        leg.refresh_target(self, response, flow);
        if ours.invite {
            let number = response.cseq().map_or(leg.cseq, |(n, _)| n);
            let tag = response.to_tag().unwrap_or_default().to_owned();
            self.acknowledge(leg, number, &tag, None);
        }
        match session_expires(response) {
            Some(said) => leg.timer = SessionTimer::agree_as_client(Some(said), self.config.session_expires, self.now),
            None => leg.timer.refreshed(self.now),
        }
        self.set_session_alarms(leg);
        if let Some(answer) = sdp(response).filter(|_| ours.asked) {
            leg.tell(LegEvent::OfferAnswered(answer));
        }
        self.offer_again(leg);
    }

    /// Both sides offered at once (§14.1): whoever made the call waits longer before trying again.
    fn collided(&mut self, leg: &mut LegState, ours: &Ours) {
        let pause = if leg.outgoing { self.chance.random_range(210..=400) } else { self.chance.random_range(0..=200) };
        let at = self.now + Duration::from_millis(pause * 10);
        if ours.asked {
            leg.again = leg.again.take().or_else(|| leg.last_local.clone());
            self.set_alarm(leg, LegAlarm::Again, at);
        } else {
            self.set_alarm(leg, LegAlarm::Refresh, at);
        }
    }

    /// A re-INVITE or UPDATE came.
    pub(super) fn their_offer(&mut self, leg: &mut LegState, tx: TxId, request: &Message, flow: Flow) {
        if session_expires(request).is_some_and(|(seconds, _)| seconds < MIN_SE) {
            return self.answer_with(leg, tx, 422, vec![(Name::MinSe, MIN_SE.to_string())]);
        }
        let offer = sdp(request);
        if !request.body.is_empty() && offer.is_none() {
            return self.answer_with(leg, tx, 415, vec![(Name::Accept, "application/sdp".into())]);
        }
        let invite = request.is(&Method::Invite);
        let early = !matches!(leg.state, State::Confirmed);
        let ours_waits = leg.ours.is_some() || leg.unacked.as_ref().is_some_and(|u| u.offered);
        if ours_waits && (invite || offer.is_some()) {
            return self.answer_with(leg, tx, 491, Vec::new());
        }
        if leg.theirs.is_some() || (early && (invite || (offer.is_some() && !leg.outgoing))) {
            let later = self.chance.random_range(1..=3);
            return self.answer_with(leg, tx, 500, vec![(Name::RetryAfter, u32::to_string(&later))]);
        }
        leg.refresh_target(self, request, flow);
        leg.theirs = Some(Theirs { tx, invite });
        match offer {
            Some(offer) => leg.tell(LegEvent::Offer(offer)),
            // Without an offer an UPDATE only refreshes; a re-INVITE asks for ours.
            None => {
                let ours = leg.last_local.clone().filter(|_| invite).map(whole);
                self.accept_offer(leg, ours);
            }
        }
    }

    /// Accepts what they offered; without a description, what had no offer.
    pub(super) fn accept_offer(&mut self, leg: &mut LegState, sdp: Option<Sdp>) {
        let Some(theirs) = leg.theirs.take() else { return };
        let offered = self.servers.get(&theirs.tx).and_then(|t| t.request.as_deref()).is_some_and(|r| r.body.is_empty());
        let Some(mut response) = self.dialog_response(leg, theirs.tx, 200, sdp.as_ref()) else { return };
        let asked = self.servers.get(&theirs.tx).and_then(|t| t.request.as_deref()).and_then(session_expires);
        if asked.is_some() {
            self.agree_on_refreshes(leg, theirs.tx, &mut response);
        } else {
            leg.timer.refreshed(self.now);
            self.set_session_alarms(leg);
        }
        if let Some(sdp) = sdp {
            leg.last_local = Some(sdp);
        }
        let cseq = response.cseq().map_or(0, |(n, _)| n);
        let Some((flow, bytes)) = self.respond(theirs.tx, &response) else { return };
        if theirs.invite {
            self.await_ack(
                leg,
                Unacked { cseq, flow, bytes, interval: T1, until: self.now + LIMIT, offered, first: false, then_bye: false },
            );
        } else {
            self.offer_again(leg);
        }
    }

    /// Refuses what they offered; the session stays as it was.
    pub(super) fn reject_offer(&mut self, leg: &mut LegState, status: u16) {
        if let Some(theirs) = leg.theirs.take() {
            self.answer_with(leg, theirs.tx, status, Vec::new());
            self.offer_again(leg);
        }
    }

    /// Answers a request of the dialog.
    pub(super) fn answer_with(&mut self, leg: &LegState, tx: TxId, status: u16, headers: Vec<(Name, String)>) {
        if let Some(mut response) = self.dialog_response(leg, tx, status, None) {
            response.headers.extend(headers);
            self.respond(tx, &response);
        }
    }
}

/// An offer of all that we can, made from what we said last, which may have been the answer to a hold.
fn whole(sdp: Sdp) -> Sdp {
    Sdp(sdp
        .0
        .replace("a=recvonly\r\n", "a=sendrecv\r\n")
        .replace("a=inactive\r\n", "a=sendrecv\r\n")
        .replace("a=sendonly\r\n", "a=sendrecv\r\n"))
}
