//! A helpline that takes note of what a channel tells it, for tests of the channel alone; and an archive in memory.

use daak_domain::Timestamp;
use daak_domain::call::{AfterHours, CallEvent, CallId};
use daak_domain::carrier::{Delivery, Fate, Sent};
use daak_domain::contact::{Attachment, BlobId, Contact, Outcome, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Archive, ArchiveWriter, BoxFuture, Held, Helpline, Label, Refusal, Standing};
use daak_domain::ticket::{Number, SlaClass, State};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The helpline. The same contact twice is one, as at the real door.
#[derive(Default)]
pub struct NoteTaker {
    contacts: Mutex<Vec<Contact>>,
    held: Mutex<Vec<Held>>,
    news: Mutex<Vec<Delivery>>,
    refusals: Mutex<usize>,
}

fn of<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NoteTaker {
    /// A helpline that has heard nothing.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Refuses the next `count` contacts, as a database that is busy does.
    pub fn refuse(&self, count: usize) {
        *of(&self.refusals) = count;
    }

    /// What came in.
    pub fn contacts(&self) -> Vec<Contact> {
        of(&self.contacts).clone()
    }

    /// The texts of what came in.
    pub fn texts(&self) -> Vec<String> {
        of(&self.contacts).iter().filter_map(|contact| contact.statement.text().map(str::to_owned)).collect()
    }

    /// What was held.
    pub fn held(&self) -> Vec<Held> {
        of(&self.held).clone()
    }

    /// What carriers heard later.
    pub fn news(&self) -> Vec<Delivery> {
        of(&self.news).clone()
    }

    /// Keys of messages that were delivered.
    pub fn delivered(&self) -> Vec<String> {
        let key = |news: &Delivery| match (&news.message, &news.fate) {
            (Sent::Key(key), Fate::Delivered) => Some(key.clone()),
            _ => None,
        };
        of(&self.news).iter().filter_map(key).collect()
    }

    fn note(&self, contact: Contact) -> Result<Receipt, Refusal> {
        let mut refusals = of(&self.refusals);
        if *refusals > 0 {
            *refusals -= 1;
            return Err(Refusal::Unavailable("not now".into()));
        }
        let mut contacts = of(&self.contacts);
        let known = contacts.iter().any(|c| c.channel == contact.channel && c.external_id == contact.external_id);
        let due_at = contact.received_at;
        if !known {
            contacts.push(contact);
        }
        Ok(Receipt {
            number: Number::from_serial(contacts.len() as u64),
            outcome: if known { Outcome::Repeated } else { Outcome::Opened },
            state: State::Registered,
            category: "x".into(),
            department: "x".into(),
            sla_class: SlaClass::Individual,
            emergency: false,
            due_at,
        })
    }
}

impl Helpline for NoteTaker {
    fn take_in(&self, contact: Contact) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(async move { self.note(contact) })
    }

    fn hold(&self, held: Held) -> BoxFuture<'_, Result<(), Refusal>> {
        of(&self.held).push(held);
        Box::pin(async { Ok(()) })
    }

    fn delivery(&self, news: Delivery) -> BoxFuture<'_, Result<(), Refusal>> {
        of(&self.news).push(news);
        Box::pin(async { Ok(()) })
    }

    fn look_up(&self, _: Number) -> BoxFuture<'_, Result<Option<Standing>, Refusal>> {
        Box::pin(async { Ok(None) })
    }

    fn send_sms<'a>(
        &'a self,
        _: &'a str,
        _: &'a PhoneNumber,
        _: Language,
        _: &'a str,
        _: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }

    fn hours(&self, _: &str, _: Timestamp) -> AfterHours {
        AfterHours::Open
    }

    fn call_event(&self, _: CallId, _: CallEvent) {}

    fn remembered_language<'a>(&'a self, _: &'a PhoneNumber) -> BoxFuture<'a, Option<Language>> {
        Box::pin(async { None })
    }
}

/// Files in memory. Clones are the same shelf.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<HashMap<String, Vec<u8>>>>);

struct Writing {
    shelf: Shelf,
    label: Label,
    content: Vec<u8>,
}

impl Archive for Shelf {
    fn create(&self, label: Label) -> io::Result<Box<dyn ArchiveWriter>> {
        Ok(Box::new(Writing { shelf: self.clone(), label, content: Vec::new() }))
    }

    fn get(&self, blob: &BlobId) -> io::Result<Vec<u8>> {
        of(&self.0).get(blob.as_str()).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl ArchiveWriter for Writing {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.content.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Attachment> {
        let Writing { shelf, label, content } = *self;
        let (blob, size) = (BlobId::from_digest(Sha256::digest(&content).into()), content.len() as u64);
        of(&shelf.0).insert(blob.as_str().to_owned(), content);
        Ok(Attachment { blob, name: label.name, media_type: label.media_type, size, role: label.role })
    }
}
