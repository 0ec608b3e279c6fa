//! Messenger Platform: conversations of a page, comments under its posts, and posts that mention it.

use crate::account::Account;
use crate::arrival::{Arrival, Kind, Place, Said};
use crate::graph;
use crate::hook::strange;
use crate::json::{id, seconds, text};
use daak_domain::Timestamp;
use daak_domain::contact::{Mark, Sender};
use daak_domain::seam::{Amended, Amendment};
use serde_json::Value;

/// What a delivery says.
pub(crate) fn read(account: &Account, payload: &Value, now: Timestamp) -> Vec<Arrival> {
    graph::read(account, payload, now, |account, change, now| vec![self::change(account, change, now)])
}

/// A comment or post, which everybody reads.
fn change(account: &Account, change: &Value, now: Timestamp) -> Arrival {
    let value = &change["value"];
    let at = seconds(value, "/created_time", now);
    let from = id(value, "/from/id").or_else(|| id(value, "/sender_id"));
    let sender = Sender {
        name: text(value, "/from/name").or(text(value, "/sender_name")).map(str::to_owned),
        handle: from.as_ref().map(|from| account.handle(from)),
        ..Sender::default()
    };
    let words = text(value, "/message").unwrap_or_default();
    let item = text(value, "/item").unwrap_or_default();
    let name = id(value, "/comment_id").or_else(|| id(value, "/post_id"));
    match (text(change, "/field"), name) {
        _ if from.as_ref() == Some(&account.id) => Arrival::Aside("an echo of ours"),
        (Some("feed" | "mention"), Some(name))
            if matches!(item, "comment" | "post" | "status" | "photo" | "video" | "share" | "mention") =>
        {
            let mut said = Said::new(account, &name, at, sender.clone(), words);
            said.contact.marks.push(Mark::Public);
            if let Some(photo) = text(value, "/photo").or(text(value, "/video")) {
                said.file(Kind::Picture, Place::Url(photo.to_owned()), None);
            }
            let amended = |what| {
                let message = account.named(&name);
                Amended { channel: account.provider.channel(), message, sender: sender.clone(), at, what }
            };
            match text(value, "/verb") {
                Some("edited" | "edit" | "update") => {
                    let amended = amended(Amendment::Edited(words.to_owned()));
                    said.contact.external_id = account.named(&format!("{name}.edit{}", at.as_second()));
                    Arrival::Amended { amended, otherwise: Some(said).filter(|said| !said.is_empty()) }
                }
                Some("remove" | "delete") => Arrival::Amended { amended: amended(Amendment::Deleted), otherwise: None },
                Some("add") | None if !said.is_empty() => Arrival::Said(said),
                _ => Arrival::Aside("a post without words"),
            }
        }
        (Some("feed"), _) => Arrival::Aside("news about the page"),
        (field, _) => strange(
            account,
            None,
            at,
            sender,
            format!("news of the kind {:?} that this version cannot read", field.unwrap_or_default()),
            change,
        ),
    }
}
