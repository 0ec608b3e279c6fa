//! The handle of one media stream: what a call may ask of the engine.

use crate::codec::Codec;
use crate::mix;
use crate::play::{PlayItem, Playlist};
use crate::recording::{Record, RecordedAudio};
use crate::sound::Sound;
use crate::srtp::SrtpKeys;
use crate::transport::Transport;
use crate::worker::{Command, Home, Order};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One RTP stream pair with one far end: a socket for sound, one for reports. Dropping the handle closes it.
///
/// No method waits: each puts an order into the mailbox of the thread that owns the sockets. Orders
/// of one stream are carried out in the order in which they were given.
#[derive(Debug)]
pub struct Stream {
    home: Arc<Home>,
    local: SocketAddr,
}

/// Where the far end is and what was agreed with it (RFC 3264). Given anew after a re-INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamParams {
    /// Where to send sound, as the session description says. Port 0 or an unspecified address: nowhere.
    pub remote: SocketAddr,
    /// Where to send RTCP.
    pub remote_rtcp: SocketAddr,
    /// The agreed codec, both ways.
    pub codec: Codec,
    /// Its RTP payload type, both ways.
    pub payload_type: u8,
    /// Payload type of telephone-event/8000 (RFC 4733), if agreed.
    pub dtmf_pt: Option<u8>,
    /// Whether we may send (false while the far end holds us).
    pub send: bool,
    /// Whether the far end sends (false while we hold it): without it, silence is no fault.
    pub receive: bool,
    /// Keys of SRTP (RFC 4568), if agreed.
    pub srtp: Option<SrtpKeys>,
}

impl StreamParams {
    /// Plain RTP both ways with the codec's usual payload type, telephone-event 101, and RTCP on the next port.
    pub fn plain(remote: SocketAddr, codec: Codec) -> Self {
        let mut remote_rtcp = remote;
        remote_rtcp.set_port(remote.port().saturating_add(1));
        Self {
            remote,
            remote_rtcp,
            codec,
            payload_type: codec.static_payload_type(),
            dtmf_pt: Some(101),
            send: true,
            receive: true,
            srtp: None,
        }
    }
}

impl Stream {
    pub(crate) fn new(home: Arc<Home>, local: SocketAddr) -> Self {
        Self { home, local }
    }

    /// Where we receive sound: an even port; RTCP is on the next.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Starts, or changes, what is exchanged with the far end.
    pub fn connect(&self, params: StreamParams) {
        self.order(Command::Connect(params));
    }

    /// Puts a transport between the stream and its socket, in place of the one it had. The addresses of
    /// [`Self::connect`] no longer matter then: the transport knows its far end, and speaks RTCP itself.
    pub fn carry(&self, transport: Box<dyn Transport>) {
        self.order(Command::Carry(transport));
    }

    /// Plays from the beginning, in place of what is being played. Ends with [`crate::MediaEvent::Played`].
    /// Prompts wait while the far end holds us.
    pub fn play(&self, playlist: Playlist) {
        let Playlist { items, repeat, id } = playlist;
        let items = items.into_iter().map(PlayItem::prepared).collect();
        self.order(Command::Play(Playlist { items, repeat, id }));
    }

    /// Plays one sound once.
    pub fn play_sound(&self, sound: Arc<Sound>, id: u64) {
        self.play(Playlist { items: vec![PlayItem::Sound(sound)], repeat: false, id });
    }

    /// Stops what is being played; `Played { finished: false }` follows.
    pub fn stop_playing(&self) {
        self.order(Command::StopPlaying);
    }

    /// Records into `sink` until [`Self::stop_recording`] or the end of the stream; then the sink
    /// closes. A full sink loses sound (counted in the statistics), never delays the call.
    pub fn record(&self, sink: mpsc::Sender<RecordedAudio>, what: Record) {
        self.order(Command::Record(sink, what));
    }

    /// While paused, the recording goes on with silence that is marked as a pause.
    pub fn pause_recording(&self, pause: bool) {
        self.order(Command::PauseRecording(pause));
    }

    /// Ends the recording; what is left of it is put into the sink first.
    pub fn stop_recording(&self) {
        self.order(Command::StopRecording);
    }

    /// Whether speech and, where no telephone-event was agreed, keys pressed in-band are reported.
    pub fn listen(&self, on: bool) {
        self.order(Command::Listen(on));
    }

    /// Gives a copy of what the far end says: frames of 20 ms at 8 kHz (160 samples), gaps concealed.
    /// A full sink loses frames. Ends when the receiver is dropped or another tap is set.
    pub fn tap(&self, sink: mpsc::Sender<Vec<i16>>) {
        self.order(Command::Tap(sink));
    }

    /// The far end hears the far ends of these streams at once, in place of its partner; of none, its partner again. Each of
    /// them is decoded for it and the sum encoded anew, so use it only where more than two are on the line. What is
    /// played goes before it.
    pub fn hear(&self, others: &[&Stream]) {
        let feeds = others.iter().map(|other| {
            let (sink, feed) = mix::feed();
            other.order(Command::Feed(sink));
            feed
        });
        self.order(Command::Hear(feeds.collect()));
    }

    /// Presses a key towards the far end for `ms` (40 to 2000): by RFC 4733 where agreed, else as tones.
    /// Several are sent one after the other. Anything but `0-9 * # A-D` is ignored.
    pub fn send_digit(&self, digit: char, ms: u32) {
        self.order(Command::SendDigit(digit, ms));
    }

    /// Joins two streams so that the far ends hear each other. Sound is relayed at once and untouched where
    /// the codecs are equal, else transcoded. Either stream leaves the partner it had. What is being played stops; what is played
    /// later is heard in place of the partner.
    pub fn join(&self, other: &Stream) {
        self.order(Command::Join(Arc::clone(&other.home)));
    }

    /// Parts this stream from its partner.
    pub fn part(&self) {
        self.order(Command::Part);
    }

    /// Closes; [`crate::MediaEvent::Closed`] with the statistics is the last event.
    pub fn close(self) {}

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    fn order(&self, command: Command) {
        self.home.send(Order { stream: self.home.id(), command });
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.order(Command::Close);
    }
}
