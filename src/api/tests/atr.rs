use super::house::House;
use crate::access::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/atr/verify";

async fn verdict(house: &House, body: Value) -> String {
    let answered = house.post(Role::Officer, PATH, body).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answered.body));
    let said = answered.json();
    assert!(said["score"].as_f64().is_some() && !said["because"].as_array().expect("reasons").is_empty(), "{said}");
    said["verdict"].as_str().expect("a verdict").to_owned()
}

#[tokio::test]
async fn a_report_is_weighed_against_the_ticket_it_answers() {
    let house = House::open().await;
    let number = house.ticket("আমাদের পাড়ার টিউবওয়েল খারাপ, এক মাস জল নেই").await;
    let honest = "The tube well was visited on 12/11/2026, cylinder replaced, water is coming. Spoke to the complainant over phone.";
    assert_eq!(verdict(&house, json!({ "ticket": number, "atr": honest })).await, "accept");
    let report = json!({ "text": "Forwarded to the concerned department for necessary action.", "reason": "resolved" });
    assert_eq!(verdict(&house, json!({ "ticket": number, "atr": report })).await, "return");
    let number: u64 = number.parse().expect("digits");
    assert_eq!(verdict(&house, json!({ "ticket": number, "atr": "ok" })).await, "return");
}

#[tokio::test]
async fn a_grievance_need_not_be_stored() {
    let house = House::open().await;
    let given = json!({ "subject": "Street light", "body": "The lamp in our lane is dark since Monday" });
    let atr = json!({ "text": "Bulb replaced on 21/11/2026, site visited, photograph enclosed", "reason": "resolved", "attachments": 1 });
    assert_eq!(verdict(&house, json!({ "ticket": given, "atr": atr })).await, "accept");
    assert_eq!(verdict(&house, json!({ "ticket": "लाइट नहीं जलती", "atr": "" })).await, "return");
}

#[tokio::test]
async fn what_cannot_be_weighed_is_refused_with_a_reason() {
    let house = House::open().await;
    for (body, status) in [
        (json!({ "ticket": {}, "atr": "x" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "ticket": "x", "atr": "y".repeat(20_001) }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "atr": "x" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "ticket": { "number": "1123456789" }, "atr": "x" }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(house.post(Role::Officer, PATH, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(house.post(Role::Auditor, PATH, json!({ "ticket": "x", "atr": "y" })).await.status, StatusCode::FORBIDDEN);
}
