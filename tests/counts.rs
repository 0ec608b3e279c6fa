//! Every number is the length of the list behind it: over chance lives of tickets, gathered or not, on both databases.

#![allow(clippy::panic, clippy::unwrap_used)]

use daak::store::{Counting, Destination, Opening, Store, TakeIn, TicketQuery, Within};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::insight::{Day, Dimension, Listing, Span, Tally};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number, SlaClass, State, Ticket, next_state};
use daak_testkit::postgres::Postgres;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

/// A ticket and what happens to it.
#[derive(Debug, Clone)]
struct Life {
    day: i32,
    hour: i64,
    place: Option<(u8, Option<u8>)>,
    category: u8,
    channel: u8,
    /// Which of the steps that are possible then, and after how many hours.
    steps: Vec<(prop::sample::Index, i64)>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Assign(u8),
    Take,
    Ask,
    Answer,
    Report,
    Verify,
    Return,
    Close(Closure),
    Reopen,
    Merge,
    Classify(u8, i64),
    Emergency,
    Policy,
}

const TALLIES: [Tally; 14] = [
    Tally::Registered,
    Tally::Open,
    Tally::Waiting,
    Tally::Verifying,
    Tally::Overdue,
    Tally::DueSoon,
    Tally::Closed,
    Tally::Confirmed,
    Tally::NoAnswer,
    Tally::Evidenced,
    Tally::Override,
    Tally::Kept,
    Tally::Late,
    Tally::Reopened,
];
const DEPARTMENTS: [&str; 3] = ["PWD", "PHE", "WCD"];
const CHANNELS: [Channel; 3] = [Channel::Phone, Channel::Letter, Channel::Email];
/// 1 November 2026, the middle of the time in which the lives begin.
const MIDDLE: i32 = 20_758;
/// Periods, in days from then.
const PERIODS: [(i32, i32); 5] = [(-400, 400), (-40, 25), (0, 29), (-3, 3), (11, 11)];

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_their_lists_on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open_dir(folder.path()).await.expect("SQLite opens");
    tokio::task::spawn_blocking(move || over_chance_lives(&store, 16)).await.expect("held");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_their_lists_on_postgres() {
    let server = Postgres::start();
    let store = Store::open(&server.url).await.expect("PostgreSQL opens");
    tokio::task::spawn_blocking(move || over_chance_lives(&store, 6)).await.expect("held");
}

/// The database is one for all cases: it grows, and every number must still be right.
fn over_chance_lives(store: &Store, cases: u32) {
    let runtime = tokio::runtime::Handle::current();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() });
    let serial = std::sync::atomic::AtomicU64::new(0);
    let lives = prop::collection::vec(life(), 1..12);
    let held = runner.run(&(lives, 0u8..3, 0..PERIODS.len()), |(lives, gathering, period)| {
        runtime.block_on(async {
            for life in &lives {
                live(store, life, serial.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).await;
            }
            if gathering > 0 {
                store.gather_counts(if gathering == 1 { 0 } else { 40 }).await.expect("gathered");
            }
            every_number_is_its_list(store, PERIODS[period]).await;
        });
        Ok(())
    });
    held.expect("every number is its list");
    runtime.block_on(async {
        let before = everything(store).await;
        let counted = store.recount().await.expect("made anew");
        assert!(counted > 0);
        assert_eq!(before, everything(store).await, "what was kept is what the events say");
        every_number_is_its_list(store, PERIODS[1]).await;
    });
}

async fn every_number_is_its_list(store: &Store, period: (i32, i32)) {
    let today = Day(MIDDLE + 20);
    let period = Span { from: Day(MIDDLE + period.0), to: Day(MIDDLE + period.1) };
    let only = |dimension, wanted: &str| vec![(dimension, wanted.to_owned())];
    let filters = [
        vec![],
        only(Dimension::Department, "PWD"),
        only(Dimension::District, "1"),
        only(Dimension::District, ""),
        only(Dimension::Channel, "letter"),
        only(Dimension::Class, "emergency"),
        [only(Dimension::Department, "PHE"), only(Dimension::District, "0"), only(Dimension::Category, "c.1")].concat(),
    ];
    for tally in TALLIES {
        let days = tally.days(period, today);
        for filter in &filters {
            for by in [None, Some(Dimension::Department), Some(Dimension::Block), Some(Dimension::Category), Some(Dimension::Class)] {
                let counting = Counting {
                    facts: tally.facts().to_vec(),
                    only: filter.clone(),
                    by: by.into_iter().collect(),
                    spans: vec![days],
                    daily: false,
                };
                if !counting.is_kept() {
                    continue;
                }
                let mut numbers: BTreeMap<String, (i64, i64)> = BTreeMap::new();
                for c in store.count(&counting).await.expect("counted") {
                    let number = numbers.entry(c.key.concat()).or_default();
                    *number = (number.0 + c.n, number.1 + c.days);
                }
                let list = query(&tally.listing(days), filter);
                let plain = store.count_list(&list, by).await.expect("counted one by one");
                let plain: BTreeMap<_, _> = plain.into_iter().map(|(key, n, days)| (key, (n, days))).collect();
                let closings = tally.facts().iter().all(|f| f.closing().is_some());
                let shown = |all: &BTreeMap<String, (i64, i64)>| -> BTreeMap<String, (i64, Option<i64>)> {
                    all.iter().map(|(key, (n, days))| (key.clone(), (*n, closings.then_some(*days)))).collect()
                };
                assert_eq!(shown(&numbers), shown(&plain), "{tally:?} {period:?} {filter:?} by {by:?}");
            }
        }
    }
    // The list itself, page by page, as people walk it.
    for tally in TALLIES {
        let days = tally.days(period, today);
        let counting = Counting { facts: tally.facts().to_vec(), only: vec![], by: vec![], spans: vec![days], daily: true };
        let number: i64 = store.count(&counting).await.expect("counted").iter().map(|c| c.n).sum();
        let (mut cursor, mut walked) = (None, 0);
        loop {
            let page = store.search(query(&tally.listing(days), &[]), cursor.as_deref(), 200).await.expect("a page");
            walked += page.items.len() as i64;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(number, walked, "{tally:?}");
    }
}

/// All numbers by day, department, category and class.
async fn everything(store: &Store) -> BTreeMap<String, (i64, i64)> {
    let facts = daak_domain::insight::Fact::ALL.to_vec();
    let mut all = BTreeMap::new();
    for by in Dimension::KEPT {
        let counting = Counting { facts: facts.clone(), only: vec![], by: vec![by], spans: vec![Span::ALWAYS], daily: true };
        for c in store.count(&counting).await.expect("counted") {
            all.insert(format!("{by:?} {:?} {:?} {:?}", c.key, c.day, c.fact), (c.n, c.days));
        }
    }
    all
}

fn query(list: &Listing, filter: &[(Dimension, String)]) -> TicketQuery {
    let within =
        |days: Option<Span>| days.map_or_else(Within::default, |d| Within { from: Some(d.from.begins()), to: Some(d.to.plus(1).begins()) });
    let only = |dimension| filter.iter().find(|(d, _)| *d == dimension).map(|(_, wanted)| wanted.clone());
    let registered = within(list.registered);
    TicketQuery {
        states: list.states.clone(),
        from: registered.from,
        to: registered.to,
        due: within(list.due),
        closed: within(list.closed),
        reopened: within(list.reopened),
        closure: list.closure,
        closed_late: list.late,
        department: only(Dimension::Department),
        category: only(Dimension::Category),
        class: only(Dimension::Class).map(|class| class.parse().unwrap()),
        district: only(Dimension::District),
        block: only(Dimension::Block),
        channel: only(Dimension::Channel).map(|channel| channel.parse().unwrap()),
        ..TicketQuery::default()
    }
}

fn life() -> impl Strategy<Value = Life> {
    let place = prop::option::of((0u8..3, prop::option::of(0u8..3)));
    let steps = prop::collection::vec((any::<prop::sample::Index>(), 0i64..12 * 24), 0..12);
    (-45i32..30, 0i64..24, place, 0u8..3, 0u8..3, steps).prop_map(|(day, hour, place, category, channel, steps)| Life {
        day,
        hour,
        place,
        category,
        channel,
        steps,
    })
}

async fn live(store: &Store, life: &Life, serial: u64) {
    let begins = Day(MIDDLE + life.day).begins() + jiff::SignedDuration::from_hours(life.hour);
    let sender = Sender { phone: PhoneNumber::parse(&format!("98{serial:08}")).ok(), ..Sender::default() };
    let channel = CHANNELS[usize::from(life.channel)];
    let contact = Contact::new(channel, format!("life-{serial}"), begins, sender, Statement::Written { text: "জল নেই".into() });
    let opening = Opening {
        category: format!("c.{}", life.category),
        department: DEPARTMENTS[usize::from(life.category)].into(),
        sla_class: SlaClass::ALL[1 + usize::from(life.category)],
        emergency: false,
        language: Language::Bn,
        district: life.place.map(|(district, _)| district.to_string()),
        block: life.place.and_then(|(_, block)| block).map(|block| format!("b{block}")),
        office: None,
        due_at: begins + jiff::SignedDuration::from_hours(7 * 24),
    };
    let taken = TakeIn { contact, destination: Destination::Open(Box::new(opening)), then: vec![], messages: |_: &Ticket| vec![] };
    let mut ticket = store.take_in(taken).await.expect("taken in").ticket;
    let mut at = begins;
    for (which, hours) in &life.steps {
        at += jiff::SignedDuration::from_hours(*hours);
        let body = which.get(&possible(ticket.state, at, ticket.number)).clone();
        let event = Event { at, by: Actor::Person { name: "rina".into() }, body };
        ticket = store.append(ticket.number, None, vec![event], |_| vec![]).await.expect("a legal step");
    }
}

/// All steps that are possible in a state; those that lead on, more than once.
fn possible(state: State, at: Timestamp, number: Number) -> Vec<EventBody> {
    use Step::*;
    let closings = Closure::ALL.map(Close);
    let all = [Assign(0), Assign(1), Assign(2), Take, Ask, Answer, Report, Report, Report, Verify, Return, Reopen, Merge, Policy]
        .into_iter()
        .chain([Classify(0, -8), Classify(1, 3), Classify(2, 30), Emergency])
        .chain(closings);
    let bodies = all.map(|step| body(step, at, number));
    bodies.filter(|body| body.step().is_none_or(|step| next_state(state, step).is_some())).collect()
}

fn body(step: Step, at: Timestamp, number: Number) -> EventBody {
    let text = || "why".to_owned();
    match step {
        Step::Assign(department) => {
            EventBody::Assigned { department: DEPARTMENTS[usize::from(department)].into(), officer: None, office: None, reason: None }
        }
        Step::Take => EventBody::Taken { officer: "anita".into() },
        Step::Ask => EventBody::Asked { question: text(), until: None },
        Step::Answer => EventBody::Answered { text: text() },
        Step::Report => EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: text(), attachments: vec![] },
        Step::Verify => EventBody::VerificationBegun { how: text() },
        Step::Return => EventBody::AtrReturned { reason: text(), office: None },
        Step::Close(closure) => EventBody::Closed { closure, remarks: text() },
        Step::Reopen => EventBody::Reopened { reason: text(), office: None, appeal: false },
        Step::Merge => EventBody::Merged { into: Number::from_serial(number.as_u64() % 800_000_000 + 1) },
        Step::Classify(category, days) => EventBody::Classified {
            category: format!("c.{category}"),
            department: DEPARTMENTS[usize::from(category)].into(),
            sla_class: SlaClass::ALL[1 + usize::from(category)],
            office: None,
            due_at: at + jiff::SignedDuration::from_hours(24 * days),
            why: text(),
        },
        Step::Emergency => EventBody::EmergencyRaised { because: text(), due_at: at + jiff::SignedDuration::from_hours(24) },
        Step::Policy => EventBody::PolicyRegistered { reason: text() },
    }
}

#[test]
fn the_lives_reach_every_state() {
    // A test over chance lives tells nothing of what no life reaches.
    let mut runner = TestRunner::deterministic();
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..400 {
        let life = proptest::strategy::ValueTree::current(&life().new_tree(&mut runner).expect("a life"));
        let mut state = State::Registered;
        for (which, _) in &life.steps {
            let step = which.get(&possible(state, Timestamp::UNIX_EPOCH, Number::from_serial(1))).step();
            state = step.and_then(|step| next_state(state, step)).unwrap_or(state);
            reached.insert(state);
        }
    }
    for state in [State::NeedsInfo, State::AtrSubmitted, State::Verifying, State::Closed, State::Reopened, State::Merged] {
        assert!(reached.contains(&state), "{state}");
    }
}
