//! The floor at a glance: counted, never kept.

use super::agent::{Agent, AgentSnapshot, AgentState};
use super::distributor::Distributor;
use super::line::{Line, QueueSnapshot};
use crate::call::AgentId;

impl Distributor {
    /// The queues, counted.
    pub fn queues(&self) -> Vec<QueueSnapshot> {
        self.lines.iter().map(|line| self.count(line)).collect()
    }

    /// The agents, by name.
    pub fn agents(&self) -> Vec<AgentSnapshot> {
        let mut agents: Vec<_> = self.agents.iter().map(Agent::snapshot).collect();
        agents.sort_by(|a, b| a.agent.cmp(&b.agent));
        agents
    }

    /// What an agent does.
    pub fn state(&self, agent: &AgentId) -> Option<AgentState> {
        self.agent_names.get(agent).map(|agent| self.agents[*agent].state)
    }

    fn count(&self, line: &Line) -> QueueSnapshot {
        let agents = |wanted: fn(AgentState) -> bool| line.at_work.iter().filter(|agent| wanted(self.agents[**agent].state)).count();
        let on_the_line = line.order.iter().filter(|place| !line.callbacks.contains(&place.2));
        QueueSnapshot {
            name: line.config.name.clone(),
            waiting: line.on_the_line(),
            callbacks: line.callbacks.len(),
            longest_since: on_the_line.map(|(_, since, _)| *since).min(),
            ready: agents(|state| state == AgentState::Ready),
            talking: agents(|state| matches!(state, AgentState::Talking(_))),
            at_work: line.at_work.len(),
            expected_wait: line.wait(u32::try_from(line.order.len()).unwrap_or(u32::MAX).saturating_add(1)),
        }
    }
}
