//! One stream as its thread sees it: what arrives, what is sent, who listens.

mod carried;
mod ears;
mod outbox;
mod receive;
mod relay;
mod report;
mod transmit;

pub(crate) use outbox::Outbox;

use crate::codec::Codec;
use crate::dtmf::{EventReceiver, EventSender};
use crate::engine::MediaConfig;
use crate::event::MediaEvent;
use crate::mix::Mixer;
use crate::play::Player;
use crate::srtp::Srtp;
use crate::stream::StreamParams;
use crate::transport::Transport;
use crate::worker::{Command, Home, Now};
use ears::Ears;
use receive::Reception;
use relay::Relay;
use report::Reporting;
use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use transmit::Transmission;

/// All of one stream. Owned by one thread, which it may leave for another.
pub(crate) struct Session {
    home: Arc<Home>,
    tag: u64,
    outbox: Outbox,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    symmetric: bool,
    silence_limit: Duration,
    params: Option<StreamParams>,
    reception: Reception,
    transmission: Transmission,
    player: Option<Player>,
    keys_in: EventReceiver,
    keys_out: EventSender,
    /// Encoded tones of a key, where no events are agreed.
    tones_out: VecDeque<u8>,
    /// What is sent while the far end hears several.
    mixer: Option<Box<Mixer>>,
    /// Place of the stream that this one is joined with, on the same thread.
    partner: Option<usize>,
    relay: Relay,
    srtp: Option<Box<Srtp>>,
    transport: Option<Box<dyn Transport>>,
    ears: Ears,
    reporting: Reporting,
    step: usize,
    /// Datagrams read since the last round, and whether they were too many.
    in_round: u32,
    flooded: bool,
    /// Whether the thread is told when something arrives, rather than to look by the clock.
    watched: bool,
    ended: bool,
}

impl Session {
    pub(crate) fn new(
        home: Arc<Home>,
        tag: u64,
        events: mpsc::Sender<MediaEvent>,
        rtp: UdpSocket,
        rtcp: UdpSocket,
        config: &MediaConfig,
    ) -> Self {
        Self {
            home,
            tag,
            outbox: Outbox::new(events),
            rtp,
            rtcp,
            symmetric: config.symmetric,
            silence_limit: config.silence_limit,
            params: None,
            reception: Reception::new(),
            transmission: Transmission::new(),
            player: None,
            keys_in: EventReceiver::default(),
            keys_out: EventSender::default(),
            tones_out: VecDeque::new(),
            mixer: None,
            partner: None,
            relay: Relay::default(),
            srtp: None,
            transport: None,
            ears: Ears::default(),
            reporting: Reporting::new(),
            step: 0,
            in_round: 0,
            flooded: false,
            watched: false,
            ended: false,
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.home.id()
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub(crate) fn rtp_socket(&self) -> &UdpSocket {
        &self.rtp
    }

    pub(crate) fn codec(&self) -> Option<Codec> {
        self.params.as_ref().map(|p| p.codec)
    }

    pub(crate) fn step(&self) -> usize {
        self.step
    }

    /// Begins to live in a step of a thread's wheel.
    pub(crate) fn settle(&mut self, step: usize, round: u64) {
        self.step = step;
        self.transmission.settle(round);
    }

    pub(crate) fn partner(&self) -> Option<usize> {
        self.partner
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.partner.is_some()
    }

    pub(crate) fn set_partner(&mut self, partner: Option<usize>) {
        self.partner = partner;
        self.flooded = false;
        self.relay = Relay::default();
    }

    /// Counts what was read since the last round; the sum.
    pub(crate) fn add_to_round(&mut self, count: u32) -> u32 {
        self.in_round += count;
        self.in_round
    }

    pub(crate) fn set_flooded(&mut self) {
        self.flooded = true;
    }

    /// Whether reading was put off until this round.
    pub(crate) fn take_flooded(&mut self) -> bool {
        std::mem::take(&mut self.flooded)
    }

    /// Whether what arrives cannot wait for the clock: a partner waits for it, or a handshake.
    pub(crate) fn is_urgent(&self) -> bool {
        self.is_joined() || self.is_carried()
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    pub(crate) fn set_watched(&mut self, watched: bool) {
        self.watched = watched;
    }

    /// Carries out one order.
    pub(crate) fn obey(&mut self, command: Command, now: Now) {
        match command {
            Command::Connect(params) => self.connect(params, now),
            Command::Play(list) => {
                self.stop_playing(false);
                self.player = Some(Player::new(list));
            }
            Command::StopPlaying => self.stop_playing(false),
            Command::SendDigit(digit, ms) => {
                self.keys_out.press(digit, ms);
            }
            Command::Record(sink, what) => self.ears.record(sink, what),
            Command::PauseRecording(pause) => self.ears.pause_recording(pause),
            Command::StopRecording => self.ears.stop_recording(),
            Command::Listen(on) => self.ears.detect(on),
            Command::Tap(sink) => self.ears.tap(sink),
            Command::Feed(sink) => self.ears.feed(sink),
            Command::Hear(feeds) => self.mixer = (!feeds.is_empty()).then(|| Box::new(Mixer::new(feeds))),
            // The thread's own business.
            #[cfg(test)]
            Command::Fail => {}
            Command::Adopt(_) | Command::Carry(_) | Command::Join(_) | Command::MoveTo(..) | Command::Part | Command::Close => {}
        }
    }

    /// The stream's turn, once in 20 ms. How many turns were missed since the last.
    pub(crate) fn round(&mut self, now: Now) -> u64 {
        self.in_round = 0;
        let missed = self.transmission.begin_round(now.round);
        self.transport_round(now);
        self.send_round(now);
        self.listen_round(missed);
        self.watch_silence(now);
        self.report_round(now);
        self.outbox.flush();
        missed
    }

    /// Ends the stream; its sockets close. What is left to be told.
    pub(crate) fn close(mut self: Box<Self>) -> Outbox {
        self.end();
        std::mem::replace(&mut self.outbox, Outbox::new(mpsc::channel(1).0))
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.stop_playing(false);
        self.ears.stop_recording();
        self.send_report(Instant::now(), true);
        self.end_transport();
        let stats = self.stats();
        self.outbox.say(MediaEvent::Closed { tag: self.tag, stats });
    }

    fn connect(&mut self, params: StreamParams, now: Now) {
        self.reception.expect(&params, now.at);
        // The same keys go on counting: a description that changes nothing must not begin the rollover anew.
        let keys = params.srtp.as_ref();
        if self.srtp.as_ref().map(|s| &s.keys) != keys {
            self.srtp = keys.map(|keys| Box::new(Srtp::new(keys.clone())));
        }
        self.params = Some(params);
    }

    pub(crate) fn stop_playing(&mut self, finished: bool) {
        if let Some(player) = self.player.take() {
            self.outbox.say(MediaEvent::Played { tag: self.tag, id: player.id(), finished });
        }
    }

    fn watch_silence(&mut self, now: Now) {
        if !self.params.as_ref().is_some_and(|p| p.receive) {
            return;
        }
        if let Some(silent_for) = self.reception.silence(now.at, self.silence_limit) {
            self.outbox.say(MediaEvent::MediaStopped { tag: self.tag, silent_for });
        }
    }
}

/// Time since an instant, never negative.
fn since(now: Instant, then: Instant) -> Duration {
    now.saturating_duration_since(then)
}

/// However a stream ends, its owner is told.
impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.id())
    }
}
