//! The distributor itself.

use super::agent::{Agent, LEFT_ALONE};
use super::line::{Line, Place, Waiting};
use super::{AgentConfig, AgentSnapshot, AgentState, Estimate, QueueConfig, QueueSnapshot};
use crate::call::{AgentId, CallId, LeftQueue, OfferFailure};
use crate::language::Language;
use crate::phone::PhoneNumber;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// What the distributor wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Ring this agent for this caller.
    Offer {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// Give up after this long.
        ring_for: Duration,
    },
    /// Stop ringing.
    Withdraw {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
    },
    /// Tell the caller the place in the line.
    Position {
        /// The caller.
        call: CallId,
        /// 1 is next.
        place: u32,
        /// Expected wait.
        wait: Option<Duration>,
    },
    /// Send the caller back into the flow.
    SendAway {
        /// The caller.
        call: CallId,
        /// `full`, `timeout`, `nobody`.
        branch: &'static str,
    },
    /// An agent is free for somebody who asked to be called back: call now, once.
    CallBack {
        /// The call in which it was asked.
        call: CallId,
        /// Whom.
        number: PhoneNumber,
        /// For which queue.
        queue: String,
        /// The place in the line: since when.
        since: Timestamp,
        /// In which language.
        language: Language,
    },
    /// An agent's state changed.
    AgentChanged(AgentId),
}

/// How long news of an offer is waited for beyond its ringing time.
const GRACE: Duration = Duration::from_secs(15);
/// How long a called-back citizen has until the place is given up.
const CALLBACK_LIMIT: Duration = Duration::from_secs(180);
/// Callers looked at for one agent who speaks few languages.
const LOOK_AT: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Offer(CallId, AgentId),
    Agent(AgentId),
    Wait(CallId),
    Tell(String),
    Callback(CallId),
}

/// The distributor.
#[derive(Debug, Default)]
pub struct Distributor {
    lines: BTreeMap<String, Line>,
    callers: HashMap<CallId, Waiting>,
    agents: BTreeMap<AgentId, Agent>,
    /// Free agents, whoever has been free longest first.
    free: BTreeSet<(Timestamp, AgentId)>,
    talking: HashMap<CallId, (AgentId, String, Timestamp)>,
    timers: BTreeSet<(Timestamp, Timer)>,
}

impl Distributor {
    /// With these queues and agents; fixed agents are ready from the start.
    pub fn new(queues: Vec<QueueConfig>, agents: Vec<AgentConfig>, now: Timestamp) -> Self {
        let mut this = Self::default();
        for config in queues {
            if let Some(every) = config.tell_place_every {
                this.arm(now, every, Timer::Tell(config.name.clone()));
            }
            this.lines.insert(config.name.clone(), Line { config, places: BTreeSet::new(), estimate: Estimate::default() });
        }
        for config in agents {
            let (id, fixed) = (config.agent.clone(), config.fixed);
            this.agents.insert(id.clone(), Agent { config, state: AgentState::Away, since: now, leaving: false });
            if fixed {
                this.set(&id, AgentState::Ready, now, &mut Vec::new());
            }
        }
        this
    }

    /// A caller begins to wait.
    pub fn caller_waits(
        &mut self,
        call: CallId,
        queue: &str,
        language: Language,
        emergency: bool,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        if self.callers.contains_key(&call) || self.talking.contains_key(&call) {
            return orders;
        }
        let at_work = self.at_work(queue);
        let Some(line) = self.lines.get_mut(queue) else { return vec![Order::SendAway { call, branch: "nobody" }] };
        if line.config.needs_agents && at_work == 0 {
            return vec![Order::SendAway { call, branch: "nobody" }];
        }
        if line.places.len() >= line.config.most && !emergency {
            return vec![Order::SendAway { call, branch: "full" }];
        }
        let place = (!emergency, since, call);
        line.places.insert(place);
        let (longest, estimate) = (line.config.longest_wait, line.estimate);
        let number = u32::try_from(line.places.range(..=place).count()).unwrap_or(u32::MAX);
        self.callers
            .insert(call, Waiting { queue: queue.to_owned(), place, language, offered: None, callback: None, callback_started: false });
        if let Some(longest) = longest.filter(|_| !emergency) {
            self.arm(now, longest, Timer::Wait(call));
        }
        self.distribute(now, &mut orders);
        if self.callers.get(&call).is_some_and(|c| c.offered.is_none()) {
            orders.push(Order::Position { call, place: number, wait: estimate.wait(number, at_work) });
        }
        orders
    }

    /// A caller no longer waits; one who asked to be called back (`callback`) keeps the place.
    pub fn caller_left(&mut self, call: CallId, why: LeftQueue, callback: Option<PhoneNumber>, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        if let (LeftQueue::Callback, Some(number), Some(caller)) = (why, callback, self.callers.get_mut(&call)) {
            caller.callback = Some(number);
            let offered = caller.offered.take();
            self.timers.retain(|(_, timer)| *timer != Timer::Wait(call));
            if let Some(agent) = offered {
                self.release(&agent, call, now, &mut orders);
            }
        } else {
            self.forget_caller(call, now, &mut orders);
        }
        self.distribute(now, &mut orders);
        orders
    }

    /// The agent answered and is joined with the caller.
    pub fn offer_accepted(&mut self, call: CallId, agent: &AgentId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let offered = self.callers.get(&call).is_some_and(|c| c.offered.as_ref() == Some(agent));
        if offered && let Some(caller) = self.callers.remove(&call) {
            if let Some(line) = self.lines.get_mut(&caller.queue) {
                line.places.remove(&caller.place);
            }
            self.timers.retain(|(_, timer)| !matches!(timer, Timer::Wait(c) | Timer::Offer(c, _) if *c == call));
            self.talking.insert(call, (agent.clone(), caller.queue, now));
            self.set(agent, AgentState::Talking(call), now, &mut orders);
        }
        orders
    }

    /// The agent was not reached; the caller keeps the place.
    pub fn offer_failed(&mut self, call: CallId, agent: &AgentId, why: OfferFailure, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        if let Some(caller) = self.callers.get_mut(&call).filter(|c| c.offered.as_ref() == Some(agent)) {
            caller.offered = None;
        }
        self.timers.remove_offer(call, agent);
        if self.state(agent) == Some(AgentState::Ringing(call)) {
            let fixed = self.agents.get(agent).is_some_and(|a| a.config.fixed);
            let back = now.checked_add(LEFT_ALONE).ok();
            let next = match why {
                OfferFailure::Withdrawn => AgentState::Ready,
                _ if fixed => AgentState::NotAnswering(back),
                OfferFailure::Busy => AgentState::NotAnswering(back),
                OfferFailure::NoAnswer | OfferFailure::Declined | OfferFailure::Unreachable => AgentState::NotAnswering(None),
            };
            if let AgentState::NotAnswering(Some(_)) = next {
                self.arm(now, LEFT_ALONE, Timer::Agent(agent.clone()));
            }
            self.set(agent, next, now, &mut orders);
        }
        self.distribute(now, &mut orders);
        orders
    }

    /// Agent and caller were parted.
    pub fn talk_ended(&mut self, call: CallId, agent: &AgentId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let Some((with, queue, since)) = self.talking.remove(&call) else { return orders };
        if with != *agent {
            self.talking.insert(call, (with, queue, since));
            return orders;
        }
        let wrap_up = self.lines.get(&queue).map_or(Duration::ZERO, |l| l.config.wrap_up);
        if let Some(line) = self.lines.get_mut(&queue) {
            line.estimate.learn(Duration::try_from(now.duration_since(since)).unwrap_or_default() + wrap_up);
        }
        let leaving = self.agents.get(agent).is_some_and(|a| a.leaving);
        let next = match now.checked_add(wrap_up) {
            _ if leaving => AgentState::Away,
            Ok(until) if !wrap_up.is_zero() => AgentState::WrapUp(until),
            _ => AgentState::Ready,
        };
        if let AgentState::WrapUp(_) = next {
            self.arm(now, wrap_up, Timer::Agent(agent.clone()));
        }
        self.set(agent, next, now, &mut orders);
        self.distribute(now, &mut orders);
        orders
    }

    /// An agent is ready for calls: signed in, back from a pause, or done with the wrap-up.
    ///
    /// # Errors
    /// A sentence if there is no such agent.
    pub fn agent_ready(&mut self, agent: &AgentId, now: Timestamp) -> Result<Vec<Order>, String> {
        let mut orders = Vec::new();
        let known = self.agents.get_mut(agent).ok_or_else(|| format!("{agent} is no agent: add one to [[agents]]"))?;
        known.leaving = false;
        if !matches!(known.state, AgentState::Ringing(_) | AgentState::Talking(_)) {
            self.set(agent, AgentState::Ready, now, &mut orders);
            self.distribute(now, &mut orders);
        }
        Ok(orders)
    }

    /// An agent takes no more calls; one who talks goes when the talk is over.
    ///
    /// # Errors
    /// A sentence if there is no such agent.
    pub fn agent_away(&mut self, agent: &AgentId, now: Timestamp) -> Result<Vec<Order>, String> {
        let mut orders = Vec::new();
        let known = self.agents.get_mut(agent).ok_or_else(|| format!("{agent} is no agent: add one to [[agents]]"))?;
        match known.state {
            AgentState::Talking(_) => known.leaving = true,
            AgentState::Ringing(call) => {
                if let Some(caller) = self.callers.get_mut(&call) {
                    caller.offered = None;
                }
                self.timers.remove_offer(call, agent);
                orders.push(Order::Withdraw { call, agent: agent.clone() });
                self.set(agent, AgentState::Away, now, &mut orders);
                self.distribute(now, &mut orders);
            }
            _ => self.set(agent, AgentState::Away, now, &mut orders),
        }
        Ok(orders)
    }

    /// A called-back citizen did not come to the line: the place is given up.
    pub fn callback_failed(&mut self, call: CallId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        self.forget_caller(call, now, &mut orders);
        self.distribute(now, &mut orders);
        orders
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        while let Some((_, timer)) = self.timers.first().filter(|(at, _)| *at <= now).cloned().and_then(|first| self.timers.take(&first)) {
            self.fired(timer, now, &mut orders);
        }
        self.distribute(now, &mut orders);
        orders
    }

    /// When [`Self::tick`] is due.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The queues, counted.
    pub fn queues(&self) -> Vec<QueueSnapshot> {
        let count = |queue: &str, wanted: fn(AgentState) -> bool| {
            self.agents.values().filter(|a| a.config.queues.contains(queue) && wanted(a.state)).count()
        };
        let snapshot = |line: &Line| QueueSnapshot {
            name: line.config.name.clone(),
            waiting: line.places.len(),
            longest_since: line.places.iter().map(|(_, since, _)| *since).min(),
            ready: count(&line.config.name, |s| s == AgentState::Ready),
            talking: count(&line.config.name, |s| matches!(s, AgentState::Talking(_))),
        };
        self.lines.values().map(snapshot).collect()
    }

    /// The agents.
    pub fn agents(&self) -> Vec<AgentSnapshot> {
        self.agents.values().map(Agent::snapshot).collect()
    }

    /// What an agent does.
    pub fn state(&self, agent: &AgentId) -> Option<AgentState> {
        self.agents.get(agent).map(|a| a.state)
    }

    fn fired(&mut self, timer: Timer, now: Timestamp, orders: &mut Vec<Order>) {
        match timer {
            Timer::Offer(call, agent) => {
                // No news of the offer: it is withdrawn, and the agent is asked nothing until it is back.
                orders.push(Order::Withdraw { call, agent: agent.clone() });
                orders.extend(self.offer_failed(call, &agent, OfferFailure::Unreachable, now));
            }
            Timer::Agent(agent) => {
                let due = |at: Timestamp| at <= now;
                if matches!(self.state(&agent), Some(AgentState::WrapUp(at) | AgentState::NotAnswering(Some(at))) if due(at)) {
                    self.set(&agent, AgentState::Ready, now, orders);
                }
            }
            Timer::Wait(call) => {
                if self.callers.get(&call).is_some_and(|c| c.offered.is_none() && c.callback.is_none()) {
                    self.forget_caller(call, now, orders);
                    orders.push(Order::SendAway { call, branch: "timeout" });
                }
            }
            Timer::Tell(queue) => self.tell_places(&queue, now, orders),
            Timer::Callback(call) => self.forget_caller(call, now, orders),
        }
    }

    fn tell_places(&mut self, queue: &str, now: Timestamp, orders: &mut Vec<Order>) {
        let at_work = self.at_work(queue);
        let Some(line) = self.lines.get(queue) else { return };
        for (place, (_, _, call)) in (1u32..).zip(&line.places) {
            if self.callers.get(call).is_some_and(|c| c.offered.is_none() && c.callback.is_none()) {
                orders.push(Order::Position { call: *call, place, wait: line.estimate.wait(place, at_work) });
            }
        }
        if let Some(every) = line.config.tell_place_every {
            self.arm(now, every, Timer::Tell(queue.to_owned()));
        }
    }

    /// Agents of a queue who are here: free, busy or finishing.
    fn at_work(&self, queue: &str) -> usize {
        self.agents
            .values()
            .filter(|a| a.config.queues.contains(queue) && !matches!(a.state, AgentState::Away | AgentState::NotAnswering(None)))
            .count()
    }

    /// Gives free agents to waiting callers, the first of the line first.
    fn distribute(&mut self, now: Timestamp, orders: &mut Vec<Order>) {
        let free: Vec<AgentId> = self.free.iter().map(|(_, agent)| agent.clone()).collect();
        for agent in free {
            let Some(place) = self.next_for(&agent) else { continue };
            self.offer(place.2, agent, now, orders);
        }
    }

    /// The caller whom an agent should take: the first place of the agent's queues whose language the agent speaks.
    fn next_for(&self, agent: &AgentId) -> Option<Place> {
        let agent = self.agents.get(agent)?;
        let fits = |place: &&Place| {
            let caller = self.callers.get(&place.2);
            caller.is_some_and(|c| c.offered.is_none() && !c.callback_started && agent.speaks(c.language))
        };
        let lines = agent.config.queues.iter().filter_map(|q| self.lines.get(q));
        lines.filter_map(|line| line.places.iter().take(LOOK_AT.max(self.agents.len())).find(fits)).min().copied()
    }

    fn offer(&mut self, call: CallId, agent: AgentId, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if let Some(number) = caller.callback.clone() {
            // The agent stays free: the citizen is called first, and comes to the head of the line when there.
            caller.callback_started = true;
            orders.push(Order::CallBack { call, number, queue: caller.queue.clone(), since: caller.place.1, language: caller.language });
            self.arm(now, CALLBACK_LIMIT, Timer::Callback(call));
            return;
        }
        let ring_for = self.lines.get(&caller.queue).map_or(Duration::from_secs(20), |l| l.config.ring_for);
        caller.offered = Some(agent.clone());
        self.arm(now, ring_for + GRACE, Timer::Offer(call, agent.clone()));
        self.set(&agent, AgentState::Ringing(call), now, orders);
        orders.push(Order::Offer { call, agent, ring_for });
    }

    fn set(&mut self, agent: &AgentId, state: AgentState, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(known) = self.agents.get_mut(agent) else { return };
        if known.state == AgentState::Ready {
            self.free.remove(&(known.since, agent.clone()));
        }
        if known.state != state {
            (known.state, known.since) = (state, now);
            orders.push(Order::AgentChanged(agent.clone()));
        }
        if state == AgentState::Ready {
            self.free.insert((known.since, agent.clone()));
        }
    }

    /// An agent who was rung for a caller is free again.
    fn release(&mut self, agent: &AgentId, call: CallId, now: Timestamp, orders: &mut Vec<Order>) {
        self.timers.remove_offer(call, agent);
        if self.state(agent) == Some(AgentState::Ringing(call)) {
            orders.push(Order::Withdraw { call, agent: agent.clone() });
            self.set(agent, AgentState::Ready, now, orders);
        }
    }

    fn forget_caller(&mut self, call: CallId, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.remove(&call) else { return };
        if let Some(line) = self.lines.get_mut(&caller.queue) {
            line.places.remove(&caller.place);
        }
        self.timers.retain(|(_, timer)| !matches!(timer, Timer::Wait(c) | Timer::Callback(c) if *c == call));
        if let Some(agent) = caller.offered {
            self.release(&agent, call, now, orders);
        }
    }

    fn arm(&mut self, now: Timestamp, after: Duration, timer: Timer) {
        if let Ok(at) = now.checked_add(after) {
            self.timers.insert((at, timer));
        }
    }
}

trait Offers {
    fn remove_offer(&mut self, call: CallId, agent: &AgentId);
}

impl Offers for BTreeSet<(Timestamp, Timer)> {
    fn remove_offer(&mut self, call: CallId, agent: &AgentId) {
        self.retain(|(_, timer)| !matches!(timer, Timer::Offer(c, a) if *c == call && a == agent));
    }
}
