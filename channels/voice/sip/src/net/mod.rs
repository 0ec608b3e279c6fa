//! Sockets and streams: they carry bytes for the machine and decide nothing.

pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod udp;
