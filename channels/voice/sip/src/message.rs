//! Reading and writing the headers that dialogs need.

use crate::sdp::Sdp;
use rsipstack::sip::prelude::{HasHeaders, HeadersExt, ToTypedHeader};
use rsipstack::sip::{Header, Headers, Request, Response, Uri};

/// Methods that we answer.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REGISTER";
/// Extensions that we understand.
pub(crate) const SUPPORTED: &str = "timer, replaces";

/// The session description of a message, if its body is one.
pub(crate) fn sdp(message: &impl HeadersExt, body: &[u8]) -> Option<Sdp> {
    let kind = message.header_value("Content-Type").unwrap_or_default();
    let is_sdp = kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case("application/sdp"));
    (is_sdp && !body.is_empty()).then(|| Sdp(String::from_utf8_lossy(body).into_owned()))
}

/// The tag of To, if it has one.
pub(crate) fn to_tag(message: &impl HeadersExt) -> Option<String> {
    message.to_header().ok()?.tag().ok().flatten().map(|t| t.value().to_owned()).filter(|t| !t.is_empty())
}

/// Number of CSeq.
pub(crate) fn cseq(message: &impl HeadersExt) -> u32 {
    message.cseq_header().ok().and_then(|c| c.seq().ok()).unwrap_or(0)
}

/// The URI of Contact.
pub(crate) fn contact(message: &impl HeadersExt) -> Option<Uri> {
    message.contact_header().ok()?.typed().ok().map(|c| c.uri)
}

/// Values of Record-Route in order, one header each.
pub(crate) fn record_routes(message: &impl HasHeaders) -> Vec<String> {
    let values = message.headers().iter().filter_map(|h| match h {
        Header::RecordRoute(route) => Some(route.value().to_owned()),
        _ => None,
    });
    values.flat_map(|v| split_list(&v)).collect()
}

/// Splits a list of name-addresses at commas outside brackets and quotes.
fn split_list(value: &str) -> Vec<String> {
    let (mut out, mut depth, mut quoted, mut start) = (Vec::new(), 0, false, 0);
    for (at, c) in value.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '<' if !quoted => depth += 1,
            '>' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                out.push(value[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(value[start..].trim().to_owned());
    out.retain(|v| !v.is_empty());
    out
}

/// Adds a body and its type.
pub(crate) fn set_sdp(headers: &mut Headers, body: &mut Vec<u8>, sdp: &Sdp) {
    headers.unique_push(Header::ContentType("application/sdp".into()));
    headers.unique_push(Header::ContentLength((sdp.0.len() as u32).into()));
    *body = sdp.0.clone().into_bytes();
}

/// Option tags of Require that we do not understand.
pub(crate) fn unsupported(request: &Request) -> Option<String> {
    let wanted = request.header_value("Require")?;
    let unknown: Vec<_> = wanted
        .split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty() && !SUPPORTED.split(", ").any(|s| s.eq_ignore_ascii_case(tag)))
        .collect();
    (!unknown.is_empty()).then(|| unknown.join(", "))
}

/// User part, display name and host of From.
pub(crate) fn caller(request: &Request) -> Option<(String, Option<String>, String)> {
    let from = request.from_header().ok()?.typed().ok()?;
    let display = from.display_name.map(|n| n.to_string().trim_matches('"').to_owned()).filter(|n| !n.is_empty());
    Some((from.uri.user().unwrap_or_default().to_owned(), display, from.uri.host().to_string()))
}

/// User part of the first P-Asserted-Identity.
pub(crate) fn asserted(request: &Request) -> Option<String> {
    let value = request.header_value("P-Asserted-Identity")?;
    let start = value.find("sip:").map(|at| at + 4).or_else(|| value.find("tel:").map(|at| at + 4))?;
    let user = value[start..].split(['@', '>', ';', ',']).next()?;
    (!user.is_empty()).then(|| user.to_owned())
}

/// A key of an INFO body: `Signal=5` of application/dtmf-relay, or the bare key of application/dtmf.
pub(crate) fn info_digit(request: &Request) -> Option<char> {
    let kind = request.header_value("Content-Type")?.to_ascii_lowercase();
    let body = String::from_utf8_lossy(request.body());
    let key = if kind.starts_with("application/dtmf-relay") {
        body.lines().find_map(|l| {
            l.trim().strip_prefix("Signal").and_then(|r| r.trim_start().strip_prefix('=')).map(str::trim).map(str::to_owned)
        })?
    } else if kind.starts_with("application/dtmf") {
        body.trim().to_owned()
    } else {
        return None;
    };
    match key.as_str() {
        "10" => Some('*'),
        "11" => Some('#'),
        one if one.len() == 1 => one.chars().next().map(|c| c.to_ascii_uppercase()).filter(|c| "0123456789*#ABCD".contains(*c)),
        _ => None,
    }
}

/// Session-Expires: seconds, and whether the calling side refreshes.
pub(crate) fn session_expires(message: &impl HeadersExt) -> Option<(u32, Option<bool>)> {
    let value = message.header_value("Session-Expires")?;
    let mut parts = value.split(';').map(str::trim);
    let seconds = parts.next()?.parse().ok()?;
    let refresher = parts.find_map(|p| p.strip_prefix("refresher=")).map(|r| r.eq_ignore_ascii_case("uac"));
    Some((seconds, refresher))
}

/// Whether a response makes no dialog and needs none of its headers.
pub(crate) fn reason(response: &Response) -> String {
    response.reason_phrase().map_or_else(|| response.status_code.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_routes_is_split_where_commas_mean_it() {
        assert_eq!(split_list(r#""a, b" <sip:x;lr>, <sip:y,z;lr>"#), [r#""a, b" <sip:x;lr>"#, "<sip:y,z;lr>"]);
    }

    #[test]
    fn info_keys_of_both_forms_are_read() {
        let request = |kind: &str, body: &str| -> Request {
            format!("INFO sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\nCall-ID: c\r\nCSeq: 2 INFO\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).try_into().expect("a request")
        };
        assert_eq!(info_digit(&request("application/dtmf-relay", "Signal= 5\r\nDuration=160\r\n")), Some('5'));
        assert_eq!(info_digit(&request("application/dtmf-relay", "Signal=11\r\n")), Some('#'));
        assert_eq!(info_digit(&request("application/dtmf", "*")), Some('*'));
        assert_eq!(info_digit(&request("text/plain", "5")), None);
        assert_eq!(info_digit(&request("application/dtmf", "55")), None);
    }
}
