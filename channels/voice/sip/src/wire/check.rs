//! What is wrong with a request before anybody has to think about what it asks (RFC 3261 §8.2, RFC 4475 §3.1.2).

use super::header::{NameAddr, Via, list};
use super::message::{Message, Method, Name, Start};
use super::parse::{Found, Length, is_token};
use super::uri::{NoUri, Uri};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) why: &'static str,
}

const fn fault(status: u16, why: &'static str) -> Fault {
    Fault { status, why }
}

/// Whether a message can be answered at all: it needs a Via that tells where to.
pub(crate) fn can_be_answered(message: &Message) -> bool {
    message.get(&Name::Via).is_some_and(|v| Via::read(list(v)[0]).is_some() || v.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("SIP/")))
}

/// What is wrong with a request; `whole` is false if its body is shorter than Content-Length says.
pub(crate) fn request(found: &Found, whole: bool) -> Result<(), Fault> {
    let message = &found.message;
    let Start::Request { method, uri, version } = &message.start else { return Ok(()) };
    if version != "SIP/2.0" {
        let other = version.strip_prefix("SIP/").is_some_and(|v| v.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b)));
        return Err(if other { fault(505, "another version") } else { fault(400, "the request line ends oddly") });
    }
    if found.bad_line {
        return Err(fault(400, "a line is no header"));
    }
    if found.length == Length::Bad || !whole {
        return Err(fault(400, "Content-Length is wrong"));
    }
    once(message)?;
    numbers(message, method)?;
    names(message, method)?;
    request_uri(uri)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Headers that every request has, and has once.
fn once(message: &Message) -> Result<(), Fault> {
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
        match message.all(&name).count() {
            1 => {}
            0 => return Err(fault(400, "From, To, Call-ID or CSeq is missing")),
            _ => return Err(fault(400, "From, To, Call-ID or CSeq stands there twice")),
        }
    }
    for name in [Name::MaxForwards, Name::ContentType, Name::Expires] {
        if message.all(&name).count() > 1 {
            return Err(fault(400, "a header that stands once stands there twice"));
        }
    }
    let call_id = message.call_id();
    if call_id.is_empty() || call_id.len() > 512 || call_id.contains(char::is_whitespace) {
        return Err(fault(400, "Call-ID is wrong"));
    }
    Ok(())
}

fn numbers(message: &Message, method: &Method) -> Result<(), Fault> {
    let Some((_, named)) = message.cseq() else { return Err(fault(400, "CSeq is wrong")) };
    if named != method.as_str() {
        return Err(fault(400, "CSeq names another method"));
    }
    let hops = message.get(&Name::MaxForwards);
    if hops.is_some_and(|v| !is_number(v) || v.parse::<u32>().map_or(true, |n| n > 255)) {
        return Err(fault(400, "Max-Forwards is wrong"));
    }
    Ok(())
}

fn names(message: &Message, method: &Method) -> Result<(), Fault> {
    for value in message.all(&Name::Via).flat_map(list) {
        if Via::read(value).is_none() {
            return Err(fault(400, "a Via is wrong"));
        }
    }
    for name in [Name::From, Name::To] {
        let value = message.get(&name).unwrap_or_default();
        let Some(read) = NameAddr::read(value) else { return Err(fault(400, "From or To is wrong")) };
        if read.param("tag").is_some_and(|t| !is_token(t)) {
            return Err(fault(400, "a tag is wrong"));
        }
    }
    for value in message.all(&Name::Contact).flat_map(list) {
        let all = value == "*" && *method == Method::Register;
        if !all && NameAddr::read(value).is_none_or(|n| Uri::read(&n.uri) == Err(NoUri::Form)) {
            return Err(fault(400, "a Contact is wrong"));
        }
    }
    for name in [Name::RecordRoute, Name::Route] {
        if message.all(&name).flat_map(list).any(|v| NameAddr::read(v).is_none()) {
            return Err(fault(400, "a route is wrong"));
        }
    }
    Ok(())
}

fn request_uri(uri: &str) -> Result<(), Fault> {
    match Uri::read(uri) {
        // Headers may not stand in a request URI (RFC 3261 §19.1.1).
        Ok(uri) if uri.headers.is_some() => Err(fault(400, "the request URI has headers")),
        Ok(_) => Ok(()),
        Err(NoUri::Scheme) => Err(fault(416, "the request URI is of another scheme")),
        Err(NoUri::Form) => Err(fault(400, "the request URI is wrong")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::parse::find;

    const GOOD: &str = "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:b@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContact: <sip:b@h>\r\n\r\n";

    fn status(text: &str) -> u16 {
        request(&find(text.as_bytes()).expect(text), true).map_or_else(|f| f.status, |()| 200)
    }

    #[test]
    fn a_good_request_passes_and_each_fault_has_its_status() {
        assert_eq!(status(GOOD), 200);
        let cases = [
            ("sip:a@h SIP/2.0", "<sip:a@h> SIP/2.0", 400),
            ("sip:a@h SIP/2.0", "sip:a@h; lr SIP/2.0", 400),
            ("sip:a@h SIP/2.0", "sip:a@h  SIP/2.0", 400),
            ("sip:a@h SIP/2.0", "sip:a@h SIP/2.0  ", 400),
            ("sip:a@h SIP/2.0", "sip:a@h?Route=%3Csip:x%3E SIP/2.0", 400),
            ("sip:a@h SIP/2.0", "sip:a@h SIP/7.0", 505),
            ("sip:a@h SIP/2.0", "nobodyKnowsThisScheme:x SIP/2.0", 416),
            ("1 OPTIONS", "1 INVITE", 400),
            ("1 OPTIONS", "36893488147419103232 OPTIONS", 400),
            ("1 OPTIONS", "x OPTIONS", 400),
            ("Max-Forwards: 70", "Max-Forwards: 300", 400),
            ("Max-Forwards: 70", "Max-Forwards: 0", 200),
            ("To: <sip:a@h>", "To: \"Mr. J. User <sip:a@h>", 400),
            ("To: <sip:a@h>\r\n", "", 400),
            ("To: <sip:a@h>", "To: <sip:a@h>\r\nt: <sip:a@h>", 400),
            ("Call-ID: c\r\n", "", 400),
            ("branch=z9hG4bK1", "branch=z9hG4bK1;;,;,,", 400),
            ("Contact: <sip:b@h>", "Contact: \"Joe\" <sip:joe@example.org>;;;;", 400),
            ("Contact: <sip:b@h>", "Contact: sip:user@example.com?Route=x", 400),
            ("Contact: <sip:b@h>", "no header", 400),
            ("Contact: <sip:b@h>", "Content-Length: -1", 400),
            ("Contact: <sip:b@h>", "l: 0\r\nContent-Length: 5", 400),
        ];
        for (from, to, expected) in cases {
            assert_eq!(status(&GOOD.replacen(from, to, 1)), expected, "{to}");
        }
    }
}
