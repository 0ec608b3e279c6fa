//! How much of a core the engine needs, and how well it keeps time.
//!
//!     cargo run --release -p voice-media --example load -- play 400 10
//!     cargo run --release -p voice-media --example load -- bridge 100 10
//!
//! `play N SECONDS`: N streams play a prompt and listen, each to a far end that sends 50 packets a second.
//! `bridge N SECONDS`: N pairs of streams are joined, both far ends send.
//! Prints one line of JSON. The far ends share one thread, whose own processor time is told apart.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use voice_media::rtp::Header;
use voice_media::tone::sine;
use voice_media::{Codec, MediaConfig, MediaEngine, PlayItem, Playlist, Sound, Stream, StreamParams};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mode = arguments.first().map_or("play", String::as_str);
    let count: usize = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(100);
    let seconds: u64 = arguments.get(2).and_then(|n| n.parse().ok()).unwrap_or(10);
    let threads: usize = arguments.get(3).and_then(|n| n.parse().ok()).unwrap_or(0);
    let legs = if mode == "bridge" { 2 * count } else { count };
    let before = resident_kb();
    let engine = MediaEngine::start(MediaConfig { ports: 20000..=39000, threads, ..MediaConfig::default() }).expect("an engine");
    let peers: Vec<UdpSocket> = (0..legs).map(|_| peer()).collect();
    let (events, mut happened) = tokio::sync::mpsc::channel(100_000);
    let mut streams: Vec<Stream> = Vec::with_capacity(legs);
    for (n, peer) in peers.iter().enumerate() {
        let stream = match streams.last().filter(|_| mode == "bridge" && n % 2 == 1) {
            Some(caller) => engine.open_near(caller, events.clone(), n as u64),
            None => engine.open(events.clone(), n as u64),
        }
        .expect("a stream; is `ulimit -n` high enough?");
        stream.connect(StreamParams::plain(peer.local_addr().expect("bound"), Codec::Pcma));
        streams.push(stream);
    }
    if mode == "bridge" {
        streams.chunks(2).for_each(|pair| pair[0].join(&pair[1]));
    } else {
        let prompt = Arc::new(Sound::from_pcm(8000, &sine(8000, 440.0, 8000.0, 8000 * 10)));
        for stream in &streams {
            stream.play(Playlist { items: vec![PlayItem::Sound(Arc::clone(&prompt))], repeat: true, id: 1 });
            stream.listen(true);
        }
    }
    let targets: Vec<SocketAddr> = streams.iter().map(Stream::local).collect();
    let far_ends =
        std::thread::Builder::new().name("far-ends".into()).spawn(move || be_far_ends(&peers, &targets, seconds)).expect("a thread");
    let measured = far_ends.join().expect("far ends");
    let load = engine.load();
    let cpu: f64 = measured.engine_cpu.as_secs_f64();
    println!(
        "{{\"mode\":\"{mode}\",\"n\":{count},\"threads\":{},\"seconds\":{:.2},\"engine_cpu_s\":{cpu:.3},\"core_pct_per_100\":{:.2},\"far_ends_cpu_s\":{:.3},\
         \"received\":{},\"expected\":{},\"pacing_ms\":{{\"p50\":{:.3},\"p99\":{:.3},\"p999\":{:.3},\"max\":{:.3}}},\"missed_rounds\":{},\"kb_per_call\":{}}}",
        load.threads.len(),
        measured.seconds,
        cpu / measured.seconds / count as f64 * 100.0 * 100.0,
        measured.own_cpu.as_secs_f64(),
        measured.received,
        (measured.seconds * 50.0 * legs as f64) as u64,
        measured.pacing(0.5),
        measured.pacing(0.99),
        measured.pacing(0.999),
        measured.pacing(1.0),
        load.threads.iter().map(|t| t.missed_rounds).sum::<u64>(),
        resident_kb().saturating_sub(before) / count as u64,
    );
    drop(streams);
    while let Ok(_event) = happened.try_recv() {}
}

fn peer() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("non-blocking");
    socket
}

struct Measured {
    seconds: f64,
    engine_cpu: Duration,
    own_cpu: Duration,
    received: u64,
    /// Distance of each packet from 20 ms after the one before, in microseconds.
    deviations: Vec<u32>,
}

impl Measured {
    fn pacing(&self, quantile: f64) -> f64 {
        let at = ((self.deviations.len().max(1) - 1) as f64 * quantile) as usize;
        self.deviations.get(at).map_or(0.0, |us| f64::from(*us) / 1000.0)
    }
}

/// Sends for each far end in its own tenth of a round, and reads what comes with the kernel's time of arrival.
fn be_far_ends(peers: &[UdpSocket], targets: &[SocketAddr], seconds: u64) -> Measured {
    let mut ears = Ears::new(peers);
    let payload = [0xd5u8; 160];
    let begin = Instant::now();
    let warm_up = Duration::from_secs(2);
    let (mut engine_before, mut own_before) = (engine_cpu(), thread_cpu("far-ends"));
    let mut measuring = false;
    let mut received = 0;
    for step in 0u32.. {
        let elapsed = begin.elapsed();
        if !measuring && elapsed >= warm_up {
            measuring = true;
            (engine_before, own_before, received) = (engine_cpu(), thread_cpu("far-ends"), 0);
            ears.deviations.clear();
        }
        if elapsed >= warm_up + Duration::from_secs(seconds) {
            break;
        }
        let round = step / 10;
        for at in (step as usize % 10..peers.len()).step_by(10) {
            let header = Header {
                payload_type: 8,
                marker: round == 0,
                sequence: round as u16,
                timestamp: round.wrapping_mul(160),
                ssrc: at as u32 + 1,
            };
            let mut datagram = [0; 172];
            datagram[..12].copy_from_slice(&header.to_bytes());
            datagram[12..].copy_from_slice(&payload);
            let _ = peers[at].send_to(&datagram, targets[at]);
            received += ears.read(peers, (at + 5) % peers.len());
        }
        let next = begin + Duration::from_millis(2) * (step + 1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    ears.deviations.sort_unstable();
    Measured {
        seconds: (begin.elapsed() - warm_up).as_secs_f64(),
        engine_cpu: engine_cpu().saturating_sub(engine_before),
        own_cpu: thread_cpu("far-ends").saturating_sub(own_before),
        received,
        deviations: ears.deviations,
    }
}

/// Reads with the kernel's time stamps: the reader's own lateness does not count.
struct Ears {
    last: Vec<u64>,
    deviations: Vec<u32>,
}

impl Ears {
    fn new(peers: &[UdpSocket]) -> Self {
        use std::os::fd::AsRawFd;
        let on: libc::c_int = 1;
        for peer in peers {
            // SAFETY: the descriptor is open; the value is a c_int and the length says so.
            unsafe {
                libc::setsockopt(peer.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, (&raw const on).cast(), 4);
            }
        }
        Self { last: vec![0; peers.len()], deviations: Vec::new() }
    }

    fn read(&mut self, peers: &[UdpSocket], at: usize) -> u64 {
        use std::os::fd::AsRawFd;
        let mut count = 0;
        loop {
            let mut data = [0u8; 400];
            let mut control = [0u64; 8];
            let mut vector = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
            // SAFETY: all zeros is a valid msghdr; the buffers it then points to outlive the call.
            let (n, arrived) = unsafe {
                let mut head: libc::msghdr = std::mem::zeroed();
                head.msg_iov = &raw mut vector;
                head.msg_iovlen = 1;
                head.msg_control = control.as_mut_ptr().cast();
                head.msg_controllen = 64;
                let n = libc::recvmsg(peers[at].as_raw_fd(), &mut head, libc::MSG_DONTWAIT);
                let item = libc::CMSG_FIRSTHDR(&head);
                let time: libc::timespec =
                    if n > 0 && !item.is_null() { std::ptr::read_unaligned(libc::CMSG_DATA(item).cast()) } else { std::mem::zeroed() };
                (n, time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
            };
            if n <= 0 {
                return count;
            }
            count += 1;
            if self.last[at] > 0 && arrived > 0 {
                self.deviations.push((arrived.abs_diff(self.last[at]).abs_diff(20_000_000) / 1000) as u32);
            }
            self.last[at] = arrived;
        }
    }
}

fn engine_cpu() -> Duration {
    thread_cpu("media-")
}

/// User and system time of this program's threads whose names begin so, from the scheduler's own account.
fn thread_cpu(name: &str) -> Duration {
    let mut total = 0u64;
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let named = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if named.starts_with(name) {
            let account = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            total += account.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(total)
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}
