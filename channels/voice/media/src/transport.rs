//! What may lie between a stream and its socket.

use std::net::SocketAddr;
use std::time::Instant;

/// A way of its own between a stream and its far end, such as a browser's (ICE, DTLS, SRTP): it turns datagrams into plain RTP
/// packets and back, without sockets, threads or clocks. It lives on the media thread of its stream: it must never wait, and
/// what it does in one call must be short.
pub trait Transport: Send {
    /// A datagram came.
    fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant);

    /// A plain RTP packet is to be sent.
    fn send(&mut self, rtp: &[u8], now: Instant);

    /// Time passed: called once in 20 ms.
    fn tick(&mut self, now: Instant);

    /// What came of it, one after the other, until there is nothing more.
    fn poll(&mut self, now: Instant) -> Option<Carried<'_>>;

    /// The stream ends: what is polled after this are the last datagrams.
    fn close(&mut self);
}

/// What a transport brings.
#[derive(Debug)]
pub enum Carried<'a> {
    /// A datagram for the socket.
    Datagram {
        /// To where.
        to: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// What the far end said: a plain RTP packet.
    Packet(&'a [u8]),
    /// Sound can flow.
    Up,
    /// The far end is gone.
    Down,
}
