//! How a call ends: everybody is let go, and what was said still reaches the door.

use super::{Call, Stage, talk_or_offer_ended};
use crate::far::{Far, Who};
use crate::record::Draft;
use crate::statement::{Phase, Wanted};
use crate::{Deed, FarEvent, Happening, Reading};
use daak_domain::Timestamp;
use daak_domain::call::{CallEvent, EndReason, LeftQueue, Party};
use daak_domain::language::Language;

impl Call {
    /// The call ends: everyone else is let go, and what was said is still seen to the door.
    pub(super) fn end(&mut self, reason: EndReason, by: Party, now: Timestamp, deeds: &mut Vec<Deed>) {
        let reason = if self.stage == Stage::Ringing && reason == EndReason::CallerHungUp { EndReason::CallerCancelled } else { reason };
        if by == Party::Caller {
            self.leave_queue(LeftQueue::Abandoned, now, deeds);
        } else {
            self.leave_queue(LeftQueue::WentOn, now, deeds);
        }
        if let Some(far) = self.far.take() {
            self.let_go(far, by, now, deeds);
        }
        if let Some(asked) = self.consult.take() {
            deeds.push(Deed::HangUpFar(asked.id));
        }
        self.dismiss(now, deeds);
        self.stage = Stage::Closing(reason);
        if self.spoken.phase == Phase::Recording {
            deeds.push(Deed::EndStatement { keep: true });
        }
        if self.spoken.is_at_risk() && self.spoken.wanted.is_none() {
            self.spoken.wanted = Some(Wanted { declared_emergency: self.spoken.emergency, about: self.facts.about });
        }
        deeds.push(Deed::HangUp);
        self.hand_in(now, deeds);
    }

    pub(super) fn let_go(&mut self, far: Far, by: Party, now: Timestamp, deeds: &mut Vec<Deed>) {
        deeds.push(Deed::HangUpFar(far.id));
        let Who::Agent(agent) = far.who else { return };
        deeds.push(Deed::Tell(talk_or_offer_ended(agent, far.joined, by, now)));
    }

    pub(super) fn while_closing(&mut self, happening: Happening, reason: EndReason, now: Timestamp, deeds: &mut Vec<Deed>) {
        match happening {
            Happening::StatementEnded { heard_speech, .. } => {
                self.spoken.phase = if heard_speech { Phase::Kept } else { Phase::None };
                self.hand_in(now, deeds);
            }
            Happening::StatementStored(Ok(sound)) => {
                self.spoken.sound = Some(sound);
                self.hand_in(now, deeds);
            }
            Happening::StatementStored(Err(_)) => self.spoken.phase = Phase::None,
            Happening::Recognised(Reading::Made(statement)) => self.spoken.reading = Some(statement),
            Happening::TakenIn(answer) => {
                self.spoken.answered(Phase::Done);
                if let Ok(receipt) = answer {
                    self.draft.touch(receipt.number);
                }
            }
            Happening::RecordingStored(recording) => {
                self.recording_call = false;
                self.draft.recording = recording;
            }
            Happening::StreamClosed(quality) => self.stream_closed(quality),
            Happening::Far(id, FarEvent::Answered) => deeds.push(Deed::HangUpFar(id)),
            _ => {}
        }
        self.finish_if_done(reason, now, deeds);
    }

    pub(super) fn finish_if_done(&mut self, reason: EndReason, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.spoken.is_at_risk() || self.recording_call || !self.stream_closed {
            return;
        }
        self.stage = Stage::Over;
        let path = self.session.as_ref().map(|s| s.path().to_vec()).unwrap_or_default();
        let draft = std::mem::replace(&mut self.draft, Draft::new(Language::default()));
        let record = draft.finish(&self.facts, reason, now, path);
        deeds.push(Deed::Tell(CallEvent::Ended { record: Box::new(record) }));
        deeds.push(Deed::Finish);
    }
}
