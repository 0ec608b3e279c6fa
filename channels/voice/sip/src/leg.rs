//! A leg of a call as its owner sees it.

use crate::offer::Offers;
use crate::sdp::Sdp;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Orders that may wait for one leg.
const ORDERS: u32 = 64;
/// Events that may wait for the owner.
pub(crate) const EVENTS: usize = 64;

/// Names a leg within the stack.
pub(crate) type LegId = u64;

/// One leg. When the last clone of its control is dropped it is hung up.
#[derive(Debug)]
pub struct Leg {
    /// What happens, in order; [`LegEvent::Ended`] is the last. None without it: the owner was overrun or the stack
    /// is gone, and the leg is over.
    pub events: mpsc::Receiver<LegEvent>,
    /// What to do.
    pub control: LegControl,
}

/// What to do with a leg. No method waits: each puts an order into the stack's mailbox, where it is carried out
/// after what came before. What does not fit the dialog's state is ignored.
#[derive(Debug, Clone)]
pub struct LegControl(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    leg: LegId,
    inbox: Arc<Inbox>,
    waiting: Arc<AtomicU32>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.inbox.put(self.leg, Order::HangUp, None);
    }
}

/// An order, and the count of its leg that it stands in.
type Posted = (LegId, Order, Option<Arc<AtomicU32>>);

/// The mailbox of all legs: orders in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    orders: Mutex<Vec<Posted>>,
    pub(crate) bell: Notify,
    last: AtomicU64,
}

impl Inbox {
    /// A name for a new leg.
    pub(crate) fn new_leg(&self) -> LegId {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn control(self: &Arc<Self>, leg: LegId) -> LegControl {
        LegControl(Arc::new(Handle { leg, inbox: self.clone(), waiting: Arc::default() }))
    }

    /// All that waits.
    pub(crate) fn take(&self) -> Vec<(LegId, Order)> {
        let orders = std::mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        let counted = orders.into_iter().map(|(leg, order, waiting)| {
            if let Some(waiting) = waiting {
                waiting.fetch_sub(1, Ordering::Relaxed);
            }
            (leg, order)
        });
        counted.collect()
    }

    fn put(&self, leg: LegId, order: Order, waiting: Option<Arc<AtomicU32>>) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push((leg, order, waiting));
        self.bell.notify_one();
    }
}

/// An order to a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Ringing,
    Progress(Sdp),
    Answer(Sdp),
    Reject(u16, Option<u32>),
    HangUp,
    Offer(Sdp),
    AcceptOffer(Sdp),
    InfoDigit(char),
    Refer(String),
}

impl LegControl {
    /// 180 Ringing.
    pub fn ringing(&self) {
        self.order(Order::Ringing);
    }

    /// 183 Session Progress with early media.
    pub fn progress(&self, sdp: Sdp) {
        self.order(Order::Progress(sdp));
    }

    /// 200 OK: our answer, or our offer if the INVITE had none.
    pub fn answer(&self, sdp: Sdp) {
        self.order(Order::Answer(sdp));
    }

    /// Refuses the INVITE, or the offer of a re-INVITE, with this status; `retry_after` is in seconds.
    pub fn reject(&self, status: u16, retry_after: Option<u32>) {
        self.order(Order::Reject(status, retry_after));
    }

    /// BYE, CANCEL or a refusal, as fits. [`LegEvent::Ended`] follows at once; what is still on its way to the peer is
    /// looked after by the stack.
    pub fn hang_up(&self) {
        self.0.inbox.put(self.0.leg, Order::HangUp, None);
    }

    /// re-INVITE with this offer; if another is under way, after it.
    pub fn offer(&self, sdp: Sdp) {
        self.order(Order::Offer(sdp));
    }

    /// Accepts the offer of a re-INVITE or UPDATE with this answer.
    pub fn accept_offer(&self, sdp: Sdp) {
        self.order(Order::AcceptOffer(sdp));
    }

    /// Presses a key by INFO (`application/dtmf-relay`).
    pub fn info_dtmf(&self, digit: char) {
        self.order(Order::InfoDigit(digit));
    }

    /// Asks the peer to call `target`, a SIP URI, instead (REFER, RFC 3515).
    pub fn refer(&self, target: &str) {
        self.order(Order::Refer(target.to_owned()));
    }

    fn order(&self, order: Order) {
        if self.0.waiting.fetch_add(1, Ordering::Relaxed) >= ORDERS {
            self.0.waiting.fetch_sub(1, Ordering::Relaxed);
            tracing::warn!(event = "sip.order_dropped", "a leg that is overrun took no order");
            return;
        }
        self.0.inbox.put(self.0.leg, order, Some(self.0.waiting.clone()));
    }
}

/// What happens to a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// The other side rings.
    Ringing,
    /// Early media.
    Progress(Sdp),
    /// The other side answered our INVITE.
    Answered(Option<Sdp>),
    /// The other side acknowledged our 200, with the answer to our offer if the INVITE had none.
    AckReceived(Option<Sdp>),
    /// The other side wants to change the session: accept or reject it.
    Offer(Sdp),
    /// The other side answered our re-INVITE.
    OfferAnswered(Sdp),
    /// A key, by INFO.
    Digit(char),
    /// The other side wants us to call somebody else.
    Refer {
        /// Whom.
        target: String,
    },
    /// It is over.
    Ended(LegEnd),
}

/// Every way a leg can end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEnd {
    /// BYE from the other side.
    RemoteBye,
    /// CANCEL from the other side.
    RemoteCancel,
    /// Our INVITE was refused.
    Rejected {
        /// With this status.
        status: u16,
        /// And this reason phrase.
        reason: String,
    },
    /// Our INVITE was not answered in time.
    NoAnswer,
    /// Our 200 was not acknowledged (RFC 3261 §13.3.1.4).
    NoAck,
    /// The session was not refreshed (RFC 4028).
    SessionExpired,
    /// The network failed.
    TransportFailed,
    /// We hung up.
    LocalBye,
    /// We refused.
    LocalReject,
}

/// A call that came in. Drop it unanswered and the caller hears 480.
#[derive(Debug)]
pub struct IncomingCall {
    /// The leg.
    pub leg: Leg,
    /// Who calls, as said.
    pub caller: CallerId,
    /// User part of the request URI.
    pub called: String,
    /// From where it came.
    pub source: SocketAddr,
    /// By which trunk, if it came from one.
    pub trunk: Option<String>,
    /// The desk phone that proved itself.
    pub authenticated: Option<String>,
    /// The Identity header (RFC 8224) as seen, not verified.
    pub identity: Option<String>,
    /// The offer, unless we are to make it.
    pub offer: Option<Sdp>,
    /// When the INVITE came.
    pub received: Instant,
}

/// Who calls, as the signalling says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerId {
    /// User part of From.
    pub user: String,
    /// Display name of From.
    pub display: Option<String>,
    /// Host part of From.
    pub host: String,
    /// User part of P-Asserted-Identity (RFC 3325), if there is one.
    pub asserted: Option<String>,
}

/// What the called side is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerLine {
    /// User part of From.
    pub user: String,
    /// Display name.
    pub display: Option<String>,
}

/// A call to be made.
#[derive(Debug, Clone)]
pub struct DialSpec {
    /// Whom.
    pub target: Target,
    /// As whom.
    pub from: CallerLine,
    /// Our offer.
    pub offer: Offers,
    /// Give up after this long.
    pub ring_for: Duration,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

/// Whom to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A SIP URI.
    Uri(String),
    /// A desk phone that registered here.
    Registered(String),
    /// A telephone number, by a trunk.
    Trunk {
        /// The number.
        number: String,
    },
}
