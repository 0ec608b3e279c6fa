//! The files of a mail: what was attached, what Outlook packed, the safe page of its HTML.

use super::{Part, Rules};
use crate::safe_html::{self, Pictures};
use crate::{attachment, text, tnef};
use daak_domain::contact::AttachmentRole;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// Files that are kept of one mail; the door takes 50, and the mail itself is one.
const MOST: usize = 45;

/// What is kept and what is not.
#[derive(Debug, Default)]
pub struct Files {
    /// Kept, the page to look at first.
    pub kept: Vec<Part>,
    /// Names and types of what is left out: of a type that is not allowed, or too many. The mail as it came still has them.
    pub left_out: Vec<String>,
}

/// The files of a mail.
pub fn of(message: &Message<'_>, raw: &[u8], rules: &Rules) -> Files {
    let mut files = Files::default();
    let attached: Vec<_> = message.attachments.iter().filter_map(|id| message.part(*id)).collect();
    for part in &attached {
        let claimed = claimed_type(part);
        let content = content(part, raw);
        if content.is_empty() || is_seal(&claimed) {
            continue;
        }
        let kind = attachment::media_type(&content, &claimed);
        let subject = part.message().and_then(|inner| inner.subject()).map(|subject| format!("{}.eml", subject.replace(['/', '\\'], "_")));
        let name = part.attachment_name().or(subject.as_deref());
        let packed = if kind == "application/ms-tnef" { tnef::files(&content, MOST) } else { Vec::new() };
        files.keep(name, kind, content.into_owned(), rules);
        for file in packed {
            let kind = attachment::media_type(&file.content, "");
            files.keep(Some(&file.name), kind, file.content, rules);
        }
    }
    if let Some(page) = page(message, &attached) {
        files.kept.insert(0, page);
    }
    files
}

impl Files {
    fn keep(&mut self, claimed: Option<&str>, media_type: String, content: Vec<u8>, rules: &Rules) {
        let name = attachment::name(claimed, &media_type, self.kept.len() + 1);
        if self.kept.len() >= MOST || !attachment::allowed(&media_type, &rules.allowed) {
            self.left_out.push(format!("{name} ({media_type})"));
        } else {
            self.kept.push(Part { name, media_type, role: AttachmentRole::Document, content });
        }
    }
}

fn claimed_type(part: &MessagePart<'_>) -> String {
    if part.is_message() {
        return "message/rfc822".into();
    }
    let kind = part.content_type();
    kind.map_or_else(String::new, |ct| format!("{}/{}", ct.ctype(), ct.subtype().unwrap_or_default()).to_ascii_lowercase())
}

/// Signatures over the mail: nothing that a person would look at.
fn is_seal(media_type: &str) -> bool {
    matches!(media_type, "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature")
}

fn content<'a>(part: &'a MessagePart<'_>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    match &part.body {
        PartType::Message(_) if part.encoding == Encoding::None => {
            Cow::Borrowed(raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default())
        }
        PartType::Message(inner) => Cow::Borrowed(&inner.raw_message),
        _ => Cow::Borrowed(part.contents()),
    }
}

/// The page to look at, of a mail that has HTML.
fn page(message: &Message<'_>, attached: &[&MessagePart<'_>]) -> Option<Part> {
    let html = message.html_body.iter().filter_map(|id| message.part(*id)).find(|part| part.is_text_html())?;
    let mut pictures = Pictures::new();
    for part in attached {
        let content = part.contents();
        let kind =
            ["image/png", "image/jpeg", "image/gif", "image/webp"].into_iter().find(|kind| attachment::media_type(content, "") == *kind);
        if let (Some(id), Some(kind)) = (part.content_id(), kind) {
            pictures.insert(id.trim_matches(['<', '>']).to_owned(), (kind, content));
        }
    }
    let content = safe_html::page(&text::of_part(html, message), &pictures).into_bytes();
    Some(Part { name: "mail.html".into(), media_type: "text/html".into(), role: AttachmentRole::View, content })
}
