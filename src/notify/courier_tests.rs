//! The courier over a real store: killed at every await point, restarted, refused, asked by night.

use super::*;
use crate::store::NewMessage;
use daak_domain::Timestamp;
use daak_domain::carrier::{Accepted, SendError};
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::seam::BoxFuture;
use daak_domain::ticket::{EventBody, MessageState, SlaClass};
use daak_sms::{Outbox, SenderId, SmsCarrier};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll};

/// A carrier that remembers each key that it took, and has three moments in which its caller may die.
#[derive(Default)]
struct Remembering {
    took: Mutex<Vec<String>>,
    refusals: Mutex<Vec<SendError>>,
}

impl Remembering {
    fn keys(&self) -> Vec<String> {
        self.took.lock().expect("no panic").clone()
    }
}

impl daak_sms::Gateway for Remembering {
    fn send<'a>(&'a self, message: &'a daak_sms::Outgoing) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if let Some(error) = self.refusals.lock().expect("no panic").pop() {
                return Err(error);
            }
            self.took.lock().expect("no panic").push(message.key.clone());
            // The carrier has it, and our side does not know yet.
            tokio::task::yield_now().await;
            Ok(Accepted { carrier_id: format!("c-{}", message.key), parts: 1, reports: true })
        })
    }

    fn driver(&self) -> &'static str {
        "test"
    }
}

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    carrier: Arc<Remembering>,
    clock: Clock,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_dir(folder.path()).await.expect("a store");
        Self { _folder: folder, store, carrier: Arc::default(), clock: Clock::standing_at(at("2026-11-24T12:00")) }
    }

    /// The courier as a fresh process has it.
    fn courier(&self) -> Courier {
        let templates = Arc::new(Templates::load(Path::new("config/templates"), "1000", "56070").expect("shipped"));
        let rules = Rules { per_second: 1000, per_number_hour: 1000, ..Rules::default() };
        let carrier = Arc::new(SmsCarrier::new(self.carrier.clone(), SenderId::default()));
        Courier::new(self.store.clone(), carrier, templates, rules, self.clock.clone())
    }

    async fn put(&self, key: &str, to: &str, template: &str, urgent: bool) {
        let message = NewMessage {
            key: key.to_owned(),
            channel: Channel::Sms,
            to: to.to_owned(),
            template: template.to_owned(),
            language: Language::Bn,
            text: "নমস্কার".to_owned(),
            enclosed: Default::default(),
            masked: None,
            urgent,
            not_before: self.clock.now(),
        };
        self.store.enqueue(None, message, self.clock.now()).await.expect("written");
    }

    async fn states(&self) -> Vec<(String, MessageState)> {
        let rows = self.store.messages(None, None, 200).await.expect("read").items;
        let mut states: Vec<_> = rows.into_iter().map(|row| (row.message.key, row.state)).collect();
        states.sort_by(|a, b| a.0.cmp(&b.0));
        states
    }

    async fn state(&self, key: &str) -> MessageState {
        self.states().await.into_iter().find(|(k, _)| k == key).expect("it is there").1
    }

    /// Rounds until nothing is due any more.
    async fn carry_all(&self) {
        let courier = self.courier();
        while courier.round().await.expect("the store works") > 0 {}
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}+05:30").parse().expect("a time")
}

/// Polls `future` so often and then drops it, as a kill would. `true` if it had ended by then.
async fn dies_after(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        let over = std::future::poll_fn(|cx: &mut Context<'_>| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if over {
            return true;
        }
        // Lets the store's writer come to an answer, so that each poll meets the next await point.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_instant_and_started_again_everybody_gets_the_message_once_under_its_key() {
    for polls in 0..200 {
        let house = House::open().await;
        for n in 0..3 {
            house.put(&format!("m{n}"), "9830012345", "assigned", false).await;
        }
        let over = dies_after(polls, house.courier().round()).await;
        house.clock.advance(house.courier().lease() + Duration::from_secs(1));
        house.carry_all().await;

        let keys = house.carrier.keys();
        let mut once = keys.clone();
        once.sort();
        once.dedup();
        assert_eq!(once, ["m0", "m1", "m2"], "at least once, and by the key once; died after {polls} polls");
        assert!(keys.len() <= 6, "a death costs one more sending at most: {keys:?}");
        assert!(house.states().await.iter().all(|(_, state)| *state == MessageState::Sent), "died after {polls} polls");
        if over {
            assert!(polls > 3, "the round has await points to die at");
            assert_eq!(keys.len(), 3, "a round that ended leaves nothing to repeat");
            return;
        }
    }
    unreachable!("a round of three messages needs fewer than 200 polls");
}

#[tokio::test]
async fn two_couriers_at_once_send_nothing_twice() {
    let house = House::open().await;
    for n in 0..40 {
        house.put(&format!("m{n:02}"), "9830012345", "assigned", false).await;
    }
    let (a, b) = (house.courier(), house.courier());
    let (a, b) = tokio::join!(a.round(), b.round());
    assert_eq!(a.expect("works") + b.expect("works"), 40);
    assert_eq!(house.carrier.keys().len(), 40);
}

#[tokio::test]
async fn a_gateway_that_is_down_for_an_hour_loses_nothing_and_sends_nothing_twice() {
    let house = House::open().await;
    house.put("a", "9830012345", "registered", true).await;
    house.carrier.refusals.lock().expect("no panic").extend(vec![SendError::later("down"); 7]);
    let began = house.clock.now();
    while house.state("a").await == MessageState::Queued {
        house.carry_all().await;
        house.clock.advance(Duration::from_secs(30));
    }
    assert_eq!((house.carrier.keys(), house.state("a").await), (vec!["a".to_owned()], MessageState::Sent));
    assert!(house.clock.now().duration_since(began).as_mins() > 30, "seven refusals with growing waits take the better part of an hour");
}

#[tokio::test]
async fn the_night_keeps_what_can_wait_and_a_landline_fails_at_once() {
    let house = House::open().await;
    house.clock.advance(Duration::from_secs(11 * 3600)); // 23:00
    house.put("urgent", "9830012345", "registered", true).await;
    house.put("waits", "9830012345", "closed", false).await;
    house.put("landline", "03322145555", "registered", true).await;
    house.carry_all().await;
    assert_eq!(house.carrier.keys(), ["urgent"]);
    assert_eq!((house.state("waits").await, house.state("landline").await), (MessageState::Queued, MessageState::Failed));
    house.clock.advance(Duration::from_secs(9 * 3600 + 1));
    house.carry_all().await;
    assert_eq!(house.carrier.keys(), ["urgent", "waits"]);
}

#[tokio::test]
async fn a_code_that_would_come_too_late_is_not_sent() {
    let house = House::open().await;
    house.put("code", "9830012345", "otp", true).await;
    house.clock.advance(Duration::from_secs(11 * 60));
    house.carry_all().await;
    assert_eq!((house.carrier.keys().len(), house.state("code").await), (0, MessageState::Failed));
}

#[tokio::test]
async fn the_running_courier_wakes_for_a_new_message_and_ends_when_told() {
    let house = House::open().await;
    let closing = CancellationToken::new();
    let task = tokio::spawn(house.courier().run(closing.clone()));
    let mut changes = house.store.changes();
    house.put("a", "9830012345", "registered", true).await;
    let sent = async { while !matches!(changes.recv().await, Ok(Change::Message { state: "sent", .. })) {} };
    tokio::time::timeout(Duration::from_secs(20), sent).await.expect("carried soon");
    closing.cancel();
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("it ends").expect("without a panic");
}

#[tokio::test]
async fn the_states_stand_on_the_tickets_timeline_and_a_report_is_believed_when_signed() {
    let house = House::open().await;
    let now = house.clock.now();
    let number = ticket(&house.store, now).await;
    let of_ticket = NewMessage {
        key: "about".to_owned(),
        channel: Channel::Sms,
        to: "+919830012345".to_owned(),
        template: "assigned".to_owned(),
        language: Language::Bn,
        text: "x".to_owned(),
        enclosed: Default::default(),
        masked: None,
        urgent: true,
        not_before: now,
    };
    house.store.enqueue(Some(number), of_ticket, now).await.expect("written");
    house.carry_all().await;
    let address = ReportAddress::new("http://127.0.0.1/hooks/sms/main", b"sixteen bytes or more").expect("valid");
    let url = address.url_for("about");
    let query = url.split_once('?').expect("a query").1.replace("%A", "ok");
    let believed = Courier::reported(&house.store, &address, &query.replace("%d", "1"), &house.clock).await;
    assert!(believed.is_ok(), "{believed:?}");
    let forged = Courier::reported(&house.store, &address, "key=about&status=2&sig=00112233445566778899aabbccddeeff", &house.clock).await;
    assert!(matches!(forged, Err(ReportRefusal::NotBelieved(_))));
    // A late report of failure changes nothing any more.
    Courier::reported(&house.store, &address, &query.replace("%d", "2"), &house.clock).await.expect("believed, and too late");

    let events = house.store.events(number).await.expect("read");
    let states: Vec<_> = events
        .iter()
        .filter_map(|sealed| match &sealed.event.body {
            EventBody::Message { message, state, .. } if message == "about" => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(states, [MessageState::Queued, MessageState::Sent, MessageState::Delivered]);
}

#[tokio::test]
async fn the_in_house_outbox_is_sent_to_and_never_delivered() {
    let house = House::open().await;
    house.put("a", "9830012345", "registered", true).await;
    let courier = Courier { carrier: Arc::new(SmsCarrier::new(Arc::new(Outbox), SenderId::default())), ..house.courier() };
    courier.round().await.expect("works");
    assert_eq!(house.state("a").await, MessageState::Sent);
}

async fn ticket(store: &Store, now: Timestamp) -> daak_domain::ticket::Number {
    let contact = Contact::new(Channel::Portal, "t".to_owned(), now, Sender::default(), Statement::Written { text: "x".to_owned() });
    let opening = crate::store::Opening {
        category: "other.unclassified".to_owned(),
        department: "CMO".to_owned(),
        sla_class: SlaClass::Individual,
        emergency: false,
        language: Language::Bn,
        district: None,
        block: None,
        due_at: now,
        office: None,
    };
    let destination = crate::store::Destination::Open(Box::new(opening));
    let taken = store.take_in(crate::store::TakeIn { contact, destination, then: Vec::new(), messages: |_: &_| Vec::new() }).await;
    taken.expect("taken in").ticket.number
}
