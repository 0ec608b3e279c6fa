//! Desk phones that register (RFC 3261 §10).

use crate::config::Binding;
use crate::message;
use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Header, Request, Uri};
use rsipstack::transport::SipConnection;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest and shortest registration, in seconds.
const LONGEST: u64 = 3_600;
const SHORTEST: u64 = 60;
/// Bindings of one user.
const MOST: usize = 4;

/// Where a desk phone is.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) contact: Uri,
    pub(crate) connection: Option<SipConnection>,
    pub(crate) source: SocketAddr,
    until: Instant,
}

/// What a REGISTER is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    /// 200 with these Contact headers.
    Ok(Vec<String>),
    /// 423 with Min-Expires.
    TooBrief(u64),
    /// 400.
    Bad,
}

/// The bindings.
#[derive(Default)]
pub(crate) struct Registrar {
    places: HashMap<String, Vec<Place>>,
}

impl Registrar {
    /// Takes the Contacts of a REGISTER of a user who proved himself.
    pub(crate) fn register(
        &mut self,
        user: &str,
        request: &Request,
        connection: Option<SipConnection>,
        source: SocketAddr,
        now: Instant,
    ) -> Registered {
        let default: u64 = request.header_value("Expires").and_then(|v| v.trim().parse().ok()).unwrap_or(LONGEST);
        let contacts: Vec<String> =
            request.headers.iter().filter_map(|h| if let Header::Contact(c) = h { Some(c.to_string()) } else { None }).collect();
        let places = self.places.entry(user.to_owned()).or_default();
        places.retain(|p| p.until > now);
        if contacts.iter().any(|c| c.contains('*')) {
            if default != 0 {
                return Registered::Bad;
            }
            places.clear();
        } else if !contacts.is_empty() {
            let Some(contact) = message::contact(request) else { return Registered::Bad };
            let expires = expires(request).unwrap_or(default).min(LONGEST);
            if (1..SHORTEST).contains(&expires) {
                return Registered::TooBrief(SHORTEST);
            }
            places.retain(|p| p.contact != contact);
            if expires > 0 {
                if places.len() >= MOST {
                    places.remove(0);
                }
                places.push(Place { contact, connection, source, until: now + Duration::from_secs(expires) });
            }
        }
        let shown = places.iter().map(|p| format!("<{}>;expires={}", p.contact, p.until.saturating_duration_since(now).as_secs()));
        Registered::Ok(shown.collect())
    }

    /// Where a user's phone is now; the latest registration first.
    pub(crate) fn find(&self, user: &str, now: Instant) -> Option<Place> {
        self.places.get(user)?.iter().rev().find(|p| p.until > now).cloned()
    }

    /// The bindings of a user, or of everybody.
    pub(crate) fn bindings(&self, user: Option<&str>, now: Instant) -> Vec<Binding> {
        let wanted = self.places.iter().filter(|(name, _)| user.is_none_or(|u| u == name.as_str()));
        let all = wanted.flat_map(|(name, places)| places.iter().filter(|p| p.until > now).map(move |p| (name, p)));
        all.map(|(name, p)| Binding {
            user: name.clone(),
            contact: p.contact.to_string(),
            source: p.source,
            expires_in: p.until.saturating_duration_since(now).as_secs(),
        })
        .collect()
    }
}

/// The `expires` parameter of the Contact.
fn expires(request: &Request) -> Option<u64> {
    let contact = request.contact_header().ok()?.typed().ok()?;
    contact.params.iter().find_map(|p| {
        let text = p.to_string();
        let (name, value) = text.trim_start_matches(';').split_once('=')?;
        name.eq_ignore_ascii_case("expires").then(|| value.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(contact: &str, expires: &str) -> Request {
        format!("REGISTER sip:daak SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:b@daak>;tag=1\r\nTo: <sip:b@daak>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n{contact}Expires: {expires}\r\nContent-Length: 0\r\n\r\n")
            .try_into()
            .expect("a request")
    }

    #[test]
    fn a_phone_comes_lapses_and_goes() {
        let (mut registrar, now) = (Registrar::default(), Instant::now());
        let source = "192.0.2.9:5060".parse().expect("an address");
        let phone = "Contact: <sip:b@192.0.2.9:5070>\r\n";
        assert!(matches!(registrar.register("b", &request(phone, "300"), None, source, now), Registered::Ok(c) if c.len() == 1));
        assert!(registrar.find("b", now + Duration::from_secs(299)).is_some());
        assert!(registrar.find("b", now + Duration::from_secs(301)).is_none());
        assert_eq!(registrar.register("b", &request(phone, "5"), None, source, now), Registered::TooBrief(60));
        assert_eq!(registrar.register("b", &request("Contact: *\r\n", "0"), None, source, now), Registered::Ok(vec![]));
        assert!(registrar.find("b", now).is_none());
        for n in 0..10 {
            let contact = format!("Contact: <sip:b@192.0.2.9:{}>;expires=100\r\n", 6000 + n);
            registrar.register("b", &request(&contact, "300"), None, source, now);
        }
        assert_eq!(registrar.bindings(Some("b"), now).len(), MOST);
    }
}
