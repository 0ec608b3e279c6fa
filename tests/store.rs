//! The store, the same on both databases, against the real servers.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

use daak::store::{
    ChangeQuery, CountedBy, Destination, Disposition, NewCode, NewMessage, Opening, Progress, PublicQuery, ShownCode, Store, StoreError,
    TakeIn, TakenIn, TicketQuery, WebhookCall, WebhookRow,
};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Outcome, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::person::Identity;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Actor, Event, EventBody, MessageState, Number, SlaClass, State, Ticket};
use daak_testkit::postgres::Postgres;
use std::time::Duration;

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open_dir(folder.path()).await.expect("SQLite opens");
    let hand = rusqlite::Connection::open(folder.path().join("daak.sqlite")).expect("by hand");
    let leap = async |by: i64| {
        hand.execute("UPDATE serials SET last = last + ?1 WHERE name = 'ticket'", [by]).expect("leapt");
    };
    every_test(&store, leap).await;
}

#[tokio::test]
async fn on_postgres() {
    let server = Postgres::start();
    let store = Store::open(&server.url).await.expect("PostgreSQL opens");
    let hand = sqlx::PgPool::connect(&server.url).await.expect("by hand");
    let leap = async |by: i64| {
        sqlx::query("SELECT setval('ticket_serial', nextval('ticket_serial') + $1)").bind(by).execute(&hand).await.expect("leapt");
    };
    every_test(&store, leap).await;
}

#[tokio::test]
async fn whoever_changes_the_log_is_found_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open_dir(folder.path()).await.expect("SQLite opens");
    let mut tickets = Vec::new();
    for n in 0..6 {
        tickets.push(open(&store, contact(&format!("t{n}"), &format!("983000000{n}"), "x")).await.ticket.number.as_u64());
    }
    let hand = rusqlite::Connection::open(folder.path().join("daak.sqlite")).expect("by hand");
    let refused = hand.execute("UPDATE events SET at = 0", []).expect_err("append-only");
    assert!(refused.to_string().contains("append-only"), "{refused}");
    hand.execute_batch("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted").expect("dropped");
    let change = |sql: &str, ticket: u64| hand.execute(sql, [ticket as i64]).expect("changed by hand");
    change("UPDATE events SET body = replace(body, 'bn', 'hi') WHERE seq = 1 AND ticket = ?1", tickets[0]);
    change("DELETE FROM events WHERE seq = 2 AND ticket = ?1", tickets[1]);
    change("DELETE FROM events WHERE seq = 1 AND ticket = ?1", tickets[2]);
    change("UPDATE tickets SET folded = replace(folded, 'registered\"', 'closed\"') WHERE number = ?1", tickets[3]);
    change("DELETE FROM tickets WHERE number = ?1", tickets[4]);
    let (seen, broken) = store.verify_chain().await.expect("walked");
    let found: std::collections::BTreeMap<_, _> = broken.iter().map(|b| (b.ticket, (b.seq, b.what))).collect();
    assert_eq!((seen, found.len()), (5, 5), "{broken:?}");
    assert_eq!(found[&tickets[0]], (Some(1), "an event was changed or is missing"));
    assert_eq!(found[&tickets[1]].1, "the last events are missing");
    assert_eq!(found[&tickets[2]].0, Some(1));
    assert_eq!(found[&tickets[3]].1, "the state is not what its events say");
    assert_eq!(found[&tickets[4]].1, "there are events, and no ticket");
}

/// `leap` makes the next ticket one that is registered so many tickets later.
async fn every_test(store: &Store, leap: impl AsyncFn(i64)) {
    a_contact_becomes_a_ticket_once(store).await;
    the_last_word_of_a_talk_counts(store).await;
    many_at_once_are_one(store).await;
    people_have_several_identities(store).await;
    two_writers_one_wins(store).await;
    what_is_illegal_changes_nothing(store).await;
    bengali_is_found(store).await;
    names_are_found(store).await;
    every_condition_holds(store, leap).await;
    pages_follow_each_other(store).await;
    tickets_lie_with_offices(store).await;
    clocks_come_due_once(store).await;
    messages_go_forward_only(store).await;
    a_code_opens_one_session(store).await;
    changes_come_in_order_and_none_is_missed(store).await;
    webhooks_keep_their_place(store).await;
    let (tickets, broken) = store.verify_chain().await.expect("it is walked");
    assert!(tickets > 5 && broken.is_empty(), "{tickets} {broken:?}");
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).expect("a time")
}

fn contact(id: &str, phone: &str, text: &str) -> Contact {
    Contact {
        language: Some(Language::Bn),
        ..Contact::new(
            Channel::Phone,
            id,
            at(0),
            Sender { phone: PhoneNumber::parse(phone).ok(), ..Sender::default() },
            Statement::Written { text: text.into() },
        )
    }
}

fn opening() -> Box<Opening> {
    Box::new(Opening {
        category: "phe.drinking-water".into(),
        department: "PHE".into(),
        sla_class: SlaClass::Community,
        emergency: false,
        language: Language::Bn,
        district: Some("305".into()),
        block: None,
        due_at: at(30 * 86_400),
        office: None,
    })
}

fn acknowledgement(ticket: &Ticket) -> Vec<NewMessage> {
    vec![NewMessage {
        key: format!("registered-{}", ticket.number),
        channel: Channel::Sms,
        to: "+919830012345".into(),
        template: "registered".into(),
        language: Language::Bn,
        text: format!("আপনার নম্বর {}", ticket.number.grouped()),
        enclosed: Default::default(),
        masked: None,
        urgent: true,
        not_before: at(0),
    }]
}

async fn open(store: &Store, contact: Contact) -> TakenIn {
    store
        .take_in(TakeIn { contact, destination: Destination::Open(opening()), then: vec![], messages: acknowledgement })
        .await
        .expect("it is taken in")
}

fn by(body: EventBody) -> Event {
    Event { at: at(60), by: Actor::Person { name: "rina".into() }, body }
}

async fn changes_come_in_order_and_none_is_missed(store: &Store) {
    let from = store.last_change().await.unwrap();
    let many = (0..30).map(|n| {
        let store = store.clone();
        async move { open(&store, contact(&format!("change{n}"), &format!("98300880{n:02}"), "জল নেই")).await.ticket.number }
    });
    let reader = async {
        let (mut after, mut seen) = (from, Vec::new());
        // Read while others write: whoever goes on from a place misses nothing.
        while seen.len() < 60 {
            let query = ChangeQuery { after: Some(after), limit: 7, ..ChangeQuery::default() };
            let rows = store.changes_of(query).await.unwrap();
            assert!(rows.windows(2).all(|two| two[0].place < two[1].place));
            after = rows.last().map_or(after, |row| row.place);
            seen.extend(rows.iter().map(|row| (row.number, row.seq)));
            tokio::task::yield_now().await;
        }
        seen
    };
    let (numbers, seen) = tokio::join!(futures_util::future::join_all(many), reader);
    let expected: std::collections::BTreeSet<_> = numbers.iter().flat_map(|number| [(*number, 1), (*number, 2)]).collect();
    assert_eq!(seen.len(), expected.len());
    assert_eq!(seen.into_iter().collect::<std::collections::BTreeSet<_>>(), expected);
    let public = PublicQuery { numbers: vec![numbers[0]], limit: 10, ..PublicQuery::default() };
    let found = store.public_matters(public).await.unwrap();
    assert_eq!(found.iter().map(|matter| (matter.ticket.number, matter.updated_at)).collect::<Vec<_>>(), [(numbers[0], at(0))]);
    let query =
        ChangeQuery { public: true, portal: Some("open311:x:".into()), from: Some(at(0)), to: Some(at(1)), ..ChangeQuery::default() };
    assert!(!store.changes_of(query).await.unwrap().is_empty());
    assert!(store.count_tickets(CountedBy::State).await.unwrap().iter().any(|count| count.key == "registered" && count.count >= 30));
    assert!(store.confidential_among(&numbers).await.unwrap().is_empty());
}

async fn webhooks_keep_their_place(store: &Store) {
    let hook = WebhookRow {
        name: "portal".into(),
        url: "https://portal.example/".into(),
        secret: "s".into(),
        after: store.last_change().await.unwrap(),
        attempts: 0,
        next_at: at(10),
        paused_at: None,
        failing_since: None,
    };
    store.put_webhook(hook.clone()).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap(), std::slice::from_ref(&hook));
    assert!(store.webhooks_claim(at(9), at(60)).await.unwrap().is_empty());
    assert_eq!(store.webhooks_claim(at(10), at(60)).await.unwrap().len(), 1);
    assert!(store.webhooks_claim(at(11), at(60)).await.unwrap().is_empty(), "one has it");
    let call = WebhookCall { at: at(11), told: String::new(), changes: 3, taken: false, detail: "503".into() };
    let failing = WebhookRow { attempts: 1, next_at: at(100), failing_since: Some(at(11)), paused_at: Some(at(12)), ..hook };
    store.webhook_called(failing.clone(), Some(call.clone())).await.unwrap();
    assert_eq!(store.webhook("portal").await.unwrap(), Some(failing));
    assert_eq!(store.webhook_calls("portal", 10).await.unwrap(), [call]);
    assert!(store.webhooks_claim(at(200), at(260)).await.unwrap().is_empty(), "it is given up until somebody says so");
    assert!(store.drop_webhook("portal").await.unwrap() && !store.drop_webhook("portal").await.unwrap());
}

async fn a_code_opens_one_session(store: &Store) {
    let number = open(store, contact("code", "9830066661", "জল নেই")).await.ticket.number;
    let address = Identity::Phone(PhoneNumber::parse("9830066661").unwrap());
    let message = NewMessage {
        key: "otp:1".into(),
        channel: Channel::Sms,
        to: "+919830066661".into(),
        template: "otp".into(),
        language: Language::Bn,
        text: "code 123456".into(),
        enclosed: Default::default(),
        masked: Some("code ······".into()),
        urgent: true,
        not_before: at(0),
    };
    let code = NewCode { fingerprint: [1; 32], code: [2; 32], address: Some(address.clone()), created_at: at(0), expires_at: at(600) };
    store.put_code(code.clone(), Some(message)).await.expect("kept");
    assert_eq!(store.codes_sent(&address, at(-1)).await.unwrap(), 1);
    let text =
        async || store.messages(None, None, 200).await.unwrap().items.into_iter().find(|m| m.message.key == "otp:1").unwrap().message.text;
    assert_eq!(text().await, "code ······", "while it waits");
    let due = store.outbox_claim(&[Channel::Sms], at(1), at(60), 200).await.unwrap();
    assert!(due.iter().any(|m| m.text == "code 123456"), "what is sent is the code");
    store.outbox_mark("otp:1", Progress::Failed { why: "x".into() }, at(2)).await.unwrap();
    assert_eq!(text().await, "code ······");
    let again = store.outbox_claim(&[Channel::Sms], at(100_000), at(100_060), 200).await.unwrap();
    assert!(again.iter().all(|m| !m.text.contains("123456")));

    let shown = |code| ShownCode { fingerprint: [1; 32], code, most: 2 };
    assert_eq!(store.redeem_code(shown([3; 32]), [9; 32], at(3600), at(3)).await.unwrap(), None);
    let both = tokio::join!(
        store.redeem_code(shown([2; 32]), [8; 32], at(3600), at(4)),
        store.redeem_code(shown([2; 32]), [9; 32], at(3600), at(4))
    );
    let opened = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(opened.iter().flatten().count(), 1, "two at once: one session");
    let session = if opened[0].is_some() { [8; 32] } else { [9; 32] };
    let (seen, whole) = store.session_and_ticket(session, number, at(5)).await.unwrap();
    assert_eq!(seen.map(|session| session.address), Some(address.clone()));
    assert_eq!(whole.map(|whole| (whole.ticket.number, whole.contacts.len(), whole.events.len())), Some((number, 1, 2)));
    assert_eq!(store.session_and_ticket(session, number, at(3600)).await.unwrap(), (None, None));
    let tickets = store.tickets_of_address(&address).await.unwrap();
    assert_eq!(
        tickets.iter().map(|(ticket, first)| (ticket.number, first.contact.external_id.as_str())).collect::<Vec<_>>(),
        [(number, "code")]
    );
    store.put_code(NewCode { fingerprint: [4; 32], created_at: at(7200), address: None, ..code }, None).await.expect("kept");
    assert_eq!(store.codes_sent(&address, at(-1)).await.unwrap(), 0, "what is over is forgotten");
    assert!(store.citizen_session(session, at(5)).await.unwrap().is_none());
}

async fn the_last_word_of_a_talk_counts(store: &Store) {
    let (call, other) = (daak_domain::call::CallId(uuid::Uuid::from_u128(7)), daak_domain::call::CallId(uuid::Uuid::from_u128(8)));
    for (second, agent, code) in [(1, "rina", "advised"), (2, "rina", "told"), (0, "kabir", "given_on")] {
        let said =
            Disposition { call, agent: agent.into(), code: code.into(), note: Some("কথা হয়েছে".into()), at: at(second) };
        store.put_disposition(said).await.expect("kept");
    }
    let found = store.dispositions(&[call, other]).await.expect("read");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(call, "told".to_owned())]);
}

async fn a_contact_becomes_a_ticket_once(store: &Store) {
    let first = open(store, contact("once", "9830012345", "জল নেই")).await;
    assert_eq!((first.outcome, first.ticket.state, first.ticket.seq), (Outcome::Opened, State::Registered, 2));
    let second = open(store, contact("once", "9830012345", "জল নেই")).await;
    assert_eq!((second.outcome, second.ticket.number, second.contact), (Outcome::Repeated, first.ticket.number, first.contact));
    let events = store.events(first.ticket.number).await.expect("events");
    assert!(matches!(events[0].event.body, EventBody::Registered { .. }));
    assert!(matches!(&events[1].event.body, EventBody::Message { state: MessageState::Queued, .. }));
    assert_eq!(store.ticket(first.ticket.number).await.expect("found"), Some(first.ticket));
}

async fn many_at_once_are_one(store: &Store) {
    let tries = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { open(&store, contact("many", "9830099999", "রাস্তা ভাঙা")).await })
    });
    let mut numbers = std::collections::BTreeSet::new();
    let mut opened = 0;
    for each in tries.collect::<Vec<_>>() {
        let taken = each.await.expect("no panic");
        numbers.insert(taken.ticket.number);
        opened += u32::from(taken.outcome == Outcome::Opened);
    }
    assert_eq!((numbers.len(), opened), (1, 1));
}

async fn people_have_several_identities(store: &Store) {
    let mut first = contact("p1", "9830055555", "a");
    first.sender.email = Some("rina@example.org".into());
    let first = open(store, first).await.ticket;
    let mut by_mail = contact("p2", "", "b");
    by_mail.sender = Sender { email: Some("rina@example.org".into()), ..Sender::default() };
    let second = store.take_in(TakeIn {
        contact: by_mail,
        destination: Destination::Join(first.number, opening()),
        then: vec![],
        messages: |_: &Ticket| vec![],
    });
    let second = second.await.expect("taken in");
    assert_eq!((second.outcome, second.ticket.number, second.ticket.contacts), (Outcome::Joined, first.number, 2));
    let person = store.person(first.person).await.expect("found").expect("known");
    assert_eq!((person.phones.len(), person.emails.len()), (1, 1));
    assert_eq!(store.open_tickets_of(first.person).await.expect("found").len(), 1);
    assert_eq!(store.contacts_of(first.number).await.expect("found").len(), 2);
}

async fn two_writers_one_wins(store: &Store) {
    let ticket = open(store, contact("two", "9830011111", "x")).await.ticket;
    let take = |name: &str| vec![by(EventBody::Taken { officer: name.into() })];
    let (a, b) = tokio::join!(
        store.append(ticket.number, Some(ticket.seq), take("a"), |_| vec![]),
        store.append(ticket.number, Some(ticket.seq), take("b"), |_| vec![])
    );
    let conflicts = [&a, &b].into_iter().filter(|r| matches!(r, Err(StoreError::Conflict { .. }))).count();
    assert_eq!(conflicts, 1, "{a:?} {b:?}");
}

async fn what_is_illegal_changes_nothing(store: &Store) {
    let ticket = open(store, contact("illegal", "9830022222", "x")).await.ticket;
    let steps =
        vec![by(EventBody::Taken { officer: "a".into() }), by(EventBody::Reopened { reason: "no".into(), office: None, appeal: false })];
    let refused = store.append(ticket.number, None, steps, |_| vec![]).await;
    assert!(matches!(refused, Err(StoreError::Illegal(_))), "{refused:?}");
    assert_eq!(store.ticket(ticket.number).await.expect("found"), Some(ticket));
    let nobody = store.append(Number::from_serial(899_999_999), None, vec![], |_| vec![]).await;
    assert!(matches!(nobody, Err(StoreError::NotFound("ticket"))));
}

async fn bengali_is_found(store: &Store) {
    let ticket = open(store, contact("words", "9830033333", "আমাদের গ্রামে পানীয় জলের কল ২০২৪ থেকে খারাপ; Bankura block")).await.ticket;
    let ways = ["পানীয়", "পানী\u{9af}\u{9bc}", "পানী\u{9af}", "জল কল", "জ\u{200d}ল", "2024", "২০২৪ গ্রাম", "२०२४", "BANKURA", "bank"];
    for q in ways {
        let found = store.search(TicketQuery { q: Some(q.into()), ..TicketQuery::default() }, None, 10).await.expect("searched");
        assert!(found.items.iter().any(|f| f.ticket.number == ticket.number), "{q}");
    }
    for q in ["বিদ্যুৎ", "জল বিদ্যুৎ", "\" OR 1", "w*"] {
        let found = store.search(TicketQuery { q: Some(q.into()), ..TicketQuery::default() }, None, 10).await.expect("searched");
        assert!(found.items.iter().all(|f| f.ticket.number != ticket.number), "{q}");
    }
    let written = vec![by(EventBody::WrittenDown { contact: 1, text: "হাসপাতালের শয্যা".into() })];
    store.append(ticket.number, None, written, |_| vec![]).await.expect("written down");
    let found = store.search(TicketQuery { q: Some("শয্যা".into()), ..TicketQuery::default() }, None, 10).await.expect("searched");
    assert_eq!(found.items.len(), 1);
    let by_phone = TicketQuery { phone: PhoneNumber::parse("9830033333").ok(), ..TicketQuery::default() };
    assert_eq!(store.search(by_phone, None, 10).await.expect("searched").items.len(), 1);
}

async fn names_are_found(store: &Store) {
    let mut c = contact("name", "9830077777", "সেতু");
    c.sender.name = Some("Rina Das মণ্ডল".into());
    let ticket = open(store, c).await.ticket;
    let look = async |q: Option<&str>, name: Option<&str>| {
        let query = TicketQuery { q: q.map(Into::into), name: name.map(Into::into), ..TicketQuery::default() };
        let found = store.search(query, None, 10).await.expect("searched");
        found.items.iter().any(|f| f.ticket.number == ticket.number)
    };
    assert!(look(None, Some("das")).await && look(None, Some("মণ্ড rin")).await && look(Some("rina সেতু"), None).await);
    assert!(!look(None, Some("সেতু")).await, "what was said is no name");
    assert!(!look(None, Some("dasgupta")).await && !look(Some("?!"), None).await);
    // A second contact of the same ticket adds its words and keeps the first one's.
    let joined = store.take_in(TakeIn {
        contact: contact("name2", "9830077777", "কালভার্ট"),
        destination: Destination::Join(ticket.number, opening()),
        then: vec![],
        messages: |_: &Ticket| vec![],
    });
    assert_eq!(joined.await.expect("joined").outcome, Outcome::Joined);
    assert!(look(Some("সেতু কালভার্ট"), Some("rina")).await);
}

async fn every_condition_holds(store: &Store, leap: impl AsyncFn(i64)) {
    let mut numbers = Vec::new();
    for n in 0..12 {
        if n % 4 == 3 {
            leap(n * 50_000).await;
        }
        let mut c = contact(&format!("all{n}"), &format!("98301{n:05}"), if n % 2 == 0 { "নলকূপ খারাপ" } else { "নলকূপ ভালো" });
        c.received_at = at(50_000 + n);
        let mut o = opening();
        (o.department, o.emergency) = (if n % 3 == 0 { "ALL-A" } else { "ALL-B" }.into(), n % 4 == 0);
        (o.category, o.district) = (format!("all.{}", n % 5), Some(format!("all-{}", n % 2)));
        let taking = TakeIn { contact: c, destination: Destination::Open(o), then: vec![], messages: |_: &Ticket| vec![] };
        numbers.push(store.take_in(taking).await.expect("taken in").ticket.number);
        if n % 2 == 1 {
            let taken = vec![by(EventBody::Taken { officer: format!("all-{}", n % 3) })];
            store.append(numbers[n as usize], None, taken, |_| vec![]).await.expect("taken");
        }
    }
    let look = async |query: TicketQuery| {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = store.search(query.clone(), cursor.as_deref(), 2).await.expect("a page");
            seen.extend(page.items.iter().filter_map(|f| numbers.iter().position(|n| *n == f.ticket.number)));
            cursor = page.next;
            if cursor.is_none() {
                return seen;
            }
        }
    };
    let any = || TicketQuery { from: Some(at(50_000)), to: Some(at(50_012)), ..TicketQuery::default() };
    let newest_first = |keep: fn(usize) -> bool| (0..12).rev().filter(|n| keep(*n)).collect::<Vec<_>>();
    assert_eq!(look(any()).await, newest_first(|_| true));
    assert_eq!(look(TicketQuery { to: Some(at(50_003)), ..any() }).await, [2, 1, 0]);
    assert_eq!(look(TicketQuery { department: Some("ALL-A".into()), ..any() }).await, newest_first(|n| n % 3 == 0));
    assert_eq!(look(TicketQuery { category: Some("all.2".into()), ..any() }).await, newest_first(|n| n % 5 == 2));
    assert_eq!(look(TicketQuery { district: Some("all-1".into()), ..any() }).await, newest_first(|n| n % 2 == 1));
    assert_eq!(look(TicketQuery { officer: Some("all-1".into()), ..any() }).await, newest_first(|n| n % 2 == 1 && n % 3 == 1));
    assert_eq!(look(TicketQuery { emergency: Some(true), ..any() }).await, newest_first(|n| n % 4 == 0));
    let states = vec![State::Registered, State::InProgress, State::Closed];
    assert_eq!(look(TicketQuery { states: states.clone(), ..any() }).await, newest_first(|_| true));
    assert_eq!(look(TicketQuery { states: vec![State::InProgress], ..any() }).await, newest_first(|n| n % 2 == 1));
    let department = TicketQuery { department: Some("ALL-B".into()), states: vec![State::Registered, State::NeedsInfo], ..any() };
    assert_eq!(look(department).await, newest_first(|n| n % 3 != 0 && n % 2 == 0));
    let words = TicketQuery { q: Some("নলকূপ".into()), ..any() };
    assert_eq!(look(words.clone()).await, newest_first(|_| true));
    assert_eq!(look(TicketQuery { states, emergency: Some(false), ..words.clone() }).await, newest_first(|n| n % 4 != 0));
    let phone = PhoneNumber::parse("9830100007").ok();
    assert_eq!(look(TicketQuery { phone: phone.clone(), ..words.clone() }).await, [7]);
    assert!(look(TicketQuery { phone, q: Some("খারাপ".into()), ..TicketQuery::default() }).await.is_empty());
    assert_eq!(look(TicketQuery { number: Some(numbers[5]), channel: Some(Channel::Phone), ..words }).await, [5]);
    assert!(look(TicketQuery { channel: Some(Channel::Letter), ..any() }).await.is_empty());
}

async fn pages_follow_each_other(store: &Store) {
    for n in 0..7 {
        let mut c = contact(&format!("page{n}"), "9830044444", "x");
        c.received_at = at(1_000 + n / 2);
        open(store, c).await;
    }
    let query = TicketQuery { phone: PhoneNumber::parse("9830044444").ok(), states: vec![State::Registered], ..TicketQuery::default() };
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = store.search(query.clone(), cursor.as_deref(), 3).await.expect("a page");
        seen.extend(page.items.iter().map(|f| f.ticket.number));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (7, 7));
    assert!(matches!(store.search(query, Some("1; DROP TABLE"), 3).await, Err(StoreError::Cursor)));
}

async fn messages_go_forward_only(store: &Store) {
    let ticket = open(store, contact("sms", "9830066666", "x")).await.ticket;
    let key = format!("registered-{}", ticket.number);
    let now = at(100);
    let lease = now + Duration::from_secs(60);
    let claimed = store.outbox_claim(&[Channel::Sms], now, lease, 100).await.expect("claimed");
    assert!(claimed.iter().any(|due| due.key == key && due.ticket == Some(ticket.number) && due.attempts == 0));
    assert!(store.outbox_claim(&[Channel::Sms], now, lease, 100).await.expect("claimed").is_empty(), "under a lease");
    assert!(
        store
            .outbox_claim(&[Channel::Sms], lease, lease + Duration::from_secs(60), 100)
            .await
            .expect("claimed")
            .iter()
            .any(|due| due.key == key && due.attempts == 1)
    );
    store.outbox_mark(&key, Progress::Sent { carrier_id: Some("c1".into()) }, now).await.expect("sent");
    assert_eq!(store.outbox_by_carrier("c1").await.expect("found"), Some(key.clone()));
    store.outbox_mark(&key, Progress::Delivered, now).await.expect("delivered");
    store.outbox_mark(&key, Progress::Sent { carrier_id: None }, now).await.expect("too late, changes nothing");
    let states = store.events(ticket.number).await.expect("events").into_iter().filter_map(|e| match e.event.body {
        EventBody::Message { state, .. } => Some(state),
        _ => None,
    });
    assert_eq!(states.collect::<Vec<_>>(), [MessageState::Queued, MessageState::Sent, MessageState::Delivered]);
    let shown = store.messages(Some(ticket.number), None, 10).await.expect("listed");
    assert_eq!(shown.items[0].state, MessageState::Delivered);
}

async fn tickets_lie_with_offices(store: &Store) {
    let number = open(store, contact("office", "9830077701", "বাতি জ্বলে না")).await.ticket.number;
    let by = |body| Event { at: at(60), by: Actor::Person { name: "anita".into() }, body };
    let found = async |offices: &[&str], not_about: &[&str]| {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let wanted =
            TicketQuery { number: Some(number), offices: Some(codes(offices)), not_about: codes(not_about), ..TicketQuery::default() };
        store.search(wanted, None, 5).await.expect("found").items.len()
    };
    assert_eq!(found(&["PHE"], &[]).await, 1, "without an office it lies with its department's head office");
    let forward = EventBody::Forwarded { department: "PHE".into(), reason: "theirs".into(), office: Some("DM-305".into()) };
    store.append(number, None, vec![by(forward)], |_| Vec::new()).await.expect("legal");
    assert_eq!((found(&["PHE"], &[]).await, found(&["PHE", "DM-305"], &[]).await, found(&[], &[]).await), (0, 1, 0));
    let restrict =
        EventBody::Restricted { about: vec!["DM-305".into()], reason: "about the magistrate".into(), office: Some("CMO".into()) };
    store.append(number, None, vec![by(restrict)], |_| Vec::new()).await.expect("legal");
    assert_eq!((found(&["CMO"], &["DM-304"]).await, found(&["CMO"], &["DM-304", "DM-305"]).await), (1, 0));
    let report = EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "x".into(), attachments: Vec::new() };
    let close = EventBody::Closed { closure: daak_domain::ticket::Closure::Override, remarks: "x".into() };
    store.append(number, None, vec![by(report), by(close)], |_| Vec::new()).await.expect("legal");
    let overridden = TicketQuery { closure: Some(daak_domain::ticket::Closure::Override), number: Some(number), ..TicketQuery::default() };
    assert_eq!(store.search(overridden, None, 5).await.expect("found").items.len(), 1);
}

async fn clocks_come_due_once(store: &Store) {
    let ticket = open(store, contact("clock", "9830077702", "ভাতা আসে না")).await.ticket;
    // Whatever else the tests before left due is looked at first.
    while !store.limits_claim(at(10_000_000), at(20_000_000), 50).await.expect("claimed").is_empty() {}
    assert_eq!(store.limits_next().await.expect("read"), Some(at(20_000_000)), "claimed until the lease runs out");
    store.limit_next(ticket.number, ticket.seq, Some(at(500))).await.expect("noted");
    assert_eq!(store.limits_next().await.expect("read"), Some(at(500)));
    assert_eq!(store.limits_claim(at(499), at(200_000), 50).await.expect("claimed"), []);
    assert_eq!(store.limits_claim(at(500), at(200_000), 50).await.expect("claimed"), [ticket.number]);
    // Something happens while it is looked at: what the look says is of yesterday.
    let taken = Event { at: at(510), by: Actor::Person { name: "anita".into() }, body: EventBody::Taken { officer: "anita".into() } };
    let after = store.append(ticket.number, None, vec![taken], |_| Vec::new()).await.expect("legal");
    store.limit_next(ticket.number, ticket.seq, None).await.expect("passed over");
    assert_eq!(store.limits_claim(at(510), at(200_000), 50).await.expect("claimed"), [ticket.number], "due at once by what happened");
    store.limit_next(ticket.number, after.seq, None).await.expect("noted");
    assert!(!store.rules_in_force("test", "one", at(600)).await.expect("noted"), "the first are no others");
    assert!(!store.rules_in_force("test", "one", at(600)).await.expect("noted"));
    assert!(store.rules_in_force("test", "two", at(600)).await.expect("noted"));
    assert!(store.limits_claim(at(600), at(200_000), 50).await.expect("claimed").contains(&ticket.number), "all are due by other rules");
    let report = EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: "x".into(), attachments: Vec::new() };
    let close = EventBody::Closed { closure: daak_domain::ticket::Closure::Override, remarks: "x".into() };
    let by = |body| Event { at: at(700), by: Actor::Person { name: "clock-closer".into() }, body };
    store.append(ticket.number, None, vec![by(report), by(close)], |_| Vec::new()).await.expect("legal");
    assert!(!store.limits_claim(at(900), at(200_000), 50).await.expect("claimed").contains(&ticket.number), "what is over is never due");
    assert!(store.overrides(50).await.expect("counted").contains(&("clock-closer".to_owned(), 1)));
}
