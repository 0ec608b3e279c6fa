//! Agents come, pause and go.

use super::Order;
use super::agent::{AgentState, Rest};
use super::distributor::Distributor;
use super::line::Stage;
use crate::call::AgentId;
use jiff::Timestamp;

/// There is no such agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no agent: add one to [[agents]] in the configuration")]
pub struct UnknownAgent(pub AgentId);

impl Distributor {
    /// An agent is ready for calls: signed in, back from a pause, or done with the wrap-up. One who is busy stays
    /// busy, and is ready afterwards.
    ///
    /// # Errors
    /// [`UnknownAgent`].
    pub fn agent_ready(&mut self, agent: &AgentId, now: Timestamp) -> Result<Vec<Order>, UnknownAgent> {
        let mut orders = Vec::new();
        let agent = self.agent(agent)?;
        self.agents[agent].afterwards = None;
        if self.agents[agent].state.call().is_none() {
            self.set_agent(agent, AgentState::Ready, now, &mut orders);
            self.settle(now, &mut orders);
        }
        Ok(orders)
    }

    /// An agent takes no more calls; one who talks goes when the talk is over.
    ///
    /// # Errors
    /// [`UnknownAgent`].
    pub fn agent_away(&mut self, agent: &AgentId, now: Timestamp) -> Result<Vec<Order>, UnknownAgent> {
        let agent = self.agent(agent)?;
        Ok(self.rest(agent, Rest::Away, now))
    }

    /// An agent takes no calls for a while; one who talks pauses when the talk is over. The reason is shown to supervisors.
    ///
    /// # Errors
    /// [`UnknownAgent`].
    pub fn agent_paused(&mut self, agent: &AgentId, reason: &str, now: Timestamp) -> Result<Vec<Order>, UnknownAgent> {
        let agent = self.agent(agent)?;
        Ok(self.rest(agent, Rest::Paused(reason.chars().take(80).collect()), now))
    }

    pub(super) fn agent(&self, agent: &AgentId) -> Result<usize, UnknownAgent> {
        self.agent_names.get(agent).copied().ok_or_else(|| UnknownAgent(agent.clone()))
    }

    fn rest(&mut self, agent: usize, rest: Rest, now: Timestamp) -> Vec<Order> {
        let mut orders = Vec::new();
        match self.agents[agent].state {
            AgentState::Talking(_) => {
                self.agents[agent].afterwards = Some(rest);
                return orders;
            }
            AgentState::Ringing(call) => {
                orders.push(Order::Withdraw { call, agent: self.agents[agent].config.agent.clone() });
                self.back_in_line(call, &mut orders);
            }
            AgentState::CallingBack(callback) => self.set_stage(callback, Stage::Dialling(None)),
            _ => {}
        }
        self.begin_rest(agent, rest, now, &mut orders);
        self.settle(now, &mut orders);
        orders
    }

    pub(super) fn begin_rest(&mut self, agent: usize, rest: Rest, now: Timestamp, orders: &mut Vec<Order>) {
        match rest {
            Rest::Away => self.set_agent(agent, AgentState::Away, now, orders),
            Rest::Paused(reason) => {
                self.set_agent(agent, AgentState::Paused, now, orders);
                if self.agents[agent].reason.as_ref().is_some_and(|before| *before != reason) {
                    orders.push(Order::AgentChanged(self.agents[agent].config.agent.clone()));
                }
                self.agents[agent].reason = Some(reason);
            }
        }
    }
}
