//! How calls begin: one comes in, a visitor of the public page calls, a number is only rung.

use crate::actor::{Actor, MAILBOX, new_call_id};
use crate::caller::{Caller, NoMedia};
use crate::far::Fars;
use crate::statement::Speech;
use crate::timers::Timers;
use crate::voice::{CallSummary, Line, Shared};
use daak_domain::Timestamp;
use daak_domain::call::{CallEvent, CallId, CallRecord, Direction, EndReason};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use voice_call::{Call, Facts, Happening};
use voice_sip::IncomingCall;

/// How long a call waits for the language that its caller chose last time.
const MEMORY_LIMIT: Duration = Duration::from_millis(300);

/// Takes every call that comes in, each as a task of its own.
pub(crate) async fn accept(shared: Arc<Shared>, mut calls: mpsc::Receiver<IncomingCall>) {
    while let Some(incoming) = calls.recv().await {
        let shared = shared.clone();
        tokio::spawn(async move { answer(shared, incoming).await });
    }
}

async fn answer(shared: Arc<Shared>, incoming: IncomingCall) {
    let number = incoming.caller.asserted.as_deref().unwrap_or(&incoming.caller.user);
    let caller = PhoneNumber::parse(number).ok();
    if shared.missed.numbers.contains(&incoming.called) {
        incoming.leg.control.reject(486, None);
        return missed(&shared, caller, incoming.called, incoming.identity).await;
    }
    let Some(flow) = shared.numbers.flow(&incoming.called).map(str::to_owned) else {
        return incoming.leg.control.reject(404, None);
    };
    if shared.is_full() {
        return incoming.leg.control.reject(503, Some(10));
    }
    let language = remembered(&shared, caller.as_ref()).await;
    let shown = incoming.caller.user.clone();
    let facts = Facts {
        call: new_call_id(),
        direction: Direction::Inbound,
        caller,
        called: incoming.called,
        flow,
        language,
        identity: incoming.identity,
        started_at: Timestamp::now(),
        waits_since: None,
        about: None,
    };
    match Caller::open(&shared, incoming.leg, shown, incoming.offer.as_ref()) {
        Ok(caller) => run(shared, facts, caller).await,
        Err((leg, NoMedia::NoCommonCodec)) => leg.control.reject(488, None),
        Err((leg, NoMedia::NoPort(error))) => {
            tracing::error!(event = "call.no_media_port", %error, "a call is refused");
            leg.control.reject(503, Some(30));
        }
    }
}

/// The language that this number chose last time, if that is known soon enough.
async fn remembered(shared: &Shared, caller: Option<&PhoneNumber>) -> Option<Language> {
    tokio::time::timeout(MEMORY_LIMIT, shared.helpline.remembered_language(caller?)).await.ok().flatten()
}

/// Begins a call of a visitor of the public page.
pub(crate) fn begin(shared: &Arc<Shared>, called: &str, flow: String, caller: Caller) -> CallId {
    let call = new_call_id();
    let facts = Facts {
        call,
        direction: Direction::Inbound,
        caller: None,
        called: called.to_owned(),
        flow,
        language: None,
        identity: None,
        started_at: Timestamp::now(),
        waits_since: None,
        about: None,
    };
    tokio::spawn(run(shared.clone(), facts, caller));
    call
}

/// A number was rung that is never answered: whoever rang is called back. Withheld numbers cannot be.
async fn missed(shared: &Shared, caller: Option<PhoneNumber>, called: String, identity: Option<String>) {
    let (call, at) = (new_call_id(), Timestamp::now());
    let language = remembered(shared, caller.as_ref()).await.unwrap_or_default();
    if let Some(number) = caller.clone() {
        shared.helpline.call_event(call, CallEvent::CallbackAsked { number, queue: shared.missed.queue.clone(), language, at });
    }
    let record = CallRecord {
        call,
        direction: Direction::Inbound,
        caller,
        called,
        started_at: at,
        answered_at: None,
        ended_at: at,
        reason: EndReason::MissedCall,
        language,
        tickets: Vec::new(),
        attended: Vec::new(),
        agent: None,
        waited: None,
        recording: None,
        quality: None,
        identity,
        path: Vec::new(),
    };
    shared.helpline.call_event(call, CallEvent::Ended { record: Box::new(record) });
}

/// A call, from here to its end.
pub(crate) async fn run(shared: Arc<Shared>, facts: Facts, caller: Caller) {
    let (me, mailbox) = mpsc::channel(MAILBOX);
    let summary = CallSummary {
        call: facts.call,
        caller: facts.caller.clone(),
        called: facts.called.clone(),
        started_at: facts.started_at,
        language: facts.language,
        stage: "flow",
        queue: None,
        agent: None,
    };
    shared.lines().insert(facts.call, Line { mailbox: me.clone(), summary });
    let begins = facts.direction == Direction::Inbound && !caller.is_on_page();
    let (mut call, mut deeds) = Call::new(facts, shared.flows.clone());
    if begins {
        deeds.extend(call.on(Happening::Ready, Timestamp::now())); // outbound: when it is answered; from the page: when sound is there
    }
    let actor = Actor {
        call,
        shared,
        caller,
        mailbox,
        me,
        fars: Fars::default(),
        timers: Timers::default(),
        taking: None,
        speech: Speech::default(),
        play_order: 0,
        over: false,
        ended: None,
    };
    actor.run(deeds).await;
}
