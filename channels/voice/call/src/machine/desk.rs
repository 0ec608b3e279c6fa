//! What the agent in a talk does with the caller: hold, keys, giving on; and what becomes of a caller whose agent is gone.

use super::{Call, PARTY_RINGS, Queued, Waiting};
use crate::far::{Far, Who, party};
use crate::{Deed, FarEvent, FarId, FarTarget};
use daak_domain::Timestamp;
use daak_domain::call::{AgentId, Beyond, CallEvent, Consulted, DeskAct, EndReason, Party};
use daak_domain::contact::Statement;
use daak_domain::softphone::Story;
use std::time::Duration;
use voice_ivr::{Piece, PlayId};

/// Names what the call itself plays; flows count from below.
const OURS: PlayId = PlayId(u64::MAX);
/// How long an agent's telephone rings for a caller who is given on.
pub(super) const AGENT_RINGS: Duration = Duration::from_secs(25);
/// What a caller hears while the agent's line is broken: a short tone every two seconds, for longer than the agent may take to come back.
const TONE: [Piece; 2] = [Piece::Tone { hz: 425, ms: 300 }, Piece::Silence(1_700)];
const TONES: usize = 15;

impl Call {
    /// Does what the agent wants, if it is the one who speaks with the caller.
    pub(super) fn desk(&mut self, agent: &AgentId, act: DeskAct, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(Far { id, who: Who::Agent(speaks), joined: true }) = self.far.clone() else { return };
        if speaks != *agent {
            return;
        }
        match act {
            DeskAct::Hold if self.meeting => {}
            DeskAct::Hold => self.hold(id, speaks, true, now, deeds),
            DeskAct::Resume if self.consult.is_none() => self.hold(id, speaks, false, now, deeds),
            DeskAct::Resume => {}
            DeskAct::Press { key } if !self.held && key_of_a_keypad(key) => deeds.push(Deed::Press(key)),
            DeskAct::Press { .. } => {}
            DeskAct::Transfer { to } => self.transfer(id, speaks, to, now, deeds),
            DeskAct::Consult { to } => self.ask(id, speaks, to, now, deeds),
            DeskAct::Meet => self.meet(speaks, now, deeds),
            DeskAct::PauseRecording => self.pause_recording(speaks, true, now, deeds),
            DeskAct::ResumeRecording => self.pause_recording(speaks, false, now, deeds),
            DeskAct::Complete if self.consult.is_some() => {
                deeds.push(Deed::HangUpFar(id));
                self.far = None;
                self.hand_over(speaks, now, deeds);
            }
            DeskAct::Cancel => {
                if let Some(asked) = self.consult.take() {
                    deeds.push(Deed::HangUpFar(asked.id));
                    self.tell_consulted(Consulted::Over, now, deeds);
                    if !self.part_meeting(deeds) {
                        self.hold(id, speaks, false, now, deeds);
                    }
                }
            }
            DeskAct::Complete => {}
        }
    }

    fn hold(&mut self, id: FarId, agent: AgentId, on: bool, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.held == on {
            return;
        }
        self.held = on;
        if on {
            deeds.push(Deed::Part);
            self.music(deeds);
        } else if !self.lost {
            deeds.push(Deed::StopPlaying);
            deeds.push(Deed::Join(id));
        }
        deeds.push(Deed::Tell(CallEvent::Held { agent, on, at: now }));
    }

    fn music(&self, deeds: &mut Vec<Deed>) {
        deeds.push(Deed::Play { id: OURS, pieces: vec![Piece::Music], language: self.draft.language });
    }

    /// Gives the caller on, and lets the agent go at once.
    fn transfer(&mut self, id: FarId, agent: AgentId, to: Beyond, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(to) = Goal::of(to) else { return };
        if let Some(asked) = self.consult.take() {
            deeds.push(Deed::HangUpFar(asked.id));
        }
        self.far = None;
        (self.held, self.lost, self.meeting) = (false, false, false);
        deeds.push(Deed::Part);
        deeds.push(Deed::HangUpFar(id));
        self.music(deeds);
        deeds.push(Deed::Tell(CallEvent::TalkEnded { agent: agent.clone(), by: Party::Agent, at: now }));
        match to {
            Goal::Queue(queue) => {
                let before = self.queued.take();
                let since = before.as_ref().map_or(self.facts.started_at, |q| q.since);
                self.queued = Some(Queued { queue, emergency: before.is_some_and(|q| q.emergency), since });
                self.back_to_line(now, deeds);
            }
            Goal::Far(who, target, ring_for) => self.far = Some(self.dial_far(who, target, ring_for, self.story(Some(agent)), deeds)),
        }
    }

    /// Rings somebody whom the agent wants to ask first.
    fn ask(&mut self, id: FarId, agent: AgentId, to: Beyond, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(Goal::Far(who, target, ring_for)) = Goal::of(to).filter(|_| self.consult.is_none()) else { return };
        self.hold(id, agent.clone(), true, now, deeds);
        self.consult = Some(self.dial_far(who, target, ring_for, self.story(Some(agent)), deeds));
        self.tell_consulted(Consulted::Ringing, now, deeds);
    }

    pub(super) fn consult_event(&mut self, event: FarEvent, now: Timestamp, deeds: &mut Vec<Deed>) {
        match event {
            FarEvent::Answered => {
                let far = self.far.as_ref().map(|far| far.id);
                if let (Some(asked), Some(far)) = (self.consult.as_mut(), far) {
                    asked.joined = true;
                    deeds.push(Deed::JoinFars(far, asked.id));
                    self.tell_consulted(Consulted::Answered, now, deeds);
                }
            }
            FarEvent::Failed(_) => {
                self.consult = None;
                self.tell_consulted(Consulted::NotReached, now, deeds);
            }
            FarEvent::HungUp | FarEvent::Vanished => {
                self.consult = None;
                self.tell_consulted(Consulted::Over, now, deeds);
                self.part_meeting(deeds);
            }
            FarEvent::Ringing | FarEvent::Lost | FarEvent::Back => {}
        }
    }

    fn tell_consulted(&self, state: Consulted, at: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(Far { who: Who::Agent(agent), .. }) = &self.far {
            deeds.push(Deed::Tell(CallEvent::Consulted { agent: agent.clone(), state, at }));
        }
    }

    /// The agent has left; whoever was asked gets the caller.
    pub(super) fn hand_over(&mut self, agent: AgentId, now: Timestamp, deeds: &mut Vec<Deed>) {
        (self.held, self.lost, self.meeting) = (false, false, false);
        deeds.push(Deed::Tell(CallEvent::TalkEnded { agent, by: Party::Agent, at: now }));
        self.far = self.consult.take();
        let Some(far) = self.far.clone().filter(|far| far.joined) else { return }; // still rings: the caller hears music until then
        deeds.push(Deed::StopPlaying);
        deeds.push(Deed::Join(far.id));
        if let Who::Agent(agent) = far.who {
            self.draft.agent = Some(agent.clone());
            deeds.push(Deed::Tell(CallEvent::OfferAccepted { agent, at: now }));
        }
    }

    /// The agent's line broke. The caller hears that it is not the end.
    pub(super) fn far_lost(&mut self, id: FarId, deeds: &mut Vec<Deed>) {
        if self.far.as_ref().is_some_and(|far| far.id == id && far.joined) && !std::mem::replace(&mut self.lost, true) && !self.held {
            deeds.push(Deed::Part);
            let pieces = std::iter::repeat_n(TONE, TONES).flatten().collect();
            deeds.push(Deed::Play { id: OURS, pieces, language: self.draft.language });
        }
    }

    pub(super) fn far_back(&mut self, id: FarId, deeds: &mut Vec<Deed>) {
        if !std::mem::take(&mut self.lost) {
            return;
        }
        match &self.consult {
            Some(asked) if asked.joined && !self.meeting => deeds.push(Deed::JoinFars(id, asked.id)),
            _ if self.held => {}
            _ => {
                deeds.push(Deed::StopPlaying);
                deeds.push(Deed::Join(id));
            }
        }
    }

    /// The agent's line broke and did not come back: the caller goes back to the place in the line.
    pub(super) fn far_vanished(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(far) = self.far.take() else { return };
        deeds.push(Deed::Part);
        let Who::Agent(agent) = far.who else { return self.end(EndReason::Transferred, Party::Agent, now, deeds) };
        if self.consult.is_some() {
            return self.hand_over(agent, now, deeds);
        }
        (self.held, self.lost) = (false, false);
        deeds.push(Deed::Tell(CallEvent::TalkEnded { agent, by: Party::Helpline, at: now }));
        self.music(deeds);
        self.back_to_line(now, deeds);
    }

    /// A caller who was given on and reached nobody stands in line again.
    pub(super) fn back_to_line_if_alone(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.waiting.is_none() && self.far.is_none() {
            self.back_to_line(now, deeds);
        }
    }

    /// The caller waits again, at the place by the first arrival. One who never stood in a line is let go.
    fn back_to_line(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        let Some(Queued { queue, emergency, since }) = self.queued.clone() else {
            return self.end(EndReason::AgentHungUp, Party::Agent, now, deeds);
        };
        self.waiting = Some(Waiting { since: now });
        deeds.push(Deed::Tell(CallEvent::Waiting { queue, language: self.draft.language, emergency, since }));
    }

    /// Orders a far leg to be dialled.
    pub(super) fn dial_far(&mut self, who: Who, target: FarTarget, ring_for: Duration, story: Story, deeds: &mut Vec<Deed>) -> Far {
        let id = FarId(self.next_far);
        self.next_far += 1;
        deeds.push(Deed::DialFar { far: id, target, ring_for, story: Box::new(story) });
        Far { id, who, joined: false }
    }

    pub(super) fn story(&self, from: Option<AgentId>) -> Story {
        let (heard, heard_surely) = match &self.spoken.reading {
            Some(Statement::Written { text } | Statement::Transcribed { text, .. }) => (Some(text.clone()), true),
            Some(Statement::VoiceOnly { hint } | Statement::ImageOnly { draft: hint }) => (hint.clone(), false),
            None => (None, false),
        };
        Story {
            call: self.facts.call,
            caller: self.facts.caller.clone(),
            called: self.facts.called.clone(),
            language: self.draft.language,
            queue: self.queued.as_ref().map(|q| q.queue.clone()),
            emergency: self.queued.as_ref().is_some_and(|q| q.emergency),
            waits_since: self.queued.as_ref().map(|q| q.since),
            heard,
            heard_surely,
            tickets: self.draft.tickets.clone(),
            from,
            attends: None,
        }
    }
}

/// Where a caller is given.
enum Goal {
    Queue(String),
    Far(Who, FarTarget, Duration),
}

impl Goal {
    /// `None` for an agent whose telephone nobody knows, or a number that is none.
    fn of(to: Beyond) -> Option<Self> {
        Some(match to {
            Beyond::Queue { name } => Goal::Queue(name),
            Beyond::Agent { agent, at } => Goal::Far(Who::Agent(agent), FarTarget::Agent(at?), AGENT_RINGS),
            Beyond::Number { number } => {
                let digits = number.strip_prefix('+').unwrap_or(&number);
                let dialable = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                Goal::Far(Who::Beyond, dialable.then(|| party(&number))?, PARTY_RINGS)
            }
        })
    }
}

fn key_of_a_keypad(key: char) -> bool {
    key.is_ascii_digit() || key == '*' || key == '#'
}
