//! The distributor itself: what it knows, and what happens to callers.

use super::agent::{Agent, KEYS, LEFT_ALONE};
use super::line::{Line, Place, Rank, Stage, Waiting};
use super::timers::{Timer, Timers};
use super::{AgentConfig, AgentState, Arrival, Order, QueueConfig};
use crate::call::{AgentId, CallId, LeftQueue, OfferFailure};
use crate::phone::PhoneNumber;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// How long a caller waits for somebody who speaks the language; after that anybody will do.
const LANGUAGE_PATIENCE: Duration = Duration::from_secs(90);
/// Callers are told their places no more often than this.
const SOONEST: Duration = Duration::from_secs(1);
/// A call that refused an offer is left alone so long: it is ending, or busy with another agent, and will say so.
const REFUSED_REST: Duration = Duration::from_secs(1);

/// The distributor.
#[derive(Debug, Default)]
pub struct Distributor {
    pub(super) lines: Vec<Line>,
    queue_names: HashMap<String, usize>,
    pub(super) agents: Vec<Agent>,
    pub(super) agent_names: HashMap<AgentId, usize>,
    /// Everyone in a line.
    pub(super) callers: HashMap<CallId, Waiting>,
    /// Who speaks with whom.
    pub(super) talking: HashMap<CallId, usize>,
    /// Callers who may be given to an agent, by queue and language.
    pub(super) available: Vec<BTreeSet<Place>>,
    /// Free agents by the callers they can serve, whoever has been free longest first.
    pub(super) free: Vec<BTreeSet<(Timestamp, usize)>>,
    /// Agents who are kept free for a callback.
    pub(super) kept_free: BTreeSet<usize>,
    pub(super) timers: Timers,
    /// Who became free or available and was not yet matched; empty between inputs.
    pub(super) new_agents: BTreeSet<usize>,
    pub(super) new_callers: BTreeSet<Place>,
}

impl Distributor {
    /// With these queues and agents; fixed agents are ready from the start. A second queue or agent of the same name is ignored.
    pub fn new(queues: Vec<QueueConfig>, agents: Vec<AgentConfig>, now: Timestamp) -> Self {
        let mut this = Self::default();
        for config in queues {
            let queue = this.lines.len();
            if this.queue_names.contains_key(&config.name) {
                continue;
            }
            if let Some(every) = config.tell_place_every {
                this.timers.arm(Timer::Tell(queue), now, every);
            }
            this.queue_names.insert(config.name.clone(), queue);
            this.lines.push(Line::new(config));
        }
        this.available = vec![BTreeSet::new(); this.lines.len() * KEYS];
        this.free = vec![BTreeSet::new(); this.lines.len() * KEYS];
        for config in agents {
            let (agent, fixed) = (this.agents.len(), config.fixed);
            if this.agent_names.contains_key(&config.agent) {
                continue;
            }
            let queues = config.queues.iter().filter_map(|name| this.queue_names.get(name).copied()).collect();
            this.agent_names.insert(config.agent.clone(), agent);
            this.agents.push(Agent::new(config, queues, now));
            if fixed {
                this.set_agent(agent, AgentState::Ready, now, &mut Vec::new());
            }
        }
        this.new_agents.clear();
        this
    }

    /// A caller begins to wait. News of a call that waits or talks already changes nothing.
    pub fn caller_waits(&mut self, arrival: Arrival, now: Timestamp) -> Vec<Order> {
        let call = arrival.call;
        if self.callers.contains_key(&call) || self.talking.contains_key(&call) {
            return Vec::new();
        }
        let line = self.queue_names.get(&arrival.queue).map(|queue| &self.lines[*queue]);
        let branch = match line {
            None => Some("nobody"),
            Some(line) if line.has_nobody_for(arrival.emergency) => Some("nobody"),
            Some(line) if line.on_the_line() >= line.config.most && !arrival.emergency => Some("full"),
            Some(_) => None,
        };
        if let Some(branch) = branch {
            return vec![Order::SendAway { call, branch }];
        }
        let mut orders = Vec::new();
        self.join_line(&arrival, now);
        self.settle(now, &mut orders);
        if self.callers.get(&call).is_some_and(|c| c.stage == Stage::Available) {
            self.tell_place(call, &mut orders);
        }
        orders
    }

    /// A caller no longer waits; one who asked to be called back (`callback`) keeps the place.
    pub fn caller_left(&mut self, call: CallId, why: LeftQueue, callback: Option<PhoneNumber>, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let Some(caller) = self.callers.get(&call).filter(|c| c.callback.is_none()) else { return orders };
        if let Stage::Offered(agent) = caller.stage {
            orders.push(Order::Withdraw { call, agent: self.agents[agent].config.agent.clone() });
            self.set_agent(agent, AgentState::Ready, now, &mut orders);
        }
        match callback.filter(|_| why == LeftQueue::Callback) {
            Some(number) => self.make_callback(call, number, now, &mut orders),
            None => self.forget(call),
        }
        self.settle(now, &mut orders);
        orders
    }

    /// The agent answered and is joined with the caller. This is a fact, whatever was thought before.
    pub fn offer_accepted(&mut self, call: CallId, agent: &AgentId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        let Ok(agent) = self.agent(agent) else { return orders };
        if self.talking.contains_key(&call) {
            return orders;
        }
        match self.agents[agent].state {
            AgentState::Ringing(other) if other != call => {
                orders.push(Order::Withdraw { call: other, agent: self.agents[agent].config.agent.clone() });
                self.back_in_line(other, &mut orders);
            }
            AgentState::CallingBack(callback) => self.set_stage(callback, Stage::Dialling(None)),
            AgentState::Talking(other) => drop(self.talking.remove(&other)),
            AgentState::Away => self.agents[agent].afterwards = Some(super::agent::Rest::Away),
            AgentState::Paused => {
                let reason = self.agents[agent].reason.take().unwrap_or_default();
                self.agents[agent].afterwards = Some(super::agent::Rest::Paused(reason));
            }
            _ => {}
        }
        if let Some(caller) = self.callers.get(&call) {
            self.agents[agent].talks_for = caller.queue;
            if let Stage::Offered(other) = caller.stage
                && other != agent
            {
                orders.push(Order::Withdraw { call, agent: self.agents[other].config.agent.clone() });
                self.set_agent(other, AgentState::Ready, now, &mut orders);
            }
        }
        self.forget(call);
        self.talking.insert(call, agent);
        self.set_agent(agent, AgentState::Talking(call), now, &mut orders);
        self.settle(now, &mut orders);
        orders
    }

    /// The agent was not reached; the caller keeps the place.
    pub fn offer_failed(&mut self, call: CallId, agent: &AgentId, why: OfferFailure, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        if let Ok(agent) = self.agent(agent)
            && self.agents[agent].state == AgentState::Ringing(call)
        {
            self.not_reached(call, agent, why, now, &mut orders);
            self.settle(now, &mut orders);
        }
        orders
    }

    /// Agent and caller were parted; the wrap-up begins.
    pub fn talk_ended(&mut self, call: CallId, agent: &AgentId, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        if let Ok(agent) = self.agent(agent)
            && matches!(self.agents[agent].state, AgentState::Talking(c) | AgentState::Ringing(c) if c == call)
        {
            self.forget(call);
            self.part(call, agent, now, &mut orders);
            self.settle(now, &mut orders);
        }
        orders
    }

    /// A call is over, in whatever way: nobody waits, rings or talks in it any more.
    pub fn call_ended(&mut self, call: CallId, now: Timestamp) -> Vec<Order> {
        match self.talking.get(&call).map(|agent| self.agents[*agent].config.agent.clone()) {
            Some(agent) => self.talk_ended(call, &agent, now),
            None => self.caller_left(call, LeftQueue::Abandoned, None, now),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        while let Some(timer) = self.timers.take_due(now) {
            self.fired(timer, now, &mut orders);
        }
        self.settle(now, &mut orders);
        orders
    }

    /// When [`Self::tick`] is due.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    fn fired(&mut self, timer: Timer, now: Timestamp, orders: &mut Vec<Order>) {
        match timer {
            Timer::Agent(agent) => match self.agents[agent].state {
                AgentState::Ringing(call) => {
                    orders.push(Order::Withdraw { call, agent: self.agents[agent].config.agent.clone() });
                    self.not_reached(call, agent, OfferFailure::Unreachable, now, orders);
                }
                AgentState::WrapUp(_) | AgentState::NotAnswering(Some(_)) => self.set_agent(agent, AgentState::Ready, now, orders),
                _ => {}
            },
            Timer::Deadline(call) => self.waited_too_long(call, orders),
            Timer::Widen(call) => self.widen(call),
            Timer::Rested(call) => self.set_stage(call, Stage::Available),
            Timer::Attempt(call) => self.attempt_over(call, now, orders),
            Timer::Tell(queue) => self.tell_places(queue, now, orders),
            Timer::Nobody(queue) => self.nobody_here(queue, orders),
        }
    }

    /// An agent was rung for a caller in vain.
    fn not_reached(&mut self, call: CallId, agent: usize, why: OfferFailure, now: Timestamp, orders: &mut Vec<Order>) {
        let back = now.checked_add(LEFT_ALONE).ok();
        let (state, reason) = match why {
            OfferFailure::Withdrawn => (AgentState::Ready, None),
            OfferFailure::Busy => (AgentState::NotAnswering(back), Some("busy")),
            OfferFailure::NoAnswer => (AgentState::NotAnswering(None), Some("no_answer")),
            OfferFailure::Declined => (AgentState::NotAnswering(None), Some("declined")),
            OfferFailure::Unreachable => (AgentState::NotAnswering(None), Some("unreachable")),
        };
        let state =
            if state == AgentState::NotAnswering(None) && self.agents[agent].config.fixed { AgentState::NotAnswering(back) } else { state };
        self.set_agent(agent, state, now, orders);
        if let AgentState::NotAnswering(Some(_)) = state {
            self.timers.arm(Timer::Agent(agent), now, LEFT_ALONE);
        }
        self.agents[agent].reason = reason.map(str::to_owned);
        if why == OfferFailure::Withdrawn && !self.is_overdue(call) {
            self.set_stage(call, Stage::Resting);
            self.timers.arm(Timer::Rested(call), now, REFUSED_REST);
        } else {
            self.back_in_line(call, orders);
        }
    }

    /// An offer came to nothing: the caller may be offered to another agent, or has waited too long by now.
    pub(super) fn back_in_line(&mut self, call: CallId, orders: &mut Vec<Order>) {
        if self.is_overdue(call) {
            self.forget(call);
            orders.push(Order::SendAway { call, branch: "timeout" });
        } else {
            self.set_stage(call, Stage::Available);
        }
    }

    fn is_overdue(&self, call: CallId) -> bool {
        self.callers.get(&call).is_some_and(|caller| caller.overdue)
    }

    fn part(&mut self, call: CallId, agent: usize, now: Timestamp, orders: &mut Vec<Order>) {
        self.talking.remove(&call);
        let talked = Duration::try_from(now.duration_since(self.agents[agent].since)).unwrap_or_default();
        let line = self.lines.get_mut(self.agents[agent].talks_for);
        let wrap_up = line.map_or(Duration::ZERO, |line| {
            line.estimate.learn(talked.saturating_add(line.config.wrap_up));
            line.config.wrap_up
        });
        match (self.agents[agent].afterwards.take(), now.checked_add(wrap_up)) {
            (Some(rest), _) => self.begin_rest(agent, rest, now, orders),
            (None, Ok(until)) if !wrap_up.is_zero() => {
                self.set_agent(agent, AgentState::WrapUp(until), now, orders);
                self.timers.arm(Timer::Agent(agent), now, wrap_up);
            }
            (None, _) => self.set_agent(agent, AgentState::Ready, now, orders),
        }
    }

    /// Puts somebody into the line; none if there is no such queue.
    pub(super) fn join_line(&mut self, arrival: &Arrival, now: Timestamp) -> Option<()> {
        let queue = *self.queue_names.get(&arrival.queue)?;
        let rank = if arrival.emergency { Rank::Emergency } else { Rank::Ordinary };
        let (call, place) = (arrival.call, (rank, arrival.since, arrival.call));
        self.lines[queue].insert(place);
        if let Some(longest) = self.lines[queue].config.longest_wait {
            self.timers.arm(Timer::Deadline(call), now, longest);
        }
        self.timers.arm(Timer::Widen(call), now, LANGUAGE_PATIENCE);
        let waiting =
            Waiting { queue, place, language: arrival.language, widened: false, overdue: false, stage: Stage::Resting, callback: None };
        self.callers.insert(call, waiting);
        self.set_stage(call, Stage::Available);
        Some(())
    }

    /// Takes somebody out of the line, with all that was pending.
    pub(super) fn forget(&mut self, call: CallId) {
        self.set_stage(call, Stage::Resting);
        let Some(caller) = self.callers.remove(&call) else { return };
        self.new_callers.remove(&caller.place);
        self.lines[caller.queue].remove(&caller.place);
        for timer in [Timer::Deadline(call), Timer::Widen(call), Timer::Rested(call), Timer::Attempt(call)] {
            self.timers.cancel(timer);
        }
    }

    fn waited_too_long(&mut self, call: CallId, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        if let Stage::Offered(_) = caller.stage {
            caller.overdue = true; // a telephone rings for this caller: let it ring to the end
        } else {
            self.forget(call);
            orders.push(Order::SendAway { call, branch: "timeout" });
        }
    }

    /// Nobody who speaks the language was free for so long: anybody will do.
    fn widen(&mut self, call: CallId) {
        let Some(stage) = self.callers.get(&call).map(|c| c.stage) else { return };
        if stage == Stage::Available {
            self.set_stage(call, Stage::Resting);
        }
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.widened = true;
        }
        if stage == Stage::Available {
            self.set_stage(call, Stage::Available);
        }
    }

    /// No agent has been here for a while: nobody is kept waiting for nobody.
    fn nobody_here(&mut self, queue: usize, orders: &mut Vec<Order>) {
        let line = &self.lines[queue];
        let hopeless = |place: &&Place| line.has_nobody_for(place.0 == Rank::Emergency) && !line.callbacks.contains(&place.2);
        let calls: Vec<CallId> = line.order.iter().filter(hopeless).map(|place| place.2).collect();
        for call in calls {
            self.forget(call);
            orders.push(Order::SendAway { call, branch: "nobody" });
        }
    }

    pub(super) fn tell_place(&self, call: CallId, orders: &mut Vec<Order>) {
        if let Some(caller) = self.callers.get(&call) {
            let line = &self.lines[caller.queue];
            let place = line.rank(&caller.place);
            orders.push(Order::Position { call, place, wait: line.wait(place) });
        }
    }

    fn tell_places(&mut self, queue: usize, now: Timestamp, orders: &mut Vec<Order>) {
        let line = &self.lines[queue];
        for (place, (_, _, call)) in (1u32..).zip(&line.order) {
            if self.callers.get(call).is_some_and(|c| c.callback.is_none() && !matches!(c.stage, Stage::Offered(_))) {
                orders.push(Order::Position { call: *call, place, wait: line.wait(place) });
            }
        }
        if let Some(every) = line.config.tell_place_every {
            self.timers.arm(Timer::Tell(queue), now, every.max(SOONEST));
        }
    }
}
