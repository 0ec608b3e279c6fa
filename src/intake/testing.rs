//! A door over a real store, with a clock that stands.

use super::{Desk, DoorRules, Intake};
use crate::clock::Clock;
use crate::intelligence::{CategoryFacts, FindPlaces, Keywords, Trained, Understand};
use crate::masters::Masters;
use crate::notify::{Notices, Templates};
use crate::store::{MessageRow, Store};
use daak_domain::Timestamp;
use daak_domain::call::{CallEvent, CallId};
use daak_domain::contact::{Channel, Contact, Receipt, Sender, Statement};
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::Refusal;
use daak_domain::ticket::{EventBody, Number};
use daak_intelligence::Model;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(crate) struct House {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: Clock,
    pub(crate) masters: Arc<Masters>,
    pub(super) calls: Arc<Mutex<Vec<(CallId, CallEvent)>>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a store");
        let clock = Clock::standing_at("2026-11-24T12:00+05:30".parse().expect("a time"));
        let masters = Arc::new(Masters::load(Path::new("config")).expect("shipped"));
        let templates = Arc::new(Templates::load(Path::new("config/templates"), "1000", "56070").expect("shipped"));
        let rules = DoorRules::load(Path::new("config")).expect("shipped");
        let notices = Notices::new(templates, masters.clone(), [Channel::Sms, Channel::Email].into());
        let intake = Intake::new(store.clone(), understanding(&masters), masters.clone(), notices, rules, clock.clone());
        let calls: Arc<Mutex<Vec<(CallId, CallEvent)>>> = Arc::default();
        let told = calls.clone();
        let desk = Desk::new(intake, move |call, event| told.lock().expect("no panic").push((call, event)));
        Self { _folder: folder, store, desk: Arc::new(desk), clock, masters, calls }
    }

    pub(crate) async fn take_in(&self, contact: Contact) -> Result<Receipt, Refusal> {
        self.desk.intake.take_in(contact).await
    }

    pub(super) async fn events(&self, number: Number) -> Vec<EventBody> {
        self.store.events(number).await.expect("read").into_iter().map(|sealed| sealed.event.body).collect()
    }

    pub(super) async fn messages(&self, number: Number) -> Vec<MessageRow> {
        self.store.messages(Some(number), None, 50).await.expect("read").items
    }
}

/// A contact of nobody in particular, by the portal.
pub(super) fn contact(id: &str, text: &str) -> Contact {
    Contact::new(
        Channel::Portal,
        id.to_owned(),
        "2026-11-24T12:00+05:30".parse::<Timestamp>().expect("a time"),
        Sender::default(),
        Statement::Written { text: text.to_owned() },
    )
}

/// A contact of whoever has this number.
pub(crate) fn from(phone: &str, id: &str, text: &str) -> Contact {
    let phone = Some(PhoneNumber::parse(phone).expect("a number"));
    Contact { sender: Sender { phone, ..Sender::default() }, ..contact(id, text) }
}

fn understanding(masters: &Arc<Masters>) -> Arc<dyn Understand> {
    struct PlacesOf(Arc<Masters>);
    impl FindPlaces for PlacesOf {
        fn places_in(&self, text: &str) -> (Option<String>, Option<String>) {
            let (district, local) = self.0.places.named_in(text);
            (district.map(|d| d.code.clone()).or_else(|| local?.district.clone()), local.map(|l| l.code.clone()))
        }

        fn district_of(&self, text: &str) -> Option<(String, String)> {
            self.0.places.named_in(text).0.map(|d| (d.code.clone(), d.name_en.clone()))
        }
    }
    let categories = &masters.taxonomy.categories;
    let keywords = Keywords::load(Path::new("config/keywords.toml"), |code| categories.contains_key(code)).expect("shipped");
    let facts = categories
        .values()
        .map(|c| (c.code.clone(), CategoryFacts { department: c.department.clone(), sla_class: c.sla_class, scheme: c.scheme.clone() }));
    let model = Model::shipped().expect("whole");
    Arc::new(Trained::new(model, keywords, facts.collect(), Box::new(PlacesOf(masters.clone()))).expect("it fits"))
}
