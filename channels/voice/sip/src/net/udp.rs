//! The UDP sockets.

use std::net::SocketAddr;
use std::task::Poll;
use tokio::net::UdpSocket;

/// Receive and send buffer: a burst of some thousand INVITEs.
const BUFFER: usize = 4 * 1024 * 1024;

/// Binds a socket with large buffers; the system may grant less.
pub(crate) fn bind(addr: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}

/// Waits until one of the sockets has something.
pub(crate) async fn readable(sockets: &[UdpSocket]) {
    std::future::poll_fn(|cx| {
        // Every socket is asked, so that each of them wakes us.
        let ready = sockets.iter().filter(|s| s.poll_recv_ready(cx).is_ready()).count();
        if ready > 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The address that this machine is seen at by others, if it is connected to anything.
pub(crate) fn own_ip() -> std::net::IpAddr {
    // Connecting a UDP socket sends nothing; it only chooses the route.
    let route = || -> std::io::Result<std::net::IpAddr> {
        let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
        socket.connect("198.51.100.1:9")?;
        Ok(socket.local_addr()?.ip())
    };
    route().unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]))
}
