//! Codes over a real store, with a clock that is moved.

use super::*;
use crate::masters::Masters;
use crate::notify::Templates;
use crate::store::{Destination, NewMessage, Opening, TakeIn};
use daak_domain::contact::{Channel, Contact, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{SlaClass, Ticket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Clock,
    citizens: Citizens,
    wishes: Wishes,
}

const TERMS: CodeTerms = CodeTerms { minutes: 10, tries: 3, per_hour: 2, session_minutes: 60 };

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a store");
        let clock = Clock::standing_at("2026-11-24T12:00+05:30".parse().expect("a time"));
        let templates = Arc::new(Templates::load(Path::new("config/templates"), "1000", "56070").expect("shipped"));
        let masters = Arc::new(Masters::load(Path::new("config")).expect("shipped"));
        let notices = Notices::new(templates, masters, [Channel::Sms].into());
        let (citizens, wishes) = Citizens::new(store.clone(), notices, TERMS, clock.clone());
        Self { _folder: folder, store, clock, citizens, wishes }
    }

    async fn ticket(&self, id: &str, sender: Sender) -> Ticket {
        let at = self.clock.now();
        let contact = Contact::new(Channel::Web, id, at, sender, Statement::Written { text: "জল নেই".into() });
        let opening = Opening {
            category: "phe.drinking-water".into(),
            department: "PHE".into(),
            sla_class: SlaClass::Community,
            emergency: false,
            language: Language::Bn,
            district: None,
            block: None,
            due_at: at,
            office: None,
        };
        let messages = |_: &Ticket| -> Vec<NewMessage> { Vec::new() };
        let new = TakeIn { contact, destination: Destination::Open(Box::new(opening)), then: vec![], messages };
        self.store.take_in(new).await.expect("taken in").ticket
    }

    /// Asks, and answers the secret and the code that was sent, if one was.
    async fn ask(&mut self, asked: Asked) -> (String, Option<String>) {
        let secret = self.citizens.ask(asked).expect("not busy").reveal().to_owned();
        self.wishes.fulfil_all().await;
        let lease = self.clock.now() + jiff::SignedDuration::from_hours(48);
        let due = self.store.outbox_claim(&[Channel::Sms, Channel::Email], self.clock.now(), lease, 10).await.expect("claimed");
        let code = due.first().and_then(|m| m.text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(str::to_owned));
        (secret, code)
    }

    async fn opens(&self, secret: &str, code: &str) -> bool {
        self.citizens.open(secret, code).await.expect("the store works").is_some()
    }
}

fn by_phone(phone: &str) -> Sender {
    Sender { phone: PhoneNumber::parse(phone).ok(), ..Sender::default() }
}

#[tokio::test]
async fn a_code_and_a_session_have_an_end() {
    let mut house = House::open().await;
    let ticket = house.ticket("1", by_phone("9830012345")).await;
    let (secret, code) = house.ask(Asked::for_ticket(ticket.number, None)).await;
    house.clock.advance(Duration::from_secs(10 * 60));
    assert!(!house.opens(&secret, &code.expect("sent")).await, "too old");

    let (secret, code) = house.ask(Asked::for_ticket(ticket.number, None)).await;
    let opened = house.citizens.open(&secret, &code.expect("sent")).await.expect("the store works").expect("right");
    let session = opened.secret.reveal();
    assert!(house.citizens.session(session).await.expect("read").is_some());
    house.clock.advance(Duration::from_secs(60 * 60));
    assert!(house.citizens.session(session).await.expect("read").is_none());
    assert!(house.citizens.ticket(session, ticket.number).await.expect("read").is_none());
}

#[tokio::test]
async fn a_code_is_good_only_with_the_secret_it_was_asked_with_and_in_any_script() {
    let mut house = House::open().await;
    let ticket = house.ticket("1", by_phone("9830012345")).await;
    let (secret, code) = house.ask(Asked::for_ticket(ticket.number, None)).await;
    let code = code.expect("sent");
    let (other, _) = house.ask(Asked::for_ticket(ticket.number, None)).await;
    assert!(!house.opens(&other, &code).await, "whoever asks at the same time holds another secret");
    let bengali: String = code.chars().filter_map(|c| char::from_u32('০' as u32 + c.to_digit(10)?)).collect();
    assert!(house.opens(&secret, &format!(" {bengali} ")).await);
    assert!(!house.opens(&secret, &code).await, "once");
}

#[tokio::test]
async fn an_address_gets_few_codes_an_hour_whoever_asks_by_whatever() {
    let mut house = House::open().await;
    let one = house.ticket("1", by_phone("9830012345")).await;
    let two = house.ticket("2", by_phone("9830012345")).await;
    let phone = PhoneNumber::parse("9830012345").expect("a number");
    assert!(house.ask(Asked::for_ticket(one.number, None)).await.1.is_some());
    assert!(house.ask(Asked::for_ticket(two.number, None)).await.1.is_some());
    assert!(house.ask(Asked::for_phone(phone.clone(), None)).await.1.is_none(), "enough");
    house.clock.advance(Duration::from_secs(61 * 60));
    assert!(house.ask(Asked::for_phone(phone, None)).await.1.is_some());
}

#[tokio::test]
async fn a_code_goes_only_where_it_can_be_read() {
    let mut house = House::open().await;
    let landline = house.ticket("1", by_phone("03322145555")).await;
    let mail = house.ticket("2", Sender { email: Some("a@b.org".into()), ..Sender::default() }).await;
    let nobody = house.ticket("3", Sender::default()).await;
    for number in [landline.number, mail.number, nobody.number] {
        let (secret, code) = house.ask(Asked::for_ticket(number, None)).await;
        assert_eq!(code, None, "no SMS to a landline, no mail without a server, nothing to nobody");
        assert!(!house.opens(&secret, "123456").await);
    }
}

#[tokio::test]
async fn more_than_can_be_done_is_refused_to_everybody() {
    let house = House::open().await;
    for _ in 0..codes::WAITING {
        house.citizens.ask(Asked::for_ticket(Number::from_serial(1), None)).expect("there is room");
    }
    assert!(house.citizens.ask(Asked::for_ticket(Number::from_serial(1), None)).is_err());
}
