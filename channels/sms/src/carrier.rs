//! SMS as one of the helpline's ways of carrying messages.

use crate::dlt::Registry;
use crate::gateway::{Gateway, Outgoing};
use daak_domain::carrier::{Accepted, Carrier, Dispatch, SendError};
use daak_domain::contact::Channel;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Carries the channel `sms` to a gateway, with what the DLT registry wants to know.
pub struct SmsCarrier {
    gateway: Arc<dyn Gateway>,
    sender: SenderId,
}

/// As whom messages are sent, and how the DLT registry knows them.
#[derive(Debug, Clone, Default)]
pub struct SenderId {
    /// Sender header.
    pub header: String,
    /// Principal entity id.
    pub entity_id: Option<String>,
    /// Content template ids by template and language code.
    pub template_ids: BTreeMap<String, BTreeMap<String, String>>,
    /// The registry itself, where texts are held against it: its ids go before.
    pub registry: Option<Arc<Registry>>,
}

impl SenderId {
    /// The id of a message's template.
    ///
    /// # Errors
    /// Why the carriers would drop the message.
    fn template_id(&self, message: &Dispatch) -> Result<Option<String>, String> {
        let (template, language) = (message.template.as_str(), message.language.code());
        let listed = || self.template_ids.get(template)?.get(language).cloned();
        let Some(registry) = &self.registry else { return Ok(listed()) };
        registry.lets_pass(template, language, &message.text)?;
        Ok(registry.id(template, language).map(str::to_owned).or_else(listed))
    }
}

impl SmsCarrier {
    /// A carrier over `gateway`.
    pub fn new(gateway: Arc<dyn Gateway>, sender: SenderId) -> Self {
        Self { gateway, sender }
    }

    async fn pass_on(&self, message: &Dispatch) -> Result<Accepted, SendError> {
        let to = number(&message.to).map_err(SendError::never)?;
        let template_id = self.sender.template_id(message).map_err(SendError::never)?;
        let outgoing = Outgoing {
            key: message.key.clone(),
            to,
            text: message.text.clone(),
            sender: self.sender.header.clone(),
            template_id,
            entity_id: self.sender.entity_id.clone(),
        };
        self.gateway.send(&outgoing).await
    }
}

impl Carrier for SmsCarrier {
    fn channels(&self) -> Vec<Channel> {
        vec![Channel::Sms]
    }

    fn send<'a>(&'a self, message: &'a Dispatch) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.pass_on(message))
    }

    fn reaches(&self, _: Channel, to: &str) -> Result<(), &'static str> {
        number(to).map(|_| ())
    }

    fn patience(&self) -> Duration {
        self.gateway.patience()
    }

    fn driver(&self) -> &'static str {
        self.gateway.driver()
    }
}

fn number(to: &str) -> Result<PhoneNumber, &'static str> {
    match PhoneNumber::parse(to) {
        Ok(number) if number.takes_sms() => Ok(number),
        Ok(_) => Err("a landline takes no SMS: call the citizen instead"),
        Err(_) => Err("this is no telephone number: correct the citizen's number"),
    }
}
