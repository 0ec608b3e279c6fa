//! TCP and TLS: one task a connection, which cuts what comes into messages and writes what is given to it.

use crate::wire::frame::{Frame, Framer};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

/// Connections that others may have open to one listener.
const MOST_CONNECTIONS: usize = 4_096;
/// Messages that may wait to be written to one connection.
const WAITING: usize = 256;
/// A message that has begun must be whole after this long.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection on which nothing comes is closed: a little longer than the longest registration.
const IDLE: Duration = Duration::from_secs(3_700);
/// How long connecting, a handshake or a write may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What a stream tells the machine.
#[derive(Debug)]
pub(crate) enum StreamEvent {
    Opened {
        stream: u64,
        secure: bool,
        peer: SocketAddr,
        writer: mpsc::Sender<Bytes>,
    },
    Message {
        stream: u64,
        secure: bool,
        peer: SocketAddr,
        bytes: Vec<u8>,
    },
    /// Nobody knows where the next message begins.
    Lost {
        stream: u64,
        secure: bool,
        peer: SocketAddr,
        bytes: Vec<u8>,
    },
    Closed {
        stream: u64,
    },
}

/// Names of streams that others open; those that we open are named by the machine, below.
static OPENED_TO_US: AtomicU64 = AtomicU64::new(1 << 63);

#[derive(Clone, Copy)]
struct Name {
    stream: u64,
    secure: bool,
    peer: SocketAddr,
}

/// Takes connections until the stack ends.
pub(crate) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, events: mpsc::Sender<StreamEvent>, cancel: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(event = "sip.accept_failed", %error);
                tokio::time::sleep(Duration::from_millis(100)).await; // out of descriptors: others will be closed
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(event = "sip.too_many_connections", "a connection was refused");
            continue;
        };
        let name = Name { stream: OPENED_TO_US.fetch_add(1, Ordering::Relaxed), secure: tls.is_some(), peer };
        let (tls, events, cancel) = (tls.clone(), events.clone(), cancel.clone());
        tokio::spawn(async move {
            let _ = socket.set_nodelay(true);
            let (writer, writes) = mpsc::channel(WAITING);
            match tls {
                None => opened(socket, name, writer, writes, events, cancel).await,
                Some(tls) => match tokio::time::timeout(LIMIT, tls.accept(socket)).await {
                    Ok(Ok(socket)) => opened(socket, name, writer, writes, events, cancel).await,
                    Ok(Err(error)) => tracing::debug!(event = "sip.handshake_failed", %error),
                    Err(_) => tracing::debug!(event = "sip.handshake_late"),
                },
            }
            drop(place);
        });
    }
}

async fn opened(
    socket: impl AsyncRead + AsyncWrite,
    name: Name,
    writer: mpsc::Sender<Bytes>,
    writes: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<StreamEvent>,
    cancel: CancellationToken,
) {
    let Name { stream, secure, peer } = name;
    if events.send(StreamEvent::Opened { stream, secure, peer, writer }).await.is_ok() {
        serve(socket, name, writes, &events, cancel).await;
        let _ = events.send(StreamEvent::Closed { stream }).await;
    }
}

/// What a stream that we open needs to know.
pub(crate) struct Opening {
    pub(crate) stream: u64,
    pub(crate) peer: SocketAddr,
    /// Whom the certificate must name; none for TCP.
    pub(crate) tls: Option<(TlsConnector, String)>,
}

/// Opens a connection; what is put into the writer before it stands is sent then.
pub(crate) fn open(opening: Opening, events: mpsc::Sender<StreamEvent>, cancel: CancellationToken) -> mpsc::Sender<Bytes> {
    let (writer, writes) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let name = Name { stream: opening.stream, secure: opening.tls.is_some(), peer: opening.peer };
        match tokio::time::timeout(LIMIT, connect(&opening)).await {
            Ok(Ok(Socket::Plain(socket))) => serve(socket, name, writes, &events, cancel).await,
            Ok(Ok(Socket::Tls(socket))) => serve(*socket, name, writes, &events, cancel).await,
            Ok(Err(error)) => tracing::warn!(event = "sip.connect_failed", %error),
            Err(_) => tracing::warn!(event = "sip.connect_failed", error = "no answer in time"),
        }
        let _ = events.send(StreamEvent::Closed { stream: opening.stream }).await;
    });
    writer
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn connect(opening: &Opening) -> std::io::Result<Socket> {
    let socket = TcpStream::connect(opening.peer).await?;
    let _ = socket.set_nodelay(true);
    match &opening.tls {
        None => Ok(Socket::Plain(socket)),
        Some((connector, name)) => {
            let name = rustls::pki_types::ServerName::try_from(name.clone()).map_err(std::io::Error::other)?;
            Ok(Socket::Tls(Box::new(connector.connect(name, socket).await?)))
        }
    }
}

/// Carries a connection to its end.
async fn serve(
    socket: impl AsyncRead + AsyncWrite,
    name: Name,
    mut writes: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<StreamEvent>,
    cancel: CancellationToken,
) {
    let (mut reads, mut out) = tokio::io::split(socket);
    let mut framer = Framer::default();
    let mut buffer = vec![0; 8 * 1024];
    let mut lost = false;
    loop {
        let patience = if framer.is_waiting() { PATIENCE } else { IDLE };
        tokio::select! {
            () = cancel.cancelled() => return,
            bytes = writes.recv() => {
                let Some(bytes) = bytes else { break };
                let written = tokio::time::timeout(LIMIT, out.write_all(&bytes)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            read = tokio::time::timeout(patience, reads.read(&mut buffer)), if !lost => {
                let Ok(Ok(n @ 1..)) = read else { return };
                framer.push(&buffer[..n]);
                while let Some(frame) = framer.next() {
                    let Name { stream, secure, peer } = name;
                    let told = match frame {
                        Frame::Message(bytes) => events.send(StreamEvent::Message { stream, secure, peer, bytes }).await,
                        Frame::Lost(bytes) => {
                            lost = true; // the machine answers and closes
                            events.send(StreamEvent::Lost { stream, secure, peer, bytes }).await
                        }
                        Frame::Ping => {
                            if !matches!(tokio::time::timeout(LIMIT, out.write_all(b"\r\n")).await, Ok(Ok(()))) {
                                return;
                            }
                            Ok(())
                        }
                    };
                    if told.is_err() {
                        return;
                    }
                    if lost {
                        break;
                    }
                }
            }
        }
    }
    let _ = tokio::time::timeout(LIMIT, out.shutdown()).await;
}
