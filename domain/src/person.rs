//! Who a citizen is: the identities by which one person is known, and their order of surety.

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
        let phone = sender.phone.clone().map(Identity::Phone);
        let email = sender.email.as_deref().map(|e| Identity::Email(e.to_lowercase()));
        let handle = sender.handle.clone().map(Identity::Handle);
        [phone, email, handle].into_iter().flatten().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telephone_is_the_surest() {
        let sender = Sender { phone: PhoneNumber::parse("9830012345").ok(), email: Some("A@b.org".into()), ..Sender::default() };
        let stored: Vec<_> = Identity::of(&sender).iter().map(|i| format!("{:?}", i.stored())).collect();
        assert_eq!(stored, [r#"("phone", "+919830012345")"#, r#"("email", "a@b.org")"#]);
    }
}
