//! People who hung up and are called back at the place in the line that they had.
//!
//! When it is their turn, an agent is kept free and the citizen is called, once. Whoever is reached is offered to that agent at
//! once. Whoever is not reached keeps the place and is tried again [`REST`] later, [`ATTEMPTS`] times in all; in between, others
//! are served. As many callbacks are under way at a time as there are agents kept free for them. An emergency may take such
//! an agent; the citizen who is being called then comes to the head of the line.

use super::Order;
use super::agent::AgentState;
use super::distributor::Distributor;
use super::line::{Arrival, Rank, Stage};
use super::timers::Timer;
use crate::call::CallId;
use crate::language::Language;
use crate::phone::PhoneNumber;
use jiff::Timestamp;
use std::time::Duration;

/// How often somebody is called back before it is given up.
pub(super) const ATTEMPTS: u32 = 3;
/// Time for the citizen to hang up before the first attempt.
pub(super) const HANGING_UP: Duration = Duration::from_secs(20);
/// Time between two attempts.
pub(super) const REST: Duration = Duration::from_secs(600);
/// How long one attempt may take, from dialling until the citizen is in the line.
pub(super) const LIMIT: Duration = Duration::from_secs(180);
/// Callbacks of one queue that may be promised at a time.
pub(super) const MOST: usize = 5_000;

/// A promise to call back.
#[derive(Debug, Clone)]
pub(super) struct Callback {
    pub(super) number: PhoneNumber,
    pub(super) attempts: u32,
}

/// A promise to call back, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackSnapshot {
    /// The call in which it was asked.
    pub call: CallId,
    /// Whom.
    pub number: PhoneNumber,
    /// Queue.
    pub queue: String,
    /// Language.
    pub language: Language,
    /// The place in the line.
    pub since: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Being called at this moment.
    pub under_way: bool,
}

impl Distributor {
    /// Takes up a promise made before, such as one that outlived a restart.
    pub fn promise_callback(&mut self, arrival: Arrival, number: PhoneNumber, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        if !self.callers.contains_key(&arrival.call) && self.join_line(&arrival, now).is_some() {
            self.make_callback(arrival.call, number, now, &mut orders);
        }
        self.settle(now, &mut orders);
        orders
    }

    /// The citizen who is being called back by `callback` is on the line, as the call `arrival.call`.
    pub fn callback_arrived(&mut self, callback: CallId, mut arrival: Arrival, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let kept = self.callers.get(&callback).filter(|c| c.callback.is_some()).cloned();
        let Some(kept) = kept else { return self.caller_waits(arrival, now) };
        let agent = if let Stage::Dialling(agent) = kept.stage { agent } else { None };
        self.forget(callback);
        (arrival.since, arrival.emergency) = (kept.place.1, arrival.emergency || kept.is_emergency());
        arrival.queue.clone_from(&self.lines[kept.queue].config.name);
        if let Some(agent) = agent {
            self.set_agent(agent, AgentState::Ready, now, &mut orders);
        }
        if self.callers.contains_key(&arrival.call) || self.talking.contains_key(&arrival.call) {
            self.settle(now, &mut orders);
            return orders;
        }
        self.join_line(&arrival, now);
        match agent {
            Some(agent) => self.offer(arrival.call, agent, now, &mut orders),
            None => self.tell_place(arrival.call, &mut orders),
        }
        self.settle(now, &mut orders);
        orders
    }

    /// The citizen was not reached, or hung up before coming to the line.
    pub fn callback_failed(&mut self, callback: CallId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        self.attempt_over(callback, now, &mut orders);
        self.settle(now, &mut orders);
        orders
    }

    /// Somebody at this number has spoken with an agent: no need to call back any more.
    pub fn callback_settled(&mut self, number: &PhoneNumber, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        for call in self.callbacks_to(number) {
            let stage = self.callers.get(&call).map(|c| c.stage);
            self.forget(call);
            if let Some(Stage::Dialling(Some(agent))) = stage {
                self.set_agent(agent, AgentState::Ready, now, &mut orders);
            }
        }
        self.settle(now, &mut orders);
        orders
    }

    /// Every promise to call back.
    pub fn callbacks(&self) -> Vec<CallbackSnapshot> {
        let of_line = |calls: &std::collections::BTreeSet<CallId>| calls.iter().copied().collect::<Vec<_>>();
        let calls = self.lines.iter().flat_map(|line| of_line(&line.callbacks));
        let shown = calls.filter_map(|call| {
            let caller = self.callers.get(&call)?;
            let callback = caller.callback.as_ref()?;
            Some(CallbackSnapshot {
                call,
                number: callback.number.clone(),
                queue: self.lines[caller.queue].config.name.clone(),
                language: caller.language,
                since: caller.place.1,
                attempts: callback.attempts,
                under_way: matches!(caller.stage, Stage::Dialling(_)),
            })
        });
        shown.collect()
    }

    /// A caller hung up and will be called back. One promise a number: a second keeps the earlier place.
    pub(super) fn make_callback(&mut self, call: CallId, number: PhoneNumber, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get(&call) else { return };
        let (queue, place, language) = (caller.queue, caller.place, caller.language);
        let other = self.callbacks_to(&number).into_iter().filter_map(|c| Some((c, self.callers.get(&c)?))).find(|(_, c)| c.queue == queue);
        if let Some((known, earlier)) = other.map(|(c, w)| (c, w.place <= place || matches!(w.stage, Stage::Dialling(_)))) {
            self.forget(if earlier { call } else { known });
            if earlier {
                return;
            }
        }
        if self.lines[queue].callbacks.len() >= MOST {
            self.forget(call);
            orders.push(Order::CallbackGivenUp { call, number, language, since: place.1 });
            return;
        }
        self.timers.cancel(Timer::Deadline(call));
        self.set_stage(call, Stage::Resting);
        self.lines[queue].remove(&place);
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.callback = Some(Callback { number, attempts: 0 });
            caller.place.0 = if caller.is_emergency() { Rank::EmergencyCallback } else { Rank::Ordinary };
            self.lines[queue].insert(caller.place);
        }
        self.lines[queue].callbacks.insert(call);
        self.new_callers.remove(&place);
        self.timers.arm(Timer::Rested(call), now, HANGING_UP);
    }

    /// One attempt has ended without the citizen.
    pub(super) fn attempt_over(&mut self, call: CallId, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get(&call) else { return };
        let (Stage::Dialling(agent), Some(callback)) = (caller.stage, caller.callback.clone()) else { return };
        let (language, since) = (caller.language, caller.place.1);
        self.timers.cancel(Timer::Attempt(call));
        if callback.attempts >= ATTEMPTS {
            self.forget(call);
            orders.push(Order::CallbackGivenUp { call, number: callback.number, language, since });
        } else {
            self.set_stage(call, Stage::Resting);
            self.timers.arm(Timer::Rested(call), now, REST);
        }
        if let Some(agent) = agent {
            self.set_agent(agent, AgentState::Ready, now, orders);
        }
    }

    /// Calls somebody back; `agent` is kept free.
    pub(super) fn begin_attempt(&mut self, call: CallId, agent: usize, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let Some(callback) = caller.callback.as_mut() else { return };
        callback.attempts += 1;
        orders.push(Order::CallBack {
            call,
            number: callback.number.clone(),
            queue: self.lines[caller.queue].config.name.clone(),
            since: caller.place.1,
            language: caller.language,
            attempt: callback.attempts,
        });
        self.set_stage(call, Stage::Dialling(Some(agent)));
        self.timers.arm(Timer::Attempt(call), now, LIMIT);
        self.set_agent(agent, AgentState::CallingBack(call), now, orders);
    }

    fn callbacks_to(&self, number: &PhoneNumber) -> Vec<CallId> {
        let all = self.lines.iter().flat_map(|line| &line.callbacks);
        all.filter(|call| self.callers.get(call).and_then(|c| c.callback.as_ref()).is_some_and(|c| c.number == *number)).copied().collect()
    }
}
