//! The telephones in the agents' browsers: which tab holds which, and what rings in it.

use daak_domain::call::{AgentId, OfferFailure};
use daak_domain::softphone::{PhoneNews, PhoneWish, RingEnd, RingId, Story};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Every agent's telephone. A tab that holds it is told what happens through a bounded channel; one that does not take its
/// news in time is as good as gone.
#[derive(Debug, Default)]
pub struct Softphones(Mutex<Desks>);

#[derive(Debug, Default)]
struct Desks {
    by_agent: HashMap<AgentId, Desk>,
    next: u64,
}

/// One agent's telephone.
#[derive(Debug, Default)]
struct Desk {
    holder: Option<Tab>,
    /// Tabs that would take it over.
    others: Vec<Tab>,
    ringing: Option<Ringing>,
}

#[derive(Debug, Clone)]
struct Tab {
    number: u64,
    name: String,
    news: mpsc::Sender<PhoneNews>,
}

#[derive(Debug)]
struct Ringing {
    ring: RingId,
    story: Story,
    accepted: bool,
    leg: mpsc::Sender<Said>,
}

/// What a leg hears of its browser.
#[derive(Debug)]
pub(crate) enum Said {
    /// A session description.
    Offer(String),
    /// The agent answered.
    Accept,
    /// The agent does not want to.
    Decline,
    /// The agent ended the talk.
    HangUp,
    /// The tab is gone, for now.
    Gone,
    /// A tab is there again; whether its sound still flows.
    Back {
        /// It does.
        flowing: bool,
    },
}

/// What came of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The telephone is in this tab; the number is this claim's name.
    Yours(u64),
    /// Another tab has it. The number is the name under which this one waits.
    Elsewhere(u64),
}

impl Claim {
    /// The name of the claim.
    pub fn number(self) -> u64 {
        match self {
            Claim::Yours(number) | Claim::Elsewhere(number) => number,
        }
    }
}

/// Tabs of one agent that may wait for the telephone.
const OTHERS: usize = 8;
/// What a leg may have to hear.
const SAID: usize = 16;

impl Softphones {
    /// A tab wants the agent's telephone. It gets it if nobody has it, if it had it before (the tab has the same name), or if it
    /// takes it. Whoever had it is told. A talk that goes on rings again in the tab, so that it can be joined.
    pub fn claim(&self, agent: &AgentId, name: &str, take: bool, has: Option<RingId>, news: mpsc::Sender<PhoneNews>) -> Claim {
        let mut desks = self.lock();
        desks.next += 1;
        let tab = Tab { number: desks.next, name: name.to_owned(), news };
        let number = tab.number;
        let desk = desks.by_agent.entry(agent.clone()).or_default();
        desk.others.retain(|other| other.name != tab.name && !other.news.is_closed());
        if let Some(holder) = desk.holder.take() {
            if holder.name != tab.name && !take && !holder.news.is_closed() {
                tab.tell(PhoneNews::Elsewhere);
                desk.holder = Some(holder);
                if desk.others.len() < OTHERS {
                    desk.others.push(tab);
                }
                return Claim::Elsewhere(number);
            }
            holder.tell(PhoneNews::Elsewhere);
            if holder.name != tab.name && desk.others.len() < OTHERS {
                desk.others.push(holder);
            }
        }
        tab.tell(PhoneNews::Yours);
        if let Some(ringing) = &desk.ringing {
            let flowing = ringing.accepted && has == Some(ringing.ring);
            if !flowing {
                tab.tell(ringing.news());
            }
            let _ = ringing.leg.try_send(Said::Back { flowing });
        }
        desk.holder = Some(tab);
        Claim::Yours(number)
    }

    /// A tab gives the telephone up, or its connection ended. Whether the agent has no telephone in a browser now.
    pub fn leave(&self, agent: &AgentId, number: u64) -> bool {
        let mut desks = self.lock();
        let Some(desk) = desks.by_agent.get_mut(agent) else { return true };
        desk.others.retain(|other| other.number != number && !other.news.is_closed());
        if desk.holder.take_if(|holder| holder.number == number).is_some() {
            if let Some(ringing) = &desk.ringing {
                let _ = ringing.leg.try_send(Said::Gone);
            }
            for other in std::mem::take(&mut desk.others) {
                other.tell(PhoneNews::Free);
            }
        }
        let gone = desk.holder.is_none();
        if gone && desk.ringing.is_none() {
            desks.by_agent.remove(agent);
        }
        gone
    }

    /// Whether the agent's telephone is in a browser.
    pub fn is_here(&self, agent: &AgentId) -> bool {
        self.lock().by_agent.get(agent).is_some_and(|desk| desk.holder.is_some())
    }

    /// Passes on what the tab with this claim wants of the ring that it names.
    ///
    /// # Errors
    /// A sentence: the telephone is not in this tab, or that ring is none of its own, over, or answered already.
    pub fn says(&self, agent: &AgentId, number: u64, wish: PhoneWish) -> Result<(), &'static str> {
        let mut desks = self.lock();
        let desk = desks.by_agent.get_mut(agent).filter(|desk| desk.holder.as_ref().is_some_and(|tab| tab.number == number));
        let Some(desk) = desk else { return Err("the telephone is not in this tab: take it first") };
        let (ring, said) = match wish {
            PhoneWish::Offer { ring, sdp } => (ring, Said::Offer(sdp)),
            PhoneWish::Accept { ring } => (ring, Said::Accept),
            PhoneWish::Decline { ring } => (ring, Said::Decline),
            PhoneWish::HangUp { ring } => (ring, Said::HangUp),
            PhoneWish::Claim { .. } | PhoneWish::Release => return Err("a claim is no answer"),
        };
        let Some(ringing) = desk.ringing.as_mut().filter(|ringing| ringing.ring == ring) else {
            return Err("nothing of that name rings here: the call is over, or another's");
        };
        match (&said, ringing.accepted) {
            (Said::Accept, true) => return Err("that call is answered already"),
            (Said::Decline, true) => return Err("that call is answered already: hang up instead"),
            (Said::Accept, false) => ringing.accepted = true,
            _ => {}
        }
        ringing.leg.try_send(said).map_err(|_| "too much at once: try again")
    }

    /// Rings an agent's browser.
    ///
    /// # Errors
    /// How the offer failed: nobody is there, or it rings or talks already.
    pub(crate) fn ring(&self, agent: &AgentId, ring: RingId, story: Story) -> Result<mpsc::Receiver<Said>, OfferFailure> {
        let mut desks = self.lock();
        let desk = desks.by_agent.get_mut(agent).ok_or(OfferFailure::Unreachable)?;
        if desk.ringing.is_some() {
            return Err(OfferFailure::Busy);
        }
        let (leg, said) = mpsc::channel(SAID);
        let ringing = Ringing { ring, story, accepted: false, leg };
        let told = desk.holder.as_ref().is_some_and(|tab| tab.tell(ringing.news()));
        if !told {
            return Err(OfferFailure::Unreachable);
        }
        desk.ringing = Some(ringing);
        Ok(said)
    }

    /// Tells the tab that holds the telephone, if it is this ring's time.
    pub(crate) fn tell(&self, agent: &AgentId, ring: RingId, news: PhoneNews) {
        let desks = self.lock();
        let Some(desk) = desks.by_agent.get(agent) else { return };
        if desk.ringing.as_ref().is_some_and(|ringing| ringing.ring == ring)
            && let Some(tab) = &desk.holder
        {
            tab.tell(news);
        }
    }

    /// The ring, or the talk that followed, is over.
    pub(crate) fn over(&self, agent: &AgentId, ring: RingId, why: RingEnd) {
        self.tell(agent, ring, PhoneNews::Over { ring, why });
        let mut desks = self.lock();
        let Some(desk) = desks.by_agent.get_mut(agent) else { return };
        desk.ringing.take_if(|ringing| ringing.ring == ring);
        if desk.holder.is_none() && desk.ringing.is_none() {
            desks.by_agent.remove(agent);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ringing {
    fn news(&self) -> PhoneNews {
        PhoneNews::Ring { ring: self.ring, accepted: self.accepted, story: Box::new(self.story.clone()) }
    }
}

impl Tab {
    /// Whether it could be told.
    fn tell(&self, news: PhoneNews) -> bool {
        self.news.try_send(news).is_ok()
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use daak_domain::call::CallId;
    use daak_domain::language::Language;
    use uuid::Uuid;

    fn rina() -> AgentId {
        AgentId("rina".into())
    }

    fn story() -> Story {
        Story {
            call: CallId(Uuid::from_u128(1)),
            caller: None,
            called: "1000".into(),
            language: Language::Bn,
            queue: Some("helpline".into()),
            emergency: false,
            waits_since: None,
            heard: None,
            heard_surely: false,
            tickets: Vec::new(),
            from: None,
            attends: None,
        }
    }

    struct Tab {
        claim: Claim,
        news: mpsc::Receiver<PhoneNews>,
    }

    fn tab(phones: &Softphones, name: &str, take: bool) -> Tab {
        let (sender, news) = mpsc::channel(32);
        Tab { claim: phones.claim(&rina(), name, take, None, sender), news }
    }

    impl Tab {
        fn next(&mut self) -> PhoneNews {
            self.news.try_recv().expect("news")
        }
    }

    fn ring_id(n: u128) -> RingId {
        RingId(Uuid::from_u128(n))
    }

    #[test]
    fn two_tabs_do_not_fight_and_the_last_to_take_it_has_it() {
        let phones = Softphones::default();
        let mut first = tab(&phones, "a", false);
        assert_eq!(first.next(), PhoneNews::Yours);
        let mut second = tab(&phones, "b", false);
        assert!(matches!(second.claim, Claim::Elsewhere(_)));
        assert_eq!(second.next(), PhoneNews::Elsewhere);
        let mut second = tab(&phones, "b", true);
        assert_eq!((second.next(), first.next()), (PhoneNews::Yours, PhoneNews::Elsewhere));
        assert!(phones.says(&rina(), first.claim.number(), PhoneWish::Accept { ring: ring_id(1) }).is_err());
        assert!(!phones.leave(&rina(), first.claim.number()), "the other has it");
        let mut third = tab(&phones, "c", false);
        assert_eq!(third.next(), PhoneNews::Elsewhere);
        assert!(phones.leave(&rina(), second.claim.number()));
        assert_eq!(third.next(), PhoneNews::Free, "who waits is told");
        assert!(!phones.is_here(&rina()));
    }

    #[test]
    fn one_call_rings_at_a_time_and_only_where_somebody_is() {
        let phones = Softphones::default();
        assert_eq!(phones.ring(&rina(), ring_id(1), story()).err(), Some(OfferFailure::Unreachable));
        let mut here = tab(&phones, "a", false);
        let _said = phones.ring(&rina(), ring_id(1), story()).expect("rings");
        assert_eq!(phones.ring(&rina(), ring_id(2), story()).err(), Some(OfferFailure::Busy));
        here.next();
        assert!(matches!(here.next(), PhoneNews::Ring { accepted: false, .. }));
        phones.over(&rina(), ring_id(2), RingEnd::Gone); // another's end changes nothing
        phones.over(&rina(), ring_id(1), RingEnd::Gone);
        assert_eq!(here.next(), PhoneNews::Over { ring: ring_id(1), why: RingEnd::Gone });
        assert!(phones.ring(&rina(), ring_id(3), story()).is_ok());
    }

    #[test]
    fn forged_foreign_and_repeated_words_are_refused() {
        let phones = Softphones::default();
        let here = tab(&phones, "a", false);
        let number = here.claim.number();
        let mut said = phones.ring(&rina(), ring_id(1), story()).expect("rings");
        let says = |number, wish| phones.says(&rina(), number, wish);
        assert!(says(number, PhoneWish::Accept { ring: ring_id(2) }).is_err(), "no such ring");
        assert!(says(number + 1, PhoneWish::Accept { ring: ring_id(1) }).is_err(), "no such claim");
        assert!(phones.says(&AgentId("kabir".into()), number, PhoneWish::Accept { ring: ring_id(1) }).is_err(), "another's call");
        assert!(says(number, PhoneWish::Accept { ring: ring_id(1) }).is_ok());
        assert!(says(number, PhoneWish::Accept { ring: ring_id(1) }).is_err(), "a second answer");
        assert!(says(number, PhoneWish::Decline { ring: ring_id(1) }).is_err());
        assert!(matches!(said.try_recv(), Ok(Said::Accept)));
        assert!(said.try_recv().is_err());
    }

    #[test]
    fn a_tab_that_reloads_hears_of_the_talk_that_goes_on() {
        let phones = Softphones::default();
        let first = tab(&phones, "a", false);
        let mut said = phones.ring(&rina(), ring_id(1), story()).expect("rings");
        phones.says(&rina(), first.claim.number(), PhoneWish::Accept { ring: ring_id(1) }).expect("answered");
        phones.leave(&rina(), first.claim.number());
        let mut again = tab(&phones, "a", false);
        assert_eq!(again.next(), PhoneNews::Yours);
        assert!(matches!(again.next(), PhoneNews::Ring { accepted: true, .. }));
        assert!(matches!(said.try_recv(), Ok(Said::Accept)));
        assert!(matches!(said.try_recv(), Ok(Said::Gone)));
        assert!(matches!(said.try_recv(), Ok(Said::Back { flowing: false })));
        let (sender, mut news) = mpsc::channel(4);
        phones.claim(&rina(), "a", false, Some(ring_id(1)), sender);
        assert_eq!(news.try_recv().ok(), Some(PhoneNews::Yours));
        assert!(news.try_recv().is_err(), "the line broke, the sound did not: nothing rings");
        assert!(matches!(said.try_recv(), Ok(Said::Back { flowing: true })));
    }
}
