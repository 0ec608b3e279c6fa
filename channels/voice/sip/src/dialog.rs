//! A dialog (RFC 3261 §12): its mailbox, its state, and the requests that are sent within it.

use crate::leg::{LegEvent, Order};
use crate::message::{self, set_sdp};
use crate::sdp::Sdp;
use crate::stack::Shared;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Param, Request, Response, SipMessage, StatusCode, Uri};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use rsipstack::transport::{SipAddr, SipConnection};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What arrives in a dialog's one mailbox.
pub(crate) enum Mail {
    /// From the owner of the leg.
    Order(Order),
    /// From the INVITE transaction: an ACK or CANCEL of theirs, a response to ours.
    Invite(SipMessage),
    /// The INVITE transaction is over.
    InviteOver,
    /// A request within the dialog.
    Request(Box<Transaction>),
    /// A request of ours within the dialog was answered (or timed out: 408).
    Answered(Method, Response),
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mail::Order(_) => "Order",
            Mail::Invite(_) => "Invite",
            Mail::InviteOver => "InviteOver",
            Mail::Request(_) => "Request",
            Mail::Answered(..) => "Answered",
        })
    }
}

/// Names a dialog among ours: its Call-ID and our own tag.
pub(crate) type DialogKey = (String, String);

/// The state of a dialog.
pub(crate) struct Dialog {
    pub(crate) shared: Arc<Shared>,
    pub(crate) call_id: String,
    /// Value of the header that names us, with our tag.
    pub(crate) local: String,
    /// Value of the header that names them, with their tag once known.
    pub(crate) remote: String,
    pub(crate) local_tag: String,
    /// Where requests go.
    pub(crate) target: Uri,
    /// Values of Route, in order.
    pub(crate) routes: Vec<String>,
    pub(crate) cseq: u32,
    pub(crate) remote_cseq: u32,
    /// The connection to reuse, and over UDP the address to send to.
    pub(crate) connection: Option<SipConnection>,
    pub(crate) destination: Option<SipAddr>,
    pub(crate) events: mpsc::Sender<LegEvent>,
    pub(crate) mailbox: mpsc::Sender<Mail>,
    /// The last description that we sent: the offer of a re-INVITE without one.
    pub(crate) last_local: Option<Sdp>,
}

impl Dialog {
    /// Tells the owner. An owner that is gone or overrun hears nothing; the dialog goes on.
    pub(crate) fn tell(&self, event: LegEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!(event = "sip.event_dropped", "the owner of a leg is gone or overrun");
        }
    }

    /// Contact of ours, by the transport of this dialog.
    pub(crate) fn contact(&self) -> String {
        self.shared.contact(self.connection.as_ref())
    }

    /// A request within the dialog.
    pub(crate) fn request(&mut self, method: Method) -> Option<Request> {
        self.cseq += 1;
        self.request_with(method, self.cseq)
    }

    fn request_with(&self, method: Method, cseq: u32) -> Option<Request> {
        let endpoint = &self.shared.endpoint;
        let via = endpoint.get_via(self.connection.as_ref().map(|c| c.get_addr().clone()), None).ok()?;
        let mut headers = vec![
            Header::Via(via.into()),
            Header::CallId(self.call_id.clone().into()),
            Header::From(self.local.clone().into()),
            Header::To(self.remote.clone().into()),
            Header::CSeq(format!("{cseq} {method}").into()),
            Header::MaxForwards(70.into()),
            Header::UserAgent(self.shared.user_agent.clone().into()),
            Header::Contact(self.contact().into()),
        ];
        headers.extend(self.routes.iter().map(|r| Header::Route(r.clone().into())));
        Some(Request { method, uri: self.target.clone(), headers: headers.into(), body: Vec::new(), version: rsipstack::sip::Version::V2 })
    }

    /// Sends a request within the dialog; its final response comes into the mailbox.
    pub(crate) fn send(&self, request: Request) {
        let method = request.method;
        let Ok(key) = TransactionKey::from_request(&request, TransactionRole::Client) else { return };
        let mut transaction = Transaction::new_client(key, request, self.shared.endpoint.clone(), self.connection.clone());
        transaction.destination.clone_from(&self.destination);
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            if transaction.send().await.is_err() {
                return;
            }
            while let Some(received) = transaction.receive().await {
                if let SipMessage::Response(response) = received
                    && response.status_code.code() >= 200
                {
                    let _ = mailbox.send(Mail::Answered(method, response)).await;
                    if method != Method::Invite {
                        break;
                    }
                }
            }
        });
    }

    /// BYE. Nobody waits for its answer.
    pub(crate) fn bye(&mut self) {
        if let Some(request) = self.request(Method::Bye) {
            self.send(request);
        }
    }

    /// A second 2xx by a forking proxy makes a dialog besides this one (RFC 3261 §13.2.2.4): it is ended.
    pub(crate) fn give_up_fork(&mut self, response: &Response) {
        let other = message::to_tag(response);
        let known = other.as_deref().is_some_and(|tag| self.remote.contains(&format!("tag={tag}")));
        if !(200..300).contains(&response.status_code.code()) || other.is_none() || known {
            return;
        }
        let (Some(mut request), Ok(to)) = (self.request(Method::Bye), response.to_header()) else { return };
        request.headers.unique_push(Header::To(to.value().into()));
        if let Some(target) = message::contact(response) {
            request.uri = target;
        }
        self.send(request);
    }

    /// re-INVITE or UPDATE with an offer.
    pub(crate) fn send_offer(&mut self, method: Method, sdp: Option<&Sdp>) {
        let Some(mut request) = self.request(method) else { return };
        request.headers.push(Header::Allow(message::ALLOW.into()));
        request.headers.push(Header::Supported(message::SUPPORTED.into()));
        if let Some(sdp) = sdp {
            set_sdp(&mut request.headers, &mut request.body, sdp);
            self.last_local = Some(sdp.clone());
        }
        self.send(request);
    }

    /// INFO with a key.
    pub(crate) fn send_digit(&mut self, digit: char) {
        let Some(mut request) = self.request(Method::Info) else { return };
        let body = format!("Signal={digit}\r\nDuration=160\r\n");
        request.headers.push(Header::ContentType("application/dtmf-relay".into()));
        request.headers.push(Header::ContentLength((body.len() as u32).into()));
        request.body = body.into_bytes();
        self.send(request);
    }

    /// Follows a target refresh (RFC 3261 §12.2.1.2).
    pub(crate) fn refresh_target(&mut self, message: &impl HeadersExt) {
        if let Some(target) = message::contact(message) {
            self.target = target;
        }
    }

    /// A response to a request of theirs, with what a dialog needs.
    pub(crate) fn response(&self, request: &Request, status: u16, sdp: Option<&Sdp>) -> Response {
        let mut response = self.shared.endpoint.make_response(request, StatusCode::from(status), None);
        if (101..300).contains(&status) && matches!(request.method, Method::Invite | Method::Update) {
            let routes = request.headers.iter().filter(|h| matches!(h, Header::RecordRoute(_))).cloned().collect::<Vec<_>>();
            response.headers.extend(routes);
            response.headers.push(Header::Contact(self.contact().into()));
            response.headers.push(Header::Allow(message::ALLOW.into()));
            response.headers.push(Header::Supported(message::SUPPORTED.into()));
        }
        if let Some(sdp) = sdp {
            set_sdp(&mut response.headers, &mut response.body, sdp);
        }
        response
    }
}

/// Runs an INVITE server transaction: what it receives goes to the mailbox, what is answered comes by the sender.
pub(crate) fn run_invite(mut transaction: Transaction, mailbox: mpsc::Sender<Mail>) -> TransactionEventSender {
    let sender = transaction.tu_sender.clone();
    tokio::spawn(async move {
        while let Some(received) = transaction.receive().await {
            if mailbox.send(Mail::Invite(received)).await.is_err() {
                // The dialog is gone; the transaction still has to absorb what comes.
                while transaction.receive().await.is_some() {}
                return;
            }
        }
        let _ = mailbox.send(Mail::InviteOver).await;
    });
    sender
}

/// Sends a response by the transaction's own task.
pub(crate) fn respond(transaction: &TransactionEventSender, response: Response) {
    let _ = transaction.send(TransactionEvent::Respond(response));
}

/// Puts our tag onto the To of a request, so that every response carries it.
pub(crate) fn tag_to(request: &mut Request, tag: &str) {
    if let Ok(to) = request.to_header() {
        let value = format!("{};tag={tag}", to.value());
        request.headers.unique_push(Header::To(value.into()));
    }
}

/// Whether a connection delivers by itself (TCP, TLS).
pub(crate) fn is_reliable(connection: Option<&SipConnection>) -> bool {
    connection.is_some_and(SipConnection::is_reliable)
}

/// The value of a name-address header for a user here.
pub(crate) fn name_address(display: Option<&str>, uri: &str, tag: &str) -> String {
    let display = display.map(|d| format!("\"{}\" ", d.replace(['"', '\\', '\r', '\n'], ""))).unwrap_or_default();
    format!("{display}<{uri}>;tag={tag}")
}

/// The branch of a request's topmost Via, for a CANCEL that must repeat it.
pub(crate) fn branch(request: &Request) -> Option<Param> {
    let via = request.via_header().ok()?.first_value().ok()?;
    rsipstack::sip::prelude::ToTypedHeader::typed(&via).ok()?.params.into_iter().find(|p| matches!(p, Param::Branch(_)))
}
