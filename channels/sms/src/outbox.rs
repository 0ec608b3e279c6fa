//! The driver `outbox`: nothing leaves the house.

use crate::gateway::{Gateway, Outgoing};
use crate::parts;
use daak_domain::carrier::{Accepted, SendError};
use daak_domain::seam::BoxFuture;
use std::time::Duration;

/// Takes every message and sends it nowhere: the text stays in the outbox, where the console shows it.
/// A message is `sent` to that shelf and never `delivered`, for nobody has received it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outbox;

impl Gateway for Outbox {
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Accepted, SendError>> {
        let accepted = Accepted { carrier_id: format!("outbox:{}", message.key), parts: parts::count(&message.text).parts, reports: false };
        Box::pin(async move { Ok(accepted) })
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    fn driver(&self) -> &'static str {
        "outbox"
    }
}
