//! The machine of one call.

mod desk;
mod ending;
mod hearing;
mod statement;

use crate::far::{Far, Who, party};
use crate::record::Draft;
use crate::statement::{Phase, Spoken, Wanted};
use crate::{Deed, Facts, FarEvent, FarId, FarTarget, Happening};
use daak_domain::Timestamp;
use daak_domain::call::{AgentId, CallCommand, CallEvent, EndReason, LeftQueue, OfferFailure, Party};
use daak_domain::language::Language;
use hearing::{Attendant, Hearing};
use std::sync::Arc;
use std::time::Duration;
use voice_ivr::{Act, CallFacts, Flows, Input, QueueOutcome, Session};

/// How long another party's telephone rings.
const PARTY_RINGS: Duration = Duration::from_secs(40);

/// One call, from its first INVITE to its record.
pub struct Call {
    facts: Facts,
    flows: Arc<Flows>,
    session: Option<Session>,
    stage: Stage,
    draft: Draft,
    spoken: Spoken,
    waiting: Option<Waiting>,
    far: Option<Far>,
    /// Whom the agent asks while the caller is on hold.
    consult: Option<Far>,
    /// Caller, agent and whoever was asked hear each other.
    meeting: bool,
    /// The supervisor who attends.
    attendant: Option<Attendant>,
    /// Who was told to hear several.
    hearing: Hearing,
    /// The agent had the recording paused.
    unrecorded: bool,
    /// The agent put the caller on hold.
    held: bool,
    /// The agent's line broke a moment ago.
    lost: bool,
    /// The line in which the caller stood last.
    queued: Option<Queued>,
    next_far: u32,
    recording_call: bool,
    stream_closed: bool,
    messages: u32,
    answers: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not answered yet.
    Ringing,
    /// The flow runs, or the caller speaks with somebody.
    Up,
    /// The caller's leg is gone; what was said is still being stored.
    Closing(EndReason),
    /// Over.
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    since: Timestamp,
}

/// A line, and a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Queued {
    queue: String,
    emergency: bool,
    since: Timestamp,
}

impl Call {
    /// A call that is not answered yet, and what to tell the floor of it.
    pub fn new(facts: Facts, flows: Arc<Flows>) -> (Self, Vec<Deed>) {
        let arrived = Deed::Tell(CallEvent::Arrived {
            direction: facts.direction,
            caller: facts.caller.clone(),
            called: facts.called.clone(),
            at: facts.started_at,
        });
        let draft = Draft::new(facts.language.unwrap_or_default());
        let call = Self {
            facts,
            flows,
            session: None,
            stage: Stage::Ringing,
            draft,
            spoken: Spoken::default(),
            waiting: None,
            far: None,
            consult: None,
            meeting: false,
            attendant: None,
            hearing: Hearing::new(),
            unrecorded: false,
            held: false,
            lost: false,
            queued: None,
            next_far: 1,
            recording_call: false,
            stream_closed: false,
            messages: 0,
            answers: 0,
        };
        (call, vec![arrived])
    }

    /// What is known of the call.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The language spoken with the caller now.
    pub fn language(&self) -> Language {
        self.draft.language
    }

    /// Takes what happened at `now` and answers what to do, in order.
    pub fn on(&mut self, happening: Happening, now: Timestamp) -> Vec<Deed> {
        let mut deeds = Vec::new();
        match self.stage {
            Stage::Over => {}
            Stage::Closing(reason) => self.while_closing(happening, reason, now, &mut deeds),
            Stage::Ringing | Stage::Up => {
                self.while_up(happening, now, &mut deeds);
                self.settle_hearing(now, &mut deeds);
            }
        }
        deeds
    }

    fn while_up(&mut self, happening: Happening, now: Timestamp, deeds: &mut Vec<Deed>) {
        match happening {
            Happening::Ready => self.begin(now, deeds),
            Happening::CallerEnded(reason) => self.end(reason, Party::Caller, now, deeds),
            Happening::MediaStopped => self.end(EndReason::MediaTimeout, Party::Caller, now, deeds),
            Happening::Digit(digit) => self.tell_flow(Input::Digit(digit), now, deeds),
            Happening::Played(id) => self.tell_flow(Input::Played(id), now, deeds),
            Happening::SpeechBegan => self.tell_flow(Input::SpeechBegan, now, deeds),
            Happening::SpeechEnded => self.tell_flow(Input::SpeechEnded, now, deeds),
            Happening::Timer(id) => self.tell_flow(Input::Timer(id), now, deeds),
            Happening::StatementEnded { ms, heard_speech } => {
                self.spoken.phase = if heard_speech { Phase::Kept } else { Phase::None };
                self.tell_flow(Input::RecordingEnded { ms, heard_speech }, now, deeds);
            }
            Happening::StatementStored(stored) => self.statement_stored(stored, now, deeds),
            Happening::Recognised(reading) => self.recognised(reading, now, deeds),
            Happening::TakenIn(answer) => self.taken_in(answer, now, deeds),
            Happening::LookedUp(answer) => {
                if let Ok(Some(standing)) = &answer {
                    self.draft.touch(standing.number);
                }
                self.tell_flow(Input::LookedUp(answer), now, deeds);
            }
            Happening::Hours(hours) => self.tell_flow(Input::Hours(hours), now, deeds),
            Happening::Command(command) => self.obey(command, now, deeds),
            Happening::Far(id, event) => self.far_event(id, event, now, deeds),
            Happening::RecordingStored(recording) => {
                self.recording_call = false;
                self.draft.recording = recording.or(self.draft.recording.take());
            }
            Happening::StreamClosed(quality) => self.stream_closed(quality),
        }
    }

    fn begin(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.stage != Stage::Ringing {
            return;
        }
        self.stage = Stage::Up;
        self.draft.answered_at = Some(now);
        deeds.push(Deed::Answer);
        let facts = CallFacts {
            caller: self.facts.caller.clone(),
            called: self.facts.called.clone(),
            language: self.facts.language.unwrap_or_default(),
            language_known: self.facts.language.is_some(),
            about: self.facts.about,
            now,
        };
        let (session, acts) = Session::start(&self.flows, &self.facts.flow, facts);
        self.session = Some(session);
        self.do_acts(acts, now, deeds);
    }

    fn tell_flow(&mut self, input: Input, now: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(session) = &mut self.session {
            let acts = session.on(input, now);
            self.do_acts(acts, now, deeds);
        }
    }

    fn do_acts(&mut self, acts: Vec<Act>, now: Timestamp, deeds: &mut Vec<Deed>) {
        for act in acts {
            if matches!(self.stage, Stage::Closing(_) | Stage::Over) && !matches!(act, Act::TakeIn { .. }) {
                continue;
            }
            self.do_act(act, now, deeds);
        }
    }

    fn do_act(&mut self, act: Act, now: Timestamp, deeds: &mut Vec<Deed>) {
        match act {
            Act::Play(pieces, id) => deeds.push(Deed::Play { id, pieces, language: self.draft.language }),
            Act::StopPlaying => deeds.push(Deed::StopPlaying),
            Act::Listen { speech } => deeds.push(Deed::Listen(speech)),
            Act::SetTimer { id, after } => deeds.push(Deed::SetTimer { id, after }),
            Act::CancelTimer { id } => deeds.push(Deed::CancelTimer(id)),
            Act::StartRecording { max, beep, silence_end, emergency, answer } => {
                self.spoken.begin(emergency, answer);
                deeds.push(Deed::BeginStatement { turn: self.spoken.turn, max, silence_end, beep });
            }
            Act::StopRecording { keep } => deeds.push(Deed::EndStatement { keep }),
            Act::Recognise { limit } => deeds.push(Deed::Recognise { language: self.draft.language, limit }),
            Act::TakeIn { words: Some(words), declared_emergency, about } => {
                let contact = self.written(words, Wanted { declared_emergency, about }, now);
                deeds.push(Deed::TakeIn(Box::new(contact)));
            }
            Act::TakeIn { words: None, declared_emergency, about } => {
                self.spoken.wanted = Some(Wanted { declared_emergency, about });
                self.hand_in(now, deeds);
            }
            Act::LookUp { number } => deeds.push(Deed::LookUp(number)),
            Act::AskHours { calendar } => deeds.push(Deed::AskHours(calendar)),
            Act::Queue { name, emergency } => self.wait(name, emergency, now, deeds),
            Act::LeaveQueue { callback } => {
                let why = if callback.is_some() { LeftQueue::Callback } else { LeftQueue::WentOn };
                self.leave_queue(why, now, deeds);
            }
            Act::Transfer { to } => self.dial(Who::Party, party(&to), PARTY_RINGS, deeds),
            Act::Sms { template, values } => self.send_sms(template, values, deeds),
            Act::SetLanguage(language) => {
                self.draft.language = language;
                deeds.push(Deed::Tell(CallEvent::LanguageChosen { language }));
            }
            Act::HangUp => self.end(EndReason::FlowEnded, Party::Helpline, now, deeds),
        }
    }

    fn wait(&mut self, queue: String, emergency: bool, now: Timestamp, deeds: &mut Vec<Deed>) {
        let since = self.facts.waits_since.unwrap_or(now);
        self.waiting = Some(Waiting { since: now });
        self.queued = Some(Queued { queue: queue.clone(), emergency, since });
        deeds.push(Deed::Tell(CallEvent::Waiting { queue, language: self.draft.language, emergency, since }));
    }

    fn leave_queue(&mut self, why: LeftQueue, now: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(waiting) = self.waiting.take() {
            self.draft.add_wait(waiting.since, now);
            self.drop_offer(now, deeds);
            deeds.push(Deed::Tell(CallEvent::LeftQueue { why, at: now }));
        }
    }

    /// Stops a telephone that rings for this caller.
    fn drop_offer(&mut self, now: Timestamp, deeds: &mut Vec<Deed>) {
        if let Some(far) = self.far.take_if(|far| !far.joined) {
            deeds.push(Deed::HangUpFar(far.id));
            if let Who::Agent(agent) = far.who {
                deeds.push(Deed::Tell(CallEvent::OfferFailed { agent, why: OfferFailure::Withdrawn, at: now }));
            }
        }
    }

    fn dial(&mut self, who: Who, target: FarTarget, ring_for: Duration, deeds: &mut Vec<Deed>) {
        let far = self.dial_far(who, target, ring_for, self.story(None), deeds);
        self.far = Some(far);
    }

    fn send_sms(&mut self, template: String, values: std::collections::BTreeMap<String, String>, deeds: &mut Vec<Deed>) {
        let Some(to) = self.facts.caller.clone() else { return };
        self.messages += 1;
        let key = format!("{}-sms-{}", self.facts.call, self.messages);
        deeds.push(Deed::SendSms { key, template, values, language: self.draft.language, to });
    }

    fn obey(&mut self, command: CallCommand, now: Timestamp, deeds: &mut Vec<Deed>) {
        match command {
            CallCommand::Offer { agent, at, ring_for } => {
                if self.waiting.is_some() && self.far.is_none() {
                    self.dial(Who::Agent(agent), FarTarget::Agent(at), ring_for, deeds);
                } else {
                    deeds.push(Deed::Tell(CallEvent::OfferFailed { agent, why: OfferFailure::Withdrawn, at: now }));
                }
            }
            CallCommand::WithdrawOffer { agent } => {
                if matches!(&self.far, Some(Far { who: Who::Agent(rung), joined: false, .. }) if *rung == agent) {
                    self.drop_offer(now, deeds);
                    self.back_to_line_if_alone(now, deeds);
                }
            }
            CallCommand::Desk { agent, act } => self.desk(&agent, act, now, deeds),
            CallCommand::Attend { supervisor, at, how } => self.attend(supervisor, at, how, now, deeds),
            CallCommand::TakeOver { supervisor } => self.take_over(&supervisor, now, deeds),
            CallCommand::Position { place, wait } if self.waiting.is_some() => {
                self.tell_flow(Input::QueueResult(QueueOutcome::Position { place, wait }), now, deeds);
            }
            CallCommand::ReturnToFlow { branch } if self.waiting.is_some() => {
                self.leave_queue(LeftQueue::SentAway, now, deeds);
                self.tell_flow(Input::QueueResult(QueueOutcome::Returned { branch }), now, deeds);
            }
            CallCommand::Position { .. } | CallCommand::ReturnToFlow { .. } => {}
            CallCommand::HangUp { reason } => self.end(reason, Party::Helpline, now, deeds),
        }
    }

    fn far_event(&mut self, id: FarId, event: FarEvent, now: Timestamp, deeds: &mut Vec<Deed>) {
        if self.consult.as_ref().is_some_and(|asked| asked.id == id) {
            return self.consult_event(event, now, deeds);
        }
        if self.attendant.as_ref().is_some_and(|attendant| attendant.far.id == id) {
            return self.attendant_event(event, now, deeds);
        }
        let Some(far) = self.far.as_mut().filter(|far| far.id == id) else {
            // A leg that we gave up answered all the same: it must not be left with silence.
            if event == FarEvent::Answered {
                deeds.push(Deed::HangUpFar(id));
            }
            return;
        };
        match event {
            FarEvent::Ringing => {
                if let Who::Agent(agent) = &far.who {
                    deeds.push(Deed::Tell(CallEvent::OfferRinging { agent: agent.clone(), at: now }));
                }
            }
            FarEvent::Answered => {
                far.joined = true;
                let who = far.who.clone();
                self.far_answered(id, who, now, deeds);
            }
            FarEvent::Failed(why) => {
                let who = far.who.clone();
                self.far = None;
                match who {
                    Who::Agent(agent) => deeds.push(Deed::Tell(CallEvent::OfferFailed { agent, why, at: now })),
                    Who::Party => return self.tell_flow(Input::TransferResult(false), now, deeds),
                    Who::Beyond | Who::Supervisor(_) => {}
                }
                self.back_to_line_if_alone(now, deeds);
            }
            FarEvent::HungUp => {
                let who = far.who.clone();
                self.far = None;
                self.far_hung_up(who, now, deeds);
            }
            FarEvent::Lost => self.far_lost(id, deeds),
            FarEvent::Back => self.far_back(id, deeds),
            FarEvent::Vanished => self.far_vanished(now, deeds),
        }
    }

    fn far_answered(&mut self, id: FarId, who: Who, now: Timestamp, deeds: &mut Vec<Deed>) {
        match who {
            Who::Agent(agent) => {
                if let Some(waiting) = self.waiting.take() {
                    self.draft.add_wait(waiting.since, now);
                }
                self.tell_flow(Input::QueueResult(QueueOutcome::Answered), now, deeds);
                deeds.push(Deed::StopPlaying);
                deeds.push(Deed::Join(id));
                if !self.recording_call {
                    self.recording_call = true;
                    deeds.push(Deed::RecordCall);
                }
                self.draft.agent = Some(agent.clone());
                deeds.push(Deed::Tell(CallEvent::OfferAccepted { agent, at: now }));
            }
            Who::Party => {
                self.tell_flow(Input::TransferResult(true), now, deeds);
                deeds.push(Deed::StopPlaying);
                deeds.push(Deed::Join(id));
            }
            Who::Beyond | Who::Supervisor(_) => {
                deeds.push(Deed::StopPlaying);
                deeds.push(Deed::Join(id));
            }
        }
    }

    fn far_hung_up(&mut self, who: Who, now: Timestamp, deeds: &mut Vec<Deed>) {
        deeds.push(Deed::Part);
        (self.held, self.lost) = (false, false);
        match who {
            Who::Agent(agent) if self.consult.is_some() => self.hand_over(agent, now, deeds),
            Who::Agent(agent) => {
                deeds.push(Deed::Tell(CallEvent::TalkEnded { agent, by: Party::Agent, at: now }));
                self.tell_flow(Input::QueueResult(QueueOutcome::TalkEnded), now, deeds);
            }
            Who::Party | Who::Beyond | Who::Supervisor(_) => self.end(EndReason::Transferred, Party::Agent, now, deeds),
        }
    }

    fn stream_closed(&mut self, quality: Option<daak_domain::call::Quality>) {
        self.stream_closed = true;
        self.draft.quality = quality.or(self.draft.quality);
    }
}

fn talk_or_offer_ended(agent: AgentId, joined: bool, by: Party, at: Timestamp) -> CallEvent {
    if joined { CallEvent::TalkEnded { agent, by, at } } else { CallEvent::OfferFailed { agent, why: OfferFailure::Withdrawn, at } }
}
