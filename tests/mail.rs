//! Mail through the whole program, with Dovecot and Postfix as its peers: a citizen writes, is answered, answers; what comes
//! back is seen; and nothing is lost or doubled however often the program dies on the way.

use daak_testkit::post_office::PostOffice;
use daak_testkit::program::{Program, eventually};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const DAAK: &str = env!("CARGO_BIN_EXE_daak");
const HELPLINE: &str = "helpline@cm.example.org";
const RINA: &str = "rina@example.org";

#[test]
fn a_citizen_writes_is_answered_and_answers_in_one_thread() {
    let office = PostOffice::open();
    let house = House::open(&office);
    office.send(RINA, HELPLINE, &["Subject: No water", "Message-Id: <first@example.org>"], "There is no drinking water in our village.");

    let first = eventually("a ticket", 60, || house.tickets().into_iter().next());
    let number = first["number"].as_str().expect("a number").to_owned();
    let answer = eventually("an answer in the citizen's mailbox", 60, || office.inbox(RINA).into_iter().next());
    for line in
        ["In-Reply-To: <first@example.org>", "References: <first@example.org>", "Auto-Submitted: auto-generated", "multipart/alternative"]
    {
        assert!(answer.contains(line), "{line} in\n{answer}");
    }
    let grouped = first["number_grouped"].as_str().expect("grouped");
    assert!(answer.contains(&format!("Subject: Re: No water [{grouped}]")), "{answer}");
    let id = field(&answer, "Message-ID");
    assert!(id.starts_with(&format!("<daak.{number}.")), "{id}");

    // The citizen answers; a neighbour who has the same mail does not get into this ticket.
    let thread = [format!("In-Reply-To: {id}"), format!("References: <first@example.org> {id}")];
    let headers = |subject: &str| vec![format!("Subject: {subject}"), thread[0].clone(), thread[1].clone()];
    let send = |from: &str, subject: &str, body: &str| {
        let headers = headers(subject);
        office.send(from, HELPLINE, &headers.iter().map(String::as_str).collect::<Vec<_>>(), body);
    };
    send(RINA, "Re: No water", "Ward 14, behind the school.\n\nOn 24 Nov 2026, Helpline wrote:\n> Your grievance is registered.");
    send("bikash@example.org", &format!("Fwd: [{grouped}]"), "Rina sent me this, our lane has no water either.");
    let joined = eventually("the answer joins its ticket", 60, || Some(house.ticket(&number)).filter(|t| t["contact_count"] == 2));
    let contact = &joined["contacts"][1];
    assert_eq!(contact["text"], "Ward 14, behind the school.");
    assert!(contact["folded"].as_str().is_some_and(|folded| folded.contains("Your grievance is registered")));
    eventually("the neighbour has a ticket of his own", 60, || Some(house.tickets()).filter(|all| all.len() == 2));
    assert_eq!(house.ticket(&number)["contact_count"], 2, "two people's mails never merge");

    // A machine's answer becomes nothing and is answered by nothing.
    office.send(RINA, HELPLINE, &["Subject: Away", "Auto-Submitted: auto-replied"], "I am away.");
    // Somebody without a mailbox: what we answer comes back, and is seen on the ticket.
    office.send("nobody@example.org", HELPLINE, &["Subject: Road"], "The road to the school is broken.");
    let failed = eventually("the bounce is seen", 60, || house.messages().into_iter().find(|m| m["state"] == "failed"));
    assert!(failed["detail"].as_str().is_some_and(|why| why.contains("nobody@example.org")), "{failed}");
    eventually("every mail is marked", 60, || (office.seen(HELPLINE) == 6).then_some(()));
    assert_eq!(house.tickets().len(), 3);
    assert_eq!(house.program.run(&["doctor"], "").lines().filter(|l| l.starts_with("imap") && l.contains("well")).count(), 1);
}

#[test]
fn killed_twenty_times_on_the_way_nothing_is_lost_or_doubled() {
    const MAILS: usize = 630;
    let office = PostOffice::open();
    office.lay(HELPLINE, (0..MAILS).map(mail));
    let mut house = House::open(&office);
    for kill in 1..=20 {
        eventually("some mails are stored", 120, || (office.seen(HELPLINE) >= kill * MAILS / 21).then_some(()));
        house.program.kill_and_restart();
        if kill % 7 == 0 {
            office.restart_dovecot();
        }
    }
    // What we answered comes back from where nobody is, and is marked too.
    eventually("all mails are stored and marked", 240, || (office.seen(HELPLINE) >= MAILS && house.tickets().len() >= MAILS).then_some(()));
    let tickets = house.tickets();
    let subjects: BTreeSet<String> =
        tickets.iter().map(|t| house.ticket(t["number"].as_str().unwrap_or_default())["contacts"][0]["subject"].to_string()).collect();
    assert_eq!((tickets.len(), subjects.len()), (MAILS, MAILS));
    assert!(tickets.iter().all(|t| t["contact_count"] == 1), "none came twice");
}

#[test]
fn a_mailbox_that_takes_tokens_only_is_read() {
    let provider = Provider::open();
    let office = PostOffice::open_with(Some(provider.port));
    let settings = format!(
        "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[[email.mailboxes]]\nname = \"tokens\"\n\
         imap = \"imap://{HELPLINE}@127.0.0.1:{}/INBOX\"\nafter = \"move:Done\"\n\
         oauth2 = {{ token_url = \"http://127.0.0.1:{}/token\", client_id = \"daak\", refresh_token = \"r&1\" }}\n",
        office.imap, provider.port
    );
    let house = House::with(&settings);
    office.send(RINA, HELPLINE, &["Subject: Lamp"], "The street light near the school is broken.");
    eventually("a ticket", 60, || (house.tickets().len() == 1).then_some(()));
    assert!(provider.seen("refresh_token=r%261") && provider.seen("/introspect"), "the token was fetched and asked about");
    eventually("the mail is moved away", 60, || office.inbox(HELPLINE).is_empty().then_some(()));
}

/// A provider of access tokens that notes what it is asked.
struct Provider {
    port: u16,
    asked: Arc<Mutex<String>>,
}

impl Provider {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<String>> = Arc::default();
        let noted = asked.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let request = request(&mut stream);
                let body = if request.contains(" /token ") {
                    r#"{"access_token":"token-1","expires_in":3600,"token_type":"Bearer"}"#.to_owned()
                } else {
                    format!(r#"{{"active":true,"email":"{HELPLINE}","username":"{HELPLINE}"}}"#)
                };
                noted.lock().expect("no panic").push_str(&request);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        Self { port, asked }
    }

    fn seen(&self, text: &str) -> bool {
        self.asked.lock().expect("no panic").contains(text)
    }
}

/// One request, head and body.
fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut piece = [0; 2048];
    let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(5)));
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut piece) {
            Ok(n) if n > 0 => read.extend_from_slice(&piece[..n]),
            _ => return text,
        }
    }
}

fn mail(at: usize) -> Vec<u8> {
    format!(
        "From: Citizen {at} <citizen{at}@example.net>\r\nTo: {HELPLINE}\r\nSubject: matter {at}\r\nMessage-ID: <{at}@example.net>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0530\r\n\r\nThe street light number {at} near the school is broken.\r\n"
    )
    .into_bytes()
}

struct House {
    program: Program,
    token: String,
}

impl House {
    fn open(office: &PostOffice) -> Self {
        let settings = format!(
            "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[email]\nimap = \"imaps://{HELPLINE}@localhost:{}/INBOX\"\n\
             imap_password = \"letmein\"\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"{HELPLINE}\"\nauthority = \"{}\"\nper_second = 50\n",
            office.imaps,
            office.smtp,
            office.authority().display()
        );
        Self::with(&settings)
    }

    fn with(settings: &str) -> Self {
        let program = Program::start(DAAK, settings);
        let token = program.run(&["token", "create", "--role", "admin", "--name", "test"], "").trim().to_owned();
        Self { program, token }
    }

    fn ask(&self, path: &str) -> Value {
        let (status, body) = self.program.ask("GET", path, &self.token, "");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.ask(&format!("{path}limit=200{cursor}"));
            items.extend(page["items"].as_array().into_iter().flatten().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    fn tickets(&self) -> Vec<Value> {
        self.all("/api/v1/tickets?channel=email&")
    }

    fn messages(&self) -> Vec<Value> {
        self.all("/api/v1/messages?")
    }

    fn ticket(&self, number: &str) -> Value {
        self.ask(&format!("/api/v1/tickets/{number}"))
    }
}

fn field(mail: &str, name: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_default().trim().to_owned()
}
