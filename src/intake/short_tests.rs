//! A ticket's whole life by a telephone that only does SMS.

use super::steps::Steps;
use super::testing::{House, from};
use daak_domain::contact::{Channel, Contact};
use daak_domain::feedback::Means;
use daak_domain::seam::Helpline;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, State};
use std::time::Duration;

const MOBILE: &str = "9830012345";
const NO_WATER: &str = "আমাদের গ্রামের কলে দুদিন জল আসছে না, খাবার জল কিনে খেতে হচ্ছে";

impl House {
    /// An SMS; answers with the templates of what is sent back for it.
    async fn sms(&self, phone: &str, id: &str, text: &str) -> Vec<String> {
        self.clock.advance(Duration::from_secs(60));
        let before: Vec<_> =
            self.store.messages(None, None, 200).await.expect("read").items.into_iter().map(|row| row.message.key).collect();
        let contact = Contact { channel: Channel::Sms, received_at: self.clock.now(), ..from(phone, id, text) };
        self.desk.short_message(contact).await.expect("taken");
        let after = self.store.messages(None, None, 200).await.expect("read").items;
        after.into_iter().filter(|row| !before.contains(&row.message.key)).map(|row| row.message.template).collect()
    }

    async fn only_ticket(&self) -> Number {
        let found = self.store.search(crate::store::TicketQuery::default(), None, 10).await.expect("read");
        assert_eq!(found.items.len(), 1);
        found.items[0].ticket.number
    }

    async fn state(&self, number: Number) -> State {
        self.store.ticket(number).await.expect("read").expect("there").state
    }

    async fn step(&self, number: Number, body: EventBody) {
        let by = Actor::Person { name: "officer".into() };
        self.desk.append(number, None, Event { at: self.clock.now(), by, body }).await.expect("a legal step");
    }

    /// The office reports, and the report comes to verification.
    async fn reported(&self, number: Number) {
        self.step(number, EventBody::Assigned { department: "PHE".into(), officer: None, reason: None, office: None }).await;
        let report = EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "Mended.".into(), attachments: Vec::new() };
        self.step(number, report).await;
        self.step(number, EventBody::VerificationBegun { how: "by hand".into() }).await;
    }
}

#[tokio::test]
async fn registered_asked_and_settled_by_sms_alone() {
    let house = House::open().await;
    assert_eq!(house.sms(MOBILE, "1", NO_WATER).await, ["registered"]);
    let number = house.only_ticket().await;
    assert_eq!(house.sms(MOBILE, "2", &format!("অবস্থা {number}")).await, ["status"]);
    house.step(number, EventBody::Asked { question: "কোন গ্রাম?".into(), until: None }).await;
    assert_eq!(house.state(number).await, State::NeedsInfo);
    assert_eq!(house.sms(MOBILE, "3", "আমডাঙা").await, ["joined"]);
    assert_eq!(house.state(number).await, State::InProgress);
    assert!(house.events(number).await.iter().any(|event| matches!(event, EventBody::Answered { text } if text == "আমডাঙা")));
    house.reported(number).await;
    assert_eq!(house.sms(MOBILE, "4", "না, এখনও জল আসছে না").await, ["not_settled"]);
    assert_eq!(house.state(number).await, State::Returned);
    let events = house.events(number).await;
    assert!(
        events.iter().any(|event| matches!(event, EventBody::AtrReturned { reason, .. } if reason == "এখনও জল আসছে না")),
        "with the citizen's words"
    );
    house.reported(number).await;
    assert_eq!(house.sms(MOBILE, "5", "hyan").await, ["confirmed"]);
    let ticket = house.store.ticket(number).await.expect("read").expect("there");
    assert_eq!((ticket.state, ticket.closure), (State::Closed, Some(Closure::Confirmed)));
    let log = house.store.events(number).await.expect("read");
    let closing = log.iter().rev().find(|sealed| matches!(sealed.event.body, EventBody::Closed { .. })).expect("closed");
    assert_eq!(closing.event.by, Actor::Citizen);
    assert_eq!(house.sms(MOBILE, "5", "hyan").await, Vec::<String>::new(), "the same message again changes nothing");
    assert_eq!(house.sms(MOBILE, "6", "no it is broken again").await, ["reopened"]);
    assert_eq!(house.state(number).await, State::Reopened);
    assert_eq!(house.only_ticket().await, number, "one ticket all along");
}

#[tokio::test]
async fn nobody_else_answers_and_nothing_is_closed_without_a_yes() {
    let house = House::open().await;
    house.sms(MOBILE, "1", NO_WATER).await;
    let number = house.only_ticket().await;
    assert_eq!(house.sms(MOBILE, "2", "YES").await, ["nothing_asked"]);
    house.reported(number).await;
    for (id, text) in [("3", format!("YES {number}")), ("4", format!("NO {number}"))] {
        assert_eq!(house.sms("9830099999", id, &text).await, ["nothing_asked"], "another telephone");
    }
    for (n, text) in ["yes but only half", "no problem", "ঠিক জানি", "हाँ लेकिन"].into_iter().enumerate() {
        assert_eq!(house.sms(MOBILE, &format!("u{n}"), text).await, ["yes_or_no"], "{text}");
    }
    assert_eq!(house.state(number).await, State::Verifying);
    let stranger = Contact { about: Some(number), channel: Channel::Phone, ..from("9830099999", "p", "YES") };
    assert!(house.take_in(stranger).await.is_err(), "nor by a key in another's call");
    // The key in a call ends in the same place as the word in a message.
    let key =
        Contact { about: Some(number), channel: Channel::Phone, received_at: house.clock.now(), ..from(MOBILE, "call-answer-1", "YES") };
    assert_eq!(house.take_in(key).await.expect("taken").state, State::Closed);
    let closed = |event: &EventBody| matches!(event, EventBody::Closed { closure: Closure::Confirmed, .. });
    assert_eq!(house.events(number).await.iter().filter(|event| closed(event)).count(), 1);
}

#[tokio::test]
async fn of_several_matters_the_number_says_which() {
    let house = House::open().await;
    house.sms(MOBILE, "1", NO_WATER).await;
    let first = house.only_ticket().await;
    house.sms(MOBILE, "2", "মায়ের বিধবা ভাতা তিন মাস বন্ধ").await;
    let all = house.store.search(crate::store::TicketQuery::default(), None, 10).await.expect("read").items;
    let second = all.iter().map(|found| found.ticket.number).find(|number| *number != first).expect("two");
    house.reported(first).await;
    house.reported(second).await;
    assert_eq!(house.sms(MOBILE, "3", "YES").await, ["which_number"]);
    assert_eq!(house.sms(MOBILE, "4", &format!("YES {}", second.grouped())).await, ["confirmed"]);
    assert_eq!((house.state(first).await, house.state(second).await), (State::Verifying, State::Closed));
    assert_eq!(house.sms(MOBILE, "5", "yes").await, ["confirmed"], "now there is only one");
}

#[tokio::test]
async fn stop_is_kept_and_what_is_asked_is_answered_all_the_same() {
    let house = House::open().await;
    assert_eq!(house.sms(MOBILE, "1", "STOP").await, ["stopped"]);
    assert!(house.store.opted_out(Channel::Sms, "+919830012345").await.expect("read"));
    assert_eq!(house.sms(MOBILE, "2", "status 1234567890").await, ["status_unknown"]);
    assert_eq!(house.sms(MOBILE, "3", "START").await, ["started"]);
    assert!(!house.store.opted_out(Channel::Sms, "+919830012345").await.expect("read"));
    assert_eq!(house.sms(MOBILE, "4", "help").await, ["help"]);
    assert_eq!(
        house.sms(MOBILE, "5", "No water in our village for three days, tube well broken").await,
        ["registered"],
        "a no that answers nothing"
    );
    let number = house.only_ticket().await;
    house.reported(number).await;
    house.step(number, EventBody::Questioned { step: 0, means: Means::Sms }).await;
    let sent = house.messages(number).await;
    assert!(sent.iter().any(|row| row.message.template == "question"), "the question goes out with its event");
}

#[tokio::test]
async fn after_thirty_days_a_no_is_a_new_matter() {
    let house = House::open().await;
    house.sms(MOBILE, "1", NO_WATER).await;
    let number = house.only_ticket().await;
    house.reported(number).await;
    house.sms(MOBILE, "2", "YES").await;
    house.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(house.sms(MOBILE, "3", "no").await, ["nothing_asked"]);
    assert_eq!(house.state(number).await, State::Closed);
}
