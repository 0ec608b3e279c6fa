//! Delivery reports (RFC 3464) and read receipts (RFC 8098): what became of a message of ours.

use crate::fields::{Fields, ids};
use crate::thread::Ours;
use daak_domain::carrier::{Delivery, Fate, Sent};
use mail_parser::{Message, MimeHeaders, PartType};

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// What became of messages of ours.
    News(Vec<Delivery>),
    /// It is a report, and says nothing that matters, or not about a message of ours.
    Nothing(&'static str),
}

/// The report that a mail is; `None` if it is none.
pub fn read(message: &Message<'_>, raw: &[u8], ours: &Ours) -> Option<Report> {
    let kind = message.content_type()?;
    let reports = kind.ctype().eq_ignore_ascii_case("multipart") && kind.subtype().is_some_and(|s| s.eq_ignore_ascii_case("report"));
    let part = |subtype: &str| message.parts.iter().find(|part| part.is_content_type("message", subtype));
    if let Some(status) = part("delivery-status").or_else(|| part("global-delivery-status")) {
        return Some(delivery(&String::from_utf8_lossy(status.contents()), message, raw, ours));
    }
    if let Some(notification) = part("disposition-notification") {
        let fields = Fields::of(notification.contents());
        let opened = fields.first("disposition").is_some_and(|d| d.to_ascii_lowercase().contains("displayed"));
        let about = fields.first("original-message-id").map(ids).unwrap_or_default().into_iter().find(|id| ours.wrote(id));
        return Some(match about {
            Some(id) if opened => Report::News(vec![Delivery { message: Sent::Carrier(id), fate: Fate::Read }]),
            _ => Report::Nothing("read receipt: it says nothing new about a message of ours"),
        });
    }
    reports.then_some(Report::Nothing("report: of a kind that is not about a message of ours"))
}

fn delivery(status: &str, message: &Message<'_>, raw: &[u8], ours: &Ours) -> Report {
    let Some(id) = original(message, raw, ours) else { return Report::Nothing("bounce: of a message that is not ours") };
    // Blocks of fields: the first for the message, then one for each recipient.
    let normalised = status.replace("\r\n", "\n");
    let recipients = normalised.split("\n\n").map(|block| Fields::of(format!("{block}\n\n").as_bytes()));
    let mut news = Vec::new();
    for fields in recipients.filter(|fields| fields.has("action")) {
        let fate = match fields.word("action").as_deref() {
            Some("failed") => Fate::Failed(why(&fields)),
            Some("delivered") => Fate::Delivered,
            _ => continue,
        };
        news.push(Delivery { message: Sent::Carrier(id.clone()), fate });
    }
    if news.is_empty() { Report::Nothing("bounce: a server says that it still tries") } else { Report::News(news) }
}

/// The failed address and the remote server's words, bounded.
fn why(fields: &Fields) -> String {
    let after = |name: &str| fields.first(name).map(|value| value.split_once(';').map_or(value, |(_, rest)| rest).trim().to_owned());
    let address = after("final-recipient").or_else(|| after("original-recipient")).unwrap_or_default();
    let words = after("diagnostic-code").or_else(|| fields.first("status").map(str::to_owned)).unwrap_or_default();
    let text = format!("the mail to {address} came back: {words}");
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Our Message-ID in the message that came back: as a mail, as its header, or anywhere in the text of it.
fn original(message: &Message<'_>, raw: &[u8], ours: &Ours) -> Option<String> {
    let mut found = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartType::Message(inner) => found.extend(inner.message_id().map(str::to_owned)),
            PartType::Text(text) if part.is_content_type("text", "rfc822-headers") => {
                found.extend(Fields::of(text.as_bytes()).first("message-id").map(ids).unwrap_or_default());
            }
            _ => {}
        }
    }
    let fields = Fields::of(raw);
    for name in ["in-reply-to", "references"] {
        found.extend(fields.first(name).map(ids).unwrap_or_default());
    }
    found.into_iter().find(|id| ours.wrote(id))
}
