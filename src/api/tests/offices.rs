//! Offices over HTTP: the tree, routes that say why, and who sees whose tickets.

use super::house::House;
use crate::access::Role;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn the_tree_and_the_reason_of_a_route_are_shown() {
    let house = House::open().await;
    let offices = house.get(Role::Agent, "/api/v1/offices").await.json();
    let office = |code: &str| offices["items"].as_array().expect("items").iter().find(|o| o["code"] == code).cloned().unwrap_or_default();
    assert_eq!((&office("BDO-2723")["parent"], &office("DM-303")["kind"]), (&json!("DM-303"), &json!("district")));
    assert_eq!(office("CMO")["parent"], json!(null));
    assert_eq!(house.get(Role::Agent, "/api/v1/offices?on=yesterday").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let route = house.get(Role::Agent, "/api/v1/route?category=panchayat.housing&block=2723").await.json();
    assert_eq!((&route["office"], route["why"].as_str().is_some_and(|why| why.contains("Block"))), (&json!("BDO-2723"), true), "{route}");
    let considered = route["considered"].as_array().expect("a list");
    assert_eq!(considered.last().map(|last| last["outcome"].clone()), Some(json!("taken")));
    assert_eq!(considered[0]["condition"], "class", "the emergency route was looked at first");
    assert_eq!(house.get(Role::Agent, "/api/v1/route?category=xxx").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let number = house.ticket("x").await;
    assert_eq!(house.get(Role::Agent, &format!("/api/v1/tickets/{number}/route")).await.json()["office"], "PWD");
}

#[tokio::test]
async fn a_ticket_is_given_to_an_office_and_found_by_it() {
    let house = House::open().await;
    let number = house.ticket("x").await;
    let events = format!("/api/v1/tickets/{number}/events");
    for (step, office, department) in [
        (json!({ "type": "assign", "department": "WCD" }), "WCD", "WCD"),
        (json!({ "type": "forward", "office": "BDO-2723", "reason": "the block" }), "BDO-2723", "WCD"),
        (json!({ "type": "forward", "office": "DIR-ROADS", "reason": "a road" }), "DIR-ROADS", "PWD"),
        (json!({ "type": "forward", "office": "DM-303", "department": "PWD", "reason": "the district" }), "DM-303", "PWD"),
    ] {
        let answered = house.post(Role::Supervisor, &events, step.clone()).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{step}: {}", answered.json());
        assert_eq!((&answered.json()["office"], &answered.json()["department"]), (&json!(office), &json!(department)), "{step}");
    }
    for (step, said) in [
        (json!({ "type": "assign" }), "office: expected the code of an office"),
        (json!({ "type": "assign", "office": "NOBODY" }), "office: there is none with this code"),
        (json!({ "type": "assign", "office": "DIR-ROADS", "department": "WCD" }), "office: DIR-ROADS belongs to department PWD"),
    ] {
        let refused = house.post(Role::Supervisor, &events, step.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{step}");
        assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.starts_with(said)), "{}", refused.json());
    }
    let found =
        async |query: &str| house.get(Role::Agent, &format!("/api/v1/tickets?{query}")).await.json()["items"].as_array().map(Vec::len);
    assert_eq!(found("office=DM-303").await, Some(1));
    assert_eq!(found("office=BDO-2723").await, Some(0));
    assert_eq!(found("office=CMO").await, Some(0));
    assert_eq!(found("office=CMO&below=true").await, Some(1));
    assert_eq!(found("late=true").await, Some(0));
}

#[tokio::test]
async fn an_officer_sees_the_own_office_and_those_below() {
    let house = House::open().await;
    let (theirs, other) = (house.ticket("theirs").await, house.ticket("other").await);
    for (number, office) in [(&theirs, "BDO-2723"), (&other, "DM-304")] {
        let step = json!({ "type": "assign", "office": office });
        assert_eq!(house.post(Role::Supervisor, &format!("/api/v1/tickets/{number}/events"), step).await.status, StatusCode::CREATED);
    }
    let magistrate = house.officer("asha", "DM-303").await;
    let get = async |path: String| house.by(&magistrate, Method::GET, &path, None).await;
    let list = get("/api/v1/tickets".into()).await.json();
    let numbers: Vec<_> = list["items"].as_array().expect("items").iter().map(|t| t["number"].clone()).collect();
    assert_eq!(numbers, [json!(theirs)]);
    assert_eq!(get("/api/v1/tickets?office=DM-304".into()).await.json()["items"], json!([]), "no filter widens it");
    assert_eq!(get("/api/v1/tickets?office=BDO-2723".into()).await.json()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(get(format!("/api/v1/tickets/{theirs}")).await.status, StatusCode::OK);
    let refused = get(format!("/api/v1/tickets/{other}")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.json()["detail"].as_str().is_some_and(|d| d.contains("lies with the office DM-304")), "{}", refused.json());
}
