//! A call that we make, from its INVITE to its end.

use crate::config::SipError;
use crate::dialog::{Dialog, Mail, branch, name_address};
use crate::leg::{DialSpec, EVENTS, Leg, LegControl, LegEnd, LegEvent, ORDERS, Order};
use crate::message::{self, record_routes, set_sdp, to_tag};
use crate::session::{Refresh, Session};
use crate::stack::Shared;
use rsipstack::dialog::authenticate::{Credential, handle_client_authenticate};
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, Uri};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::{SipAddr, SipConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a cancelled INVITE is waited for.
const CANCEL_WAIT: Duration = Duration::from_secs(32);
/// How long a trunk may take to answer at all before another is tried.
pub(crate) const TRUNK_PATIENCE: Duration = Duration::from_secs(4);

/// Where an INVITE goes.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) uri: Uri,
    pub(crate) connection: Option<SipConnection>,
    pub(crate) destination: Option<SipAddr>,
    pub(crate) credential: Option<Credential>,
    pub(crate) shows: Option<String>,
}

/// Sends an INVITE by the first route; the others are tried if it does not answer or is out of order (503, 408, 5xx).
pub(crate) async fn dial(shared: Arc<Shared>, spec: DialSpec, routes: Vec<Route>) -> Result<Leg, SipError> {
    let (mailbox, inbox) = mpsc::channel(ORDERS);
    let (events, events_out) = mpsc::channel(EVENTS);
    let first = routes.first().cloned().ok_or(SipError::NoTrunk)?;
    let (dialog, request) = begin(&shared, &spec, &first, events.clone(), mailbox.clone())?;
    let deadline = Instant::now() + spec.ring_for;
    let calling =
        Calling { dialog, request, spec, routes, at: 0, inbox, deadline, sent: None, early: None, cancelled: None, answered_at_all: false };
    tokio::spawn(calling.run());
    Ok(Leg { events: events_out, control: LegControl(mailbox) })
}

fn begin(
    shared: &Arc<Shared>,
    spec: &DialSpec,
    route: &Route,
    events: mpsc::Sender<LegEvent>,
    mailbox: mpsc::Sender<Mail>,
) -> Result<(Dialog, Request), SipError> {
    let tag = shared.new_tag();
    let host = shared.host(route.connection.as_ref());
    let user = route.shows.as_deref().unwrap_or(&spec.from.user);
    let user: String = user.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.!~*'()".contains(*c)).collect();
    let dialog = Dialog {
        shared: shared.clone(),
        call_id: format!("{}@{host}", shared.new_tag()),
        local: name_address(spec.from.display.as_deref(), &format!("sip:{user}@{host}"), &tag),
        remote: format!("<{}>", route.uri),
        local_tag: tag,
        target: route.uri.clone(),
        routes: Vec::new(),
        cseq: 0,
        remote_cseq: 0,
        connection: route.connection.clone(),
        destination: route.destination.clone(),
        events,
        mailbox,
        last_local: Some(spec.offer.clone()),
    };
    let mut dialog = dialog;
    let mut request = dialog.request(Method::Invite).ok_or_else(|| SipError::Target(route.uri.to_string()))?;
    request.headers.push(Header::Allow(message::ALLOW.into()));
    request.headers.push(Header::Supported(message::SUPPORTED.into()));
    request.headers.push(Header::SessionExpires(shared.session_expires.to_string().into()));
    request
        .headers
        .extend(spec.headers.iter().map(|(name, value)| Header::Other(name.clone(), value.replace(['\r', '\n'], " "))).collect::<Vec<_>>());
    set_sdp(&mut request.headers, &mut request.body, &spec.offer);
    Ok((dialog, request))
}

/// A call that we make and that is not answered yet.
struct Calling {
    dialog: Dialog,
    request: Request,
    spec: DialSpec,
    routes: Vec<Route>,
    at: usize,
    inbox: mpsc::Receiver<Mail>,
    deadline: Instant,
    /// The connection and address by which the INVITE went, for its CANCEL.
    sent: Option<(SipConnection, Option<SipAddr>)>,
    /// Tag of the first early dialog.
    early: Option<String>,
    /// We gave it up, then.
    cancelled: Option<(Instant, LegEnd)>,
    answered_at_all: bool,
}

impl Calling {
    async fn run(mut self) {
        let events = self.dialog.events.clone();
        let end = self.call().await;
        let end = match end {
            Ok(answer) => {
                self.establish(&answer);
                let key = (self.dialog.call_id.clone(), self.dialog.local_tag.clone());
                let shared = self.dialog.shared.clone();
                shared.enter(key.clone(), self.dialog.mailbox.clone());
                let timer = timer_of(&answer);
                self.dialog.tell(LegEvent::Answered(message::sdp(&answer, answer.body())));
                let end = Session::new(self.dialog, timer, true).run(&mut self.inbox).await;
                shared.leave(&key);
                end
            }
            Err(end) => end,
        };
        let _ = events.try_send(LegEvent::Ended(end));
    }

    /// Calls until somebody answers (Ok) or it is over.
    async fn call(&mut self) -> Result<Response, LegEnd> {
        let mut trunk_limit = self.start().await;
        loop {
            let wake = self
                .cancelled
                .as_ref()
                .map_or(self.deadline, |(at, _)| *at + CANCEL_WAIT)
                .min(trunk_limit.unwrap_or(self.deadline + CANCEL_WAIT));
            tokio::select! {
                biased;
                mail = self.inbox.recv() => match mail {
                    None => return Err(LegEnd::LocalBye),
                    Some(Mail::Order(Order::HangUp | Order::Reject(..))) => self.cancel(LegEnd::LocalBye).await,
                    Some(Mail::Invite(SipMessage::Response(response))) => {
                        trunk_limit = None;
                        if let Some(done) = self.response(response) {
                            match done {
                                Err(end) if self.another_route(&end) => trunk_limit = self.start().await,
                                done => return done,
                            }
                        }
                    }
                    Some(_) => {}
                },
                () = tokio::time::sleep_until(wake) => {
                    if let Some((_, end)) = self.cancelled.take() {
                        return Err(end);
                    }
                    if trunk_limit.take().is_some_and(|at| at <= Instant::now()) && self.another_route(&LegEnd::TransportFailed) {
                        trunk_limit = self.start().await;
                    } else {
                        self.cancel(LegEnd::NoAnswer).await;
                    }
                }
            }
        }
    }

    /// Sends the INVITE; answers until when it must be answered at all, if there is another route.
    async fn start(&mut self) -> Option<Instant> {
        let route = self.routes[self.at].clone();
        let Ok(key) = TransactionKey::from_request(&self.request, TransactionRole::Client) else { return None };
        let mut transaction =
            Transaction::new_client(key, self.request.clone(), self.dialog.shared.endpoint.clone(), route.connection.clone());
        transaction.destination.clone_from(&route.destination);
        let _ = transaction.send().await;
        self.sent = transaction.connection.clone().map(|c| (c, transaction.destination.clone()));
        let next = self.dialog.cseq + 1;
        self.dialog.cseq = next;
        tokio::spawn(run(transaction, route.credential, next, self.dialog.mailbox.clone()));
        (self.at + 1 < self.routes.len()).then(|| Instant::now() + TRUNK_PATIENCE)
    }

    fn another_route(&mut self, end: &LegEnd) -> bool {
        let worth_it = matches!(end, LegEnd::TransportFailed | LegEnd::NoAnswer | LegEnd::Rejected { status: 408 | 480 | 500..=599, .. });
        if !worth_it || self.cancelled.is_some() || self.answered_at_all || self.at + 1 >= self.routes.len() {
            return false;
        }
        self.at += 1;
        let (events, mailbox) = (self.dialog.events.clone(), self.dialog.mailbox.clone());
        let shared = self.dialog.shared.clone();
        match begin(&shared, &self.spec, &self.routes[self.at], events, mailbox) {
            Ok((dialog, request)) => {
                (self.dialog, self.request) = (dialog, request);
                true
            }
            Err(_) => false,
        }
    }

    fn response(&mut self, response: Response) -> Option<Result<Response, LegEnd>> {
        if response.call_id_header().ok().map(|c| c.value().to_owned()) != Some(self.dialog.call_id.clone()) {
            return None; // of a route that we gave up
        }
        let status = response.status_code.code();
        match status {
            100 => None,
            101..200 => {
                self.answered_at_all = true;
                self.early = self.early.take().or_else(|| to_tag(&response));
                match message::sdp(&response, response.body()) {
                    Some(sdp) if status == 183 => self.dialog.tell(LegEvent::Progress(sdp)),
                    _ if status == 180 => self.dialog.tell(LegEvent::Ringing),
                    _ => {}
                }
                None
            }
            200..300 => match self.cancelled.take() {
                Some((_, end)) => {
                    // It was answered while our CANCEL was on its way.
                    self.establish(&response);
                    self.dialog.bye();
                    Some(Err(end))
                }
                None => Some(Ok(response)),
            },
            _ => {
                let rejected = LegEnd::Rejected { status, reason: message::reason(&response) };
                let no_answer = status == 408 && !self.answered_at_all;
                let end = self.cancelled.take().map_or(if no_answer { LegEnd::TransportFailed } else { rejected }, |(_, end)| end);
                Some(Err(end))
            }
        }
    }

    /// The dialog that a 2xx makes.
    fn establish(&mut self, answer: &Response) {
        self.dialog.refresh_target(answer);
        if let Ok(to) = answer.to_header() {
            self.dialog.remote = to.value().to_owned();
        }
        let mut routes = record_routes(answer);
        routes.reverse();
        self.dialog.routes = routes;
        let reliable = crate::dialog::is_reliable(self.sent.as_ref().map(|(c, _)| c));
        if reliable {
            self.dialog.connection = self.sent.as_ref().map(|(c, _)| c.clone());
        }
    }

    async fn cancel(&mut self, end: LegEnd) {
        if self.cancelled.is_some() {
            return;
        }
        self.cancelled = Some((Instant::now(), end));
        let Some((connection, destination)) = self.sent.clone() else { return };
        let Some(cancel) = cancel(&self.request) else { return };
        // A CANCEL is sent hop by hop and answered by its own transaction; two repetitions cover a lost datagram.
        tokio::spawn(async move {
            for pause in [0, 500, 1500] {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let _ = connection.send(cancel.clone().into(), destination.as_ref()).await;
                if connection.is_reliable() {
                    return;
                }
            }
        });
    }
}

/// Runs the INVITE transaction: answers a challenge once, hands every response to the mailbox, and gives
/// up the dialogs that a forking proxy makes besides the first.
async fn run(mut transaction: Transaction, credential: Option<Credential>, next_cseq: u32, mailbox: mpsc::Sender<Mail>) {
    let mut challenged = false;
    loop {
        let Some(received) = transaction.receive().await else { break };
        let SipMessage::Response(response) = received else { continue };
        if let (401 | 407, Some(credential), false) = (response.status_code.code(), &credential, challenged) {
            challenged = true;
            match handle_client_authenticate(next_cseq, &transaction, response.clone(), credential).await {
                Ok(mut again) => {
                    if again.send().await.is_ok() {
                        transaction = again;
                        continue;
                    }
                }
                Err(_) => tracing::warn!(event = "sip.challenge_unanswered", "a trunk's challenge cannot be answered"),
            }
        }
        if mailbox.send(Mail::Invite(response.into())).await.is_err() {
            break;
        }
    }
}

fn timer_of(answer: &Response) -> Refresh {
    match message::session_expires(answer) {
        Some((seconds, uac)) => Refresh::agreed(seconds, uac != Some(false), Instant::now()),
        None => Refresh::default(),
    }
}

/// The CANCEL of an INVITE (RFC 3261 §9.1).
fn cancel(invite: &Request) -> Option<Request> {
    let _ = branch(invite)?;
    let mut headers: Vec<Header> = invite
        .headers
        .iter()
        .filter(|h| {
            matches!(h, Header::Via(_) | Header::From(_) | Header::To(_) | Header::CallId(_) | Header::Route(_) | Header::UserAgent(_))
        })
        .cloned()
        .collect();
    headers.push(Header::CSeq(format!("{} CANCEL", message::cseq(invite)).into()));
    headers.push(Header::MaxForwards(70.into()));
    headers.push(Header::ContentLength(0.into()));
    Some(Request {
        method: Method::Cancel,
        uri: invite.uri.clone(),
        headers: headers.into(),
        body: Vec::new(),
        version: rsipstack::sip::Version::V2,
    })
}
