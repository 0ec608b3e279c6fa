//! From bytes to a [`Message`]: only as strict as needed to find the parts. Whether a message makes sense is
//! looked at in [`super::check`], so that even a bad request can be answered.

use super::message::{Message, Method, Name, Start};

/// Longest message that is looked at.
pub(crate) const LONGEST: usize = 65_535;
/// Most headers of one message.
const MOST_HEADERS: usize = 256;

/// A message as found, and what is already known to be wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) message: Message,
    /// A line of the head is no header.
    pub(crate) bad_line: bool,
    /// What Content-Length says, where it can be read.
    pub(crate) length: Length,
}

/// What Content-Length says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Absent,
    Says(usize),
    /// No number, or two that differ.
    Bad,
}

/// Where the head ends and the body begins: after the first empty line. Lines end with CRLF; a bare LF is let pass.
pub(crate) fn head_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|b| *b == b'\n').map(|p| p + from) {
        match bytes[at + 1..] {
            [b'\n', ..] => return Some((at + 1, at + 2)),
            [b'\r', b'\n', ..] => return Some((at + 1, at + 3)),
            _ => from = at + 1,
        }
    }
    None
}

/// What the Content-Length of a head says.
pub(crate) fn length(head: &[u8]) -> Length {
    let mut found = Length::Absent;
    for line in head.split(|b| *b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = line[..colon].trim_ascii_end();
        if !(name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l")) {
            continue;
        }
        let said = number(line[colon + 1..].trim_ascii()).map_or(Length::Bad, Length::Says);
        found = if found == Length::Absent || found == said { said } else { Length::Bad };
    }
    found
}

fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Finds the parts of one whole message (a datagram, or what [`super::frame`] cut out). The body is all that
/// follows the head, cut to Content-Length where that says less (RFC 3261 §18.3). None: nothing that resembles SIP.
pub(crate) fn find(bytes: &[u8]) -> Option<Found> {
    let (head_len, body_at) = head_end(bytes).unwrap_or((bytes.len(), bytes.len()));
    let head = &bytes[..head_len];
    let length = length(head);
    let body = &bytes[body_at..];
    let body = match length {
        Length::Says(n) if n < body.len() => &body[..n],
        _ => body,
    };
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
    let start = start_line(lines.next()?)?;
    let mut headers: Vec<(Name, String)> = Vec::with_capacity(16);
    let mut bad_line = false;
    for line in lines.filter(|l| !l.is_empty()) {
        if line.starts_with([' ', '\t']) {
            match headers.last_mut() {
                Some((_, value)) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                None => bad_line = true,
            }
            continue;
        }
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim_end()) && headers.len() < MOST_HEADERS => {
                headers.push((Name::read(name.trim_end()), value.trim().to_owned()));
            }
            _ => bad_line = true,
        }
    }
    Some(Found { message: Message { start, headers, body: body.to_vec() }, bad_line, length })
}

/// The start line; its parts are kept as they are, so that what is odd in them can be refused by name.
fn start_line(line: &str) -> Option<Start> {
    let first = line.split(' ').next()?;
    if first.get(..4).is_some_and(|f| f.eq_ignore_ascii_case("SIP/")) {
        let mut parts = line.splitn(3, ' ');
        let _version = parts.next().filter(|v| v.eq_ignore_ascii_case("SIP/2.0"))?;
        let code = parts.next().filter(|c| c.len() == 3)?;
        let status = code.parse().ok().filter(|s| (100..700).contains(s))?;
        return Some(Start::Response { status, reason: parts.next().unwrap_or_default().trim().to_owned() });
    }
    let (method, rest) = line.split_once(' ')?;
    let at = rest.rfind("SIP/").filter(|at| *at > 0)?;
    if !is_token(method) {
        return None;
    }
    // One space before the version belongs to the line; any other stays with the URI and makes it bad.
    let uri = rest[..at].strip_suffix(' ').unwrap_or(&rest[..at]);
    Some(Start::Request { method: Method::read(method), uri: uri.to_owned(), version: rest[at..].to_owned() })
}

/// A token of RFC 3261 §25.1.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_body_reaches_to_the_end_of_the_datagram_or_to_its_length() {
        let find = |text: &str| find(text.as_bytes()).expect("a message");
        assert_eq!(find("INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\nv=0\r\n").message.body, b"v=0\r\n");
        assert_eq!(find("INVITE sip:a SIP/2.0\r\nl: 3\r\n\r\nv=0\r\n").message.body, b"v=0");
        assert_eq!(find("INVITE sip:a SIP/2.0\r\nl: -3\r\n\r\nv=0").length, Length::Bad);
        assert_eq!(find("INVITE sip:a SIP/2.0\r\nl: 3\r\nContent-Length:3\r\n\r\n").length, Length::Says(3));
        assert_eq!(find("INVITE sip:a SIP/2.0\r\nl: 3\r\nContent-Length: 4\r\n\r\n").length, Length::Bad);
    }

    #[test]
    fn folded_lines_and_short_names_are_read() {
        let found = find(b"OPTIONS sip:a SIP/2.0\r\nTO :\r\n sip:b\r\n\t;x\r\nv: SIP/2.0/UDP h\r\n\r\n").expect("a message");
        assert_eq!(found.message.get(&Name::To), Some(" sip:b ;x"));
        assert_eq!(found.message.get(&Name::Via), Some("SIP/2.0/UDP h"));
        assert!(!found.bad_line);
    }

    #[test]
    fn what_is_no_sip_is_nothing() {
        for text in ["", "hello", "GET / HTTP/1.1\r\n\r\n", "SIP/2.0 4294967301 better\r\n\r\n", "SIP/2.0 OK", " SIP/2.0\r\n\r\n"] {
            assert_eq!(find(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = find(&bytes);
            let mut head = b"INVITE sip:a SIP/2.0\r\n".to_vec();
            head.extend(&bytes);
            let found = find(&head).expect("its first line is sound");
            let _ = find(&found.message.to_bytes());
        }
    }
}
