//! The door over a real store.

use super::testing::{House, contact, from};
use super::{ATTENTION, Steps};
use daak_domain::call::{AfterHours, CallEvent, CallId, LeftQueue};
use daak_domain::contact::{Channel, Contact, Location, Mark, Outcome, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::seam::{Helpline, Refusal};
use daak_domain::ticket::{Actor, Closure, Event, EventBody, MessageState, Number, SlaClass, State};
use std::collections::BTreeMap;
use std::time::Duration;

const MOBILE: &str = "9830012345";
const NO_WATER: &str = "আমাদের গ্রামের কলে দুদিন জল আসছে না, খাবার জল কিনে খেতে হচ্ছে";

#[tokio::test]
async fn a_contact_becomes_a_ticket_with_its_acknowledgement() {
    let house = House::open().await;
    let receipt = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    assert_eq!((receipt.outcome, receipt.state), (Outcome::Opened, State::Registered));
    assert_eq!((receipt.category.as_str(), receipt.department.as_str()), ("phe.drinking-water", "PHE"));
    assert_eq!((receipt.sla_class, receipt.emergency), (SlaClass::Community, false));
    assert!(receipt.due_at > house.clock.now());

    let messages = house.messages(receipt.number).await;
    assert_eq!(messages.len(), 1);
    let message = &messages[0].message;
    assert_eq!((message.to.as_str(), message.template.as_str(), message.language), ("+919830012345", "registered", Language::Bn));
    assert!(message.urgent && message.text.contains(&receipt.number.grouped()), "{}", message.text);
    let events = house.events(receipt.number).await;
    assert!(matches!(events[0], EventBody::Registered { .. }));
    assert!(matches!(events[1], EventBody::Message { state: MessageState::Queued, .. }));
}

#[tokio::test]
async fn the_same_contact_twice_is_one_and_is_acknowledged_once() {
    let house = House::open().await;
    let first = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let again = house.take_in(from(MOBILE, "a", "another text altogether")).await.expect("taken in");
    assert_eq!((again.number, again.outcome), (first.number, Outcome::Repeated));
    assert_eq!(house.messages(first.number).await.len(), 1);
    let elsewhere = Contact { channel: Channel::Web, ..from(MOBILE, "a", "road broken near the school of our village") };
    assert_ne!(house.take_in(elsewhere).await.expect("taken in").number, first.number, "another channel is another contact");
}

#[tokio::test]
async fn twenty_arrivals_of_one_contact_at_once_are_one_ticket() {
    let house = House::open().await;
    let all = futures_util::future::join_all((0..20).map(|_| house.take_in(from(MOBILE, "a", NO_WATER)))).await;
    let receipts: Vec<_> = all.into_iter().map(|r| r.expect("taken in")).collect();
    assert!(receipts.iter().all(|r| r.number == receipts[0].number));
    assert_eq!(receipts.iter().filter(|r| r.outcome == Outcome::Opened).count(), 1);
}

#[tokio::test]
async fn a_second_call_about_the_same_matter_joins_and_another_matter_does_not() {
    let house = House::open().await;
    let first = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let again = house.take_in(from(MOBILE, "b", "এখনও আমাদের গ্রামের কলে জল আসছে না")).await.expect("taken in");
    assert_eq!((again.number, again.outcome), (first.number, Outcome::Joined));
    assert!(house.messages(first.number).await.iter().any(|m| m.message.template == "joined"));
    let other = house.take_in(from(MOBILE, "c", "মায়ের বিধবা ভাতা তিন মাস বন্ধ")).await.expect("taken in");
    assert_ne!(other.number, first.number);
    let stranger = house.take_in(from("9830099999", "d", NO_WATER)).await.expect("taken in");
    assert_ne!(stranger.number, first.number, "another person's ticket is never joined");
    // Long after, the same words are a new matter.
    house.clock.advance(Duration::from_secs(15 * 86_400));
    let late = Contact { received_at: house.clock.now(), ..from(MOBILE, "e", NO_WATER) };
    assert_eq!(house.take_in(late).await.expect("taken in").outcome, Outcome::Opened);
}

#[tokio::test]
async fn a_number_that_is_given_is_followed_only_to_ones_own_open_ticket() {
    let house = House::open().await;
    let first = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let about = |phone: &str, id: &str, number| Contact { about: Some(number), ..from(phone, id, "ask again please") };
    let own = house.take_in(about(MOBILE, "b", first.number)).await.expect("taken in");
    assert_eq!((own.number, own.outcome), (first.number, Outcome::Joined));

    let stranger = house.take_in(about("9830099999", "c", first.number)).await.expect("taken in");
    assert_ne!(stranger.number, first.number);
    let noted =
        |events: Vec<EventBody>, words: &str| events.iter().any(|e| matches!(e, EventBody::Noted { text, .. } if text.contains(words)));
    assert!(noted(house.events(stranger.number).await, "belongs to another person"));
    let nobody = house.take_in(about(MOBILE, "d", Number::from_serial(899_999_999))).await.expect("taken in");
    assert!(noted(house.events(nobody.number).await, "of which there is none"));

    // Said in the text, it is found too.
    let spoken = house.take_in(from(MOBILE, "e", &format!("what about {} ?", first.number.grouped()))).await.expect("taken in");
    assert_eq!(spoken.number, first.number);

    close(&house, first.number).await;
    let closed = house.take_in(about(MOBILE, "f", first.number)).await.expect("taken in");
    assert_eq!((closed.number, closed.state), (first.number, State::Reopened), "closed only now: it is not settled");
}

#[tokio::test]
async fn what_was_asked_is_answered_by_the_next_contact() {
    let house = House::open().await;
    let first = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let asked =
        house.desk.add(first.number, None, by_person(&house, EventBody::Asked { question: "কোন পাড়া?".to_owned(), until: None })).await;
    assert_eq!(asked.expect("legal").state, State::NeedsInfo);
    assert!(house.messages(first.number).await.iter().any(|m| m.message.text.contains("কোন পাড়া?")));
    let answer = Contact { about: Some(first.number), ..from(MOBILE, "b", "পশ্চিম পাড়া") };
    let receipt = house.take_in(answer).await.expect("taken in");
    assert_eq!((receipt.number, receipt.state), (first.number, State::InProgress));
}

#[tokio::test]
async fn a_thread_leads_to_the_ticket_of_the_same_person_only() {
    let house = House::open().await;
    let mail = |from: &str, id: &str, answers: &[&str], text: &str| {
        let sender = Sender { email: Some(from.to_owned()), ..Sender::default() };
        let mut contact = Contact::new(Channel::Email, id, house.clock.now(), sender, Statement::Written { text: text.to_owned() });
        contact.answers = answers.iter().map(|&name| name.to_owned()).collect();
        contact
    };
    let first = house.take_in(mail("rina@example.org", "<1@x>", &[], NO_WATER)).await.expect("taken in");
    let messages = house.messages(first.number).await;
    let told = &messages[0].message;
    assert_eq!((messages.len(), told.channel, told.to.as_str()), (1, Channel::Email, "rina@example.org"));
    assert_eq!(told.enclosed.answers.as_deref(), Some("<1@x>"));
    assert!(told.enclosed.subject.as_ref().is_some_and(|subject| subject.contains(&first.number.grouped())));

    let answer = mail("rina@example.org", "<2@x>", &["<0@x>", "<1@x>"], "thank you, and please hurry");
    assert_eq!(house.take_in(answer).await.expect("taken in").number, first.number);
    let neighbour = mail("other@example.org", "<3@x>", &["<1@x>"], "forwarded to me");
    assert_ne!(house.take_in(neighbour).await.expect("taken in").number, first.number, "two people's mails never merge");

    let unanswered = Contact { unanswered: true, ..mail("robot@example.org", "<4@x>", &[], "I am out of office") };
    let silent = house.take_in(unanswered).await.expect("taken in");
    assert!(house.messages(silent.number).await.is_empty(), "a machine is answered by nothing");
}

#[tokio::test]
async fn a_person_writes_to_the_citizen_by_the_channel_of_choice() {
    let house = House::open().await;
    let sender = Sender { phone: PhoneNumber::parse(MOBILE).ok(), email: Some("rina@example.org".to_owned()), ..Sender::default() };
    let contact = Contact { sender, ..from(MOBILE, "a", NO_WATER) };
    let number = house.take_in(contact).await.expect("taken in").number;
    let ticket = house.store.ticket(number).await.expect("read").expect("there");
    assert_eq!(super::Steps::channels(&*house.desk, &ticket).await.expect("known"), [Channel::Email, Channel::Sms]);
    let reply = |channel, key: &str| {
        by_person(&house, EventBody::Replied { message: key.to_owned(), channel, text: "We are on our way.".to_owned() })
    };
    house.desk.add(number, None, reply(Channel::Email, "reply:1")).await.expect("legal");
    let messages = house.messages(number).await;
    let written = messages.iter().find(|m| m.message.key == "reply:1").expect("in the outbox");
    assert_eq!((written.message.channel, written.message.text.as_str()), (Channel::Email, "We are on our way."));
    assert!(house.desk.add(number, None, reply(Channel::Telegram, "reply:2")).await.is_err(), "no such address, nothing is written");
}

#[tokio::test]
async fn danger_makes_an_emergency_also_of_a_ticket_that_is_joined() {
    let house = House::open().await;
    let declared = Contact { declared_emergency: true, ..from(MOBILE, "a", "please come") };
    let receipt = house.take_in(declared).await.expect("taken in");
    assert_eq!((receipt.sla_class, receipt.emergency), (SlaClass::Emergency, true));
    assert_eq!(receipt.due_at.duration_since(house.clock.now()).as_hours(), 24);
    assert!(house.messages(receipt.number).await.iter().any(|m| m.message.template == "registered_emergency"));

    let calm = house.take_in(from("9830099999", "b", NO_WATER)).await.expect("taken in");
    let worse = Contact {
        about: Some(calm.number), ..from("9830099999", "c", "বাজারে আগুন লেগেছে, আমাদের বাঁচান")
    };
    let joined = house.take_in(worse).await.expect("taken in");
    assert_eq!((joined.number, joined.emergency, joined.sla_class), (calm.number, true, SlaClass::Emergency));
    assert!(joined.due_at < calm.due_at);
    let because = house.events(calm.number).await.into_iter().find_map(|e| match e {
        EventBody::EmergencyRaised { because, .. } => Some(because),
        _ => None,
    });
    assert!(because.expect("it is said why").contains("আগুন লেগেছে"));
}

#[tokio::test]
async fn a_voice_alone_decides_nothing_but_asks_for_attention() {
    let house = House::open().await;
    let voice = |hint: Option<&str>, id: &str| Contact {
        channel: Channel::Phone,
        statement: Statement::VoiceOnly { hint: hint.map(str::to_owned) },
        ..from(MOBILE, id, "")
    };
    let quiet = house.take_in(voice(Some("amar rashon card hariye geche"), "a")).await.expect("taken in");
    assert_eq!((quiet.category.as_str(), quiet.emergency), ("other.unclassified", false));
    let danger = house.take_in(voice(Some("agun legeche bachan amader"), "b")).await.expect("taken in");
    assert_eq!((danger.category.as_str(), danger.emergency, danger.sla_class), ("other.unclassified", false, SlaClass::Individual));
    let attention =
        |events: Vec<EventBody>| events.iter().any(|e| matches!(e, EventBody::Noted { text, .. } if text.starts_with(ATTENTION)));
    assert!(attention(house.events(danger.number).await) && !attention(house.events(quiet.number).await));
}

#[tokio::test]
async fn a_place_is_taken_as_told_or_else_as_named() {
    let house = House::open().await;
    let told = Location { district: Some("Nadia".to_owned()), ..Location::default() };
    let told = Contact { location: Some(told), ..contact("a", "road broken in Bankura") };
    let district = |r: daak_domain::contact::Receipt| {
        let store = house.store.clone();
        async move { store.ticket(r.number).await.expect("read").expect("there").district }
    };
    assert_eq!(district(house.take_in(told).await.expect("taken in")).await.as_deref(), Some("320"));
    let named = house.take_in(contact("b", "বাঁকুড়া জেলার গ্রামের রাস্তা ভাঙা")).await.expect("taken in");
    assert_eq!(district(named).await.as_deref(), Some("305"));
}

#[tokio::test]
async fn whoever_writes_by_mail_is_told_at_the_telephone_that_is_known() {
    let house = House::open().await;
    let both = Sender { email: Some("a@example.org".to_owned()), ..from(MOBILE, "a", "x").sender };
    house.take_in(Contact { sender: both, ..contact("a", NO_WATER) }).await.expect("taken in");
    let mail_only = Sender { email: Some("A@Example.org".to_owned()), ..Sender::default() };
    let mail = Contact { channel: Channel::Email, sender: mail_only, ..contact("b", "street light broken since a month") };
    let receipt = house.take_in(mail).await.expect("taken in");
    let messages = house.messages(receipt.number).await;
    let told: Vec<_> = messages.iter().map(|m| (m.message.channel, m.message.to.as_str(), m.message.language)).collect();
    assert_eq!(told, [(Channel::Email, "a@example.org", Language::En), (Channel::Sms, "+919830012345", Language::En)]);
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_for_good_and_leaves_nothing() {
    let house = House::open().await;
    let refused = house.take_in(contact("", "x")).await;
    assert!(matches!(refused, Err(Refusal::Invalid(why)) if why.starts_with("external_id")));
    let nameless = Contact { sender: Sender { email: Some("nobody".to_owned()), ..Sender::default() }, ..contact("a", "x") };
    assert!(matches!(house.take_in(nameless).await, Err(Refusal::Invalid(why)) if why.starts_with("sender.email")));
    // The key was not used up by what was refused.
    assert_eq!(house.take_in(contact("a", "x")).await.expect("taken in").outcome, Outcome::Opened);
}

#[tokio::test]
async fn the_steps_of_a_life_are_told_to_the_citizen() {
    let house = House::open().await;
    let receipt = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let assigned = EventBody::Assigned { department: "PHE".to_owned(), officer: None, reason: None, office: None };
    house.desk.add(receipt.number, None, by_person(&house, assigned)).await.expect("legal");
    close(&house, receipt.number).await;
    let mut told: Vec<_> =
        house.messages(receipt.number).await.into_iter().map(|m| (m.message.template, m.message.text, m.message.urgent)).collect();
    told.sort();
    let templates: Vec<_> = told.iter().map(|(t, _, _)| t.as_str()).collect();
    assert_eq!(templates, ["assigned", "atr", "confirmed", "registered"]);
    assert!(told[2].1.contains("আপনার কথায়") && !told[2].2, "closed on the citizen's own word: {}", told[2].1);
    // Somebody was first: neither the event nor a message.
    let late = house
        .desk
        .add(receipt.number, Some(1), by_person(&house, EventBody::Reopened { reason: "no".to_owned(), office: None, appeal: false }))
        .await;
    assert!(late.is_err());
    assert_eq!(house.messages(receipt.number).await.len(), 4);
}

#[tokio::test]
async fn the_desk_answers_what_channels_ask() {
    let house = House::open().await;
    let receipt = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    let desk: &dyn Helpline = &*house.desk;
    let standing = desk.look_up(receipt.number).await.expect("works").expect("there");
    assert_eq!((standing.state, standing.due_at), (State::Registered, receipt.due_at));
    assert_eq!(desk.look_up(Number::from_serial(899_999_999)).await, Ok(None));

    let phone = PhoneNumber::parse("9830099999").expect("a number");
    let values = BTreeMap::from([("number".to_owned(), receipt.number.digits()), ("department".to_owned(), "PHE".to_owned())]);
    for _ in 0..2 {
        desk.send_sms("call-1-sms-1", &phone, Language::En, "status", values.clone()).await.expect("in the outbox");
    }
    let sent: Vec<_> = house.messages(receipt.number).await.into_iter().filter(|m| m.message.template == "status").collect();
    assert_eq!(sent.len(), 1, "the key makes the second the first");
    assert!(
        sent[0].message.text.contains("Public Health Engineering") && sent[0].message.text.contains(": registered."),
        "{}",
        sent[0].message.text
    );
    let unknown = desk.send_sms("k", &phone, Language::En, "no-such", BTreeMap::new()).await;
    assert!(matches!(unknown, Err(Refusal::Invalid(why)) if why.contains("no-such")));

    // The day before is a holiday.
    let noon = house.clock.now().checked_add(Duration::from_secs(86_400)).expect("a time");
    assert!(matches!(desk.hours("helpline", house.clock.now()), AfterHours::Closed { holiday: true, .. }));
    assert_eq!(desk.hours("helpline", noon), AfterHours::Open);
    let night = noon.checked_add(Duration::from_secs(10 * 3600)).expect("a time");
    assert!(matches!(desk.hours("helpline", night), AfterHours::Closed { until: Some(_), .. }));
    assert_eq!(desk.hours("no such calendar", night), AfterHours::Open);
    assert_eq!(desk.remembered_language(&phone).await, None);

    let call = CallId(uuid::Uuid::now_v7());
    desk.call_event(call, CallEvent::LeftQueue { why: LeftQueue::WentOn, at: noon });
    assert_eq!(house.calls.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn an_answer_on_a_closed_ticket_reopens_it_and_thanks_do_not() {
    let house = House::open().await;
    let receipt = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in");
    close(&house, receipt.number).await;
    let answer = |id: &str, text: &str| Contact { answers: vec!["a".to_owned()], ..from(MOBILE, id, text) };
    let told = house.messages(receipt.number).await.len();
    let thanks = house.take_in(answer("b", "অনেক ধন্যবাদ, thank you sir")).await.expect("taken in");
    assert_eq!((thanks.number, thanks.state), (receipt.number, State::Closed));
    assert_eq!(house.messages(receipt.number).await.len(), told, "nobody thanks for thanks");
    let again = house.take_in(answer("c", "পাইপ সারানোর পরেও জল আসছে না")).await.expect("taken in");
    assert_eq!((again.number, again.outcome, again.state), (receipt.number, Outcome::Joined, State::Reopened));
    assert!(house.events(receipt.number).await.iter().any(|e| matches!(e, EventBody::Reopened { reason, .. } if reason.contains("পাইপ"))));
    assert!(house.messages(receipt.number).await.iter().any(|m| m.message.template == "reopened"));
    // Somebody else's answer never does.
    let other = Contact {
        answers: vec!["a".to_owned()], ..from("9830099999", "d", "আমারও জল আসছে না পাইপ সারানোর পরে")
    };
    assert_ne!(house.take_in(other).await.expect("taken in").number, receipt.number);
}

#[tokio::test]
async fn a_mail_that_answers_a_mail_finds_its_ticket_by_the_message_id() {
    let house = House::open().await;
    let sender = Sender { email: Some("rina@example.org".to_owned()), ..Sender::default() };
    let mail = |id: &str, text: &str| Contact { channel: Channel::Email, sender: sender.clone(), ..contact(id, text) };
    let first = house.take_in(mail("m1@example.org#0102", NO_WATER)).await.expect("taken in");
    let answer = Contact { answers: vec!["m1@example.org".to_owned()], ..mail("m2@example.org#0304", "ছবি পাঠালাম") };
    assert_eq!(house.take_in(answer.clone()).await.expect("taken in").number, first.number);
    let another = Contact { sender: Sender { email: Some("x@example.org".to_owned()), ..Sender::default() }, ..answer };
    let another = Contact { external_id: "m3@example.org#05".to_owned(), ..another };
    assert_ne!(house.take_in(another).await.expect("taken in").number, first.number, "two people's mails never merge");
}

#[tokio::test]
async fn a_report_is_read_by_the_machine_beside_it_and_nothing_else_happens() {
    let house = House::open().await;
    let number = house.take_in(from(MOBILE, "a", NO_WATER)).await.expect("taken in").number;
    house.desk.add(number, None, by_person(&house, EventBody::Taken { officer: "rina".to_owned() })).await.expect("legal");
    let remarks = "Forwarded to the concerned department for necessary action".to_owned();
    let report = EventBody::AtrSubmitted { closure_reason: "resolved".to_owned(), remarks, attachments: Vec::new() };
    let ticket = house.desk.add(number, None, by_person(&house, report)).await.expect("legal");
    assert_eq!(ticket.state, State::AtrSubmitted, "a person decides");
    let log = house.store.events(number).await.expect("read");
    let noted = log.iter().find_map(|sealed| match &sealed.event.body {
        EventBody::Noted { text, .. } => Some((sealed.event.by.clone(), text.clone())),
        _ => None,
    });
    let (by, text) = noted.expect("a note");
    assert_eq!(by, Actor::Helpline);
    assert!(text.starts_with("Machine reading of the report: return") && text.contains("Forwarded"), "{text}");
}

#[tokio::test]
async fn whoever_may_harm_themself_gets_a_person_at_once() {
    let house = House::open().await;
    let receipt = house.take_in(from(MOBILE, "a", "আর পারছি না, আমি আজ গলায় দড়ি দেব, আত্মহত্যা করব")).await.expect("taken in");
    assert!(receipt.emergency);
    let noted = house
        .events(receipt.number)
        .await
        .into_iter()
        .any(|e| matches!(e, EventBody::Noted { text, .. } if text.contains("harm themself")));
    assert!(noted);
}

fn by_person(house: &House, body: EventBody) -> Event {
    Event { at: house.clock.now(), by: Actor::Person { name: "rina".to_owned() }, body }
}

async fn close(house: &House, number: Number) {
    let report =
        EventBody::AtrSubmitted { closure_reason: "resolved".to_owned(), remarks: "pipe mended".to_owned(), attachments: Vec::new() };
    let closed =
        EventBody::Closed { closure: Closure::Confirmed, remarks: "পাইপ সারানো হয়েছে।".to_owned() };
    for body in [EventBody::Taken { officer: "rina".to_owned() }, report, closed] {
        house.desk.add(number, None, by_person(house, body)).await.expect("legal");
    }
}

/// A message in Telegram.
fn message(id: &str, at: &str, text: &str) -> Contact {
    let mut said = contact(id, text);
    said.channel = Channel::Telegram;
    said.sender.handle = Some("telegram:7".to_owned());
    said.received_at = at.parse().expect("a time");
    said
}

#[tokio::test]
async fn a_conversation_stays_in_one_ticket_and_is_acknowledged_once() {
    let house = House::open().await;
    let first = house.take_in(message("main/7.1", "2026-11-23T13:00+05:30", "hello")).await.expect("taken");
    let second = house.take_in(message("main/7.2", "2026-11-24T11:00+05:30", "no water in our village")).await.expect("taken");
    assert_eq!((second.number, second.outcome), (first.number, Outcome::Joined));
    // A day without a word: another matter.
    let late = house.take_in(message("main/7.3", "2026-11-24T11:59:59+05:30", "still none")).await.expect("taken");
    assert_eq!(late.number, first.number);
    let mut other = message("main/8.1", "2026-11-24T11:59:59+05:30", "hello");
    other.sender.handle = Some("telegram:8".to_owned());
    assert_ne!(house.take_in(other).await.expect("taken").number, first.number, "another person's conversation");
    let told = house.messages(first.number).await;
    assert!(told.is_empty(), "nothing carries Telegram in this house: {told:?}");
}

#[tokio::test]
async fn whoever_spoke_in_public_hears_the_number_in_private() {
    let house = House::open().await;
    let mut post = message("main/post.1", "2026-11-24T11:00+05:30", "the bridge is broken");
    post.marks.push(Mark::Public);
    post.sender.phone = Some(PhoneNumber::parse(MOBILE).expect("a number"));
    let opened = house.take_in(post).await.expect("taken");
    let mut private = message("main/dm.1", "2026-11-24T11:30+05:30", "I wrote in public about the bridge");
    private.sender.phone = Some(PhoneNumber::parse(MOBILE).expect("a number"));
    assert_eq!(house.take_in(private.clone()).await.expect("taken").number, opened.number);
    let templates = |rows: Vec<crate::store::MessageRow>| rows.into_iter().map(|row| row.message.template).collect::<Vec<_>>();
    assert!(templates(house.messages(opened.number).await).contains(&"joined".to_owned()));
    private.external_id = "main/dm.2".to_owned();
    let before = house.messages(opened.number).await.len();
    house.take_in(private).await.expect("taken");
    assert_eq!(house.messages(opened.number).await.len(), before, "and once");
}

#[tokio::test]
async fn what_was_said_stays_when_it_is_edited_and_only_its_sender_may() {
    use daak_domain::seam::{Amended, Amendment};
    let house = House::open().await;
    let receipt = house.take_in(message("main/7.1", "2026-11-24T11:00+05:30", "the lamp is broken")).await.expect("taken");
    let edited = |handle: &str, id: &str, text: &str| Amended {
        channel: Channel::Telegram,
        message: id.to_owned(),
        sender: Sender { handle: Some(handle.to_owned()), ..Sender::default() },
        at: "2026-11-24T11:05+05:30".parse().expect("a time"),
        what: Amendment::Edited(text.to_owned()),
    };
    let amend = async |what| house.desk.amend(what).await.expect("written");
    assert!(!amend(edited("telegram:8", "main/7.1", "I take it back")).await, "somebody else's");
    assert!(!amend(edited("telegram:7", "main/7.9", "of nothing known")).await);
    for _ in 0..2 {
        assert!(amend(edited("telegram:7", "main/7.1", "the lamp near the pond is broken")).await);
    }
    let amended = house.events(receipt.number).await.into_iter().filter(|e| matches!(e, EventBody::Amended { .. })).count();
    assert_eq!(amended, 1);
    assert_eq!(house.store.contacts_of(receipt.number).await.expect("read")[0].contact.statement.text(), Some("the lamp is broken"));
}

#[tokio::test]
async fn a_ticket_finds_its_office_and_ping_pong_ends_above_both() {
    let house = House::open().await;
    let receipt =
        house.take_in(from("9830012345", "p1", "বাঁকুড়ায় আমাদের গ্রামের রাস্তা ভেঙে গেছে, পূর্ত দপ্তরের পাকা রাস্তা, বাস চলে না")).await.expect("taken");
    let ticket = house.store.ticket(receipt.number).await.expect("read").expect("there");
    let route = crate::masters::Masters::load(std::path::Path::new("config"))
        .expect("shipped")
        .route(&daak_domain::routing::Matter::of(&ticket), house.clock.now());
    assert_eq!(ticket.office, Some(route.office), "registered where the routes say");
    let forward = |department: &str, office: &str| EventBody::Forwarded {
        department: department.into(),
        reason: "not ours".into(),
        office: Some(office.into()),
    };
    let step = async |body: EventBody| house.desk.add(receipt.number, None, by_person(&house, body)).await.expect("legal");
    step(EventBody::Assigned { department: "PWD".into(), officer: None, reason: None, office: Some("PWD".into()) }).await;
    assert_eq!(step(forward("PHE", "PHE")).await.holder(), "PHE");
    let ended = step(forward("PWD", "PWD")).await;
    assert_eq!(ended.holder(), "CMO", "neither has it");
    let last =
        house.store.events(receipt.number).await.expect("read").into_iter().rfind(|s| matches!(s.event.body, EventBody::Forwarded { .. }));
    let event = last.expect("there").event;
    assert!(
        matches!(&event.body, EventBody::Forwarded { reason, .. } if reason.contains("PHE and PWD have sent this ticket to each other")),
        "{event:?}"
    );
    assert_eq!(event.by, Actor::Helpline);
    assert_eq!(step(forward("PWD", "PWD")).await.holder(), "PWD", "the superior decides, and that stands");
}

#[tokio::test]
async fn whoever_only_types_a_telephone_opens_a_ticket_and_touches_no_other() {
    let house = House::open().await;
    let text = "কলে দুদিন জল আসছে না, খাবার জল কিনে খাই";
    let own = house.take_in(from("9830012345", "k1", text)).await.expect("taken").number;
    let typed = |id: &str, text: String| Contact { marks: vec![Mark::Unproven], channel: Channel::Web, ..from("9830012345", id, &text) };
    let again = house.take_in(typed("k2", text.to_owned())).await.expect("taken");
    assert!(again.outcome == Outcome::Opened && again.number != own, "the same words join only from the telephone itself");
    let naming = house.take_in(typed("k3", format!("{} {text}", own.digits()))).await.expect("taken");
    assert!(naming.outcome == Outcome::Opened && naming.number != own, "nor does the number help");
    let joined = house.take_in(from("9830012345", "k4", &format!("{} {text}", own.digits()))).await.expect("taken");
    assert_eq!((joined.outcome, joined.number), (Outcome::Joined, own));
}

#[tokio::test]
async fn a_category_that_the_citizen_chose_goes_before_what_the_text_seems_to_say() {
    let house = House::open().await;
    let contact = Contact {
        category: Some("wcd.kanyashree".into()), ..from("9830012345", "k1", "কলে দুদিন জল আসছে না")
    };
    let receipt = house.take_in(contact).await.expect("taken");
    assert_eq!((receipt.category.as_str(), receipt.department.as_str()), ("wcd.kanyashree", "WCD"));
    let unknown =
        Contact { category: Some("no.such".into()), ..from("9830012346", "k2", "কলে দুদিন জল আসছে না") };
    assert!(house.take_in(unknown).await.expect("taken").category.starts_with("phe."));
}

#[tokio::test]
async fn yes_and_no_by_a_button_are_the_citizens_word() {
    let house = House::open().await;
    let number = house.take_in(from("9830012345", "k1", "কলে দুদিন জল আসছে না")).await.expect("taken").number;
    let said = |id: &str, phone: &str| Contact {
        about: Some(number), channel: Channel::Web, ..from(phone, id, "পাইপ এখনও ভাঙা")
    };
    let early = house.desk.settled(said("w0", "9830012345"), true).await;
    assert!(matches!(early, Err(Refusal::Invalid(_))), "nothing is asked yet");
    let atr = EventBody::AtrSubmitted {
        closure_reason: "done".into(), remarks: "পাইপ সারানো হয়েছে".into(), attachments: vec![]
    };
    for body in [EventBody::Taken { officer: "rina".into() }, atr.clone(), EventBody::VerificationBegun { how: "x".into() }] {
        let event = Event { at: house.clock.now(), by: Actor::Person { name: "rina".into() }, body };
        house.desk.append(number, None, event).await.expect("legal");
    }
    let stranger = house.desk.settled(said("w1", "9830099999"), true).await;
    assert!(matches!(stranger, Err(Refusal::Invalid(_))), "only the ticket's own person");
    let no = house.desk.settled(said("w2", "9830012345"), false).await.expect("taken");
    assert_eq!(no.state, State::Returned);
    let again = house.desk.settled(said("w2", "9830012345"), false).await.expect("known");
    assert_eq!((again.outcome, again.state), (Outcome::Repeated, State::Returned), "sent twice, it is the same");
    let events = house.events(number).await;
    assert!(events.iter().any(|e| matches!(e, EventBody::AtrReturned { reason, .. } if reason == "পাইপ এখনও ভাঙা")));
}
