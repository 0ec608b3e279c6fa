//! A file's whole way: read, parted into letters, each taken in at the one door; or held, with the reason.

use crate::offers::Field;
use crate::reader::{Letter, ReadError, Reader};
use crate::reading::Reading;
use crate::scan::{Bounds, Scan};
use crate::tesseract::Script;
use daak_domain::contact::{Attachment, AttachmentRole, Channel, Contact, Outcome, Receipt, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::seam::{Archive, Held, Helpline, Label, Refusal};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes files in. Taking the same file in again changes nothing: a letter is known by the file's content and its pages.
pub struct PostRoom {
    reader: Reader,
    helpline: Arc<dyn Helpline>,
    archive: Arc<dyn Archive>,
    bounds: Bounds,
    /// Mean confidence of words, 0 to 100, below which a person writes a letter down.
    trust: f32,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Every letter in it has its ticket.
    Letters(Vec<Receipt>),
    /// It is in quarantine, for this reason.
    Held(String),
}

/// We cannot do it now; the file must be kept and tried again.
#[derive(Debug, thiserror::Error)]
#[error("not possible right now: {0}")]
pub struct NotNow(pub String);

/// Mean confidence that parts good pages (about 90) from broken ones (about 67).
pub const USUAL_TRUST: f32 = 75.0;

impl PostRoom {
    /// A post room that works with these.
    pub fn new(reader: Reader, helpline: Arc<dyn Helpline>, archive: Arc<dyn Archive>, bounds: Bounds, trust: f32) -> Self {
        Self { reader, helpline, archive, bounds, trust }
    }

    /// Takes in the file at `path`. `name` is shown to people and touches no path.
    ///
    /// # Errors
    /// [`NotNow`]: nothing is lost if the same file is given again.
    pub async fn take_in(&self, path: &Path, name: &str, received_at: Timestamp) -> Result<Taken, NotNow> {
        let (file, bounds) = (path.to_owned(), self.bounds);
        let opened = blocking(move || Scan::open(&file, bounds)).await?;
        let scan = match opened.map_err(ReadError::from) {
            Ok(scan) => Arc::new(scan),
            Err(why) => return self.hold(path, name, received_at, why).await,
        };
        let (mut letters, mut receipts) = (self.reader.read(scan.clone()), Vec::new());
        while let Some(letter) = letters.next().await {
            let letter = match letter {
                Ok(letter) => letter,
                // The letters before it have their tickets; released, the file comes to a person beside them.
                Err(why) => return self.hold(path, name, received_at, why).await,
            };
            let id = format!("scan:{}:{}-{}", scan.hash(), letter.first, letter.last);
            let read = self.keep_reading(letter.reading.clone(), id.clone()).await?;
            match self.helpline.take_in(contact(letter, id, received_at, read, self.trust)).await {
                Ok(receipt) => receipts.push(receipt),
                Err(Refusal::Unavailable(why)) => return Err(NotNow(why)),
                Err(Refusal::Invalid(why)) => {
                    return self.keep_held(path, name, received_at, format!("a letter in it was refused: {why}")).await;
                }
            }
        }
        Ok(Taken::Letters(receipts))
    }

    async fn keep_reading(&self, reading: Reading, belongs_to: String) -> Result<Attachment, NotNow> {
        let archive = self.archive.clone();
        blocking(move || {
            let label =
                Label { name: "reading.json".into(), media_type: "application/json".into(), role: AttachmentRole::Reading, belongs_to };
            archive.put(label, &serde_json::to_vec(&reading)?)
        })
        .await?
        .map_err(|why| NotNow(why.to_string()))
    }

    async fn hold(&self, path: &Path, name: &str, received_at: Timestamp, why: ReadError) -> Result<Taken, NotNow> {
        match why {
            ReadError::Unavailable(why) => Err(NotNow(why)),
            why => self.keep_held(path, name, received_at, why.to_string()).await,
        }
    }

    async fn keep_held(&self, path: &Path, name: &str, received_at: Timestamp, reason: String) -> Result<Taken, NotNow> {
        let (archive, file, name, bounds) = (self.archive.clone(), path.to_owned(), name.to_owned(), self.bounds);
        let raw = blocking(move || keep_file(&*archive, &file, name, bounds)).await?.map_err(|why| NotNow(why.to_string()))?;
        let external_id = match &raw {
            Some(raw) => format!("scan:{}", raw.blob.as_str()),
            None => format!("scan:unkept:{}", path.file_name().unwrap_or_default().to_string_lossy()),
        };
        let held = Held {
            channel: Channel::Letter,
            external_id,
            received_at,
            sender: Sender::default(),
            reason: reason.clone(),
            excerpt: None,
            raw,
        };
        self.helpline.hold(held).await.map_err(|why| NotNow(why.to_string()))?;
        Ok(Taken::Held(reason))
    }
}

/// The file as it came, in the archive. One that is too large stays where it is.
fn keep_file(archive: &dyn Archive, path: &PathBuf, name: String, bounds: Bounds) -> std::io::Result<Option<Attachment>> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    if size > bounds.bytes || size == 0 {
        return Ok(None);
    }
    let label = Label { name, media_type: "application/octet-stream".into(), role: AttachmentRole::Original, belongs_to: "letters".into() };
    let (mut writer, mut buffer) = (archive.create(label)?, vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return writer.finish().map(Some),
            count => writer.append(&buffer[..count])?,
        }
    }
}

/// The contact that a letter is. What was read badly is a draft beside the picture, and a person writes it down.
fn contact(letter: Letter, id: String, received_at: Timestamp, read: Attachment, trust: f32) -> Contact {
    let Letter { pages, reading, about, .. } = letter;
    let text = clipped(reading.text());
    let good = reading.confidence >= trust && !text.is_empty();
    let script = Script::of_text(&text);
    let facts = facts(&reading);
    let statement = if good { Statement::Written { text } } else { Statement::ImageOnly { draft: Some(text).filter(|t| !t.is_empty()) } };
    let mut contact = Contact::new(Channel::Letter, id, received_at, Sender::default(), statement);
    // What Devanagari and Latin letters say may be Nepali or Bengali: there the text itself decides, if there is one.
    contact.language = if good { script.filter(|s| *s == Script::Bengali).map(|_| Language::Bn) } else { reading.language };
    contact.attachments = pages.into_iter().chain([read]).collect();
    contact.about = about;
    contact.facts = facts;
    contact
}

/// What is told beside the letter: how well it was read, and what a person may confirm.
fn facts(reading: &Reading) -> BTreeMap<String, String> {
    let name = |field: Field| match field {
        Field::Name => "offered_name",
        Field::Address => "offered_address",
        Field::Phone => "offered_phone",
        Field::Pin => "offered_pin",
        Field::District => "offered_district",
        Field::Subject => "offered_subject",
    };
    let mut facts = BTreeMap::from([
        ("reading_confidence".to_owned(), format!("{:.0}", reading.confidence)),
        ("pages".to_owned(), reading.pages.len().to_string()),
    ]);
    for offer in &reading.offers {
        facts.entry(name(offer.field).to_owned()).or_insert_with(|| offer.value.clone());
    }
    if let Some(why) = reading.pages.iter().find_map(|p| p.unread.clone()) {
        facts.insert("unread".into(), why);
    }
    facts
}

/// The text within what the door takes (100 KiB); the whole stands in the reading.
fn clipped(mut text: String) -> String {
    const LONGEST: usize = 96 * 1024;
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotNow> {
    tokio::task::spawn_blocking(work).await.map_err(|why| NotNow(why.to_string()))
}

/// A line about what became of a file, without anything personal.
impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held(reason) => write!(f, "held: {reason}"),
            Self::Letters(receipts) => {
                let repeated = receipts.iter().filter(|r| r.outcome == Outcome::Repeated).count();
                write!(f, "{} letters, {repeated} of them taken in before", receipts.len())
            }
        }
    }
}
