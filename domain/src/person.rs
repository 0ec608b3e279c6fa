//! Who a citizen is: the identities by which one person is known, their order of surety, and whom a sender is taken for.
//!
//! The rule: a sender is the person who has the *surest* identity that the sender brings; a telephone is surer than a mail
//! address, an address surer than a name in a channel. Identities that belong to somebody else stay with them: two people who
//! use one address (a cyber café, a panchayat office) are never merged by it, and a new telephone with a known address is a new
//! identity of the known person only if nobody has that telephone.

use crate::contact::Sender;
use crate::phone::PhoneNumber;
use serde::{Deserialize, Serialize};

/// One way in which a person is known. A person has any number of them; each belongs to one person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Identity {
    /// A telephone number.
    Phone(PhoneNumber),
    /// A mail address in lower case.
    Email(String),
    /// A name within a channel, `telegram:12345`.
    Handle(String),
}

impl Identity {
    /// The identities that a sender brings, the surest first: whoever has the telephone is the person, rather
    /// than whoever knows the mail address.
    pub fn of(sender: &Sender) -> Vec<Identity> {
        let said = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
        let phone = sender.phone.clone().map(Identity::Phone);
        let email = said(&sender.email).map(|e| Identity::Email(e.to_lowercase()));
        let handle = said(&sender.handle).map(Identity::Handle);
        [phone, email, handle].into_iter().flatten().collect()
    }

    /// The one to which a code can be sent so that a sender proves to be who wrote: the telephone if it takes SMS, else the
    /// mail address.
    pub fn provable(sender: &Sender) -> Option<Identity> {
        Identity::of(sender).into_iter().find(|identity| match identity {
            Identity::Phone(number) => number.takes_sms(),
            Identity::Email(_) => true,
            Identity::Handle(_) => false,
        })
    }

    /// Reads back what was stored.
    pub fn from_stored(kind: &str, value: &str) -> Option<Identity> {
        match kind {
            "phone" => PhoneNumber::parse(value).ok().map(Identity::Phone),
            "email" => Some(Identity::Email(value.to_owned())),
            "handle" => Some(Identity::Handle(value.to_owned())),
            _ => None,
        }
    }

    /// Its kind and value, as stored.
    pub fn stored(&self) -> (&'static str, &str) {
        match self {
            Identity::Phone(number) => ("phone", number.as_str()),
            Identity::Email(address) => ("email", address),
            Identity::Handle(handle) => ("handle", handle),
        }
    }
}

/// A citizen, as far as known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name in events.
    pub id: i64,
    /// As given first; a later one does not replace it, for telephones are shared in a family.
    pub name: Option<String>,
    /// Every way in which the person is known.
    pub identities: Vec<Identity>,
}

/// Whom a sender is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The person; none if nobody is known by any of the identities.
    pub person: Option<i64>,
    /// Identities that are now the person's: nobody had them.
    pub new: Vec<Identity>,
    /// Identities that stay with another person, for somebody to look at.
    pub others: Vec<(Identity, i64)>,
}

/// Matches a sender with people: `owner` says to whom an identity belongs.
pub fn identify(sender: &Sender, owner: impl Fn(&Identity) -> Option<i64>) -> Match {
    let known: Vec<(Identity, Option<i64>)> =
        Identity::of(sender).into_iter().map(|identity| (identity.clone(), owner(&identity))).collect();
    let person = known.iter().find_map(|(_, owner)| *owner);
    let mut matched = Match { person, new: Vec::new(), others: Vec::new() };
    for (identity, owner) in known {
        match owner {
            None => matched.new.push(identity),
            Some(other) if Some(other) != person => matched.others.push((identity, other)),
            Some(_) => {}
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(phone: &str, email: &str, handle: &str) -> Sender {
        let text = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        Sender { phone: PhoneNumber::parse(phone).ok(), email: text(email), name: None, handle: text(handle) }
    }

    fn whose(known: &[(&str, &str, i64)]) -> impl Fn(&Identity) -> Option<i64> {
        let known: Vec<_> = known.iter().map(|(k, v, p)| ((*k).to_owned(), (*v).to_owned(), *p)).collect();
        move |identity| {
            let (kind, value) = identity.stored();
            known.iter().find(|(k, v, _)| k == kind && v == value).map(|(.., person)| *person)
        }
    }

    #[test]
    fn the_telephone_is_the_surest() {
        let stored: Vec<_> = Identity::of(&sender("9830012345", " A@b.org", "")).iter().map(|i| format!("{:?}", i.stored())).collect();
        assert_eq!(stored, [r#"("phone", "+919830012345")"#, r#"("email", "a@b.org")"#]);
        assert!(Identity::of(&sender("", "  ", "")).is_empty());
    }

    #[test]
    fn a_code_goes_to_a_telephone_that_takes_sms_else_to_the_mail_address() {
        let proof = |phone, email, handle| Identity::provable(&sender(phone, email, handle)).map(|i| i.stored().0.to_owned());
        assert_eq!(proof("9830012345", "a@b.org", "").as_deref(), Some("phone"));
        assert_eq!(proof("03322145555", "a@b.org", "").as_deref(), Some("email"), "a landline");
        assert_eq!(proof("03322145555", "", "telegram:5"), None);
        for identity in Identity::of(&sender("9830012345", "a@b.org", "telegram:5")) {
            let (kind, value) = identity.stored();
            assert_eq!(Identity::from_stored(kind, value), Some(identity.clone()));
        }
    }

    #[test]
    fn a_new_telephone_with_a_known_address_is_the_known_person() {
        let matched = identify(&sender("9830099999", "a@b.org", ""), whose(&[("email", "a@b.org", 7)]));
        assert_eq!((matched.person, matched.new.len(), matched.others.len()), (Some(7), 1, 0));
    }

    #[test]
    fn two_people_with_one_address_stay_two() {
        let known = [("phone", "+919830012345", 1), ("email", "office@panchayat.org", 2)];
        let matched = identify(&sender("9830012345", "office@panchayat.org", "telegram:5"), whose(&known));
        assert_eq!(matched.person, Some(1));
        assert_eq!(matched.new, [Identity::Handle("telegram:5".into())]);
        assert_eq!(matched.others, [(Identity::Email("office@panchayat.org".into()), 2)]);
    }

    #[test]
    fn whoever_brings_nothing_known_is_new() {
        let matched = identify(&sender("9830012345", "", "x:1"), whose(&[]));
        assert_eq!((matched.person, matched.new.len()), (None, 2));
        assert_eq!(identify(&Sender::default(), whose(&[])), Match { person: None, new: vec![], others: vec![] });
    }
}
