//! A citizen who calls from the public page: a caller whose telephone is a browser.

use crate::browser;
use crate::caller::Caller;
use crate::voice::Voice;
use daak_domain::call::CallId;
use tokio::sync::mpsc;
use voice_sip::{Codec, LegEnd, LegEvent};
use voice_webrtc::{G711, Peer};

/// The number that the public page dials: `[voice.numbers] web = "…"` switches it on.
pub(crate) const PAGE: &str = "web";
/// Calls from the page at one time: the lines belong to the telephone first.
const MOST: usize = 50;

/// What the page is told of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageNews {
    /// The helpline answers.
    Answered,
    /// The call is over.
    Over,
}

/// Why a call from the page was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageRefused {
    /// It is switched off.
    #[error("calls from this page are switched off: telephone us instead")]
    Off,
    /// Too many at once.
    #[error("all lines are busy: try again in a minute, or telephone us")]
    Busy,
    /// The browser's description cannot be used.
    #[error(transparent)]
    Offer(#[from] voice_webrtc::Refused),
    /// No port for the sound.
    #[error("no sound can be had now: telephone us instead")]
    NoSound,
}

/// The page's end of its call. Dropping it hangs up.
#[derive(Debug)]
pub struct PageLine {
    events: mpsc::Sender<LegEvent>,
    /// The call.
    pub call: CallId,
    /// The answer to the browser's offer.
    pub answer: String,
}

impl PageLine {
    /// Presses a key.
    pub fn press(&self, key: char) {
        let _ = self.events.try_send(LegEvent::Digit(key));
    }
}

impl Drop for PageLine {
    fn drop(&mut self) {
        let _ = self.events.try_send(LegEvent::Ended(LegEnd::RemoteBye));
    }
}

impl Voice {
    /// Takes a call from the public page. It begins when its sound is there.
    ///
    /// # Errors
    /// A sentence for the visitor.
    pub fn call_from_page(&self, offer: &str, news: mpsc::Sender<PageNews>) -> Result<PageLine, PageRefused> {
        let shared = self.shared();
        let flow = shared.page_flow().ok_or(PageRefused::Off)?;
        let visitors = self.calls().iter().filter(|call| call.called == PAGE).count();
        if visitors >= MOST || shared.is_full() {
            return Err(PageRefused::Busy);
        }
        let (happened, media) = mpsc::channel(64);
        let stream = shared.media.open(happened, 0).map_err(|_| PageRefused::NoSound)?;
        let at = shared.advertised(stream.local());
        let (peer, agreed) = Peer::answer(&shared.identity, offer, at, G711::Pcma, std::time::Instant::now())?;
        browser::carry(&stream, at, peer, &agreed);
        let codec = if agreed.codec == G711::Pcma { Codec::Pcma } else { Codec::Pcmu };
        let (events, said) = mpsc::channel(16);
        let caller = Caller::on_page(stream, media, codec, said, news);
        let call = crate::arrival::begin(shared, PAGE, flow, caller);
        Ok(PageLine { events, call, answer: agreed.sdp })
    }
}
