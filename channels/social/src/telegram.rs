//! Telegram Bot API: one update a delivery.

use crate::account::Account;
use crate::arrival::{Arrival, Kind, Place, Said};
use crate::hook::strange;
use crate::json::{id, list, number, seconds, text};
use daak_domain::Timestamp;
use daak_domain::contact::{Location, Mark, Sender};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Amended, Amendment};
use serde_json::Value;

/// What a delivery says.
pub(crate) fn read(account: &Account, payload: &Value, now: Timestamp) -> Vec<Arrival> {
    let Some(update) = id(payload, "/update_id") else { return Vec::new() };
    let kind = |name: &str| payload.get(name).filter(|value| value.is_object());
    if let Some(m) = kind("message").or_else(|| kind("business_message")) {
        return vec![Message { account, m, now }.read()];
    }
    if let Some(m) = kind("edited_message").or_else(|| kind("edited_business_message")) {
        return vec![Message { account, m, now }.edited()];
    }
    if let Some(query) = kind("callback_query") {
        return vec![pressed(account, query, now)];
    }
    if let Some(reaction) = kind("message_reaction") {
        return vec![reacted(account, reaction, now)];
    }
    if let Some(deleted) = kind("deleted_business_messages") {
        return deleted_all(account, deleted, now);
    }
    let known =
        ["channel_post", "edited_channel_post", "my_chat_member", "chat_member", "chat_join_request", "message_reaction_count", "poll"];
    if known.iter().any(|name| payload.get(name).is_some()) {
        return vec![Arrival::Aside("news about a chat")];
    }
    let sender = sender(account, &Value::Null);
    vec![strange(account, Some(format!("update.{update}")), now, sender, "an update that this version cannot read".to_owned(), payload)]
}

struct Message<'a> {
    account: &'a Account,
    m: &'a Value,
    now: Timestamp,
}

impl Message<'_> {
    fn read(&self) -> Arrival {
        let at = seconds(self.m, "/date", self.now);
        let (sender, name) = (sender(self.account, &self.m["from"]), self.name());
        let (Some(name), Some(_)) = (&name, &sender.handle) else {
            return strange(self.account, name, at, sender, "a message without a sender".to_owned(), self.m);
        };
        if self.m.pointer("/from/is_bot").and_then(Value::as_bool) == Some(true) {
            return Arrival::Aside("a machine's message");
        }
        if !self.is_private() && !self.is_to_us() {
            return Arrival::Aside("talk in a group");
        }
        if text(self.m, "/text").is_some_and(|words| words == "/start" || words.starts_with("/start ")) {
            return Arrival::Aside("a conversation was opened");
        }
        match self.said(name, at, &sender) {
            Some(said) => Arrival::Said(said),
            None if self.is_service() => Arrival::Aside("news about a chat"),
            None => strange(
                self.account,
                Some(name.clone()),
                at,
                sender,
                "a message of a kind that this version cannot read".to_owned(),
                self.m,
            ),
        }
    }

    fn edited(&self) -> Arrival {
        let at = seconds(self.m, "/edit_date", self.now);
        let sender = sender(self.account, &self.m["from"]);
        let Some(name) = self.name() else {
            return strange(self.account, None, at, sender, "an edited message without a name".to_owned(), self.m);
        };
        // A place that moves is told every few seconds.
        if self.m.pointer("/location/live_period").is_some() || (!self.is_private() && !self.is_to_us()) {
            return Arrival::Aside("a place that moves, or talk in a group");
        }
        let otherwise = self.said(&format!("{name}.edit{}", at.as_second()), at, &sender);
        let words = text(self.m, "/text").or(text(self.m, "/caption")).unwrap_or_default().to_owned();
        let (channel, message) = (self.account.provider.channel(), self.account.named(&name));
        Arrival::Amended { amended: Amended { channel, message, sender, at, what: Amendment::Edited(words) }, otherwise }
    }

    /// Numbers of messages are counted in each chat.
    fn name(&self) -> Option<String> {
        Some(format!("{}.{}", id(self.m, "/chat/id")?, id(self.m, "/message_id")?))
    }

    fn is_private(&self) -> bool {
        text(self.m, "/chat/type").is_none_or(|kind| kind == "private")
    }

    /// In a group: an answer to the bot, or a command. (Other talk reaches a bot only where its privacy was switched off.)
    fn is_to_us(&self) -> bool {
        let answers = id(self.m, "/reply_to_message/from/id").is_some_and(|bot| bot == self.account.id);
        answers || list(self.m, "/entities").iter().any(|e| text(e, "/type") == Some("bot_command"))
    }

    fn is_service(&self) -> bool {
        let signs =
            ["new_chat_members", "left_chat_member", "pinned_message", "group_chat_created", "new_chat_title", "write_access_allowed"];
        signs.iter().any(|sign| self.m.get(sign).is_some())
    }

    fn said(&self, name: &str, at: Timestamp, sender: &Sender) -> Option<Said> {
        let (m, account) = (self.m, self.account);
        let mut sender = sender.clone();
        // Whoever shares their own card has shown the number to Telegram.
        if id(m, "/contact/user_id").is_some_and(|own| Some(own) == id(m, "/from/id")) {
            sender.phone = id(m, "/contact/phone_number").and_then(|n| PhoneNumber::parse(&format!("+{}", n.trim_start_matches('+'))).ok());
        }
        let words = text(m, "/text").or(text(m, "/caption")).map_or_else(|| self.described().unwrap_or_default(), str::to_owned);
        let mut said = Said::new(account, name, at, sender, words);
        if let (Some(lat), Some(lon)) = (number(m, "/location/latitude"), number(m, "/location/longitude")) {
            said.contact.location = Some(Location { lat: Some(lat), lon: Some(lon), ..Location::default() });
        }
        self.files(&mut said);
        if let Some(answered) = id(m, "/reply_to_message/message_id") {
            said.answers(account, Some(&format!("{}.{answered}", id(m, "/chat/id")?)));
        }
        if !self.is_private() {
            said.contact.marks.push(Mark::Public);
        }
        (!said.is_empty()).then_some(said)
    }

    /// In words, what is no text: a place, a card, a sign.
    fn described(&self) -> Option<String> {
        let m = self.m;
        if m.get("venue").is_some() {
            return Some([text(m, "/venue/title"), text(m, "/venue/address")].into_iter().flatten().collect::<Vec<_>>().join(", "));
        }
        if let (Some(lat), Some(lon)) = (number(m, "/location/latitude"), number(m, "/location/longitude")) {
            return Some(format!("{lat}, {lon}"));
        }
        if m.get("contact").is_some() {
            let parts = [text(m, "/contact/first_name"), text(m, "/contact/last_name"), text(m, "/contact/phone_number")];
            return Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
        if let Some(question) = text(m, "/poll/question") {
            let options = list(m, "/poll/options").iter().filter_map(|o| text(o, "/text"));
            return Some(std::iter::once(question).chain(options).collect::<Vec<_>>().join("\n"));
        }
        text(m, "/sticker/emoji").or(text(m, "/dice/emoji")).map(str::to_owned)
    }

    fn files(&self, said: &mut Said) {
        let m = self.m;
        // Sizes of one photograph, the largest last.
        if let Some(file) = list(m, "/photo").last().and_then(|size| id(size, "/file_id")) {
            said.file(Kind::Picture, Place::Id(file), None);
        }
        let kinds = [
            ("voice", Kind::Voice),
            ("audio", Kind::Voice),
            ("video", Kind::Picture),
            ("video_note", Kind::Picture),
            ("animation", Kind::Picture),
            ("document", Kind::Other),
        ];
        for (kind, as_) in kinds {
            // An animation stands there as a document, too.
            if kind == "document" && m.get("animation").is_some() {
                continue;
            }
            if let Some(file) = id(m, &format!("/{kind}/file_id")) {
                said.file(as_, Place::Id(file), text(m, &format!("/{kind}/file_name")));
            }
        }
    }
}

fn sender(account: &Account, from: &Value) -> Sender {
    let name = [text(from, "/first_name"), text(from, "/last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Sender {
        name: Some(name).filter(|name| !name.is_empty()).or_else(|| text(from, "/username").map(str::to_owned)),
        handle: id(from, "/id").map(|id| account.handle(&id)),
        ..Sender::default()
    }
}

/// A button under a message of ours: what stands on it is what the citizen says.
fn pressed(account: &Account, query: &Value, now: Timestamp) -> Arrival {
    let sender = sender(account, &query["from"]);
    let data = text(query, "/data").or(text(query, "/game_short_name"));
    let buttons = list(query, "/message/reply_markup/inline_keyboard").iter().flat_map(|row| list(row, ""));
    let shown = buttons.filter(|b| text(b, "/callback_data") == data).find_map(|b| text(b, "/text"));
    let name = id(query, "/id").map(|id| format!("callback.{id}"));
    match (name, shown.or(data)) {
        (Some(name), Some(words)) => {
            let mut said = Said::new(account, &name, now, sender, words);
            if let (Some(chat), Some(message)) = (id(query, "/message/chat/id"), id(query, "/message/message_id")) {
                said.answers(account, Some(&format!("{chat}.{message}")));
            }
            Arrival::Said(said)
        }
        (name, _) => strange(account, name, now, sender, "a button without words".to_owned(), query),
    }
}

fn reacted(account: &Account, reaction: &Value, now: Timestamp) -> Arrival {
    let at = seconds(reaction, "/date", now);
    let sender = sender(account, &reaction["user"]);
    let sign = list(reaction, "/new_reaction").iter().find_map(|r| text(r, "/emoji").or(text(r, "/custom_emoji_id"))).map(str::to_owned);
    match (id(reaction, "/chat/id"), id(reaction, "/message_id")) {
        (Some(chat), Some(message)) => {
            let (channel, message) = (account.provider.channel(), account.named(&format!("{chat}.{message}")));
            Arrival::Amended { amended: Amended { channel, message, sender, at, what: Amendment::Reacted(sign) }, otherwise: None }
        }
        _ => strange(account, None, at, sender, "a sign at no message".to_owned(), reaction),
    }
}

fn deleted_all(account: &Account, deleted: &Value, now: Timestamp) -> Vec<Arrival> {
    let Some(chat) = id(deleted, "/chat/id") else { return Vec::new() };
    let sender = sender(account, &deleted["chat"]);
    let ids = list(deleted, "/message_ids").iter().filter_map(Value::as_i64);
    ids.map(|message| {
        let (channel, message) = (account.provider.channel(), account.named(&format!("{chat}.{message}")));
        let amended = Amended { channel, message, sender: sender.clone(), at: now, what: Amendment::Deleted };
        Arrival::Amended { amended, otherwise: None }
    })
    .collect()
}
