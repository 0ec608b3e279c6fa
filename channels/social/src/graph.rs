//! What Messenger and Instagram have in common: conversations of a page or account.

use crate::account::Account;
use crate::arrival::{Arrival, Kind, Place, Said};
use crate::hook::{not_ours, strange};
use crate::json::{id, list, millis, number, text, whole};
use daak_domain::Timestamp;
use daak_domain::carrier::{Delivery, Fate, Sent};
use daak_domain::contact::{Location, Sender};
use daak_domain::seam::{Amended, Amendment};
use serde_json::Value;

/// Reads every entry: its conversations here, its changes (comments, mentions) by `changes`.
pub(crate) fn read(
    account: &Account,
    payload: &Value,
    now: Timestamp,
    changes: impl Fn(&Account, &Value, Timestamp) -> Vec<Arrival>,
) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for entry in list(payload, "/entry") {
        if let Some(other) = id(entry, "/id").filter(|other| *other != account.id) {
            arrivals.push(not_ours(account, &other, now, entry));
            continue;
        }
        arrivals.extend(list(entry, "/messaging").iter().flat_map(|event| self::event(account, event, now)));
        // Another application has the conversation at this moment.
        arrivals.extend(list(entry, "/standby").iter().map(|_| Arrival::Aside("a conversation that another application has")));
        for change in list(entry, "/changes") {
            match (text(change, "/field"), change.get("value")) {
                (Some("messages" | "messaging_postbacks" | "message_reactions" | "messaging_seen"), Some(value)) => {
                    arrivals.extend(event(account, value, now));
                }
                _ => arrivals.extend(changes(account, change, now)),
            }
        }
    }
    arrivals
}

/// One event of a conversation; watermarks are times in milliseconds.
fn event(account: &Account, event: &Value, now: Timestamp) -> Vec<Arrival> {
    let at = millis(event, "/timestamp", now);
    let from = id(event, "/sender/id");
    let ours = from.as_ref() == Some(&account.id);
    let sender = Sender { handle: from.map(|from| account.handle(&from)), ..Sender::default() };
    let c = Conversation { account, event, at, sender };
    if event.pointer("/message/is_echo").and_then(Value::as_bool) == Some(true) || (ours && event.get("message").is_some()) {
        return vec![Arrival::Aside("an echo of ours")];
    }
    if event.get("message").is_some() {
        return vec![c.message()];
    }
    if event.get("message_edit").is_some() {
        return vec![c.edit()];
    }
    if let Some(postback) = event.get("postback") {
        return vec![c.postback(postback)];
    }
    if event.get("reaction").is_some() {
        return vec![c.reaction()];
    }
    if event.get("delivery").is_some() || event.get("read").is_some() {
        return c.receipts();
    }
    let known =
        ["referral", "optin", "account_linking", "pass_thread_control", "take_thread_control", "request_thread_control", "app_roles"];
    if known.iter().any(|kind| event.get(kind).is_some()) {
        return vec![Arrival::Aside("news about the conversation")];
    }
    vec![strange(account, None, at, c.sender, "an event of a conversation that this version cannot read".to_owned(), event)]
}

struct Conversation<'a> {
    account: &'a Account,
    event: &'a Value,
    at: Timestamp,
    sender: Sender,
}

impl Conversation<'_> {
    fn message(self) -> Arrival {
        let (account, m) = (self.account, &self.event["message"]);
        let Some(name) = id(m, "/mid") else {
            return strange(account, None, self.at, self.sender, "a message without a name".to_owned(), self.event);
        };
        if m.get("is_deleted").and_then(Value::as_bool) == Some(true) {
            return self.amended(&name, Amendment::Deleted, None);
        }
        let mut said = Said::new(account, &name, self.at, self.sender.clone(), text(m, "/text").unwrap_or_default());
        attachments(&mut said, list(m, "/attachments"));
        said.answers(account, text(m, "/reply_to/mid"));
        if let Some(story) = m.pointer("/reply_to/story") {
            said.contact.subject.get_or_insert_with(|| "Story".to_owned());
            if let Some(url) = text(story, "/url") {
                said.file(Kind::Picture, Place::Url(url.to_owned()), None);
            }
        }
        let referral = text(m, "/referral/ads_context_data/ad_title").or(text(m, "/referral/product/id")).or(text(m, "/referral/ref"));
        if let Some(referral) = referral {
            said.contact.subject.get_or_insert_with(|| referral.chars().take(300).collect());
        }
        if said.is_empty() {
            let reason = match m.get("is_unsupported").and_then(Value::as_bool) {
                Some(true) => "the provider does not pass this message on: ask the citizen for it",
                _ => "a message in which this version finds nothing",
            };
            return strange(account, Some(name), self.at, self.sender, reason.to_owned(), self.event);
        }
        Arrival::Said(said)
    }

    fn edit(self) -> Arrival {
        let words = text(self.event, "/message_edit/text").unwrap_or_default().to_owned();
        match id(self.event, "/message_edit/mid") {
            Some(name) => {
                let edition = whole(self.event, "/message_edit/num_edit").unwrap_or(self.at.as_second());
                let said = Said::new(self.account, &format!("{name}.edit{edition}"), self.at, self.sender.clone(), words.clone());
                self.amended(&name, Amendment::Edited(words), Some(said).filter(|said| !said.is_empty()))
            }
            None => strange(self.account, None, self.at, self.sender, "an edited message without a name".to_owned(), self.event),
        }
    }

    /// A button under a message, or "Get started": what stands on it is what the citizen says.
    fn postback(self, postback: &Value) -> Arrival {
        let title = text(postback, "/title").or(text(postback, "/payload"));
        let name = id(postback, "/mid").unwrap_or_else(|| {
            let who = self.sender.handle.as_deref().unwrap_or_default();
            format!("postback.{who}.{}", self.at.as_millisecond())
        });
        match title {
            Some(title) => Arrival::Said(Said::new(self.account, &name, self.at, self.sender, title)),
            None => strange(self.account, Some(name), self.at, self.sender, "a button without words".to_owned(), self.event),
        }
    }

    fn reaction(self) -> Arrival {
        let r = &self.event["reaction"];
        let sign = text(r, "/emoji").or(text(r, "/reaction")).map(str::to_owned);
        let taken_away = text(r, "/action") == Some("unreact");
        match id(r, "/mid") {
            Some(name) => self.amended(&name, Amendment::Reacted(sign.filter(|_| !taken_away)), None),
            None => strange(self.account, None, self.at, self.sender, "a sign at no message".to_owned(), self.event),
        }
    }

    fn amended(&self, name: &str, what: Amendment, otherwise: Option<Said>) -> Arrival {
        let (channel, message) = (self.account.provider.channel(), self.account.named(name));
        Arrival::Amended { amended: Amended { channel, message, sender: self.sender.clone(), at: self.at, what }, otherwise }
    }

    /// Receipts name messages, or a time until which all of them arrived or were read.
    fn receipts(self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for (kind, fate) in [("delivery", Fate::Delivered), ("read", Fate::Read)] {
            let Some(receipt) = self.event.get(kind) else { continue };
            let named = list(receipt, "/mids").iter().filter_map(Value::as_str).chain(text(receipt, "/mid"));
            let before = arrivals.len();
            for name in named {
                let message = Sent::Carrier(self.account.named(name));
                arrivals.push(Arrival::Delivery(Delivery { message, fate: fate.clone() }));
            }
            if arrivals.len() == before
                && let (Some(_), Some(to)) = (whole(receipt, "/watermark"), &self.sender.handle)
            {
                let at = millis(receipt, "/watermark", self.at);
                let message = Sent::Until { channel: self.account.provider.channel(), to: to.clone(), at };
                arrivals.push(Arrival::Delivery(Delivery { message, fate }));
            }
        }
        if arrivals.is_empty() {
            arrivals.push(Arrival::Aside("a receipt of nothing"));
        }
        arrivals
    }
}

fn attachments(said: &mut Said, list_: &[Value]) {
    let mut links = Vec::new();
    for attachment in list_ {
        let url = text(attachment, "/payload/url").or(text(attachment, "/url"));
        let title = text(attachment, "/payload/title").or(text(attachment, "/title")).or(text(attachment, "/name"));
        match (text(attachment, "/type").unwrap_or_default(), url) {
            ("location", _) => {
                let place = (number(attachment, "/payload/coordinates/lat"), number(attachment, "/payload/coordinates/long"));
                if let (Some(lat), Some(lon)) = place {
                    said.contact.location = Some(Location { lat: Some(lat), lon: Some(lon), ..Location::default() });
                    links.push(format!("{}{lat}, {lon}", title.map(|t| format!("{t}: ")).unwrap_or_default()));
                }
            }
            ("audio", Some(url)) => said.file(Kind::Voice, Place::Url(url.to_owned()), None),
            ("file", Some(url)) => said.file(Kind::Other, Place::Url(url.to_owned()), title),
            ("image" | "video" | "sticker" | "story_mention" | "ephemeral", Some(url)) => {
                if text(attachment, "/type") == Some("story_mention") {
                    said.contact.subject.get_or_insert_with(|| "Story".to_owned());
                }
                said.file(Kind::Picture, Place::Url(url.to_owned()), None);
            }
            // A shared post, reel or page: its address is what was said.
            (_, Some(url)) => links.push([title, Some(url)].into_iter().flatten().collect::<Vec<_>>().join(" ")),
            (_, None) => links.extend(title.map(str::to_owned)),
        }
    }
    if !links.is_empty() {
        use daak_domain::contact::Statement;
        let words = said.contact.statement.text().filter(|t| !t.is_empty()).map(str::to_owned);
        said.contact.statement = Statement::Written { text: words.into_iter().chain(links).collect::<Vec<_>>().join("\n") };
    }
}
