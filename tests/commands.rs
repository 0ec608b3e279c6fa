//! The program as its operator meets it: commands, configuration, starting and ending.

use daak_testkit::program::{Program, eventually};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

const DAAK: &str = env!("CARGO_BIN_EXE_daak");

/// Without the telephone: these tests are about everything else.
const QUIET: &str = "[voice]\nenabled = false\n";

fn daak(arguments: &[&str]) -> Output {
    Command::new(DAAK).args(arguments).env_remove("DAAK_CONFIG").env_remove("DAAK_DATA").stdin(Stdio::null()).output().expect("it runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn post(program: &Program, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, body) = program.ask("POST", path, token, &body.to_string());
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn get(program: &Program, token: &str, path: &str) -> Value {
    let (status, body) = program.ask("GET", path, token, "");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

fn token(program: &Program, role: &str) -> String {
    program.run(&["token", "create", "--role", role, "--name", "test"], "").trim().to_owned()
}

#[test]
fn a_configuration_with_a_mistake_stops_the_start_with_file_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daak.toml");
    std::fs::write(&file, "[http]\nlisten = \"127.0.0.1:0\"\n\n[speech]\nmodle = \"x\"\n").expect("written");
    let shown = file.display().to_string();
    let output = daak(&["serve", "--config", &shown, "--data", &folder.path().join("data").display().to_string()]);
    assert!(!output.status.success());
    assert!(
        said(&output).contains(&format!("{shown}:5:1: speech.modle: unknown field `modle`, expected one of `model`")),
        "{}",
        said(&output)
    );
    assert!(!folder.path().join("data").exists(), "nothing was begun");

    let output = daak(&["serve", "--config", "/nowhere.toml"]);
    assert!(said(&output).contains("/nowhere.toml: cannot read the configuration"), "{}", said(&output));
}

#[test]
fn parts_that_need_other_machines_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = daak(&["serve", "--role", "voice", "--data", &folder.path().display().to_string()]);
    assert!(!output.status.success() && said(&output).contains("--role: without \"platform\""), "{}", said(&output));
}

#[test]
fn it_says_where_it_listens_and_ends_politely_when_told() {
    let program = Program::start(DAAK, QUIET);
    let line = format!("http  http://127.0.0.1:{}", program.http);
    eventually("the line of its address", 10, || program.output().lines().any(|l| l == line).then_some(()));
    let killed = Command::new("kill").args(["-TERM", &program.pid().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    eventually("a polite end", 20, || program.output().contains("program.stopped").then_some(()));
}

#[test]
fn people_are_added_sign_in_and_are_disabled() {
    let program = Program::start(DAAK, QUIET);
    let added =
        program.run(&["user", "add", "rina", "--role", "agent", "--phone", "+919830012345", "--password-stdin"], "a long password\n");
    assert!(added.contains("rina may sign in as agent"), "{added}");
    let sign_in = json!({ "name": "rina", "password": "a long password" });
    assert_eq!(
        post(&program, "", "/api/v1/session", &sign_in),
        (200, json!({ "name": "rina", "role": "agent", "department": null, "machine": false }))
    );
    assert!(program.run(&["user", "list"], "").contains("rina"));
    program.run(&["user", "disable", "rina"], "");
    assert_eq!(post(&program, "", "/api/v1/session", &sign_in).0, 401);
}

#[test]
fn what_was_acknowledged_is_there_after_a_power_cut() {
    let mut program = Program::start(DAAK, QUIET);
    let token = token(&program, "supervisor");
    let contact = |n: usize| json!({ "channel": "portal", "external_id": format!("n{n}"), "body": format!("রাস্তা ভাঙা, বাড়ি নম্বর {n}") });
    let mut numbers = Vec::new();
    for n in 0..20 {
        let (status, taken) = post(&program, &token, "/api/v1/contacts", &contact(n));
        assert_eq!(status, 201, "{taken}");
        numbers.push(taken["ticket"]["number"].as_str().expect("a number").to_owned());
    }
    program.kill_and_restart();
    for (n, number) in numbers.iter().enumerate() {
        assert_eq!(get(&program, &token, &format!("/api/v1/tickets/{number}"))["state"], "registered");
        let (status, again) = post(&program, &token, "/api/v1/contacts", &contact(n));
        assert_eq!((status, &again["ticket"]["number"]), (200, &json!(number)), "the same contact stays the same");
    }
}

#[test]
fn tables_and_recordings_are_imported_once() {
    let program = Program::start(DAAK, QUIET);
    let token = token(&program, "agent");
    let table = program.home().join("letters.csv");
    std::fs::write(&table, "channel,phone,name,body\nletter,9830012345,Rina,\"আমার বার্ধক্য ভাতা আসছে না\"\nwalk_in,,,The road is broken\n")
        .expect("written");
    let table = table.display().to_string();
    let first = program.run(&["import", "csv", &table], "");
    assert_eq!(first.matches(": opened ").count(), 2, "{first}");
    let again = program.run(&["import", "csv", &table], "");
    assert_eq!(again.matches("was taken in before").count(), 2, "{again}");

    let recording = program.home().join("voice.wav");
    daak_testkit::tone::write_wav(&recording, &daak_testkit::tone::sine(440.0, 2_000, 8_000), 8_000);
    let taken = program.run(&["import", "wav", &recording.display().to_string(), "--language", "bn", "--phone", "+919830054321"], "");
    assert!(taken.contains(": opened "), "{taken}");
    let found = get(&program, &token, "/api/v1/tickets?phone=9830054321");
    let number = found["items"][0]["number"].as_str().expect("a number");
    let ticket = get(&program, &token, &format!("/api/v1/tickets/{number}"));
    let sound = &ticket["contacts"][0]["attachments"][0];
    assert_eq!((&ticket["contacts"][0]["kind"], &sound["role"]), (&json!("voice_only"), &json!("statement")), "Bengali is not trusted");
    let (status, heard) = program.ask("GET", sound["url"].as_str().expect("a url"), &token, "");
    assert_eq!((status, heard), (200, std::fs::read(&recording).expect("there")));

    std::fs::write(program.home().join("broken.csv"), "body,phone\nx,12\n").expect("written");
    let broken = program.home().join("broken.csv").display().to_string();
    let data = program.home().join("data").display().to_string();
    let refused = daak(&["import", "csv", &broken, "--data", &data]);
    assert!(!refused.status.success() && said(&refused).contains("broken.csv:2: phone: not a telephone number"), "{}", said(&refused));
}

#[test]
fn flows_are_proved_walked_and_drawn() {
    let checked = daak(&["flow", "check", "ivr-flows"]);
    assert!(checked.status.success() && said(&checked).contains("helpline"), "{}", said(&checked));
    let walked = daak(&["flow", "run", "ivr-flows/helpline.yaml", "--say", "রাস্তা ভাঙা", "--press", "1,1"]);
    assert!(walked.status.success() && said(&walked).contains("রাস্তা ভাঙা"), "{}", said(&walked));
    assert!(said(&daak(&["flow", "draw", "ivr-flows/status.yaml"])).starts_with("flowchart TD"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("broken.yaml"), "about: x\nstart: a\nsteps:\n  a: { verb: goto, to: b }\n").expect("written");
    let refused = daak(&["flow", "check", &folder.path().display().to_string()]);
    assert!(!refused.status.success() && said(&refused).contains("broken.yaml:"), "{}", said(&refused));
}

#[test]
fn the_doctor_names_what_is_missing_and_what_mends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let looked = daak(&["doctor", "--data", &data]);
    let told = said(&looked);
    assert!(looked.status.success(), "{told}");
    assert!(told.contains("sms            MISSING") && told.contains("mend:  set sms.driver"), "{told}");
    let broken = Command::new(DAAK).args(["doctor", "--data", &data]).env("DAAK__DATA__FOLDER", "/nowhere").output().expect("it runs");
    assert!(!broken.status.success() && said(&broken).contains("masters        BROKEN"), "{}", said(&broken));
}

#[test]
fn the_demonstration_is_laid_down_once_and_never_for_the_public() {
    let mut program = Program::start_with(DAAK, QUIET, &["--demo"]);
    for line in ["demo  rina", "supervisor of the floor"] {
        eventually(line, 20, || program.output().contains(line).then_some(()));
    }
    let token = token(&program, "agent");
    let count = || get(&program, &token, "/api/v1/tickets?limit=200")["items"].as_array().map(Vec::len);
    let before = count();
    assert!(before >= Some(8), "{before:?}");
    program.kill_and_restart();
    assert_eq!(get(&program, &token, "/api/v1/tickets?limit=200")["items"].as_array().map(Vec::len), before);
    let open = Command::new(DAAK).args(["serve", "--demo"]).env("DAAK__HTTP__LISTEN", "0.0.0.0:0").output().expect("it runs");
    assert!(!open.status.success() && said(&open).contains("--demo listens on this machine only"), "{}", said(&open));
}
