//! The citizen's own door: showing that a telephone or a mail address is theirs, and then seeing and doing what is theirs.
//!
//! Nobody registers. A code goes to the address that registered a ticket; whoever reads it there sees the tickets that this very
//! address registered, and no other: not those of other people who share an identity with them, not what offices write to each other.

mod codes;
mod own;

pub use codes::{Asked, CodeTerms, Wishes};
pub use own::{OwnTicket, Step};

use crate::access::{Fingerprint, Opaque};
use crate::clock::Clock;
use crate::notify::Notices;
use crate::store::{CitizenSession, ShownCode, Store, StoreError};
use daak_domain::Timestamp;
use daak_domain::contact::Sender;
use daak_domain::person::Identity;
use daak_domain::ticket::Number;
use tokio::sync::mpsc;

/// The citizens' door. What is asked of it is answered at once; codes go out behind it, in [`Wishes`].
pub struct Citizens {
    store: Store,
    terms: CodeTerms,
    clock: Clock,
    wishes: mpsc::Sender<codes::Wish>,
}

/// A session that was opened.
pub struct Opened {
    /// The secret, for the citizen.
    pub secret: Opaque,
    /// Whose address it is.
    pub address: Identity,
    /// Until when it is believed.
    pub until: Timestamp,
}

/// There is more to do than can be done: come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many codes are asked for at this moment: try again in a minute")]
pub struct Busy;

impl Citizens {
    /// A door, and the work behind it that somebody must run.
    pub fn new(store: Store, notices: Notices, terms: CodeTerms, clock: Clock) -> (Self, Wishes) {
        let (wishes, waiting) = mpsc::channel(codes::WAITING);
        let work = Wishes::new(store.clone(), notices, terms, clock.clone(), waiting);
        (Self { store, terms, clock, wishes }, work)
    }

    /// Asks for a code. The answer is the asker's secret, to be shown together with the code; it is the same whether or not anybody
    /// is known by what was asked, and nothing was looked up when it is given.
    ///
    /// # Errors
    /// [`Busy`], whoever asks for whatever.
    pub fn ask(&self, asked: Asked) -> Result<Opaque, Busy> {
        let secret = Opaque::new("daakq_");
        self.wishes.try_send(codes::Wish { asked, secret: secret.reveal().to_owned() }).map_err(|_| Busy)?;
        Ok(secret)
    }

    /// How long a code is good, in minutes.
    pub fn minutes(&self) -> u32 {
        self.terms.minutes
    }

    /// Opens a session for whoever shows the code that was sent for `secret`. `None`: wrong, too old, shown too often, or never sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(&self, secret: &str, code: &str) -> Result<Option<Opened>, StoreError> {
        let now = self.clock.now();
        let (session, until) = (Opaque::new("daakc_"), self.terms.session_end(now));
        let most = self.terms.tries;
        let shown = ShownCode { fingerprint: Fingerprint::of(secret).0, code: codes::sealed(secret, code), most };
        let address = self.store.redeem_code(shown, session.fingerprint().0, until, now).await?;
        Ok(address.map(|address| Opened { secret: session, address, until }))
    }

    /// Whose session this is; `None` if it is none, or over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, secret: &str) -> Result<Option<CitizenSession>, StoreError> {
        self.store.citizen_session(Fingerprint::of(secret).0, self.clock.now()).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close(&self, secret: &str) -> Result<(), StoreError> {
        self.store.end_citizen_session(Fingerprint::of(secret).0).await
    }

    /// The ticket of this number for whoever has this session. The outer `None`: there is no such session; the inner one: no such
    /// ticket, or somebody else's, and nothing tells which.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ticket(&self, secret: &str, number: Number) -> Result<Option<Option<OwnTicket>>, StoreError> {
        let (session, whole) = self.store.session_and_ticket(Fingerprint::of(secret).0, number, self.clock.now()).await?;
        let Some(session) = session else { return Ok(None) };
        let Some(own) = whole.and_then(|whole| OwnTicket::of(whole, &session.address)) else { return Ok(Some(None)) };
        match own.ticket.merged_into {
            Some(into) => {
                let goes_on = self.store.ticket(into).await?;
                Ok(Some(Some(OwnTicket { goes_on, ..own })))
            }
            None => Ok(Some(Some(own))),
        }
    }

    /// The tickets that this address registered, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tickets(&self, address: &Identity) -> Result<Vec<daak_domain::ticket::Ticket>, StoreError> {
        let all = self.store.tickets_of_address(address).await?;
        Ok(all.into_iter().filter(|(_, first)| is_of(&first.contact.sender, address)).map(|(ticket, _)| ticket).collect())
    }
}

/// Whether a sender can be shown to be whoever reads at this address. The one rule by which a citizen sees a ticket: the contact
/// that opened it came from their address. Further contacts decide nothing, for anybody may write down anybody's address.
fn is_of(sender: &Sender, address: &Identity) -> bool {
    Identity::provable(sender).as_ref() == Some(address)
}

#[cfg(test)]
mod tests;
