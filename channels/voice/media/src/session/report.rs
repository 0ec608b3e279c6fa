//! Reports to and from the far end, and the figures at the end.

use super::{Session, since};
use crate::os::{self, Batch};
use crate::quality::{StreamStats, mean_opinion_score};
use crate::rtcp::{self, Report, ReportBlock, SenderInfo};
use crate::worker::Now;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Mean time between reports (RFC 3550 §6.2); each interval is half to one and a half of it.
const INTERVAL_MS: u64 = 5000;

/// The reporting side.
#[derive(Debug)]
pub(crate) struct Reporting {
    name: String,
    due: Option<Instant>,
    /// The far end's last sender report: its middle bits and when it came.
    last_report: Option<(u32, Instant)>,
    /// Packets expected and received when we reported last.
    before: (u64, u64),
    rtt_ms: Option<f32>,
    far_loss_pct: Option<f32>,
}

impl Reporting {
    pub(super) fn new() -> Self {
        // RFC 7022: a name that tells nothing of the machine.
        let name = format!("{:016x}", os::random());
        Self { name, due: None, last_report: None, before: (0, 0), rtt_ms: None, far_loss_pct: None }
    }
}

impl Session {
    pub(crate) fn rtcp_socket(&self) -> &UdpSocket {
        &self.rtcp
    }

    /// Sends a report when it is due.
    pub(super) fn report_round(&mut self, now: Now) {
        if self.params.is_none() || self.is_carried() || self.reporting.due.is_some_and(|due| now.at < due) {
            return;
        }
        let first = self.reporting.due.is_none();
        let wait = INTERVAL_MS / 2 + os::random() % INTERVAL_MS;
        self.reporting.due = Some(now.at + Duration::from_millis(wait));
        if !first {
            self.send_report(now.at, false);
        }
    }

    pub(super) fn send_report(&mut self, now: Instant, goodbye: bool) {
        let Some(destination) = self.report_destination().filter(|_| !self.is_carried()) else { return };
        let ntp = rtcp::ntp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let t = &self.transmission;
        let sender =
            (t.packets > 0).then_some(SenderInfo { ntp, rtp_time: t.timestamp, packets: t.packets as u32, octets: t.octets as u32 });
        let block = self.report_block(now);
        let mut datagram = rtcp::write(self.transmission.ssrc, sender, block, &self.reporting.name, goodbye);
        if let Some(srtp) = &mut self.srtp {
            srtp.outgoing.protect_rtcp(&mut datagram);
        }
        let _ = self.rtcp.send_to(&datagram, destination);
    }

    /// Takes what has come on the RTCP socket.
    pub(crate) fn receive_reports(&mut self, batch: &mut Batch, now: Now) {
        let count = batch.receive(&self.rtcp);
        for i in 0..count {
            let (data, from, _) = batch.datagram(i);
            self.take_report(data, from, now);
        }
    }

    /// Takes one RTCP datagram, from whichever of the two sockets.
    pub(super) fn take_report(&mut self, data: &mut [u8], from: Option<SocketAddr>, now: Now) {
        if !from.is_some_and(|from| self.is_far_end(from)) {
            self.reception.count_stranger();
            return;
        }
        let data = match &mut self.srtp {
            Some(srtp) => match srtp.incoming.unprotect_rtcp(data) {
                Ok(length) => &data[..length],
                Err(_) => return self.reception.count_malformed(),
            },
            None => data,
        };
        let middle = rtcp::middle(rtcp::ntp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()));
        for report in rtcp::parse(data) {
            let Report::Report { sender, blocks, .. } = report else { continue };
            if let Some(sender) = sender {
                self.reporting.last_report = Some((rtcp::middle(sender.ntp), now.at));
            }
            for block in blocks.iter().filter(|b| b.ssrc == self.transmission.ssrc) {
                self.reporting.far_loss_pct = Some(f32::from(block.fraction_lost) * 100.0 / 256.0);
                if let Some(ms) = rtcp::round_trip_ms(middle, block) {
                    self.reporting.rtt_ms = Some(ms);
                }
            }
        }
    }

    /// The figures of the stream.
    pub(super) fn stats(&self) -> StreamStats {
        let mut stats = StreamStats {
            sent: self.transmission.packets,
            rtt_ms: self.reporting.rtt_ms,
            far_loss_pct: self.reporting.far_loss_pct,
            ..StreamStats::default()
        };
        self.reception.tell(&mut stats);
        self.ears.tell(&mut stats);
        if let Some(codec) = self.codec().filter(|_| stats.received > 0) {
            stats.mos = mean_opinion_score(codec, stats.loss_pct, stats.jitter_ms, stats.rtt_ms);
        }
        stats
    }

    fn report_block(&mut self, now: Instant) -> Option<ReportBlock> {
        let ssrc = self.reception.ssrc()?;
        let (expected, received) = self.reception.totals();
        let (expected_before, received_before) = std::mem::replace(&mut self.reporting.before, (expected, received));
        let interval = expected.saturating_sub(expected_before);
        let lost = interval.saturating_sub(received.saturating_sub(received_before));
        let (last_report, delay) = match self.reporting.last_report {
            Some((middle, came)) => (middle, (since(now, came).as_secs_f64() * 65536.0) as u32),
            None => (0, 0),
        };
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(interval).map_or(0, |share| share.min(255) as u8),
            lost: i32::try_from(expected.saturating_sub(received)).unwrap_or(i32::MAX),
            highest: self.reception.highest(),
            jitter: self.reception.jitter(),
            last_report,
            delay,
        })
    }

    /// Where reports go: beside the sound's true source, or to where the session description says.
    fn report_destination(&self) -> Option<SocketAddr> {
        let params = self.params.as_ref()?;
        let mut destination = params.remote_rtcp;
        if destination.port() == 0 || destination.ip().is_unspecified() {
            return None;
        }
        if let Some(source) = self.reception.source().filter(|s| self.symmetric && s.ip() != destination.ip()) {
            destination = SocketAddr::new(source.ip(), source.port().checked_add(1)?);
        }
        Some(destination)
    }

    fn is_far_end(&self, from: SocketAddr) -> bool {
        let signalled = self.params.as_ref().is_some_and(|p| p.remote_rtcp.ip() == from.ip() || p.remote.ip() == from.ip());
        signalled || self.reception.source().is_some_and(|s| s.ip() == from.ip())
    }
}
