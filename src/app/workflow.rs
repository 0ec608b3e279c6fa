//! What happens by itself, joined with the telephone.

use crate::config::Config;
use crate::floor::Floor;
use crate::workflow::Reached;
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Refusal};
use daak_domain::ticket::Number;
use daak_voice::Voice;

/// Ways to a citizen's ear: the telephone, and the people who answer it.
pub struct ByTelephone {
    /// The telephone, where it runs in this process.
    pub voice: Option<Voice>,
    /// The floor.
    pub floor: Floor,
    /// The queue of those who call back.
    pub queue: String,
}

/// The flow that asks.
const FLOW: &str = "feedback";

/// The queue in which people are called back who did not wait in one.
pub fn queue_of_callbacks(config: &Config) -> String {
    let first = || config.queues.first().map(|queue| queue.name.clone()).unwrap_or_default();
    config.voice.callback_queue.clone().unwrap_or_else(first)
}

impl Reached for ByTelephone {
    fn can_call(&self) -> bool {
        self.voice.is_some()
    }

    fn call<'a>(&'a self, ticket: Number, number: &'a PhoneNumber, language: Language) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move {
            let Some(voice) = &self.voice else { return Err(Refusal::Unavailable("there is no telephone here".into())) };
            let called = voice.call_about(number, FLOW, ticket, language).await;
            called.map(drop).map_err(|why| Refusal::Unavailable(why.to_string()))
        })
    }

    fn by_person(&self, number: &PhoneNumber, language: Language) {
        self.floor.promise(number.clone(), language, &self.queue);
    }
}
