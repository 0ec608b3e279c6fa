//! WhatsApp Cloud API: webhook payloads of the field `messages`.

use crate::account::Account;
use crate::arrival::{Arrival, Kind, Place, Said};
use crate::hook::{not_ours, strange};
use crate::json::{id, list, number, seconds, text};
use daak_domain::Timestamp;
use daak_domain::carrier::{Delivery, Fate, Sent};
use daak_domain::contact::{Location, Sender};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Amended, Amendment};
use serde_json::Value;

/// What a delivery says.
pub(crate) fn read(account: &Account, payload: &Value, now: Timestamp) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for change in list(payload, "/entry").iter().flat_map(|entry| list(entry, "/changes")) {
        let Some(value) = change.get("value") else { continue };
        match text(change, "/field").unwrap_or("messages") {
            "messages" => messages(account, value, now, &mut arrivals),
            // Our own messages, sent by a person with the telephone application.
            "smb_message_echoes" | "message_echoes" => arrivals.push(Arrival::Aside("an echo of ours")),
            _ => arrivals.push(Arrival::Aside("news about the account")),
        }
    }
    arrivals
}

fn messages(account: &Account, value: &Value, now: Timestamp, arrivals: &mut Vec<Arrival>) {
    if let Some(other) = id(value, "/metadata/phone_number_id").filter(|other| *other != account.id) {
        return arrivals.push(not_ours(account, &other, now, value));
    }
    arrivals.extend(list(value, "/messages").iter().map(|message| Message { account, value, message, now }.read()));
    arrivals.extend(list(value, "/statuses").iter().map(|status| self::status(account, status, now)));
    if list(value, "/messages").is_empty() && list(value, "/statuses").is_empty() && !list(value, "/errors").is_empty() {
        arrivals.push(Arrival::Aside("news about the account"));
    }
}

struct Message<'a> {
    account: &'a Account,
    value: &'a Value,
    message: &'a Value,
    now: Timestamp,
}

impl Message<'_> {
    fn read(&self) -> Arrival {
        let m = self.message;
        let at = seconds(m, "/timestamp", self.now);
        let sender = self.sender();
        let kind = text(m, "/type").unwrap_or_default();
        let name = id(m, "/id");
        match (kind, &name) {
            ("reaction", _) => return self.reaction(at, sender),
            ("revoke", _) => return self.amended("/revoke/original_message_id", at, sender, Amendment::Deleted, None),
            ("edit", Some(name)) => return self.edit(name, at, sender),
            ("request_welcome", _) => return Arrival::Aside("a conversation was opened"),
            _ => {}
        }
        let said = match (&name, sender.handle.is_some()) {
            (Some(name), true) => self.said(kind, m, name, at, &sender),
            _ => None,
        };
        match said {
            Some(said) => Arrival::Said(said),
            None => strange(self.account, name, at, sender, self.why_strange(kind), m),
        }
    }

    /// The number is the name. A citizen who shows a user name instead of a number has a name of the business's own.
    fn sender(&self) -> Sender {
        let from = id(self.message, "/from").or_else(|| id(self.message, "/from_user_id"));
        let known = list(self.value, "/contacts");
        let of = |card: &&Value| {
            let whose = id(card, "/wa_id").or_else(|| id(card, "/user_id"));
            whose.is_none() || whose == from
        };
        let profile = known.iter().find(of);
        Sender {
            phone: from.as_ref().and_then(|from| PhoneNumber::parse(&format!("+{from}")).ok()),
            name: profile.and_then(|p| text(p, "/profile/name")).map(str::to_owned),
            handle: from.map(|from| self.account.handle(&from)),
            email: None,
        }
    }

    fn said(&self, kind: &str, m: &Value, name: &str, at: Timestamp, sender: &Sender) -> Option<Said> {
        let words = |text: &str| Said::new(self.account, name, at, sender.clone(), text);
        let mut said = match kind {
            "text" | "ephemeral" => words(text(m, "/text/body")?),
            "image" | "video" | "audio" | "voice" | "document" | "sticker" => {
                let media = m.get(kind)?;
                let mut said = words(text(media, "/caption").unwrap_or_default());
                let place = Place::Id(id(media, "/id")?);
                said.file(file_kind(kind), place, text(media, "/filename"));
                said
            }
            "location" => {
                let (lat, lon) = (number(m, "/location/latitude")?, number(m, "/location/longitude")?);
                let shown = [text(m, "/location/name"), text(m, "/location/address")].into_iter().flatten().collect::<Vec<_>>();
                let mut said = words(&if shown.is_empty() { format!("{lat}, {lon}") } else { shown.join(", ") });
                said.contact.location = Some(Location { lat: Some(lat), lon: Some(lon), ..Location::default() });
                said
            }
            "contacts" => words(&contacts(list(m, "/contacts"))?),
            "interactive" => words(&interactive(m)?),
            "button" => words(text(m, "/button/text").or(text(m, "/button/payload"))?),
            "order" => words(text(m, "/order/text").or(text(m, "/order/catalog_id"))?),
            _ => return None,
        };
        said.answers(self.account, text(m, "/context/id"));
        if let Some(referral) = m.get("referral") {
            said.contact.subject = text(referral, "/headline").or(text(referral, "/source_url")).map(|t| t.chars().take(300).collect());
        }
        Some(said)
    }

    fn reaction(&self, at: Timestamp, sender: Sender) -> Arrival {
        let sign = text(self.message, "/reaction/emoji").map(str::to_owned);
        self.amended("/reaction/message_id", at, sender, Amendment::Reacted(sign), None)
    }

    fn edit(&self, name: &str, at: Timestamp, sender: Sender) -> Arrival {
        let m = self.message;
        let Some(anew) = m.pointer("/edit/message") else {
            return strange(self.account, Some(name.to_owned()), at, sender, self.why_strange("edit"), m);
        };
        let otherwise = self.said(text(anew, "/type").unwrap_or("text"), anew, name, at, &sender);
        let words = otherwise.as_ref().and_then(|said| said.contact.statement.text()).unwrap_or_default().to_owned();
        self.amended("/edit/original_message_id", at, sender, Amendment::Edited(words), otherwise)
    }

    fn amended(&self, which: &str, at: Timestamp, sender: Sender, what: Amendment, otherwise: Option<Said>) -> Arrival {
        match text(self.message, which) {
            Some(message) => {
                let (channel, message) = (self.account.provider.channel(), self.account.named(message));
                Arrival::Amended { amended: Amended { channel, message, sender, at, what }, otherwise }
            }
            None => strange(self.account, id(self.message, "/id"), at, sender, self.why_strange("change of a message"), self.message),
        }
    }

    fn why_strange(&self, kind: &str) -> String {
        let m = self.message;
        let told = text(m, "/errors/0/error_data/details").or(text(m, "/errors/0/title"));
        match (kind, told) {
            ("system", _) => text(m, "/system/body").unwrap_or("the citizen's account changed").to_owned(),
            ("unsupported", Some(told)) => format!("WhatsApp does not pass this message on ({told}): ask the citizen for it"),
            ("unsupported", None) => "WhatsApp does not pass this message on: ask the citizen for it".to_owned(),
            (kind, Some(told)) => format!("a message of the kind {kind:?} that cannot be read ({told})"),
            (kind, None) => format!("a message of the kind {kind:?} that this version cannot read"),
        }
    }
}

fn file_kind(kind: &str) -> Kind {
    match kind {
        "audio" | "voice" => Kind::Voice,
        "image" | "video" | "sticker" => Kind::Picture,
        _ => Kind::Other,
    }
}

/// Names and numbers, one person a line.
fn contacts(cards: &[Value]) -> Option<String> {
    let line = |card: &Value| {
        let numbers = list(card, "/phones").iter().filter_map(|phone| text(phone, "/phone").or(text(phone, "/wa_id")));
        let name = text(card, "/name/formatted_name").or(text(card, "/name/first_name"));
        name.into_iter().chain(numbers).collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<_> = cards.iter().map(line).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn interactive(m: &Value) -> Option<String> {
    let chosen = ["/interactive/button_reply/title", "/interactive/list_reply/title"].into_iter().find_map(|p| text(m, p));
    match chosen {
        Some(title) => {
            Some([Some(title), text(m, "/interactive/list_reply/description")].into_iter().flatten().collect::<Vec<_>>().join("\n"))
        }
        // A form of WhatsApp's own (flow): its answers as they are.
        None => text(m, "/interactive/nfm_reply/response_json").or(text(m, "/interactive/nfm_reply/body")).map(str::to_owned),
    }
}

fn status(account: &Account, status: &Value, now: Timestamp) -> Arrival {
    let fate = match text(status, "/status") {
        Some("delivered") => Fate::Delivered,
        Some("read" | "played") => Fate::Read,
        Some("failed") => {
            let code = id(status, "/errors/0/code").unwrap_or_default();
            let told = text(status, "/errors/0/error_data/details").or(text(status, "/errors/0/title")).unwrap_or("no reason is told");
            Fate::Failed(format!("WhatsApp could not deliver it: {told} ({code})"))
        }
        Some(_) => return Arrival::Aside("a message is on its way"),
        None => return strange(account, None, now, Sender::default(), "a status without a state".to_owned(), status),
    };
    // Our key is given back with each status, and may come before the answer that names the message.
    let message = match (text(status, "/biz_opaque_callback_data"), text(status, "/id")) {
        (Some(key), _) => Sent::Key(key.to_owned()),
        (None, Some(name)) => Sent::Carrier(account.named(name)),
        (None, None) => return strange(account, None, now, Sender::default(), "a status of no message".to_owned(), status),
    };
    Arrival::Delivery(Delivery { message, fate })
}
