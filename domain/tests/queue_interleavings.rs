//! Whatever happens in whatever order: one caller one agent, the first of the line first, nobody left unmatched, counts that are true.

mod floor_world;

use daak_domain::call::{CallId, LeftQueue, OfferFailure};
use daak_domain::phone::PhoneNumber;
use daak_domain::queue::{AgentState, Distributor, Order};
use floor_world::{agent, arrival, at, call, floor, number};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a test does to the floor: kinds of news, about a call and an agent, after so many milliseconds.
#[derive(Debug, Clone, Copy)]
struct Happening {
    kind: u8,
    call: u128,
    agent: usize,
    after: i64,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = (0u8..12, 0u128..14, 0usize..4, 0i64..9_000).prop_map(|(kind, call, agent, after)| Happening { kind, call, agent, after });
    proptest::collection::vec(one, 1..120)
}

/// The same floor, kept by looking at the orders only.
#[derive(Default)]
struct Book {
    /// Everyone on the line: (not an emergency, since) by call.
    waiting: BTreeMap<CallId, (bool, i64)>,
    ringing: BTreeMap<usize, CallId>,
    talking: BTreeMap<usize, CallId>,
    kept_free: BTreeMap<usize, CallId>,
}

impl Book {
    /// Takes in what the floor ordered.
    ///
    /// # Errors
    /// What must not be.
    fn obey(&mut self, orders: &[Order]) -> Result<(), TestCaseError> {
        for order in orders {
            match order {
                Order::Withdraw { agent, call } => {
                    prop_assert_eq!(self.ringing.remove(&number(agent)), Some(*call), "nothing to withdraw");
                }
                Order::SendAway { call, .. } => {
                    prop_assert!(!self.ringing.values().any(|c| c == call), "sent away while a telephone rings");
                    self.waiting.remove(call);
                }
                Order::Offer { call, agent, .. } => self.offered(*call, number(agent))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn offered(&mut self, call: CallId, agent: usize) -> Result<(), TestCaseError> {
        prop_assert!(!self.talking.contains_key(&agent), "agent {} talks and is rung", agent);
        prop_assert!(!self.talking.values().any(|c| *c == call), "a caller who talks is offered");
        prop_assert!(!self.ringing.values().any(|c| *c == call), "two telephones ring for one caller");
        let place = self.waiting.get(&call).copied();
        prop_assert!(place.is_some(), "somebody who does not wait is offered");
        let first = self
            .waiting
            .iter()
            .filter(|(c, _)| !self.ringing.values().any(|r| r == *c))
            .map(|(c, (late, since))| (*late, *since, *c))
            .min();
        let kept_for = call.0.as_u128() > 1_000; // was called back: an agent was kept for exactly this caller
        prop_assert!(kept_for || first == place.map(|(late, since)| (late, since, call)), "{:?} was overtaken by {}", first, call);
        prop_assert!(self.ringing.insert(agent, call).is_none(), "agent {} is rung twice", agent);
        Ok(())
    }

    /// Compares with what the floor says of itself.
    fn agrees_with(&mut self, floor: &Distributor) -> Result<(), TestCaseError> {
        self.kept_free.clear();
        for seen in floor.agents() {
            let n = number(&seen.agent);
            let (ringing, talking) = (self.ringing.get(&n).copied(), self.talking.get(&n).copied());
            match seen.state {
                AgentState::Ringing(call) => prop_assert_eq!((ringing, talking), (Some(call), None)),
                AgentState::Talking(call) => prop_assert_eq!((ringing, talking), (None, Some(call))),
                other => prop_assert_eq!((ringing, talking), (None, None), "{:?}", other),
            }
            if let AgentState::CallingBack(call) = seen.state {
                prop_assert!(!self.kept_free.values().any(|c| *c == call), "two agents are kept free for one callback");
                self.kept_free.insert(n, call);
            }
        }
        let counted = floor.queues().swap_remove(0);
        prop_assert_eq!(counted.waiting, self.waiting.len());
        prop_assert_eq!(counted.talking, self.talking.len());
        prop_assert_eq!(counted.callbacks, floor.callbacks().len());
        let unserved = self.waiting.len() - self.ringing.len();
        prop_assert!(counted.ready == 0 || unserved == 0, "{} ready, {} waiting", counted.ready, unserved);
        Ok(())
    }
}

/// Lets one thing happen that can happen, as a call would report it.
fn happen(floor: &mut Distributor, book: &mut Book, what: Happening, now: i64) -> Vec<Order> {
    let (c, a) = (call(what.call), agent(what.agent));
    let citizen = || PhoneNumber::parse(&format!("98300{:05}", what.call)).expect("a number");
    match what.kind {
        0..=2 => {
            let known =
                book.waiting.contains_key(&c) || book.talking.values().any(|t| *t == c) || floor.callbacks().iter().any(|cb| cb.call == c);
            if !known {
                book.waiting.insert(c, (what.kind != 0, now));
            }
            let mut caller = arrival(what.call, now);
            caller.emergency = what.kind == 0;
            floor.caller_waits(caller, at(now))
        }
        3 | 4 => match book.ringing.remove(&what.agent) {
            Some(rung) => {
                book.waiting.remove(&rung);
                book.talking.insert(what.agent, rung);
                floor.offer_accepted(rung, &a, at(now))
            }
            None => Vec::new(),
        },
        5 => match book.ringing.remove(&what.agent) {
            Some(rung) => floor.offer_failed(rung, &a, OfferFailure::NoAnswer, at(now)),
            None => floor.offer_failed(c, &a, OfferFailure::NoAnswer, at(now)), // stale news
        },
        6 => match book.talking.remove(&what.agent) {
            Some(with) => floor.talk_ended(with, &a, at(now)),
            None if book.ringing.get(&what.agent) == Some(&c) => Vec::new(),
            None => floor.talk_ended(c, &a, at(now)), // stale news
        },
        7 => {
            let promise = (what.after % 2 == 0).then(citizen);
            let why = if promise.is_some() { LeftQueue::Callback } else { LeftQueue::Abandoned };
            book.waiting.remove(&c);
            floor.caller_left(c, why, promise, at(now))
        }
        8 => floor.agent_ready(&a, at(now)).expect("known"),
        9 if what.after % 2 == 0 => floor.agent_paused(&a, "tea", at(now)).expect("known"),
        9 => floor.agent_away(&a, at(now)).expect("known"),
        10 => match book.kept_free.get(&what.agent).copied() {
            Some(callback) => {
                let kept = floor.callbacks().into_iter().find(|cb| cb.call == callback).expect("it is promised");
                let reached = what.call + 1_000 + u128::try_from(now).expect("after the beginning");
                let since = i64::try_from(kept.since.duration_since(at(0)).as_millis()).expect("small");
                book.waiting.insert(call(reached), (true, since));
                floor.callback_arrived(callback, arrival(reached, now), at(now))
            }
            None => floor.callback_failed(c, at(now)),
        },
        _ => match book.kept_free.get(&what.agent) {
            Some(callback) => floor.callback_failed(*callback, at(now)),
            None => floor.callback_settled(&citizen(), at(now)),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_caller_one_agent_and_nobody_overtaken(lives in happenings()) {
        let mut floor = floor(4, Duration::from_secs(5));
        let (mut book, mut now) = (Book::default(), 0);
        for what in lives {
            let until = now + what.after;
            while let Some(due) = floor.next_wakeup().filter(|due| *due <= at(until)) {
                let o = floor.tick(due); if std::env::var("TRACE").is_ok() { println!("tick {due} {o:?}"); } book.obey(&o)?;
                book.agrees_with(&floor)?;
            }
            now = until;
            let orders = happen(&mut floor, &mut book, what, now);
            if std::env::var("TRACE").is_ok() { println!("{now} {what:?} {:?}", orders); }
            book.obey(&orders)?;
            book.agrees_with(&floor)?;
        }
        // Everybody who talks hangs up, everybody who is rung answers: the line must empty, without a new caller.
        for n in 0..4 {
            book.obey(&floor.agent_ready(&agent(n), at(now)).expect("known"))?;
        }
        for _ in 0..400 {
            if book.waiting.is_empty() && floor.callbacks().is_empty() {
                break;
            }
            now = floor.next_wakeup().map_or(now, |due| i64::try_from(due.duration_since(at(0)).as_millis()).expect("small").max(now));
            book.obey(&floor.tick(at(now)))?;
            for n in 0..4 {
                let happening = |kind| Happening { kind, call: 99, agent: n, after: 1 };
                for kind in [3, 6, 11] {
                    let orders = happen(&mut floor, &mut book, happening(kind), now);
                    book.obey(&orders)?;
                    book.agrees_with(&floor)?;
                }
            }
        }
        prop_assert!(book.waiting.is_empty() && floor.callbacks().is_empty(), "{:?} still wait", book.waiting);
    }
}
