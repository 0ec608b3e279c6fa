//! REGISTER: desk phones prove themselves and say where they are (RFC 3261 §10.3, RFC 7616).

use super::{Core, Flow};
use crate::digest::{Door, Proof};
use crate::registrar::Registered;
use crate::wire::{Message, Name, NameAddr};

impl Core {
    pub(super) fn registering(&mut self, request: Message, flow: Flow, back: Flow) {
        let ip = flow.peer().ip();
        let realm = self.config.realm.clone();
        let wanted = request.get(&Name::To).and_then(NameAddr::read).and_then(|to| to.address()).map(|uri| uri.user_plain());
        let Some(wanted) = wanted.filter(|u| !u.is_empty()) else { return self.answer_statelessly(&request, back, 404, Vec::new()) };
        let users = self.config.users.clone();
        let door = Door { realm: &realm, secret: &self.secret.clone(), now_s: self.now_s, peer: ip, known: &*users };
        let proof = request.get(&Name::Authorization).map(|h| door.prove(h, "REGISTER"));
        let user = match proof {
            Some(Proof::Proved(user)) => user,
            other => {
                if other == Some(Proof::Wrong) {
                    tracing::warn!(event = "sip.wrong_password", address = %ip, "a telephone gave a wrong password");
                    self.guard.guessed(ip, self.now);
                }
                let stale = other == Some(Proof::Stale);
                let asked = door.challenges(stale).into_iter().map(|c| (Name::WwwAuthenticate, c));
                return self.answer_statelessly(&request, back, 401, asked.collect());
            }
        };
        self.guard.proved(ip);
        if user != wanted {
            return self.answer_statelessly(&request, back, 403, Vec::new());
        }
        let (status, headers) = match self.registrar.register(&user, &request, flow, self.now) {
            Registered::Ok(contacts) => (200, contacts.into_iter().map(|c| (Name::Contact, c)).collect()),
            Registered::TooBrief(least) => (423, vec![(Name::MinExpires, least.to_string())]),
            Registered::OutOfOrder => (500, vec![(Name::RetryAfter, "0".to_owned())]),
            Registered::Bad => (400, Vec::new()),
        };
        self.answer_statelessly(&request, back, status, headers);
    }
}
