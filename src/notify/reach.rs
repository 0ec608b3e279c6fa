//! By which ways a person can be told things in writing.

use crate::store::{Result, Store};
use daak_domain::contact::{Channel, Sender};
use daak_domain::phone::PhoneNumber;
use std::collections::BTreeSet;

/// One way of telling somebody something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The channel.
    pub channel: Channel,
    /// The address in it: an E.164 number, a mail address, a name within the channel.
    pub to: String,
    /// The channel's own name for the last contact that came by it, for a message that answers it.
    pub answers: Option<String>,
    /// Its subject, where the channel has one.
    pub subject: Option<String>,
    /// Everybody reads it: nothing but the fixed text is said there.
    pub public: bool,
}

/// The addresses of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The number that gets SMS: the first that takes them, else the first at all.
    phone: Option<PhoneNumber>,
    email: Option<String>,
    handles: Vec<String>,
}

impl Reach {
    /// What is known of a person.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub async fn of(store: &Store, person: i64) -> Result<Self> {
        let Some(person) = store.person(person).await? else { return Ok(Self::default()) };
        let mut phones: Vec<_> = person.phones.iter().filter_map(|text| PhoneNumber::parse(text).ok()).collect();
        phones.sort_by_key(|phone| !phone.takes_sms());
        Ok(Self { phone: phones.into_iter().next(), email: person.emails.into_iter().next(), handles: person.handles })
    }

    /// What a contact itself says comes before what is known.
    #[must_use]
    pub fn preferring(mut self, sender: &Sender) -> Self {
        self.phone = sender.phone.clone().or(self.phone);
        self.email = sender.email.clone().or(self.email);
        if let Some(handle) = &sender.handle {
            self.handles.retain(|known| known != handle);
            self.handles.insert(0, handle.clone());
        }
        self
    }

    /// The number that gets SMS.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.phone.as_ref()
    }

    /// The address in a channel, if there is one.
    pub fn by(&self, channel: Channel) -> Option<String> {
        match channel {
            Channel::Sms => self.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            Channel::Email => self.email.clone(),
            _ => {
                let prefix = format!("{channel}:");
                self.handles.iter().find(|handle| handle.starts_with(&prefix)).cloned()
            }
        }
    }

    /// The ways in which something that happens to a ticket is told: by SMS to whoever has a telephone, in the channel that
    /// the matter came by, and else in any other that is carried.
    pub fn ways(&self, came_by: Channel, carried: &BTreeSet<Channel>) -> Vec<Way> {
        let way = |channel| {
            self.by(channel).filter(|_| carried.contains(&channel)).map(|to| Way {
                channel,
                to,
                answers: None,
                subject: None,
                public: false,
            })
        };
        let mut ways: Vec<_> = [Channel::Sms, came_by].into_iter().filter_map(way).collect();
        ways.dedup_by_key(|way| way.channel);
        if ways.is_empty() {
            ways.extend(carried.iter().find_map(|channel| way(*channel)));
        }
        ways
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_by_sms_and_where_the_matter_came_from() {
        let sender = Sender {
            phone: PhoneNumber::parse("9830012345").ok(),
            email: Some("rina@example.org".into()),
            handle: Some("telegram:7".into()),
            name: None,
        };
        let all = Reach::default().preferring(&sender);
        let carried = BTreeSet::from([Channel::Sms, Channel::Email, Channel::Telegram]);
        let channels = |reach: &Reach, came_by| reach.ways(came_by, &carried).iter().map(|way| way.channel).collect::<Vec<_>>();
        assert_eq!(channels(&all, Channel::Phone), [Channel::Sms]);
        assert_eq!(channels(&all, Channel::Sms), [Channel::Sms]);
        assert_eq!(channels(&all, Channel::Email), [Channel::Sms, Channel::Email]);
        assert_eq!(channels(&all, Channel::Whatsapp), [Channel::Sms], "no such address");
        let by_handle = Reach::default().preferring(&Sender { handle: sender.handle.clone(), ..Sender::default() });
        assert_eq!(channels(&by_handle, Channel::Letter), [Channel::Telegram], "anything is better than nothing");
        assert!(by_handle.ways(Channel::Letter, &BTreeSet::from([Channel::Sms])).is_empty());
    }
}
