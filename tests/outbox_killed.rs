//! The program is killed while it hands a message to the gateway, and started again: the citizen gets the message, and a
//! gateway that knows keys has it once.

use daak_testkit::program::{Program, eventually};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const DAAK: &str = env!("CARGO_BIN_EXE_daak");

#[test]
fn killed_while_sending_and_started_again_the_message_arrives_under_its_one_key() {
    let gateway = Gateway::open();
    let settings = format!(
        "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[sms]\ndriver = \"http\"\n\n[sms.http]\nurl = \"http://127.0.0.1:{}/send\"\n\
         timeout_s = 1\n\n[sms.http.query]\nto = \"{{to}}\"\ntext = \"{{text}}\"\nkey = \"{{key}}\"\n",
        gateway.port
    );
    let mut program = Program::start(DAAK, &settings);
    let token = program.run(&["token", "create", "--role", "admin", "--name", "test"], "").trim().to_owned();
    let contact =
        r#"{"channel":"portal","external_id":"a","sender":{"phone":"+919830012345"},"body":"street light broken near the school"}"#;
    let (status, body) = program.ask("POST", "/api/v1/contacts", &token, contact);
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));

    // The gateway has the request and does not answer: now the power goes.
    let first = eventually("the gateway is asked", 30, || gateway.keys().first().cloned());
    program.kill();
    gateway.answer_from_now_on();
    program.kill_and_restart();

    let keys = eventually("the message comes again", 60, || Some(gateway.keys()).filter(|keys| keys.len() >= 2));
    assert!(keys.iter().all(|key| *key == first), "every sending carries the one key: {keys:?}");
    let state = || {
        let (_, body) = program.ask("GET", "/api/v1/messages", &token, "");
        let page: serde_json::Value = serde_json::from_slice(&body).ok()?;
        let items = page["items"].as_array()?;
        (items.len() == 1 && items[0]["state"] == "sent" && items[0]["key"] == first.as_str()).then_some(())
    };
    eventually("the outbox knows that it was sent", 30, state);
}

/// A gateway over HTTP that notes the keys it is given.
struct Gateway {
    port: u16,
    seen: Arc<Mutex<(Vec<String>, bool)>>,
}

impl Gateway {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<(Vec<String>, bool)>> = Arc::default();
        let noted = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let noted = noted.clone();
                std::thread::spawn(move || serve(stream, &noted));
            }
        });
        Self { port, seen }
    }

    fn keys(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").0.clone()
    }

    fn answer_from_now_on(&self) {
        self.seen.lock().expect("no panic").1 = true;
    }
}

fn serve(mut stream: TcpStream, noted: &Mutex<(Vec<String>, bool)>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let key = head.split(['?', '&', ' ']).find_map(|pair| pair.strip_prefix("key="));
    let answers = {
        let mut noted = noted.lock().expect("no panic");
        noted.0.extend(key.map(|key| key.replace("%3A", ":")));
        noted.1
    };
    if answers {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    } else {
        // Holds the connection until the other side is gone.
        let _ = stream.read(&mut byte);
    }
}
