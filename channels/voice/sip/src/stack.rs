//! The stack: listeners, the router of what comes in, and the way out.

use crate::config::{Binding, SipConfig, SipError, Transport, TrunkStatus};
use crate::datagram::Mended;
use crate::dialog::{DialogKey, Mail};
use crate::digest::{Proof, challenge, prove};
use crate::guard::Guard;
use crate::leg::{DialSpec, IncomingCall, Leg, Target};
use crate::message::{self, to_tag};
use crate::outgoing::{self, Route};
use crate::registrar::{Registered, Registrar};
use crate::trunk::{self, Trunk};
use crate::{incoming, leg};
use rsipstack::EndpointBuilder;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, StatusCode, Uri};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::tcp_listener::TcpListenerConnection;
use rsipstack::transport::tls::{TlsConfig, TlsListenerConnection};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipConnection, TransportLayer};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Calls that may wait for whoever answers them.
const WAITING_CALLS: usize = 512;
/// Receive buffer of the UDP socket: a burst of some thousand INVITEs.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Signalling. Clones are handles of the same stack.
#[derive(Clone)]
pub struct SipStack(Arc<Shared>);

/// What all dialogs share.
pub(crate) struct Shared {
    pub(crate) endpoint: EndpointInnerRef,
    pub(crate) calls: mpsc::Sender<IncomingCall>,
    pub(crate) user_agent: String,
    pub(crate) session_expires: u32,
    pub(crate) cancel: CancellationToken,
    config: SipConfig,
    listeners: Vec<(Transport, SocketAddr)>,
    dialogs: Mutex<HashMap<DialogKey, mpsc::Sender<Mail>>>,
    registrar: Mutex<Registrar>,
    guard: Arc<Mutex<Guard>>,
    trunks: Vec<Arc<Trunk>>,
    secret: [u8; 32],
}

impl SipStack {
    /// Binds every listener and begins to answer. Calls that come in wait in the receiver.
    ///
    /// # Errors
    /// [`SipError`], each a sentence with what to do.
    pub async fn start(config: SipConfig) -> Result<(Self, mpsc::Receiver<IncomingCall>), SipError> {
        let cancel = CancellationToken::new();
        let guard = Arc::new(Mutex::new(Guard::new(config.limits.clone(), Instant::now())));
        let layer = TransportLayer::new(cancel.clone());
        let listeners = listen(&config, &layer, &guard, &cancel).await?;
        let endpoint = EndpointBuilder::new()
            .with_cancel_token(cancel.clone())
            .with_transport_layer(layer)
            .with_user_agent(&config.user_agent)
            .build();
        let (calls, calls_out) = mpsc::channel(WAITING_CALLS);
        let trunks = config.trunks.iter().cloned().map(|t| Trunk::new(t).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let shared = Arc::new(Shared {
            endpoint: endpoint.inner.clone(),
            calls,
            user_agent: config.user_agent.clone(),
            session_expires: u32::try_from(config.session_expires.as_secs()).unwrap_or(1_800).max(crate::session::MIN_SE),
            cancel: cancel.clone(),
            listeners,
            dialogs: Mutex::default(),
            registrar: Mutex::default(),
            guard,
            trunks,
            secret: rand::random(),
            config,
        });
        let mut incoming = endpoint.incoming_transactions().map_err(|e| SipError::Stack(e.to_string()))?;
        let inner = endpoint.inner.clone();
        tokio::spawn(async move {
            if let Err(error) = inner.serve().await {
                tracing::error!(event = "sip.stack_ended", %error, "signalling has stopped");
            }
        });
        let router = shared.clone();
        tokio::spawn(async move {
            while let Some(transaction) = incoming.recv().await {
                router.clone().route(transaction).await;
            }
        });
        for trunk in &shared.trunks {
            tokio::spawn(trunk::watch(trunk.clone(), shared.clone()));
        }
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
        let routes = self.0.routes(&spec.target)?;
        outgoing::dial(self.0.clone(), spec, routes).await
    }

    /// The registrations of a desk phone; of all for an empty name.
    pub fn registered(&self, user: &str) -> Vec<Binding> {
        lock(&self.0.registrar).bindings((!user.is_empty()).then_some(user), Instant::now())
    }

    /// How the trunks are.
    pub fn trunks(&self) -> Vec<TrunkStatus> {
        self.0.trunks.iter().map(|t| t.status()).collect()
    }

    /// Dialogs at this moment.
    pub fn dialogs(&self) -> usize {
        lock(&self.0.dialogs).len()
    }

    /// Hangs up what is left and stops listening.
    pub async fn shutdown(&self, grace: Duration) {
        let mailboxes: Vec<_> = lock(&self.0.dialogs).values().cloned().collect();
        for mailbox in mailboxes {
            let _ = mailbox.try_send(Mail::Order(leg::Order::HangUp));
        }
        let _ = tokio::time::timeout(grace, async {
            while self.dialogs() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        self.0.cancel.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new_tag(&self) -> String {
        hex::encode(rand::random::<[u8; 10]>())
    }

    pub(crate) fn enter(&self, key: DialogKey, mailbox: mpsc::Sender<Mail>) {
        lock(&self.dialogs).insert(key, mailbox);
    }

    pub(crate) fn leave(&self, key: &DialogKey) {
        lock(&self.dialogs).remove(key);
    }

    /// Contact of ours by a connection, or by the first listener.
    pub(crate) fn contact(&self, connection: Option<&SipConnection>) -> String {
        let transport = match connection {
            Some(SipConnection::Tls(_) | SipConnection::TlsListener(_)) => ";transport=tls",
            Some(SipConnection::Tcp(_) | SipConnection::TcpListener(_)) => ";transport=tcp",
            _ => "",
        };
        let listener = match transport {
            ";transport=tls" => self.listener(Transport::Tls),
            ";transport=tcp" => self.listener(Transport::Tcp),
            _ => self.listener(Transport::Udp),
        };
        let host = self.config.advertise.unwrap_or(listener.ip());
        format!("<sip:daak@{}{transport}>", SocketAddr::new(host, listener.port()))
    }

    /// Host part of our addresses.
    pub(crate) fn host(&self, _: Option<&SipConnection>) -> String {
        let listener = self.listener(Transport::Udp);
        let ip = self.config.advertise.unwrap_or(listener.ip());
        if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
    }

    fn listener(&self, transport: Transport) -> SocketAddr {
        let wanted = self.listeners.iter().find(|(t, _)| *t == transport).or(self.listeners.first());
        let addr = wanted.map_or(SocketAddr::from(([127, 0, 0, 1], 5060)), |(_, addr)| *addr);
        if addr.ip().is_unspecified() { SipConnection::resolve_bind_address(addr) } else { addr }
    }

    /// The trunk at an address.
    pub(crate) fn trunk_of(&self, ip: IpAddr) -> Option<String> {
        self.trunks.iter().find(|t| t.is_at(ip)).map(|t| t.config.name.clone())
    }

    fn routes(&self, target: &Target) -> Result<Vec<Route>, SipError> {
        match target {
            Target::Uri(text) => {
                let uri = Uri::try_from(text.as_str()).map_err(|_| SipError::Target(text.clone()))?;
                Ok(vec![Route { uri, connection: None, destination: None, credential: None, shows: None }])
            }
            Target::Registered(user) => {
                let place = lock(&self.registrar).find(user, Instant::now()).ok_or_else(|| SipError::NotRegistered(user.clone()))?;
                let reliable = place.connection.as_ref().is_some_and(SipConnection::is_reliable);
                let destination = (!reliable)
                    .then(|| rsipstack::transport::SipAddr { r#type: Some(rsipstack::sip::Transport::Udp), addr: place.source.into() });
                Ok(vec![Route { uri: place.contact, connection: place.connection, destination, credential: None, shows: None }])
            }
            Target::Trunk { number } => {
                let mut routes: Vec<_> = self.trunks.iter().map(|t| (!t.status().up, t.route(number))).collect();
                routes.sort_by_key(|(down, _)| *down); // stable: the preferred stays first
                let routes: Vec<_> = routes.into_iter().map(|(_, route)| route).collect();
                if routes.is_empty() { Err(SipError::NoTrunk) } else { Ok(routes) }
            }
        }
    }

    async fn route(self: Arc<Self>, mut transaction: Transaction) {
        let source = source(&transaction);
        if lock(&self.guard).is_banned(source.ip(), Instant::now()) {
            return;
        }
        let request = &transaction.original;
        if let Some(tag) = to_tag(request) {
            let call_id = request.call_id_header().map(|c| c.value().to_owned()).unwrap_or_default();
            let mailbox = lock(&self.dialogs).get(&(call_id, tag)).cloned();
            match mailbox {
                Some(mailbox) => {
                    if mailbox.try_send(Mail::Request(Box::new(transaction))).is_err() {
                        tracing::warn!(event = "sip.mailbox_full", "a dialog is overrun; the peer will repeat its request");
                    }
                }
                None => reply(&mut transaction, StatusCode::CallTransactionDoesNotExist, vec![]).await,
            }
            return;
        }
        match request.method {
            Method::Invite => self.invite(transaction, source).await,
            Method::Register => self.register(transaction, source).await,
            Method::Options => {
                let headers = vec![
                    Header::Allow(message::ALLOW.into()),
                    Header::Accept("application/sdp".into()),
                    Header::Supported(message::SUPPORTED.into()),
                ];
                reply(&mut transaction, StatusCode::OK, headers).await;
            }
            Method::Bye | Method::Info | Method::Update | Method::PRack | Method::Notify => {
                reply(&mut transaction, StatusCode::CallTransactionDoesNotExist, vec![]).await;
            }
            _ => reply(&mut transaction, StatusCode::MethodNotAllowed, vec![Header::Allow(message::ALLOW.into())]).await,
        }
    }

    async fn invite(self: Arc<Self>, mut transaction: Transaction, source: SocketAddr) {
        let calls_now = lock(&self.dialogs).len();
        if !lock(&self.guard).may_call(source.ip(), calls_now, Instant::now()) {
            return reply(&mut transaction, StatusCode::ServiceUnavailable, vec![Header::RetryAfter("10".into())]).await;
        }
        let registered = self.registered_at(source);
        incoming::invite(self, transaction, source, registered).await;
    }

    /// The desk phone that registered from this very address.
    fn registered_at(&self, source: SocketAddr) -> Option<String> {
        lock(&self.registrar).bindings(None, Instant::now()).into_iter().find(|b| b.source == source).map(|b| b.user)
    }

    async fn register(self: Arc<Self>, mut transaction: Transaction, source: SocketAddr) {
        let now_s = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let realm = &self.config.realm;
        let header = transaction.original.authorization_header().map(|h| h.value().to_owned());
        let proof = header.as_deref().map(|h| prove(h, "REGISTER", realm, &self.secret, now_s, &*self.config.users));
        let user = match proof {
            Some(Proof::Proved(user)) => {
                lock(&self.guard).proved(source.ip());
                user
            }
            other => {
                if other == Some(Proof::Wrong) {
                    tracing::warn!(event = "sip.wrong_password", address = %source.ip(), "a telephone gave a wrong password");
                    lock(&self.guard).guessed(source.ip(), Instant::now());
                }
                let again = challenge(realm, &self.secret, now_s, other == Some(Proof::Stale));
                return reply(&mut transaction, StatusCode::Unauthorized, vec![Header::WwwAuthenticate(again.into())]).await;
            }
        };
        let connection = transaction.connection.clone();
        let answer = lock(&self.registrar).register(&user, &transaction.original, connection, source, Instant::now());
        match answer {
            Registered::Ok(contacts) => {
                reply(&mut transaction, StatusCode::OK, contacts.into_iter().map(|c| Header::Contact(c.into())).collect()).await
            }
            Registered::TooBrief(least) => {
                reply(&mut transaction, StatusCode::IntervalTooBrief, vec![Header::MinExpires(least.to_string().into())]).await
            }
            Registered::Bad => reply(&mut transaction, StatusCode::BadRequest, vec![]).await,
        }
    }
}

async fn reply(transaction: &mut Transaction, status: StatusCode, headers: Vec<Header>) {
    if let Err(error) = transaction.reply_with(status, headers, None).await {
        tracing::debug!(event = "sip.unanswered", %error);
    }
}

/// From where a request came: the connection's other end.
fn source(transaction: &Transaction) -> SocketAddr {
    let remote = transaction.connection.as_ref().and_then(|c| c.get_remote_addr().and_then(|a| a.get_socketaddr().ok()));
    remote.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
}

async fn listen(
    config: &SipConfig,
    layer: &TransportLayer,
    guard: &Arc<Mutex<Guard>>,
    cancel: &CancellationToken,
) -> Result<Vec<(Transport, SocketAddr)>, SipError> {
    let mut listeners = Vec::new();
    for listen in &config.listen {
        let bind = |why: String| SipError::Bind { transport: listen.transport, addr: listen.addr, why };
        let addr = match listen.transport {
            Transport::Udp => {
                let socket = udp_socket(listen.addr).map_err(|e| bind(e.to_string()))?;
                let addr = socket.local_addr().map_err(|e| bind(e.to_string()))?;
                let external = config.advertise.map(|ip| SocketAddr::new(ip, addr.port()));
                let mended = Arc::new(Mended { socket, guard: guard.clone() });
                let connection =
                    UdpConnection::from_socket(mended, external, Some(cancel.child_token())).await.map_err(|e| bind(e.to_string()))?;
                layer.add_transport(connection.into());
                addr
            }
            Transport::Tcp | Transport::Tls => {
                let addr = free(listen.addr).map_err(|e| bind(e.to_string()))?;
                let external = config.advertise.map(|ip| SocketAddr::new(ip, addr.port()));
                let connection: SipConnection = if listen.transport == Transport::Tcp {
                    TcpListenerConnection::new(addr, external).await.map_err(|e| bind(e.to_string()))?.into()
                } else {
                    TlsListenerConnection::new(addr, external, tls(config)?).await.map_err(|e| bind(e.to_string()))?.into()
                };
                layer.add_transport(connection);
                addr
            }
        };
        listeners.push((listen.transport, addr));
    }
    Ok(listeners)
}

fn udp_socket(addr: SocketAddr) -> std::io::Result<tokio::net::UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER); // the system may grant less
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    tokio::net::UdpSocket::from_std(socket.into())
}

/// Finds out now whether a TCP port is free, rather than in the background later; 0 chooses one.
fn free(addr: SocketAddr) -> std::io::Result<SocketAddr> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    let bound = socket.local_addr()?;
    bound.as_socket().ok_or_else(|| std::io::Error::other("not an IP address"))
}

fn tls(config: &SipConfig) -> Result<TlsConfig, SipError> {
    let files = config
        .tls
        .as_ref()
        .ok_or_else(|| SipError::Tls { path: "[sip.tls]".into(), why: "a certificate and a key are needed to listen on TLS".into() })?;
    let read = |path: &std::path::PathBuf| std::fs::read(path).map_err(|e| SipError::Tls { path: path.clone(), why: e.to_string() });
    Ok(TlsConfig { cert: Some(read(&files.certificate)?), key: Some(read(&files.key)?), ..TlsConfig::default() })
}
