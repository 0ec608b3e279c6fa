//! Addresses and ranges as they are written in the configuration, parsed once.

use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SipTransport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream inside TLS.
    Tls,
}

impl std::fmt::Display for SipTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SipTransport::Udp => "udp",
            SipTransport::Tcp => "tcp",
            SipTransport::Tls => "tls",
        })
    }
}

/// Where SIP listens: `"127.0.0.1:5060"` (UDP and TCP), or a list of `"udp:…"`, `"tcp:…"`, `"tls:…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipListen(pub Vec<(SipTransport, SocketAddr)>);

impl<'de> Deserialize<'de> for SipListen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = OneOrMany::deserialize(deserializer)?.0;
        let mut all = Vec::new();
        for text in texts {
            read_sip_listen(&text, &mut all).map_err(serde::de::Error::custom)?;
        }
        Ok(Self(all))
    }
}

fn read_sip_listen(text: &str, into: &mut Vec<(SipTransport, SocketAddr)>) -> Result<(), String> {
    let (transports, address): (&[SipTransport], &str) = match text.split_once(':') {
        Some(("udp", rest)) => (&[SipTransport::Udp], rest),
        Some(("tcp", rest)) => (&[SipTransport::Tcp], rest),
        Some(("tls", rest)) => (&[SipTransport::Tls], rest),
        _ => (&[SipTransport::Udp, SipTransport::Tcp], text),
    };
    let address = address.parse().map_err(|_| {
        format!(
            "{text:?} is no address to listen on, expected \"127.0.0.1:5060\" (UDP and TCP), \"udp:…\", \"tcp:…\" or \"tls:127.0.0.1:5061\""
        )
    })?;
    into.extend(transports.iter().map(|t| (*t, address)));
    Ok(())
}

/// Where HTTP listens: one address or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpListen(pub Vec<SocketAddr>);

impl<'de> Deserialize<'de> for HttpListen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = OneOrMany::deserialize(deserializer)?.0;
        let read = |text: String| {
            text.parse().map_err(|_| {
                serde::de::Error::custom(format!("{text:?} is no address to listen on, expected one such as \"127.0.0.1:8080\""))
            })
        };
        texts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// A string, or a list of strings.
struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = seq.next_element()? {
                    all.push(text);
                }
                Ok(OneOrMany(all))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// UDP ports for media, `"10000-19999"`: both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
}

impl PortRange {
    /// How many calls fit: RTP and RTCP take two ports a leg.
    pub fn legs(self) -> usize {
        usize::from(self.last - self.first).div_ceil(2)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            serde::de::Error::custom(format!(
                "{text:?} is no range of ports, expected one such as \"10000-19999\", at least two ports from 1024 up"
            ))
        };
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let (first, last): (u16, u16) = (first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?);
        if first < 1024 || last <= first { Err(wrong()) } else { Ok(Self { first, last }) }
    }
}

/// Where the truth about tickets lies.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; a relative one lies in the data folder.
    Sqlite(PathBuf),
    /// A server; may carry a password, so it is never shown whole.
    Postgres(String),
}

impl DatabaseUrl {
    /// The URL as the store opens it.
    pub fn to_url(&self, data: &Path) -> String {
        match self {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", data.join(path).display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            DatabaseUrl::Postgres(_) => f.write_str("postgres:[not shown]"),
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(path.into()));
            }
        }
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Ok(Self::Postgres(text));
        }
        // The text may hold a password: it stays out of the message.
        Err(serde::de::Error::custom("no database has such a URL, expected \"sqlite:daak.db\" or \"postgres://user:password@host/daak\""))
    }
}

/// How the parts of the program speak to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusUrl {
    /// Inside this process.
    InProcess,
    /// A NATS server.
    Nats(String),
}

impl<'de> Deserialize<'de> for BusUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "inprocess:" => Ok(Self::InProcess),
            url if url.starts_with("nats:") => Ok(Self::Nats(text)),
            _ => Err(serde::de::Error::custom("no bus has such a URL, expected \"inprocess:\" or \"nats://host:4222\"")),
        }
    }
}

/// Where recordings and scans are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobsUrl {
    /// A folder; a relative one lies in the data folder.
    Folder(PathBuf),
    /// An S3 store.
    S3(String),
}

impl<'de> Deserialize<'de> for BlobsUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Folder(path.into()));
            }
        }
        if text.starts_with("s3:") {
            return Ok(Self::S3(text));
        }
        Err(serde::de::Error::custom("no file store has such a URL, expected \"file:blobs\" or \"s3://bucket/prefix\""))
    }
}
