//! Ten thousand INVITEs: the limit answers 503 with Retry-After, and calls in progress do not notice.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;
use support::{Server, Sipp, config, eventually};
use tokio::net::UdpSocket;
use voice_sip::{SipLimits, Transport};

fn invite(n: usize, port: u16) -> String {
    let sdp = "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    format!(
        "INVITE sip:3000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKflood{n}\r\nFrom: <sip:f@127.0.0.1>;tag=f{n}\r\n\
         To: <sip:3000@127.0.0.1>\r\nCall-ID: flood{n}\r\nCSeq: 1 INVITE\r\nContact: <sip:f@127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

/// The INVITEs that were answered, and how.
#[derive(Default)]
struct Answers {
    refused: HashSet<String>,
    others: HashSet<String>,
}

impl Answers {
    fn count(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let Some(call) = text.lines().find_map(|l| l.strip_prefix("Call-ID: ")) else { return };
        let refused = text.starts_with("SIP/2.0 503") && text.contains("Retry-After: ");
        if refused { &mut self.refused } else { &mut self.others }.insert(call.to_owned());
    }

    fn all(&self) -> usize {
        self.refused.len() + self.others.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_and_calls_in_progress_do_not_notice() {
    let mut config = config();
    config.limits = SipLimits { new_calls_per_s: 50, max_calls: 1_000, trust_loopback: true, ..SipLimits::default() };
    let server = Server::start(config).await;
    let to: SocketAddr = server.at(Transport::Udp);
    // Twenty calls hold, resume, press keys and hang up while it goes on.
    let bystanders = Sipp { scenario: "hold_long.xml", to, number: "3000", calls: 20, rate: 20, transport: "u1" }.start();
    eventually("they talk", || server.stack.dialogs() == 20).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut answers = Answers::default();
    let mut buffer = [0; 4_096];
    for n in 0..10_000 {
        socket.send_to(invite(n, port).as_bytes(), to).await.unwrap();
        // No more on their way than a socket holds; what is lost all the same is not waited for.
        while n + 1 - answers.all() > 100 {
            match tokio::time::timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await {
                Ok(Ok(n)) => answers.count(&buffer[..n]),
                _ => break,
            }
        }
    }
    let (refused, others) = (answers.refused.len(), answers.others.len());
    assert!(refused > 5_000, "refused {refused}, answered otherwise {others}");
    assert!(bystanders.succeeds().await, "a call in progress was hurt");
}
