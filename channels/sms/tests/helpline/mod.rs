//! A helpline that keeps what it is told, for tests of the channel alone.
#![allow(dead_code)]

use daak_domain::call::{AfterHours, CallEvent, CallId};
use daak_domain::carrier::{Delivery, Fate, Sent};
use daak_domain::contact::{Contact, Receipt};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Held, Helpline, Refusal, Standing};
use daak_domain::ticket::Number;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
pub struct Listener {
    heard: Mutex<Vec<Contact>>,
    held: Mutex<Vec<Held>>,
    delivered: Mutex<Vec<Delivery>>,
    /// Refuses so many messages before it takes one.
    pub refuses: Mutex<usize>,
}

impl Listener {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn texts(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").iter().filter_map(|c| c.statement.text().map(str::to_owned)).collect()
    }

    pub fn contacts(&self) -> Vec<Contact> {
        self.heard.lock().expect("no panic").clone()
    }

    pub fn held(&self) -> Vec<Held> {
        self.held.lock().expect("no panic").clone()
    }

    /// Keys of messages that were delivered.
    pub fn delivered(&self) -> Vec<String> {
        let all = self.delivered.lock().expect("no panic");
        let key = |d: &Delivery| match (&d.message, &d.fate) {
            (Sent::Key(key), Fate::Delivered) => Some(key.clone()),
            _ => None,
        };
        all.iter().filter_map(key).collect()
    }

    pub fn news(&self) -> Vec<Delivery> {
        self.delivered.lock().expect("no panic").clone()
    }
}

impl Helpline for Listener {
    fn take_in(&self, _: Contact) -> BoxFuture<'_, Result<Receipt, Refusal>> {
        Box::pin(async { Err(Refusal::Invalid("only short messages come here".into())) })
    }

    fn short_message(&self, contact: Contact) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            {
                let mut refuses = self.refuses.lock().expect("no panic");
                if *refuses > 0 {
                    *refuses -= 1;
                    return Err(Refusal::Unavailable("not now".into()));
                }
            }
            self.heard.lock().expect("no panic").push(contact);
            Ok(())
        })
    }

    fn hold(&self, held: Held) -> BoxFuture<'_, Result<(), Refusal>> {
        self.held.lock().expect("no panic").push(held);
        Box::pin(async { Ok(()) })
    }

    fn delivery(&self, news: Delivery) -> BoxFuture<'_, Result<(), Refusal>> {
        self.delivered.lock().expect("no panic").push(news);
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

    fn hours(&self, _: &str, _: daak_domain::Timestamp) -> AfterHours {
        AfterHours::Open
    }

    fn call_event(&self, _: CallId, _: CallEvent) {}

    fn remembered_language<'a>(&'a self, _: &'a PhoneNumber) -> BoxFuture<'a, Option<Language>> {
        Box::pin(async { None })
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}
