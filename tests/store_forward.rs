//! A database of the version before opens, and everything in it is there and is found.
//!
//! `store/before_finding.sqlite` was written by the program as it was when SQLite was reached through sqlx and words lay in the
//! index as hexadecimal digits (migrations 1 and 2).

use daak::store::{Destination, Opening, Store, StoreError, TakeIn, TicketQuery};
use daak_domain::Timestamp;
use daak_domain::contact::{Channel, Contact, Outcome, Sender, Statement};
use daak_domain::language::Language;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::{MessageState, Number, SlaClass, State, Ticket};
use daak_testkit::postgres::Postgres;
use rusqlite::types::ValueRef;
use sqlx::postgres::PgPool;
use std::path::Path;

/// In the order in which they were registered.
const TICKETS: [u64; 4] = [9_898_621_718, 7_078_961_602, 4_259_301_491, 1_439_641_387];
const BEFORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/before_finding.sqlite");

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::copy(BEFORE, folder.path().join("daak.sqlite")).expect("copied");
    let store = Store::open_dir(folder.path()).await.expect("it opens");
    everything_is_there(&store).await;
    drop(store);
    let again = Store::open_dir(folder.path()).await.expect("it opens again");
    assert_eq!(again.verify_chain().await.expect("walked"), (5, vec![]));
    let hand = rusqlite::Connection::open(folder.path().join("daak.sqlite")).expect("by hand");
    hand.execute("INSERT INTO _sqlx_migrations VALUES (9999, 'tomorrow', '2030-01-01', 1, x'00', 1)", []).expect("written");
    is_of_a_newer_version(Store::open_dir(folder.path()).await.err());
}

#[tokio::test]
async fn on_postgres() {
    let server = Postgres::start();
    let pool = PgPool::connect(&server.url).await.expect("connected");
    sqlx::migrate!("migrations/postgres").run_to(1, &pool).await.expect("as it was");
    // A copy: whoever reads a database in WAL mode writes beside it.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let old = folder.path().join("before.sqlite");
    std::fs::copy(BEFORE, &old).expect("copied");
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows_of(&old))).execute(&pool).await.expect("filled");
    let store = Store::open(&server.url).await.expect("it opens");
    everything_is_there(&store).await;
    let tomorrow = "INSERT INTO _sqlx_migrations VALUES (9999, 'tomorrow', now(), true, ''::bytea, 1)";
    sqlx::query(tomorrow).execute(&pool).await.expect("written");
    is_of_a_newer_version(Store::open(&server.url).await.err());
}

/// What a newer version has changed must not be written to by this one.
fn is_of_a_newer_version(refused: Option<StoreError>) {
    assert!(matches!(&refused, Some(StoreError::Unavailable(why)) if why.contains("9999")), "{refused:?}");
}

async fn everything_is_there(store: &Store) {
    assert_eq!(store.verify_chain().await.expect("walked"), (4, vec![]));
    let numbers = TICKETS.map(|n| Number::from_u64(n).expect("a number"));
    let found = async |q: Option<&str>, name: Option<&str>| {
        let query = TicketQuery { q: q.map(Into::into), name: name.map(Into::into), ..TicketQuery::default() };
        let page = store.search(query, None, 10).await.expect("searched");
        page.items.iter().map(|f| f.ticket.number).collect::<Vec<_>>()
    };
    assert_eq!(found(None, None).await.len(), 4);
    assert_eq!(found(Some("পানীয় জল"), None).await, [numbers[0]]);
    assert_eq!(found(Some("শয্যা"), None).await, [numbers[0]], "written down later");
    assert_eq!(found(Some("2024"), None).await, [numbers[1]]);
    assert_eq!(found(Some("রাস্তা কালভার্ট"), None).await, [numbers[1]], "of two contacts");
    assert_eq!(found(Some("shedding"), None).await, [numbers[2]]);
    assert_eq!(found(Some("राशन"), Some("रमेश")).await, [numbers[3]]);
    assert_eq!(found(None, Some("das")).await, [numbers[0]]);
    let phone = TicketQuery { phone: PhoneNumber::parse("9830010001").ok(), ..TicketQuery::default() };
    let by_phone = store.search(phone, None, 10).await.expect("searched");
    assert_eq!(by_phone.items.iter().map(|f| f.ticket.number).collect::<Vec<_>>(), [numbers[1]]);
    let sent = store.outbox_by_carrier("carrier-1").await.expect("looked up");
    let messages = store.messages(Some(numbers[0]), None, 10).await.expect("listed");
    assert_eq!((sent.as_deref(), messages.items[0].state), (Some(messages.items[0].message.key.as_str()), MessageState::Sent));
    assert_eq!(store.user("rina").await.expect("looked up").and_then(|u| u.department).as_deref(), Some("PHE"));
    assert_eq!(store.token(&[7; 32]).await.expect("looked up").map(|t| t.role).as_deref(), Some("integration"));
    goes_on(store, &numbers).await;
}

/// What was taken in is known, and a new contact of a known person has the next number.
async fn goes_on(store: &Store, before: &[Number]) {
    let take = async |id: &str| {
        let opening = opening();
        let messages = |_: &Ticket| vec![];
        store
            .take_in(TakeIn { contact: contact(id), destination: Destination::Open(opening), then: vec![], messages })
            .await
            .expect("taken in")
    };
    let repeated = take("old2").await;
    assert_eq!((repeated.outcome, repeated.ticket.number), (Outcome::Repeated, before[2]));
    let new = take("new").await;
    assert_eq!((new.outcome, new.ticket.state), (Outcome::Opened, State::Registered));
    assert_eq!(new.ticket.number, Number::from_serial(5));
    assert_eq!(new.ticket.person, repeated.ticket.person);
}

fn contact(id: &str) -> Contact {
    let at = Timestamp::from_second(1_795_100_000).expect("a time");
    let sender = Sender { phone: PhoneNumber::parse("9830010002").ok(), ..Sender::default() };
    Contact::new(Channel::Phone, id, at, sender, Statement::Written { text: "bidyut".into() })
}

fn opening() -> Box<Opening> {
    Box::new(Opening {
        category: "power.outage".into(),
        department: "POWER".into(),
        sla_class: SlaClass::Individual,
        emergency: false,
        language: Language::Bn,
        district: None,
        block: None,
        due_at: Timestamp::from_second(1_795_900_000).expect("a time"),
        office: None,
    })
}

/// The rows of the old file as SQL that PostgreSQL reads.
fn rows_of(file: &Path) -> String {
    let old = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opened");
    let mut sql = String::new();
    for table in ["events", "tickets", "persons", "identities", "contacts", "outbox", "users", "tokens"] {
        let mut all = old.prepare(&format!("SELECT * FROM {table}")).expect("the table");
        let columns = all.column_names().join(", ");
        let count = all.column_count();
        let mut rows = all.query([]).expect("read");
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<_> = (0..count).map(|at| literal(row.get_ref(at).expect("a value"))).collect();
            sql += &format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({});\n", values.join(", "));
        }
    }
    sql + "SELECT setval('ticket_serial', 4);
           SELECT setval(pg_get_serial_sequence('persons', 'id'), (SELECT max(id) FROM persons));
           SELECT setval(pg_get_serial_sequence('contacts', 'id'), (SELECT max(id) FROM contacts));"
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".into(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => format!("'{}'", std::str::from_utf8(text).expect("UTF-8").replace('\'', "''")),
        ValueRef::Blob(bytes) => format!("'\\x{}'", hex::encode(bytes)),
    }
}
