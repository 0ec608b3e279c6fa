//! More than two on the line: a talk of three, and a supervisor who attends.
//!
//! Caller and agent are joined, and so are agent and whoever is asked: that is enough for two. Where more than two are on the
//! line, who hears whom is derived from who is there, after everything that happens, and only what changed is ordered.

use super::Call;
use super::desk::AGENT_RINGS;
use crate::far::{Far, Who};
use crate::{Deed, End, FarEvent, FarTarget};
use daak_domain::Timestamp;
use daak_domain::call::{AgentDevice, AgentId, Attending, CallEvent, Consulted, Party};
use daak_domain::softphone::Story;
use std::collections::{BTreeMap, BTreeSet};

/// Who hears several, and whom.
pub(super) type Hearing = BTreeMap<End, BTreeSet<End>>;

/// A supervisor who attends a talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attendant {
    pub(super) far: Far,
    who: AgentId,
    how: Attending,
    /// The agent whose talk it is.
    of: AgentId,
}

impl Call {
    /// Rings a supervisor who wants to attend; one who attends already does so in that way from now on.
    pub(super) fn attend(&mut self, supervisor: AgentId, at: AgentDevice, how: Attending, now: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(attendant) = self.attendant.as_mut().filter(|attendant| attendant.who == supervisor) {
            attendant.how = how;
            if attendant.far.joined {
                deeds.push(Deed::Tell(CallEvent::Attended { supervisor, how: Some(how), at: now }));
            }
            return;
        }
        let agent = self.speaks_with().filter(|agent| **agent != supervisor && self.attendant.is_none()).cloned();
        let Some(of) = agent else { return deeds.push(Deed::Tell(CallEvent::Attended { supervisor, how: None, at: now })) };
        let story = Story { attends: Some(how), ..self.story(Some(of.clone())) };
        let far = self.dial_far(Who::Supervisor(supervisor.clone()), FarTarget::Agent(at), AGENT_RINGS, story, deeds);
        self.attendant = Some(Attendant { far, who: supervisor, how, of });
    }

    pub(super) fn attendant_event(&mut self, event: FarEvent, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(attendant) = &mut self.attendant else { return };
        match event {
            FarEvent::Answered => {
                attendant.far.joined = true;
                let (supervisor, how) = (attendant.who.clone(), attendant.how);
                if !self.draft.attended.contains(&supervisor) {
                    self.draft.attended.push(supervisor.clone());
                }
                deeds.push(Deed::Tell(CallEvent::Attended { supervisor, how: Some(how), at: now }));
            }
            FarEvent::Failed(_) | FarEvent::HungUp | FarEvent::Vanished => {
                let supervisor = attendant.who.clone();
                self.attendant = None;
                deeds.push(Deed::Tell(CallEvent::Attended { supervisor, how: None, at: now }));
            }
            FarEvent::Ringing | FarEvent::Lost | FarEvent::Back => {}
        }
    }

    /// The supervisor takes the agent's place.
    pub(super) fn take_over(&mut self, supervisor: &AgentId, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.speaks_with().is_none() {
            return;
        }
        let Some(attendant) = self.attendant.take_if(|attendant| attendant.far.joined && attendant.who == *supervisor) else { return };
        if let Some(asked) = self.consult.take() {
            deeds.push(Deed::HangUpFar(asked.id));
        }
        let was_held = std::mem::take(&mut self.held);
        (self.lost, self.meeting) = (false, false);
        if let Some(far) = self.far.take() {
            self.let_go(far, Party::Helpline, now, deeds);
        }
        let (id, agent) = (attendant.far.id, attendant.who);
        self.far = Some(Far { id, who: Who::Agent(agent.clone()), joined: true });
        self.draft.agent = Some(agent.clone());
        deeds.push(Deed::StopPlaying);
        deeds.push(Deed::Join(id));
        deeds.push(Deed::Tell(CallEvent::Attended { supervisor: agent.clone(), how: None, at: now }));
        deeds.push(Deed::Tell(CallEvent::OfferAccepted { agent: agent.clone(), at: now }));
        if was_held {
            deeds.push(Deed::Tell(CallEvent::Held { agent, on: false, at: now }));
        }
    }

    /// Brings the caller to agent and whoever was asked.
    pub(super) fn meet(&mut self, agent: AgentId, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.meeting || self.lost || !self.consult.as_ref().is_some_and(|asked| asked.joined) {
            return;
        }
        self.meeting = true;
        if std::mem::take(&mut self.held) {
            deeds.push(Deed::StopPlaying);
            deeds.push(Deed::Tell(CallEvent::Held { agent: agent.clone(), on: false, at: now }));
        }
        deeds.push(Deed::Tell(CallEvent::Consulted { agent, state: Consulted::Together, at: now }));
    }

    /// One of three is gone: caller and agent are joined again. Whether there was a talk of three.
    pub(super) fn part_meeting(&mut self, deeds: &mut Vec<Deed>) -> bool {
        if !std::mem::take(&mut self.meeting) {
            return false;
        }
        if let Some(far) = self.far.as_ref().filter(|far| far.joined && !self.lost) {
            deeds.push(Deed::Join(far.id));
        }
        true
    }

    pub(super) fn pause_recording(&mut self, agent: AgentId, on: bool, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.recording_call && std::mem::replace(&mut self.unrecorded, on) != on {
            deeds.push(Deed::PauseRecording(on));
            deeds.push(Deed::Tell(CallEvent::RecordingPaused { agent, on, at: now }));
        }
    }

    /// Sends the supervisor away.
    pub(super) fn dismiss(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(attendant) = self.attendant.take() {
            deeds.push(Deed::HangUpFar(attendant.far.id));
            deeds.push(Deed::Tell(CallEvent::Attended { supervisor: attendant.who, how: None, at: now }));
        }
    }

    /// After everything that happened: whoever attended a talk that is over leaves, a pause of the recording ends with the
    /// agent who wanted it, and everyone hears whom they should.
    pub(super) fn settle_hearing(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        let speaks = self.speaks_with().cloned();
        if self.attendant.as_ref().is_some_and(|attendant| speaks.as_ref() != Some(&attendant.of)) {
            self.dismiss(now, deeds);
        }
        if speaks.is_none() && std::mem::take(&mut self.unrecorded) {
            deeds.push(Deed::PauseRecording(false));
        }
        let wanted = self.who_hears_several();
        let there: BTreeSet<End> = self.on_the_line().collect();
        let over = self.hearing.keys().filter(|end| !wanted.contains_key(end) && there.contains(end)).map(|end| (*end, Vec::new()));
        let changed = wanted.iter().filter(|(end, others)| self.hearing.get(end) != Some(others));
        let changed = changed.map(|(end, others)| (*end, others.iter().copied().collect()));
        deeds.extend(over.chain(changed).map(|(end, others)| Deed::Hear { end, others }));
        self.hearing = wanted;
    }

    /// The agent who speaks with the caller, or could as soon as the caller is back from hold.
    fn speaks_with(&self) -> Option<&AgentId> {
        match &self.far {
            Some(Far { who: Who::Agent(agent), joined: true, .. }) => Some(agent),
            _ => None,
        }
    }

    fn on_the_line(&self) -> impl Iterator<Item = End> {
        let fars = [self.far.as_ref(), self.consult.as_ref(), self.attendant.as_ref().map(|attendant| &attendant.far)];
        std::iter::once(End::Caller).chain(fars.into_iter().flatten().filter(|far| far.joined).map(|far| End::Far(far.id)))
    }

    /// Who hears more, or other, ends than the one they are joined with.
    fn who_hears_several(&self) -> Hearing {
        let mut hearing = Hearing::new();
        let Some(far) = self.far.as_ref().filter(|far| far.joined) else { return hearing };
        let asked = self.consult.as_ref().filter(|asked| asked.joined);
        let agent = (!self.lost).then_some(End::Far(far.id));
        let caller = (!self.held).then_some(End::Caller);
        let speak: BTreeSet<End> = agent.into_iter().chain(caller).chain(asked.map(|asked| End::Far(asked.id))).collect();
        let attendant = self.attendant.as_ref().filter(|attendant| attendant.far.joined);
        for end in &speak {
            let mut others: BTreeSet<End> = speak.iter().filter(|other| *other != end).copied().collect();
            let told = attendant.filter(|attendant| match attendant.how {
                Attending::Listen => false,
                Attending::Whisper => Some(*end) == agent,
                Attending::Barge => true,
            });
            others.extend(told.map(|attendant| End::Far(attendant.far.id)));
            if speak.len() > 2 || told.is_some() {
                hearing.insert(*end, others);
            }
        }
        if let Some(attendant) = attendant {
            hearing.insert(End::Far(attendant.far.id), speak);
        }
        hearing
    }
}
