//! X (Account Activity API): private messages, and posts that mention the helpline.

use crate::account::Account;
use crate::arrival::{Arrival, Kind, Place, Said};
use crate::hook::{not_ours, strange};
use crate::json::{id, list, millis, text};
use daak_domain::Timestamp;
use daak_domain::carrier::{Delivery, Fate, Sent};
use daak_domain::contact::{Location, Mark, Sender};
use daak_domain::seam::{Amended, Amendment};
use serde_json::Value;

/// What a delivery says.
pub(crate) fn read(account: &Account, payload: &Value, now: Timestamp) -> Vec<Arrival> {
    if let Some(other) = id(payload, "/for_user_id").filter(|other| *other != account.id) {
        return vec![not_ours(account, &other, now, payload)];
    }
    let mut arrivals = Vec::new();
    for event in list(payload, "/direct_message_events") {
        arrivals.push(private(account, event, payload, now));
    }
    for post in list(payload, "/tweet_create_events") {
        arrivals.push(public(account, post, now));
    }
    for event in list(payload, "/tweet_delete_events") {
        arrivals.push(deleted(account, event, now));
    }
    for event in list(payload, "/direct_message_mark_read_events") {
        arrivals.push(seen(account, event, now));
    }
    let known = [
        "favorite_events",
        "follow_events",
        "unfollow_events",
        "block_events",
        "mute_events",
        "direct_message_indicate_typing_events",
        "user_event",
    ];
    if known.iter().any(|kind| payload.get(kind).is_some()) {
        arrivals.push(Arrival::Aside("news about the account"));
    }
    arrivals
}

fn private(account: &Account, event: &Value, payload: &Value, now: Timestamp) -> Arrival {
    let at = millis(event, "/created_timestamp", now);
    let from = id(event, "/message_create/sender_id");
    if from.as_ref() == Some(&account.id) {
        return Arrival::Aside("an echo of ours");
    }
    let sender = Sender {
        name: from
            .as_ref()
            .and_then(|from| text(payload, &format!("/users/{}/name", from.replace('~', "~0").replace('/', "~1"))))
            .map(str::to_owned),
        handle: from.as_ref().map(|from| account.handle(from)),
        ..Sender::default()
    };
    let name = id(event, "/id").map(|id| format!("dm.{id}"));
    let (Some("message_create"), Some(name)) = (text(event, "/type"), &name) else {
        return strange(account, name, at, sender, "a private event that this version cannot read".to_owned(), event);
    };
    let data = &event["message_create"]["message_data"];
    let attachment = &data["attachment"];
    // The address of a file stands also at the end of the text.
    let words = unescaped(text(data, "/text").unwrap_or_default());
    let words = match text(attachment, "/media/url") {
        Some(link) => words.trim_end().trim_end_matches(link).trim_end().to_owned(),
        None => words,
    };
    let mut said = Said::new(account, name, at, sender.clone(), words);
    if let Some((kind, url)) = media(&attachment["media"]) {
        said.file(kind, Place::Url(url.to_owned()), None);
    }
    if let [lon, lat] = list(attachment, "/location/shared_coordinate/coordinates/coordinates") {
        said.contact.location = Some(Location { lat: lat.as_f64(), lon: lon.as_f64(), ..Location::default() });
    }
    if said.is_empty() {
        return strange(account, Some(name.clone()), at, sender, "a private message in which this version finds nothing".to_owned(), event);
    }
    Arrival::Said(said)
}

/// A post becomes a contact if it speaks to us: it names us, or answers a post of ours.
fn public(account: &Account, post: &Value, now: Timestamp) -> Arrival {
    let at = millis(post, "/timestamp_ms", now);
    let from = id(post, "/user/id_str").or_else(|| id(post, "/user/id"));
    let name = id(post, "/id_str").or_else(|| id(post, "/id"));
    let sender = Sender {
        name: text(post, "/user/name").map(str::to_owned),
        handle: from.as_ref().map(|from| account.handle(from)),
        ..Sender::default()
    };
    let (Some(from), Some(name)) = (from, name) else {
        return strange(account, None, at, sender, "a post without an author".to_owned(), post);
    };
    if from == account.id || post.get("retweeted_status").is_some() {
        return Arrival::Aside("an echo of ours, or a post passed on");
    }
    let whole = post.get("extended_tweet").unwrap_or(post);
    let mentions =
        list(whole, "/entities/user_mentions").iter().any(|m| id(m, "/id_str").or_else(|| id(m, "/id")).as_ref() == Some(&account.id));
    let answers_us = id(post, "/in_reply_to_user_id_str").as_ref() == Some(&account.id);
    if !mentions && !answers_us {
        return Arrival::Aside("a post that does not speak to us");
    }
    let words = text(whole, "/full_text").or(text(post, "/full_text")).or(text(post, "/text")).unwrap_or_default();
    let mut said = Said::new(account, &format!("post.{name}"), at, sender, unescaped(words));
    said.contact.marks.push(Mark::Public);
    for file in list(whole, "/extended_entities/media") {
        if let Some((kind, url)) = media(file) {
            said.file(kind, Place::Url(url.to_owned()), None);
        }
    }
    if let Some(answered) = text(post, "/in_reply_to_status_id_str") {
        said.answers(account, Some(&format!("post.{answered}")));
    }
    // GeoJSON: longitude first.
    if let [lon, lat] = list(post, "/coordinates/coordinates") {
        said.contact.location = Some(Location { lat: lat.as_f64(), lon: lon.as_f64(), ..Location::default() });
    }
    Arrival::Said(said)
}

/// The best form of a photograph or film.
fn media(file: &Value) -> Option<(Kind, &str)> {
    let films = list(file, "/video_info/variants").iter().filter(|v| text(v, "/content_type") == Some("video/mp4"));
    let film = films.max_by_key(|v| v.get("bitrate").and_then(Value::as_i64).unwrap_or(0)).and_then(|v| text(v, "/url"));
    let photograph = || text(file, "/media_url_https");
    film.or_else(photograph).map(|url| (Kind::Picture, url))
}

fn deleted(account: &Account, event: &Value, now: Timestamp) -> Arrival {
    let at = millis(event, "/timestamp_ms", now);
    let sender = Sender { handle: id(event, "/status/user_id").map(|from| account.handle(&from)), ..Sender::default() };
    match id(event, "/status/id") {
        Some(name) => {
            let (channel, message) = (account.provider.channel(), account.named(&format!("post.{name}")));
            Arrival::Amended { amended: Amended { channel, message, sender, at, what: Amendment::Deleted }, otherwise: None }
        }
        None => strange(account, None, at, sender, "a post without a name was deleted".to_owned(), event),
    }
}

fn seen(account: &Account, event: &Value, now: Timestamp) -> Arrival {
    match id(event, "/sender_id") {
        Some(reader) if reader != account.id => {
            let at = millis(event, "/created_timestamp", now);
            let message = Sent::Until { channel: account.provider.channel(), to: account.handle(&reader), at };
            Arrival::Delivery(Delivery { message, fate: Fate::Read })
        }
        _ => Arrival::Aside("we read a message"),
    }
}

/// X writes `&`, `<` and `>` as HTML does.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
