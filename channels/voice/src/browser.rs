//! A far leg in an agent's browser: rings, gets its sound ready meanwhile, talks, survives a reload.

use crate::actor::Post;
use crate::softphone::Said;
use crate::voice::Shared;
use daak_domain::call::{AgentId, OfferFailure};
use daak_domain::softphone::{PhoneNews, RingEnd, RingId, Story};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use voice_call::{FarEvent, FarId, Happening};
use voice_media::{Carried, Codec, MediaEvent, Stream, StreamParams, Transport};
use voice_sip::Codec as Agreed;
use voice_webrtc::{G711, Output, Peer};

/// How long a tab that is gone while it rings may take to come back, as in a reload.
const RELOAD: Duration = Duration::from_secs(4);
/// How long a tab that is gone in a talk may take.
const REJOIN: Duration = Duration::from_secs(12);
/// How long an answered call waits for its sound.
const SOUND: Duration = Duration::from_secs(6);
/// Far away.
const NEVER: Duration = Duration::from_secs(86_400);

/// A leg to the telephone in an agent's browser.
pub(crate) struct BrowserLeg {
    pub(crate) far: FarId,
    pub(crate) agent: AgentId,
    pub(crate) stream: Arc<Stream>,
    pub(crate) media: mpsc::Receiver<MediaEvent>,
    pub(crate) preferred: G711,
    pub(crate) shared: Arc<Shared>,
    pub(crate) call: mpsc::Sender<Post>,
}

/// Where the leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ringing,
    /// The agent answered; sound is not there yet.
    Accepted,
    Talking,
    /// In a talk, without sound for the moment.
    Lost,
}

struct Live {
    ring: RingId,
    stage: Stage,
    /// Sound can flow.
    up: bool,
    /// When the stage ends by itself.
    deadline: Instant,
    /// When a tab that is gone has been gone for too long.
    gone_until: Option<Instant>,
}

impl BrowserLeg {
    /// Rings, and lives until the talk is over or the call gives it up.
    pub(crate) async fn run(mut self, story: Story, ring_for: Duration, given_up: CancellationToken) {
        let ring = RingId(uuid::Uuid::new_v4());
        let mut said = match self.shared.softphones.ring(&self.agent, ring, story) {
            Ok(said) => said,
            Err(failure) => return self.post(FarEvent::Failed(failure)).await,
        };
        self.post(FarEvent::Ringing).await;
        let mut live = Live { ring, stage: Stage::Ringing, up: false, deadline: Instant::now() + ring_for, gone_until: None };
        let (why, last) = loop {
            let wake = live.gone_until.map_or(live.deadline, |gone| gone.min(live.deadline));
            let ended = tokio::select! {
                () = given_up.cancelled() => Some((RingEnd::Gone, None)),
                Some(said) = said.recv() => self.hear(said, &mut live).await,
                Some(event) = self.media.recv() => self.media_event(&event, &mut live).await,
                () = tokio::time::sleep_until(wake) => Some(too_late(&live)),
            };
            if let Some(ended) = ended {
                break ended;
            }
        };
        self.shared.softphones.over(&self.agent, ring, why);
        if let Some(last) = last {
            self.post(last).await;
        }
    }

    async fn hear(&mut self, said: Said, live: &mut Live) -> Option<(RingEnd, Option<FarEvent>)> {
        match said {
            Said::Offer(sdp) => self.answer_offer(&sdp, live),
            Said::Accept if live.stage == Stage::Ringing => {
                (live.stage, live.deadline) = (Stage::Accepted, Instant::now() + SOUND);
                self.talk_if_ready(live).await;
            }
            Said::Accept => {}
            Said::Decline => return Some((RingEnd::Declined, Some(FarEvent::Failed(OfferFailure::Declined)))),
            Said::HangUp => {
                let event = match live.stage {
                    Stage::Ringing | Stage::Accepted => FarEvent::Failed(OfferFailure::Declined),
                    Stage::Talking | Stage::Lost => FarEvent::HungUp,
                };
                return Some((RingEnd::HungUp, Some(event)));
            }
            Said::Gone => {
                let patience = if live.stage == Stage::Ringing { RELOAD } else { REJOIN };
                live.gone_until = Some(Instant::now() + patience);
            }
            Said::Back { flowing: true } => live.gone_until = None,
            Said::Back { flowing: false } => {
                live.gone_until = None;
                live.up = false;
                self.lose(live).await;
            }
        }
        None
    }

    async fn media_event(&mut self, event: &MediaEvent, live: &mut Live) -> Option<(RingEnd, Option<FarEvent>)> {
        match event {
            MediaEvent::TransportUp { .. } => {
                live.up = true;
                self.talk_if_ready(live).await;
            }
            MediaEvent::TransportDown { .. } | MediaEvent::MediaStopped { .. } if live.up => {
                live.up = false;
                self.lose(live).await;
                self.shared.softphones.tell(&self.agent, live.ring, PhoneNews::Renew { ring: live.ring });
            }
            MediaEvent::Closed { .. } => return Some((RingEnd::NoSound, Some(FarEvent::Vanished))),
            _ => {}
        }
        None
    }

    /// The talk, or what is left of it, has no sound for now: the caller hears a tone.
    async fn lose(&self, live: &mut Live) {
        if live.stage == Stage::Talking {
            (live.stage, live.deadline) = (Stage::Lost, Instant::now() + REJOIN);
            self.post(FarEvent::Lost).await;
        }
    }

    async fn talk_if_ready(&self, live: &mut Live) {
        if !live.up {
            return;
        }
        let event = match live.stage {
            Stage::Accepted => FarEvent::Answered,
            Stage::Lost => FarEvent::Back,
            Stage::Ringing | Stage::Talking => return,
        };
        (live.stage, live.deadline) = (Stage::Talking, Instant::now() + NEVER);
        self.shared.softphones.tell(&self.agent, live.ring, PhoneNews::Talking { ring: live.ring });
        self.post(event).await;
    }

    fn answer_offer(&self, sdp: &str, live: &mut Live) {
        let at = self.shared.advertised(self.stream.local());
        let news = match Peer::answer(&self.shared.identity, sdp, at, self.preferred, std::time::Instant::now()) {
            Ok((peer, agreed)) => {
                live.up = false;
                carry(&self.stream, at, peer, &agreed);
                PhoneNews::Answer { ring: live.ring, sdp: agreed.sdp }
            }
            Err(why) => PhoneNews::Refused { why: why.to_string() },
        };
        self.shared.softphones.tell(&self.agent, live.ring, news);
    }

    async fn post(&self, event: FarEvent) {
        let _ = self.call.send(Happening::Far(self.far, event).into()).await;
    }
}

/// What it means that the time is up.
fn too_late(live: &Live) -> (RingEnd, Option<FarEvent>) {
    let gone = live.gone_until.is_some_and(|until| until <= Instant::now());
    match live.stage {
        Stage::Ringing | Stage::Accepted if gone => (RingEnd::Gone, Some(FarEvent::Failed(OfferFailure::Unreachable))),
        Stage::Ringing => (RingEnd::NotAnswered, Some(FarEvent::Failed(OfferFailure::NoAnswer))),
        Stage::Accepted => (RingEnd::NoSound, Some(FarEvent::Failed(OfferFailure::Unreachable))),
        Stage::Talking | Stage::Lost => (RingEnd::NoSound, Some(FarEvent::Vanished)),
    }
}

/// The caller's codec, where a browser has it: then nothing is transcoded.
pub(crate) fn codec_for(agreed: Option<Agreed>) -> G711 {
    match agreed {
        Some(Agreed::Pcmu) => G711::Pcmu,
        _ => G711::Pcma,
    }
}

fn codec(agreed: G711) -> Codec {
    match agreed {
        G711::Pcma => Codec::Pcma,
        G711::Pcmu => Codec::Pcmu,
    }
}

/// Puts a browser's connection under a stream.
pub(crate) fn carry(stream: &Stream, at: SocketAddr, peer: Peer, agreed: &voice_webrtc::Agreed) {
    stream.connect(StreamParams {
        payload_type: agreed.payload_type,
        dtmf_pt: agreed.event_type,
        ..StreamParams::plain(at, codec(agreed.codec))
    });
    stream.carry(Box::new(Browser(peer)));
}

/// A browser's connection as the transport of a stream.
struct Browser(Peer);

impl Transport for Browser {
    fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: std::time::Instant) {
        self.0.receive(datagram, from, now);
    }

    fn send(&mut self, rtp: &[u8], now: std::time::Instant) {
        self.0.send(rtp, now);
    }

    fn tick(&mut self, now: std::time::Instant) {
        self.0.tick(now);
    }

    fn poll(&mut self, now: std::time::Instant) -> Option<Carried<'_>> {
        self.0.poll(now).map(|output| match output {
            Output::Datagram { to, bytes } => Carried::Datagram { to, bytes },
            Output::Packet(rtp) => Carried::Packet(rtp),
            Output::Connected => Carried::Up,
            Output::Gone => Carried::Down,
        })
    }

    fn close(&mut self) {
        self.0.close();
    }
}
