//! What both sides of a confirmed dialog share: requests within it, re-INVITEs, refreshes, its end.

use crate::dialog::{Dialog, Mail, respond, run_invite};
use crate::leg::{LegEnd, LegEvent, Order};
use crate::message::{self, cseq, info_digit};
use crate::sdp::Sdp;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCode};
use rsipstack::transaction::transaction::{Transaction, TransactionEventSender};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Shortest session interval that we accept (RFC 4028 §4).
pub(crate) const MIN_SE: u32 = 90;

/// A confirmed dialog until its end.
pub(crate) struct Session {
    pub(crate) dialog: Dialog,
    pub(crate) timer: Refresh,
    /// A re-INVITE or UPDATE of theirs that the owner has to answer.
    theirs: Option<Theirs>,
    /// An offer of ours that is on its way.
    ours: bool,
    /// Our offer met theirs (491); it is sent again then.
    again: Option<(Instant, Sdp)>,
    waiting_ack: Option<Instant>,
}

struct Theirs {
    request: Request,
    answer: Reply,
}

enum Reply {
    Invite(TransactionEventSender),
    Update(Box<Transaction>),
}

/// When a session lapses, and who refreshes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Refresh {
    /// It is over then, unless refreshed.
    pub(crate) lapses: Option<Instant>,
    /// We refresh it then.
    pub(crate) due: Option<Instant>,
    interval: Option<(Duration, bool)>,
}

impl Refresh {
    /// Agreed: an interval, and whether it is ours to refresh.
    pub(crate) fn agreed(seconds: u32, ours: bool, now: Instant) -> Self {
        let mut this = Self { interval: Some((Duration::from_secs(u64::from(seconds)), ours)), ..Self::default() };
        this.refreshed(now);
        this
    }

    /// It was refreshed (RFC 4028 §10: we send BYE a little before the end).
    pub(crate) fn refreshed(&mut self, now: Instant) {
        let Some((interval, ours)) = self.interval else { return };
        let margin = (interval / 3).min(Duration::from_secs(32));
        self.lapses = Some(now + interval - margin);
        self.due = ours.then(|| now + interval / 2);
    }
}

impl Session {
    /// A dialog that our 200 has made, and that waits for its ACK (`acked` false), or that their 200 has made.
    pub(crate) fn new(dialog: Dialog, timer: Refresh, acked: bool) -> Self {
        let limit = Duration::from_secs(32); // 64 × T1
        Self { dialog, timer, theirs: None, ours: false, again: None, waiting_ack: (!acked).then(|| Instant::now() + limit) }
    }

    /// Runs the dialog to its end.
    pub(crate) async fn run(mut self, inbox: &mut mpsc::Receiver<Mail>) -> LegEnd {
        loop {
            let wake = self.next_wake();
            let mail = tokio::select! {
                biased;
                mail = inbox.recv() => mail,
                () = tokio::time::sleep_until(wake) => match self.wake() {
                    Some(end) => return end,
                    None => continue,
                },
            };
            let end = match mail {
                None => Some(self.hang_up(LegEnd::LocalBye)),
                Some(Mail::Order(order)) => self.order(order),
                Some(Mail::Invite(message)) => self.invite_message(&message),
                Some(Mail::InviteOver) => None,
                Some(Mail::Request(transaction)) => self.request(*transaction).await,
                Some(Mail::Answered(method, response)) => self.answered(method, &response),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    fn next_wake(&self) -> Instant {
        let again = self.again.as_ref().map(|(at, _)| *at);
        let times = [self.timer.lapses, self.timer.due, again, self.waiting_ack];
        times.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }

    fn wake(&mut self) -> Option<LegEnd> {
        let now = Instant::now();
        if self.waiting_ack.is_some_and(|at| at <= now) {
            return Some(self.hang_up(LegEnd::NoAck));
        }
        if self.timer.lapses.is_some_and(|at| at <= now) {
            return Some(self.hang_up(LegEnd::SessionExpired));
        }
        if let Some((_, sdp)) = self.again.take_if(|(at, _)| *at <= now) {
            self.offer(sdp);
        }
        if self.timer.due.is_some_and(|at| at <= now) {
            self.timer.due = None;
            if let Some(sdp) = self.dialog.last_local.clone() {
                self.offer(sdp);
            }
        }
        None
    }

    fn hang_up(&mut self, end: LegEnd) -> LegEnd {
        self.dialog.bye();
        end
    }

    fn order(&mut self, order: Order) -> Option<LegEnd> {
        match order {
            Order::HangUp => return Some(self.hang_up(LegEnd::LocalBye)),
            Order::Offer(sdp) => self.offer(sdp),
            Order::AcceptOffer(sdp) => self.reply(200, Some(sdp)),
            Order::Reject(status, _) => self.reply(status, None),
            Order::InfoDigit(digit) => self.dialog.send_digit(digit),
            Order::Ringing | Order::Progress(_) | Order::Answer(_) => {}
        }
        None
    }

    fn offer(&mut self, sdp: Sdp) {
        if self.ours || self.theirs.is_some() {
            self.again = Some((Instant::now() + Duration::from_millis(500), sdp));
        } else {
            self.ours = true;
            self.dialog.send_offer(Method::Invite, Some(&sdp));
        }
    }

    /// Answers the re-INVITE or UPDATE that waits.
    fn reply(&mut self, status: u16, sdp: Option<Sdp>) {
        let Some(theirs) = self.theirs.take() else { return };
        if let Some(sdp) = &sdp {
            self.dialog.last_local = Some(sdp.clone());
        }
        let mut response = self.dialog.response(&theirs.request, status, sdp.as_ref());
        if status == 200 {
            self.timer.refreshed(Instant::now());
            repeat_session_expires(&theirs.request, &mut response);
        }
        match theirs.answer {
            Reply::Invite(transaction) => respond(&transaction, response),
            Reply::Update(mut transaction) => {
                tokio::spawn(async move { transaction.respond(response).await });
            }
        }
    }

    fn invite_message(&mut self, message: &SipMessage) -> Option<LegEnd> {
        match message {
            SipMessage::Request(request) if request.method == Method::Ack => {
                self.waiting_ack = None;
                self.dialog.tell(LegEvent::AckReceived(message::sdp(request, request.body())));
            }
            SipMessage::Request(request) if request.method == Method::Cancel => self.reply(487, None),
            SipMessage::Response(response) => self.dialog.give_up_fork(response),
            _ => {}
        }
        None
    }

    fn answered(&mut self, method: Method, response: &Response) -> Option<LegEnd> {
        let status = response.status_code.code();
        if method == Method::Invite {
            self.ours = false;
        }
        match (method, status) {
            (Method::Invite, 200..300) => {
                self.dialog.refresh_target(response);
                self.timer.refreshed(Instant::now());
                if let Some(sdp) = message::sdp(response, response.body()) {
                    self.dialog.tell(LegEvent::OfferAnswered(sdp));
                }
                None
            }
            (Method::Invite, 491) => {
                // Glare (RFC 3261 §14.1): the owner of the Call-ID waits longer; a fixed middle serves both.
                self.again = self.dialog.last_local.clone().map(|sdp| (Instant::now() + Duration::from_millis(2100), sdp));
                None
            }
            // RFC 3261 §12.2.1.2 and §14.1: the dialog is no more.
            (_, 408 | 481) => Some(self.hang_up(LegEnd::TransportFailed)),
            _ => None,
        }
    }

    async fn request(&mut self, mut transaction: Transaction) -> Option<LegEnd> {
        let request = transaction.original.clone();
        let number = cseq(&request);
        if number < self.dialog.remote_cseq {
            let _ = transaction.reply(StatusCode::ServerInternalError).await; // out of order (RFC 3261 §12.2.2)
            return None;
        }
        self.dialog.remote_cseq = number;
        match request.method {
            Method::Bye => {
                let _ = transaction.reply(StatusCode::OK).await;
                return Some(LegEnd::RemoteBye);
            }
            Method::Invite | Method::Update => self.their_offer(transaction, request).await,
            Method::Info => {
                if let Some(digit) = info_digit(&request) {
                    self.dialog.tell(LegEvent::Digit(digit));
                }
                let _ = transaction.reply(StatusCode::OK).await;
            }
            Method::Options => {
                let _ = transaction.reply_with(StatusCode::OK, vec![Header::Allow(message::ALLOW.into())], None).await;
            }
            Method::Refer => {
                if let Some(target) = request.header_value("Refer-To") {
                    self.dialog.tell(LegEvent::Refer { target });
                }
                let _ = transaction.reply(StatusCode::Decline).await;
            }
            Method::PRack => {
                let _ = transaction.reply(StatusCode::CallTransactionDoesNotExist).await;
            }
            _ => {
                let allow = vec![Header::Allow(message::ALLOW.into())];
                let _ = transaction.reply_with(StatusCode::MethodNotAllowed, allow, None).await;
            }
        }
        None
    }

    async fn their_offer(&mut self, mut transaction: Transaction, request: Request) {
        if let Some(unknown) = message::unsupported(&request) {
            let _ = transaction.reply_with(StatusCode::BadExtension, vec![Header::Unsupported(unknown.into())], None).await;
            return;
        }
        if self.ours || self.theirs.is_some() {
            let _ = transaction.reply(StatusCode::RequestPending).await;
            return;
        }
        self.dialog.refresh_target(&request);
        let offer = message::sdp(&request, request.body());
        let answer = if request.method == Method::Invite {
            Reply::Invite(run_invite(transaction, self.dialog.mailbox.clone()))
        } else {
            Reply::Update(Box::new(transaction))
        };
        self.theirs = Some(Theirs { request, answer });
        match offer {
            Some(offer) => self.dialog.tell(LegEvent::Offer(offer)),
            // Without an offer: an UPDATE only refreshes; a re-INVITE is answered with what we last said.
            None => {
                let sdp = self.theirs.as_ref().filter(|t| matches!(t.answer, Reply::Invite(_))).and(self.dialog.last_local.clone());
                self.reply(200, sdp);
            }
        }
    }
}

/// A refresh is answered with the interval that it asked for.
fn repeat_session_expires(request: &Request, response: &mut Response) {
    if let Some((seconds, refresher)) = message::session_expires(request) {
        let who = if refresher == Some(false) { "uas" } else { "uac" };
        response.headers.push(Header::SessionExpires(format!("{};refresher={who}", seconds.max(MIN_SE)).into()));
    }
}
