//! The floor as the API shows it.

use super::Floor;
use super::handle::AgentWish;
use crate::api::people::floor::{AgentView, Attendance, CallView, Floor as Shown, Presence, QueueView};
use daak_domain::call::AgentId;
use daak_domain::queue::AgentState;

impl Shown for Floor {
    fn queues(&self) -> Vec<QueueView> {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let view = |q: &daak_domain::queue::QueueSnapshot| QueueView {
            name: q.name.clone(),
            waiting: small(q.waiting),
            callbacks: small(q.callbacks),
            expected_wait_s: q.expected_wait.map(|wait| wait.as_secs_f64()),
            longest_since: q.longest_since,
            ready: small(q.ready),
            talking: small(q.talking),
        };
        self.board().distributor.queues().iter().map(view).collect()
    }

    fn agents(&self) -> Vec<AgentView> {
        let view = |a: &daak_domain::queue::AgentSnapshot| AgentView {
            name: a.agent.0.clone(),
            state: a.state.name().to_owned(),
            reason: a.reason.clone(),
            since: Some(a.since),
            until: match a.state {
                AgentState::WrapUp(until) => Some(until),
                AgentState::NotAnswering(until) => until,
                _ => None,
            },
            queues: a.queues.iter().cloned().collect(),
        };
        self.board().distributor.agents().iter().map(view).collect()
    }

    fn calls(&self) -> Vec<CallView> {
        let board = self.board();
        let mut calls: Vec<_> = board.calls.iter().collect();
        calls.sort_by_key(|(call, _)| **call);
        let view = |(call, line): (&daak_domain::call::CallId, &super::board::Line)| CallView {
            call: call.to_string(),
            caller: line.caller.as_ref().map(|c| c.as_str().to_owned()),
            called: line.called.clone(),
            direction: if line.direction == daak_domain::call::Direction::Inbound { "inbound" } else { "outbound" }.to_owned(),
            stage: Some(line.stage.to_owned()),
            agent: line.agent.as_ref().map(|a| a.0.clone()),
            started_at: line.started_at,
            answered_at: None,
            ended_at: None,
            reason: None,
            waited_s: None,
            tickets: Vec::new(),
            mos: None,
            disposition: None,
            attended_by: line.attended.as_ref().map(|(who, _)| who.0.clone()).into_iter().collect(),
            attended_how: line.attended.as_ref().map(|(_, how)| (*how).into()),
        };
        calls.into_iter().map(view).collect()
    }

    fn desk(&self, agent: &str, call: daak_domain::call::CallId, act: daak_domain::call::DeskAct) -> Result<(), String> {
        Floor::desk(self, &AgentId(agent.to_owned()), call, act)
    }

    fn attend(&self, supervisor: &str, call: daak_domain::call::CallId, how: Attendance) -> Result<(), String> {
        Floor::attend(self, &AgentId(supervisor.to_owned()), call, how.into())
    }

    fn spoke(&self, agent: &str, call: daak_domain::call::CallId) -> bool {
        self.board().spoke(&AgentId(agent.to_owned()), call)
    }

    fn set_presence(&self, agent: &str, presence: Presence, reason: Option<&str>) -> Result<(), String> {
        let wish = match presence {
            Presence::Ready => AgentWish::Ready,
            Presence::Paused => AgentWish::Paused(reason.unwrap_or_default().trim().to_owned()),
            Presence::Away => AgentWish::Away,
        };
        self.agent_wishes(&AgentId(agent.to_owned()), wish)
    }
}
