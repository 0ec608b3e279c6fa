//! The torture messages of RFC 4475, and what becomes of them when a byte is changed.

use super::{Rig, Sent};
use proptest::prelude::*;
use std::path::PathBuf;

fn messages() -> Vec<(String, Vec<String>, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let table = std::fs::read_to_string(folder.join("expected.txt")).expect("the table of expectations");
    let rows = table.lines().filter(|l| !l.starts_with('#')).map(|line| {
        let mut words = line.split_ascii_whitespace().map(str::to_owned);
        let name = words.next().expect("a name");
        let bytes = std::fs::read(folder.join(format!("{name}.sip"))).expect("the message");
        (name, words.collect(), bytes)
    });
    rows.collect()
}

/// What a datagram led to: statuses that were answered, and whether a call came in.
fn led_to(rig: &mut Rig, bytes: &[u8]) -> Vec<String> {
    rig.core.datagram(0, super::peer(), bytes);
    rig.core.orders();
    let texts = rig.core.take_output().into_iter().filter_map(|o| match o {
        super::Output::Send { flow, bytes } => Some(Sent { ms: 0, flow, text: String::from_utf8_lossy(&bytes).into_owned() }),
        _ => None,
    });
    let mut led: Vec<String> = texts.map(|s| s.first_line().split(' ').nth(1).unwrap_or_default().to_owned()).collect();
    while let Ok(call) = rig.calls.try_recv() {
        led.push("call".into());
        drop(call);
        rig.sent();
    }
    led
}

#[test]
fn every_message_is_answered_as_rfc_4475_says() {
    let messages = messages();
    assert!(messages.len() >= 49);
    let mut wrong = Vec::new();
    for (name, expected, bytes) in &messages {
        let mut rig = Rig::new();
        let led = led_to(&mut rig, bytes);
        let right = match &led[..] {
            [] => expected[0] == "silence",
            [one] => expected.contains(one),
            _ => false,
        };
        if !right {
            wrong.push(format!("{name}: expected {expected:?}, got {led:?}"));
        }
        rig.assert_nothing_left();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_quoted_and_escaped_parts_of_a_message_are_understood() {
    let of = |name: &str| messages().into_iter().find(|(n, ..)| n == name).expect("the message").2;
    let mut rig = Rig::new();
    let text = String::from_utf8(of("wsinv")).expect("text").replace(" ;   tag    = 1918181833n", "");
    rig.core.datagram(0, super::peer(), text.as_bytes());
    let call = rig.calls.try_recv().expect("a call");
    assert_eq!((call.caller.display.as_deref(), call.called.as_str()), (Some("J Rosenberg \\\""), "vivekg"));
    rig.core.datagram(0, super::peer(), &of("esc01"));
    let call = rig.calls.try_recv().expect("a call");
    assert_eq!((call.caller.user.as_str(), call.called.as_str()), ("I have spaces", "sips:user@example.com"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_damaged_message_breaks_nothing_and_leaves_nothing(
        which in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
    ) {
        let messages = messages();
        let mut bytes = which.get(&messages).2.clone();
        for (at, byte, how) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        let mut rig = Rig::new();
        let led = led_to(&mut rig, &bytes);
        prop_assert!(led.len() <= 2, "{led:?}");
        rig.assert_nothing_left();
    }
}
