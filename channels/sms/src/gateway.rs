//! What every way of sending has in common.

use daak_domain::carrier::{Accepted, SendError};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::BoxFuture;
use std::time::Duration;

/// A way of sending SMS. The same `key` may be sent again when it is not known whether it was taken:
/// a driver passes the key on, so that the receiving side can see the second as the first.
pub trait Gateway: Send + Sync + 'static {
    /// Hands one message to the carrier. Bounded in time by the driver.
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Accepted, SendError>>;

    /// The longest that one sending can take. Whoever holds a message for sending holds it longer than this.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The driver's name in the configuration: `outbox`, `http`.
    fn driver(&self) -> &'static str;
}

/// One message to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Names this message for ever; a second sending carries the same key.
    pub key: String,
    /// To whom.
    pub to: PhoneNumber,
    /// What is said.
    pub text: String,
    /// Sender header, as registered with the carriers.
    pub sender: String,
    /// Content template id of the DLT registry, where the carrier asks for one.
    pub template_id: Option<String>,
    /// Principal entity id of the DLT registry, where the carrier asks for one.
    pub entity_id: Option<String>,
}

/// Neither the number nor the text reaches a log.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("key", &self.key).field("to", &self.to.masked()).finish_non_exhaustive()
    }
}
