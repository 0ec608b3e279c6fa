//! One call's task: it tells the machine what happened and does what the machine says.

use crate::caller::Caller;
use crate::far::{Dial, Fars};
use crate::statement::{Limits, Speech, Taking};
use crate::timers::Timers;
use crate::voice::Shared;
use crate::{reading, recording};
use daak_domain::Timestamp;
use daak_domain::call::{CallEvent, CallId, EndReason, Quality};
use daak_domain::contact::{AttachmentRole, Contact, Receipt};
use daak_domain::seam::{Helpline, Label, Refusal};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use voice_call::{Call, Deed, FarEvent, Happening, Reading};
use voice_ivr::{Piece, PlayId};
use voice_media::{MediaEvent, Playlist, Record, StreamStats};
use voice_sip::{LegEnd, LegEvent};

/// Posts that may wait in a call's mailbox. A call that is 64 behind is past help.
pub(crate) const MAILBOX: usize = 64;
/// How long a statement is offered to a door that cannot take it now, after the caller has gone.
const DOOR_PATIENCE: Duration = Duration::from_secs(600);
/// A call that has ended is kept no longer than this for what is still being stored.
const LINGER: Duration = Duration::from_secs(900);
/// How long a key that an agent presses is held.
const KEY_MS: u32 = 160;
/// Frames of the caller's speech that may wait for the statement's recorder: two seconds.
const TAP_BACKLOG: usize = 100;

/// What arrives in a call's mailbox.
#[derive(Debug)]
pub(crate) enum Post {
    /// Something happened to the call.
    Happened(Box<Happening>),
    /// Prompts are ready to be played.
    Sounds {
        /// For which order to play; a later order overtakes it.
        order: u64,
        /// What to play.
        playlist: Playlist,
    },
}

impl From<Happening> for Post {
    fn from(happening: Happening) -> Self {
        Post::Happened(Box::new(happening))
    }
}

/// The task of one call.
pub(crate) struct Actor {
    pub(crate) call: Call,
    pub(crate) shared: Arc<Shared>,
    pub(crate) caller: Caller,
    pub(crate) mailbox: mpsc::Receiver<Post>,
    pub(crate) me: mpsc::Sender<Post>,
    pub(crate) fars: Fars,
    pub(crate) timers: Timers,
    pub(crate) taking: Option<Taking>,
    pub(crate) speech: Speech,
    /// Number of the last order to play, so that prompts that come late are not played over newer ones.
    pub(crate) play_order: u64,
    pub(crate) over: bool,
    pub(crate) ended: Option<Instant>,
}

impl Actor {
    /// Runs the call to its end.
    pub(crate) async fn run(mut self, first: Vec<Deed>) {
        self.do_all(first);
        while !self.over {
            let wake = self.next_wake();
            tokio::select! {
                Some(post) = self.mailbox.recv() => self.post(post),
                event = self.caller.events.recv(), if self.caller.leg_alive => self.leg_event(event),
                Some(event) = self.caller.media.recv() => self.media_event(event),
                () = tokio::time::sleep_until(wake) => self.wake(),
            }
        }
        self.shared.forget(self.call.facts().call);
    }

    fn next_wake(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let linger = self.ended.map(|at| at + LINGER);
        [self.timers.next(), linger].into_iter().flatten().min().unwrap_or(far)
    }

    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(id) = self.timers.take_due(now) {
            self.happened(Happening::Timer(id));
        }
        if self.ended.is_some_and(|at| at + LINGER <= now) {
            tracing::error!(event = "call.stuck", call = %self.call.facts().call, "a call that ended was not completed in time");
            self.over = true;
        }
    }

    fn post(&mut self, post: Post) {
        match post {
            Post::Happened(happening) => self.happened(*happening),
            Post::Sounds { order, playlist } => {
                if let Some(stream) = self.caller.stream.as_ref().filter(|_| order == self.play_order) {
                    stream.play(playlist);
                }
            }
        }
    }

    pub(crate) fn happened(&mut self, happening: Happening) {
        let gone = match &happening {
            Happening::Far(far, FarEvent::HungUp | FarEvent::Failed(_) | FarEvent::Vanished) => Some(*far),
            _ => None,
        };
        let deeds = self.call.on(happening, Timestamp::now());
        self.do_all(deeds);
        if let Some(far) = gone {
            self.fars.hang_up(far); // its sockets are free for the next
        }
    }

    fn leg_event(&mut self, event: Option<LegEvent>) {
        match event {
            Some(LegEvent::Digit(digit)) => self.happened(Happening::Digit(digit)),
            Some(LegEvent::Offer(offer)) => self.caller.answer_offer(&self.shared, &offer),
            Some(LegEvent::AckReceived(Some(answer)) | LegEvent::OfferAnswered(answer)) => self.caller.take_answer(&answer),
            Some(LegEvent::Answered(answer)) => {
                if let Some(answer) = answer {
                    self.caller.take_answer(&answer);
                }
                self.happened(Happening::Ready);
            }
            Some(LegEvent::Ended(end)) => {
                self.caller.leg_alive = false;
                self.happened(Happening::CallerEnded(end_reason(&end)));
            }
            Some(_) => {}
            None => {
                self.caller.leg_alive = false;
                self.happened(Happening::CallerEnded(EndReason::PeerFailed));
            }
        }
    }

    fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Played { id, finished: true, .. } => self.happened(Happening::Played(PlayId(id))),
            MediaEvent::Played { .. } | MediaEvent::MediaResumed { .. } => {}
            MediaEvent::TransportUp { .. } => self.happened(Happening::Ready),
            MediaEvent::TransportDown { .. } => self.happened(Happening::CallerEnded(EndReason::CallerHungUp)),
            MediaEvent::Digit { digit, .. } => self.happened(Happening::Digit(digit)),
            MediaEvent::SpeechBegan { .. } => {
                self.note_speech(Speech { now: true, ever: true });
                self.happened(Happening::SpeechBegan);
            }
            MediaEvent::SpeechEnded { .. } => {
                self.note_speech(Speech { now: false, ever: true });
                self.happened(Happening::SpeechEnded);
            }
            MediaEvent::MediaStopped { .. } => self.happened(Happening::MediaStopped),
            MediaEvent::Closed { stats, .. } => self.happened(Happening::StreamClosed(Some(quality(&stats)))),
        }
    }

    fn note_speech(&mut self, speech: Speech) {
        self.speech = speech;
        if let Some(taking) = &self.taking {
            taking.speaking.send_modify(|s| *s = speech);
        }
    }

    fn do_all(&mut self, deeds: Vec<Deed>) {
        for deed in deeds {
            self.do_one(deed);
        }
    }

    fn do_one(&mut self, deed: Deed) {
        match deed {
            Deed::Answer => self.caller.answer(),
            Deed::Play { id, pieces, language } => self.play(id, pieces, language),
            Deed::StopPlaying => self.stop_playing(),
            Deed::Listen(on) => self.with_stream(|stream| stream.listen(on)),
            Deed::SetTimer { id, after } => self.timers.set(id, after, Instant::now()),
            Deed::CancelTimer(id) => self.timers.cancel(id),
            Deed::BeginStatement { turn, max, silence_end, beep } => self.begin_statement(turn, Limits { max, silence_end }, beep),
            Deed::EndStatement { keep } => self.end_statement(keep),
            Deed::Recognise { language, limit } => self.recognise(language, limit),
            Deed::TakeIn(contact) => self.take_in(*contact),
            Deed::LookUp(number) => {
                let helpline = self.shared.helpline.clone();
                self.ask(async move { Happening::LookedUp(helpline.look_up(number).await) });
            }
            Deed::AskHours(calendar) => {
                let hours = self.shared.helpline.hours(&calendar, Timestamp::now());
                let _ = self.me.try_send(Happening::Hours(hours).into());
            }
            Deed::SendSms { key, template, values, language, to } => {
                let helpline = self.shared.helpline.clone();
                tokio::spawn(async move {
                    if let Err(error) = helpline.send_sms(&key, &to, language, &template, values).await {
                        tracing::error!(event = "call.sms_refused", %error, "a message asked for by a flow was not taken");
                    }
                });
            }
            Deed::DialFar { far, target, ring_for, story } => {
                self.fars.dial(&self.shared, &self.caller, Dial { far, target, ring_for, story }, &self.me);
            }
            Deed::JoinFars(one, other) => self.fars.join_two(one, other),
            Deed::Hear { end, others } => self.fars.hear(end, &others, self.caller.stream.as_ref()),
            Deed::Press(key) => self.with_stream(|stream| stream.send_digit(key, KEY_MS)),
            Deed::Join(far) => self.fars.join(far, self.caller.stream.as_ref()),
            Deed::Part => self.with_stream(voice_media::Stream::part),
            Deed::HangUpFar(far) => self.fars.hang_up(far),
            Deed::RecordCall => self.record_call(),
            Deed::PauseRecording(on) => self.with_stream(|stream| stream.pause_recording(on)),
            Deed::Tell(event) => self.tell(event),
            Deed::HangUp => self.hang_up(),
            Deed::Finish => self.over = true,
        }
    }

    fn with_stream(&self, deed: impl FnOnce(&voice_media::Stream)) {
        if let Some(stream) = &self.caller.stream {
            deed(stream);
        }
    }

    /// Does what may wait outside the mailbox, and posts what came of it.
    fn ask(&self, question: impl Future<Output = Happening> + Send + 'static) {
        let me = self.me.clone();
        tokio::spawn(async move {
            let _ = me.send(question.await.into()).await;
        });
    }

    fn play(&mut self, id: PlayId, pieces: Vec<Piece>, language: daak_domain::language::Language) {
        self.play_order += 1;
        let order = self.play_order;
        if let Some(playlist) = self.shared.sounds.ready(&pieces, language, id) {
            self.with_stream(|stream| stream.play(playlist));
            return;
        }
        let (sounds, me) = (self.shared.sounds.clone(), self.me.clone());
        tokio::spawn(async move {
            let playlist = sounds.make(&pieces, language, id).await;
            let _ = me.send(Post::Sounds { order, playlist }).await;
        });
    }

    fn stop_playing(&mut self) {
        self.play_order += 1;
        self.with_stream(voice_media::Stream::stop_playing);
    }

    fn begin_statement(&mut self, turn: u32, limits: Limits, beep: bool) {
        if beep {
            self.play_order += 1;
            self.with_stream(|stream| stream.play_sound(self.shared.sounds.beep(), 0));
        }
        let facts = self.call.facts();
        let label = Label {
            name: format!("statement-{turn}.flac"),
            media_type: "audio/flac".into(),
            role: AttachmentRole::Statement,
            belongs_to: crate::voice::belongs_to(facts, turn, self.call.language()),
        };
        let (tap, sound) = mpsc::channel(TAP_BACKLOG);
        self.speech = Speech::default();
        self.taking = Some(Taking::begin(sound, self.shared.disk.begin(label), limits, self.me.clone()));
        self.with_stream(|stream| {
            stream.tap(tap);
            stream.listen(true);
        });
    }

    fn end_statement(&mut self, keep: bool) {
        if let Some(taking) = &mut self.taking {
            taking.end(keep);
        }
    }

    fn recognise(&self, language: daak_domain::language::Language, limit: Duration) {
        let Some(taking) = &self.taking else {
            let _ = self.me.try_send(Happening::Recognised(Reading::Unavailable).into());
            return;
        };
        let (mut clip, recogniser) = (taking.clip.clone(), self.shared.recogniser.clone());
        self.ask(async move {
            let sound = clip.wait_for(Option::is_some).await.ok().and_then(|sound| sound.clone());
            Happening::Recognised(match sound {
                Some(sound) => reading::read(&*recogniser, sound, language, limit).await,
                None => Reading::Unavailable,
            })
        });
    }

    fn take_in(&self, contact: Contact) {
        let helpline = self.shared.helpline.clone();
        let patience = if self.ended.is_some() { DOOR_PATIENCE } else { Duration::ZERO };
        self.ask(async move { Happening::TakenIn(knock(&*helpline, contact, patience).await) });
    }

    fn record_call(&self) {
        if !self.shared.record_calls {
            let _ = self.me.try_send(Happening::RecordingStored(None).into());
            return;
        }
        let facts = self.call.facts();
        let label = Label {
            name: "call.flac".into(),
            media_type: "audio/flac".into(),
            role: AttachmentRole::CallRecording,
            belongs_to: crate::voice::belongs_to(facts, 0, self.call.language()),
        };
        let (sink, sound) = mpsc::channel(recording::BACKLOG);
        recording::keep(sound, self.shared.disk.begin(label), self.me.clone());
        self.with_stream(|stream| stream.record(sink, Record::BothStereo));
    }

    fn tell(&self, event: CallEvent) {
        let call = self.call.facts().call;
        self.shared.note(call, &event);
        self.shared.helpline.call_event(call, event);
    }

    fn hang_up(&mut self) {
        self.ended = Some(Instant::now());
        if self.caller.leg_alive {
            self.caller.hang_up();
        }
        self.timers = Timers::default();
        self.fars.hang_up_all();
        match self.caller.stream.take() {
            Some(stream) => stream.close(), // MediaEvent::Closed follows
            None => {
                let _ = self.me.try_send(Happening::StreamClosed(None).into());
            }
        }
    }
}

/// Offers a contact to the door until it is taken, refused for good, or patience ends.
async fn knock(helpline: &dyn Helpline, contact: Contact, patience: Duration) -> Result<Receipt, Refusal> {
    let (start, mut pause) = (Instant::now(), Duration::from_millis(500));
    loop {
        match helpline.take_in(contact.clone()).await {
            Err(Refusal::Unavailable(_)) if start.elapsed() < patience => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
            answer => return answer,
        }
    }
}

fn end_reason(end: &LegEnd) -> EndReason {
    match end {
        LegEnd::RemoteBye => EndReason::CallerHungUp,
        LegEnd::RemoteCancel => EndReason::CallerCancelled,
        LegEnd::Rejected { status: 486 | 600, .. } => EndReason::Busy,
        LegEnd::Rejected { .. } | LegEnd::NoAnswer => EndReason::NotAnswered,
        LegEnd::NoAck => EndReason::NoAck,
        LegEnd::SessionExpired => EndReason::SessionExpired,
        LegEnd::TransportFailed => EndReason::PeerFailed,
        LegEnd::LocalBye | LegEnd::LocalReject => EndReason::FlowEnded,
    }
}

fn quality(stats: &StreamStats) -> Quality {
    Quality { jitter_ms: stats.jitter_ms, loss_pct: stats.loss_pct, rtt_ms: stats.rtt_ms, mos: stats.mos }
}

/// The name of a call in the words of a log.
pub(crate) fn new_call_id() -> CallId {
    CallId(uuid::Uuid::now_v7())
}
