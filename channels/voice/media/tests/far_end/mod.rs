//! A telephone for tests: real sockets, its own tone to say, and ears that tell frequencies.
#![allow(dead_code, clippy::expect_used, clippy::panic)]

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use voice_media::codec::{Decoder, Encoder};
use voice_media::rtp::{Header, Packet};
use voice_media::tone::{level_of, sine};
use voice_media::{Codec, MediaConfig, MediaEngine, MediaEvent, Stream, StreamParams};

/// Long enough for a busy machine; no test waits that long when all is well.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Each time that somebody speaks is a source of its own.
static SPEAKERS: AtomicU32 = AtomicU32::new(1000);

pub struct FarEnd {
    socket: Arc<UdpSocket>,
    heard: Arc<(Mutex<Vec<Received>>, Condvar)>,
    stop: Arc<AtomicBool>,
    ear: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone)]
pub struct Received {
    pub header: Header,
    pub payload: Vec<u8>,
    pub at: Instant,
}

/// Sends a tone every 20 ms until dropped.
pub struct Speaking {
    stop: Arc<AtomicBool>,
    mouth: Option<JoinHandle<()>>,
}

impl FarEnd {
    pub fn new() -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let heard = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let ear = {
            let (socket, heard, stop) = (Arc::clone(&socket), Arc::clone(&heard), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut buffer = [0; 2000];
                while !stop.load(Ordering::Relaxed) {
                    let Ok(length) = socket.recv(&mut buffer) else { continue };
                    let Ok(packet) = Packet::parse(&buffer[..length]) else { continue };
                    let received = Received { header: packet.header, payload: packet.payload.to_vec(), at: Instant::now() };
                    heard.0.lock().expect("whole").push(received);
                    heard.1.notify_all();
                }
            })
        };
        Self { socket, heard, stop, ear: Some(ear) }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    pub fn send(&self, to: SocketAddr, datagram: &[u8]) {
        self.socket.send_to(datagram, to).expect("sent");
    }

    pub fn packets(&self) -> Vec<Received> {
        self.heard.0.lock().expect("whole").clone()
    }

    pub fn forget(&self) {
        self.heard.0.lock().expect("whole").clear();
    }

    /// Waits until what was heard satisfies.
    pub fn wait_for(&self, what: &str, mut satisfied: impl FnMut(&[Received]) -> bool) -> Vec<Received> {
        let until = Instant::now() + LIMIT;
        let mut heard = self.heard.0.lock().expect("whole");
        while !satisfied(&heard) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "did not hear {what}: {} packets", heard.len());
            heard = self.heard.1.wait_timeout(heard, left).expect("whole").0;
        }
        heard.clone()
    }

    /// Waits until the last 200 ms of sound carry that tone and not the other.
    pub fn wait_for_tone(&self, codec: Codec, hz: f32, not: &[f32]) {
        self.wait_for(&format!("a tone of {hz} Hz"), |packets| {
            let pcm = last_sound(packets, codec, 10);
            pcm.len() >= 1600 && level_of(&pcm, 8000, hz) > 3000.0 && not.iter().all(|n| level_of(&pcm, 8000, *n) < 600.0)
        });
    }

    pub fn speak(&self, to: SocketAddr, codec: Codec, hz: f32) -> Speaking {
        let pcm = sine(8000, hz, 9000.0, 8000);
        self.say(to, codec, pcm, true)
    }

    /// Sends that sound, over and over or once.
    pub fn say(&self, to: SocketAddr, codec: Codec, pcm: Vec<i16>, repeat: bool) -> Speaking {
        let socket = Arc::clone(&self.socket);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mouth = std::thread::spawn(move || {
            let mut encoder = Encoder::new(codec);
            let ssrc = SPEAKERS.fetch_add(1, Ordering::Relaxed);
            let mut header =
                Header { payload_type: codec.static_payload_type(), marker: true, sequence: 65500, timestamp: u32::MAX - 8000, ssrc };
            let begin = Instant::now();
            for n in 0u32.. {
                let at = n as usize * 160 % pcm.len();
                if stopped.load(Ordering::Relaxed) || (!repeat && n as usize * 160 >= pcm.len()) {
                    return;
                }
                let mut datagram = header.to_bytes().to_vec();
                encoder.encode(&pcm[at..(at + 160).min(pcm.len())], &mut datagram);
                let _ = socket.send_to(&datagram, to);
                header.marker = false;
                header.sequence = header.sequence.wrapping_add(1);
                header.timestamp = header.timestamp.wrapping_add(160);
                let next = begin + Duration::from_millis(20) * (n + 1);
                std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
            }
        });
        Speaking { stop, mouth: Some(mouth) }
    }
}

impl Speaking {
    /// Waits until all was said (what repeats never is).
    pub fn finish(mut self) {
        if let Some(mouth) = self.mouth.take() {
            mouth.join().expect("said");
        }
    }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(mouth) = self.mouth.take() {
            mouth.thread().unpark();
            let _ = mouth.join();
        }
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(ear) = self.ear.take() {
            let _ = ear.join();
        }
    }
}

/// Decodes the last packets of sound.
pub fn last_sound(packets: &[Received], codec: Codec, frames: usize) -> Vec<i16> {
    let sound: Vec<_> = packets.iter().filter(|p| p.header.payload_type == codec.static_payload_type()).collect();
    // G.722 needs a run-up, which is then left out.
    let run_up = 5;
    let from = sound.len().saturating_sub(frames + run_up);
    let mut decoder = Decoder::new(codec);
    let mut pcm = Vec::new();
    for packet in &sound[from..] {
        decoder.decode(&packet.payload, &mut pcm);
    }
    pcm.split_off(pcm.len().saturating_sub(frames * 160))
}

/// An engine on loopback with ports of the system's choice.
pub fn engine(threads: usize) -> MediaEngine {
    engine_with(MediaConfig { threads, ..loopback() })
}

pub fn loopback() -> MediaConfig {
    MediaConfig { ports: 0..=0, threads: 1, ..MediaConfig::default() }
}

pub fn engine_with(config: MediaConfig) -> MediaEngine {
    MediaEngine::start(config).expect("an engine")
}

/// A stream connected with a far end, and its events.
pub fn connected(engine: &MediaEngine, tag: u64, far_end: &FarEnd, codec: Codec) -> (Stream, Events) {
    let (sender, receiver) = mpsc::channel(256);
    let stream = engine.open(sender, tag).expect("a stream");
    stream.connect(StreamParams::plain(far_end.address(), codec));
    (stream, Events(receiver))
}

pub struct Events(pub mpsc::Receiver<MediaEvent>);

impl Events {
    /// Waits for an event of interest, passing over others.
    pub fn wait_for<T>(&mut self, what: &str, mut wanted: impl FnMut(MediaEvent) -> Option<T>) -> T {
        let until = Instant::now() + LIMIT;
        loop {
            match self.0.try_recv() {
                Ok(event) => {
                    if let Some(found) = wanted(event) {
                        return found;
                    }
                }
                Err(mpsc::error::TryRecvError::Disconnected) => panic!("no more events, {what} was missing"),
                Err(mpsc::error::TryRecvError::Empty) => {
                    assert!(Instant::now() < until, "{what} did not come");
                    std::thread::park_timeout(Duration::from_millis(2));
                }
            }
        }
    }
}
