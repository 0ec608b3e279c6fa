//! Session descriptions (RFC 4566, RFC 8866): what of them telephony needs, read leniently, written strictly.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A session description as text. It is looked into with [`Sdp::audio`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdp(pub String);

/// The longest description that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;
/// Most payload types of a media line.
const MOST_TYPES: usize = 64;

/// The first audio stream of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Which of the media lines it is, from 0.
    pub index: usize,
    /// Where it is received.
    pub addr: SocketAddr,
    /// Where its RTCP is received.
    pub rtcp: SocketAddr,
    /// `RTP/AVP` or `RTP/SAVP`, as it stands.
    pub profile: String,
    /// Formats in order of preference.
    pub formats: Vec<Format>,
    /// Payload type of telephone-event/8000.
    pub dtmf: Option<u8>,
    /// Which way it flows, seen from its writer.
    pub direction: Direction,
    /// Wanted packet length in milliseconds.
    pub ptime: Option<u32>,
    /// SDES keys (RFC 4568), in order of preference.
    pub crypto: Vec<Crypto>,
}

/// One format of a media line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type.
    pub payload_type: u8,
    /// Encoding name in capitals, `PCMA`.
    pub name: String,
    /// Clock rate.
    pub rate: u32,
}

/// Which way a stream flows, seen from the writer of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// One `a=crypto` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Its tag, to be repeated in the answer.
    pub tag: u32,
    /// Name of the suite.
    pub suite: String,
    /// Base 64 of key and salt.
    pub key: String,
}

/// Why a description is of no use to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Not text of the form, or too long.
    #[error("the session description cannot be read")]
    Form,
    /// No audio line with a port and an address.
    #[error("the session description has no audio")]
    NoAudio,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// The same flow, seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            both => both,
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive].into_iter().find(|d| d.word() == word)
    }
}

impl Sdp {
    /// The first audio stream.
    ///
    /// # Errors
    /// [`SdpError`].
    pub fn audio(&self) -> Result<Audio, SdpError> {
        if self.0.len() > LONGEST || !self.0.trim_start().starts_with("v=0") {
            return Err(SdpError::Form);
        }
        let (session, media) = sections(&self.0);
        // A line with port 0 is one that its writer does not want (RFC 3264 §5.1, §6).
        let wanted = |m: &Lines<'_>| m[0].strip_prefix("m=audio ").is_some_and(|rest| !rest.trim_start().starts_with("0 "));
        let index = media.iter().position(wanted).ok_or(SdpError::NoAudio)?;
        read_audio(index, &session, &media[index]).ok_or(SdpError::NoAudio)
    }

    /// The kinds of the media lines in order, so that an answer can refuse those we do not speak.
    pub fn media_lines(&self) -> Vec<&str> {
        self.0.lines().map(str::trim_end).filter(|l| l.starts_with("m=")).collect()
    }
}

type Lines<'a> = Vec<&'a str>;

fn sections(text: &str) -> (Lines<'_>, Vec<Lines<'_>>) {
    let (mut session, mut media): (Lines<'_>, Vec<Lines<'_>>) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim_end) {
        if line.starts_with("m=") {
            media.push(vec![line]);
        } else {
            media.last_mut().unwrap_or(&mut session).push(line);
        }
    }
    (session, media)
}

fn read_audio(index: usize, session: &[&str], lines: &[&str]) -> Option<Audio> {
    let mut head = lines[0].strip_prefix("m=audio ")?.split_ascii_whitespace();
    let port: u16 = head.next()?.split('/').next()?.parse().ok()?;
    let profile = head.next()?.to_owned();
    let types: Vec<u8> = head.filter_map(|t| t.parse().ok()).filter(|t| *t < 128).take(MOST_TYPES).collect();
    let attribute = |name: &str| attribute(lines, name).or_else(|| attribute(session, name));
    let ip = connection(lines).or_else(|| connection(session))?;
    let formats: Vec<Format> = types.iter().filter_map(|t| format(lines, *t)).collect();
    let dtmf = formats.iter().find(|f| f.name == "TELEPHONE-EVENT" && f.rate == 8000).map(|f| f.payload_type);
    let rtcp = attribute("rtcp").and_then(|value| rtcp_address(value, ip));
    let rtcp = if lines.contains(&"a=rtcp-mux") { None } else { rtcp };
    let direction = |lines: &[&str]| lines.iter().find_map(|l| Direction::read(l.strip_prefix("a=")?));
    let held = ip.is_unspecified(); // RFC 2543's way to hold
    let direction = direction(lines).or_else(|| direction(session)).unwrap_or(Direction::SendRecv);
    Some(Audio {
        index,
        addr: SocketAddr::new(ip, port),
        rtcp: rtcp.unwrap_or(SocketAddr::new(ip, port.saturating_add(1))),
        profile,
        formats: formats.into_iter().filter(|f| f.name != "TELEPHONE-EVENT").collect(),
        dtmf,
        direction: if held { Direction::SendOnly } else { direction },
        ptime: attribute("ptime").and_then(|v| v.trim().parse().ok()),
        crypto: lines.iter().filter_map(|l| crypto(l.strip_prefix("a=crypto:")?)).collect(),
    })
}

fn attribute<'a>(lines: &[&'a str], name: &str) -> Option<&'a str> {
    lines.iter().find_map(|l| l.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

fn connection(lines: &[&str]) -> Option<IpAddr> {
    let line = lines.iter().find_map(|l| l.strip_prefix("c=IN "))?;
    let (family, address) = line.split_once(' ')?;
    let address = address.trim().split('/').next()?;
    match family {
        "IP4" => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "IP6" => address.parse().ok().map(IpAddr::V6),
        _ => None,
    }
}

fn rtcp_address(value: &str, ip: IpAddr) -> Option<SocketAddr> {
    let mut parts = value.split_ascii_whitespace();
    let port = parts.next()?.parse().ok()?;
    let ip = parts.nth(2).map_or(Some(ip), |address| address.parse().ok())?;
    Some(SocketAddr::new(ip, port))
}

/// What a payload type means: by its rtpmap, or by RFC 3551 where it is static.
fn format(lines: &[&str], payload_type: u8) -> Option<Format> {
    let mapped = lines.iter().find_map(|l| {
        let (number, encoding) = l.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        (number.parse() == Ok(payload_type)).then_some(encoding)
    });
    if let Some(encoding) = mapped {
        let mut parts = encoding.trim().split('/');
        return Some(Format { payload_type, name: parts.next()?.to_ascii_uppercase(), rate: parts.next()?.parse().ok()? });
    }
    let name = match payload_type {
        0 => "PCMU",
        8 => "PCMA",
        9 => "G722",
        _ => return None,
    };
    Some(Format { payload_type, name: name.into(), rate: 8000 })
}

/// A line of SDES keys; one that asks for what we do not do (a key index, media in the clear) is none.
fn crypto(value: &str) -> Option<Crypto> {
    let mut parts = value.split_ascii_whitespace();
    let (tag, suite) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
    let mut key = parts.next()?.strip_prefix("inline:")?.split('|');
    let text = key.next()?.to_owned();
    if key.any(|more| more.contains(':')) || parts.any(|p| p.starts_with("UNENCRYPTED") || p.starts_with("UNAUTHENTICATED")) {
        return None;
    }
    Some(Crypto { tag, suite, key: text })
}

/// Writes a description with one audio stream; `others` are refused with port 0 at their places.
pub(crate) struct Written<'a> {
    pub(crate) local: SocketAddr,
    pub(crate) version: u64,
    pub(crate) profile: &'a str,
    /// Payload type and `name/rate`.
    pub(crate) formats: &'a [(u8, &'a str)],
    pub(crate) dtmf: Option<u8>,
    pub(crate) direction: Direction,
    pub(crate) crypto: Option<&'a Crypto>,
    /// The media lines of the offer that is answered, and which of them is ours.
    pub(crate) offered: Option<(&'a [&'a str], usize)>,
}

impl Written<'_> {
    pub(crate) fn write(&self) -> Sdp {
        let family = if self.local.is_ipv6() { "IP6" } else { "IP4" };
        let ip = self.local.ip();
        // The port stays the same as long as the session does, and no two sessions have it at once (RFC 8866 §5.2).
        let session = self.local.port();
        let mut out = format!("v=0\r\no=daak {session} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n", self.version);
        match self.offered {
            None => self.audio(&mut out),
            Some((lines, ours)) => {
                for (index, line) in lines.iter().enumerate() {
                    if index == ours { self.audio(&mut out) } else { refuse(&mut out, line) }
                }
            }
        }
        Sdp(out)
    }

    fn audio(&self, out: &mut String) {
        use std::fmt::Write;
        let mut types: Vec<String> = self.formats.iter().map(|(t, _)| t.to_string()).collect();
        types.extend(self.dtmf.map(|t| t.to_string()));
        let _ = write!(out, "m=audio {} {} {}\r\n", self.local.port(), self.profile, types.join(" "));
        for (payload_type, encoding) in self.formats {
            let _ = write!(out, "a=rtpmap:{payload_type} {encoding}\r\n");
        }
        if let Some(dtmf) = self.dtmf {
            let _ = write!(out, "a=rtpmap:{dtmf} telephone-event/8000\r\na=fmtp:{dtmf} 0-15\r\n");
        }
        let _ = write!(out, "a=ptime:20\r\na={}\r\n", self.direction.word());
        if let Some(crypto) = self.crypto {
            let _ = write!(out, "a=crypto:{} {} inline:{}\r\n", crypto.tag, crypto.suite, crypto.key);
        }
    }
}

fn refuse(out: &mut String, line: &str) {
    let mut parts = line.split_ascii_whitespace();
    let kind = parts.next().unwrap_or("m=audio");
    let profile = parts.nth(1).unwrap_or("RTP/AVP");
    let format = parts.next().unwrap_or("0");
    out.push_str(&format!("{kind} 0 {profile} {format}\r\n"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFER: &str = "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendonly\r\n";

    #[test]
    fn an_offer_is_read() {
        let audio = Sdp(OFFER.into()).audio().expect("audio");
        assert_eq!((audio.addr, audio.rtcp), ("192.0.2.1:4000".parse().expect("a"), "192.0.2.1:4001".parse().expect("a")));
        assert_eq!(audio.formats.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["PCMA", "PCMU"]);
        assert_eq!((audio.dtmf, audio.direction, audio.ptime), (Some(101), Direction::SendOnly, Some(20)));
    }

    #[test]
    fn the_old_way_to_hold_and_a_missing_address_are_understood() {
        let held = Sdp(OFFER.replace("192.0.2.1\r\nt", "0.0.0.0\r\nt")).audio().expect("audio");
        assert_eq!(held.direction, Direction::SendOnly);
        assert_eq!(Sdp("v=0\r\nm=audio 1 RTP/AVP 0\r\n".into()).audio(), Err(SdpError::NoAudio));
        assert_eq!(Sdp("hello".into()).audio(), Err(SdpError::Form));
        assert_eq!(Sdp(OFFER.replace("audio 4000", "audio 0")).audio(), Err(SdpError::NoAudio));
    }

    #[test]
    fn keys_that_ask_for_what_we_do_not_do_are_not_taken() {
        let of = |line: &str| Sdp(format!("{OFFER}a=crypto:{line}\r\n")).audio().expect("audio").crypto.len();
        assert_eq!(of("1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20"), 1);
        assert_eq!(of("1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20|1:4"), 0);
        assert_eq!(of("1 AES_CM_128_HMAC_SHA1_80 inline:abc UNENCRYPTED_SRTP"), 0);
        assert_eq!(of("nothing"), 0);
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(text in "\\PC{0,400}", cut in 0usize..200, put in "[\\x00-\\x7f]{0,8}") {
            let _ = Sdp(text).audio();
            let mut changed = OFFER.to_owned();
            let at = cut.min(changed.len());
            changed.insert_str(at, &put);
            let _ = Sdp(changed.clone()).audio();
            changed.truncate(at);
            let _ = Sdp(changed).audio();
        }
    }
}
