//! RTCP with a far end that reports, and what the record says of the line.
#![allow(clippy::expect_used, clippy::panic)]

mod far_end;

use far_end::{FarEnd, LIMIT, connected, engine};
use std::net::UdpSocket;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use voice_media::rtcp::{self, Report, ReportBlock, SenderInfo};
use voice_media::{Codec, MediaEvent, StreamParams};

#[test]
fn reports_are_exchanged_and_the_record_tells_loss_round_trip_and_score() {
    let engine = engine(1);
    let phone = FarEnd::new();
    let reports = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    reports.set_read_timeout(Some(LIMIT)).expect("a timeout");
    let (stream, mut events) = connected(&engine, 1, &phone, Codec::Pcma);
    let remote_rtcp = reports.local_addr().expect("bound");
    stream.connect(StreamParams { remote_rtcp, ..StreamParams::plain(phone.address(), Codec::Pcma) });
    let _speaking = phone.speak(stream.local(), Codec::Pcma, 500.0);
    // Theirs first, so that ours names it.
    let ntp = rtcp::ntp(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970"));
    let sender = SenderInfo { ntp, rtp_time: 1, packets: 1, octets: 160 };
    let rtcp_port = std::net::SocketAddr::new(stream.local().ip(), stream.local().port() + 1);
    reports.send_to(&rtcp::write(5, Some(sender), None, "phone", false), rtcp_port).expect("sent");
    let mut buffer = [0; 500];
    let length = reports.recv(&mut buffer).expect("a report within the interval");
    let came = Instant::now();
    let parsed = rtcp::parse(&buffer[..length]);
    let Report::Report { ssrc, sender: Some(sender), blocks } = &parsed[0] else { panic!("{parsed:?}") };
    assert!(sender.packets > 0);
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].last_report, rtcp::middle(ntp));
    assert_eq!(blocks[0].lost, 0);
    assert!(blocks[0].delay > 0);
    assert_eq!(*ssrc, phone.packets()[0].header.ssrc);
    // Answer that report, at once: the round trip is what loopback takes.
    let delay = (came.elapsed().as_secs_f64() * 65536.0) as u32;
    let block = ReportBlock { ssrc: *ssrc, fraction_lost: 64, last_report: rtcp::middle(sender.ntp), delay, ..ReportBlock::default() };
    reports.send_to(&rtcp::write(5, None, Some(block), "phone", false), rtcp_port).expect("sent");
    // Goodbye comes with the end, after all that was received before was read.
    phone.wait_for("a little more", |p| p.len() > 30);
    stream.close();
    let stats = events.wait_for("the end", |e| match e {
        MediaEvent::Closed { stats, .. } => Some(stats),
        _ => None,
    });
    assert_eq!(stats.far_loss_pct, Some(25.0));
    assert!(stats.rtt_ms.is_some_and(|ms| ms < 1000.0), "{stats:?}");
    assert!(stats.received > 0 && stats.loss_pct < 1.0 && stats.mos > 3.5, "{stats:?}");
    let length = reports.recv(&mut buffer).expect("a goodbye");
    assert!(rtcp::parse(&buffer[..length]).contains(&Report::Goodbye(vec![*ssrc])));
}
