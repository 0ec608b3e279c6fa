//! Free ports for peers that cannot be told "any".

use std::net::{TcpListener, UdpSocket};

/// A port on loopback that is free for both UDP and TCP at this moment.
///
/// # Panics
/// If the machine has none left.
pub fn free() -> u16 {
    for _ in 0..200 {
        let Ok(tcp) = TcpListener::bind(("127.0.0.1", 0)) else { continue };
        let Ok(address) = tcp.local_addr() else { continue };
        if UdpSocket::bind(("127.0.0.1", address.port())).is_ok() {
            return address.port();
        }
    }
    panic!("no free port on loopback");
}

/// The first port of `count` neighbours that are free for UDP, beginning with an even one.
///
/// # Panics
/// If there is no such run.
pub fn free_udp_range(count: u16) -> u16 {
    for _ in 0..200 {
        let first = (20_000 + (free() % 18_000)) & !1;
        if (first..first + count).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
    panic!("no {count} neighbouring free ports");
}
