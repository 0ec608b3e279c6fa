//! Handshakes, signatures, and whatever bytes come.

use daak_domain::Timestamp;
use daak_social::hook::{Door, Handshake};
use daak_social::{Account, Arrival, Provider, Unsigned, sign};
use proptest::prelude::*;
use std::sync::Arc;

fn door(provider: Provider) -> Door {
    Door::new(Arc::new(Account {
        provider,
        name: "main".into(),
        id: "1".into(),
        secret: "9f2c".into(),
        verify_token: "let-me-in".into(),
        token: "t".into(),
        base_url: "https://api.example".parse().expect("an address"),
        media_hosts: Vec::new(),
        per_second: 1,
        templates: Vec::new(),
    }))
}

fn now() -> Timestamp {
    "2026-11-24T06:30:00Z".parse().expect("a time")
}

#[test]
fn meta_s_handshake_repeats_the_challenge_to_whoever_knows_the_token() {
    let door = door(Provider::Whatsapp);
    let asked = |token: &'static str| {
        door.handshake(move |name| match name {
            "hub.mode" => Some("subscribe"),
            "hub.verify_token" => Some(token),
            "hub.challenge" => Some("1158201444"),
            _ => None,
        })
    };
    assert_eq!(asked("let-me-in"), Handshake::Text("1158201444".into()));
    assert_eq!(asked("let-me-i"), Handshake::Refused);
    assert_eq!(asked(""), Handshake::Refused);
    assert_eq!(door.handshake(|_| None), Handshake::Refused);
}

#[test]
fn x_s_challenge_is_answered_with_its_mac() {
    let answer = door(Provider::X).handshake(|name| (name == "crc_token").then_some("challenge"));
    // printf challenge | openssl dgst -sha256 -hmac 9f2c -binary | base64
    let Handshake::Json(json) = answer else { panic!("{answer:?}") };
    let (_, expected) = sign(Provider::X, "9f2c", b"challenge");
    assert_eq!(json, format!(r#"{{"response_token":"{expected}"}}"#));
}

#[test]
fn meta_s_signature_is_the_one_that_openssl_makes() {
    // printf '{"object":"page"}' | openssl dgst -sha256 -hmac 9f2c
    let (name, value) = sign(Provider::Messenger, "9f2c", br#"{"object":"page"}"#);
    assert_eq!(name, "x-hub-signature-256");
    assert_eq!(value, include_str!("meta.signature").trim());
}

#[test]
fn only_the_right_signature_over_the_very_body_is_believed() {
    for provider in Provider::ALL {
        let door = door(provider);
        let (_, right) = sign(provider, "9f2c", b"{}");
        assert_eq!(door.believe(Some(&right), b"{}"), Ok(()), "{provider:?}");
        assert!(matches!(door.believe(None, b"{}"), Err(Unsigned::Missing(_))));
        let (_, others) = sign(provider, "9f2d", b"{}");
        for wrong in ["", "sha256=", "sha256=zz", "sha1=00", &right[..right.len() - 1], &others] {
            assert_eq!(door.believe(Some(wrong), b"{}"), Err(Unsigned::Wrong), "{provider:?} {wrong}");
        }
        if provider != Provider::Telegram {
            assert_eq!(door.believe(Some(&right), b"{} "), Err(Unsigned::Wrong), "{provider:?}");
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let words = prop_oneof![
        Just("messaging"),
        Just("message"),
        Just("mid"),
        Just("text"),
        Just("entry"),
        Just("changes"),
        Just("value"),
        Just("messages"),
        Just("id"),
        Just("from"),
        Just("type"),
        Just("image"),
        Just("update_id"),
        Just("chat"),
        Just("attachments"),
        Just("payload"),
        Just("direct_message_events"),
        Just("tweet_create_events"),
        Just("message_create"),
        Just("field"),
        Just("sender"),
        Just("reaction"),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
        words.clone().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((words.clone(), inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_kept(body in prop::collection::vec(any::<u8>(), 0..300), which in 0usize..5) {
        prop_assert!(!door(Provider::ALL[which]).read(&body, now()).is_empty());
    }

    #[test]
    fn any_json_is_read_or_kept(value in json(), which in 0usize..5) {
        prop_assert!(!door(Provider::ALL[which]).read(value.to_string().as_bytes(), now()).is_empty());
    }

    #[test]
    fn any_signature_and_parameter_is_answered(text in "\\PC{0,60}", which in 0usize..5) {
        let door = door(Provider::ALL[which]);
        let _ = door.handshake(|_| Some(&text));
        let believed = door.believe(Some(&text), b"x");
        prop_assert!(believed.is_err());
    }
}

#[test]
fn what_is_no_json_is_kept_under_a_name_of_its_own() {
    let one = door(Provider::X).read(b"{\"a\":", now());
    let [Arrival::Strange(kept)] = one.as_slice() else { panic!("{one:?}") };
    assert!(kept.reason.contains("no JSON") && kept.external_id.starts_with("main/body."));
    assert_eq!(one, door(Provider::X).read(b"{\"a\":", now()));
}
