//! The driver `smpp` against an SMS centre in the same process that does what the worst of them do, and against one of another make.
#![allow(clippy::unwrap_used, clippy::panic)]

mod centre;
mod patience;

use centre::{Centre, Reply, take};
use daak_domain::carrier::{Accepted, Fate, SendError};
use daak_domain::phone::PhoneNumber;
use daak_sms::alphabet::{self, DefaultAlphabet, text_of};
use daak_sms::concat;
use daak_sms::parts;
use daak_sms::smpp::pdu::{Address, Bind, Short, status, tag};
use daak_sms::smpp::{Binding, LongText, SmppConfig};
use daak_sms::{Gateway, Outgoing, SmppGateway, TextDoor};
use daak_testkit::note_taker::NoteTaker;
use jiff::SignedDuration;
use patience::until;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const LONG: &str = "আপনার অভিযোগ নথিভুক্ত হয়েছে। নম্বর 612 345 6789। ভুলবেন না: এই নম্বরে আপনি অভিযোগের অবস্থা জানতে পারবেন। 😀";

fn config(address: &str) -> SmppConfig {
    SmppConfig {
        addresses: vec![address.to_owned()],
        tls: None,
        binding: Binding::Transceiver,
        links: 1,
        bind: Bind { system_id: "daak".into(), password: "secret".into(), system_type: String::new() },
        window: 10,
        per_second: 10_000,
        source: None,
        long_text: LongText::Udh,
        default_alphabet: DefaultAlphabet::Gsm7,
        receipts: true,
        receipt_ids: Default::default(),
        telemarketer: Some("1102".into()),
        enquire_s: 5,
        answer_s: 3,
    }
}

struct House {
    gateway: Arc<SmppGateway>,
    listener: Arc<NoteTaker>,
    closing: CancellationToken,
    _folder: tempfile::TempDir,
}

impl House {
    fn open(config: SmppConfig) -> Self {
        let (listener, folder, closing) = (NoteTaker::new(), tempfile::tempdir().unwrap(), CancellationToken::new());
        let door = Arc::new(TextDoor::open(listener.clone(), folder.path(), SignedDuration::from_secs(2)).unwrap());
        tokio::spawn(door.clone().run(closing.clone()));
        let gateway = SmppGateway::start(config, listener.clone(), door, &closing).unwrap();
        Self { gateway: Arc::new(gateway), listener, closing, _folder: folder }
    }

    async fn send(&self, key: &str, text: &str) -> Result<Accepted, SendError> {
        self.gateway.send(&outgoing(key, text)).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

fn outgoing(key: &str, text: &str) -> Outgoing {
    Outgoing {
        key: key.to_owned(),
        to: PhoneNumber::parse("9830012345").unwrap(),
        text: text.to_owned(),
        sender: "DAAKWB".to_owned(),
        template_id: Some("1107".into()),
        entity_id: Some("1101".into()),
    }
}

fn receipt(of: &Short, id: &str, stat: &str) -> Short {
    Short {
        esm_class: 4,
        source: of.destination.clone(),
        destination: of.source.clone(),
        octets: format!("id:{id} stat:{stat} err:000").into(),
        ..Short::default()
    }
}

fn from_citizen(text: &str, coding: u8) -> Short {
    let address = |text: &str| Address { ton: 1, npi: 1, text: text.into() };
    let octets =
        if coding == 8 { text.encode_utf16().flat_map(u16::to_be_bytes).collect() } else { alphabet::encode(text, parts::Encoding::Gsm7) };
    Short { source: address("919830012345"), destination: address("56070"), data_coding: coding, octets, ..Short::default() }
}

#[tokio::test]
async fn parts_join_to_the_text_by_header_by_parameter_and_at_once() {
    for (long_text, of) in [(LongText::Udh, 2), (LongText::Sar, 2), (LongText::Payload, 1)] {
        let centre = Centre::willing().await;
        let house = House::open(SmppConfig { long_text, ..config(&centre.address) });
        let accepted = house.send("k", LONG).await.unwrap();
        assert_eq!((accepted.parts, accepted.reports), (2, true));
        let sent = centre.submitted();
        assert_eq!(sent.len(), of, "{long_text:?}");
        let mut units = Vec::new();
        for (n, short) in (1u8..).zip(&sent) {
            let (place, octets) = concat::place(short);
            assert_eq!(place.map(|p| (p.total, p.part)), (of > 1).then_some((2, n)));
            units.extend(alphabet::decode(octets, short.data_coding, DefaultAlphabet::Gsm7).unwrap());
            assert_eq!((short.source.ton, short.destination.text.as_str(), short.registered_delivery), (5, "919830012345", 1));
            for (tag, value) in [(tag::DLT_ENTITY, "1101"), (tag::DLT_TEMPLATE, "1107"), (tag::DLT_TELEMARKETER, "1102")] {
                assert_eq!(short.tlv(tag), Some(value.as_bytes()));
            }
        }
        assert_eq!(text_of(&units), LONG);
    }
}

#[tokio::test]
async fn receipts_find_their_message_before_and_after_the_answer_and_in_another_base() {
    let policy = |n: usize, short: &Short| {
        let (hex, decimal) = (format!("{:X}", 0xa1b0 + n), format!("{}", 0xa1b0 + n));
        match n % 2 {
            0 => Reply::Take { id: hex, before: Some(receipt(short, &decimal, "DELIVRD")), after: None },
            _ => Reply::Take { id: hex, before: None, after: Some(receipt(short, &decimal, "DELIVRD")) },
        }
    };
    let centre = Centre::open(Arc::new(policy)).await;
    let house = House::open(config(&centre.address));
    for key in ["a", "b", "c"] {
        house.send(key, LONG).await.unwrap();
    }
    until("all are delivered", || house.listener.delivered().len() == 3).await;
    let mut keys = house.listener.delivered();
    keys.sort();
    assert_eq!(keys, ["a", "b", "c"], "each once, when its last part has arrived");
    let failing = |_: usize, short: &Short| Reply::Take { id: "9".into(), before: None, after: Some(receipt(short, "9", "UNDELIV")) };
    let centre = Centre::open(Arc::new(failing)).await;
    let house = House::open(config(&centre.address));
    house.send("k", "hello").await.unwrap();
    until("its failure is told", || matches!(house.listener.news().as_slice(), [news] if matches!(news.fate, Fate::Failed(_)))).await;
}

#[tokio::test]
async fn too_much_is_obeyed_and_nothing_is_lost_by_it() {
    let count = Mutex::new(0);
    let policy = move |n: usize, _: &Short| {
        let mut refused = count.lock().unwrap();
        if n.is_multiple_of(3) && *refused < 3 {
            *refused += 1;
            return Reply::Refuse(if *refused == 2 { status::QUEUE_FULL } else { status::THROTTLED });
        }
        take(format!("{n:x}"))
    };
    let centre = Centre::open(Arc::new(policy)).await;
    let house = House::open(config(&centre.address));
    let all = (0..10).map(|n| {
        let gateway = house.gateway.clone();
        async move { gateway.send(&outgoing(&n.to_string(), "hello")).await }
    });
    let began = Instant::now();
    for sent in futures(all).await {
        sent.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(500), "it pauses when it is told to");
    assert!(centre.submitted().len() >= 11 && centre.submitted().len() <= 13);
}

#[tokio::test]
async fn what_a_refusal_means() {
    for (code, retry) in [
        (status::INVALID_DESTINATION, false),
        (status::INVALID_SOURCE, false),
        (0x0400, false),
        (status::SYSTEM_ERROR, true),
        (status::TEMPORARY_ERROR, true),
    ] {
        let centre = Centre::open(Arc::new(move |_, _: &Short| Reply::Refuse(code))).await;
        let house = House::open(config(&centre.address));
        let error = house.send("k", "my secret words").await.unwrap_err();
        assert_eq!((error.retry, error.uncertain), (retry, false), "{code:#x}: {error}");
        assert!(!error.detail.contains("secret") && !error.detail.contains("98300"));
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_a_dead_centre_is_tried_again() {
    let centre = Centre::open(Arc::new(|n, _: &Short| {
        if n == 0 {
            Reply::Silence
        } else if n == 1 {
            Reply::HangUp
        } else {
            take("7")
        }
    }))
    .await;
    let house = House::open(config(&centre.address));
    for why in ["silence", "hung up"] {
        let error = house.send("k", "hello").await.unwrap_err();
        assert!(error.retry && error.uncertain, "{why}: {error}");
    }
    house.send("k", "hello").await.unwrap();
    assert!(centre.binds() >= 2, "the link was bound again");

    let nobody = House::open(config("127.0.0.1:9"));
    let error = nobody.send("k", "hello").await.unwrap_err();
    assert!(error.retry && !error.uncertain, "surely not taken: {error}");
    let wrong = Bind { password: "wrong".into(), ..config("").bind };
    let house = House::open(SmppConfig { bind: wrong, ..config(&centre.address) });
    until("it is refused, and tries again later", || centre.refused_binds() >= 2).await;
    assert_eq!(house.gateway.bound(), 0);
}

#[tokio::test]
async fn a_silent_link_is_asked_whether_it_lives() {
    let centre = Centre::willing().await;
    let house = House::open(config(&centre.address));
    until("it asks", || centre.enquiries() >= 1).await;
    assert_eq!(house.gateway.bound(), 1);
}

#[tokio::test]
async fn citizens_messages_are_answered_when_they_are_kept() {
    let centre = Centre::willing().await;
    let house = House::open(SmppConfig { binding: Binding::Pair, ..config(&centre.address) });
    until("both are bound", || centre.binds() == 2).await;
    centre.deliver(1, from_citizen("জল নেই", 8));
    centre.deliver(2, from_citizen("No water {here}", 0));
    // Three parts, the last first, with a surrogate pair split between two of them, each twice.
    let units: Vec<u16> = "রাস্তা 😀 ভাঙা".encode_utf16().collect();
    let at = units.iter().position(|u| *u == 0xd83d).unwrap() + 1;
    let pieces = [&units[..3], &units[3..at], &units[at..]];
    for (n, piece) in (1u8..=3).zip(pieces).rev() {
        let place = concat::Concat { reference: 9, total: 3, part: n };
        let octets: Vec<u8> = piece.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let short = Short { esm_class: concat::UDHI, octets: [&place.header()[..], &octets].concat(), ..from_citizen("", 8) };
        centre.deliver(10 + u32::from(n), short.clone());
        centre.deliver(20 + u32::from(n), short);
    }
    // A ring tone, an advertisement, an empty one: held.
    centre.deliver(30, Short { data_coding: 4, octets: vec![1, 2, 3], ..from_citizen("", 0) });
    centre.deliver(31, Short { source: Address { ton: 5, npi: 0, text: "AD-BANK".into() }, ..from_citizen("Loan!", 0) });
    centre.deliver(32, from_citizen("", 0));
    until("all are answered", || centre.answers().len() == 11).await;
    assert!(centre.answers().iter().all(|(_, code)| *code == status::OK), "{:?}", centre.answers());
    until("all are heard", || house.listener.texts().len() == 3).await;
    let mut texts = house.listener.texts();
    texts.sort();
    assert_eq!(texts, ["No water {here}", "জল নেই", "রাস্তা 😀 ভাঙা"]);
    assert_eq!(house.listener.held().len(), 3);
    assert!(house.listener.contacts().iter().all(|c| c.sender.phone.as_ref().is_some_and(|p| p.as_str() == "+919830012345")));

    // What the helpline cannot take now is offered again: "answered" means "kept".
    house.listener.refuse(1);
    centre.deliver(40, from_citizen("later", 0));
    until("it is told to come again", || centre.answers().contains(&(40, status::TEMPORARY_ERROR))).await;
    centre.deliver(41, from_citizen("later", 0));
    until("it comes again", || house.listener.texts().contains(&"later".to_owned())).await;
}

#[tokio::test]
async fn parts_that_never_come_are_marked() {
    let centre = Centre::willing().await;
    let house = House::open(config(&centre.address));
    until("it is bound", || centre.binds() == 1).await;
    let place = concat::Concat { reference: 3, total: 2, part: 2 };
    centre.deliver(1, Short { tlvs: place.sar(), ..from_citizen("and the end", 0) });
    until("what there is comes", || house.listener.texts() == ["[…] and the end"]).await;
}

/// 500 submits a second with a window of 50. The figure is printed, never asserted; that nothing is lost and the window holds, is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_messages_with_a_window_of_fifty() {
    let policy = |n: usize, short: &Short| Reply::Take {
        id: format!("{n:x}"),
        before: None,
        after: Some(receipt(short, &format!("{n:x}"), "DELIVRD")),
    };
    let centre = Centre::open(Arc::new(policy)).await;
    let house = House::open(SmppConfig { window: 50, ..config(&centre.address) });
    until("it is bound", || house.gateway.bound() == 1).await;
    let began = Instant::now();
    let all = (0..5_000).map(|n| {
        let (gateway, to) = (house.gateway.clone(), PhoneNumber::parse(&format!("98300{n:05}")).unwrap());
        async move { gateway.send(&Outgoing { to, ..outgoing(&n.to_string(), "hello") }).await }
    });
    for sent in futures(all).await {
        sent.unwrap();
    }
    println!("5000 submits in {:?}: {:.0}/s", began.elapsed(), 5_000.0 / began.elapsed().as_secs_f64());
    until("every receipt is matched", || house.listener.delivered().len() == 5_000).await;
    let mut keys = house.listener.delivered();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5_000, "each once");
    assert!(centre.most_under_way() <= 50, "{}", centre.most_under_way());
}

/// Runs all at once, bounded, in order.
async fn futures<T: Send + 'static>(all: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let gate = Arc::new(tokio::sync::Semaphore::new(400));
    let running: Vec<_> = all
        .map(|one| {
            let gate = gate.clone();
            tokio::spawn(async move {
                let _turn = gate.acquire_owned().await;
                one.await
            })
        })
        .collect();
    let mut done = Vec::new();
    for one in running {
        done.push(one.await.unwrap());
    }
    done
}

#[tokio::test]
async fn against_the_centre_of_another_make() {
    let node = Node::start();
    for binding in [Binding::Transceiver, Binding::Pair] {
        let house = House::open(SmppConfig { binding, ..config(&format!("127.0.0.1:{}", node.port)) });
        let key = format!("{binding:?}");
        let accepted = house.send(&key, LONG).await.unwrap();
        assert_eq!(accepted.parts, 2);
        if binding == Binding::Transceiver {
            until("the receipts of both parts, in decimal, are matched", || house.listener.delivered() == [key.clone()]).await;
        }
        let sent: Vec<_> = node.take(2);
        let text: String = sent.iter().map(|line| line["text"].as_str().unwrap_or_default()).collect();
        assert_eq!((text.as_str(), sent[0]["coding"].as_u64()), (LONG, Some(8)), "it reads what we wrote");
        assert!(sent[0]["udh"].is_array());
        house.send("{plain}", "Grievance [1] {€}").await.unwrap();
        assert_eq!(node.take(1)[0]["text"], "Grievance [1] {€}");
        node.deliver(r#"{"source_addr":"919830012345","destination_addr":"56070","short_message":"হ্যাঁ"}"#);
        until("a citizen's word comes", || house.listener.texts() == ["হ্যাঁ"]).await;
    }
}

struct Node {
    child: Mutex<Child>,
    port: u16,
    lines: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Node {
    fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node");
        let mut child = Command::new("node")
            .arg(format!("{folder}/centre.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed for this test, and `npm ci` in channels/sms/tests/node: make test does it");
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
        let noted = lines.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                noted.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let began = Instant::now();
        let port = loop {
            if let Some(port) = lines.lock().unwrap().first().and_then(|line| line["port"].as_u64()) {
                break u16::try_from(port).unwrap();
            }
            assert!(began.elapsed() < Duration::from_secs(20), "`npm ci` in channels/sms/tests/node first");
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { child: Mutex::new(child), port, lines }
    }

    /// The next messages that it took.
    fn take(&self, n: usize) -> Vec<serde_json::Value> {
        let began = Instant::now();
        loop {
            let mut lines = self.lines.lock().unwrap();
            let taken: Vec<_> = lines.iter().filter(|line| line["to"].is_string()).take(n).cloned().collect();
            if taken.len() == n {
                lines.retain(|line| !taken.contains(line));
                return taken;
            }
            drop(lines);
            assert!(began.elapsed() < Duration::from_secs(20), "{n} messages");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn deliver(&self, line: &str) {
        writeln!(self.child.lock().unwrap().stdin.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.lock().unwrap().kill();
        let _ = self.child.lock().unwrap().wait();
    }
}
