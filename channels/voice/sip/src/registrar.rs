//! Desk phones that register (RFC 3261 §10). Pure.

use crate::config::Binding;
use crate::core::Flow;
use crate::wire::{Message, Name, NameAddr, Uri, header};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest and shortest registration, in seconds.
const LONGEST: u64 = 3_600;
const SHORTEST: u64 = 60;
/// Bindings of one user.
const MOST: usize = 4;

/// Where a desk phone is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Its Contact.
    pub(crate) contact: String,
    /// By which it is reached: what it registered by, or its Contact where that is the same machine.
    pub(crate) flow: Flow,
    source: SocketAddr,
    until: Instant,
    call_id: String,
    cseq: u32,
}

/// What a REGISTER is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    /// 200 with these Contact headers.
    Ok(Vec<String>),
    /// 423 with Min-Expires.
    TooBrief(u64),
    /// 500: it was overtaken by a later one.
    OutOfOrder,
    /// 400.
    Bad,
}

/// The bindings.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    places: HashMap<String, Vec<Place>>,
    /// Who registered from an address.
    sources: HashMap<SocketAddr, (String, Instant)>,
}

impl Registrar {
    /// Takes the Contacts of a REGISTER of a user who proved himself.
    pub(crate) fn register(&mut self, user: &str, request: &Message, flow: Flow, now: Instant) -> Registered {
        let Ok(wanted) = wanted(request) else { return Registered::Bad };
        if wanted.iter().any(|(_, _, seconds)| (1..SHORTEST).contains(seconds)) {
            return Registered::TooBrief(SHORTEST);
        }
        let (call_id, cseq) = (request.call_id().to_owned(), request.cseq().map_or(0, |(n, _)| n));
        let places = self.places.entry(user.to_owned()).or_default();
        places.retain(|p| p.until > now);
        let all = request.get(&Name::Contact).is_some_and(|c| c.trim() == "*");
        let touched = |p: &Place| all || wanted.iter().any(|(c, _, _)| *c == p.contact);
        if places.iter().any(|p| touched(p) && p.call_id == call_id && p.cseq > cseq) {
            return Registered::OutOfOrder;
        }
        if all {
            places.clear();
        }
        for (contact, uri, seconds) in wanted {
            places.retain(|p| p.contact != contact);
            if seconds == 0 {
                continue;
            }
            if places.len() >= MOST {
                places.remove(0);
            }
            let until = now + Duration::from_secs(seconds);
            places.push(Place { contact, flow: reached_by(&uri, flow), source: flow.peer(), until, call_id: call_id.clone(), cseq });
        }
        let shown =
            places.iter().map(|p| format!("<{}>;expires={}", p.contact, p.until.saturating_duration_since(now).as_secs())).collect();
        self.note_source(user, flow.peer(), now);
        Registered::Ok(shown)
    }

    fn note_source(&mut self, user: &str, source: SocketAddr, now: Instant) {
        let until = self.places.get(user).into_iter().flatten().filter(|p| p.source == source).map(|p| p.until).max();
        match until {
            Some(until) => {
                if self.sources.len() >= 20_000 {
                    self.sources.retain(|_, (_, until)| *until > now);
                }
                self.sources.insert(source, (user.to_owned(), until));
            }
            None => {
                self.sources.remove(&source);
            }
        }
    }

    /// Who registered from this very address.
    pub(crate) fn user_at(&self, source: SocketAddr, now: Instant) -> Option<String> {
        self.sources.get(&source).filter(|(_, until)| *until > now).map(|(user, _)| user.clone())
    }

    /// Where a user's phone is now; the latest registration first.
    pub(crate) fn find(&self, user: &str, now: Instant) -> Option<Place> {
        self.places.get(user)?.iter().rev().find(|p| p.until > now).cloned()
    }

    /// A stream is closed: whoever registered by it is reached at his Contact, or not at all if that is an address
    /// behind a translation.
    pub(crate) fn forget_stream(&mut self, closed: u64) {
        for places in self.places.values_mut() {
            places.retain_mut(|p| match &mut p.flow {
                Flow::Stream { stream, peer, .. } if *stream == closed => {
                    let contact = Uri::read(&p.contact).ok().and_then(|uri| uri.socket_addr()).filter(|a| a.ip() == peer.ip());
                    *peer = contact.unwrap_or(*peer);
                    contact.is_some()
                }
                _ => true,
            });
        }
        self.places.retain(|_, places| !places.is_empty());
    }

    /// The bindings of a user, or of everybody.
    pub(crate) fn bindings(&self, user: Option<&str>, now: Instant) -> Vec<Binding> {
        let wanted = self.places.iter().filter(|(name, _)| user.is_none_or(|u| u == name.as_str()));
        let all = wanted.flat_map(|(name, places)| places.iter().filter(|p| p.until > now).map(move |p| (name, p)));
        all.map(|(name, p)| Binding {
            user: name.clone(),
            contact: p.contact.clone(),
            source: p.source,
            expires_in: p.until.saturating_duration_since(now).as_secs(),
        })
        .collect()
    }
}

/// The Contacts of a REGISTER and for how many seconds each is wanted.
fn wanted(request: &Message) -> Result<Vec<(String, Uri, u64)>, ()> {
    // What is no number counts as absent (RFC 3261 §10.3).
    let seconds = |text: &str| text.trim().parse::<u64>().ok();
    let default = request.get(&Name::Expires).and_then(seconds).unwrap_or(LONGEST).min(LONGEST);
    let values: Vec<&str> = request.all(&Name::Contact).flat_map(header::list).collect();
    if values.contains(&"*") {
        return if values.len() == 1 && default == 0 { Ok(Vec::new()) } else { Err(()) };
    }
    let read = values.into_iter().take(MOST * 2).map(|value| {
        let name = NameAddr::read(value).ok_or(())?;
        let uri = name.address().filter(|u| !u.host.is_empty()).ok_or(())?;
        let expires = name.param("expires").and_then(seconds).map_or(default, |s| s.min(LONGEST));
        // Headers of the address are for a request that is made from it; we make only INVITEs, without them.
        Ok((Uri { headers: None, ..uri.clone() }.to_string(), uri, expires))
    });
    read.collect()
}

/// A telephone that we see at its own Contact's machine is called there; any other where it was seen.
fn reached_by(contact: &Uri, seen: Flow) -> Flow {
    match (seen, contact.socket_addr()) {
        (Flow::Datagram { socket, peer }, Some(addr)) if addr.ip() == peer.ip() => Flow::Datagram { socket, peer: addr },
        _ => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(contact: &str, expires: &str, cseq: u32) -> Message {
        let text = format!(
            "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nCall-ID: c\r\nCSeq: {cseq} REGISTER\r\n{contact}Expires: {expires}\r\n\r\n"
        );
        crate::wire::parse::find(text.as_bytes()).expect("a message").message
    }

    #[test]
    fn a_phone_comes_lapses_and_goes() {
        let (mut registrar, now) = (Registrar::default(), Instant::now());
        let source: SocketAddr = "192.0.2.9:5070".parse().expect("an address");
        let flow = Flow::Datagram { socket: 0, peer: source };
        let phone = "Contact: <sip:b@192.0.2.9:6000>\r\n";
        assert_eq!(
            registrar.register("b", &request(phone, "300", 1), flow, now),
            Registered::Ok(vec!["<sip:b@192.0.2.9:6000>;expires=300".into()])
        );
        assert_eq!(registrar.find("b", now).expect("there").flow.peer().port(), 6000);
        assert_eq!(registrar.user_at(source, now).as_deref(), Some("b"));
        assert!(registrar.find("b", now + Duration::from_secs(301)).is_none());
        assert!(registrar.user_at(source, now + Duration::from_secs(301)).is_none());
        assert_eq!(registrar.register("b", &request(phone, "5", 2), flow, now), Registered::TooBrief(60));
        assert_eq!(registrar.register("b", &request(phone, "300", 0), flow, now), Registered::OutOfOrder);
        assert_eq!(registrar.register("b", &request("Contact: *\r\n", "300", 3), flow, now), Registered::Bad);
        assert_eq!(registrar.register("b", &request("Contact: *\r\n", "0", 3), flow, now), Registered::Ok(vec![]));
        assert!(registrar.find("b", now).is_none() && registrar.user_at(source, now).is_none());
        for n in 0..10 {
            registrar.register("b", &request(&format!("Contact: <sip:b@192.0.2.9:{}>;expires=100\r\n", 6000 + n), "300", 4), flow, now);
        }
        assert_eq!(registrar.bindings(Some("b"), now).len(), MOST);
    }

    #[test]
    fn a_phone_behind_a_translation_is_reached_where_it_was_seen_and_gone_with_its_stream() {
        let (mut registrar, now) = (Registrar::default(), Instant::now());
        let peer: SocketAddr = "192.0.2.9:5070".parse().expect("an address");
        registrar.register("b", &request("Contact: <sip:b@10.0.0.5:5060>\r\n", "300", 1), Flow::Datagram { socket: 0, peer }, now);
        assert_eq!(registrar.find("b", now).expect("there").flow.peer(), peer);
        registrar.register(
            "c",
            &request("Contact: <sip:c@10.0.0.5:5060>\r\n", "300", 1),
            Flow::Stream { stream: 7, secure: true, peer },
            now,
        );
        registrar.register(
            "d",
            &request("Contact: <sip:d@192.0.2.9:5062;transport=tls>\r\n", "300", 1),
            Flow::Stream { stream: 7, secure: true, peer },
            now,
        );
        registrar.forget_stream(7);
        assert!(registrar.find("c", now).is_none() && registrar.find("b", now).is_some());
        assert_eq!(registrar.find("d", now).expect("there").flow.peer().port(), 5062);
    }
}
