//! What the store does in a second, and how long a search takes among many tickets.
//!
//! `cargo bench --bench store -- [TICKETS] [DATABASE]`; without a database, SQLite in a temporary folder.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use daak::store::{Destination, NewMessage, Opening, Store, TakeIn, TicketQuery};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{Number, SlaClass, State, Ticket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Contacts on their way at once.
const AT_ONCE: u64 = 256;
/// Searches of each kind.
const SEARCHES: u64 = 300;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let tickets: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:{}/bench.sqlite", folder.path().display()));
    let store = Store::open(&url).await.expect("the database opens");
    let mut measured = vec![fill(&store, tickets).await];
    for kind in Kind::ALL {
        measured.push(search(&store, kind, tickets).await);
    }
    eprintln!("{}", measured.iter().map(|(name, figure)| format!("{name:34} {figure}")).collect::<Vec<_>>().join("\n"));
    let figures: serde_json::Map<_, _> = measured.into_iter().map(|(name, figure)| (name, figure.into())).collect();
    println!("{}", serde_json::json!({ "tickets": tickets, "figures": figures }));
}

async fn fill(store: &Store, tickets: u64) -> (String, String) {
    let (began, spent, next) = (Instant::now(), processor_time(), Arc::new(AtomicU64::new(0)));
    let hands = (0..AT_ONCE).map(|_| {
        let (store, next) = (store.clone(), next.clone());
        tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            loop {
                let serial = next.fetch_add(1, Ordering::Relaxed);
                if serial >= tickets {
                    return slowest;
                }
                let began = Instant::now();
                let contact = contact(serial);
                let taken = TakeIn { contact, destination: Destination::Open(opening(serial)), then: vec![], messages: acknowledgement };
                store.take_in(taken).await.expect("taken in");
                slowest = slowest.max(began.elapsed());
            }
        })
    });
    let mut slowest = Duration::ZERO;
    for hand in hands.collect::<Vec<_>>() {
        slowest = slowest.max(hand.await.expect("no panic"));
    }
    let (took, spent) = (began.elapsed().as_secs_f64(), processor_time() - spent);
    let each = spent * 1e6 / tickets as f64;
    ("taken in".into(), format!("{:.0} a second, {each:.0} µs of processor each, slowest {slowest:.1?}", tickets as f64 / took))
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Number,
    Phone,
    CommonWord,
    MiddlingWord,
    RareWord,
    TwoWords,
    BeginningOfAWord,
    NoSuchWord,
    WordInADepartment,
    Name,
    Newest,
    OpenOnes,
    ADepartmentsOpenOnes,
    RareCategory,
    ADaysTickets,
}

impl Kind {
    const ALL: [Kind; 15] = [
        Kind::Number,
        Kind::Phone,
        Kind::CommonWord,
        Kind::MiddlingWord,
        Kind::RareWord,
        Kind::TwoWords,
        Kind::BeginningOfAWord,
        Kind::NoSuchWord,
        Kind::WordInADepartment,
        Kind::Name,
        Kind::Newest,
        Kind::OpenOnes,
        Kind::ADepartmentsOpenOnes,
        Kind::RareCategory,
        Kind::ADaysTickets,
    ];

    fn query(self, n: u64, tickets: u64) -> TicketQuery {
        let any = mix(n);
        let words =
            |words: &[u64]| TicketQuery { q: Some(words.iter().map(|w| word(*w)).collect::<Vec<_>>().join(" ")), ..TicketQuery::default() };
        let open = vec![State::Registered, State::Assigned, State::InProgress, State::NeedsInfo, State::Returned, State::Reopened];
        match self {
            Kind::Number => TicketQuery { number: Some(Number::from_serial(1 + any % tickets)), ..TicketQuery::default() },
            Kind::Phone => TicketQuery { phone: contact(any % tickets).sender.phone, ..TicketQuery::default() },
            Kind::CommonWord => words(&[any % 5]),
            Kind::MiddlingWord => words(&[100 + any % 100]),
            Kind::RareWord => words(&[10_000 + any % 10_000]),
            Kind::TwoWords => words(&[any % 50, 50 + any % 500]),
            Kind::BeginningOfAWord => TicketQuery { q: Some(word(any % 2_000).chars().take(3).collect()), ..TicketQuery::default() },
            Kind::NoSuchWord => TicketQuery { q: Some("zzyzx".into()), ..TicketQuery::default() },
            Kind::WordInADepartment => TicketQuery { department: Some(format!("D{}", any % 50)), ..words(&[any % 20]) },
            Kind::Name => TicketQuery { name: Some(name(any)), ..TicketQuery::default() },
            Kind::Newest => TicketQuery::default(),
            Kind::OpenOnes => TicketQuery { states: open, ..TicketQuery::default() },
            Kind::ADepartmentsOpenOnes => {
                TicketQuery { states: open, department: Some(format!("D{}", any % 50)), ..TicketQuery::default() }
            }
            Kind::RareCategory => TicketQuery { category: Some("c.0".into()), ..TicketQuery::default() },
            Kind::ADaysTickets => TicketQuery {
                from: Some(at(any % tickets)),
                to: Some(at(any % tickets) + Duration::from_secs(86_400)),
                ..TicketQuery::default()
            },
        }
    }
}

async fn search(store: &Store, kind: Kind, tickets: u64) -> (String, String) {
    let (mut took, mut found) = (Vec::new(), 0);
    for n in 0..SEARCHES {
        let query = kind.query(n, tickets);
        let began = Instant::now();
        let page = store.search(query, None, 50).await.expect("searched");
        took.push(began.elapsed());
        found += page.items.len();
    }
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    let found = found as f64 / SEARCHES as f64;
    (format!("{kind:?}"), format!("p50 {:.1?}, p99 {:.1?}, slowest {:.1?}; {found:.1} found each", at(0.5), at(0.99), at(1.0)))
}

fn at(serial: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 60 * serial as i64).expect("a time")
}

fn contact(serial: u64) -> Contact {
    let any = mix(serial);
    // Zipf's law, roughly: the n-th word comes 1/n as often as the first.
    let zipf = |n: u64| (20_000f64.powf((mix(any ^ n) % 1_000_000) as f64 / 1e6)) as u64 - 1;
    let text = (0..25).map(|n| word(zipf(n))).collect::<Vec<_>>().join(" ");
    let sender = Sender {
        phone: PhoneNumber::parse(&format!("9{:09}", any % 700_000_000)).ok(),
        name: Some(format!("{} {}", name(any), name(any >> 20))),
        ..Sender::default()
    };
    Contact::new(Channel::Portal, format!("bench-{serial}-{any:x}"), at(serial), sender, Statement::Written { text })
}

fn opening(serial: u64) -> Box<Opening> {
    let any = mix(serial ^ 0x5eed);
    Box::new(Opening {
        category: format!("c.{}", if any.is_multiple_of(100_000) { 0 } else { 1 + any % 200 }),
        department: format!("D{}", any % 50),
        sla_class: SlaClass::Community,
        emergency: any.is_multiple_of(200),
        language: Language::Bn,
        district: Some(format!("{}", 300 + any % 23)),
        block: None,
        due_at: at(serial) + Duration::from_secs(30 * 86_400),
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
        text: format!("আপনার অভিযোগ নেওয়া হয়েছে। নম্বর {}", ticket.number.grouped()),
        enclosed: Default::default(),
        masked: None,
        urgent: true,
        not_before: ticket.registered_at,
    }]
}

/// A word of Bengali letters, always the same for a number.
fn word(n: u64) -> String {
    let (consonants, vowels) = (['ক', 'খ', 'গ', 'জ', 'ত', 'দ', 'ন', 'প', 'ব', 'ম', 'র', 'ল', 'স', 'হ'], ['া', 'ি', 'ু', 'ে', 'ো']);
    let mut left = mix(n ^ 0xda_a1);
    let mut word = String::new();
    for _ in 0..2 + left % 3 {
        word.push(consonants[(left % 14) as usize]);
        word.push(vowels[(left / 14 % 5) as usize]);
        left /= 70;
    }
    word
}

fn name(n: u64) -> String {
    let mut name = word(1_000_000 + n % 3_000);
    name.push('য');
    name
}

/// A number that looks like chance and is always the same (SplitMix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Seconds of processor that this process has used (`/proc/self/stat`, in hundredths).
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
