//! What may come through the door: every text in one form (NFC, no control characters), every size bounded.

use daak_domain::Timestamp;
use daak_domain::contact::{Contact, Location, Sender, Statement};
use unicode_normalization::UnicodeNormalization;

/// Why a contact can never be taken in as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// There is no name by which a second arrival would be known.
    #[error("external_id: give 1 to {LONGEST_ID} bytes without control characters, the same for the same contact")]
    ExternalId,
    /// A text is too long.
    #[error("{field}: at most {most} {unit}, this has {has}")]
    TooLong {
        /// Which.
        field: &'static str,
        /// The bound.
        most: usize,
        /// What is counted.
        unit: &'static str,
        /// What was given.
        has: usize,
    },
    /// Nothing was said and nothing sent along.
    #[error("body: expected what the citizen says, or a file; this has neither")]
    Empty,
    /// Not a mail address.
    #[error("sender.email: expected an address such as name@example.org")]
    Email,
    /// Not a place on the earth.
    #[error("location: expected lat -90 to 90 and lon -180 to 180 degrees, both or neither")]
    Coordinates,
}

/// Bytes of the channel's own name for a contact.
pub const LONGEST_ID: usize = 500;
/// Characters of a subject.
pub const LONGEST_SUBJECT: usize = 300;
/// Bytes of a statement.
pub const LONGEST_BODY: usize = 100 * 1024;
/// Characters of a text that is typed into a form.
pub const LONGEST_TEXT: usize = 20_000;
/// Characters of a name of a person, a place, a file.
pub const LONGEST_NAME: usize = 200;
/// Files.
pub const MOST_FILES: usize = 50;

/// The contact in one form.
///
/// # Errors
/// [`InvalidContact`], the first that is found.
pub fn checked(mut contact: Contact, now: Timestamp) -> Result<Contact, InvalidContact> {
    let id = &contact.external_id;
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(InvalidContact::ExternalId);
    }
    contact.received_at = contact.received_at.min(now);
    contact.subject = contact.subject.map(|text| one_line(&text)).filter(|text| !text.is_empty());
    bounded("subject", contact.subject.as_deref(), LONGEST_SUBJECT)?;
    contact.statement = statement(contact.statement)?;
    contact.sender = sender(contact.sender)?;
    contact.location = contact.location.map(location).transpose()?;
    if contact.attachments.len() > MOST_FILES {
        return Err(InvalidContact::TooLong { field: "attachments", most: MOST_FILES, unit: "files", has: contact.attachments.len() });
    }
    for file in &mut contact.attachments {
        file.name = one_line(&file.name).chars().take(LONGEST_NAME).collect();
    }
    let silent = contact.statement.text().is_some_and(str::is_empty) && contact.subject.is_none();
    if silent && contact.attachments.is_empty() {
        return Err(InvalidContact::Empty);
    }
    Ok(contact)
}

fn statement(statement: Statement) -> Result<Statement, InvalidContact> {
    let body = |text: String| {
        if text.len() > LONGEST_BODY {
            return Err(InvalidContact::TooLong { field: "body", most: LONGEST_BODY, unit: "bytes", has: text.len() });
        }
        Ok(clean(&text).trim().to_owned())
    };
    Ok(match statement {
        Statement::Written { text } => Statement::Written { text: body(text)? },
        Statement::Transcribed { text, confidence } => {
            let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
            Statement::Transcribed { text: body(text)?, confidence }
        }
        Statement::VoiceOnly { hint } => Statement::VoiceOnly { hint: hint.map(body).transpose()?.filter(|h| !h.is_empty()) },
        Statement::ImageOnly { draft } => Statement::ImageOnly { draft: draft.map(body).transpose()?.filter(|d| !d.is_empty()) },
    })
}

fn sender(sender: Sender) -> Result<Sender, InvalidContact> {
    let line = |text: Option<String>| text.map(|t| one_line(&t)).filter(|t| !t.is_empty());
    let (name, handle) = (line(sender.name), line(sender.handle));
    bounded("sender.name", name.as_deref(), LONGEST_NAME)?;
    bounded("sender.handle", handle.as_deref(), LONGEST_NAME)?;
    let email = line(sender.email).map(|e| e.to_lowercase());
    if email.as_deref().is_some_and(|e| !is_address(e)) {
        return Err(InvalidContact::Email);
    }
    Ok(Sender { phone: sender.phone, email, name, handle })
}

/// Enough to tell an address from a slip; only a mail that arrives proves one (RFC 5321 §4.5.3.1: 254 bytes at most).
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && !text.contains(char::is_whitespace)
        && parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
}

fn location(location: Location) -> Result<Location, InvalidContact> {
    let line = |text: Option<String>| text.map(|t| one_line(&t)).filter(|t| !t.is_empty());
    let (district, block) = (line(location.district), line(location.block));
    bounded("location.district", district.as_deref(), LONGEST_NAME)?;
    bounded("location.block", block.as_deref(), LONGEST_NAME)?;
    match (location.lat, location.lon) {
        (None, None) => {}
        (Some(lat), Some(lon)) if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) => {}
        _ => return Err(InvalidContact::Coordinates),
    }
    Ok(Location { district, block, ..location })
}

fn bounded(field: &'static str, text: Option<&str>, most: usize) -> Result<(), InvalidContact> {
    let has = text.map_or(0, |t| t.chars().count());
    if has > most { Err(InvalidContact::TooLong { field, most, unit: "characters", has }) } else { Ok(()) }
}

/// A text that must be taken as it comes: in one form, and cut where it is too long.
pub(super) fn shortened(text: &str) -> String {
    let text = clean(text).trim().to_owned();
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST_BODY).last().unwrap_or(0);
    text[..end].to_owned()
}

/// NFC, without control characters but line breaks and tabs: databases refuse some, terminals obey others.
fn clean(text: &str) -> String {
    // Composed last: what is taken out may have stood between marks that now have an order.
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_bidi_override(*c))).nfc().collect()
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Signs that make a text look like another one.
fn is_bidi_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_a_hidden_sign_held_apart_are_put_in_order() {
        let once = clean("\u{300}\u{202e}\u{acd}");
        assert_eq!(clean(&once), once);
    }
    use crate::intake::testing::contact;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00+05:30".parse().expect("a time")
    }

    #[test]
    fn texts_come_out_in_one_form() {
        let mut given = contact("k", "রাস্তা\u{0}\u{7} ভাঙা\r\n\u{202E}abc  ");
        given.subject = Some(" a\n b ".to_owned());
        given.sender.email = Some(" Ram@Example.ORG ".to_owned());
        given.received_at = Timestamp::MAX;
        let taken = checked(given, now()).expect("valid");
        assert_eq!(taken.statement.text(), Some("রাস্তা ভাঙা\nabc"));
        assert_eq!((taken.subject.as_deref(), taken.sender.email.as_deref()), (Some("a b"), Some("ram@example.org")));
        assert_eq!(taken.received_at, now(), "nothing arrives from the future");
    }

    #[test]
    fn what_can_never_be_taken_says_why() {
        let refuse = |change: fn(&mut Contact)| {
            let mut given = contact("k", "text");
            change(&mut given);
            checked(given, now()).expect_err("refused").to_string()
        };
        assert!(refuse(|c| c.external_id.clear()).starts_with("external_id: give 1 to 500 bytes"));
        assert!(refuse(|c| c.external_id = "a\nb".into()).starts_with("external_id"));
        assert_eq!(refuse(|c| c.subject = Some("x".repeat(301))), "subject: at most 300 characters, this has 301");
        assert_eq!(
            refuse(|c| c.statement = Statement::Written { text: "x".repeat(102_401) }),
            "body: at most 102400 bytes, this has 102401"
        );
        assert!(refuse(|c| c.statement = Statement::Written { text: " \n".into() }).starts_with("body: expected what the citizen says"));
        for address in ["x", "a@", "@b.org", "a@b", "a b@c.org", "a@b."] {
            let mut given = contact("k", "text");
            given.sender.email = Some(address.to_owned());
            assert_eq!(checked(given, now()), Err(InvalidContact::Email), "{address}");
        }
        assert!(refuse(|c| c.location = Some(Location { lat: Some(91.0), lon: Some(0.0), ..Location::default() })).starts_with("location"));
        assert!(
            refuse(|c| c.location = Some(Location { lat: Some(f64::NAN), lon: Some(0.0), ..Location::default() })).starts_with("location")
        );
        assert!(refuse(|c| c.location = Some(Location { lat: Some(1.0), ..Location::default() })).starts_with("location"));
    }

    #[test]
    fn a_voice_without_text_is_a_statement() {
        let mut given = contact("k", "");
        given.statement = Statement::VoiceOnly { hint: Some(" ".into()) };
        assert_eq!(checked(given, now()).map(|c| c.statement), Ok(Statement::VoiceOnly { hint: None }));
    }

    proptest! {
        #[test]
        fn what_is_checked_is_checked_again_unchanged(text in "[\\PC\n\t\u{0}\u{202E}]{1,80}", subject in "[\\PC\n]{0,40}", id in "\\PC{1,20}") {
            let mut given = contact(&id, &text);
            given.subject = Some(subject);
            if let Ok(once) = checked(given, now()) {
                prop_assert_eq!(checked(once.clone(), now()), Ok(once));
            }
        }
    }
}
