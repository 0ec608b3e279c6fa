//! The caller's leg: its signalling, its stream, and what was agreed about both.

use crate::codec::stream_params;
use crate::visitor::PageNews;
use crate::voice::{Shared, VoiceError};
use daak_domain::phone::PhoneNumber;
use std::time::Duration;
use tokio::sync::mpsc;
use voice_media::{MediaEvent, Stream};
use voice_sip::{CallerLine, Capabilities, Codec, DialSpec, Leg, LegControl, LegEvent, Offers, Sdp, Target, make_offer, negotiate};

/// Events of one stream that may wait.
const EVENTS: usize = 64;

/// How long a citizen's telephone rings when we call.
const RING_FOR: Duration = Duration::from_secs(40);

/// The caller's side of a call.
pub(crate) struct Caller {
    pub(crate) events: mpsc::Receiver<LegEvent>,
    control: Control,
    /// Whether signalling is still up.
    pub(crate) leg_alive: bool,
    pub(crate) media: mpsc::Receiver<MediaEvent>,
    /// Until the call ends.
    pub(crate) stream: Option<Stream>,
    /// What we say in the 200 OK: the answer, or our offer if the INVITE had none.
    local: Sdp,
    /// Our offer, until it is answered.
    offered: Option<Offers>,
    /// The codec that was agreed.
    pub(crate) codec: Option<Codec>,
    /// The caller's number as it came, for telephones that ring for this call.
    pub(crate) shown: String,
}

/// How the caller is answered.
enum Control {
    Sip(LegControl),
    /// The public page.
    Page(mpsc::Sender<PageNews>),
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
        let Leg { events, control } = leg;
        let codec = agreed.map(|agreed| agreed.codec);
        Ok(Self { events, control: Control::Sip(control), leg_alive: true, media, stream: Some(stream), local, offered, codec, shown })
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
        let Leg { events, control } = shared.sip.dial(spec).await?;
        let (shown, control) = (number.as_str().to_owned(), Control::Sip(control));
        let local = make_offer(&shared.capabilities, shared.advertised(stream.local()));
        Ok(Self { events, control, leg_alive: true, media, stream: Some(stream), local, offered: Some(offer), codec: None, shown })
    }

    /// A visitor of the public page, whose sound comes by a transport of its own.
    pub(crate) fn on_page(
        stream: Stream,
        media: mpsc::Receiver<MediaEvent>,
        codec: Codec,
        events: mpsc::Receiver<LegEvent>,
        news: mpsc::Sender<PageNews>,
    ) -> Self {
        let (control, local, shown) = (Control::Page(news), Sdp(String::new()), "web".to_owned());
        Self { events, control, leg_alive: true, media, stream: Some(stream), local, offered: None, codec: Some(codec), shown }
    }

    /// Whether the call begins by itself; a visitor's begins when the sound is there.
    pub(crate) fn is_on_page(&self) -> bool {
        matches!(self.control, Control::Page(_))
    }

    /// 200 OK; nothing, if it was the other side that answered.
    pub(crate) fn answer(&self) {
        match &self.control {
            Control::Sip(control) => control.answer(self.local.clone()),
            Control::Page(news) => drop(news.try_send(PageNews::Answered)),
        }
    }

    /// BYE, or what fits the state of the dialog.
    pub(crate) fn hang_up(&self) {
        match &self.control {
            Control::Sip(control) => control.hang_up(),
            Control::Page(news) => drop(news.try_send(PageNews::Over)),
        }
    }

    /// Answers a re-INVITE or UPDATE: hold, resume, a new address.
    pub(crate) fn answer_offer(&mut self, shared: &Shared, offer: &Sdp) {
        let (Some(stream), Control::Sip(control)) = (&self.stream, &self.control) else { return };
        match negotiate(offer, &shared.capabilities, shared.advertised(stream.local())) {
            Ok(agreed) => {
                stream.connect(stream_params(&agreed.media));
                self.local = agreed.answer.clone();
                self.codec = Some(agreed.media.codec);
                control.accept_offer(agreed.answer);
            }
            Err(_) => control.reject(488, None),
        }
    }

    /// Takes the answer to our own offer.
    pub(crate) fn take_answer(&mut self, answer: &Sdp) {
        let Some(offered) = self.offered.take() else { return };
        let Some(stream) = &self.stream else { return };
        match offered.accept(answer) {
            Ok(agreed) => {
                stream.connect(stream_params(&agreed));
                self.codec = Some(agreed.codec);
            }
            Err(_) => self.hang_up(),
        }
    }

    /// What to offer to a far leg: the caller's codec first, so that nothing is transcoded.
    pub(crate) fn preferred(&self, capabilities: &Capabilities) -> Capabilities {
        let mut capabilities = capabilities.clone();
        if let Some(agreed) = self.codec {
            capabilities.codecs.sort_by_key(|codec| *codec != agreed);
        }
        capabilities
    }
}
