//! Who may say that it is settled, over HTTP.

use super::house::House;
use crate::access::Role;
use axum::http::{Method, StatusCode};
use daak_domain::ticket::{Actor, Event, EventBody, Number};
use serde_json::{Value, json};

async fn reported(house: &House, reason: &str) -> String {
    let number = house.ticket("x").await;
    // As an officer's own desk would: the machine's token stands for nobody of the office.
    let by = Actor::Person { name: "bimal".into() };
    let report = EventBody::AtrSubmitted { closure_reason: reason.into(), remarks: "Mended.".into(), attachments: Vec::new() };
    let assigned = EventBody::Assigned { department: "PWD".into(), officer: None, reason: None, office: Some("BDO-2723".into()) };
    let events = [assigned, report].map(|body| Event { at: daak_domain::Timestamp::now(), by: by.clone(), body });
    let parsed = Number::parse(&number).expect("a number");
    house.store.append(parsed, None, events.to_vec(), |_| Vec::new()).await.expect("legal");
    number
}

async fn refused(house: &House, role: Role, number: &str, step: Value) -> (StatusCode, String) {
    let answered = house.post(role, &format!("/api/v1/tickets/{number}/events"), step).await;
    (answered.status, answered.json()["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn nobody_closes_in_the_citizen_s_name() {
    let house = House::open().await;
    let number = reported(&house, "done").await;
    let close = |closure: &str| json!({ "type": "close", "closure": closure, "remarks": "Mended." });
    for role in [Role::Agent, Role::Supervisor, Role::Officer, Role::Admin] {
        let (status, detail) = refused(&house, role, &number, close("confirmed")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(detail.starts_with("closure: only the citizen's own answer closes as confirmed"), "{detail}");
    }
    let (status, detail) = refused(&house, Role::Agent, &number, close("no_answer")).await;
    assert_eq!((status, detail.contains("was not asked")), (StatusCode::CONFLICT, true), "{detail}");
    let (status, detail) = refused(&house, Role::Agent, &number, close("evidenced")).await;
    assert_eq!((status, detail.contains("somebody else than the reporting officer")), (StatusCode::CONFLICT, true), "{detail}");
    let feedback = json!({ "type": "feedback", "settled": true, "call": "018f0000-0000-7000-8000-000000000001" });
    let (status, detail) = refused(&house, Role::Agent, &number, feedback).await;
    assert_eq!((status, detail.contains("you did not speak in that call")), (StatusCode::FORBIDDEN, true), "{detail}");
    let feedback = json!({ "type": "feedback", "settled": true, "call": "00000000-0000-0000-0000-000000000000" });
    let (status, detail) = refused(&house, Role::Agent, &number, feedback).await;
    assert_eq!((status, detail.contains("not a call with the ticket's citizen")), (StatusCode::UNPROCESSABLE_ENTITY, true), "{detail}");
}

#[tokio::test]
async fn two_witnesses_settle_it_and_one_person_s_word_is_counted() {
    let house = House::open().await;
    let (seen, alone) = (reported(&house, "done").await, reported(&house, "done").await);
    let evidence = json!({ "type": "evidence", "settled": true, "remarks": "The road is level." });
    assert_eq!(house.post(Role::Field, &format!("/api/v1/tickets/{seen}/events"), evidence).await.status, StatusCode::CREATED);
    let close = json!({ "type": "close", "closure": "evidenced", "remarks": "Seen." });
    let closed = house.post(Role::Supervisor, &format!("/api/v1/tickets/{seen}/events"), close).await;
    assert_eq!((closed.status, &closed.json()["closure"]), (StatusCode::CREATED, &json!("evidenced")));
    let close = json!({ "type": "close", "remarks": "By the office's list." });
    let closed = house.post(Role::Supervisor, &format!("/api/v1/tickets/{alone}/events"), close).await;
    assert_eq!(closed.json()["closure"], "override");
    let counted = house.get(Role::Auditor, "/api/v1/overrides").await.json();
    assert_eq!(counted["items"], json!([{ "by": "supervisor-1", "count": 1 }]));
    let found = house.get(Role::Auditor, "/api/v1/tickets?closure=override").await.json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let appealed =
        house.post(Role::Agent, &format!("/api/v1/tickets/{alone}/events"), json!({ "type": "appeal", "reason": "Still broken." })).await;
    assert_eq!((&appealed.json()["state"], &appealed.json()["office"]), (&json!("reopened"), &json!("DM-303")), "one level above");
}

#[tokio::test]
async fn some_reasons_need_a_second_name_from_above() {
    let house = House::open().await;
    let number = reported(&house, "not_eligible").await;
    let events = format!("/api/v1/tickets/{number}/events");
    let (status, detail) = refused(&house, Role::Supervisor, &number, json!({ "type": "verify" })).await;
    assert_eq!((status, detail.contains("co-signed first")), (StatusCode::CONFLICT, true), "{detail}");
    let cosign = json!({ "type": "cosign", "remarks": "By rule 7." });
    let block = house.officer("bimal", "BDO-2723").await;
    assert_eq!(house.by(&block, Method::POST, &events, Some(cosign.clone())).await.status, StatusCode::FORBIDDEN, "not one's own");
    let magistrate = house.officer("asha", "DM-303").await;
    let signed = house.by(&magistrate, Method::POST, &events, Some(cosign)).await;
    assert_eq!(signed.status, StatusCode::CREATED, "{}", signed.json());
    assert_eq!(house.post(Role::Supervisor, &events, json!({ "type": "verify" })).await.json()["state"], "verifying");
}

#[tokio::test]
async fn the_limits_of_a_ticket_are_shown_and_rest_while_the_citizen_is_asked() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let (events, one) = (format!("/api/v1/tickets/{number}/events"), format!("/api/v1/tickets/{number}"));
    let limits = house.get(Role::Agent, &one).await.json()["limits"].clone();
    assert!(limits["first_action_at"].is_string() && limits["interim_at"].is_string() && limits["resting"].is_null(), "{limits}");
    let (status, detail) =
        refused(&house, Role::Agent, &number, json!({ "type": "ask", "question": "?", "until": "2001-01-01T00:00:00Z" })).await;
    assert_eq!((status, detail.starts_with("until: expected a time within the next 60 days")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert_eq!(house.post(Role::Agent, &events, json!({ "type": "ask", "question": "Where?" })).await.status, StatusCode::CREATED);
    let limits = house.get(Role::Agent, &one).await.json()["limits"].clone();
    assert_eq!((&limits["resting"], limits["resting_until"].is_string()), (&json!("asked"), true), "{limits}");
    assert!(limits["first_action_done_at"].is_string() && limits["interim_at"].is_null(), "{limits}");
}
