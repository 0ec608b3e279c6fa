//! A ticket that complains of an office does not exist for anybody of that office: at every address of the API, with its number,
//! they get what they would get with a number that was never given.

use super::house::{Answered, House};
use crate::access::Role;
use axum::http::{Method, StatusCode};
use daak_domain::ticket::Number;
use serde_json::{Value, json};

/// A body that is understood at an address, so that it is the ticket that decides.
fn body_for(path: &str, number: &str) -> Option<Value> {
    Some(match path {
        "/api/v1/tickets/{number}/events" => json!({ "type": "note", "text": "What is this?" }),
        "/api/v1/tickets/{number}/letter" => json!({ "to": "x", "body": "x" }),
        "/api/v1/atr/verify" => json!({ "ticket": number, "atr": "Mended." }),
        _ => json!({}),
    })
}

/// Without the number itself, and without what differs from one answer to the next.
fn told(answered: &Answered, number: &str) -> (StatusCode, String) {
    let grouped = Number::parse(number).expect("a number").grouped();
    let body = String::from_utf8_lossy(&answered.body).replace(number, "#").replace(&grouped, "#");
    (answered.status, without_the_moment(&body))
}

/// The answer but for the moment of asking: `as_of` in JSON, the note of a report.
fn without_the_moment(body: &str) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str(body) else {
        let (before, after) = body.split_once("<p class=\"note\">").unwrap_or((body, ""));
        return format!("{before}{}", after.split_once("</p>").map_or("", |(_, rest)| rest));
    };
    object.remove("as_of");
    Value::Object(object).to_string()
}

async fn restricted(house: &House) -> String {
    let number = house.ticket("The block officer asks for money.").await;
    for step in [
        json!({ "type": "assign", "office": "BDO-2723" }),
        json!({ "type": "restrict", "about": ["BDO-2723"], "reason": "It complains of the block officer." }),
    ] {
        let answered = house.post(Role::Supervisor, &format!("/api/v1/tickets/{number}/events"), step).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.json());
    }
    number
}

#[tokio::test]
async fn at_no_address_does_it_exist_for_the_office_complained_of() {
    let house = House::open().await;
    let hidden = restricted(&house).await;
    let nowhere = Number::from_serial(700_000).digits();
    let officer = house.officer("bimal", "BDO-2723").await;
    let document = serde_json::to_value(crate::api::openapi()).expect("JSON");
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        // Signing out would end the asking; the live line is looked at below.
        if path.ends_with("/session") || path.ends_with("/live") {
            continue;
        }
        for method in
            methods.as_object().expect("methods").keys().filter(|m| ["get", "post", "put", "patch", "delete"].contains(&m.as_str()))
        {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let name = if path.ends_with("/attachments") { "?name=x" } else { "" };
            let at = |number: &str| format!("{}{name}", path.replace("{number}", number).replace("{blob}", &"0".repeat(64)));
            let ask = async |number: &str| {
                let body = (method != Method::GET).then(|| body_for(path, number)).flatten();
                told(&house.by(&officer, method.clone(), &at(number), body).await, number)
            };
            let (with_it, with_none) = (ask(&hidden).await, ask(&nowhere).await);
            assert_eq!(with_it, with_none, "{method} {path}");
            if path.starts_with("/api/v1/tickets/{number}") {
                assert_eq!(with_it.0, StatusCode::NOT_FOUND, "{method} {path}");
            }
            if path.contains("{number}") {
                asked += 1;
            } else {
                // Whatever lists, counts or exports says nothing of it.
                let body = house.by(&officer, method.clone(), &at(""), body_for(path, "x").filter(|_| method != Method::GET)).await.body;
                assert!(!String::from_utf8_lossy(&body).contains(&hidden), "{method} {path}");
            }
        }
    }
    assert!(asked >= 6, "{asked} addresses name a ticket");
}

#[tokio::test]
async fn no_search_no_step_and_no_news_gives_it_away() {
    let house = House::open().await;
    let hidden = restricted(&house).await;
    let own = house.ticket("their own").await;
    house.post(Role::Supervisor, &format!("/api/v1/tickets/{own}/events"), json!({ "type": "assign", "office": "BDO-2723" })).await;
    let officer = house.officer("bimal", "BDO-2723").await;
    for query in [
        String::new(),
        format!("number={hidden}"),
        "q=money".into(),
        "name=Rina".into(),
        "phone=9830012345".into(),
        "office=BDO-2723".into(),
        "office=CMO&below=true".into(),
        "office=DM-303".into(),
        "department=PWD".into(),
        "state=open".into(),
        "late=true".into(),
    ] {
        let found = house.by(&officer, Method::GET, &format!("/api/v1/tickets?{query}"), None).await;
        assert_eq!(found.status, StatusCode::OK, "{query}");
        assert!(!String::from_utf8_lossy(&found.body).contains(&hidden), "{query}");
    }
    // One's own ticket cannot be used to ask for it either.
    let merge = |into: &str| json!({ "type": "merge", "into": into });
    let refused = house.by(&officer, Method::POST, &format!("/api/v1/tickets/{own}/events"), Some(merge(&hidden))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "officers merge nothing");
    // Whoever sits above sees it, and it lies with them; it cannot be given back below.
    let magistrate = house.officer("asha", "DM-303").await;
    let seen = house.by(&magistrate, Method::GET, &format!("/api/v1/tickets/{hidden}"), None).await.json();
    assert_eq!((&seen["office"], &seen["about"]), (&json!("DM-303"), &json!(["BDO-2723"])));
    let forward = json!({ "type": "forward", "office": "BDO-2723", "reason": "yours" });
    let refused = house.by(&magistrate, Method::POST, &format!("/api/v1/tickets/{hidden}/events"), Some(forward)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.json()["detail"].as_str().is_some_and(|d| d.contains("complains of this office")), "{}", refused.json());
    let mine = house.by(&officer, Method::GET, "/api/v1/tickets", None).await.json();
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1), "their own they see");
}
