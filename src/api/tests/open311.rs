//! Open311 GeoReport v2, as other portals meet it, and the feed of changes.

use super::house::{Answered, House};
use crate::access::Role;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

async fn get(house: &House, path: &str) -> Answered {
    house.send(Request::get(format!("/open311/v2/{path}")).body(Body::empty()).expect("a request")).await
}

async fn post(house: &House, path: &str, form: &str) -> Answered {
    let request = Request::post(format!("/open311/v2/{path}")).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    house.send(request.body(Body::from(form.to_owned())).expect("a request")).await
}

fn text(answered: &Answered) -> String {
    String::from_utf8(answered.body.clone()).expect("text")
}

/// Times and numbers differ from run to run; everything else is the golden case.
fn golden(text: &str, changing: &[&str]) -> String {
    changing.iter().fold(text.to_owned(), |text, value| text.replace(value, "…"))
}

#[tokio::test]
async fn what_can_be_reported_is_described_in_both_forms() {
    let house = House::open().await;
    let discovery = get(&house, "discovery.json").await.json();
    assert_eq!(discovery["endpoints"][0]["specification"], "http://wiki.open311.org/GeoReport_v2");
    assert_eq!(discovery["endpoints"][0]["url"], "https://helpline.example/open311/v2");
    let xml = get(&house, "services.xml").await;
    assert_eq!(xml.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_eq!(
        text(&xml),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<services><service><description>PWD</description><group>PWD</group><keywords></keywords>\
         <metadata>false</metadata><service_code>pwd.roads</service_code><service_name>Roads</service_name><type>realtime</type></service></services>\n"
    );
    assert_eq!(get(&house, "services.json?locale=bn").await.json()[0]["service_name"], "রাস্তা");
    assert_eq!(
        text(&get(&house, "services/pwd.roads.xml").await),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_definition><attributes></attributes><service_code>pwd.roads</service_code></service_definition>\n"
    );
}

#[tokio::test]
async fn refusals_are_documents_too() {
    let house = House::open().await;
    let key = house.token(Role::Integration).await;
    let officer = house.token(Role::Officer).await;
    for (path, form, status, says) in [
        ("services/none.json", None, 404, "service_code provided was not found"),
        ("requests/1234567890.json", None, 404, "service_request_id provided was not found"),
        ("requests.json?status=odd", None, 400, "status: expected open or closed"),
        ("requests.json?start_date=yesterday", None, 400, "start_date: expected a time"),
        ("services.json?jurisdiction_id=elsewhere.gov", None, 404, "jurisdiction_id provided was not found"),
        ("services.yaml", None, 400, "ends with .xml or .json"),
        ("nothing.json", None, 404, "there is no such resource"),
        ("requests.json?api_key=daak_wrong", None, 403, "api_key is not known here"),
        ("requests.json", Some("service_code=pwd.roads&lat=1&long=2".to_owned()), 403, "api_key was not provided"),
        ("requests.json", Some(format!("api_key={officer}&service_code=pwd.roads&lat=1&long=2")), 403, "may not hand in contacts"),
        ("requests.json", Some(format!("api_key={key}&lat=1&long=2")), 400, "service_code was not provided"),
        (
            "requests.json",
            Some(format!("api_key={key}&service_code=pwd.roads")),
            400,
            "lat and long, address_string or address_id was not provided",
        ),
        ("requests.json", Some(format!("api_key={key}&service_code=pwd.roads&lat=91&long=2")), 400, "lat: expected degrees"),
        ("requests.json", Some(format!("api_key={key}&service_code=pwd.roads&lat=1&long=2&phone=12")), 400, "phone:"),
    ] {
        let answered = match form {
            Some(form) => post(&house, path, &form).await,
            None => get(&house, path).await,
        };
        assert_eq!(answered.status.as_u16(), status, "{path}: {}", text(&answered));
        let error = answered.json();
        assert_eq!(error[0]["code"], status, "{path}");
        assert!(error[0]["description"].as_str().is_some_and(|detail| detail.contains(says)), "{path}: {error}");
    }
    let xml = text(&get(&house, "services/none.xml").await);
    assert!(
        xml.ends_with("<errors><error><code>404</code><description>service_code provided was not found</description></error></errors>\n"),
        "{xml}"
    );
    let body = Request::post("/open311/v2/requests.xml")
        .header(header::CONTENT_TYPE, "text/xml")
        .body(Body::from("<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>"));
    assert_eq!(house.send(body.expect("a request")).await.status, StatusCode::BAD_REQUEST, "XML is never read");
}

#[tokio::test]
async fn a_portal_hands_in_and_follows_and_nobody_learns_who_wrote() {
    let house = House::open().await;
    let key = house.token(Role::Integration).await;
    let form = format!(
        "api_key={key}&service_code=pwd.roads&lat=22.912345&long=88.412345&description=Rina+Das+%2B919830012345+says%3A+the+road+is+broken\
         &first_name=Rina&last_name=Das&phone=9830012345&email=rina%40example.org&attribute[fixmystreet_id]=77"
    );
    let handed = post(&house, "requests.json", &form).await;
    assert_eq!(handed.status, StatusCode::CREATED, "{}", text(&handed));
    let id = handed.json()[0]["service_request_id"].as_str().expect("an id").to_owned();
    assert_eq!(post(&house, "requests.json", &form).await.json()[0]["service_request_id"], json!(id), "handed in twice, it is the same");

    let seen = get(&house, &format!("requests/{id}.json")).await.json();
    let times: Vec<_> = ["requested_datetime", "updated_datetime", "expected_datetime"]
        .iter()
        .map(|name| seen[0][name].as_str().expect("a time").to_owned())
        .collect();
    assert!(times[0].ends_with("+05:30"), "{}", times[0]);
    let mut changing: Vec<&str> = times.iter().map(String::as_str).collect();
    changing.push(&id);
    assert_eq!(
        golden(&text(&get(&house, &format!("requests/{id}.xml")).await), &changing),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<service_requests><request><address></address><address_id></address_id>\
         <agency_responsible>PWD</agency_responsible><description></description><expected_datetime>…</expected_datetime><lat>22.912</lat>\
         <long>88.412</long><media_url></media_url><requested_datetime>…</requested_datetime><service_code>pwd.roads</service_code>\
         <service_name>Roads</service_name><service_notice></service_notice><service_request_id>…</service_request_id><status>open</status>\
         <status_notes>Registered</status_notes><updated_datetime>…</updated_datetime><zipcode></zipcode></request></service_requests>\n"
    );
    let note = json!({ "type": "note", "text": "secret: ask the engineer" });
    assert_eq!(house.post(Role::Agent, &format!("/api/v1/tickets/{id}/events"), note).await.status, StatusCode::CREATED);
    assert_eq!(
        house.post(Role::Agent, &format!("/api/v1/tickets/{id}/events"), json!({ "type": "take" })).await.status,
        StatusCode::CREATED
    );

    let update =
        post(&house, "servicerequestupdates.json", &format!("api_key={key}&service_request_id={id}&update_id=5&description=still+broken"))
            .await;
    assert_eq!(update.status, StatusCode::CREATED, "{}", text(&update));
    for path in [
        "requests.json",
        "requests.xml",
        "servicerequestupdates.json",
        "servicerequestupdates.xml",
        &format!("requests/{id}.json?api_key={key}"),
    ] {
        let all = text(&get(&house, path).await);
        for personal in ["Rina", "9830012345", "rina@example.org", "says", "secret", "agent-1"] {
            assert!(!all.contains(personal), "{path}: {personal} in {all}");
        }
    }
    let updates = get(&house, "servicerequestupdates.json").await.json();
    let statuses: Vec<_> =
        updates.as_array().expect("a list").iter().filter(|u| u["service_request_id"] == json!(id)).map(|u| u["status"].clone()).collect();
    assert_eq!(statuses, ["open", "in_progress"]);
    let list = |query: &str| {
        let path = format!("requests.json?{query}");
        let house = &house;
        async move { get(house, &path).await.json().as_array().map_or(0, Vec::len) }
    };
    assert!(list("").await >= 1 && list("service_code=pwd.roads&status=open").await >= 1);
    assert_eq!((list("status=closed").await, list("service_code=other").await, list("end_date=2020-01-01T00:00:00Z").await), (0, 0, 0));
    assert_eq!(get(&house, &format!("tokens/{id}.json")).await.json()[0]["token"], json!(id));
}

#[tokio::test]
async fn only_the_matters_of_the_community_are_seen_and_a_portal_sees_its_own() {
    let house = House::open().await;
    let body =
        json!({ "channel": "portal", "sender": { "phone": "9830012345" }, "body": "fire in the market", "declared_emergency": true });
    let urgent =
        house.post(Role::Integration, "/api/v1/contacts", body).await.json()["ticket"]["number"].as_str().expect("a number").to_owned();
    assert_eq!(get(&house, &format!("requests/{urgent}.json")).await.status, StatusCode::NOT_FOUND, "nobody's danger is shown");
    let road = house.ticket("the road is broken").await;
    assert_eq!(get(&house, &format!("requests/{road}.json")).await.status, StatusCode::OK);
    let key = house.token(Role::Integration).await;
    let foreign = post(&house, "servicerequestupdates.json", &format!("api_key={key}&service_request_id={road}&description=x")).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN, "another's request is not added to");
}

#[tokio::test]
async fn changes_are_followed_from_where_one_was() {
    let house = House::open().await;
    let first = house.ticket("a secret matter").await;
    let page = house.get(Role::Integration, "/api/v1/changes").await.json();
    assert_eq!((&page["items"][0]["ticket"], &page["items"][0]["type"]), (&json!(first), &json!("registered")));
    let note = json!({ "type": "note", "text": "secret: ask the engineer" });
    house.post(Role::Agent, &format!("/api/v1/tickets/{first}/events"), note).await;
    let next = page["next"].as_str().expect("a place").to_owned();
    let later = house.get(Role::Integration, &format!("/api/v1/changes?cursor={next}&limit=1")).await;
    assert!(!text(&later).contains("secret") && !text(&later).contains("Rina"));
    let later = later.json();
    assert_eq!((later["items"].as_array().map(Vec::len), &later["items"][0]["type"]), (Some(1), &json!("noted")));
    let next = later["next"].as_str().expect("a place");
    let end = house.get(Role::Integration, &format!("/api/v1/changes?cursor={next}")).await.json();
    assert_eq!((end["items"].as_array().map(Vec::len), end["next"].as_str()), (Some(0), Some(next)));
    assert_eq!(house.get(Role::Integration, "/api/v1/changes?cursor=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.ask(Role::Field, Method::GET, "/api/v1/changes", None).await.status, StatusCode::FORBIDDEN);
}
