//! The engine: a few threads, and streams spread over them.

use crate::event::MediaEvent;
use crate::os;
use crate::session::Session;
use crate::stream::Stream;
use crate::worker::{self, Command, Home, Mailbox, Order, Pulse};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;

/// Sends and receives the sound of all calls, on threads of its own. Clones are handles of the same
/// engine; it ends when the last of them and the last stream are gone.
#[derive(Debug, Clone)]
pub struct MediaEngine(Arc<Inner>);

/// How the engine works.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Address to bind.
    pub ip: IpAddr,
    /// Ports for RTP (even) and RTCP (the next). `0..=0` lets the system choose, for tests.
    pub ports: RangeInclusive<u16>,
    /// Threads; 0 means one a core.
    pub threads: usize,
    /// After this much silence of a far end that should send, [`MediaEvent::MediaStopped`].
    pub silence_limit: Duration,
    /// Whether to send to where the far end's sound comes from rather than to where it said (for callers behind
    /// NAT, RFC 4961).
    pub symmetric: bool,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { ip: IpAddr::from([127, 0, 0, 1]), ports: 10000..=19999, threads: 0, silence_limit: Duration::from_secs(30), symmetric: true }
    }
}

/// Why the engine could not do something.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The range of ports holds no even port with its neighbour.
    #[error("[rtp] ports {0}-{1} hold no pair of an even port and the next: widen the range, for example to 10000-19999")]
    NoPorts(u16, u16),
    /// Every pair of the range is taken.
    #[error("all RTP ports of {0}-{1} are taken: widen [rtp] ports, or let other programs free them")]
    PortsTaken(u16, u16),
    /// The address cannot be bound.
    #[error("cannot receive media on {ip}: {source}: set [rtp] to an address of this machine")]
    Bind {
        /// The address.
        ip: IpAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The process has too many files and sockets open.
    #[error("no more sockets can be opened: raise the limit of open files (`ulimit -n`, LimitNOFILE=) to at least 4 for each call")]
    OpenFiles,
    /// The system refused a thread or one of its descriptors.
    #[error("cannot start a media thread: {0}: raise the limits of threads and open files (ulimit -n)")]
    Thread(std::io::Error),
}

/// What the engine has to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Open streams.
    pub streams: usize,
    /// One for each thread.
    pub threads: Vec<ThreadLoad>,
}

/// What one thread has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadLoad {
    /// Streams that it owns.
    pub streams: u32,
    /// Processor time that it has used.
    pub cpu: Duration,
    /// Rounds of 20 ms that a stream had to leave out because the thread came too late.
    pub missed_rounds: u64,
    /// Events lost because their receiver did not take them for long.
    pub lost_events: u64,
}

#[derive(Debug)]
struct Inner {
    config: MediaConfig,
    mailboxes: Arc<[Mailbox]>,
    pulses: Vec<Arc<Pulse>>,
    next_stream: AtomicU64,
    next_port: AtomicU32,
}

impl MediaEngine {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the configuration cannot work, or the system refuses.
    pub fn start(config: MediaConfig) -> Result<Self, MediaError> {
        let (first, last) = pairs(&config.ports)?;
        // An address that is not ours is found now rather than in the first call.
        UdpSocket::bind(SocketAddr::new(config.ip, 0)).map_err(|source| MediaError::Bind { ip: config.ip, source })?;
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n.min(64),
        };
        let mailboxes: Result<Vec<_>, _> = (0..threads).map(|_| Mailbox::new()).collect();
        let mailboxes: Arc<[Mailbox]> = mailboxes.map_err(MediaError::Thread)?.into();
        let mut pulses = Vec::with_capacity(threads);
        for index in 0..threads {
            let pulse = Arc::new(Pulse::default());
            worker::start(index, Arc::clone(&mailboxes), Arc::clone(&pulse)).map_err(MediaError::Thread)?;
            pulses.push(pulse);
        }
        let spread = u32::try_from(os::random() % u64::from(u32::from(last - first) / 2 + 1)).unwrap_or(0);
        let inner = Inner { config, mailboxes, pulses, next_stream: AtomicU64::new(1), next_port: AtomicU32::new(spread) };
        Ok(Self(Arc::new(inner)))
    }

    /// Opens a stream on the least loaded thread: binds its two sockets. Events go to `events` without
    /// waiting: give it room for the bursts of its calls (64 is plenty for one call).
    ///
    /// # Errors
    /// If no port is free.
    pub fn open(&self, events: mpsc::Sender<MediaEvent>, tag: u64) -> Result<Stream, MediaError> {
        let index = (0..self.0.pulses.len()).min_by_key(|i| self.0.pulses[*i].streams.load(Relaxed)).unwrap_or(0);
        self.open_on(index, events, tag)
    }

    /// Opens a stream on the thread of another that it will be joined with: the join then moves nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_near(&self, other: &Stream, events: mpsc::Sender<MediaEvent>, tag: u64) -> Result<Stream, MediaError> {
        self.open_on(other.home().worker().min(self.0.pulses.len() - 1), events, tag)
    }

    /// What there is to do now.
    pub fn load(&self) -> Load {
        let threads: Vec<_> = self.0.pulses.iter().map(|p| p.read()).collect();
        Load { streams: threads.iter().map(|t| t.streams as usize).sum(), threads }
    }

    fn open_on(&self, index: usize, events: mpsc::Sender<MediaEvent>, tag: u64) -> Result<Stream, MediaError> {
        let (rtp, rtcp, local) = self.bind_pair()?;
        let id = self.0.next_stream.fetch_add(1, Relaxed);
        let home = Arc::new(Home::new(id, index, Arc::clone(&self.0.mailboxes)));
        let session = Session::new(Arc::clone(&home), tag, events, rtp, rtcp, &self.0.config);
        self.0.pulses[index].streams.fetch_add(1, Relaxed);
        home.send(Order { stream: id, command: Command::Adopt(Box::new(session)) });
        Ok(Stream::new(home, local))
    }

    fn bind_pair(&self) -> Result<(UdpSocket, UdpSocket, SocketAddr), MediaError> {
        let config = &self.0.config;
        let taken = || MediaError::PortsTaken(*config.ports.start(), *config.ports.end());
        let (first, last) = pairs(&config.ports)?;
        let count = u32::from(last - first) / 2 + 1;
        let tries = if first == 0 { 200 } else { count };
        for _ in 0..tries {
            let port = match first {
                0 => 0,
                _ => first + 2 * (self.0.next_port.fetch_add(1, Relaxed) % count) as u16,
            };
            if let Some(pair) = try_pair(config.ip, port)? {
                return Ok(pair);
            }
        }
        Err(taken())
    }
}

/// Binds one pair; `None` if one of the two is taken.
fn try_pair(ip: IpAddr, port: u16) -> Result<Option<(UdpSocket, UdpSocket, SocketAddr)>, MediaError> {
    let attempt = || -> std::io::Result<Option<(UdpSocket, UdpSocket, SocketAddr)>> {
        let rtp = os::bind(SocketAddr::new(ip, port))?;
        let local = rtp.local_addr()?;
        let Some(next) = local.port().checked_add(1).filter(|next| next % 2 == 1) else { return Ok(None) };
        let rtcp = os::bind(SocketAddr::new(ip, next))?;
        Ok(Some((rtp, rtcp, local)))
    };
    match attempt() {
        Ok(pair) => Ok(pair),
        Err(e) if matches!(e.kind(), std::io::ErrorKind::AddrInUse | std::io::ErrorKind::PermissionDenied) => Ok(None),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => Err(MediaError::OpenFiles),
        Err(source) => Err(MediaError::Bind { ip, source }),
    }
}

/// First and last even port whose neighbour is in the range too.
fn pairs(ports: &RangeInclusive<u16>) -> Result<(u16, u16), MediaError> {
    let (start, end) = (*ports.start(), *ports.end());
    if (start, end) == (0, 0) {
        return Ok((0, 0));
    }
    let first = u32::from(start.max(1)).next_multiple_of(2);
    let last = (u32::from(end).saturating_sub(1)) & !1;
    if first > last {
        return Err(MediaError::NoPorts(start, end));
    }
    Ok((first as u16, last as u16))
}

impl Drop for Inner {
    fn drop(&mut self) {
        for mailbox in self.mailboxes.iter() {
            mailbox.end();
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn engine(ports: RangeInclusive<u16>, threads: usize) -> Result<MediaEngine, MediaError> {
        MediaEngine::start(MediaConfig { ports, threads, ..MediaConfig::default() })
    }

    #[test]
    fn only_whole_pairs_of_ports_are_used() {
        assert_eq!(pairs(&(10001..=10005)).ok(), Some((10002, 10004)));
        assert_eq!(pairs(&(10000..=10001)).ok(), Some((10000, 10000)));
        assert_eq!(pairs(&(10000..=10004)).ok(), Some((10000, 10002)));
        assert!(matches!(pairs(&(10000..=10000)), Err(MediaError::NoPorts(..))));
        assert!(matches!(pairs(&(1..=1)), Err(MediaError::NoPorts(..))));
        assert_eq!(pairs(&(60000..=65535)).ok(), Some((60000, 65534)));
    }

    #[test]
    fn taken_ports_are_passed_over_and_when_all_are_taken_it_is_said() {
        // A free stretch of the machine's ports, held while we ask for it.
        let probe = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let first = probe.local_addr().expect("bound").port() & !1;
        drop(probe);
        let engine = engine(first..=first.saturating_add(3), 1).expect("an engine");
        let _taken = UdpSocket::bind(("127.0.0.1", first)).ok();
        let (events, _happened) = mpsc::channel(8);
        let mut streams = Vec::new();
        let refusal = loop {
            match engine.open(events.clone(), 1) {
                Ok(stream) => streams.push(stream),
                Err(refusal) => break refusal,
            }
            assert!(streams.len() <= 2);
        };
        assert!(matches!(refusal, MediaError::PortsTaken(..)), "{refusal}");
        assert!(streams.iter().all(|s| s.local().port() != first));
    }

    #[test]
    fn an_address_of_another_machine_is_refused_at_the_start() {
        let config = MediaConfig { ip: IpAddr::from([192, 0, 2, 1]), ..MediaConfig::default() };
        assert!(matches!(MediaEngine::start(config), Err(MediaError::Bind { .. })));
    }

    #[test]
    fn a_fault_in_one_stream_ends_that_one_and_tells_its_owner() {
        let engine = engine(0..=0, 1).expect("an engine");
        let (events, mut happened) = mpsc::channel(8);
        let faulty = engine.open(events.clone(), 1).expect("a stream");
        let partner = engine.open(events.clone(), 2).expect("a stream");
        faulty.join(&partner);
        faulty.home().send(Order { stream: faulty.home().id(), command: Command::Fail });
        assert!(matches!(happened.blocking_recv(), Some(MediaEvent::Closed { tag: 1, .. })));
        // The thread lives: it takes orders for others, and new streams in the same place.
        let next = engine.open(events.clone(), 3).expect("a stream");
        partner.close();
        assert!(matches!(happened.blocking_recv(), Some(MediaEvent::Closed { tag: 2, .. })));
        next.close();
        assert!(matches!(happened.blocking_recv(), Some(MediaEvent::Closed { tag: 3, .. })));
        drop(faulty);
    }
}
