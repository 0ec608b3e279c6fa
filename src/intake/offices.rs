//! What an event brings about among the offices: the deputy of whoever is away, the end of a ping-pong, and whom to tell.

use super::Intake;
use crate::notify::{Address, Concerned, concerned};
use crate::store::StoreError;
use daak_domain::contact::Channel;
use daak_domain::office::Office;
use daak_domain::routing::ping_pong;
use daak_domain::ticket::{Actor, Event, EventBody, Ticket};

/// People of an office who are told, where it names nobody.
const MOST_TOLD: u32 = 3;

impl Intake {
    /// An event, and what follows from it by rule.
    pub(super) fn with_what_follows(&self, before: &Ticket, mut event: Event) -> Vec<Event> {
        self.put_in_the_deputy(before, &mut event);
        let bounced = match &event.body {
            EventBody::Forwarded { office: Some(to), department, .. } => {
                let day = self.masters.day(event.at);
                let common = ping_pong(&self.masters.offices, before.came_from.as_deref(), before.holder(), to, day);
                common.map(|common| self.bounced(before, to, common, department, &event))
            }
            _ => None,
        };
        [event].into_iter().chain(bounced).collect()
    }

    /// Two offices have sent the ticket to each other: the one above both has it now.
    fn bounced(&self, before: &Ticket, to: &str, common: &Office, department: &str, event: &Event) -> Event {
        let reason =
            format!("{} and {to} have sent this ticket to each other: {}, above both, decides now.", before.holder(), common.name_en);
        let body = EventBody::Forwarded { department: department.to_owned(), reason, office: Some(common.code.clone()) };
        Event { at: event.at, by: Actor::Helpline, body }
    }

    /// Work for a nodal officer who is away goes to the deputy.
    fn put_in_the_deputy(&self, before: &Ticket, event: &mut Event) {
        let day = self.masters.day(event.at);
        let EventBody::Assigned { officer: Some(officer), reason, office, .. } = &mut event.body else { return };
        let Some(office) = self.masters.offices.on(office.as_deref().unwrap_or(before.holder()), day) else { return };
        let stand_in = office.in_charge(day);
        if let Some(deputy) = stand_in.post.name.as_ref().filter(|_| stand_in.deputy && office.officer.name.as_ref() == Some(officer)) {
            let away = format!("{officer} is away: {deputy} stands in.");
            *reason = Some(reason.take().map_or_else(|| away.clone(), |reason| format!("{reason} ({away})")));
            officer.clone_from(deputy);
        }
    }

    /// Where those are told whom an event concerns. `after` is the ticket as it stands then.
    pub(super) async fn addresses(&self, after: &Ticket, event: &Event) -> Result<Vec<Address>, StoreError> {
        let Some((concerned, _)) = concerned(&event.body) else { return Ok(Vec::new()) };
        if let (Concerned::Holder, Some(officer)) = (&concerned, &after.officer) {
            let account = self.store.user(officer).await?.filter(|user| !user.disabled);
            return Ok(account.and_then(|user| user.phone).map(sms).into_iter().collect());
        }
        let code = match &concerned {
            Concerned::Holder => after.holder(),
            Concerned::Above(code) => code.as_str(),
        };
        let day = self.masters.day(event.at);
        let Some(post) = self.masters.offices.on(code, day).map(|office| office.in_charge(day).post) else { return Ok(Vec::new()) };
        let mut addresses: Vec<Address> = post.phone.iter().map(|phone| sms(phone.to_string())).collect();
        addresses.extend(post.email.clone().map(|to| Address { channel: Channel::Email, to }));
        if let (true, Some(name)) = (addresses.is_empty(), &post.name) {
            addresses.extend(self.store.user(name).await?.filter(|user| !user.disabled).and_then(|user| user.phone).map(sms));
        }
        if addresses.is_empty() {
            let people = self.store.officers_of(code, MOST_TOLD).await?;
            addresses.extend(people.into_iter().filter_map(|user| user.phone).map(sms));
        }
        addresses.retain(|address| self.notices.carries(address.channel));
        Ok(addresses)
    }
}

fn sms(to: String) -> Address {
    Address { channel: Channel::Sms, to }
}
