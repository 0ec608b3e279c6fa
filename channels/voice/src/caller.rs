//! The caller's leg: its signalling, its stream, and what was agreed about both.

use crate::codec::stream_params;
use crate::voice::{Shared, VoiceError};
use daak_domain::phone::PhoneNumber;
use std::time::Duration;
use tokio::sync::mpsc;
use voice_media::{MediaEvent, Stream};
use voice_sip::{CallerLine, Capabilities, DialSpec, Leg, MediaParams, Offers, Sdp, Target, make_offer, negotiate};

/// Events of one stream that may wait.
const EVENTS: usize = 64;

/// How long a citizen's telephone rings when we call.
const RING_FOR: Duration = Duration::from_secs(40);

/// The caller's side of a call.
pub(crate) struct Caller {
    pub(crate) leg: Leg,
    /// Whether signalling is still up.
    pub(crate) leg_alive: bool,
    pub(crate) media: mpsc::Receiver<MediaEvent>,
    /// Until the call ends.
    pub(crate) stream: Option<Stream>,
    /// What we say in the 200 OK: the answer, or our offer if the INVITE had none.
    local: Sdp,
    /// Our offer, until it is answered.
    offered: Option<Offers>,
    /// What was agreed.
    pub(crate) agreed: Option<MediaParams>,
    /// The caller's number as it came, for telephones that ring for this call.
    pub(crate) shown: String,
}

/// Why no media can be had for a call.
#[derive(Debug)]
pub(crate) enum NoMedia {
    /// Nothing in common: 488.
    NoCommonCodec,
    /// No port or no thread: 503.
    NoPort(voice_media::MediaError),
}

impl Caller {
    /// Opens media for a call and agrees on them: by the offer that came, or by one of our own.
    pub(crate) fn open(shared: &Shared, leg: Leg, shown: String, offer: Option<&Sdp>) -> Result<Self, (Leg, NoMedia)> {
        let (events, media) = mpsc::channel(EVENTS);
        let stream = match shared.media.open(events, 0) {
            Ok(stream) => stream,
            Err(error) => return Err((leg, NoMedia::NoPort(error))),
        };
        let at = shared.advertised(stream.local());
        let (local, agreed) = match offer {
            Some(offer) => match negotiate(offer, &shared.capabilities, at) {
                Ok(agreed) => (agreed.answer, Some(agreed.media)),
                Err(_) => return Err((leg, NoMedia::NoCommonCodec)),
            },
            None => (make_offer(&shared.capabilities, at), None),
        };
        if let Some(agreed) = &agreed {
            stream.connect(stream_params(agreed));
        }
        let offered = agreed.is_none().then(|| local.clone().into());
        Ok(Self { leg, leg_alive: true, media, stream: Some(stream), local, offered, agreed, shown })
    }

    /// Calls a number by a trunk; the answer comes as an event of the leg.
    pub(crate) async fn dial(shared: &Shared, number: &PhoneNumber) -> Result<Self, VoiceError> {
        let (events, media) = mpsc::channel(EVENTS);
        let stream = shared.media.open(events, 0)?;
        let offer = Offers::of(&shared.capabilities, shared.advertised(stream.local()));
        let spec = DialSpec {
            target: Target::Trunk { number: number.as_str().to_owned() },
            from: CallerLine { user: "helpline".into(), display: None },
            offer: offer.clone(),
            ring_for: RING_FOR,
            headers: Vec::new(),
        };
        let leg = shared.sip.dial(spec).await?;
        let shown = number.as_str().to_owned();
        let local = make_offer(&shared.capabilities, shared.advertised(stream.local()));
        Ok(Self { leg, leg_alive: true, media, stream: Some(stream), local, offered: Some(offer), agreed: None, shown })
    }

    /// 200 OK; nothing, if it was the other side that answered.
    pub(crate) fn answer(&self) {
        self.leg.control.answer(self.local.clone());
    }

    /// BYE, or what fits the state of the dialog.
    pub(crate) fn hang_up(&self) {
        self.leg.control.hang_up();
    }

    /// Answers a re-INVITE or UPDATE: hold, resume, a new address.
    pub(crate) fn answer_offer(&mut self, shared: &Shared, offer: &Sdp) {
        let Some(stream) = &self.stream else { return };
        match negotiate(offer, &shared.capabilities, shared.advertised(stream.local())) {
            Ok(agreed) => {
                stream.connect(stream_params(&agreed.media));
                self.local = agreed.answer.clone();
                self.agreed = Some(agreed.media);
                self.leg.control.accept_offer(agreed.answer);
            }
            Err(_) => self.leg.control.reject(488, None),
        }
    }

    /// Takes the answer to our own offer.
    pub(crate) fn take_answer(&mut self, answer: &Sdp) {
        let Some(offered) = self.offered.take() else { return };
        let Some(stream) = &self.stream else { return };
        match offered.accept(answer) {
            Ok(agreed) => {
                stream.connect(stream_params(&agreed));
                self.agreed = Some(agreed);
            }
            Err(_) => self.leg.control.hang_up(),
        }
    }

    /// What to offer to a far leg: the caller's codec first, so that nothing is transcoded.
    pub(crate) fn preferred(&self, capabilities: &Capabilities) -> Capabilities {
        let mut capabilities = capabilities.clone();
        if let Some(agreed) = &self.agreed {
            capabilities.codecs.sort_by_key(|codec| *codec != agreed.codec);
        }
        capabilities
    }
}
