use super::house::House;
use crate::access::Role;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use proptest::prelude::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_opens_a_ticket_once_for_each_key() {
    let house = House::open().await;
    let token = house.token(Role::Integration).await;
    let send = |key: &'static str, body: &'static str| {
        let request = Request::post("/api/v1/contacts")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(json!({ "channel": "portal", "body": body }).to_string()))
            .expect("a request");
        house.send(request)
    };
    let first = send("a", "রাস্তা ভাঙা").await;
    assert_eq!(first.status, StatusCode::CREATED);
    let ticket = &first.json()["ticket"];
    let number = ticket["number"].as_str().expect("a number").to_owned();
    assert_eq!(number.len(), 10);
    assert_eq!(first.header("location"), Some(format!("/api/v1/tickets/{number}").as_str()));
    for (key, value) in [("state", "registered"), ("category", "pwd.roads"), ("department", "PWD"), ("sla_class", "community")] {
        assert_eq!(ticket[key], value);
    }
    assert!(ticket["emergency"] == false && ticket["due_at"].as_str().is_some_and(|at| at.ends_with('Z')));

    let again = send("a", "রাস্তা ভাঙা").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, Some("true")));
    assert_eq!(again.json()["ticket"]["number"], number.as_str());
    assert_ne!(send("b", "রাস্তা ভাঙা").await.json()["ticket"]["number"], number.as_str());
}

#[tokio::test]
async fn a_refusal_is_a_problem_that_says_what_to_do() {
    let house = House::open().await;
    let refused =
        house.post(Role::Integration, "/api/v1/contacts", json!({ "channel": "portal", "body": "x", "sender": { "phone": "12" } })).await;
    assert_eq!((refused.status, refused.header("content-type")), (StatusCode::UNPROCESSABLE_ENTITY, Some("application/problem+json")));
    let problem = refused.json();
    assert_eq!((&problem["type"], &problem["status"]), (&json!("/problems/invalid"), &json!(422)));
    assert!(problem["detail"].as_str().is_some_and(|d| d.starts_with("sender.phone: not a telephone number: write it as")), "{problem}");

    let token = house.token(Role::Integration).await;
    for (content_type, body, status) in [
        ("application/json", "{", StatusCode::BAD_REQUEST),
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/json", "\"x\"", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let request = Request::post("/api/v1/contacts")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .expect("a request");
        let refused = house.send(request).await;
        assert_eq!((refused.status, refused.header("content-type")), (status, Some("application/problem+json")), "{body}");
    }
    let large = json!({ "channel": "portal", "body": "x".repeat(2 * 1024 * 1024) });
    assert_eq!(house.post(Role::Integration, "/api/v1/contacts", large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_file_is_what_its_content_says_and_is_read_in_parts() {
    let house = House::open().await;
    let wav = [b"RIFF\x24\0\0\0WAVEfmt ".as_slice(), &[7; 100]].concat();
    let content = base64::engine::general_purpose::STANDARD.encode(&wav);
    let body = json!({ "channel": "portal", "body": "x", "attachments": [{ "name": "../evil.html", "content": content }] });
    let number =
        house.post(Role::Integration, "/api/v1/contacts", body).await.json()["ticket"]["number"].as_str().expect("a number").to_owned();
    let ticket = house.get(Role::Agent, &format!("/api/v1/tickets/{number}")).await.json();
    let file = &ticket["contacts"][0]["attachments"][0];
    assert_eq!((&file["name"], &file["media_type"], &file["size"]), (&json!("evil.html"), &json!("audio/wav"), &json!(wav.len())));

    let url = file["url"].as_str().expect("a url");
    let whole = house.get(Role::Agent, url).await;
    assert_eq!((whole.status, whole.header("content-type"), whole.body.as_slice()), (StatusCode::OK, Some("audio/wav"), wav.as_slice()));
    assert_eq!(whole.header("content-disposition"), Some("inline; filename*=UTF-8''evil.html"));
    let token = house.token(Role::Agent).await;
    let part = |range: &'static str| {
        let request = Request::get(url).header(header::AUTHORIZATION, format!("Bearer {token}")).header(header::RANGE, range);
        house.send(request.body(Body::empty()).expect("a request"))
    };
    let middle = part("bytes=8-11").await;
    assert_eq!(
        (middle.status, middle.body.as_slice(), middle.header("content-range")),
        (StatusCode::PARTIAL_CONTENT, b"WAVE".as_slice(), Some("bytes 8-11/116"))
    );
    assert_eq!(part("bytes=500-").await.status, StatusCode::RANGE_NOT_SATISFIABLE);

    let other = house.ticket("another matter").await;
    let stranger = house.get(Role::Agent, &url.replace(&number, &other)).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND, "a file is read through its own ticket only");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        Just(Value::from("portal")),
        Just(Value::from("+919830012345")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            Just("channel".to_owned()),
            Just("sender".to_owned()),
            Just("phone".to_owned()),
            Just("body".to_owned()),
            Just("location".to_owned()),
            Just("lat".to_owned()),
            Just("attachments".to_owned()),
            Just("content".to_owned()),
            Just("name".to_owned()),
            Just("language".to_owned()),
            Just("external_id".to_owned()),
            Just("about".to_owned()),
            "\\PC{0,10}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

#[test]
fn no_json_at_the_door_is_our_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let house = runtime.block_on(House::open());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let outcome = runner.run(&any_json(), |mut body| {
        if let Value::Object(members) = &mut body {
            members.entry("channel").or_insert("portal".into());
            members.entry("body").or_insert("text".into());
        }
        let answered = runtime.block_on(house.post(Role::Integration, "/api/v1/contacts", body.clone()));
        prop_assert!(!answered.status.is_server_error(), "{} for {body}: {}", answered.status, String::from_utf8_lossy(&answered.body));
        if !answered.status.is_success() {
            prop_assert_eq!(answered.header("content-type"), Some("application/problem+json"));
        }
        Ok(())
    });
    outcome.expect("no server error");
}

#[tokio::test]
async fn what_is_held_is_let_in_or_thrown_away_once() {
    use daak_domain::contact::{Channel, Sender};
    use daak_domain::seam::Held;
    let house = House::open().await;
    let thing = |id: &str| Held {
        channel: Channel::Email,
        external_id: id.to_owned(),
        received_at: "2026-11-24T10:00:00Z".parse().expect("a time"),
        sender: Sender { email: Some("rina@example.org".to_owned()), ..Sender::default() },
        reason: "the message claims 2 GB".to_owned(),
        excerpt: Some("road".to_owned()),
        raw: None,
    };
    for id in ["a", "b", "b"] {
        house.store.hold(thing(id)).await.expect("held");
    }
    let list = house.get(Role::Processor, "/api/v1/held").await.json();
    let items = list["items"].as_array().expect("a list");
    assert_eq!((items.len(), &items[0]["reason"]), (2, &json!("the message claims 2 GB")), "the same thing twice is one");
    let (b, a) = (items[0]["id"].as_i64().expect("a name"), items[1]["id"].as_i64().expect("a name"));
    assert_eq!(house.get(Role::Agent, "/api/v1/held").await.status, StatusCode::FORBIDDEN);

    let let_in = house.post(Role::Processor, &format!("/api/v1/held/{a}/release"), json!({ "body": "The road is broken." })).await;
    let number = let_in.json()["ticket"]["number"].as_str().expect("a ticket").to_owned();
    assert_eq!(let_in.status, StatusCode::CREATED);
    let ticket = house.get(Role::Agent, &format!("/api/v1/tickets/{number}")).await.json();
    assert_eq!((&ticket["channel"], &ticket["contacts"][0]["text"]), (&json!("email"), &json!("The road is broken.")));
    assert_eq!(house.post(Role::Processor, &format!("/api/v1/held/{a}/discard"), json!({})).await.status, StatusCode::CONFLICT);
    assert_eq!(house.post(Role::Processor, &format!("/api/v1/held/{b}/discard"), json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.get(Role::Processor, "/api/v1/held").await.json()["items"], json!([]));
    let settled = house.get(Role::Processor, "/api/v1/held?settled=true").await.json();
    assert_eq!((&settled["items"][1]["ticket"], settled["items"].as_array().map(Vec::len)), (&json!(number), Some(2)));
}
