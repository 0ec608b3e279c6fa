//! Composing responses (RFC 3261 §8.2.6), and where they go (§18.2, RFC 3581).

use super::header::{Via, list};
use super::message::{Message, Method, Name, Start};
use std::net::SocketAddr;

/// Methods that we answer.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, REGISTER";
/// Extensions that we understand.
pub(crate) const SUPPORTED: &str = "timer, 100rel";

/// A response to a request, with its Vias, From, To, Call-ID and CSeq.
pub(crate) fn response(request: &Message, status: u16, to_tag: Option<&str>) -> Message {
    let mut response =
        Message { start: Start::Response { status, reason: phrase(status).to_owned() }, headers: Vec::with_capacity(12), body: Vec::new() };
    for (name, value) in &request.headers {
        match name {
            Name::Via | Name::From | Name::CallId | Name::CSeq => response.push(name.clone(), value.clone()),
            Name::To => {
                let tagged = to_tag.filter(|_| status > 100 && super::header::parameter(value, "tag").is_none());
                response.push(Name::To, tagged.map_or_else(|| value.clone(), |tag| format!("{value};tag={tag}")));
            }
            Name::Timestamp if status == 100 => response.push(Name::Timestamp, value.clone()),
            _ => {}
        }
    }
    if status == 405 || status == 501 || (status == 200 && request.is(&Method::Options)) {
        response.push(Name::Allow, ALLOW);
    }
    response
}

/// Notes in the topmost Via from where a request came (RFC 3261 §18.2.1, RFC 3581 §4).
pub(crate) fn stamp(request: &mut Message, peer: SocketAddr) {
    let Some((_, value)) = request.headers.iter_mut().find(|(n, _)| *n == Name::Via) else { return };
    let first = list(value)[0].to_owned();
    let Some(via) = Via::read(&first) else { return };
    let wants_port = via.param("rport").is_some();
    let elsewhere = via.host.parse() != Ok(peer.ip());
    if !wants_port && !elsewhere {
        return;
    }
    let (head, params) = first.split_once(';').unwrap_or((first.as_str(), ""));
    let kept = params.split(';').filter(|p| {
        let name = p.split('=').next().unwrap_or_default().trim();
        !name.is_empty() && !name.eq_ignore_ascii_case("rport") && !name.eq_ignore_ascii_case("received")
    });
    let mut stamped = head.trim_end().to_owned();
    for param in kept {
        stamped.push(';');
        stamped.push_str(param.trim());
    }
    stamped.push_str(&format!(";received={}", peer.ip()));
    if wants_port {
        stamped.push_str(&format!(";rport={}", peer.port()));
    }
    value.replace_range(..first.len().min(value.len()), &stamped);
}

/// Where the response to a datagram goes: back to its source where `rport` asks for it, else to the port of sent-by.
pub(crate) fn datagram_target(request: &Message, peer: SocketAddr) -> SocketAddr {
    let top = request.get(&Name::Via).and_then(|v| Via::read(list(v)[0]));
    match top {
        Some(via) if via.param("rport").is_none() => SocketAddr::new(peer.ip(), via.port.unwrap_or(5060)),
        _ => peer,
    }
}

/// The reason phrase of a status.
pub(crate) fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        other => match other / 100 {
            1 => "Progress",
            2 => "Success",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(via: &str) -> Message {
        let text = format!("OPTIONS sip:a SIP/2.0\r\nVia: {via}\r\nTo: <sip:a>\r\n\r\n");
        super::super::parse::find(text.as_bytes()).expect("a message").message
    }

    #[test]
    fn the_source_is_noted_as_rfc_3581_says() {
        let peer: SocketAddr = "192.0.2.9:7000".parse().expect("an address");
        let stamped = |via: &str| {
            let mut request = request(via);
            stamp(&mut request, peer);
            (request.get(&Name::Via).expect("one").to_owned(), datagram_target(&request, peer).port())
        };
        assert_eq!(
            stamped("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff, SIP/2.0/UDP x"),
            ("SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bKkjshdyff;received=192.0.2.9;rport=7000, SIP/2.0/UDP x".into(), 7000)
        );
        assert_eq!(stamped("SIP/2.0/UDP 192.0.2.9:6000;branch=z9hG4bK1"), ("SIP/2.0/UDP 192.0.2.9:6000;branch=z9hG4bK1".into(), 6000));
        assert_eq!(stamped("SIP/2.0/UDP h.example;branch=b").1, 5060);
    }

    #[test]
    fn a_response_is_tagged_once() {
        let mut asked = request("SIP/2.0/UDP h;branch=z9hG4bK1");
        assert_eq!(response(&asked, 404, Some("x")).get(&Name::To), Some("<sip:a>;tag=x"));
        assert_eq!(response(&asked, 100, Some("x")).get(&Name::To), Some("<sip:a>"));
        asked.set(Name::To, "<sip:a>;tag=y");
        assert_eq!(response(&asked, 404, Some("x")).to_tag(), Some("y"));
    }
}
