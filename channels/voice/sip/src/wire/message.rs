//! A SIP message (RFC 3261 §7) as its start line, its headers in order, and its body.

use std::fmt::Write;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: Start,
    /// In order; folded lines are joined, list values are as they came.
    pub(crate) headers: Vec<(Name, String)>,
    pub(crate) body: Vec<u8>,
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Request { method: Method, uri: String, version: String },
    Response { status: u16, reason: String },
}

/// A method (RFC 3261 §7.1): a token, in which case counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Update,
    Prack,
    Refer,
    Notify,
    Message,
    Subscribe,
    Publish,
    Other(String),
}

macro_rules! names {
    ($($variant:ident = $long:literal $(/ $short:literal)?),* $(,)?) => {
        /// The name of a header; the compact form (RFC 3261 §7.3.3) is the same name.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Name { $($variant,)* Other(String) }

        impl Name {
            pub(crate) fn read(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($long) $(|| text.eq_ignore_ascii_case($short))? { return Name::$variant; })*
                Name::Other(text.to_owned())
            }

            pub(crate) fn as_str(&self) -> &str {
                match self { $(Name::$variant => $long,)* Name::Other(text) => text }
            }
        }
    };
}

// The most frequent first: they are compared in this order.
names! {
    Via = "Via" / "v", From = "From" / "f", To = "To" / "t", CallId = "Call-ID" / "i", CSeq = "CSeq",
    Contact = "Contact" / "m", MaxForwards = "Max-Forwards", ContentLength = "Content-Length" / "l",
    ContentType = "Content-Type" / "c", Allow = "Allow", Supported = "Supported" / "k", UserAgent = "User-Agent",
    RecordRoute = "Record-Route", Route = "Route", Require = "Require", ProxyRequire = "Proxy-Require",
    Unsupported = "Unsupported", Expires = "Expires", MinExpires = "Min-Expires", Authorization = "Authorization",
    ProxyAuthorization = "Proxy-Authorization", WwwAuthenticate = "WWW-Authenticate",
    ProxyAuthenticate = "Proxy-Authenticate", SessionExpires = "Session-Expires" / "x", MinSe = "Min-SE",
    RSeq = "RSeq", RAck = "RAck", ReferTo = "Refer-To" / "r", AssertedIdentity = "P-Asserted-Identity",
    Identity = "Identity" / "y", RetryAfter = "Retry-After", Accept = "Accept", Event = "Event" / "o",
    ContentEncoding = "Content-Encoding" / "e", ContentDisposition = "Content-Disposition", Timestamp = "Timestamp",
    Reason = "Reason", SubscriptionState = "Subscription-State", Server = "Server", Warning = "Warning",
}

impl Method {
    pub(crate) fn read(token: &str) -> Self {
        match token {
            "INVITE" => Method::Invite,
            "ACK" => Method::Ack,
            "BYE" => Method::Bye,
            "CANCEL" => Method::Cancel,
            "OPTIONS" => Method::Options,
            "REGISTER" => Method::Register,
            "INFO" => Method::Info,
            "UPDATE" => Method::Update,
            "PRACK" => Method::Prack,
            "REFER" => Method::Refer,
            "NOTIFY" => Method::Notify,
            "MESSAGE" => Method::Message,
            "SUBSCRIBE" => Method::Subscribe,
            "PUBLISH" => Method::Publish,
            other => Method::Other(other.to_owned()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Method::Invite => "INVITE",
            Method::Ack => "ACK",
            Method::Bye => "BYE",
            Method::Cancel => "CANCEL",
            Method::Options => "OPTIONS",
            Method::Register => "REGISTER",
            Method::Info => "INFO",
            Method::Update => "UPDATE",
            Method::Prack => "PRACK",
            Method::Refer => "REFER",
            Method::Notify => "NOTIFY",
            Method::Message => "MESSAGE",
            Method::Subscribe => "SUBSCRIBE",
            Method::Publish => "PUBLISH",
            Method::Other(token) => token,
        }
    }
}

impl Message {
    /// A request with nothing in it yet.
    pub(crate) fn request(method: Method, uri: impl Into<String>) -> Self {
        let start = Start::Request { method, uri: uri.into(), version: "SIP/2.0".into() };
        Self { start, headers: Vec::with_capacity(16), body: Vec::new() }
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> Option<&Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    pub(crate) fn is(&self, method: &Method) -> bool {
        self.method() == Some(method)
    }

    /// The request URI, or nothing for a response.
    pub(crate) fn request_uri(&self) -> &str {
        match &self.start {
            Start::Request { uri, .. } => uri,
            Start::Response { .. } => "",
        }
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        match &self.start {
            Start::Response { status, .. } => Some(*status),
            Start::Request { .. } => None,
        }
    }

    /// The reason phrase of a response.
    pub(crate) fn reason(&self) -> &str {
        match &self.start {
            Start::Response { reason, .. } => reason,
            Start::Request { .. } => "",
        }
    }

    /// The first value of a header.
    pub(crate) fn get(&self, name: &Name) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a header, one for each time that it stands there.
    pub(crate) fn all<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> + 'a {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn push(&mut self, name: Name, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }

    /// Puts a value in the place of the first of that name, or at the end.
    pub(crate) fn set(&mut self, name: Name, value: impl Into<String>) {
        match self.headers.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value.into(),
            None => self.push(name, value),
        }
    }

    pub(crate) fn remove(&mut self, name: &Name) {
        self.headers.retain(|(n, _)| n != name);
    }

    /// Whether a list header has a token (case does not count).
    pub(crate) fn lists(&self, name: &Name, token: &str) -> bool {
        self.tokens(name).any(|t| t.eq_ignore_ascii_case(token))
    }

    /// The tokens of a list header.
    pub(crate) fn tokens<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a str> + 'a {
        self.all(name).flat_map(|v| v.split(',')).map(str::trim).filter(|t| !t.is_empty())
    }

    pub(crate) fn call_id(&self) -> &str {
        self.get(&Name::CallId).unwrap_or_default()
    }

    /// Number and method of CSeq.
    pub(crate) fn cseq(&self) -> Option<(u32, &str)> {
        let mut parts = self.get(&Name::CSeq)?.split_ascii_whitespace();
        let number = parts.next()?;
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let parsed = (number.parse().ok().filter(|n| *n < 1 << 31)?, parts.next()?);
        parts.next().is_none().then_some(parsed)
    }

    pub(crate) fn caller_tag(&self) -> Option<&str> {
        super::header::parameter(self.get(&Name::From)?, "tag")
    }

    pub(crate) fn to_tag(&self) -> Option<&str> {
        super::header::parameter(self.get(&Name::To)?, "tag")
    }

    /// Puts a body and its type in.
    pub(crate) fn set_body(&mut self, kind: &str, body: impl Into<Vec<u8>>) {
        self.set(Name::ContentType, kind);
        self.body = body.into();
    }

    /// The message as it is sent. Content-Length is written here and nowhere else.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut head = String::with_capacity(600 + self.body.len());
        let _ = match &self.start {
            Start::Request { method, uri, version } => write!(head, "{} {uri} {version}\r\n", method.as_str()),
            Start::Response { status, reason } => write!(head, "SIP/2.0 {status} {reason}\r\n"),
        };
        for (name, value) in self.headers.iter().filter(|(n, _)| *n != Name::ContentLength) {
            let _ = write!(head, "{}: {value}\r\n", name.as_str());
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
