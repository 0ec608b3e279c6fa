//! Instagram messaging, comments and mentions.

use crate::account::Account;
use crate::arrival::{Arrival, Said};
use crate::graph;
use crate::hook::strange;
use crate::json::{id, text};
use daak_domain::Timestamp;
use daak_domain::contact::{Mark, Sender};
use serde_json::Value;

/// What a delivery says.
pub(crate) fn read(account: &Account, payload: &Value, now: Timestamp) -> Vec<Arrival> {
    graph::read(account, payload, now, |account, change, now| vec![self::change(account, change, now)])
}

/// A comment under a post of ours, or one elsewhere that mentions us. Of a mention only the name is told.
fn change(account: &Account, change: &Value, now: Timestamp) -> Arrival {
    let value = &change["value"];
    let from = id(value, "/from/id");
    let sender = Sender {
        name: text(value, "/from/username").map(str::to_owned),
        handle: from.as_ref().map(|from| account.handle(from)),
        ..Sender::default()
    };
    match text(change, "/field") {
        _ if from.as_ref() == Some(&account.id) => Arrival::Aside("an echo of ours"),
        Some("comments" | "live_comments") => match (id(value, "/id"), text(value, "/text")) {
            (Some(name), Some(words)) => {
                let mut said = Said::new(account, &name, now, sender, words);
                said.contact.marks.push(Mark::Public);
                Arrival::Said(said)
            }
            _ => strange(account, None, now, sender, "a comment without words or name".to_owned(), change),
        },
        Some("mentions") => {
            let name = id(value, "/comment_id").or_else(|| id(value, "/media_id")).map(|name| format!("mention.{name}"));
            strange(account, name, now, sender, "somebody mentions the helpline: read it at Instagram".to_owned(), change)
        }
        Some("story_insights" | "business_login") => Arrival::Aside("news about the account"),
        field => strange(
            account,
            None,
            now,
            sender,
            format!("news of the kind {:?} that this version cannot read", field.unwrap_or_default()),
            change,
        ),
    }
}
