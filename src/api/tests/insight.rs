use super::house::House;
use crate::access::Role;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use daak_domain::Timestamp;
use daak_domain::ticket::{Actor, Closure, Event, EventBody, Number};
use serde_json::{Value, json};

/// A house in which something has happened: three tickets, one closed on the citizen's yes, one on an official's own word and reopened.
async fn house() -> House {
    let house = House::open().await;
    for (text, steps) in [
        ("রাস্তা ভাঙা", vec![json!({ "type": "take" }), atr()]),
        (
            "বাতি নেই",
            vec![
                json!({ "type": "take" }),
                atr(),
                json!({ "type": "close", "closure": "override", "remarks": "x" }),
                json!({ "type": "reopen", "reason": "no" }),
            ],
        ),
        ("জল নেই", vec![json!({ "type": "assign", "department": "WCD" }), json!({ "type": "ask", "question": "Where?" })]),
    ] {
        let number = house.ticket(text).await;
        for step in steps {
            let answered = house.post(Role::Supervisor, &format!("/api/v1/tickets/{number}/events"), step).await;
            assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.json());
        }
        if text == "রাস্তা ভাঙা" {
            // Only the citizen's own word closes so.
            let body = EventBody::Closed { closure: Closure::Confirmed, remarks: "x".into() };
            let event = Event { at: Timestamp::now(), by: Actor::Citizen, body };
            house.store.append(Number::parse(&number).expect("a number"), None, vec![event], |_| vec![]).await.expect("closed");
        }
    }
    house
}

fn atr() -> Value {
    json!({ "type": "atr", "closure_reason": "done", "remarks": "Mended." })
}

async fn list_is_as_long(house: &House, number: &Value, what: &str) {
    let listed = house.get(Role::Analyst, &format!("/api/v1/tickets?limit=200&{}", number["list"].as_str().expect("a list"))).await;
    assert_eq!(listed.status, StatusCode::OK, "{what}: {}", listed.json());
    assert_eq!(listed.json()["items"].as_array().map(Vec::len), number["count"].as_u64().map(|n| n as usize), "{what}: {number}");
}

#[tokio::test]
async fn the_number_on_every_tile_is_the_length_of_the_list_behind_it() {
    let house = house().await;
    for by in ["", "department", "category", "class", "district", "block", "channel", "office", "officer"] {
        let table = house.get(Role::Analyst, &format!("/api/v1/insight/table?by={by}")).await.json();
        let lines = table["lines"].as_array().expect("lines");
        assert_eq!(lines.is_empty(), by.is_empty(), "{by}");
        for line in lines.iter().chain([&table["total"]]) {
            for (code, number) in line["numbers"].as_object().expect("numbers") {
                list_is_as_long(&house, number, &format!("{code} by {by}")).await;
            }
        }
    }
    let table = house.get(Role::Analyst, "/api/v1/insight/table").await.json();
    let count = |code: &str| table["total"]["numbers"][code]["count"].as_i64();
    assert_eq!((count("registered"), count("open"), count("closed"), count("reopened")), (Some(3), Some(2), Some(1), Some(1)));
    assert_eq!(
        (count("waiting"), count("satisfied"), table["total"]["numbers"]["satisfied"]["value"].as_f64()),
        (Some(1), Some(1), Some(100.0))
    );
    let ages = house.get(Role::Analyst, "/api/v1/insight/ages?by=class").await.json();
    for line in ages["lines"].as_array().expect("lines") {
        for count in line["counts"].as_array().expect("counts") {
            list_is_as_long(&house, count, "age").await;
        }
    }
    assert_eq!(ages["lines"][0]["counts"][0]["count"], 2);
}

#[tokio::test]
async fn the_course_of_a_month_is_its_days() {
    let house = house().await;
    for step in ["day", "week", "month"] {
        let series = house.get(Role::Analyst, &format!("/api/v1/insight/series?measure=registered&step={step}")).await.json();
        let points = series["points"].as_array().expect("points");
        assert_eq!(points.iter().filter_map(|p| p["count"].as_i64()).sum::<i64>(), 3, "{step}");
        list_is_as_long(&house, points.last().expect("a point"), step).await;
    }
    let standing = house.get(Role::Analyst, "/api/v1/insight/series?measure=open").await;
    assert_eq!(standing.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_officer_sees_the_own_department_and_an_agent_nothing() {
    let house = house().await;
    house.person("anita", Role::Officer, Some("WCD")).await;
    let signed = house.send(
        Request::post("/api/v1/session")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-requested-with", "test")
            .body(Body::from(json!({ "name": "anita", "password": "correct horse" }).to_string()))
            .expect("a request"),
    );
    let cookie = signed.await.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned();
    let ask = |path: &str| Request::get(path).header(header::COOKIE, &cookie).body(Body::empty()).expect("a request");
    for path in ["/api/v1/insight/table?by=department", "/api/v1/insight/table?by=department&department=PWD"] {
        let table = house.send(ask(path)).await.json();
        assert_eq!(table["lines"].as_array().expect("lines").len(), 1, "{table}");
        assert_eq!((table["lines"][0]["key"].as_str(), table["total"]["numbers"]["registered"]["count"].as_i64()), (Some("WCD"), Some(1)));
    }
    for path in ["measures", "table", "series?measure=registered", "ages", "hotspots", "map"] {
        let refused = house.get(Role::Agent, &format!("/api/v1/insight/{path}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn what_is_too_much_or_unknown_is_refused_with_a_way_out() {
    let house = House::open().await;
    for (question, said) in [
        ("table?from=2010-01-01&to=2026-01-01", "expected 1 to 3660: for longer ones ask year by year"),
        ("table?from=2026-02-01&to=2026-01-01", "the period has 0 days"),
        ("table?from=yesterday", "from: \"yesterday\" is no day"),
        ("table?by=moon", "by: unknown: use one of department"),
        ("table?measures=moon", "see /api/v1/insight/measures"),
        ("table?class=moon", "class: unknown class"),
        ("table?format=pdf", "format: expected json, csv or xlsx"),
        ("table?by=officer&from=2026-01-01&to=2026-12-31", "at most 92 days"),
        ("series?measure=registered&from=2020-01-01&to=2026-01-01", "ask by week or by month"),
    ] {
        let refused = house.get(Role::Analyst, &format!("/api/v1/insight/{question}")).await;
        let detail = refused.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && detail.contains(said), "{question}: {detail}");
    }
}

#[tokio::test]
async fn a_table_is_a_file_that_a_spreadsheet_reads() {
    let house = house().await;
    let csv = house.get(Role::Analyst, "/api/v1/insight/table?by=department&measures=registered,satisfied&format=csv&language=bn").await;
    let text = String::from_utf8(csv.body.clone()).expect("UTF-8");
    assert!(text.starts_with("\u{feff}department,name,নথিভুক্ত,"), "{text}");
    assert!(csv.header("content-type") == Some("text/csv; charset=utf-8") && text.contains("PWD,পূর্ত,2,100,1,1,"), "{text}");
    let xlsx = house.get(Role::Analyst, "/api/v1/insight/series?measure=closed&format=xlsx").await;
    assert!(xlsx.body.starts_with(b"PK") && xlsx.header("content-disposition").is_some_and(|d| d.contains("daak-closed.xlsx")));
}

#[tokio::test]
async fn the_report_says_each_sentence_with_its_table_and_is_a_pdf() {
    let house = house().await;
    let today = daak_domain::insight::Day::of(daak_domain::Timestamp::now());
    let month = today.to_string()[..7].to_owned();
    let page = house.get(Role::Analyst, &format!("/api/v1/insight/report?month={month}&language=en")).await;
    let text = String::from_utf8(page.body.clone()).expect("UTF-8");
    assert!(page.status == StatusCode::OK && text.contains("3 tickets were registered in the period (0 in as many days before)"), "{text}");
    assert!(text.contains("<td>3</td>"), "{text}");
    assert!(!text.split("</style>").nth(1).expect("a body").contains('{'), "every place of a sentence is filled");
    let pdf = house.get(Role::Analyst, &format!("/api/v1/insight/report?month={month}&language=bn&format=pdf")).await;
    assert!(pdf.body.starts_with(b"%PDF") && pdf.header("content-type") == Some("application/pdf"));
    let wrong = house.get(Role::Analyst, "/api/v1/insight/report?month=May").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}
