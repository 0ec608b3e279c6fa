//! A stream whose far end is reached through a transport of its own.

use super::Session;
use crate::event::MediaEvent;
use crate::rtp::Packet;
use crate::transport::{Carried, Transport};
use crate::worker::Now;
use std::net::SocketAddr;

impl Session {
    pub(crate) fn is_carried(&self) -> bool {
        self.transport.is_some()
    }

    /// Takes another transport; the one before says farewell.
    pub(crate) fn carry(&mut self, transport: Box<dyn Transport>, now: Now) {
        self.end_transport();
        self.transport = Some(transport);
        self.poll_transport(None, 0, now);
    }

    /// Takes in one datagram, and hands what the far end says to the partner.
    pub(crate) fn take_carried(
        &mut self,
        data: &[u8],
        from: Option<SocketAddr>,
        arrived: u64,
        now: Now,
        partner: Option<&mut Box<Session>>,
    ) {
        if let (Some(transport), Some(from)) = (&mut self.transport, from) {
            transport.receive(data, from, now.at);
            self.poll_transport(partner, arrived, now);
        }
    }

    /// Lets the transport know that time passed.
    pub(super) fn transport_round(&mut self, now: Now) {
        if let Some(transport) = &mut self.transport {
            transport.tick(now.at);
            self.poll_transport(None, 0, now);
        }
    }

    pub(super) fn send_carried(&mut self, rtp: &[u8], now: Now) {
        if let Some(transport) = &mut self.transport {
            transport.send(rtp, now.at);
            self.poll_transport(None, 0, now);
        }
    }

    /// The last datagrams of a transport.
    pub(super) fn end_transport(&mut self) {
        let Some(mut transport) = self.transport.take() else { return };
        transport.close();
        while let Some(carried) = transport.poll(std::time::Instant::now()) {
            if let Carried::Datagram { to, bytes } = carried {
                let _ = self.rtp.send_to(&bytes, to);
            }
        }
    }

    /// Does what the transport wants. It is put aside meanwhile, so that what it brings can be taken in without a copy.
    fn poll_transport(&mut self, mut partner: Option<&mut Box<Session>>, arrived: u64, now: Now) {
        let Some(mut transport) = self.transport.take() else { return };
        while let Some(carried) = transport.poll(now.at) {
            match carried {
                Carried::Datagram { to, bytes } => {
                    let _ = self.rtp.send_to(&bytes, to);
                }
                Carried::Packet(rtp) => self.take_plain(rtp, arrived, now, partner.as_deref_mut()),
                Carried::Up => self.outbox.say(MediaEvent::TransportUp { tag: self.tag }),
                Carried::Down => self.outbox.say(MediaEvent::TransportDown { tag: self.tag }),
            }
        }
        self.transport = Some(transport);
    }

    fn take_plain(&mut self, rtp: &[u8], arrived: u64, now: Now, partner: Option<&mut Box<Session>>) {
        let Some(agreed) = self.wanted() else { return };
        let Ok(packet) = Packet::parse(rtp) else { return self.reception.count_malformed() };
        if !self.is_wanted(&packet, agreed) {
            return;
        }
        let Some(taken) = self.take_packet(packet, agreed, arrived, now) else { return };
        if let (Some(partner), Some(codec)) = (partner, self.codec()) {
            partner.relay(&taken, codec, now);
        }
    }
}
