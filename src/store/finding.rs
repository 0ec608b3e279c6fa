//! By which words a ticket is found: those of its contacts, of what was written down or answered since, and of
//! the names of those who spoke.

use super::connection::{BoxWork, Connection, Value, values};
use super::error::{Result, StoreError};
use super::row::contact;
use super::writer::Work;
use super::{Change, Dialect, Store, words};
use daak_domain::contact::Contact;
use daak_domain::ticket::{AmendmentKind, Event, EventBody, Number};
use std::collections::BTreeSet;

/// Stands before a word of a name, so that a name can be looked for alone. No word of a text contains it.
const NAME: char = '\u{e000}';
/// Tickets whose words are made anew in one transaction.
const AT_ONCE: i64 = 500;

/// The words by which a contact's ticket is found.
pub(super) fn words_of(contact: &Contact) -> BTreeSet<String> {
    let text = contact.statement.text().or(contact.statement.draft()).unwrap_or_default();
    let mut all = words::words(&format!("{} {text}", contact.subject.as_deref().unwrap_or_default()));
    for word in words::words(contact.sender.name.as_deref().unwrap_or_default()) {
        all.insert(format!("{NAME}{word}"));
        all.insert(word);
    }
    all
}

/// The words for which to look, of a text and of a name.
pub(super) fn words_wanted(text: Option<&str>, name: Option<&str>) -> BTreeSet<String> {
    let mut all = words::words(text.unwrap_or_default());
    all.extend(words::words(name.unwrap_or_default()).into_iter().map(|word| format!("{NAME}{word}")));
    all
}

/// What an event says, where it is something by which the ticket should be found.
pub(super) fn said_in(body: &EventBody) -> Option<&str> {
    match body {
        EventBody::WrittenDown { text, .. } | EventBody::Answered { text } => Some(text),
        EventBody::Amended { amendment: AmendmentKind::Edited, text, .. } => text.as_deref(),
        _ => None,
    }
}

/// Makes the words of a ticket anew, out of all that was said in it.
pub(super) async fn find_anew(dialect: Dialect, on: &mut Connection, number: Number) -> Result<()> {
    let ticket = number.as_u64() as i64;
    let serial = on.row("SELECT serial FROM tickets WHERE number = ?1", values![ticket]).await?;
    let serial = serial.ok_or(StoreError::NotFound("ticket"))?.get("serial")?;
    let mut all = BTreeSet::new();
    for row in on.rows("SELECT id, body FROM contacts WHERE ticket = ?1", values![ticket]).await? {
        all.extend(words_of(&contact(&row)?.contact));
    }
    for row in on.rows("SELECT body FROM events WHERE ticket = ?1", values![ticket]).await? {
        let event: Event = serde_json::from_str(&row.get::<String>("body")?)?;
        all.extend(said_in(&event.body).map(words::words).unwrap_or_default());
    }
    dialect.keep_words(on, (number, serial), &all, true).await
}

impl Store {
    /// Does what a migration left to the program.
    pub(super) async fn keep_up(&self) -> Result<()> {
        if self.readers.row("SELECT task FROM upkeep WHERE task = 'words'", &[]).await?.is_none() {
            return Ok(());
        }
        let mut after = -1;
        while let Some(last) = self.writer.work(Anew { dialect: self.dialect, after }).await? {
            after = last;
        }
        Ok(())
    }
}

/// Makes the words of the next tickets anew; answers the last one's serial, or none when all are done.
struct Anew {
    dialect: Dialect,
    after: i64,
}

impl Work for Anew {
    type Answer = Option<i64>;

    fn run<'a>(&'a self, on: &'a mut Connection, _: &'a mut Vec<Change>) -> BoxWork<'a, Option<i64>> {
        Box::pin(async move {
            let sql = "SELECT number, serial FROM tickets WHERE serial > ?1 ORDER BY serial LIMIT ?2";
            let tickets = on.rows(sql, &[Value::from(self.after), Value::from(AT_ONCE)]).await?;
            let mut last = None;
            for row in &tickets {
                let number = Number::from_u64(row.get::<i64>("number")? as u64).map_err(|e| StoreError::Damaged(e.to_string()))?;
                find_anew(self.dialect, on, number).await?;
                last = Some(row.get("serial")?);
            }
            if last.is_none() {
                on.execute("DELETE FROM upkeep WHERE task = 'words'", &[]).await?;
            }
            Ok(last)
        })
    }
}
