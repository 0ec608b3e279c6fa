//! Tables of contacts.

use super::fingerprint;
use anyhow::{Context, anyhow};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Location, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use serde::Deserialize;
use std::path::Path;

/// One row, as it is written. Columns that are left out are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Row {
    channel: String,
    phone: String,
    email: String,
    name: String,
    language: String,
    subject: String,
    body: String,
    district: String,
    block: String,
    external_id: String,
}

/// Reads every row of a table before any is taken in; answers each contact with its line.
///
/// # Errors
/// The first row that is none, with its line.
pub fn read(file: &Path) -> anyhow::Result<Vec<(u64, Contact)>> {
    let shown = file.display();
    let content = std::fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
    rows(&content, Timestamp::now()).map_err(|(line, why)| anyhow!("{shown}:{line}: {why}"))
}

type Rows = Result<Vec<(u64, Contact)>, (u64, String)>;

fn rows(content: &[u8], now: Timestamp) -> Rows {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(false).from_reader(content);
    let line_of = |why: &csv::Error| why.position().map_or(1, csv::Position::line);
    let headers = reader.headers().map_err(|why| (line_of(&why), why.to_string()))?.clone();
    if !headers.iter().any(|name| name == "body") {
        return Err((1, "expected a first line with the names of the columns, among them body".into()));
    }
    let (whole, mut contacts) = (fingerprint(content), Vec::new());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|why| (line_of(&why), why.to_string()))? {
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&headers)).map_err(|why| (line, why.to_string()))?;
        let key = format!("csv:{whole}:{line}");
        contacts.push((line, contact(row, key, now).map_err(|why| (line, why))?));
    }
    Ok(contacts)
}

fn contact(row: Row, key: String, now: Timestamp) -> Result<Contact, String> {
    let given = |text: String| (!text.is_empty()).then_some(text);
    let body = given(row.body).ok_or("body: expected what the citizen wrote, this is empty")?;
    let channel =
        given(row.channel).map_or(Ok(Channel::Portal), |name| name.parse::<Channel>()).map_err(|why| format!("channel: {why}"))?;
    let phone = given(row.phone).map(|text| PhoneNumber::parse(&text)).transpose().map_err(|why| format!("phone: {why}"))?;
    let language = given(row.language).map(|tag| tag.parse::<Language>()).transpose().map_err(|why| format!("language: {why}"))?;
    let (district, block) = (given(row.district), given(row.block));
    let location = (district.is_some() || block.is_some()).then(|| Location { district, block, ..Location::default() });
    Ok(Contact {
        language,
        subject: given(row.subject),
        location,
        ..Contact::new(
            channel,
            given(row.external_id).unwrap_or(key),
            now,
            Sender { phone, email: given(row.email.to_lowercase()), name: given(row.name), handle: None },
            Statement::Written { text: body },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Rows {
        rows(text.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn rows_become_contacts_and_the_same_file_makes_the_same_keys() {
        let text = "\u{feff}phone,body,channel,language\n9830012345,\"রাস্তা\nভাঙা\",walk_in,bn\n,No water,,\n";
        let contacts = read(text).expect("a good table");
        assert_eq!(contacts.len(), 2);
        let (line, first) = &contacts[0];
        assert_eq!((*line, first.channel, first.language), (2, Channel::WalkIn, Some(Language::Bn)));
        assert_eq!(first.statement.text(), Some("রাস্তা\nভাঙা"));
        assert_eq!((contacts[1].0, contacts[1].1.channel), (4, Channel::Portal));
        assert_eq!(read(text).expect("again")[1].1.external_id, contacts[1].1.external_id);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line, said) in [
            ("phone\n1\n", 1, "among them body"),
            ("body,phone\nx,12\n", 2, "phone: not a telephone number"),
            ("body\nx\n\"\"\n", 3, "body: expected what"),
            ("body,colour\nx,red\n", 2, "unknown field `colour`"),
            ("body,channel\nx,pigeon\n", 2, "channel: unknown channel"),
            ("body,channel\nx\n", 2, "found record with 1 fields"),
        ] {
            let (at, why) = read(text).expect_err(text);
            assert!(at == line && why.contains(said), "{text}: {at}: {why}");
        }
    }
}
