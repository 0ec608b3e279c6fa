//! A call that comes in, from its INVITE to its end.

use crate::dialog::{Dialog, Mail, respond, run_invite, tag_to};
use crate::leg::{CallerId, EVENTS, IncomingCall, Leg, LegControl, LegEnd, LegEvent, ORDERS, Order};
use crate::message::{self, record_routes};
use crate::sdp::Sdp;
use crate::session::{MIN_SE, Refresh, Session};
use crate::stack::Shared;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, SipMessage, StatusCode};
use rsipstack::transaction::transaction::{Transaction, TransactionEventSender};
use rsipstack::transport::SipAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Takes an INVITE that begins a dialog.
pub(crate) async fn invite(shared: Arc<Shared>, mut transaction: Transaction, source: SocketAddr, authenticated: Option<String>) {
    if let Some((status, headers)) = refusal(&transaction.original) {
        let _ = transaction.reply_with(status, headers, None).await;
        return;
    }
    let tag = shared.new_tag();
    tag_to(&mut transaction.original, &tag);
    let _ = transaction.send_trying().await;
    let request = transaction.original.clone();
    let (mailbox, inbox) = mpsc::channel(ORDERS);
    let (events, events_out) = mpsc::channel(EVENTS);
    let Some(dialog) = dialog(&shared, &transaction, &request, tag, source, events, mailbox.clone()) else {
        let _ = transaction.reply(StatusCode::BadRequest).await;
        return;
    };
    let Some((user, display, host)) = message::caller(&request) else {
        let _ = transaction.reply(StatusCode::BadRequest).await;
        return;
    };
    let call = IncomingCall {
        leg: Leg { events: events_out, control: LegControl(mailbox.clone()) },
        caller: CallerId { user, display, host, asserted: message::asserted(&request) },
        called: request.uri.user().unwrap_or_default().to_owned(),
        source,
        trunk: shared.trunk_of(source.ip()),
        authenticated,
        identity: request.header_value("Identity"),
        offer: message::sdp(&request, request.body()),
        received: std::time::Instant::now(),
    };
    if shared.calls.try_send(call).is_err() {
        let _ = transaction.reply_with(StatusCode::ServiceUnavailable, vec![Header::RetryAfter("5".into())], None).await;
        return;
    }
    let key = (dialog.call_id.clone(), dialog.local_tag.clone());
    shared.enter(key.clone(), mailbox.clone());
    let responder = run_invite(transaction, mailbox);
    let shared_end = shared.clone();
    tokio::spawn(async move {
        Ringing { dialog, request, responder, inbox }.run().await;
        shared_end.leave(&key);
    });
}

/// What is wrong with an INVITE before anybody has to be asked.
fn refusal(request: &Request) -> Option<(StatusCode, Vec<Header>)> {
    if let Some(unknown) = message::unsupported(request) {
        return Some((StatusCode::BadExtension, vec![Header::Unsupported(unknown.into())]));
    }
    if request.header_value("Max-Forwards").is_some_and(|v| v.trim() == "0") {
        return Some((StatusCode::TooManyHops, Vec::new()));
    }
    if !request.body().is_empty() && message::sdp(request, request.body()).is_none() {
        return Some((StatusCode::UnsupportedMediaType, vec![Header::Accept("application/sdp".into())]));
    }
    if request.contact_header().is_err() {
        return Some((StatusCode::BadRequest, Vec::new()));
    }
    if message::session_expires(request).is_some_and(|(seconds, _)| seconds < MIN_SE) {
        return Some((StatusCode::SessionIntervalTooSmall, vec![Header::MinSE(MIN_SE.to_string().into())]));
    }
    None
}

fn dialog(
    shared: &Arc<Shared>,
    transaction: &Transaction,
    request: &Request,
    local_tag: String,
    source: SocketAddr,
    events: mpsc::Sender<LegEvent>,
    mailbox: mpsc::Sender<Mail>,
) -> Option<Dialog> {
    let connection = transaction.connection.clone();
    let target = message::contact(request)?;
    let routes = record_routes(request);
    // Behind NAT the Contact is an address of theirs that we cannot reach: requests go where the INVITE came from.
    let contact_ip = target.host_with_port.host.to_string().parse::<std::net::IpAddr>().ok();
    let natted = routes.is_empty() && contact_ip != Some(source.ip());
    let destination = (natted && !crate::dialog::is_reliable(connection.as_ref()))
        .then(|| SipAddr { r#type: Some(rsipstack::sip::Transport::Udp), addr: source.into() });
    Some(Dialog {
        shared: shared.clone(),
        call_id: request.call_id_header().ok()?.value().to_owned(),
        local: request.to_header().ok()?.value().to_owned(),
        remote: request.from_header().ok()?.value().to_owned(),
        local_tag,
        target,
        routes,
        cseq: 0,
        remote_cseq: message::cseq(request),
        connection: connection.filter(|c| c.is_reliable() || destination.is_some()),
        destination,
        events,
        mailbox,
        last_local: None,
    })
}

/// A call that is not answered yet.
struct Ringing {
    dialog: Dialog,
    request: Request,
    responder: TransactionEventSender,
    inbox: mpsc::Receiver<Mail>,
}

impl Ringing {
    async fn run(mut self) {
        let end = loop {
            match self.inbox.recv().await {
                None => break self.refuse(480, None, LegEnd::LocalReject),
                Some(Mail::Order(Order::Answer(sdp))) => {
                    let timer = self.answer(sdp);
                    let events = self.dialog.events.clone();
                    let end = Session::new(self.dialog, timer, false).run(&mut self.inbox).await;
                    let _ = events.try_send(LegEvent::Ended(end));
                    return;
                }
                Some(Mail::Order(order)) => {
                    if let Some(end) = self.order(order) {
                        break end;
                    }
                }
                Some(Mail::Invite(SipMessage::Request(request))) if request.method == Method::Cancel => {
                    break self.refuse(487, None, LegEnd::RemoteCancel);
                }
                Some(Mail::InviteOver) => break LegEnd::TransportFailed,
                Some(Mail::Request(transaction)) => {
                    if let Some(end) = self.early(*transaction).await {
                        break end;
                    }
                }
                Some(Mail::Invite(_) | Mail::Answered(..)) => {}
            }
        };
        self.dialog.tell(LegEvent::Ended(end));
    }

    fn order(&mut self, order: Order) -> Option<LegEnd> {
        match order {
            Order::Ringing => respond(&self.responder, self.dialog.response(&self.request, 180, None)),
            Order::Progress(sdp) => respond(&self.responder, self.dialog.response(&self.request, 183, Some(&sdp))),
            Order::Reject(status, retry_after) => return Some(self.refuse(status, retry_after, LegEnd::LocalReject)),
            Order::HangUp => return Some(self.refuse(603, None, LegEnd::LocalReject)),
            _ => {}
        }
        None
    }

    fn refuse(&mut self, status: u16, retry_after: Option<u32>, end: LegEnd) -> LegEnd {
        let mut response = self.dialog.response(&self.request, status, None);
        if let Some(seconds) = retry_after {
            response.headers.push(Header::RetryAfter(seconds.to_string().into()));
        }
        respond(&self.responder, response);
        end
    }

    /// 200 OK; answers who refreshes the session and when.
    fn answer(&mut self, sdp: Sdp) -> Refresh {
        let mut response = self.dialog.response(&self.request, 200, Some(&sdp));
        self.dialog.last_local = Some(sdp);
        let mut timer = Refresh::default();
        let theirs = message::session_expires(&self.request);
        let supports = self.request.header_contains_token("Supported", "timer");
        if supports && theirs.is_some() {
            let asked = theirs.map_or(0, |(seconds, _)| seconds);
            let seconds = asked.min(self.dialog.shared.session_expires).max(MIN_SE);
            // Whoever calls refreshes, unless told that we shall (RFC 4028 §9).
            let ours = theirs.and_then(|(_, uac)| uac) == Some(false);
            let who = if ours { "uas" } else { "uac" };
            response.headers.push(Header::SessionExpires(format!("{seconds};refresher={who}").into()));
            response.headers.push(Header::Require("timer".into()));
            timer = Refresh::agreed(seconds, ours, Instant::now());
        }
        respond(&self.responder, response);
        timer
    }

    /// A request in the early dialog.
    async fn early(&mut self, mut transaction: Transaction) -> Option<LegEnd> {
        match transaction.original.method {
            Method::Bye => {
                let _ = transaction.reply(StatusCode::OK).await;
                Some(self.refuse(487, None, LegEnd::RemoteBye))
            }
            Method::Info | Method::Options => {
                let _ = transaction.reply(StatusCode::OK).await;
                None
            }
            Method::PRack => {
                let _ = transaction.reply(StatusCode::CallTransactionDoesNotExist).await;
                None
            }
            _ => {
                let _ = transaction.reply(StatusCode::RequestPending).await;
                None
            }
        }
    }
}
