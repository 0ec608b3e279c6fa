//! What is sent, and what answers mean.

use super::testing::{account, message};
use super::*;
use daak_domain::language::Language;
use serde_json::json;

fn now() -> Timestamp {
    "2026-11-24T12:00:00+05:30".parse().expect("a time")
}

fn hours_ago(hours: i64) -> Heard {
    Heard { at: now() - jiff::SignedDuration::from_hours(hours), message: "main/wamid.A".into() }
}

fn bodies(provider: Provider, message: &Dispatch, heard: Option<Heard>) -> Vec<Value> {
    plan(&account(provider), message, heard.as_ref(), now()).expect("planned").into_iter().map(|call| call.body).collect()
}

#[test]
fn whatsapp_takes_free_words_within_24_hours_and_templates_after() {
    let mut m = message(Provider::Whatsapp, "919830012345", "আপনার অভিযোগ বন্ধ হয়েছে।");
    m.enclosed.answers = Some("main/wamid.A".into());
    m.enclosed.values = [("number".into(), "471 830 9263".into()), ("remarks".into(), "রাস্তা\nসারানো".into())].into();
    let within = bodies(Provider::Whatsapp, &m, Some(hours_ago(23)));
    assert_eq!(within[0]["type"], "text");
    assert_eq!(within[0]["context"]["message_id"], "wamid.A");
    assert_eq!(within[0]["biz_opaque_callback_data"], "k1");
    assert_eq!(within[0]["to"], "919830012345");
    for heard in [Some(hours_ago(24)), None] {
        let after = bodies(Provider::Whatsapp, &m, heard);
        assert_eq!(after[0]["type"], "template");
        assert_eq!(after[0]["template"]["name"], "ticket_closed");
        assert_eq!(
            after[0]["template"]["components"][0]["parameters"],
            json!([{"type":"text","text":"471 830 9263"},{"type":"text","text":"রাস্তা সারানো"}])
        );
    }
    m.language = Language::Hi;
    let why = plan(&account(Provider::Whatsapp), &m, None, now()).expect_err("no template");
    assert!(!why.retry && why.detail.contains("social.accounts.templates"), "{why}");
    m.language = Language::Bn;
    m.enclosed.values.clear();
    assert!(plan(&account(Provider::Whatsapp), &m, None, now()).expect_err("no values").detail.contains("number"));
}

#[test]
fn a_long_text_goes_in_pieces_and_the_last_carries_the_key() {
    let m = message(Provider::Whatsapp, "91", &"শব্দ ".repeat(2_000));
    let pieces = bodies(Provider::Whatsapp, &m, Some(hours_ago(1)));
    assert!(pieces.len() > 1);
    assert!(pieces[0].get("biz_opaque_callback_data").is_none() && pieces.last().expect("one")["biz_opaque_callback_data"] == "k1");
    let instagram = bodies(Provider::Instagram, &message(Provider::Instagram, "7", &"শব্দ ".repeat(200)), Some(hours_ago(1)));
    assert!(instagram.iter().all(|b| b["message"]["text"].as_str().is_some_and(|t| t.len() <= 1_000)));
}

#[test]
fn messenger_closes_after_a_day_but_for_people() {
    let mut m = message(Provider::Messenger, "7", "text");
    assert_eq!(bodies(Provider::Messenger, &m, Some(hours_ago(2)))[0]["messaging_type"], "RESPONSE");
    assert!(!plan(&account(Provider::Messenger), &m, Some(&hours_ago(30)), now()).expect_err("late").retry);
    m.template = "reply".into();
    assert_eq!(bodies(Provider::Messenger, &m, Some(hours_ago(30)))[0]["tag"], "HUMAN_AGENT");
    assert!(plan(&account(Provider::Messenger), &m, Some(&hours_ago(24 * 8)), now()).is_err());
}

#[test]
fn public_answers_stand_under_what_they_answer() {
    let public = |provider, answers: &str| {
        let mut m = message(provider, "7", "Write to us in private.");
        (m.enclosed.public, m.enclosed.answers) = (true, Some(format!("main/{answers}")));
        plan(&account(provider), &m, None, now()).expect("planned").remove(0)
    };
    assert_eq!(public(Provider::X, "post.12").body["reply"]["in_reply_to_tweet_id"], "12");
    assert_eq!(public(Provider::Messenger, "1_2").path, ["1_2", "comments"]);
    assert_eq!(public(Provider::Instagram, "33").path, ["33", "replies"]);
    assert_eq!(public(Provider::Telegram, "-100.5").body["chat_id"], "-100");
    let mut long = message(Provider::X, "7", &"x".repeat(281));
    (long.enclosed.public, long.enclosed.answers) = (true, Some("main/post.1".into()));
    assert!(plan(&account(Provider::X), &long, None, now()).is_err());
}

#[test]
fn answers_mean_sent_later_never_or_unknown() {
    let reply = |status: u16, body: Value| Reply { status, body, ..Reply::default() };
    let cloud = |code: i64| whatsapp::outcome(&reply(400, json!({"error":{"code":code,"message":"m"}}))).expect_err("an error");
    assert_eq!(whatsapp::outcome(&reply(200, json!({"messages":[{"id":"wamid.X"}]}))), Ok("wamid.X".into()));
    assert!(cloud(130_429).retry && !cloud(130_429).uncertain);
    assert!(!cloud(131_047).retry && !cloud(100).retry);
    assert!(cloud(190).retry, "a token is renewed by a person");
    assert!(whatsapp::outcome(&reply(500, Value::Null)).expect_err("failed").uncertain);
    assert!(!whatsapp::outcome(&reply(400, Value::Null)).expect_err("refused").retry);
    let wait = telegram::outcome(&reply(429, json!({"ok":false,"error_code":429,"parameters":{"retry_after":17}}))).expect_err("slower");
    assert_eq!(wait.after, Some(Duration::from_secs(17)));
    assert!(!telegram::outcome(&reply(403, json!({"ok":false,"error_code":403}))).expect_err("blocked").retry);
    assert_eq!(telegram::outcome(&reply(200, json!({"ok":true,"result":{"message_id":5,"chat":{"id":7}}}))), Ok("7.5".into()));
    let mut slower = reply(429, Value::Null);
    slower.headers.insert("x-rate-limit-reset".into(), (now().as_second() + 90).to_string());
    assert_eq!(x::outcome(&slower, now()).expect_err("slower").after, Some(Duration::from_secs(90)));
    assert_eq!(x::outcome(&reply(201, json!({"data":{"dm_event_id":"8"}})), now()), Ok("dm.8".into()));
    assert!(!graph::outcome(&reply(400, json!({"error":{"code":10,"error_subcode":2018278}}))).expect_err("late").retry);
    assert!(graph::outcome(&reply(400, json!({"error":{"code":613}}))).expect_err("slower").retry);
}
