//! The telephone in an agent's browser: what its tab may say over `/live`, and what it is told.

use super::floor::Floor;
use crate::observe::event;
use daak_domain::call::{AgentId, CallId, DeskAct};
use daak_domain::softphone::{PhoneNews, PhoneWish, RingId};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The telephones in browsers. Nothing of it waits.
pub trait Phones: Send + Sync + 'static {
    /// A tab wants the agent's telephone. Answers the name under which it has it, or waits for it.
    fn claim(&self, agent: &AgentId, tab: &str, take: bool, has: Option<RingId>, news: mpsc::Sender<PhoneNews>) -> u64;
    /// A tab gives it up, or is gone.
    fn leave(&self, agent: &AgentId, claim: u64);
    /// A tab says something of the call that rings in it.
    ///
    /// # Errors
    /// A sentence.
    fn says(&self, agent: &AgentId, claim: u64, wish: PhoneWish) -> Result<(), String>;
}

/// The telephone's side of one live connection.
pub struct Handset {
    phones: Option<Arc<dyn Phones>>,
    floor: Arc<dyn Floor>,
    agent: Option<AgentId>,
    claim: Option<u64>,
    news: mpsc::Sender<PhoneNews>,
    rate: DefaultDirectRateLimiter,
}

/// What a browser says over `/live`.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    /// Of the telephone.
    Phone(PhoneWish),
    /// Of the caller with whom the agent speaks.
    Desk {
        call: CallId,
        #[serde(flatten)]
        act: DeskAct,
    },
}

/// The longest message that is looked at.
const LONGEST: usize = 40 * 1024;
/// Messages a second, and at once.
const RATE: (u32, u32) = (20, 40);
/// Longest name of a tab.
const TAB: usize = 64;
/// News that may wait for a slow tab.
pub const BACKLOG: usize = 32;

impl Handset {
    /// Of the person of one connection; `agent` only if that person may take calls.
    pub fn new(phones: Option<Arc<dyn Phones>>, floor: Arc<dyn Floor>, agent: Option<AgentId>) -> (Self, mpsc::Receiver<PhoneNews>) {
        let (news, told) = mpsc::channel(BACKLOG);
        let once = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let rate = RateLimiter::direct(Quota::per_second(once(RATE.0)).allow_burst(once(RATE.1)));
        (Self { phones, floor, agent, claim: None, news, rate }, told)
    }

    /// Takes one message. What is refused is answered with a sentence and told to whoever watches over the house.
    pub fn take(&mut self, text: &str) -> Option<Value> {
        let refused = self.obey(text).err()?;
        tracing::warn!(event = event::PHONE_REFUSED, agent = self.agent.as_ref().map(|a| a.0.as_str()), why = %refused);
        Some(message(&PhoneNews::Refused { why: refused }))
    }

    fn obey(&mut self, text: &str) -> Result<(), String> {
        if text.len() > LONGEST || self.rate.check().is_err() {
            return Err("too much at once: wait a second".into());
        }
        let said: Said = serde_json::from_str(text).map_err(|_| "not understood: see docs/live.md".to_owned())?;
        let agent = self.agent.clone().ok_or("your role takes no calls")?;
        let wish = match said {
            Said::Desk { call, act } => return self.floor.desk(&agent.0, call, act),
            Said::Phone(wish) => wish,
        };
        let phones = self.phones.clone().ok_or("the telephone is switched off here ([voice] enabled)")?;
        match wish {
            PhoneWish::Claim { tab, take, has } => {
                if tab.is_empty() || tab.len() > TAB || !tab.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                    return Err("a tab's name is 1 to 64 letters, digits or hyphens".into());
                }
                if let Some(before) = self.claim.take() {
                    phones.leave(&agent, before);
                }
                self.claim = Some(phones.claim(&agent, &tab, take, has, self.news.clone()));
                Ok(())
            }
            PhoneWish::Release => {
                self.leave();
                Ok(())
            }
            wish => phones.says(&agent, self.claim.ok_or("the telephone is not in this tab: claim it first")?, wish),
        }
    }

    fn leave(&mut self) {
        if let (Some(phones), Some(agent), Some(claim)) = (&self.phones, &self.agent, self.claim.take()) {
            phones.leave(agent, claim);
        }
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.leave();
    }
}

/// News as a message of `/live`.
pub fn message(news: &PhoneNews) -> Value {
    let mut value = serde_json::to_value(news).unwrap_or_else(|_| json!({}));
    if let Value::Object(members) = &mut value {
        members.insert("type".into(), "phone".into());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_they_are_written_down() {
        let read = |text: &str| serde_json::from_str::<Said>(text);
        let id = "018f0000-0000-7000-8000-000000000001";
        assert!(matches!(read(r#"{"type":"phone","do":"claim","tab":"a"}"#), Ok(Said::Phone(PhoneWish::Claim { take: false, .. }))));
        assert!(matches!(read(&format!(r#"{{"type":"phone","do":"accept","ring":"{id}"}}"#)), Ok(Said::Phone(PhoneWish::Accept { .. }))));
        assert!(matches!(read(&format!(r#"{{"type":"desk","call":"{id}","do":"hold"}}"#)), Ok(Said::Desk { act: DeskAct::Hold, .. })));
        let transfer = format!(r#"{{"type":"desk","call":"{id}","do":"transfer","to":{{"kind":"queue","name":"helpline"}}}}"#);
        assert!(matches!(read(&transfer), Ok(Said::Desk { act: DeskAct::Transfer { .. }, .. })));
        for bad in ["", "{}", r#"{"type":"phone"}"#, r#"{"type":"phone","do":"accept","ring":"x"}"#, r#"{"type":"other","do":"hold"}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    struct Nobody;

    impl Phones for Nobody {
        fn claim(&self, _: &AgentId, _: &str, _: bool, _: Option<RingId>, _: mpsc::Sender<PhoneNews>) -> u64 {
            1
        }
        fn leave(&self, _: &AgentId, _: u64) {}
        fn says(&self, _: &AgentId, _: u64, _: PhoneWish) -> Result<(), String> {
            Err("nothing rings".into())
        }
    }

    fn handset(agent: Option<&str>) -> Handset {
        let agent = agent.map(|name| AgentId(name.into()));
        Handset::new(Some(Arc::new(Nobody)), Arc::new(crate::api::tests::house::EmptyFloor), agent).0
    }

    #[test]
    fn who_takes_no_calls_and_who_says_too_much_is_refused() {
        let claim = r#"{"type":"phone","do":"claim","tab":"a"}"#;
        let why = |refusal: Option<Value>| refusal.and_then(|r| r["why"].as_str().map(str::to_owned)).unwrap_or_default();
        assert!(why(handset(None).take(claim)).contains("role"));
        let mut rina = handset(Some("rina"));
        assert_eq!(rina.take(claim), None);
        assert!(why(rina.take(&claim.replace("\"a\"", "\"../a\""))).contains("tab"));
        assert!(why(rina.take(&" ".repeat(LONGEST + 1))).contains("too much"));
        let last = (0..2 * RATE.1).map(|_| why(rina.take(claim))).last().unwrap_or_default();
        assert!(last.contains("too much"), "{last}");
    }

    proptest::proptest! {
        /// Whatever a browser says is done or refused with a sentence.
        #[test]
        fn any_message_is_survived(text in r#"\{"type":"(phone|desk|x)","(do|ring|call|to|sdp)":("[a-z_]{0,10}"|[0-9]{1,4}|\{\}|null),?.{0,40}\}?"#) {
            if let Some(refusal) = handset(Some("rina")).take(&text) {
                proptest::prop_assert!(refusal["why"].as_str().is_some_and(|why| !why.is_empty()));
            }
        }
    }
}
