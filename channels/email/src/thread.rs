//! By what an answer finds its ticket: our own Message-IDs, the number in the subject, the number in the address.
//!
//! None of them proves who writes. The helpline joins a mail to the ticket that is named only if the ticket is the same
//! person's.

use daak_domain::ticket::Number;
use sha2::{Digest, Sha256};

/// As whom we write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ours {
    /// The addresses of our mailboxes and of our sending, in lower case.
    pub addresses: Vec<String>,
    /// The domain in our Message-IDs.
    pub domain: String,
}

impl Ours {
    /// From our addresses; the domain is that of the first.
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        let addresses: Vec<_> = addresses.into_iter().map(|address| address.to_lowercase()).collect();
        let domain = addresses.iter().find_map(|a| a.rsplit_once('@')).map_or("localhost", |(_, domain)| domain).to_owned();
        Self { addresses, domain }
    }

    /// The Message-ID, without angle brackets, of the message that the outbox knows by `key`: the same for the same key,
    /// so that the second sending is the first for whoever receives both.
    pub fn message_id(&self, key: &str, ticket: Option<Number>) -> String {
        let digest = hex::encode(&Sha256::digest(key.as_bytes())[..12]);
        format!("{PREFIX}{}.{digest}@{}", ticket.map_or_else(|| "0".to_owned(), Number::digits), self.domain)
    }

    /// Whether a Message-ID is ours.
    pub fn wrote(&self, id: &str) -> bool {
        id.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('@')).is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&self.domain))
    }

    /// The ticket that a Message-ID of ours carries.
    pub fn ticket_of(&self, id: &str) -> Option<Number> {
        let rest = id.strip_prefix(PREFIX).filter(|_| self.wrote(id))?;
        Number::parse(rest.split('.').next()?).ok()
    }

    /// Whether an address is one of ours, with or without a number in it.
    pub fn is(&self, address: &str) -> bool {
        let bare = bare(address);
        self.addresses.contains(&bare)
    }

    /// The ticket in an address of ours: `helpline+4718309263@example.org`.
    pub fn ticket_in_address(&self, address: &str) -> Option<Number> {
        let (local, _) = address.rsplit_once('@')?;
        let (_, token) = local.split_once('+')?;
        if self.is(address) { Number::parse(token).ok() } else { None }
    }

    /// The address that carries a ticket's number.
    pub fn address_with(address: &str, ticket: Number) -> String {
        match address.rsplit_once('@') {
            Some((local, domain)) => format!("{local}+{}@{domain}", ticket.digits()),
            None => address.to_owned(),
        }
    }
}

/// The ticket that a subject names as we write it: `[471 830 9263]`.
pub fn ticket_in_subject(subject: &str) -> Option<Number> {
    subject.split('[').skip(1).filter_map(|rest| rest.split_once(']')).find_map(|(inside, _)| Number::parse(inside.trim()).ok())
}

/// A Message-ID of others as a name of ours: without angle brackets and blanks; one that is too long to be kept is known by
/// its hash. `None` if nothing is left.
pub fn name_of(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '#')).collect();
    match id.len() {
        0 => None,
        1..=LONGEST => Some(id),
        _ => Some(format!("sha256-{}", hex::encode(Sha256::digest(id.as_bytes())))),
    }
}

/// The name by which a mail is known for ever: its Message-ID, and after the sign `#` what it says. A second arrival, also in
/// another mailbox of ours, is the same; another mail under the same Message-ID is another.
pub fn external_id(id: Option<&str>, digest: &[u8]) -> String {
    let digest = hex::encode(&digest[..digest.len().min(10)]);
    format!("{}#{digest}", id.and_then(name_of).unwrap_or_default())
}

/// The Message-ID in a name that [`external_id`] made.
pub fn message_id_of(external_id: &str) -> &str {
    external_id.split('#').next().unwrap_or_default()
}

fn bare(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)).to_lowercase(),
        None => address.to_lowercase(),
    }
}

const PREFIX: &str = "daak.";
/// Bytes of a Message-ID that are kept as they are.
const LONGEST: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours() -> Ours {
        Ours::new(["Helpline@cm.example.org".to_owned()])
    }

    #[test]
    fn our_message_ids_lead_back() {
        let number = Number::from_serial(7);
        let id = ours().message_id("7:registered:1:email", Some(number));
        assert_eq!(id, ours().message_id("7:registered:1:email", Some(number)), "the same key, the same name");
        assert!(ours().wrote(&id) && !ours().wrote(&id.replace("cm.", "evil.")));
        assert_eq!(ours().ticket_of(&id), Some(number));
        assert_eq!(ours().ticket_of(&ours().message_id("k", None)), None);
        assert_eq!(ours().ticket_of(&id.replace("cm.", "evil.")), None);
    }

    #[test]
    fn numbers_are_read_from_addresses_and_subjects() {
        let number = Number::from_serial(42);
        let address = Ours::address_with("helpline@cm.example.org", number);
        assert_eq!(ours().ticket_in_address(&address), Some(number));
        assert_eq!(ours().ticket_in_address(&address.replace("cm.", "x.")), None);
        assert!(ours().is(&address) && ours().is("HELPLINE@CM.EXAMPLE.ORG") && !ours().is("x@cm.example.org"));
        assert_eq!(ticket_in_subject(&format!("Re: [SPAM] Fwd: [{}] no water", number.grouped())), Some(number));
        assert_eq!(ticket_in_subject("[123] [ ] no"), None);
    }

    #[test]
    fn a_name_holds_message_id_and_content() {
        assert_eq!(external_id(Some("<a@b>"), &[1; 32]), "a@b#01010101010101010101");
        assert_eq!(message_id_of("a@b#0101"), "a@b");
        assert_eq!(external_id(None, &[1; 32]), "#01010101010101010101");
        assert!(external_id(Some(&"x".repeat(5_000)), &[0; 32]).len() < 500);
    }

    proptest! {
        #[test]
        fn any_text_can_be_a_name(text in "\\PC{0,600}", subject in "\\PC{0,80}") {
            let name = external_id(Some(&text), &[0; 32]);
            prop_assert!(name.len() <= 500 && !name.chars().any(char::is_control));
            prop_assert!(!ours().wrote(&text));
            let _ = ticket_in_subject(&subject);
        }
    }
}
