//! A citizen is asked over days, on a clock that is moved.

use super::{Feedback, Reached};
use crate::clock::Clock;
use crate::intake::Steps;
use crate::masters::Masters;
use crate::notify::{Notices, Templates};
use crate::store::{Destination, Opening, Store, StoreError, TakeIn};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{BoxFuture, Refusal};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, SlaClass, State, Ticket};
use jiff::SignedDuration;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Ear {
    calls: Mutex<Vec<(Number, String, Language)>>,
    by_person: Mutex<Vec<String>>,
}

impl Reached for Ear {
    fn can_call(&self) -> bool {
        true
    }

    fn call<'a>(&'a self, ticket: Number, number: &'a PhoneNumber, language: Language) -> BoxFuture<'a, Result<(), Refusal>> {
        self.calls.lock().expect("whole").push((ticket, number.to_string(), language));
        // The first call cannot be made: the rule goes on.
        Box::pin(async { Err(Refusal::Unavailable("no trunk".into())) })
    }

    fn by_person(&self, number: &PhoneNumber, _: Language) {
        self.by_person.lock().expect("whole").push(number.to_string());
    }
}

/// Steps with the messages that they cause, to a citizen who has a telephone.
struct Desk {
    store: Store,
    notices: Notices,
}

impl Steps for Desk {
    fn append(&self, number: Number, expected_seq: Option<u32>, event: Event) -> BoxFuture<'_, Result<Ticket, StoreError>> {
        let (notices, told) = (self.notices.clone(), event.clone());
        let way = crate::notify::Way { channel: Channel::Sms, to: "+919830012345".into(), answers: None, subject: None, public: false };
        let messages = move |ticket: &Ticket| notices.after(ticket, &told.body, &way, told.at).into_iter().collect();
        Box::pin(async move { self.store.append(number, expected_seq, vec![event], messages).await })
    }

    fn reopens(&self, ticket: &Ticket, at: Timestamp) -> bool {
        ticket.closed_at.is_some_and(|closed| at.duration_since(closed) <= SignedDuration::from_hours(30 * 24))
    }

    fn channels<'a>(&'a self, _: &'a Ticket) -> BoxFuture<'a, Result<Vec<Channel>, StoreError>> {
        Box::pin(async { Ok(vec![Channel::Sms]) })
    }
}

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    desk: Arc<Desk>,
    ear: Arc<Ear>,
    masters: Arc<Masters>,
    clock: Clock,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a store");
        let masters = Arc::new(Masters::load(Path::new("config")).expect("shipped"));
        let templates = Arc::new(Templates::load(Path::new("config/templates"), "1000", "56070").expect("shipped"));
        let notices = Notices::new(templates, masters.clone(), [Channel::Sms].into());
        let clock = Clock::standing_at("2026-11-24T11:00+05:30".parse().expect("a time"));
        let desk = Arc::new(Desk { store: store.clone(), notices });
        Self { _folder: folder, store, desk, ear: Arc::default(), masters, clock }
    }

    fn task(&self) -> Feedback {
        Feedback::new(self.store.clone(), self.desk.clone(), self.masters.feedback.clone(), self.ear.clone(), self.clock.clone())
    }

    async fn verified(&self, id: &str) -> Number {
        let at = self.clock.now();
        let sender = Sender { phone: PhoneNumber::parse("9830012345").ok(), ..Sender::default() };
        let contact = Contact::new(Channel::Sms, id, at, sender, Statement::Written { text: "জল নেই".into() });
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
        let new =
            TakeIn { contact, destination: Destination::Open(Box::new(opening)), then: Vec::new(), messages: |_: &Ticket| Vec::new() };
        let number = self.store.take_in(new).await.expect("taken").ticket.number;
        for body in [
            EventBody::Assigned { department: "PHE".into(), officer: None, reason: None, office: None },
            EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "Mended.".into(), attachments: Vec::new() },
            EventBody::VerificationBegun { how: "by hand".into() },
        ] {
            self.desk.append(number, None, Event { at, by: Actor::Helpline, body }).await.expect("legal");
        }
        number
    }

    async fn questions(&self, number: Number) -> usize {
        let events = self.store.events(number).await.expect("read");
        events.iter().filter(|sealed| matches!(sealed.event.body, EventBody::Questioned { .. })).count()
    }
}

#[tokio::test]
async fn asked_over_days_by_message_call_and_person_and_closed_as_no_answer() {
    let house = House::open().await;
    let number = house.verified("a").await;
    for hour in 0..(16 * 24) {
        // A new task each time, as after a kill: what was asked stands in the events.
        while house.task().round().await.expect("it works") > 0 {}
        if hour < 15 * 24 {
            assert_eq!(house.store.ticket(number).await.expect("read").expect("there").state, State::Verifying, "hour {hour}");
        }
        house.clock.advance(Duration::from_secs(3_600));
    }
    let ticket = house.store.ticket(number).await.expect("read").expect("there");
    assert_eq!((ticket.state, ticket.closure), (State::Closed, Some(Closure::NoAnswer)), "silence is never satisfaction");
    assert_eq!(house.questions(number).await, 5);
    let calls = house.ear.calls.lock().expect("whole").clone();
    assert_eq!(calls, vec![(number, "+919830012345".to_owned(), Language::Bn); 2]);
    assert_eq!(house.ear.by_person.lock().expect("whole").len(), 1);
    let sent: Vec<_> = house.store.messages(Some(number), None, 50).await.expect("read").items;
    let of = |template: &str| sent.iter().filter(|row| row.message.template == template).count();
    assert_eq!((of("question"), of("unanswered")), (2, 1));
    assert_eq!(house.store.questions_next().await.expect("read"), None, "nothing more is to be asked");
}

#[tokio::test]
async fn two_tasks_at_once_ask_once_and_an_answer_ends_the_asking() {
    let house = House::open().await;
    let mut numbers = Vec::new();
    for n in 0..20 {
        numbers.push(house.verified(&n.to_string()).await);
    }
    let (one, other) = (house.task(), house.task());
    for _ in 0..5 {
        let (a, b) = tokio::join!(one.round(), other.round());
        a.and(b).expect("both work");
    }
    for number in &numbers {
        assert_eq!(house.questions(*number).await, 1, "asked once");
    }
    let yes = EventBody::Closed { closure: Closure::Confirmed, remarks: "yes".into() };
    house.desk.append(numbers[0], None, Event { at: house.clock.now(), by: Actor::Citizen, body: yes }).await.expect("legal");
    house.clock.advance(Duration::from_secs(3 * 86_400));
    while house.task().round().await.expect("it works") > 0 {}
    assert_eq!(house.questions(numbers[0]).await, 1);
    assert_eq!(house.questions(numbers[1]).await, 2);
}
