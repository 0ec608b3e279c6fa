//! How long the tiles take over very many tickets, and what counting costs whoever takes in.
//!
//! `cargo bench --bench insight -- tiles [TICKETS] [DATABASE]`: so many tickets over three years, as the differences their lives make in
//! the counts, gathered as the program does; then every question of the console, timed.
//! `cargo bench --bench insight -- lives [TICKETS] FOLDER`: whole tickets with their events in a database of their own, to look at.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use daak::insight::{Insight, Question, Seen, Step};
use daak::masters::Masters;
use daak::store::{Destination, Opening, Store, TakeIn};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::insight::facts::Kind;
use daak_domain::insight::{Day, Dimension, Facts, Span};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, SlaClass, State, Ticket};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Days over which tickets are spread.
const DAYS: i32 = 1_096;
/// Times that each question is asked.
const TIMES: usize = 60;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let tickets: u64 = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let masters = Arc::new(Masters::load(Path::new("config")).expect("the masters are valid"));
    match arguments.first().map(String::as_str) {
        Some("lives") => lives(&masters, tickets, arguments.get(2).expect("a folder")).await,
        _ => tiles(masters, tickets, arguments.get(2)).await,
    }
}

async fn tiles(masters: Arc<Masters>, tickets: u64, url: Option<&String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("bench.sqlite");
    let url = url.cloned().unwrap_or_else(|| format!("sqlite:{}", file.display()));
    let store = Store::open(&url).await.expect("the database opens");
    let (began, today) = (Instant::now(), Day::of(Timestamp::now()));
    let world = World::of(&masters);
    let mut at = 0;
    while at < tickets {
        let until = tickets.min(at + 20_000);
        let all: Vec<Facts> = (at..until).map(|n| world.facts(n, tickets, today)).collect();
        store.put_counts(all).await.expect("written");
        store.gather_counts(4_000).await.expect("gathered");
        at = until;
    }
    store.gather_counts(0).await.expect("gathered");
    let spent = began.elapsed();
    eprintln!("{tickets} tickets counted and gathered in {spent:.0?}, {:.1} µs each", spent.as_secs_f64() * 1e6 / tickets as f64);
    let insight = Insight::new(store, masters.clone());
    let mut figures = serde_json::Map::new();
    for (name, only, days, by) in questions(today) {
        let asked = Question { only, period: days, now: Timestamp::now(), seen: Seen::default() };
        let measures: Vec<_> = masters.measures.all.iter().collect();
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            let table = insight.table(&asked, &measures, by).await.expect("answered");
            took.push(began.elapsed());
            assert!(table.total.cells.len() == measures.len());
        }
        figures.insert(name.into(), told(name, took).into());
    }
    let asked = Question { only: vec![], period: Span { from: today.plus(-89), to: today }, now: Timestamp::now(), seen: Seen::default() };
    let registered = masters.measures.get("limits_kept").expect("shipped");
    let (mut series, mut ages, mut spots) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let began = Instant::now();
        insight.series(&asked, registered, Step::Day).await.expect("answered");
        series.push(began.elapsed());
        let began = Instant::now();
        insight.ages(&asked, Some(Dimension::Class)).await.expect("answered");
        ages.push(began.elapsed());
        let began = Instant::now();
        insight.hotspots(&asked).await.expect("answered");
        spots.push(began.elapsed());
    }
    for (name, took) in [("course of 90 days", series), ("ages by class", ages), ("hot spots", spots)] {
        figures.insert(name.into(), told(name, took).into());
    }
    println!("{}", serde_json::json!({ "tickets": tickets, "figures": figures }));
}

type Asked = (&'static str, Vec<(Dimension, String)>, Span, Option<Dimension>);

fn questions(today: Day) -> Vec<Asked> {
    let last = |days: i32| Span { from: today.plus(1 - days), to: today };
    let only = |dimension, wanted: &str| vec![(dimension, wanted.to_owned())];
    vec![
        ("all tiles, 30 days", vec![], last(30), None),
        ("all tiles, 365 days", vec![], last(365), None),
        ("all tiles, three years", vec![], last(1_095), None),
        ("all tiles of a district, 365 days", only(Dimension::District, "305"), last(365), None),
        ("all tiles of a channel, 365 days", only(Dimension::Channel, "letter"), last(365), None),
        ("by department, 30 days", vec![], last(30), Some(Dimension::Department)),
        ("by department, 365 days", vec![], last(365), Some(Dimension::Department)),
        ("by category, 365 days", vec![], last(365), Some(Dimension::Category)),
        ("by district, 30 days", vec![], last(30), Some(Dimension::District)),
        ("by district, 365 days", vec![], last(365), Some(Dimension::District)),
        ("categories of a district, 365 days", only(Dimension::District, "305"), last(365), Some(Dimension::Category)),
        ("blocks of a district, 365 days", only(Dimension::District, "305"), last(365), Some(Dimension::Block)),
        ("all blocks, 30 days", vec![], last(30), Some(Dimension::Block)),
    ]
}

fn told(name: &str, mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize];
    let told = format!("p50 {:.1?}, p99 {:.1?}", at(0.5), at(0.99));
    eprintln!("{name:36} {told}");
    told
}

/// What there is of which tickets are made.
struct World {
    categories: Vec<(String, String, SlaClass)>,
    places: Vec<(String, String)>,
}

impl World {
    fn of(masters: &Masters) -> Self {
        let categories = masters.taxonomy.categories.values().map(|c| (c.code.clone(), c.department.clone(), c.sla_class));
        let places = masters.places.locals.values().filter_map(|l| Some((l.district.clone()?, l.code.clone())));
        Self { categories: categories.collect(), places: places.collect() }
    }

    fn kind(&self, n: u64) -> Kind {
        let any = mix(n);
        // Roughly Zipf: the n-th category comes 1/n as often as the first.
        let rank = ((self.categories.len() as f64).powf((any % 10_000) as f64 / 10_000.0) as usize - 1).min(self.categories.len() - 1);
        let (category, department, class) = self.categories[rank].clone();
        let (district, block) = self.places[(mix(any) % self.places.len() as u64) as usize].clone();
        let channel = match mix(any ^ 7) % 100 {
            0..=69 => Channel::Phone,
            70..=79 => Channel::Whatsapp,
            80..=86 => Channel::Portal,
            87..=91 => Channel::Email,
            92..=96 => Channel::Letter,
            _ => Channel::Sms,
        };
        let class = if mix(any ^ 9).is_multiple_of(60) { SlaClass::Emergency } else { class };
        // One in twelve does not say where.
        let known = !mix(any ^ 11).is_multiple_of(12);
        let of = |text: String| if known { text } else { String::new() };
        Kind { department, category, class, district: of(district), block: of(block), channel }
    }

    fn facts(&self, n: u64, tickets: u64, today: Day) -> Facts {
        let any = mix(n ^ 0xfac7);
        let registered = today.plus(-((u128::from(tickets - 1 - n) * DAYS as u128 / u128::from(tickets)) as i32));
        let kind = self.kind(n);
        let limit = match kind.class {
            SlaClass::Emergency => 1,
            SlaClass::Individual => 9,
            SlaClass::Community => 40,
            SlaClass::Policy => 120,
        };
        let due = registered.plus(limit);
        let took = (limit as f64 * 1.6 * (any % 1_000) as f64 / 1_000.0) as i32;
        let over = registered.plus(took) <= today && !mix(any).is_multiple_of(40);
        let closure = [Closure::Confirmed, Closure::Confirmed, Closure::NoAnswer, Closure::Override][(any >> 12) as usize % 4];
        let closed = over.then(|| (registered.plus(took), closure, took > limit));
        let state = if over {
            State::Closed
        } else {
            [State::Assigned, State::InProgress, State::NeedsInfo, State::Verifying][(any >> 20) as usize % 4]
        };
        let reopened = (over && (any >> 30).is_multiple_of(15)).then(|| registered.plus(took / 2));
        Facts { kind, registered, due, state, closed, reopened }
    }
}

/// Whole tickets, the last of them today; one block has a flood in the last week.
async fn lives(masters: &Masters, tickets: u64, folder: &str) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let store = Store::open(&format!("sqlite:{folder}/daak.db")).await.expect("the database opens");
    let (world, now) = (World::of(masters), Timestamp::now());
    let today = Day::of(now);
    for n in 0..tickets {
        let facts = world.facts(n, tickets, today);
        let mut kind = facts.kind.clone();
        if mix(n ^ 3).is_multiple_of(5) && facts.registered >= today.plus(-6) {
            (kind.district, kind.block, kind.category) = ("304".into(), String::new(), "di.embankment".into());
            kind.category =
                masters.taxonomy.categories.keys().find(|c| c.contains("embank") || c.contains("flood")).cloned().unwrap_or(kind.category);
        }
        let hour = |day: Day, hours: i64| (day.begins() + jiff::SignedDuration::from_hours(10 + hours)).min(now);
        let at = hour(facts.registered, (n % 8) as i64);
        let sender = Sender { phone: PhoneNumber::parse(&format!("9{:09}", mix(n) % 700_000_000)).ok(), ..Sender::default() };
        let contact = Contact::new(kind.channel, format!("life-{n}"), at, sender, Statement::Written { text: "এলাকায় জল নেই".into() });
        let opening = Opening {
            category: kind.category.clone(),
            department: kind.department.clone(),
            sla_class: kind.class,
            emergency: kind.class == SlaClass::Emergency,
            language: Language::Bn,
            district: Some(kind.district.clone()).filter(|d| !d.is_empty()),
            block: Some(kind.block.clone()).filter(|b| !b.is_empty()),
            office: None,
            due_at: hour(facts.due, 8),
        };
        let taken = TakeIn { contact, destination: Destination::Open(Box::new(opening)), then: vec![], messages: |_: &Ticket| vec![] };
        let ticket = store.take_in(taken).await.expect("taken in").ticket;
        let text = || "কাজ হয়েছে".to_owned();
        let mut bodies = vec![EventBody::Taken { officer: format!("officer{}", mix(n ^ 5) % 40) }];
        match (facts.state, facts.closed) {
            (_, Some((day, closure, _))) => {
                bodies.push(EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: text(), attachments: vec![] });
                bodies.push(EventBody::Closed { closure, remarks: text() });
                let events = bodies.into_iter().map(|body| Event { at: hour(day, 7), by: Actor::Helpline, body }).collect();
                store.append(ticket.number, None, events, |_| vec![]).await.expect("a legal life");
                continue;
            }
            (State::NeedsInfo, _) => bodies.push(EventBody::Asked { question: text(), until: None }),
            (State::Verifying, _) => {
                bodies.push(EventBody::AtrSubmitted { closure_reason: "resolved".into(), remarks: text(), attachments: vec![] });
                bodies.push(EventBody::VerificationBegun { how: text() });
            }
            _ => {}
        }
        let events = bodies.into_iter().map(|body| Event { at, by: Actor::Helpline, body }).collect();
        store.append(ticket.number, None, events, |_| vec![]).await.expect("a legal life");
    }
}

/// A number that looks like chance and is always the same (SplitMix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
