//! SIPp as the caller and as the one who is called.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;
use support::{Server, Sipp, called_sipp, capabilities, config, eventually};
use voice_sip::{CallerLine, DialSpec, Leg, LegEnd, LegEvent, Offers, Sdp, SipStack, Target, Transport};

async fn calls(server: &Server, scenario: &str, number: &str, transport: &str, calls: u32) {
    let to = server.at(if transport == "u1" { Transport::Udp } else { Transport::Tcp });
    Sipp { scenario, to, number, calls, rate: calls.clamp(10, 200), transport }.assert_all_calls_succeed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_answered_and_hung_up_by_udp_and_tcp() {
    let server = Server::start(config()).await;
    for transport in ["u1", "t1", "tn"] {
        calls(&server, "caller_hangs_up.xml", "3000", transport, 100).await;
        calls(&server, "server_hangs_up.xml", "1000", transport, 100).await;
    }
    server.assert_quiet().await;
    assert_eq!(server.ends.remote_bye.load(Ordering::Relaxed), 300);
    assert_eq!(server.ends.others.load(Ordering::Relaxed), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn offerless_cancelled_and_refused_calls_end_as_they_should() {
    let server = Server::start(config()).await;
    calls(&server, "offerless.xml", "3000", "u1", 20).await;
    calls(&server, "cancel.xml", "2000", "u1", 20).await;
    calls(&server, "cancel.xml", "2000", "t1", 20).await;
    calls(&server, "busy.xml", "486", "u1", 20).await;
    server.assert_quiet().await;
    assert_eq!(server.ends.cancelled.load(Ordering::Relaxed), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_resume_keys_and_acknowledged_early_media_work() {
    let server = Server::start(config()).await;
    calls(&server, "hold.xml", "3000", "u1", 20).await;
    calls(&server, "prack.xml", "183", "u1", 20).await;
    server.assert_quiet().await;
    assert_eq!(server.ends.digits.load(Ordering::Relaxed), 20);
}

fn spec(target: Target, ring_for: Duration) -> DialSpec {
    let offer = Offers::of(&capabilities(), ([127, 0, 0, 1], 4_000).into());
    DialSpec {
        target,
        from: CallerLine { user: "100".into(), display: None },
        offer,
        ring_for,
        headers: vec![("X-Ticket".into(), "1".into())],
    }
}

async fn dial(stack: &SipStack, target: Target) -> Leg {
    stack.dial(spec(target, Duration::from_secs(20))).await.expect("dialled")
}

async fn next(leg: &mut Leg) -> LegEvent {
    tokio::time::timeout(support::LIMIT, leg.events.recv()).await.expect("an event in time").expect("an event")
}

async fn until_answered(leg: &mut Leg) -> Option<Sdp> {
    loop {
        match next(leg).await {
            LegEvent::Answered(sdp) => return sdp,
            LegEvent::Ended(end) => panic!("it ended: {end:?}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_called() {
    let server = Server::start(config()).await;
    let (agent, at) = called_sipp("agent_hangs_up.xml", 1);
    let mut leg = dial(&server.stack, Target::Uri(format!("sip:7@{at}"))).await;
    let answer = until_answered(&mut leg).await.expect("an answer");
    assert!(voice_sip::accept_answer(&voice_sip::make_offer(&capabilities(), at), &answer).is_ok());
    assert_eq!(next(&mut leg).await, LegEvent::Ended(LegEnd::RemoteBye));
    assert!(agent.succeeds().await);

    let (agent, at) = called_sipp("agent_waits.xml", 1);
    let mut leg = dial(&server.stack, Target::Uri(format!("sip:7@{at}"))).await;
    until_answered(&mut leg).await;
    leg.control.hang_up();
    assert_eq!(next(&mut leg).await, LegEvent::Ended(LegEnd::LocalBye));
    assert!(agent.succeeds().await);

    let (agent, at) = called_sipp("agent_rings.xml", 1);
    let mut leg = server.stack.dial(spec(Target::Uri(format!("sip:7@{at}")), Duration::from_secs(2))).await.expect("dialled");
    assert_eq!(next(&mut leg).await, LegEvent::Ringing);
    assert_eq!(next(&mut leg).await, LegEvent::Ended(LegEnd::NoAnswer));
    assert!(agent.succeeds().await, "it got a CANCEL and its ACK");
    server.assert_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_calls_a_second_are_answered_without_a_failure() {
    let server = Server::start(config()).await;
    let to = server.at(Transport::Udp);
    let load = Sipp { scenario: "caller_hangs_up.xml", to, number: "3000", calls: 1_500, rate: 500, transport: "u1" };
    load.assert_all_calls_succeed().await;
    eventually("every call is over", || server.ends.remote_bye.load(Ordering::Relaxed) == 1_500).await;
    server.assert_quiet().await;
}
