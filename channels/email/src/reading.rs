//! What a mail is: its bytes in, a [`Reading`] out. Pure; the same bytes are read the same way for ever.

mod files;

use crate::automatic::{self, Automatic};
use crate::bounce::{self, Report};
use crate::bounds::{Bounds, header_end};
use crate::fields::{Fields, ids};
use crate::thread::{self, Ours};
use crate::{quote, text, verdict};
use daak_domain::Timestamp;
use daak_domain::carrier::Delivery;
use daak_domain::contact::{AttachmentRole, Channel, Contact, Sender, Statement};
use daak_domain::ticket::Number;
use mail_parser::{Message, MessageParser, PartType};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a mail is.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Somebody says something.
    Contact(Box<Arrival>),
    /// A server tells what became of our messages.
    News(Vec<Delivery>),
    /// Nobody says anything with it, and nobody is answered; the sentence tells why.
    Nothing(&'static str),
    /// A person must look at it first.
    Held(Box<Hold>),
}

/// A contact, and the files that must be stored for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The contact, still without its attachments.
    pub contact: Contact,
    /// The files, in the order in which they become its attachments.
    pub parts: Vec<Part>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A name to show, without a path.
    pub name: String,
    /// Media type by content.
    pub media_type: String,
    /// What it is for.
    pub role: AttachmentRole,
    /// What it says.
    pub content: Vec<u8>,
}

/// What is held, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Its name.
    pub external_id: String,
    /// A sentence for the person who decides.
    pub reason: String,
    /// Who sent it, as far as can be told.
    pub sender: Sender,
    /// What can be read of it.
    pub excerpt: Option<String>,
}

/// How mails are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// What a mail may cost.
    pub bounds: Bounds,
    /// As whom we write.
    pub ours: Ours,
    /// The name by which our receiving server signs what it found out (the first word of its `Authentication-Results`).
    pub trusted_server: Option<String>,
    /// Media types of files that are kept: `image/*`, `application/pdf`.
    pub allowed: Vec<String>,
    /// Whether the mail as it came is kept beside what was read of it.
    pub keep_original: bool,
    /// Whether a mail that our server calls forged (DMARC fails) is held.
    pub hold_forged: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let allowed = [
            "image/*",
            "audio/*",
            "video/*",
            "text/*",
            "message/rfc822",
            "application/pdf",
            "application/rtf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.spreadsheet",
            "application/ms-tnef",
        ];
        Self {
            bounds: Bounds::default(),
            ours: Ours::default(),
            trusted_server: None,
            allowed: allowed.map(str::to_owned).to_vec(),
            keep_original: true,
            hold_forged: true,
        }
    }
}

/// Bytes of a statement; the door takes 100 KiB. What is longer is attached whole.
const LONGEST_STATEMENT: usize = 90 * 1024;
/// Characters of a subject; the door takes 300.
const LONGEST_SUBJECT: usize = 280;
/// Characters of a name; the door takes 200.
const LONGEST_NAME: usize = 150;
/// Earlier messages that are named.
const ANSWERS: usize = 20;

/// Reads a mail that reached us at `received_at`.
pub fn read(raw: &[u8], received_at: Timestamp, rules: &Rules) -> Reading {
    let fields = Fields::of(&raw[..header_end(raw).min(rules.bounds.header)]);
    let external_id = external_id(raw, &fields);
    let held = |reason: String, sender: Sender, excerpt: Option<String>| {
        Reading::Held(Box::new(Hold { external_id: external_id.clone(), reason, sender, excerpt }))
    };
    if let Err(why) = rules.bounds.look(raw) {
        return held(why, rough_sender(&fields), excerpt(fields.first("subject").unwrap_or_default()));
    }
    let Some(message) = MessageParser::default().parse(raw).filter(|message| !message.parts.is_empty()) else {
        return held("nothing in it can be read as a mail".into(), rough_sender(&fields), None);
    };
    match bounce::read(&message, raw, &rules.ours) {
        Some(Report::News(news)) => return Reading::News(news),
        Some(Report::Nothing(why)) => return Reading::Nothing(why),
        None => {}
    }
    let sender = sender(&message);
    let from = sender.email.clone().unwrap_or_default();
    let automatic = automatic::look(&fields, &from, &rules.ours);
    if let Automatic::Nothing(why) = automatic {
        return Reading::Nothing(why);
    }
    let words = words(&message);
    let shown = || excerpt(&format!("{}\n{words}", message.subject().unwrap_or_default()));
    if !is_address(&from) {
        return held("it has no sender who could be answered (From)".into(), sender, shown());
    }
    let mut facts = verdict::facts(&fields, rules.trusted_server.as_deref());
    if rules.hold_forged && facts.get("dmarc").is_some_and(|found| found == "fail") {
        return held(
            "our mail server says that its sender is forged (DMARC fails): somebody else may have written it".into(),
            sender,
            shown(),
        );
    }
    let files = files::of(&message, raw, rules);
    if !files.left_out.is_empty() {
        facts.insert("left_out".into(), files.left_out.join(", ").chars().take(500).collect());
    }
    if let Automatic::Unanswered(why) = automatic {
        facts.insert("unanswered".into(), why.into());
    }
    let mail = Mail { message: &message, raw, fields: &fields, ours: &rules.ours };
    match mail.arrival(external_id.clone(), received_at, sender.clone(), &words, facts, files) {
        Some(mut arrival) => {
            arrival.contact.unanswered = automatic != Automatic::No;
            if rules.keep_original {
                arrival.parts.push(Part {
                    name: "mail.eml".into(),
                    media_type: "message/rfc822".into(),
                    role: AttachmentRole::Original,
                    content: raw.to_vec(),
                });
            }
            Reading::Contact(Box::new(arrival))
        }
        None => held("it is empty: no words and no files".into(), sender, None),
    }
}

/// The name of a mail of which only the header is known.
pub fn external_id_of_header(header: &[u8]) -> String {
    external_id(header, &Fields::of(header))
}

/// Message-ID and content. The content is what the writer's program made of it; line ends and what servers write on the
/// envelope differ from one copy to another.
fn external_id(raw: &[u8], fields: &Fields) -> String {
    let mut hasher = Sha256::new();
    for name in ["from", "date", "subject"] {
        hasher.update(fields.first(name).unwrap_or_default());
        hasher.update([0]);
    }
    let body = raw[header_end(raw)..].trim_ascii();
    for line in body.split(|b| *b == b'\n') {
        hasher.update(line.strip_suffix(b"\r").unwrap_or(line));
        hasher.update(b"\n");
    }
    let id = fields.first("message-id").map(|value| ids(value).into_iter().next().unwrap_or_else(|| value.to_owned()));
    thread::external_id(id.as_deref(), &hasher.finalize())
}

/// A mail that is a contact.
struct Mail<'a> {
    message: &'a Message<'a>,
    raw: &'a [u8],
    fields: &'a Fields,
    ours: &'a Ours,
}

impl Mail<'_> {
    fn arrival(
        &self,
        external_id: String,
        received_at: Timestamp,
        sender: Sender,
        words: &str,
        facts: BTreeMap<String, String>,
        mut files: files::Files,
    ) -> Option<Arrival> {
        let subject = self.subject();
        let answers = self.answers();
        let folded = quote::fold(words, !answers.is_empty() || subject.as_deref().is_some_and(is_answer));
        let said = match cut(&folded.said, LONGEST_STATEMENT) {
            Some(beginning) => {
                files.kept.push(Part {
                    name: "whole-text.txt".into(),
                    media_type: "text/plain".into(),
                    role: AttachmentRole::Document,
                    content: folded.said.clone().into_bytes(),
                });
                beginning.to_owned()
            }
            None => folded.said,
        };
        let documents = files.kept.iter().any(|part| part.role == AttachmentRole::Document);
        let statement = match (said.is_empty(), documents) {
            // A photograph of a letter, a scan: what it says must be read from it.
            (true, true) => Statement::ImageOnly { draft: None },
            (true, false) if subject.is_none() => return None,
            _ => Statement::Written { text: said },
        };
        let mut contact = Contact::new(Channel::Email, external_id, received_at, sender, statement);
        contact.about = self.about(&answers, subject.as_deref());
        contact.subject = subject;
        contact.answers = answers;
        contact.folded = folded.rest.map(|rest| cut(&rest, LONGEST_STATEMENT).map(str::to_owned).unwrap_or(rest));
        contact.facts = facts;
        Some(Arrival { contact, parts: files.kept })
    }

    /// The subject in its true charset, bounded.
    fn subject(&self) -> Option<String> {
        let header = self.message.headers().iter().find(|header| header.name == mail_parser::HeaderName::Subject);
        let raw = header.and_then(|h| self.raw.get(h.offset_start as usize..h.offset_end as usize)).unwrap_or_default();
        let subject = if std::str::from_utf8(raw).is_err() {
            text::decoded(raw.to_vec(), "")
        } else {
            self.message.subject().unwrap_or_default().to_owned()
        };
        let clean: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        let bounded =
            if clean.chars().count() > LONGEST_SUBJECT { clean.chars().take(LONGEST_SUBJECT).collect::<String>() + "…" } else { clean };
        (!bounded.is_empty()).then_some(bounded)
    }

    /// The messages that it answers, the nearest first.
    fn answers(&self) -> Vec<String> {
        let nearest = self.fields.all("in-reply-to").flat_map(ids);
        let mut further: Vec<_> = self.fields.all("references").flat_map(ids).collect();
        further.reverse();
        let mut answers: Vec<String> = Vec::new();
        for id in nearest.chain(further).filter_map(|id| thread::name_of(&id)) {
            if !answers.contains(&id) && answers.len() < ANSWERS {
                answers.push(id);
            }
        }
        answers
    }

    /// The ticket that it is about: by a message of ours that it answers, by the address it went to, by its subject.
    fn about(&self, answers: &[String], subject: Option<&str>) -> Option<Number> {
        let answered = answers.iter().find_map(|id| self.ours.ticket_of(id));
        let addressed = || {
            let to =
                self.message.to().into_iter().chain(self.message.cc()).flat_map(|list| list.iter().filter_map(|a| a.address.as_deref()));
            let delivered = ["delivered-to", "x-original-to"].into_iter().flat_map(|name| self.fields.all(name));
            to.chain(delivered).take(200).find_map(|address| self.ours.ticket_in_address(address.trim()))
        };
        answered.or_else(addressed).or_else(|| subject.and_then(thread::ticket_in_subject))
    }
}

fn is_answer(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    ["re:", "re :", "aw:", "sv:", "উত্তর:", "পুনঃ", "उत्तर:", "प्रत्युत्तर:"].iter().any(|mark| lower.starts_with(mark))
}

/// The words of a mail: its plain text, else what its HTML says, else those of a mail that was sent on without a word.
pub(crate) fn words(message: &Message<'_>) -> String {
    let own = own_words(message);
    if !own.trim().is_empty() {
        return own;
    }
    let forwarded = message.attachments.iter().filter_map(|id| message.part(*id)).find_map(|part| part.message());
    forwarded.map_or_else(String::new, |inner| {
        let from = inner.from().and_then(|list| list.first()).map(|a| a.address.clone().unwrap_or_default()).unwrap_or_default();
        let inside = own_words(inner);
        if inside.trim().is_empty() {
            String::new()
        } else {
            format!("---------- Forwarded message ---------\nFrom: {from}\nSubject: {}\n\n{inside}", inner.subject().unwrap_or_default())
        }
    })
}

fn own_words(message: &Message<'_>) -> String {
    let of = |ids: &[u32]| {
        let texts = ids.iter().filter_map(|id| message.part(*id)).filter_map(|part| match &part.body {
            PartType::Text(_) => Some(text::of_part(part, message)),
            PartType::Html(_) => Some(Cow::Owned(text::of_html(&text::of_part(part, message)))),
            _ => None,
        });
        texts.map(|text| text.replace("\r\n", "\n")).filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
    };
    let plain = of(&message.text_body);
    let other = message.html_body != message.text_body;
    if other && says_nothing(&plain) {
        let html = of(&message.html_body);
        if !html.trim().is_empty() {
            return html;
        }
    }
    plain
}

/// A plain text that only says that the other one must be read.
fn says_nothing(plain: &str) -> bool {
    let plain = plain.trim().to_lowercase();
    let excuses =
        ["not support html", "doesn't support html", "html email", "html-compatible", "view this message in html", "html capable"];
    plain.chars().count() < 3 || (plain.len() < 300 && excuses.iter().any(|excuse| plain.contains(excuse)))
}

fn sender(message: &Message<'_>) -> Sender {
    let Some(from) = message.from().and_then(|list| list.iter().find(|a| a.address.is_some()).or(list.first())) else {
        return Sender::default();
    };
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
    let email = from.address.as_deref().map(clean).map(|a| a.to_lowercase()).filter(|a| !a.is_empty());
    let name = from.name.as_deref().map(clean).filter(|name| !name.is_empty() && Some(name.to_lowercase()) != email);
    Sender { email, name: name.map(|name| name.chars().take(LONGEST_NAME).collect()), ..Sender::default() }
}

/// The sender of a mail that must not be parsed.
fn rough_sender(fields: &Fields) -> Sender {
    let from = fields.first("from").unwrap_or_default();
    let address = ids(from).into_iter().next().map(|a| a.to_lowercase()).filter(|a| is_address(a));
    Sender { email: address, ..Sender::default() }
}

/// The door's own rule (RFC 5321 §4.5.3.1: 254 bytes at most), so that what it would refuse is held.
pub(crate) fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
}

fn excerpt(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').take(500).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The beginning of a text that is too long, whole characters.
fn cut(text: &str, most: usize) -> Option<&str> {
    if text.len() <= most {
        return None;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Some(&text[..end])
}
