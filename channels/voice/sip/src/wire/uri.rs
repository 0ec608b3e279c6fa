//! Addresses: SIP, SIPS and TEL URIs (RFC 3261 §19.1, RFC 3966).

use std::net::{IpAddr, SocketAddr};

/// An address, its parts as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uri {
    pub(crate) scheme: Scheme,
    /// User part, or the number of a TEL URI, still escaped.
    pub(crate) user: Option<String>,
    /// Host without brackets; empty for a TEL URI.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// What follows the first semicolon, without it.
    pub(crate) params: String,
    /// What follows the question mark.
    pub(crate) headers: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Sip,
    Sips,
    Tel,
}

/// Why a text is no address of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoUri {
    /// 416.
    Scheme,
    /// 400.
    Form,
}

impl Uri {
    pub(crate) fn read(text: &str) -> Result<Self, NoUri> {
        let (scheme, rest) = text.split_once(':').ok_or(NoUri::Form)?;
        if text.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"<>\"".contains(&b)) {
            return Err(NoUri::Form);
        }
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "sip" => Scheme::Sip,
            "sips" => Scheme::Sips,
            "tel" => Scheme::Tel,
            s if s.starts_with(|c: char| c.is_ascii_alphabetic())
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
            {
                return Err(NoUri::Scheme);
            }
            _ => return Err(NoUri::Form),
        };
        if scheme == Scheme::Tel {
            let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
            let sound = number.bytes().any(|b| b.is_ascii_alphanumeric());
            let tel = Self { scheme, user: Some(number.into()), host: String::new(), port: None, params: params.into(), headers: None };
            return if sound { Ok(tel) } else { Err(NoUri::Form) };
        }
        Self::read_sip(scheme, rest).ok_or(NoUri::Form)
    }

    fn read_sip(scheme: Scheme, rest: &str) -> Option<Self> {
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) if !user.is_empty() && !user.contains('@') => (Some(user), rest),
            Some(_) => return None,
            None => (None, rest),
        };
        let (rest, headers) = rest.split_once('?').map_or((rest, None), |(r, h)| (r, Some(h.to_owned())));
        let (at, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = host_port(at)?;
        let user = user.map(|u| u.split_once(':').map_or(u, |(name, _password)| name).to_owned());
        if user.as_ref().is_some_and(String::is_empty) {
            return None;
        }
        Some(Self { scheme, user, host, port, params: params.to_owned(), headers })
    }

    /// The user part with its escapes undone, and without the parameters that may stand in it.
    pub(crate) fn user_plain(&self) -> String {
        unescape(self.user.as_deref().unwrap_or_default())
    }

    /// A parameter's value, empty if it has none.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.split(';').find_map(|p| {
            let (n, value) = p.split_once('=').unwrap_or((p, ""));
            n.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The transport that it asks for, in lower case.
    pub(crate) fn transport(&self) -> Option<String> {
        self.param("transport").map(str::to_ascii_lowercase)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Sips || self.transport().as_deref() == Some("tls")
    }

    /// The port, or the usual one of its transport.
    pub(crate) fn port_or_usual(&self) -> u16 {
        self.port.unwrap_or(if self.is_secure() { 5061 } else { 5060 })
    }

    /// The address, if the host is one.
    pub(crate) fn socket_addr(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse().ok()?, self.port_or_usual()))
    }
}

impl std::fmt::Display for Uri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.scheme {
            Scheme::Sip => "sip:",
            Scheme::Sips => "sips:",
            Scheme::Tel => "tel:",
        })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if self.scheme != Scheme::Tel {
                f.write_str("@")?;
            }
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?
        } else {
            f.write_str(&self.host)?
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if !self.params.is_empty() {
            write!(f, ";{}", self.params)?;
        }
        self.headers.as_ref().map_or(Ok(()), |h| write!(f, "?{h}"))
    }
}

/// Host and port: `h`, `h:5060`, `[::1]:5060`.
pub(crate) fn host_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    let port = |digits: &str| -> Option<u16> {
        if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok()
    };
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<IpAddr>().ok()?;
        return match after.trim().strip_prefix(':') {
            Some(digits) => Some((host.to_owned(), Some(port(digits.trim())?))),
            None => after.trim().is_empty().then(|| (host.to_owned(), None)),
        };
    }
    let (host, digits) = text.split_once(':').map_or((text, None), |(h, d)| (h.trim_end(), Some(d.trim())));
    if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return None;
    }
    match digits {
        Some(digits) => Some((host.to_ascii_lowercase(), Some(port(digits)?))),
        None => Some((host.to_ascii_lowercase(), None)),
    }
}

/// Undoes `%xx`. What is no escape stays; what is no text after it is replaced.
pub(crate) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes a user part: what may not stand there is escaped.
pub(crate) fn escape(user: &str) -> String {
    user.bytes().fold(String::with_capacity(user.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["sip:a@h", "sips:a@h:5061;transport=tcp", "sip:[2001:db8::1]:5060;lr", "tel:+911234", "sip:user;par=u%40e@h?x=y"] {
            assert_eq!(Uri::read(text).expect(text).to_string(), text);
        }
        let uri = Uri::read("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com");
        assert_eq!(uri.expect("valid in RFC 4475").host, "example.com");
        assert_eq!(Uri::read("sip:%75se%72@h").expect("a").user_plain(), "user");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(Uri::read("nobodyKnowsThisScheme:x"), Err(NoUri::Scheme));
        for text in ["<sip:a@h>", "sip:a b@h", "sip:", "sip:a@", "h", "sip:a@h:99999", "sip:a@[::1", "tel:", ":x", "sip:a@h:"] {
            assert_eq!(Uri::read(text), Err(NoUri::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(text in "\\PC{0,60}", tail in "[a-z0-9:;@?%\\[\\]=.]{0,40}") {
            let _ = Uri::read(&text);
            if let Ok(uri) = Uri::read(&format!("sip:{tail}")) {
                prop_assert!(Uri::read(&uri.to_string()).is_ok());
            }
            let _ = unescape(&text);
            prop_assert_eq!(unescape(&escape(&text)), text);
        }
    }
}
