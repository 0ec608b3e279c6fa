//! A leg of a call as its owner sees it.

use crate::sdp::Sdp;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Orders that may wait for one dialog.
pub(crate) const ORDERS: usize = 32;
/// Events that may wait for the owner.
pub(crate) const EVENTS: usize = 32;

/// One leg: what to do with it and what happens to it.
#[derive(Debug)]
pub struct Leg {
    /// What happens, in order; [`LegEvent::Ended`] is the last.
    pub events: mpsc::Receiver<LegEvent>,
    /// What to do.
    pub control: LegControl,
}

/// What to do with a leg. No method waits: each puts an order into the dialog's mailbox, where it is carried out
/// after what came before. What does not fit the dialog's state is ignored.
#[derive(Debug, Clone)]
pub struct LegControl(pub(crate) mpsc::Sender<crate::dialog::Mail>);

/// An order to a dialog.
#[derive(Debug)]
pub(crate) enum Order {
    Ringing,
    Progress(Sdp),
    Answer(Sdp),
    Reject(u16, Option<u32>),
    HangUp,
    Offer(Sdp),
    AcceptOffer(Sdp),
    InfoDigit(char),
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

    /// Refuses the INVITE, or the offer of a re-INVITE, with this status.
    pub fn reject(&self, status: u16, retry_after: Option<u32>) {
        self.order(Order::Reject(status, retry_after));
    }

    /// BYE, CANCEL or a refusal, as fits.
    pub fn hang_up(&self) {
        self.order(Order::HangUp);
    }

    /// re-INVITE with this offer.
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

    fn order(&self, order: Order) {
        if self.0.try_send(crate::dialog::Mail::Order(order)).is_err() {
            tracing::debug!(event = "sip.order_dropped", "a leg that is over, or overrun, took no order");
        }
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
    pub offer: Sdp,
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
