//! A citizen telephones with a telephone of another make, speaks, and holds a ticket number. What is heard is proved by frequency:
//! each prompt that matters is recorded as a tone of its own.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

use daak_testkit::baresip::{Baresip, Setup};
use daak_testkit::program::{Program, eventually};
use daak_testkit::tone;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const DAAK: &str = env!("CARGO_BIN_EXE_daak");
const LONG: Duration = Duration::from_secs(60);

/// Prompts and the tones by which they are recognised, in hertz.
const TONES: [(&str, f64); 8] = [
    ("greeting", 620.0),
    ("choose-language", 700.0),
    ("main-menu", 790.0),
    ("speak-after-tone", 880.0),
    ("voice-kept", 1090.0),
    ("please-wait", 1210.0),
    ("anything-else", 1330.0),
    ("emergency-wait", 1480.0),
];

fn hz(prompt: &str) -> f64 {
    TONES.iter().find(|(name, _)| *name == prompt).expect("a prompt with a tone").1
}

fn record_prompts(folder: &Path) {
    for language in ["bn", "hi", "en"] {
        let folder = folder.join(language);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, hz) in TONES {
            tone::write_wav(&folder.join(format!("{name}.wav")), &tone::sine(hz, 900, 8_000), 8_000);
        }
    }
}

/// A helpline with these further settings; calendars never close it.
fn helpline(settings: &str) -> (tempfile::TempDir, Program) {
    helpline_on("listen = \"127.0.0.1:{sip}\"", settings)
}

/// A helpline whose section `[sip]` is `sip`.
fn helpline_on(sip: &str, settings: &str) -> (tempfile::TempDir, Program) {
    let prompts = tempfile::tempdir().expect("a folder");
    record_prompts(prompts.path());
    let flows = open_flows(prompts.path());
    let text = format!(
        "[sip]\n{sip}\n\n[voice]\nprompts = \"{}\"\nflows = \"{}\"\n\n[voice.numbers]\n1000 = \"helpline\"\n\n[speech]\nmodel = \"/nonexistent\"\n\n{settings}",
        prompts.path().display(),
        flows.display()
    );
    let program = Program::start(DAAK, &text);
    (prompts, program)
}

/// The flows that ship, with lines that are always open: a test runs at any hour.
fn open_flows(folder: &Path) -> std::path::PathBuf {
    let to = folder.join("flows");
    std::fs::create_dir_all(&to).expect("a folder");
    for entry in std::fs::read_dir("ivr-flows").expect("the flows that ship").filter_map(Result::ok) {
        let mut text = std::fs::read_to_string(entry.path()).expect("a flow");
        if entry.file_name() == "helpline.yaml" {
            text = text.replace("calendar: helpline", "calendar: always");
        }
        std::fs::write(to.join(entry.file_name()), text).expect("written");
    }
    to
}

/// Half a minute of a person speaking, again and again.
fn speech() -> Vec<i16> {
    let folder = "/usr/share/asterisk/sounds/en_US_f_Allison";
    let clips = ["vm-goodbye", "privacy-incorrect", "conf-usermenu", "agent-newlocation"];
    let mut said = Vec::new();
    for _ in 0..20 {
        for clip in clips {
            let (samples, rate) = tone::read_wav(Path::new(&format!("{folder}/{clip}.wav"))).expect("the set-up installs recorded speech");
            assert_eq!(rate, 8_000);
            said.extend(samples);
        }
    }
    said
}

fn hears(phone: &mut Baresip, prompt: &str) {
    let wanted = hz(prompt);
    eventually(&format!("the caller hears {prompt}"), 60, || (tone::heard_ms(&phone.heard(), 8_000, wanted) >= 300).then_some(()));
}

fn tickets(program: &Program, token: &str) -> Vec<Value> {
    let (status, body) = program.ask("GET", "/api/v1/tickets", token, "");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice::<Value>(&body).expect("JSON")["items"].as_array().expect("items").clone()
}

fn ticket(program: &Program, token: &str, number: &str) -> Value {
    let (status, body) = program.ask("GET", &format!("/api/v1/tickets/{number}"), token, "");
    assert_eq!(status, 200);
    serde_json::from_slice(&body).expect("JSON")
}

fn token(program: &Program) -> String {
    let printed = program.run(&["token", "create", "--role", "admin", "--name", "test"], "");
    printed.split_whitespace().last().expect("a token").to_owned()
}

#[test]
fn a_citizen_telephones_speaks_and_holds_a_ticket_number() {
    let (_prompts, program) = helpline("");
    let token = token(&program);
    let mut phone = Baresip::start(&Setup { speaks: speech(), ..Setup::default() });
    phone.dial(&format!("sip:1000@127.0.0.1:{}", program.sip));
    phone.expect("CALL_ESTABLISHED", LONG);
    hears(&mut phone, "greeting");
    hears(&mut phone, "choose-language");
    phone.press('3');
    hears(&mut phone, "main-menu");
    phone.press('1');
    hears(&mut phone, "speak-after-tone");
    eventually("the tone after which one speaks", 30, || (tone::heard_ms(&phone.heard(), 8_000, 1_000.0) >= 200).then_some(()));
    let spoken_until = phone.heard().len() + 8_000 * 4;
    eventually("four seconds of speech", 30, || (phone.heard().len() >= spoken_until).then_some(()));
    phone.press('#');
    hears(&mut phone, "voice-kept");
    phone.press('1');
    let found = eventually("a ticket", 60, || tickets(&program, &token).into_iter().next());
    let number = found["number"].as_str().expect("a number").to_owned();
    assert_eq!(found["channel"], "phone");
    hears(&mut phone, "anything-else");
    phone.press('2');
    phone.expect("CALL_CLOSED", LONG);

    let whole = eventually("the call on the ticket's timeline", 30, || {
        let whole = ticket(&program, &token, &number);
        whole["timeline"].as_array()?.iter().any(|e| e["type"] == "called").then_some(whole)
    });
    let messages: Vec<_> = whole["timeline"].as_array().expect("events").iter().filter(|e| e["type"] == "message").collect();
    assert!(messages.iter().any(|m| m["state"] == "sent" && m["template"] == "registered"), "{messages:?}");
    let (_, outbox) = program.ask("GET", "/api/v1/messages", &token, "");
    let grouped = format!("{} {} {}", &number[..3], &number[3..6], &number[6..]);
    assert!(String::from_utf8_lossy(&outbox).contains(&grouped), "the SMS says the number");

    let sound = whole["contacts"][0]["attachments"][0].clone();
    let (status, flac) = program.ask("GET", sound["url"].as_str().expect("an address"), &token, "");
    assert_eq!((status, &flac[..4]), (200, &b"fLaC"[..]));
    assert!(seconds_of(&flac) >= 3.5, "the statement is kept: {} s", seconds_of(&flac));
}

#[test]
fn a_caller_who_asks_for_a_person_gets_one_and_both_hear_each_other() {
    let agent = "[[queues]]\nname = \"helpline\"\nwrap_up_s = 0\n\n[[agents]]\nname = \"rina\"\nqueues = [\"helpline\"]\npassword = \"desk-secret\"\nalways_ready = true\n";
    let (_prompts, program) = helpline(agent);
    let registrar = format!("127.0.0.1:{}", program.sip);
    let long_tone = |hz| tone::sine(hz, 120_000, 8_000);
    let mut desk = Baresip::start(&Setup {
        user: "rina".into(),
        register: Some((registrar, "desk-secret".into())),
        speaks: long_tone(440.0),
        answers: true,
        ..Setup::default()
    });
    desk.expect_registered(LONG);
    let mut caller = Baresip::start(&Setup { speaks: long_tone(560.0), ..Setup::default() });
    caller.dial(&format!("sip:1000@127.0.0.1:{}", program.sip));
    hears(&mut caller, "choose-language");
    caller.press('1');
    hears(&mut caller, "main-menu");
    caller.press('0');
    desk.expect("CALL_ESTABLISHED", LONG);
    eventually("the agent hears the caller", 30, || (tone::heard_ms(&desk.heard(), 8_000, 560.0) >= 1_000).then_some(()));
    eventually("the caller hears the agent", 30, || (tone::heard_ms(&caller.heard(), 8_000, 440.0) >= 1_000).then_some(()));
    desk.hang_up();
    caller.expect("CALL_CLOSED", LONG);
    let token = token(&program);
    let calls = eventually("the call's record with its agent", 30, || {
        let (_, body) = program.ask("GET", "/api/v1/calls", &token, "");
        let calls: Value = serde_json::from_slice(&body).ok()?;
        (calls["items"][0]["agent"] == "rina" && calls["items"][0]["reason"].is_string()).then_some(calls)
    });
    assert_eq!(calls["items"][0]["reason"], "flow_ended", "{calls}");
}

#[test]
fn a_call_over_tls_with_srtp_is_heard_in_both_directions_and_nothing_goes_in_clear() {
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/channels/voice/sip/tests/tls");
    let sip = format!(
        "listen = [\"udp:127.0.0.1:{{sip}}\", \"tls:127.0.0.1:{{sips}}\"]\ncertificate = \"{tls}/certificate.pem\"\nkey = \"{tls}/key.pem\""
    );
    let agent = "[[queues]]\nname = \"helpline\"\nwrap_up_s = 0\n\n[[agents]]\nname = \"rina\"\nqueues = [\"helpline\"]\npassword = \"desk-secret\"\nalways_ready = true\n";
    let (_prompts, program) = helpline_on(&sip, agent);
    let long_tone = |hz| tone::sine(hz, 120_000, 8_000);
    let secured = |speaks| Setup { transport: "tls", media_encryption: Some("srtp-mand"), speaks, ..Setup::default() };
    let registrar = format!("127.0.0.1:{}", program.sips);
    let mut desk = Baresip::start(&Setup {
        user: "rina".into(),
        register: Some((registrar, "desk-secret".into())),
        answers: true,
        ..secured(long_tone(440.0))
    });
    desk.expect_registered(LONG);
    let mut caller = Baresip::start(&secured(long_tone(560.0)));
    caller.dial(&format!("sip:1000@127.0.0.1:{};transport=tls", program.sips));
    hears(&mut caller, "choose-language");
    caller.press('1');
    hears(&mut caller, "main-menu");
    caller.press('0');
    desk.expect("CALL_ESTABLISHED", LONG);
    eventually("the agent hears the caller", 30, || (tone::heard_ms(&desk.heard(), 8_000, 560.0) >= 1_000).then_some(()));
    eventually("the caller hears the agent", 30, || (tone::heard_ms(&caller.heard(), 8_000, 440.0) >= 1_000).then_some(()));
    caller.hang_up();
    desk.expect("CALL_CLOSED", LONG);
}

#[test]
fn words_spoken_before_a_power_cut_become_a_ticket_after_it() {
    let (_prompts, mut program) = helpline("");
    let mut phone = Baresip::start(&Setup { speaks: speech(), ..Setup::default() });
    phone.dial(&format!("sip:1000@127.0.0.1:{}", program.sip));
    hears(&mut phone, "choose-language");
    phone.press('3');
    hears(&mut phone, "main-menu");
    phone.press('1');
    eventually("the tone after which one speaks", 30, || (tone::heard_ms(&phone.heard(), 8_000, 1_000.0) >= 200).then_some(()));
    let spoken_until = phone.heard().len() + 8_000 * 5;
    eventually("five seconds of speech", 30, || (phone.heard().len() >= spoken_until).then_some(()));
    program.kill_and_restart();
    let token = token(&program);
    let found = eventually("the ticket of the words before the cut", 30, || tickets(&program, &token).into_iter().next());
    let whole = ticket(&program, &token, found["number"].as_str().expect("a number"));
    let sound = &whole["contacts"][0]["attachments"][0];
    let (_, flac) = program.ask("GET", sound["url"].as_str().expect("an address"), &token, "");
    assert!(seconds_of(&flac) >= 4.0, "{} s", seconds_of(&flac));
}

/// How long a FLAC file plays, by an ear of another make.
fn seconds_of(flac: &[u8]) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("x.flac"), folder.path().join("x.wav"));
    std::fs::write(&from, flac).expect("written");
    let done = std::process::Command::new("sox").arg(&from).arg(&to).output().expect("sox is installed");
    let (samples, rate) = tone::read_wav(&to).unwrap_or_else(|| panic!("sox: {}", String::from_utf8_lossy(&done.stderr)));
    samples.len() as f64 / f64::from(rate)
}
