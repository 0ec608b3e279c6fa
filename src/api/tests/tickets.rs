use super::house::House;
use crate::access::Role;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn a_ticket_is_taken_reported_and_closed_and_its_timeline_says_who() {
    let house = House::open().await;
    let number = house.ticket("রাস্তা ভাঙা, বাস চলে না").await;
    let events = format!("/api/v1/tickets/{number}/events");
    for (seq, step, state) in [
        (1, json!({ "type": "take" }), "in_progress"),
        (2, json!({ "type": "note", "text": "Called the engineer." }), "in_progress"),
        (3, json!({ "type": "atr", "closure_reason": "done", "remarks": "Mended." }), "atr_submitted"),
        (4, json!({ "type": "close", "closure": "override", "remarks": "Mended." }), "closed"),
        (5, json!({ "type": "reopen", "reason": "Broken again." }), "reopened"),
    ] {
        let mut step = step;
        step["expected_seq"] = json!(seq);
        let answered = house.post(Role::Agent, &events, step.clone()).await;
        assert_eq!((answered.status, &answered.json()["state"]), (StatusCode::CREATED, &json!(state)), "{step}: {}", answered.json());
    }
    let ticket = house.get(Role::Agent, &format!("/api/v1/tickets/{number}")).await.json();
    assert_eq!(ticket["person"]["phones"], json!(["+919830012345"]));
    assert_eq!(ticket["contacts"][0]["text"], "রাস্তা ভাঙা, বাস চলে না");
    let types: Vec<_> = ticket["timeline"].as_array().expect("a timeline").iter().map(|e| e["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(types, ["registered", "taken", "noted", "atr_submitted", "closed", "reopened"]);
    assert_eq!(ticket["timeline"][1]["by"], json!({ "kind": "machine", "name": "agent-1" }));
    assert!(ticket["possible"].as_array().expect("a list").contains(&json!("take")), "{}", ticket["possible"]);
}

#[tokio::test]
async fn the_second_to_act_is_told_who_was_first() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let events = format!("/api/v1/tickets/{number}/events");
    house.post(Role::Supervisor, &events, json!({ "type": "assign", "department": "WCD", "expected_seq": 1 })).await;
    let refused = house.post(Role::Agent, &events, json!({ "type": "take", "expected_seq": 1 })).await;
    let problem = refused.json();
    assert_eq!((refused.status, &problem["type"]), (StatusCode::CONFLICT, &json!("/problems/conflict")));
    assert_eq!(
        (&problem["first"]["by"]["name"], &problem["first"]["type"], &problem["seq"]),
        (&json!("supervisor-1"), &json!("assigned"), &json!(2))
    );
    assert!(problem["detail"].as_str().is_some_and(|d| d.starts_with("supervisor-1 was first (assigned, ")), "{problem}");
}

#[tokio::test]
async fn a_step_that_the_state_or_the_masters_do_not_know_is_refused() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let events = format!("/api/v1/tickets/{number}/events");
    let illegal = house.post(Role::Agent, &events, json!({ "type": "close", "remarks": "x" })).await;
    assert_eq!((illegal.status, &illegal.json()["type"]), (StatusCode::CONFLICT, &json!("/problems/illegal-step")));
    assert_eq!(illegal.json()["detail"], "Close is not possible while the ticket is registered: read the ticket again");
    for (step, said) in [
        (json!({ "type": "assign", "department": "XXX" }), "department: there is none with this code"),
        (json!({ "type": "atr", "closure_reason": "xxx", "remarks": "x" }), "closure_reason: there is none with this code"),
        (json!({ "type": "merge", "into": "1000000001" }), "into: "),
        (
            json!({ "type": "note", "text": "x", "attachments": [{ "blob": "0".repeat(64), "name": "x" }] }),
            "attachments: there is no such file",
        ),
        (json!({ "type": "assign", "department": "PWD", "officer": "nobody" }), "officer: nobody signs in by this name"),
        (json!({ "type": "write_down", "contact": 99, "text": "x" }), "contact: the ticket has no contact with this id"),
        (json!({ "type": "classify", "category": "xxx", "why": "x" }), "category: there is none with this code"),
    ] {
        let refused = house.post(Role::Supervisor, &events, step.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{step}");
        assert!(refused.json()["detail"].as_str().is_some_and(|d| d.starts_with(said)), "{}", refused.json());
    }
    assert_eq!(house.post(Role::Agent, "/api/v1/tickets/1000000009/events", json!({ "type": "take" })).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tickets_are_found_by_everything_the_contract_names_and_in_pages() {
    let house = House::open().await;
    let mut numbers = Vec::new();
    for text in ["রাস্তা ভাঙা", "আলো নেই", "জল আসে না"] {
        numbers.push(house.ticket(text).await);
    }
    let found = async |query: &str| {
        let answered = house.get(Role::Agent, &format!("/api/v1/tickets?{query}")).await;
        assert_eq!(answered.status, StatusCode::OK, "{query}: {}", answered.json());
        answered.json()["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|t| t["number"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&format!("number={}", numbers[1])).await, [numbers[1].clone()]);
    assert_eq!(found("q=%E0%A6%B0%E0%A6%BE%E0%A6%B8%E0%A7%8D%E0%A6%A4%E0%A6%BE").await, [numbers[0].clone()], "by a Bengali word");
    for all in [
        "phone=9830012345",
        "name=rina",
        "state=open",
        "category=pwd.roads",
        "department=PWD",
        "channel=portal",
        "from=2020-01-01T00:00:00Z",
        "q=",
    ] {
        assert_eq!(found(all).await.len(), 3, "{all}");
    }
    for none in [
        "phone=9830099999",
        "name=nobody",
        "state=closed,merged",
        "department=WCD",
        "channel=sms",
        "to=2020-01-01T00:00:00%2B05:30",
        "district=Hooghly",
    ] {
        assert_eq!(found(none).await.len(), 0, "{none}");
    }
    let first = house.get(Role::Agent, "/api/v1/tickets?limit=2").await.json();
    let next = first["next"].as_str().expect("a second page").to_owned();
    let second = house.get(Role::Agent, &format!("/api/v1/tickets?limit=2&cursor={next}")).await.json();
    assert_eq!((first["items"].as_array().map(Vec::len), second["items"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert!(second["next"].is_null());
    for wrong in ["limit=0", "limit=x", "cursor=x", "state=shut", "phone=1", "channel=pigeon", "from=yesterday"] {
        assert_eq!(house.get(Role::Agent, &format!("/api/v1/tickets?{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn evidence_is_uploaded_and_named_by_a_report() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let token = house.token(Role::Agent).await;
    let request = Request::post(format!("/api/v1/tickets/{number}/attachments?name=road.png"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(b"\x89PNG\r\n\x1a\n....".to_vec()))
        .expect("a request");
    let uploaded = house.send(request).await;
    assert_eq!((uploaded.status, &uploaded.json()["media_type"]), (StatusCode::CREATED, &json!("image/png")));
    let blob = uploaded.json()["blob"].clone();
    let events = format!("/api/v1/tickets/{number}/events");
    let noted = house
        .post(Role::Agent, &events, json!({ "type": "note", "text": "See.", "attachments": [{ "blob": blob, "name": "road.png" }] }))
        .await;
    assert_eq!(noted.status, StatusCode::CREATED, "{}", noted.json());
    let read = house.get(Role::Agent, &format!("/api/v1/tickets/{number}/attachments/{}", blob.as_str().expect("a name"))).await;
    assert_eq!((read.status, read.header("content-type")), (StatusCode::OK, Some("image/png")));
}

#[tokio::test]
async fn a_role_sees_and_does_what_is_its_own() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let one = format!("/api/v1/tickets/{number}");
    let masked = house.get(Role::Analyst, &one).await.json();
    assert_eq!((&masked["person"]["phones"], &masked["person"]["name"]), (&json!(["+91…345"]), &json!("R…")));
    assert_eq!(masked["contacts"][0]["phone"], serde_json::Value::Null, "nothing personal beside the masked");
    assert_eq!(masked["contacts"][0]["sender"]["phone"], "+91…345");
    assert_eq!(
        house.post(Role::Auditor, &format!("{one}/events"), json!({ "type": "note", "text": "x" })).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(house.get(Role::Field, "/api/v1/queues").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get(Role::Agent, "/api/v1/messages").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get(Role::Supervisor, "/api/v1/messages").await.json(), json!({ "items": [] }));
    assert_eq!(house.get(Role::Agent, "/api/v1/queues").await.json()["items"][0]["name"], "helpline");
    assert_eq!(house.get(Role::Agent, "/api/v1/masters").await.json()["departments"][0]["code"], "PWD");
    assert_eq!(house.post(Role::Agent, "/api/v1/classify", json!({ "text": "রাস্তা" })).await.json()["category"], "pwd.roads");
    let presence = |name: &str| format!("/api/v1/agents/{name}/presence");
    let away = json!({ "presence": "away" });
    let put = axum::http::Method::PUT;
    assert_eq!(house.ask(Role::Supervisor, put.clone(), &presence("rina"), Some(away.clone())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.ask(Role::Supervisor, put.clone(), &presence("nobody"), Some(away.clone())).await.status, StatusCode::CONFLICT);
    assert_eq!(house.ask(Role::Agent, put, &presence("rina"), Some(away)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn only_who_spoke_in_a_call_says_what_came_of_it() {
    let house = House::open().await;
    let put = async |role, call: &str, code: &str| {
        let path = format!("/api/v1/calls/{call}/disposition");
        house.ask(role, axum::http::Method::PUT, &path, Some(json!({ "code": code }))).await.status
    };
    let (spoken, other) = ("00000000-0000-0000-0000-000000000000", "018f0000-0000-7000-8000-000000000001");
    assert_eq!(put(Role::Agent, spoken, "told").await, StatusCode::NO_CONTENT);
    assert_eq!(put(Role::Agent, spoken, "nonsense").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put(Role::Agent, other, "told").await, StatusCode::FORBIDDEN);
    assert_eq!(put(Role::Analyst, spoken, "told").await, StatusCode::FORBIDDEN);
}
