//! The driver `http` against the real Kannel: bearerbox and smsbox are started on free ports, with a carrier of our own
//! behind them that sees what goes on the air and reports delivery.
#![allow(clippy::unwrap_used, clippy::panic)]

mod kannel_boxes;

use daak_domain::phone::PhoneNumber;
use daak_sms::{Gateway, HttpConfig, HttpGateway, Outgoing, ReportAddress, Verdict};
use kannel_boxes::{Kannel, LIMIT, Ports, listen};
use tokio::sync::mpsc;

#[tokio::test]
async fn a_bengali_message_goes_through_kannel_and_its_delivery_comes_back() {
    let house = House::open().await;
    let text = "আপনার অভিযোগ নথিভুক্ত হয়েছে। নম্বর 612 345 6789। ভুলবেন না: এই নম্বরে আপনি অভিযোগের অবস্থা জানতে পারবেন। 😀";
    let message = outgoing("6123456789:registered", text);
    let accepted = house.gateway.send(&message).await.unwrap();
    assert_eq!(accepted.parts, 2);
    assert!(accepted.reports);

    let mut seen = house.carrier;
    let sent = [next(&mut seen).await, next(&mut seen).await];
    let on_the_air: Vec<String> = sent.iter().map(|query| utf16(&bytes(query, "text"))).collect();
    assert_eq!(on_the_air, daak_sms::parts::split(text), "Kannel cuts where we count, and the carrier sees every letter");
    for query in &sent {
        assert_eq!((get(query, "to"), get(query, "from")), (Some("+919830012345".to_owned()), Some("DAAKWB".to_owned())));
    }

    // The carrier reports to Kannel, Kannel calls our hook, the hook believes what is signed.
    let asked = sent.iter().find_map(|query| get(query, "dlr-url")).expect("Kannel asks its carrier for a report");
    let (inbound, id) = (asked.split("/&").next().expect("an address"), asked.split("dlr-mid=").nth(1).expect("an id"));
    let text = "id:1%20stat:DELIVRD";
    fetch(&format!("{inbound}/?username=u&password=p&from=DAAKWB&to=%2B919830012345&text={text}&dlr-mask=1&dlr-mid={id}")).await;
    let mut hook = house.hook;
    let verdict = tokio::time::timeout(LIMIT, async {
        loop {
            let query = hook.recv().await.expect("the hook listens");
            let report = house.reports.read(&query).expect("signed by us");
            assert_eq!(report.key, "6123456789:registered");
            if report.verdict != Verdict::OnItsWay {
                return report.verdict;
            }
        }
    });
    assert_eq!(verdict.await.expect("Kannel reports in time"), Verdict::Delivered);
    house.kannel.stop();
}

#[tokio::test]
async fn kannel_refuses_a_wrong_password_and_a_dead_one_is_tried_again() {
    let house = House::open().await;
    let mut config = house.config.clone();
    config.query.insert("password".to_owned(), "wrong".to_owned());
    let wrong = HttpGateway::new(config, client(), None).unwrap();
    let error = wrong.send(&outgoing("k", "hello")).await.unwrap_err();
    assert!(error.retry && error.detail.contains("credentials"), "{error}");
    house.kannel.stop();
    let error = house.gateway.send(&outgoing("k", "hello")).await.unwrap_err();
    assert!(error.retry && !error.uncertain, "a refused connection was surely not taken: {error}");
    for secret in ["9830012345", "hello", "letmein"] {
        assert!(!error.detail.contains(secret), "personal data and passwords stay out of errors");
    }
}

/// Kannel with a carrier behind it and our hook beside it.
struct House {
    kannel: Kannel,
    gateway: HttpGateway,
    config: HttpConfig,
    reports: ReportAddress,
    carrier: mpsc::Receiver<String>,
    hook: mpsc::Receiver<String>,
}

impl House {
    async fn open() -> Self {
        let (carrier_port, carrier) = listen("0: Accepted for delivery").await;
        let (hook_port, hook) = listen("ok").await;
        let kannel = Kannel::start(|ports| configuration(ports, carrier_port)).await;
        let config: HttpConfig = serde_json::from_value(serde_json::json!({
            "url": format!("http://127.0.0.1:{}/cgi-bin/sendsms", kannel.sendsms),
            "query": {
                "username": "daak", "password": "letmein", "from": "{sender}", "to": "{to}", "text": "{text}",
                "charset": "UTF-8", "coding": "{coding}", "dlr-mask": "31", "dlr-url": "{report_url}"
            },
            "accepted_prefix": ["0:", "3:"]
        }))
        .unwrap();
        let reports = ReportAddress::new(&format!("http://127.0.0.1:{hook_port}/hooks/sms/main"), b"a key for the test's hook").unwrap();
        let gateway = HttpGateway::new(config.clone(), client(), Some(reports.clone())).unwrap();
        Self { kannel, gateway, config, reports, carrier, hook }
    }
}

fn configuration(Ports { admin, boxes, inbound, sendsms }: Ports, carrier: u16) -> String {
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = test\nsmsbox-port = {boxes}\nbox-allow-ip = \"127.0.0.1\"\n\
         dlr-storage = internal\n\n\
         group = smsc\nsmsc = http\nsmsc-id = carrier\nsystem-type = kannel\nsmsc-username = u\nsmsc-password = p\n\
         port = {inbound}\nconnect-allow-ip = 127.0.0.1\nsend-url = \"http://127.0.0.1:{carrier}/send\"\n\
         dlr-url = \"http://127.0.0.1:{inbound}/\"\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sendsms}\n\n\
         group = sendsms-user\nusername = daak\npassword = letmein\nconcatenation = true\nmax-messages = 10\n\n\
         group = sms-service\nkeyword = default\ntext = \"\"\nmax-messages = 0\n"
    )
}

async fn next(queries: &mut mpsc::Receiver<String>) -> String {
    tokio::time::timeout(LIMIT, queries.recv()).await.expect("in time").expect("open")
}

fn get(query: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://x/?{query}")).unwrap();
    url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned())
}

/// The value's bytes: Kannel sends UTF-16, not text.
fn bytes(query: &str, name: &str) -> Vec<u8> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).expect("the parameter is there");
    let (mut out, mut rest) = (Vec::new(), value.bytes());
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().expect("two digits"), rest.next().expect("two digits")];
                u8::from_str_radix(std::str::from_utf8(&hex).expect("ascii"), 16).expect("hexadecimal")
            }
            other => other,
        });
    }
    out
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).expect("whole characters in each part")
}

async fn fetch(url: &str) {
    client().get(url).timeout(LIMIT).send().await.expect("Kannel listens for its carrier");
}

fn client() -> reqwest::Client {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::new()
}

fn outgoing(key: &str, text: &str) -> Outgoing {
    Outgoing {
        key: key.to_owned(),
        to: PhoneNumber::parse("9830012345").unwrap(),
        text: text.to_owned(),
        sender: "DAAKWB".to_owned(),
        template_id: None,
        entity_id: None,
    }
}
