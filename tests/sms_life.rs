//! A ticket's whole life by a telephone that only does SMS: the program itself, and an SMS centre of another make between the two.

use daak_testkit::program::{Program, eventually};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

const DAAK: &str = env!("CARGO_BIN_EXE_daak");
const CITIZEN: &str = "919830012345";

#[test]
fn a_grievance_a_question_a_no_and_a_yes() {
    let masters = tempfile::tempdir().expect("a folder");
    masters_for_any_hour(masters.path());
    let centre = Centre::start();
    let settings = format!(
        "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[data]\nfolder = \"{}\"\n\n[sms]\ndriver = \"smpp\"\nreply_to = \"56070\"\n\
         quiet_from = \"03:00\"\nquiet_until = \"03:01\"\n\n[sms.smpp]\naddress = \"127.0.0.1:{}\"\nuser = \"daak\"\npassword = \"secret\"\n",
        masters.path().display(),
        centre.port
    );
    let mut program = Program::start(DAAK, &settings);
    let token = program.run(&["token", "create", "--role", "admin", "--name", "test"], "").trim().to_owned();
    eventually("the link is bound", 30, || centre.bound().then_some(()));

    centre.says("আমাদের গ্রামের কলে দুদিন জল আসছে না, খাবার জল কিনে খেতে হচ্ছে");
    let receipt = centre.next("নথিভুক্ত");
    let ticket = || -> Option<Value> {
        let (_, body) = program.ask("GET", "/api/v1/tickets", &token, "");
        serde_json::from_slice::<Value>(&body).ok()?["items"].as_array()?.first().cloned()
    };
    let registered = eventually("the ticket is there", 30, ticket);
    let number = registered["number"].as_str().expect("a number").to_owned();
    let grouped = registered["number_grouped"].as_str().expect("a number").to_owned();
    assert!(receipt.contains(&grouped), "{receipt}");
    let state = |wanted: &'static str| eventually(wanted, 30, || ticket().filter(|ticket| ticket["state"] == wanted).map(drop));
    let step = |body: Value| {
        let (status, answer) = program.ask("POST", &format!("/api/v1/tickets/{number}/events"), &token, &body.to_string());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    };
    eventually("its receipt was matched", 30, || {
        let (_, body) = program.ask("GET", "/api/v1/messages", &token, "");
        let page: Value = serde_json::from_slice(&body).ok()?;
        page["items"].as_array()?.iter().any(|message| message["template"] == "registered" && message["state"] == "delivered").then_some(())
    });

    centre.says(&format!("STATUS {number}"));
    assert!(centre.next(&grouped).contains("PHE") || !registered["department"].is_null());
    step(json!({"type": "ask", "question": "কোন গ্রাম?"}));
    assert!(centre.next("কোন গ্রাম?").contains("56070"));
    centre.says("আমডাঙা");
    state("in_progress");

    let report = || {
        step(json!({"type": "assign", "department": "PHE"}));
        step(json!({"type": "atr", "closure_reason": "resolved", "remarks": "The pipe is mended."}));
        step(json!({"type": "verify"}));
    };
    report();
    assert!(centre.next("YES").contains(&grouped), "the question comes by itself");
    centre.says("না, এখনও জল আসছে না");
    state("returned");
    centre.next("মেটেনি");

    report();
    centre.next("YES");
    program.kill_and_restart();
    let program = &program;
    centre.rebound();
    centre.says("হ্যাঁ");
    centre.next("ধন্যবাদ");
    let closed = eventually("closed", 30, || {
        let (_, body) = program.ask("GET", &format!("/api/v1/tickets/{number}"), &token, "");
        serde_json::from_slice::<Value>(&body).ok().filter(|ticket| ticket.to_string().contains("\"closed\""))
    });
    let told = closed.to_string();
    assert!(told.contains("confirmed"), "{told}");
    assert_eq!(told.matches("\"type\":\"questioned\"").count(), 2, "killed in between, and nobody was asked twice: {told}");
}

/// The shipped masters, with people asked at any hour, so that the test may run at any.
fn masters_for_any_hour(folder: &Path) {
    copy(Path::new("config"), folder);
    let file = folder.join("feedback.toml");
    let rule = std::fs::read_to_string(&file).expect("shipped").replace("\"10:00\"", "\"00:00\"").replace("\"19:00\"", "\"23:59\"");
    std::fs::write(file, rule).expect("written");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("shipped").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The SMS centre on the npm package smpp.
struct Centre {
    child: Mutex<Child>,
    port: u64,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Centre {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg("channels/sms/tests/node/centre.js")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed, and `npm ci` in channels/sms/tests/node: deploy/setup/packages.sh test does it");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
        let noted = lines.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                noted.lock().expect("whole").push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let port = eventually("the centre listens", 30, || lines.lock().expect("whole").first().and_then(|line| line["port"].as_u64()));
        Self { child: Mutex::new(child), port, lines }
    }

    fn bound(&self) -> bool {
        self.lines.lock().expect("whole").iter().any(|line| line["bound"].is_string())
    }

    /// After the program's death: bound a second time.
    fn rebound(&self) {
        let count = || self.lines.lock().expect("whole").iter().filter(|line| line["bound"].is_string()).count();
        eventually("the link is bound again", 60, || (count() >= 2).then_some(()));
    }

    /// The citizen sends an SMS.
    fn says(&self, text: &str) {
        let line = json!({"source_addr": CITIZEN, "destination_addr": "56070", "short_message": text});
        writeln!(self.child.lock().expect("whole").stdin.as_mut().expect("piped"), "{line}").expect("it reads");
    }

    /// The next message to the citizen that says `words`, its parts put together; those before it are dropped.
    fn next(&self, words: &str) -> String {
        eventually(words, 60, || {
            let mut lines = self.lines.lock().expect("whole");
            let to_citizen = |line: &&Value| line["to"] == CITIZEN;
            let mut message = String::new();
            for (at, line) in lines.iter().enumerate().filter(|(_, line)| to_citizen(line)) {
                // Parts follow each other; the last letters of the header say which of how many.
                let udh = line["udh"][0].as_str().unwrap_or_default().to_owned();
                let (total, part) = (udh.get(udh.len().wrapping_sub(4)..udh.len().wrapping_sub(2)), udh.get(udh.len().wrapping_sub(2)..));
                if part.is_none_or(|part| part == "01") {
                    message.clear();
                }
                message.push_str(line["text"].as_str().unwrap_or_default());
                if total == part && message.contains(words) {
                    let mut place = 0..;
                    lines.retain(|line| place.next().is_none_or(|place| place > at) || line["bound"].is_string());
                    return Some(message);
                }
            }
            None
        })
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        let mut child = self.child.lock().expect("whole");
        let _ = child.kill();
        let _ = child.wait();
    }
}
