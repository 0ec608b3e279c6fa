//! Kannel, which speaks SMPP since long before us, as the client of our test centre: our codec is read and written by another make.
//! And Kannel's `sms-service` as the provider that brings citizens' messages by HTTP.
#![allow(clippy::unwrap_used, clippy::panic)]

mod centre;
mod kannel_boxes;
mod patience;

use centre::Centre;
use daak_domain::Timestamp;
use daak_sms::alphabet::{self, DefaultAlphabet, text_of};
use daak_sms::smpp::pdu::{Address, Short};
use daak_sms::{Content, Inbound, InboundConfig, concat};
use kannel_boxes::{Kannel, LIMIT, Ports, listen};
use patience::until;

const TOKEN: &str = "sixteen-characters-and-more";

#[tokio::test]
async fn kannel_binds_to_our_centre_sends_and_brings_what_citizens_write() {
    let centre = Centre::willing().await;
    let port: u16 = centre.address.rsplit(':').next().unwrap().parse().unwrap();
    let (hook, mut asked) = listen("").await;
    let kannel = Kannel::start(|ports| configuration(ports, port, hook)).await;
    until("Kannel binds", || centre.binds() >= 1).await;

    // What it sends by SMPP is what was said.
    let text = "আপনার অভিযোগ নথিভুক্ত হয়েছে। নম্বর 612 345 6789। ভুলবেন না: এই নম্বরে আপনি অভিযোগের অবস্থা জানতে পারবেন।";
    let mut url = reqwest::Url::parse(&format!("http://127.0.0.1:{}/cgi-bin/sendsms", kannel.sendsms)).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("username", "daak"),
        ("password", "letmein"),
        ("from", "DAAKWB"),
        ("to", "919830012345"),
        ("text", text),
        ("charset", "UTF-8"),
        ("coding", "2"),
    ]);
    client().get(url).timeout(LIMIT).send().await.unwrap();
    until("both parts are there", || centre.submitted().len() == 2).await;
    let mut parts: Vec<_> = centre.submitted();
    parts.sort_by_key(|short| concat::place(short).0.map(|place| place.part));
    let units: Vec<u16> =
        parts.iter().flat_map(|s| alphabet::decode(concat::place(s).1, s.data_coding, DefaultAlphabet::Gsm7).unwrap()).collect();
    assert_eq!(text_of(&units), text);

    // What we deliver by SMPP, it brings to the hook: in Bengali, and in two parts that it joins itself.
    let address = |text: &str| Address { ton: 1, npi: 1, text: text.into() };
    let short = Short { source: address("919830012345"), destination: address("56070"), data_coding: 8, ..Short::default() };
    let octets = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    centre.deliver(7, Short { octets: octets("না, জল নেই"), ..short.clone() });
    let said = read(&asked.recv().await.unwrap());
    assert_eq!(said, ("না, জল নেই".to_owned(), "+919830012345".to_owned()));
    for (n, text) in [(2u8, "ভাঙা"), (1, "রাস্তা ")] {
        let place = concat::Concat { reference: 4, total: 2, part: n };
        let octets = [&place.header()[..], &octets(text)].concat();
        centre.deliver(10 + u32::from(n), Short { esm_class: concat::UDHI, octets, ..short.clone() });
    }
    let said = tokio::time::timeout(LIMIT, asked.recv()).await.expect("in time").unwrap();
    assert_eq!(read(&said).0, "রাস্তা ভাঙা");
    drop(kannel);
}

/// What the hook makes of Kannel's request.
fn read(query: &str) -> (String, String) {
    let name = |name: &str| Some(name.to_owned());
    let config =
        InboundConfig { token: TOKEN.into(), from: "from".into(), to: name("to"), text: "text".into(), id: name("id"), udh: name("udh") };
    let arrival = Inbound::new("kannel", config).unwrap().read(query, None, "", b"", Timestamp::now()).unwrap();
    assert!(arrival.id.is_some());
    let Content::Units(units) = arrival.content else { panic!("a text") };
    (text_of(&units), arrival.from)
}

fn configuration(Ports { admin, boxes, sendsms, .. }: Ports, centre: u16, hook: u16) -> String {
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = test\nsmsbox-port = {boxes}\nbox-allow-ip = \"127.0.0.1\"\ndlr-storage = internal\n\n\
         group = smsc\nsmsc = smpp\nsmsc-id = ours\nhost = 127.0.0.1\nport = {centre}\ntransceiver-mode = true\nsmsc-username = kannel\n\
         smsc-password = secret\nsystem-type = \"\"\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sendsms}\nmo-recode = true\n\n\
         group = sendsms-user\nusername = daak\npassword = letmein\nconcatenation = true\nmax-messages = 10\n\n\
         group = sms-service\nkeyword = default\nmax-messages = 0\ncatch-all = true\nconcatenation = true\n\
         get-url = \"http://127.0.0.1:{hook}/hooks/sms/kannel?token={TOKEN}&from=%p&to=%P&text=%a&id=%I\"\n"
    )
}

fn client() -> reqwest::Client {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::new()
}
