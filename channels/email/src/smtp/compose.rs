//! A message as a mail: threaded, in text and HTML, with its files, signed.

use crate::thread::{Ours, message_id_of};
use daak_domain::carrier::Dispatch;
use daak_domain::contact::Attachment;
use daak_domain::language::Language;
use lettre::Address;
use lettre::message::dkim::{DkimConfig, DkimSigningAlgorithm, DkimSigningKey};
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as File, Mailbox, Message, MultiPart, SinglePart};
use std::sync::Arc;
use std::time::SystemTime;

/// As whom we write.
#[derive(Clone)]
pub struct Identity {
    /// The address in From.
    pub from: String,
    /// The name beside it.
    pub name: String,
    /// All our addresses, and the domain of our Message-IDs.
    pub ours: Ours,
    /// Whether answers go to an address that carries the ticket's number; the mail server must deliver
    /// `helpline+4718309263@…` to the same mailbox.
    pub number_in_address: bool,
    /// The signature over each mail.
    pub dkim: Option<Arc<Dkim>>,
}

/// How mails are signed (RFC 6376).
pub struct Dkim(DkimConfig);

impl Dkim {
    /// With an RSA key in PKCS #1 PEM form, or an Ed25519 seed in base64.
    ///
    /// # Errors
    /// A sentence without the key.
    pub fn new(domain: &str, selector: &str, key: &str) -> Result<Self, String> {
        let algorithm = if key.contains("-----BEGIN") { DkimSigningAlgorithm::Rsa } else { DkimSigningAlgorithm::Ed25519 };
        let key = DkimSigningKey::new(key.trim(), algorithm).map_err(|_| {
            "the DKIM key cannot be read: give an RSA key as PEM (`openssl genrsa -traditional 2048`), or an Ed25519 seed in base64"
                .to_owned()
        })?;
        Ok(Self(DkimConfig::default_config(selector.to_owned(), domain.to_owned(), key)))
    }
}

/// In the place of a template's name: a person wrote it.
const REPLY: &str = "reply";

/// The mail, and its Message-ID without angle brackets.
///
/// # Errors
/// A sentence that says what makes it impossible.
pub(super) fn mail(
    message: &Dispatch,
    files: Vec<(Attachment, Vec<u8>)>,
    identity: &Identity,
    now: SystemTime,
) -> Result<(Message, String), String> {
    let address =
        |text: &str| text.parse::<Address>().map_err(|_| "an address is none: look at the citizen's, and at email.from".to_owned());
    let name = Some(identity.name.clone()).filter(|name| !name.is_empty());
    let id = identity.ours.message_id(&message.key, message.ticket);
    let mut builder = Message::builder()
        .from(Mailbox::new(name.clone(), address(&identity.from)?))
        .to(Mailbox::new(None, address(&message.to)?))
        .date(now)
        .message_id(Some(format!("<{id}>")))
        .subject(subject(message))
        .header(XLoop(identity.from.clone()));
    if let Some(ticket) = message.ticket.filter(|_| identity.number_in_address) {
        builder = builder.reply_to(Mailbox::new(name, address(&Ours::address_with(&identity.from, ticket))?));
    }
    let answered = message.enclosed.answers.as_deref().map(message_id_of).filter(|id| !id.is_empty() && id.is_ascii());
    if let Some(answered) = answered {
        builder = builder.in_reply_to(format!("<{answered}>")).references(format!("<{answered}>"));
    }
    if message.template != REPLY {
        builder = builder.header(AutoSubmitted("auto-generated".into())).header(Suppress("All".into()));
    }
    let words = MultiPart::alternative_plain_html(text(message, identity), html(message, identity));
    let whole = if files.is_empty() {
        words
    } else {
        files.into_iter().fold(MultiPart::mixed().multipart(words), |all, (file, content)| all.singlepart(part(&file, content)))
    };
    let mut mail = builder.multipart(whole).map_err(|why| format!("the mail cannot be made: {why}"))?;
    if let Some(dkim) = &identity.dkim {
        mail.sign(&dkim.0);
    }
    Ok((mail, id))
}

fn part(file: &Attachment, content: Vec<u8>) -> SinglePart {
    let kind = ContentType::parse(&file.media_type).or_else(|_| ContentType::parse("application/octet-stream"));
    File::new(file.name.clone()).body(content, kind.unwrap_or(ContentType::TEXT_PLAIN))
}

fn subject(message: &Dispatch) -> String {
    let title = match message.language.answered_in() {
        Language::Bn => "আপনার অভিযোগ",
        Language::Hi => "आपकी शिकायत",
        _ => "Your grievance",
    };
    let subject = match &message.enclosed.subject {
        Some(subject) if subject.starts_with('[') => format!("{title} {subject}"),
        Some(subject) => subject.clone(),
        None => title.to_owned(),
    };
    subject.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// What asks to leave the number in the subject.
fn please(language: Language) -> &'static str {
    match language.answered_in() {
        Language::Bn => "উত্তর দিলে বিষয়ের লাইনটি বদলাবেন না।",
        Language::Hi => "उत्तर देते समय विषय की पंक्ति न बदलें।",
        _ => "If you answer, please leave the subject line as it is.",
    }
}

fn text(message: &Dispatch, identity: &Identity) -> String {
    let mut text = message.text.trim_end().to_owned();
    if message.ticket.is_some() {
        text.push_str("\n\n");
        text.push_str(please(message.language));
    }
    text.push_str("\n\n-- \n");
    text.push_str(if identity.name.is_empty() { &identity.from } else { &identity.name });
    text.push('\n');
    text
}

fn html(message: &Dispatch, identity: &Identity) -> String {
    let paragraphs: String = message.text.split("\n\n").map(|p| format!("<p>{}</p>", escaped(p.trim()).replace('\n', "<br>"))).collect();
    let note = if message.ticket.is_some() { format!("<p><small>{}</small></p>", please(message.language)) } else { String::new() };
    let direction = if message.language == Language::Ur { "rtl" } else { "ltr" };
    format!(
        "<!doctype html><html lang=\"{}\" dir=\"{direction}\"><head><meta charset=\"utf-8\"></head><body>{paragraphs}{note}<p><small>{}</small></p></body></html>",
        message.language.code(),
        escaped(&identity.name)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

macro_rules! field {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        struct $name(String);
        impl header::Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($text)
            }
            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }
            fn display(&self) -> HeaderValue {
                HeaderValue::new(<Self as header::Header>::name(), self.0.clone())
            }
        }
    )+};
}

field! {
    /// A machine wrote it (RFC 3834 §5).
    AutoSubmitted = "Auto-Submitted";
    /// The same, for servers that know only this.
    Suppress = "X-Auto-Response-Suppress";
    /// By which we know our own when it comes back.
    XLoop = "X-Loop";
}

#[cfg(test)]
mod tests {
    use super::*;
    use daak_domain::carrier::Enclosed;
    use daak_domain::contact::{AttachmentRole, BlobId, Channel};
    use daak_domain::ticket::Number;
    use mail_parser::{MessageParser, MimeHeaders};

    fn identity() -> Identity {
        Identity {
            from: "helpline@cm.example.org".into(),
            name: "সরাসরি মুখ্যমন্ত্রী".into(),
            ours: Ours::new(["helpline@cm.example.org".to_owned()]),
            number_in_address: true,
            dkim: None,
        }
    }

    fn dispatch(template: &str) -> Dispatch {
        let subject = Some(format!("[{}]", Number::from_serial(7).grouped()));
        Dispatch {
            key: "k:1".into(),
            channel: Channel::Email,
            to: "rina@example.org".into(),
            ticket: Some(Number::from_serial(7)),
            template: template.into(),
            language: Language::Bn,
            text: "আপনার অভিযোগ <নথিভুক্ত>।\nদ্বিতীয় লাইন।".into(),
            enclosed: Enclosed { subject, answers: Some("abc@gmail.com#0102".into()), ..Enclosed::default() },
        }
    }

    fn composed(message: &Dispatch, files: Vec<(Attachment, Vec<u8>)>, identity: &Identity) -> String {
        let (mail, _) = mail(message, files, identity, SystemTime::UNIX_EPOCH).expect("composed");
        String::from_utf8(mail.formatted()).expect("ASCII")
    }

    #[test]
    fn a_notice_threads_and_says_that_a_machine_wrote_it() {
        let raw = composed(&dispatch("registered"), Vec::new(), &identity());
        assert!(raw.is_ascii());
        let read = MessageParser::default().parse(raw.as_bytes()).expect("a mail");
        let id = identity().ours.message_id("k:1", Some(Number::from_serial(7)));
        assert_eq!(read.message_id(), Some(id.as_str()));
        assert_eq!(read.in_reply_to().as_text(), Some("abc@gmail.com"));
        assert_eq!(read.references().as_text(), Some("abc@gmail.com"));
        assert_eq!(read.subject().map(str::to_owned), Some(format!("আপনার অভিযোগ [{}]", Number::from_serial(7).grouped())));
        assert_eq!(read.header("Auto-Submitted").and_then(|h| h.as_text()), Some("auto-generated"));
        let reply_to = read.reply_to().and_then(|l| l.first()).and_then(|a| a.address()).expect("an address");
        assert_eq!(identity().ours.ticket_in_address(reply_to), Some(Number::from_serial(7)));
        assert!(read.body_text(0).is_some_and(|text| text.contains("<নথিভুক্ত>")));
        assert!(read.body_html(0).is_some_and(|html| html.contains("&lt;নথিভুক্ত&gt;।<br>") && html.contains("lang=\"bn\"")));
    }

    #[test]
    fn a_person_s_answer_is_not_called_a_machine_s_and_carries_its_files() {
        let file = Attachment {
            blob: BlobId::from_digest([1; 32]),
            name: "আদেশ.pdf".into(),
            media_type: "application/pdf".into(),
            size: 5,
            role: AttachmentRole::Document,
        };
        let mut message = dispatch(REPLY);
        message.enclosed.subject = Some("Re: no water\r\nBcc: all@example.org".into());
        let raw = composed(&message, vec![(file, b"%PDF-".to_vec())], &identity());
        assert!(!raw.contains("Auto-Submitted") && !raw.contains("\nBcc:"));
        let read = MessageParser::default().parse(raw.as_bytes()).expect("a mail");
        let attached: Vec<_> =
            read.attachments().map(|part| (part.attachment_name().map(str::to_owned), part.contents().to_vec())).collect();
        assert_eq!(attached, [(Some("আদেশ.pdf".to_owned()), b"%PDF-".to_vec())]);
    }

    #[test]
    fn a_wrong_key_is_refused_without_showing_it() {
        for key in ["-----BEGIN RSA PRIVATE KEY-----\nsecret\n-----END RSA PRIVATE KEY-----", "secret"] {
            assert!(Dkim::new("example.org", "s1", key).err().is_some_and(|why| !why.contains("secret")));
        }
        let dkim = Dkim::new("cm.example.org", "s1", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").expect("a seed");
        let signed = composed(&dispatch(REPLY), Vec::new(), &Identity { dkim: Some(Arc::new(dkim)), ..identity() });
        assert!(signed.contains("DKIM-Signature: v=1; a=ed25519-sha256; d=cm.example.org; s=s1"), "{signed}");
    }
}
