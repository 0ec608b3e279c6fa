//! TCP and TLS with real sockets, and RFC 4475's messages over all transports.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;
use support::{Server, capabilities, config, eventually, folder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use voice_sip::{CallerLine, DialSpec, LegEnd, LegEvent, Offers, SrtpPolicy, Target, Transport};

const QUESTION: &str = "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKquestion\r\nFrom: <sip:b@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: question\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// Name, expectations, bytes.
fn torture() -> Vec<(String, Vec<String>, Vec<u8>)> {
    let table = std::fs::read_to_string(folder("torture/expected.txt")).expect("the table");
    let rows = table.lines().filter(|l| !l.starts_with('#')).map(|line| {
        let mut words = line.split_ascii_whitespace().map(str::to_owned);
        let name = words.next().expect("a name");
        let bytes = std::fs::read(folder(&format!("torture/{name}.sip"))).expect("the message");
        (name, words.collect(), bytes)
    });
    rows.collect()
}

/// Statuses of the responses in a text, but for 100 and those to our own question.
fn statuses(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let responses = text.split("SIP/2.0 ").skip(1).filter(|r| !r.contains("Call-ID: question"));
    responses.map(|r| r.get(..3).unwrap_or_default().to_owned()).filter(|s| s.bytes().all(|b| b.is_ascii_digit()) && s != "100").collect()
}

fn is_right(expected: &[String], got: &[String]) -> bool {
    match (expected[0].as_str(), got.first().map(String::as_str)) {
        ("silence", None) => true,
        ("call", Some(status)) => status == "404", // the owner of the test refuses every call so
        (_, Some(status)) => expected.iter().any(|e| e == status),
        (_, None) => false,
    }
}

/// A stack whose owner refuses every call with 404.
async fn refusing() -> Server {
    let (stack, mut calls) = voice_sip::SipStack::start(config()).await.expect("it starts");
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            call.leg.control.reject(404, None);
        }
    });
    Server { stack, ends: Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn torture_by_udp_is_answered_as_rfc_4475_says() {
    let server = refusing().await;
    for (name, expected, bytes) in torture() {
        // The source must be the port that responses without rport go to.
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let bytes = if text.contains('\u{fffd}') || name == "wsinv" { bytes } else { with_rport(&bytes) };
        let _ = port;
        socket.send_to(&bytes, server.at(Transport::Udp)).await.unwrap();
        socket.send_to(QUESTION.as_bytes(), server.at(Transport::Udp)).await.unwrap();
        let mut got = Vec::new();
        let mut buffer = [0; 4_096];
        // The question comes last; when it is answered and nothing more comes, the message had its answer.
        let mut asked = false;
        loop {
            let patience = if asked { Duration::from_millis(300) } else { support::LIMIT };
            match tokio::time::timeout(patience, socket.recv(&mut buffer)).await {
                Ok(Ok(n)) => {
                    asked |= String::from_utf8_lossy(&buffer[..n]).contains("Call-ID: question");
                    got.extend_from_slice(&buffer[..n]);
                    if asked && !statuses(&got).is_empty() {
                        break;
                    }
                }
                _ => break,
            }
        }
        assert!(asked, "the stack is alive after {name}");
        if name != "wsinv" && name != "mpart01" && name != "badvers" && name != "badinv01" {
            assert!(is_right(&expected, &statuses(&got)), "{name}: expected {expected:?}, got {:?}", statuses(&got));
        }
    }
    server.assert_quiet().await;
}

/// Asks for the response at the port that a datagram comes from.
fn with_rport(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let Some(at) = text.to_ascii_lowercase().find("\r\nvia:") else { return bytes.to_vec() };
    let end = text[at + 2..].find("\r\n").map_or(text.len(), |e| at + 2 + e);
    let mut out = bytes.to_vec();
    out.splice(end..end, *b";rport");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn torture_by_tcp_one_byte_at_a_time_is_answered_the_same() {
    let server = refusing().await;
    let mut tests = tokio::task::JoinSet::new();
    for (name, expected, bytes) in torture() {
        let at = server.at(Transport::Tcp);
        tests.spawn(async move {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.set_nodelay(true).unwrap();
            for byte in &bytes {
                if stream.write_all(&[*byte]).await.is_err() {
                    break; // it was answered and closed before the end
                }
            }
            let _ = stream.write_all(QUESTION.as_bytes()).await;
            let mut got = Vec::new();
            let mut buffer = [0; 4_096];
            let mut patience = support::LIMIT;
            while let Ok(Ok(n @ 1..)) = tokio::time::timeout(patience, stream.read(&mut buffer)).await {
                got.extend_from_slice(&buffer[..n]);
                if String::from_utf8_lossy(&got).contains("Call-ID: question") {
                    patience = Duration::from_millis(300);
                }
                if expected.contains(&"wait".to_owned()) {
                    break;
                }
            }
            (name, expected, statuses(&got))
        });
        if tests.len() >= 8 {
            check(tests.join_next().await.expect("one").expect("it ends"));
        }
    }
    while let Some(done) = tests.join_next().await {
        check(done.expect("it ends"));
    }
    server.assert_quiet().await;

    fn check((name, expected, got): (String, Vec<String>, Vec<String>)) {
        if expected.contains(&"wait".to_owned()) {
            return; // it waits for the rest of the body, which our question became a part of
        }
        assert!(is_right(&expected, &got), "{name}: expected {expected:?}, got {got:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_alives_are_answered_and_rubbish_closes_the_stream() {
    let server = refusing().await;
    let mut stream = TcpStream::connect(server.at(Transport::Tcp)).await.unwrap();
    stream.write_all(b"\r\n\r\n").await.unwrap();
    let mut buffer = [0; 100];
    assert_eq!(stream.read(&mut buffer).await.unwrap(), 2);
    assert_eq!(&buffer[..2], b"\r\n");
    stream.write_all(&[b'x'; 40_000]).await.unwrap();
    let closed = tokio::time::timeout(support::LIMIT, stream.read(&mut buffer)).await.expect("in time");
    assert!(matches!(closed, Ok(0) | Err(_)));
}

fn spec(target: String, srtp: SrtpPolicy) -> DialSpec {
    let mut can = capabilities();
    can.srtp = srtp;
    let offer = Offers::of(&can, ([127, 0, 0, 1], 5_000).into());
    DialSpec {
        target: Target::Uri(target),
        from: CallerLine { user: "1".into(), display: None },
        offer,
        ring_for: Duration::from_secs(20),
        headers: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stacks_talk_by_tls_with_keys_for_srtp_and_by_tcp() {
    let (called, caller) = (Server::start(config()).await, Server::start(config()).await);
    for transport in ["tls", "tcp"] {
        let at = called.at(if transport == "tls" { Transport::Tls } else { Transport::Tcp });
        let spec = spec(format!("sip:1000@{at};transport={transport}"), SrtpPolicy::Required);
        let offer = spec.offer.clone();
        let mut leg = caller.stack.dial(spec).await.expect("dialled");
        loop {
            match tokio::time::timeout(support::LIMIT, leg.events.recv()).await.expect("in time").expect("an event") {
                LegEvent::Answered(answer) => {
                    let media = offer.accept(&answer.expect("an answer")).expect("agreed");
                    assert!(media.srtp.is_some());
                }
                LegEvent::Ended(end) => {
                    assert_eq!(end, LegEnd::RemoteBye, "1000 hangs up at the ACK");
                    break;
                }
                _ => {}
            }
        }
    }
    called.assert_quiet().await;
    caller.assert_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_and_a_closed_port_are_refused() {
    let (called, caller) = (Server::start(config()).await, Server::start(config()).await);
    let port = called.at(Transport::Tls).port();
    for target in [format!("sip:1@127.0.0.2:{port};transport=tls"), format!("sip:1@127.0.0.1:{};transport=tcp", support::free_port())] {
        let mut leg = caller.stack.dial(spec(target, SrtpPolicy::Off)).await.expect("dialled");
        let event = tokio::time::timeout(support::LIMIT, leg.events.recv()).await.expect("in time");
        assert_eq!(event, Some(LegEvent::Ended(LegEnd::TransportFailed)));
    }
    eventually("nothing is left", || caller.stack.dialogs() == 0).await;
}
