//! Headers that have an inside: names with addresses, Via, lists and parameters.

use super::uri::{self, Uri};

/// A name with an address (From, To, Contact, Route, …): `"Name" <sip:a@h;x>;tag=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameAddr {
    pub(crate) display: Option<String>,
    /// The address as written.
    pub(crate) uri: String,
    /// What follows it, without the first semicolon.
    pub(crate) params: String,
}

impl NameAddr {
    /// Reads one value. An address without brackets ends at the first semicolon and may hold no question mark or
    /// comma (RFC 3261 §20).
    pub(crate) fn read(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Some(quoted) = value.strip_prefix('"') {
            let (display, after) = end_of_quoted(quoted)?;
            let (uri, params) = bracketed(after.trim_start())?;
            return Self::new(Some(unquote(display)), uri, params);
        }
        if let Some(at) = value.find('<') {
            let (uri, params) = bracketed(&value[at..])?;
            let display = value[..at].trim();
            return Self::new((!display.is_empty()).then(|| display.to_owned()), uri, params);
        }
        let (uri, params) = value.split_once(';').unwrap_or((value, ""));
        if uri.contains(['?', ',', '"', '>']) {
            return None;
        }
        Self::new(None, uri.trim(), params)
    }

    fn new(display: Option<String>, uri: &str, params: &str) -> Option<Self> {
        let well_formed = uri.contains(':') && !uri.bytes().any(|b| b.is_ascii_whitespace());
        let sound = params.is_empty() || params.split(';').all(|p| !p.trim().is_empty() && !p.trim_start().starts_with(['=', ',']));
        (well_formed && sound).then(|| Self { display: display.filter(|d| !d.is_empty()), uri: uri.to_owned(), params: params.to_owned() })
    }

    pub(crate) fn address(&self) -> Option<Uri> {
        Uri::read(&self.uri).ok()
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        param(&self.params, name)
    }
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (uri, after) = text.strip_prefix('<')?.split_once('>')?;
    let after = after.trim();
    let params = if after.is_empty() { "" } else { after.strip_prefix(';')? };
    Some((uri.trim(), params))
}

/// Splits behind the closing quote.
fn end_of_quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unquote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

/// A parameter of a value like `…;a=1;b`: unquoted, empty if it has no value. Semicolons inside brackets and quotes
/// are not looked at.
pub(crate) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (mut quoted, mut escaped, mut inside) = (false, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            ';' if !quoted && !inside => return param(&value[at + 1..], name),
            _ => {}
        }
    }
    None
}

/// A parameter of a list like `a=1;b`.
pub(crate) fn param<'a>(params: &'a str, name: &str) -> Option<&'a str> {
    params.split(';').find_map(|p| {
        let (n, value) = p.split_once('=').unwrap_or((p, ""));
        n.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Splits a list at the commas outside brackets and quotes.
pub(crate) fn list(value: &str) -> Vec<&str> {
    let (mut out, mut quoted, mut escaped, mut inside, mut start) = (Vec::new(), false, false, false, 0);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            ',' if !quoted && !inside => {
                out.push(value[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(value[start..].trim());
    out
}

/// One value of Via (RFC 3261 §20.42).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Via {
    /// In capitals.
    pub(crate) transport: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) params: String,
}

impl Via {
    pub(crate) fn read(value: &str) -> Option<Self> {
        let mut slashes = value.splitn(3, '/');
        let (name, version, rest) = (slashes.next()?.trim(), slashes.next()?.trim(), slashes.next()?.trim());
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        let (transport, rest) = rest.split_once(|c: char| c.is_ascii_whitespace())?;
        let (at, params) = rest.split_once(';').map_or((rest, ""), |(a, p)| (a, p));
        if rest.contains(';') && params.split(';').any(|p| p.trim().is_empty() || p.contains(',')) {
            return None;
        }
        let (host, port) = uri::host_port(at)?;
        super::parse::is_token(transport).then(|| Self { transport: transport.to_ascii_uppercase(), host, port, params: params.to_owned() })
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        param(&self.params, name)
    }

    /// The branch, if it is one of RFC 3261 (§8.1.1.7): with the cookie and something behind it.
    pub(crate) fn branch(&self) -> Option<&str> {
        self.param("branch").filter(|b| b.len() > 7 && b.get(..7).is_some_and(|c| c.eq_ignore_ascii_case("z9hG4bK")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_addresses_are_read() {
        let read = |v: &str| NameAddr::read(v);
        let one = read(r#""J Rosenberg \\\"" <sip:j@e.com;lr> ; tag = 98"#).expect("one");
        assert_eq!((one.display.as_deref(), one.uri.as_str(), one.param("tag")), (Some(r#"J Rosenberg \""#), "sip:j@e.com;lr", Some("98")));
        assert_eq!(read("caller<sip:c@e.com>;tag=3").expect("one").display.as_deref(), Some("caller"));
        assert_eq!(read("sip:c@e.com;tag=3").expect("one").param("tag"), Some("3"));
        for bad in [r#""Mr. J. User <sip:j@e.com>"#, "sip:u@e.com?Route=x", "<sip:x", "<sip:x>;;;;", "nothing", "<sip:a b@c>"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(parameter(r#""a;tag=1" <sip:x;tag=2>;tag=3"#, "TAG"), Some("3"));
    }

    #[test]
    fn vias_are_read_with_all_the_spaces_that_are_allowed() {
        let via = Via::read("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8").expect("one");
        assert_eq!((via.transport.as_str(), via.host.as_str(), via.branch()), ("TCP", "spindle.example.com", Some("z9hG4bK9ikj8")));
        assert_eq!(Via::read("SIP/2.0/UDP [2001:db8::9:1]:5060;branch=z9hG4bK").expect("one").branch(), None);
        for bad in ["SIP/2.0/UDP 192.0.2.15;;,;,,", "SIP/2.0/UDP", "SIP/3.0/UDP h", "", "HTTP/2.0/UDP h"] {
            assert_eq!(Via::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_list_is_split_where_commas_mean_it() {
        assert_eq!(list(r#""a, b" <sip:x;lr>, <sip:y,z;lr>"#), [r#""a, b" <sip:x;lr>"#, "<sip:y,z;lr>"]);
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(text in "\\PC{0,80}", odd in "[\"<>;,=\\\\ /a:]{0,40}") {
            for text in [text, odd] {
                let _ = (NameAddr::read(&text), Via::read(&text), parameter(&text, "tag"), list(&text));
                let _ = Via::read(&format!("SIP/2.0/UDP {text}"));
            }
        }
    }
}
