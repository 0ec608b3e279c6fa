//! The flows that ship are complete, and walking them is what a citizen would expect.

#![allow(clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use voice_ivr::{Flows, Script, mermaid, schema, svg, walk};

fn shipped() -> Arc<Flows> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows");
    let flows =
        Flows::load(&dir).unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    Arc::new(flows)
}

fn script(say: &[&str], press: &[&str], open: bool, recognition: bool) -> Script {
    let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Script { say: owned(say), press: owned(press), open, recognition, now: "2026-11-24T06:00:00Z".parse().expect("a time") }
}

#[test]
fn the_flows_that_ship_and_those_of_the_yardstick_are_complete() {
    let flows = shipped();
    for name in ["helpline", "after-hours", "emergency", "status", "feedback", "callback"] {
        assert!(flows.contains(name), "{name}");
    }
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../config/bench-flows");
    Flows::load(&bench).unwrap_or_else(|errors| panic!("{errors:?}"));
}

#[test]
fn the_published_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows/schema.json");
    let now = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), now, "run the tests with UPDATE_SCHEMA=1");
}

#[test]
fn a_citizen_speaks_hears_the_number_twice_and_is_thanked() {
    let heard = walk(&shipped(), "helpline", &script(&["The tap has been dry for a week"], &["3", "1", "1", "2"], true, true));
    let said = heard.matches("Your number is: ").count();
    assert_eq!(said, 2, "{heard}");
    for part in [
        "নমস্কার",
        "For English press three",
        "♪ beep",
        "We understood: The tap has been dry for a week",
        "registers the ticket",
        "Thank you for calling",
        "the call ends",
    ] {
        assert!(heard.contains(part), "{part} is missing in\n{heard}");
    }
}

#[test]
fn where_recognition_is_not_trusted_the_voice_is_the_statement() {
    let heard = walk(&shipped(), "helpline", &script(&["আমাদের কলে জল নেই"], &["1", "1", "1", "2"], true, false));
    assert!(heard.contains("আপনারই গলায় রাখা হয়েছে") && !heard.contains("আমরা শুনেছি"), "{heard}");
    assert!(heard.contains("registers the ticket"), "{heard}");
}

#[test]
fn after_hours_danger_still_rings_somebody_and_words_are_kept() {
    let heard = walk(&shipped(), "helpline", &script(&["no water"], &["3", "9"], false, true));
    assert!(heard.contains("queue helpline, as an emergency"), "{heard}");
    let heard = walk(&shipped(), "helpline", &script(&["no water"], &["3", "1", "1"], false, true));
    assert!(heard.contains("Our office is closed") && heard.contains("registers the ticket"), "{heard}");
}

#[test]
fn a_ticket_s_state_is_told_and_a_wrong_number_is_not() {
    let number = daak_domain::ticket::Number::from_serial(77).digits();
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "2", &number, "2"], true, true));
    assert!(heard.contains("Your complaint is being worked on\n"), "{heard}");
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "2", "1234567890", &number, "2"], true, true));
    assert!(heard.contains("has a mistake in it") && heard.contains("is being worked on"), "{heard}");
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ivr-flows").join(name);
    std::fs::read_to_string(path).expect("a file that ships")
}

/// What the checker says of one flow with a catalogue.
fn errors(flow: &str, prompts: &str) -> String {
    let texts = [("status.yaml".to_owned(), flow.to_owned()), ("prompts.yaml".to_owned(), prompts.to_owned())].into();
    Flows::read(&texts).err().map(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")).unwrap_or_default()
}

#[test]
fn mistakes_are_named_with_file_line_and_what_was_expected() {
    let (good, prompts) = (read("status.yaml"), read("prompts.yaml"));
    assert_eq!(errors(&good, &prompts), "");
    for (from, to, said) in [
        ("next: look", "next: lok", "status.yaml:10:11: step ask (next) leads to \"lok\", which does not exist"),
        ("kind: ticket", "knd: ticket", "status.yaml:7:5: step ask: unknown field `knd`; expected one of"),
        ("verb: lookup", "verb: lokup", "status.yaml:13:11: step look: unknown variant `lokup`; expected one of `say`"),
        (
            "prompts: [status-is,",
            "prompts: [status-iz,",
            "status.yaml:20:15: step tell says \"status-iz\", which prompts.yaml lacks in bn, hi, en",
        ),
        ("start: ask", "start: asc", "the flow starts at \"asc\""),
        ("tries: 2", "tries: two", "expected u32"),
        ("number: number", "number: numer", "reads the value \"numer\", which no step sets"),
        ("\"9\": back", "\"90\": back", "no telephone has the key \"90\""),
        ("    otherwise: back\n  another", "    otherwise: tell\n  another", "without the caller doing anything"),
        ("verb: goto, to: ask", "verb: subflow, flow: status, next: ask", "which enters \"status\" again"),
        ("found: tell", "found: look", "leads back to itself"),
    ] {
        let text = errors(&good.replacen(from, to, 1), &prompts);
        assert!(text.contains(said), "{from} -> {to}:\n{text}");
    }
    let text = errors(&good, &prompts.replacen("  en: Please type the ten digits", "  ne: Please type the ten digits", 1));
    assert!(text.contains("\"enter-number\" is not there in en"), "{text}");
    // Without its queue nobody can be reached from anywhere.
    let (before, rest) = good.split_once("  person:\n").expect("there is a person");
    let (_, after) = rest.split_once("  nobody-free:").expect("a step follows");
    let nobody = format!("{before}  person: {{ verb: goto, to: nobody-free }}\n  nobody-free:{after}");
    assert!(errors(&nobody, &prompts).contains("no person can be reached"), "{}", errors(&nobody, &prompts));
}

#[test]
fn a_flow_can_be_drawn() {
    let picture = mermaid(&shipped().flows["helpline"]);
    assert!(picture.starts_with("flowchart TD") && picture.contains("tell -->|next| listen"), "{picture}");
    let flow = &shipped().flows["helpline"];
    let picture = svg(flow);
    assert_eq!(picture.matches("rx=").count(), flow.steps.len(), "a box for each step");
    assert!(picture.ends_with("</svg>\n") && picture.contains(">kept-for-later<"), "{picture}");
}

#[test]
fn silence_in_danger_is_taken_in_too() {
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "9"], false, true));
    assert!(heard.contains("pressed the emergency key and said nothing") && heard.contains("as an emergency: registers"), "{heard}");
}

#[test]
fn an_answer_counts_by_key_and_by_a_trusted_voice_but_never_by_a_doubtful_one() {
    let number = daak_domain::ticket::Number::from_serial(5).digits();
    let flows = shipped();
    let said = |words: &[&str], press: &[&str], trusted| {
        walk(&flows, "feedback", &script(words, &[&[number.as_str()], press].concat(), true, trusted))
    };
    assert!(said(&[], &["1"], true).contains("takes in \"YES\" for the ticket"), "{}", said(&[], &["1"], true));
    assert!(said(&[], &["2"], true).contains("takes in \"NO\" for the ticket"));
    let yes = said(&["হ্যাঁ, মিটেছে"], &[], true);
    assert!(yes.contains("takes in what was said for the ticket") && !yes.contains("কী এখনও মেটেনি"), "{yes}");
    let no = said(&["না"], &[], true);
    assert!(no.contains("takes in what was said") && no.contains("কী এখনও মেটেনি"), "{no}");
    for (words, trusted) in [("হ্যাঁ", false), ("হ্যাঁ না", true), ("কে বলছেন", true)] {
        let doubtful = said(&[words], &[], trusted);
        assert!(!doubtful.contains("takes in"), "{words}: {doubtful}");
    }
}

#[test]
fn what_is_being_waited_for_is_told_and_a_wait_that_nobody_knows_is_not() {
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "0"], true, true));
    for part in
        ["Your place in the line is three\n", "It will take about four minutes\n", "have us call you, press one", "a person answers"]
    {
        assert!(heard.contains(part), "{part} is missing in\n{heard}");
    }
    let heard = walk(&shipped(), "helpline", &script(&[], &["3", "0", "1"], true, true));
    assert!(heard.contains("will be called back") && heard.contains("Your place is kept."), "{heard}");
}

#[test]
fn mistakes_in_the_catalogue_are_named_too() {
    let (flow, prompts) = (read("status.yaml"), read("prompts.yaml"));
    for (from, to, said) in [
        ("  en: Hello. Welcome", "  fr: Hello. Welcome", "prompts.yaml:6:3: prompt greeting: unknown variant `fr`; expected one of `bn`"),
        ("  en: We did not hear a key.", "  en: \"\"", "no-key (en): there is no text"),
        ("Your number is: {number}.", "Your number is: {numbr}.", "says other values in en (numbr); expected those of bn: number"),
        ("Your number is: {number}.", "Your number is: {number.", "the braces do not hold the name of a value"),
        ("state-closed: ", "state-close: ", "says a state, but there is no \"state-closed\""),
    ] {
        let text = errors(&flow, &prompts.replacen(from, to, 1));
        assert!(text.contains(said), "{from} -> {to}:\n{text}");
    }
}
