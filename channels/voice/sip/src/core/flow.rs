//! Where messages go: sockets, streams, and the addresses by which others reach us.

use super::Core;
use crate::config::Transport;
use crate::wire::Uri;
use bytes::Bytes;
use std::net::{IpAddr, SocketAddr};

/// A way to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flow {
    /// By the n-th UDP socket.
    Datagram { socket: usize, peer: SocketAddr },
    /// By an open stream.
    Stream { stream: u64, secure: bool, peer: SocketAddr },
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    Send {
        flow: Flow,
        bytes: Bytes,
    },
    /// Open a stream; what is sent by it meanwhile waits. `name` is whom a certificate must name.
    Open {
        stream: u64,
        secure: bool,
        peer: SocketAddr,
        name: String,
    },
    Close {
        stream: u64,
    },
    /// Find the addresses of a trunk's host.
    Look {
        trunk: usize,
    },
}

impl Flow {
    pub(crate) fn peer(&self) -> SocketAddr {
        match self {
            Flow::Datagram { peer, .. } | Flow::Stream { peer, .. } => *peer,
        }
    }

    /// Whether it delivers by itself.
    pub(crate) fn is_reliable(&self) -> bool {
        matches!(self, Flow::Stream { .. })
    }

    pub(crate) fn transport(&self) -> Transport {
        match self {
            Flow::Datagram { .. } => Transport::Udp,
            Flow::Stream { secure: false, .. } => Transport::Tcp,
            Flow::Stream { secure: true, .. } => Transport::Tls,
        }
    }
}

impl Core {
    /// Where we are reached by a flow: the address told to the peer.
    pub(super) fn own_address(&self, flow: &Flow) -> SocketAddr {
        let listener = match flow {
            Flow::Datagram { socket, .. } => self.listeners.iter().filter(|(t, _)| *t == Transport::Udp).nth(*socket),
            Flow::Stream { .. } => self.listeners.iter().find(|(t, _)| *t == flow.transport()),
        };
        let addr = listener.or(self.listeners.first()).map_or(SocketAddr::from(([127, 0, 0, 1], 5060)), |(_, a)| *a);
        let ip = match self.config.advertise {
            Some(ip) => ip,
            None if addr.ip().is_unspecified() && flow.peer().ip().is_loopback() => flow.peer().ip(),
            None if addr.ip().is_unspecified() => self.own_ip,
            None => addr.ip(),
        };
        SocketAddr::new(ip, addr.port())
    }

    /// Our Contact, by a flow.
    pub(super) fn contact(&self, flow: &Flow) -> String {
        let transport = match flow.transport() {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
        };
        format!("<sip:daak@{}{transport}>", self.own_address(flow))
    }

    /// The way to an address; a stream is opened if there is none yet.
    pub(super) fn flow_to(&mut self, transport: Transport, peer: SocketAddr, name: &str) -> Option<Flow> {
        if transport == Transport::Udp {
            let udp = self.listeners.iter().filter(|(t, _)| *t == Transport::Udp).map(|(_, a)| a.is_ipv6());
            let socket = udp.enumerate().find(|(_, v6)| *v6 == peer.is_ipv6()).map(|(n, _)| n)?;
            return Some(Flow::Datagram { socket, peer });
        }
        let secure = transport == Transport::Tls;
        if let Some(stream) = self.routes.get(&(peer, secure)).copied().filter(|s| self.streams.contains(s)) {
            return Some(Flow::Stream { stream, secure, peer });
        }
        let stream = self.id();
        self.out.push(Output::Open { stream, secure, peer, name: name.to_owned() });
        self.streams.insert(stream);
        self.routes.insert((peer, secure), stream);
        Some(Flow::Stream { stream, secure, peer })
    }

    pub(super) fn is_open(&self, stream: u64) -> bool {
        self.streams.contains(&stream)
    }

    /// A flow that can be sent by now: a closed stream is opened again.
    pub(super) fn open_flow(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::Stream { stream, secure, peer } if !self.streams.contains(&stream) => {
                let transport = if secure { Transport::Tls } else { Transport::Tcp };
                self.flow_to(transport, peer, &peer.ip().to_string()).unwrap_or(flow)
            }
            open => open,
        }
    }

    /// Where requests of a dialog go: by its routes, or to its target; back to where the peer is seen to be where
    /// that is behind an address translation. `direct` says that no proxy stands between.
    pub(super) fn next_hop(&self, routes: &[String], target: &Uri, seen: Flow, direct: bool) -> Flow {
        let Flow::Datagram { socket, peer } = seen else { return seen };
        let route = routes.first().and_then(|r| crate::wire::NameAddr::read(r)?.address());
        if let Some(route) = route {
            return Flow::Datagram { socket, peer: route.socket_addr().unwrap_or(peer) };
        }
        let Some(wanted) = target.socket_addr().filter(|a| !target.is_secure() && a.is_ipv6() == peer.is_ipv6()) else { return seen };
        let translated = wanted.ip() != peer.ip() && (direct || (!is_global(wanted.ip()) && is_global(peer.ip())));
        if translated { seen } else { Flow::Datagram { socket, peer: wanted } }
    }

    /// A stream was opened to us.
    pub(crate) fn stream_opened(&mut self, stream: u64, secure: bool, peer: SocketAddr) {
        self.streams.insert(stream);
        self.routes.insert((peer, secure), stream);
    }

    /// A stream is closed, or could not be opened.
    pub(crate) fn stream_closed(&mut self, stream: u64) {
        self.streams.remove(&stream);
        self.routes.retain(|_, s| *s != stream);
        self.registrar.forget_stream(stream);
        let lost: Vec<_> = self.clients.iter().filter(|(_, c)| c.is_lost_with(stream)).map(|(id, _)| *id).collect();
        for client in lost {
            self.client_failed(client);
        }
    }
}

/// Whether an address is one of the public network, roughly.
fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && (ip.octets()[1] & 0xc0) == 64;
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || (ip.segments()[0] & 0xfe00) == 0xfc00 || (ip.segments()[0] & 0xffc0) == 0xfe80)
        }
    }
}
