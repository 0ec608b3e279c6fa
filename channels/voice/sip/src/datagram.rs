//! The UDP socket as the parser sees it.
//!
//! Two things are mended before the parser: a datagram without Content-Length loses its body there, though
//! RFC 3261 §18.3 lets it reach to the end of the datagram; and a request of an unknown method, or one that
//! cannot be parsed, would get no answer. Banned addresses are not heard at all.

use crate::guard::Guard;
use async_trait::async_trait;
use rsipstack::platform::net::UdpSocket;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Methods that the parser knows.
const KNOWN: [&str; 14] = [
    "ACK",
    "BYE",
    "CANCEL",
    "INFO",
    "INVITE",
    "MESSAGE",
    "NOTIFY",
    "OPTIONS",
    "PRACK",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SUBSCRIBE",
    "UPDATE",
];

/// A socket with the mending.
pub(crate) struct Mended {
    pub(crate) socket: tokio::net::UdpSocket,
    pub(crate) guard: Arc<Mutex<Guard>>,
}

#[async_trait]
impl UdpSocket for Mended {
    async fn recv_from(&self, buffer: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        loop {
            let (length, from) = self.socket.recv_from(buffer).await?;
            if self.guard.lock().unwrap_or_else(PoisonError::into_inner).is_banned(from.ip(), Instant::now()) {
                continue;
            }
            if let Some(answer) = answer_unknown(&buffer[..length]) {
                let _ = self.socket.send_to(&answer, from).await;
                continue;
            }
            return Ok((complete(buffer, length), from));
        }
    }

    async fn send_to(&self, buffer: &[u8], to: SocketAddr) -> rsipstack::Result<usize> {
        Ok(self.socket.send_to(buffer, to).await?)
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }
}

/// Adds the Content-Length that a datagram lacks. Answers the new length.
fn complete(buffer: &mut [u8], length: usize) -> usize {
    let message = &buffer[..length];
    let Some(head) = find(message, b"\r\n\r\n") else { return length };
    let body = length - head - 4;
    if body == 0 || has_length(&message[..head]) {
        return length;
    }
    let line = format!("\r\nContent-Length: {body}");
    let longer = length + line.len();
    if longer > buffer.len() {
        return length;
    }
    buffer.copy_within(head..length, head + line.len());
    buffer[head..head + line.len()].copy_from_slice(line.as_bytes());
    longer
}

fn has_length(head: &[u8]) -> bool {
    head.split(|b| *b == b'\n').any(|line| {
        let name = line.split(|b| *b == b':').next().unwrap_or_default().trim_ascii();
        name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// 501 for a request of a method that nobody knows, 505 for another version (RFC 3261 §8.2.1, §21.5.6); none for
/// anything else, and none for an ACK.
fn answer_unknown(message: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(message.get(..message.len().min(8_192))?).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, _, version) = (first.next()?, first.next()?, first.next_back()?);
    let is_token = !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b));
    let status = match version {
        "SIP/2.0" if is_token && !KNOWN.contains(&method) => "501 Not Implemented",
        other if other.starts_with("SIP/") && other != "SIP/2.0" && method != "ACK" => "505 Version Not Supported",
        _ => return None,
    };
    let mut answer = format!("SIP/2.0 {status}\r\n");
    let mut seen = [false; 5];
    let mut copying = false;
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if copying {
                answer.push_str(line);
                answer.push_str("\r\n");
            }
            continue;
        }
        let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        let place = match name.as_str() {
            "via" | "v" => 0,
            "from" | "f" => 1,
            "to" | "t" => 2,
            "call-id" | "i" => 3,
            "cseq" => 4,
            _ => 5,
        };
        copying = place < 5;
        if copying {
            seen[place] = true;
            answer.push_str(line);
            answer.push_str("\r\n");
        }
    }
    if !seen.iter().all(|s| *s) {
        return None;
    }
    answer.push_str(&format!("Allow: {}\r\nContent-Length: 0\r\n\r\n", crate::message::ALLOW));
    Some(answer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str =
        "INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: c\r\nCSeq: 1 INVITE";

    fn completed(text: &str) -> String {
        let mut buffer = vec![0; 4_000];
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        let length = complete(&mut buffer, text.len());
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_body_without_its_length_gets_one() {
        assert_eq!(completed(&format!("{HEAD}\r\n\r\nv=0\r\n")), format!("{HEAD}\r\nContent-Length: 5\r\n\r\nv=0\r\n"));
        for same in [format!("{HEAD}\r\n\r\n"), format!("{HEAD}\r\nl: 5\r\n\r\nv=0\r\n"), "no head".into()] {
            assert_eq!(completed(&same), same);
        }
    }

    #[test]
    fn an_unknown_method_is_answered_and_nothing_else() {
        let unknown = answer_unknown(HEAD.replace("INVITE sip", "NEWMETHOD% sip").as_bytes());
        assert!(unknown.is_none() || String::from_utf8_lossy(&unknown.unwrap_or_default()).starts_with("SIP/2.0 501"));
        let text = format!("{}\r\n\r\n", HEAD.replace("INVITE sip", "FETCH sip"));
        let answer = String::from_utf8(answer_unknown(text.as_bytes()).expect("an answer")).expect("text");
        assert!(answer.starts_with("SIP/2.0 501 Not Implemented\r\nVia:") && answer.contains("Call-ID: c\r\n"));
        let newer = format!("{}\r\n\r\n", HEAD.replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"));
        assert!(answer_unknown(newer.as_bytes()).is_some_and(|a| a.starts_with(b"SIP/2.0 505")));
        assert_eq!(answer_unknown(format!("{HEAD}\r\n\r\n").as_bytes()), None);
        assert_eq!(answer_unknown(b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n"), None);
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..200) {
            let _ = answer_unknown(&bytes);
            let mut buffer = bytes.clone();
            buffer.resize(400, 0);
            let _ = complete(&mut buffer, bytes.len());
            let text = format!("{HEAD}\r\n\r\nbody");
            let _ = answer_unknown(&text.as_bytes()[..cut.min(text.len())]);
        }
    }
}
