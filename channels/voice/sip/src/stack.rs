//! The stack: the machine with its sockets, and the handle by which others use it.

use crate::config::{Binding, SipConfig, SipError, Transport, TrunkStatus};
use crate::core::{Beginning, Core, Flow, Output, Route, TrunkState, way};
use crate::leg::{DialSpec, EVENTS, Inbox, IncomingCall, Leg, Target};
use crate::net::stream::{self, Opening, StreamEvent};
use crate::net::{tls, udp};
use crate::wire::Uri;
use bytes::Bytes;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// Calls that may wait for whoever answers them.
const WAITING_CALLS: usize = 1_024;
/// Events of streams that may wait.
const STREAM_EVENTS: usize = 1_024;
/// Messages that are handled before anything else is looked at.
const BATCH: usize = 64;
/// Longest datagram.
const DATAGRAM: usize = 65_535;
/// How long a name may be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Signalling. Clones are handles of the same stack.
#[derive(Clone)]
pub struct SipStack(Arc<Shared>);

struct Shared {
    core: Mutex<Core>,
    inbox: Arc<Inbox>,
    listeners: Vec<(Transport, SocketAddr)>,
    cancel: CancellationToken,
}

impl SipStack {
    /// Binds every listener and begins to answer. Calls that come in wait in the receiver.
    ///
    /// # Errors
    /// [`SipError`], each a sentence with what to do.
    pub async fn start(config: SipConfig) -> Result<(Self, mpsc::Receiver<IncomingCall>), SipError> {
        let cancel = CancellationToken::new();
        let (stream_events, stream_events_out) = mpsc::channel(STREAM_EVENTS);
        let connector = tls::connector(config.tls.as_ref())?;
        let (listeners, sockets) = listen(&config, &stream_events, &cancel).await?;
        let trunks = config.trunks.iter().cloned().map(TrunkState::new).collect::<Result<Vec<_>, _>>()?;
        let (calls, calls_out) = mpsc::channel(WAITING_CALLS);
        let inbox = Arc::new(Inbox::default());
        let core = Core::new(Beginning {
            config,
            listeners: listeners.clone(),
            own_ip: udp::own_ip(),
            trunks,
            calls,
            inbox: inbox.clone(),
            seed: rand::random(),
            now: Instant::now(),
            now_s: now_s(),
        });
        let shared = Arc::new(Shared { core: Mutex::new(core), inbox, listeners, cancel });
        let shell = Shell { shared: shared.clone(), sockets, stream_events, writers: HashMap::new(), connector };
        let running = tokio::spawn(shell.run(stream_events_out));
        let watched = shared.clone();
        tokio::spawn(async move {
            if running.await.is_err() {
                tracing::error!(event = "sip.stack_ended", "signalling has stopped by a fault of ours: restart the program");
                watched.cancel.cancel();
            }
        });
        Ok((Self(shared), calls_out))
    }

    /// Where it listens.
    pub fn listeners(&self) -> Vec<(Transport, SocketAddr)> {
        self.0.listeners.clone()
    }

    /// Sends an INVITE; what becomes of it are the events of the leg.
    ///
    /// # Errors
    /// [`SipError`] if there is nowhere to send it.
    pub async fn dial(&self, spec: DialSpec) -> Result<Leg, SipError> {
        let named = named_host(&spec.target).await?;
        let (events, events_out) = mpsc::channel(EVENTS);
        let id = self.0.inbox.new_leg();
        let mut core = self.0.core();
        core.clock(Instant::now(), now_s());
        let routes = match named {
            Some(routes) => routes,
            None => core.ways_to(&spec.target)?,
        };
        core.dial(id, spec, routes, events)?;
        drop(core);
        self.0.inbox.bell.notify_one();
        Ok(Leg { events: events_out, control: self.0.inbox.control(id) })
    }

    /// The registrations of a desk phone; of all for an empty name.
    pub fn registered(&self, user: &str) -> Vec<Binding> {
        self.0.core().registrar.bindings((!user.is_empty()).then_some(user), Instant::now())
    }

    /// How the trunks are.
    pub fn trunks(&self) -> Vec<TrunkStatus> {
        self.0.core().trunks.iter().map(TrunkState::status).collect()
    }

    /// Whether it still answers; false after [`SipStack::shutdown`].
    pub fn is_running(&self) -> bool {
        !self.0.cancel.is_cancelled()
    }

    /// Legs at this moment.
    pub fn dialogs(&self) -> usize {
        self.0.core().legs_alive()
    }

    /// Hangs up what is left, waits at most `grace` for the answers, and stops listening.
    pub async fn shutdown(&self, grace: Duration) {
        {
            let mut core = self.0.core();
            core.clock(Instant::now(), now_s());
            core.hang_up_all();
        }
        self.0.inbox.bell.notify_one();
        let quiet = async {
            while self.0.core().has_legs() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(grace, quiet).await;
        self.0.cancel.cancel();
    }
}

impl Shared {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that owns the sockets.
struct Shell {
    shared: Arc<Shared>,
    sockets: Vec<UdpSocket>,
    stream_events: mpsc::Sender<StreamEvent>,
    writers: HashMap<u64, mpsc::Sender<Bytes>>,
    connector: TlsConnector,
}

impl Shell {
    async fn run(mut self, mut streams: mpsc::Receiver<StreamEvent>) {
        let shared = self.shared.clone();
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let wake = shared.core().next_wake().unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            let mut event = None;
            tokio::select! {
                () = shared.cancel.cancelled() => return,
                () = shared.inbox.bell.notified() => {}
                came = streams.recv() => event = came,
                () = udp::readable(&self.sockets), if !self.sockets.is_empty() => {}
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            let mut core = shared.core();
            core.clock(Instant::now(), now_s());
            core.orders();
            let more = std::iter::from_fn(|| streams.try_recv().ok()).take(BATCH);
            for event in event.into_iter().chain(more) {
                self.streamed(&mut core, event);
            }
            self.receive(&mut core, &mut buffer);
            core.wake();
            let out = core.take_output();
            drop(core);
            for output in out {
                self.put_out(output);
            }
        }
    }

    fn receive(&self, core: &mut Core, buffer: &mut [u8]) {
        for (n, socket) in self.sockets.iter().enumerate() {
            for _ in 0..BATCH {
                match socket.try_recv_from(buffer) {
                    Ok((length, peer)) => contained(|| core.datagram(n, peer, &buffer[..length])),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                    // An ICMP refusal of something that was sent; the next datagram may be sound.
                    Err(error) => tracing::debug!(event = "sip.receive_failed", %error),
                }
            }
        }
    }

    fn streamed(&mut self, core: &mut Core, event: StreamEvent) {
        match event {
            StreamEvent::Opened { stream, secure, peer, writer } => {
                self.writers.insert(stream, writer);
                core.stream_opened(stream, secure, peer);
            }
            StreamEvent::Message { stream, secure, peer, bytes } => contained(|| core.streamed(stream, secure, peer, &bytes)),
            StreamEvent::Lost { stream, secure, peer, bytes } => core.stream_lost(stream, secure, peer, &bytes),
            StreamEvent::Closed { stream } => {
                self.writers.remove(&stream);
                core.stream_closed(stream);
            }
        }
    }

    fn put_out(&mut self, output: Output) {
        match output {
            Output::Send { flow: Flow::Datagram { socket, peer }, bytes } => {
                // A datagram that the system does not take is as good as lost, and is sent again by its timer.
                if let Some(Err(error)) = self.sockets.get(socket).map(|s| s.try_send_to(&bytes, peer)) {
                    tracing::debug!(event = "sip.send_failed", %error);
                }
            }
            Output::Send { flow: Flow::Stream { stream, .. }, bytes } => {
                let taken = self.writers.get(&stream).is_some_and(|w| w.try_send(bytes).is_ok());
                if !taken {
                    self.writers.remove(&stream); // gone, or it does not read: its task ends and says so
                }
            }
            Output::Open { stream, secure, peer, name } => {
                let tls = secure.then(|| (self.connector.clone(), name));
                let writer = stream::open(Opening { stream, peer, tls }, self.stream_events.clone(), self.shared.cancel.clone());
                self.writers.insert(stream, writer);
            }
            Output::Close { stream } => {
                self.writers.remove(&stream);
            }
            Output::Look { trunk } => self.look_up(trunk),
        }
    }

    fn look_up(&self, trunk: usize) {
        let shared = self.shared.clone();
        let Some((host, port)) = shared.core().trunks.get(trunk).map(|t| (t.uri.host.clone(), t.uri.port_or_usual())) else { return };
        tokio::spawn(async move {
            let addrs = look_up(&host, port).await;
            let mut core = shared.core();
            core.clock(Instant::now(), now_s());
            core.trunk_found(trunk, addrs);
            drop(core);
            shared.inbox.bell.notify_one();
        });
    }
}

/// A fault of ours with one message must not end all calls. The leg that it was about may be lost.
fn contained(what: impl FnOnce()) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(what)).is_err() {
        tracing::error!(event = "sip.fault", "a message met a fault of ours and was dropped; please report it");
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

async fn look_up(host: &str, port: u16) -> Vec<SocketAddr> {
    match tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addrs)) => addrs.take(8).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// The ways to a SIP URI whose host is a name; none if nothing has to be looked up.
async fn named_host(target: &Target) -> Result<Option<Vec<Route>>, SipError> {
    let Target::Uri(text) = target else { return Ok(None) };
    let bad = || SipError::Target(text.clone());
    let uri = Uri::read(text).map_err(|_| bad())?;
    if uri.host.is_empty() {
        return Err(bad());
    }
    if uri.socket_addr().is_some() {
        return Ok(None);
    }
    let addrs = look_up(&uri.host, uri.port_or_usual()).await;
    if addrs.is_empty() { Err(bad()) } else { Ok(Some(addrs.into_iter().map(|addr| way(&uri, addr)).collect())) }
}

type Listening = (Vec<(Transport, SocketAddr)>, Vec<UdpSocket>);

async fn listen(config: &SipConfig, events: &mpsc::Sender<StreamEvent>, cancel: &CancellationToken) -> Result<Listening, SipError> {
    let (mut listeners, mut sockets) = (Vec::new(), Vec::new());
    for listen in &config.listen {
        let bind = |e: std::io::Error| SipError::Bind { transport: listen.transport, addr: listen.addr, why: e.to_string() };
        let acceptor = match (listen.transport, &config.tls) {
            (Transport::Tls, Some(files)) => Some(tls::acceptor(files)?),
            (Transport::Tls, None) => {
                return Err(SipError::Tls { path: "[sip.tls]".into(), why: "a certificate and a key are needed to listen on TLS".into() });
            }
            _ => None,
        };
        let addr = if listen.transport == Transport::Udp {
            let socket = udp::bind(listen.addr).map_err(bind)?;
            let addr = socket.local_addr().map_err(bind)?;
            sockets.push(socket);
            addr
        } else {
            let listener = TcpListener::bind(listen.addr).await.map_err(bind)?;
            let addr = listener.local_addr().map_err(bind)?;
            tokio::spawn(stream::accept(listener, acceptor, events.clone(), cancel.clone()));
            addr
        };
        listeners.push((listen.transport, addr));
    }
    Ok((listeners, sockets))
}
