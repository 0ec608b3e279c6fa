//! Far legs: the agent's telephone that rings for the caller, or another party's.

use crate::actor::Post;
use crate::browser::{self, BrowserLeg};
use crate::caller::Caller;
use crate::codec::stream_params;
use crate::voice::Shared;
use daak_domain::call::{AgentDevice, OfferFailure};
use daak_domain::softphone::Story;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice_call::{End, FarEvent, FarId, FarTarget, Happening};
use voice_media::Stream;
use voice_sip::{CallerLine, DialSpec, Leg, LegControl, LegEnd, LegEvent, Offers, Sdp, Target};

/// A far leg to be dialled.
pub(crate) struct Dial {
    pub(crate) far: FarId,
    pub(crate) target: FarTarget,
    pub(crate) ring_for: Duration,
    /// What an agent is told of the caller.
    pub(crate) story: Box<Story>,
}

/// The far legs of one call.
#[derive(Default)]
pub(crate) struct Fars(BTreeMap<FarId, Far>);

struct Far {
    stream: Arc<Stream>,
    /// Gives the leg up, also while it is being dialled.
    gone: CancellationToken,
}

impl Fars {
    /// Rings a far leg; what becomes of it is posted to the call.
    pub(crate) fn dial(&mut self, shared: &Arc<Shared>, caller: &Caller, dial: Dial, call: &mpsc::Sender<Post>) {
        let Dial { far, target, ring_for, story } = dial;
        // Of a telephone's stream nobody hears the events: keys that an agent presses go to the caller.
        let (events, media) = mpsc::channel(8);
        let opened = match &caller.stream {
            Some(near) => shared.media.open_near(near, events, u64::from(far.0)),
            None => shared.media.open(events, u64::from(far.0)),
        };
        let stream = match opened {
            Ok(stream) => Arc::new(stream),
            Err(error) => {
                tracing::error!(event = "call.no_media_port", %error, "an agent cannot be rung");
                let _ = call.try_send(Happening::Far(far, FarEvent::Failed(OfferFailure::Unreachable)).into());
                return;
            }
        };
        let gone = CancellationToken::new();
        if let FarTarget::Agent(AgentDevice::Browser { agent }) = target {
            let preferred = browser::codec_for(caller.codec);
            let leg = BrowserLeg { far, agent, stream: stream.clone(), media, preferred, shared: shared.clone(), call: call.clone() };
            tokio::spawn(leg.run(*story, ring_for, gone.clone()));
            self.0.insert(far, Far { stream, gone });
            return;
        }
        drop(media);
        let Some(target) = sip_target(target) else { return };
        let offer = Offers::of(&caller.preferred(&shared.capabilities), shared.advertised(stream.local()));
        let spec = DialSpec { target, from: shared.line_for(caller), offer: offer.clone(), ring_for, headers: Vec::new() };
        let leg = FarLeg { far, stream: stream.clone(), offer, shared: shared.clone(), call: call.clone() };
        tokio::spawn(leg.run(spec, gone.clone()));
        self.0.insert(far, Far { stream, gone });
    }

    /// Joins the caller with a far leg.
    pub(crate) fn join(&self, far: FarId, caller: Option<&Stream>) {
        if let (Some(far), Some(caller)) = (self.0.get(&far), caller) {
            caller.join(&far.stream);
        }
    }

    /// Joins two far legs with each other.
    pub(crate) fn join_two(&self, one: FarId, other: FarId) {
        if let (Some(one), Some(other)) = (self.0.get(&one), self.0.get(&other)) {
            one.stream.join(&other.stream);
        }
    }

    /// Lets one end hear others at once; of nobody, the one it is joined with again.
    pub(crate) fn hear(&self, end: End, others: &[End], caller: Option<&Stream>) {
        let stream = |end: &End| match end {
            End::Caller => caller,
            End::Far(far) => self.0.get(far).map(|far| &*far.stream),
        };
        if let Some(hears) = stream(&end) {
            hears.hear(&others.iter().filter_map(stream).collect::<Vec<_>>());
        }
    }

    /// Ends a far leg, ringing or answered.
    pub(crate) fn hang_up(&mut self, far: FarId) {
        if let Some(far) = self.0.remove(&far) {
            far.gone.cancel();
        }
    }

    /// Ends them all.
    pub(crate) fn hang_up_all(&mut self) {
        for far in std::mem::take(&mut self.0).into_values() {
            far.gone.cancel();
        }
    }
}

struct FarLeg {
    far: FarId,
    stream: Arc<Stream>,
    offer: Offers,
    shared: Arc<Shared>,
    call: mpsc::Sender<Post>,
}

impl FarLeg {
    async fn run(self, spec: DialSpec, given_up: CancellationToken) {
        let mut leg = match self.shared.sip.dial(spec).await {
            Ok(leg) => leg,
            Err(error) => {
                tracing::info!(event = "call.far_unreachable", %error, "a far leg cannot be dialled");
                return self.post(FarEvent::Failed(OfferFailure::Unreachable)).await;
            }
        };
        let (mut answered, mut hung_up) = (false, false);
        loop {
            tokio::select! {
                () = given_up.cancelled(), if !hung_up => {
                    hung_up = true;
                    leg.control.hang_up();
                }
                event = leg.events.recv() => {
                    let Some(event) = event else { return self.ended(answered, hung_up, &LegEnd::TransportFailed).await };
                    match event {
                        LegEvent::Ringing => self.post(FarEvent::Ringing).await,
                        LegEvent::Answered(answer) if !answered && !hung_up => answered = self.answered(answer.as_ref(), &leg.control).await,
                        LegEvent::Offer(offer) => self.answer_offer(&leg, &offer),
                        LegEvent::Ended(end) => return self.ended(answered, hung_up, &end).await,
                        _ => {}
                    }
                }
            }
        }
    }

    async fn answered(&self, answer: Option<&Sdp>, control: &LegControl) -> bool {
        match answer.map(|answer| self.offer.accept(answer)) {
            Some(Ok(agreed)) => {
                self.stream.connect(stream_params(&agreed));
                self.post(FarEvent::Answered).await;
                true
            }
            Some(Err(_)) | None => {
                control.hang_up();
                false
            }
        }
    }

    fn answer_offer(&self, leg: &Leg, offer: &Sdp) {
        match voice_sip::negotiate(offer, &self.shared.capabilities, self.shared.advertised(self.stream.local())) {
            Ok(agreed) => {
                self.stream.connect(stream_params(&agreed.media));
                leg.control.accept_offer(agreed.answer);
            }
            Err(_) => leg.control.reject(488, None),
        }
    }

    async fn ended(self, answered: bool, hung_up: bool, end: &LegEnd) {
        if hung_up {
            return; // the call gave it up and knows
        }
        self.post(if answered { FarEvent::HungUp } else { FarEvent::Failed(failure(end)) }).await;
    }

    async fn post(&self, event: FarEvent) {
        let _ = self.call.send(Happening::Far(self.far, event).into()).await;
    }
}

/// Where SIP goes; `None` for what is not reached by it.
fn sip_target(target: FarTarget) -> Option<Target> {
    Some(match target {
        FarTarget::Agent(AgentDevice::Browser { .. }) => return None,
        FarTarget::Agent(AgentDevice::Registered { user }) => Target::Registered(user),
        FarTarget::Agent(AgentDevice::Contact { uri }) => Target::Uri(uri),
        FarTarget::Party(to) if to.starts_with("sip:") || to.starts_with("sips:") => Target::Uri(to),
        FarTarget::Party(number) => Target::Trunk { number },
    })
}

fn failure(end: &LegEnd) -> OfferFailure {
    match end {
        LegEnd::Rejected { status: 486 | 600, .. } => OfferFailure::Busy,
        LegEnd::Rejected { status: 603 | 480, .. } => OfferFailure::Declined,
        LegEnd::NoAnswer | LegEnd::Rejected { status: 408 | 487, .. } => OfferFailure::NoAnswer,
        _ => OfferFailure::Unreachable,
    }
}

/// What the far side sees as the caller.
pub(crate) fn line(user: &str, display: Option<&str>) -> CallerLine {
    CallerLine { user: user.to_owned(), display: display.map(str::to_owned) }
}
