//! Bringing free agents and waiting callers together.

use super::Order;
use super::agent::AgentState;
use super::distributor::Distributor;
use super::line::{Place, Rank, Stage};
use super::timers::Timer;
use crate::call::CallId;
use jiff::Timestamp;
use std::time::Duration;

/// How long news of an offer is waited for beyond its ringing time.
const GRACE: Duration = Duration::from_secs(15);
/// How long a queue may be without an agent before its callers are sent away.
const NOBODY: Duration = Duration::from_secs(30);

impl Distributor {
    /// Matches whoever became free or available since the last time. Before an input nobody is left who fits; only those can.
    pub(super) fn settle(&mut self, now: Timestamp, orders: &mut Vec<Order>) {
        while !(self.new_agents.is_empty() && self.new_callers.is_empty()) {
            for agent in std::mem::take(&mut self.new_agents) {
                if self.agents[agent].state == AgentState::Ready
                    && let Some(place) = self.next_for(agent)
                {
                    self.offer(place.2, agent, now, orders);
                }
            }
            for place in std::mem::take(&mut self.new_callers) {
                if let Some(agent) = self.agent_for(place.2, now, orders) {
                    self.offer(place.2, agent, now, orders);
                }
            }
        }
    }

    /// The caller whom a free agent should take: the first of all whom the agent can serve.
    fn next_for(&self, agent: usize) -> Option<Place> {
        self.agents[agent].keys.iter().filter_map(|key| self.available[*key].first()).min().copied()
    }

    /// The agent who has been free longest and can serve a caller. An emergency takes one who is kept free for a callback.
    fn agent_for(&mut self, call: CallId, now: Timestamp, orders: &mut Vec<Order>) -> Option<usize> {
        let caller = self.callers.get(&call).filter(|c| c.stage == Stage::Available)?;
        let key = caller.key();
        if let Some((_, agent)) = self.free[key].first() {
            return Some(*agent);
        }
        if caller.place.0 != Rank::Emergency {
            return None;
        }
        let agent = self.kept_free.iter().copied().find(|agent| self.agents[*agent].keys.contains(&key))?;
        if let AgentState::CallingBack(callback) = self.agents[agent].state {
            self.set_stage(callback, Stage::Dialling(None));
            self.set_agent(agent, AgentState::Ready, now, orders);
        }
        Some(agent)
    }

    /// Gives a caller to an agent.
    pub(super) fn offer(&mut self, call: CallId, agent: usize, now: Timestamp, orders: &mut Vec<Order>) {
        let Some(caller) = self.callers.get(&call) else { return };
        if caller.callback.is_some() {
            return self.begin_attempt(call, agent, now, orders);
        }
        let ring_for = self.lines[caller.queue].config.ring_for;
        self.set_stage(call, Stage::Offered(agent));
        self.set_agent(agent, AgentState::Ringing(call), now, orders);
        self.timers.arm(Timer::Agent(agent), now, ring_for.saturating_add(GRACE));
        orders.push(Order::Offer { call, agent: self.agents[agent].config.agent.clone(), ring_for });
    }

    /// The only place where somebody in the line moves on; keeps the set of the available in step.
    pub(super) fn set_stage(&mut self, call: CallId, stage: Stage) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let (key, place, before) = (caller.key(), caller.place, std::mem::replace(&mut caller.stage, stage));
        if before == Stage::Available {
            self.available[key].remove(&place);
        }
        if stage == Stage::Available {
            self.available[key].insert(place);
            self.new_callers.insert(place);
        }
    }

    /// The only place where an agent's state changes; keeps the sets of the free, the kept free and the present in step.
    pub(super) fn set_agent(&mut self, agent: usize, state: AgentState, now: Timestamp, orders: &mut Vec<Order>) {
        let known = &mut self.agents[agent];
        let (before, since) = (known.state, known.since);
        if before == state {
            return;
        }
        (known.state, known.since) = (state, now);
        if !matches!(state, AgentState::Paused | AgentState::NotAnswering(_)) {
            known.reason = None;
        }
        orders.push(Order::AgentChanged(known.config.agent.clone()));
        self.timers.cancel(Timer::Agent(agent));
        for key in &known.keys {
            if before == AgentState::Ready {
                self.free[*key].remove(&(since, agent));
            }
            if state == AgentState::Ready {
                self.free[*key].insert((now, agent));
            }
        }
        if state == AgentState::Ready {
            self.new_agents.insert(agent);
        }
        if matches!(state, AgentState::CallingBack(_)) {
            self.kept_free.insert(agent)
        } else {
            self.kept_free.remove(&agent)
        };
        if before.is_at_work() != state.is_at_work() || before.is_present() != state.is_present() {
            self.came_or_went(agent, state, now);
        }
    }

    fn came_or_went(&mut self, agent: usize, state: AgentState, now: Timestamp) {
        for queue in self.agents[agent].queues.clone() {
            let line = &mut self.lines[queue];
            if state.is_at_work() {
                line.at_work.insert(agent)
            } else {
                line.at_work.remove(&agent)
            };
            if state.is_present() {
                line.present.insert(agent)
            } else {
                line.present.remove(&agent)
            };
            if !line.has_nobody_for(true) {
                self.timers.cancel(Timer::Nobody(queue));
            } else if line.present.is_empty() || !self.timers.is_armed(Timer::Nobody(queue)) {
                self.timers.arm(Timer::Nobody(queue), now, NOBODY);
            }
        }
    }
}
