use super::house::{Answered, House};
use crate::access::Role;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;
use std::net::SocketAddr;

async fn sign_in(house: &House, name: &str, password: &str) -> Answered {
    let body = json!({ "name": name, "password": password }).to_string();
    let request = Request::post("/api/v1/session").header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
    house.send(request.expect("a request")).await
}

fn cookie_of(answered: &Answered) -> String {
    answered.header("set-cookie").and_then(|line| line.split(';').next()).expect("a cookie").to_owned()
}

async fn with_cookie(house: &House, method: Method, path: &str, cookie: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie).header(header::HOST, "daak.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_cannot_read_and_ends_when_told() {
    let house = House::open().await;
    house.person("rina", Role::Officer, Some("PWD")).await;
    let opened = sign_in(&house, "rina", "correct horse").await;
    assert_eq!(opened.json(), json!({ "name": "rina", "role": "officer", "department": "PWD", "machine": false }));
    let line = opened.header("set-cookie").expect("a cookie");
    assert!(line.contains("HttpOnly") && line.contains("SameSite=Strict") && line.contains("Path=/") && !line.contains("Secure"), "{line}");
    let cookie = cookie_of(&opened);
    assert_eq!(with_cookie(&house, Method::GET, "/api/v1/session", &cookie, &[]).await.status, StatusCode::OK);
    let out = with_cookie(&house, Method::DELETE, "/api/v1/session", &cookie, &[("x-requested-with", "daak-console")]).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let over = with_cookie(&house, Method::GET, "/api/v1/session", &cookie, &[]).await;
    assert_eq!((over.status, over.header("www-authenticate")), (StatusCode::UNAUTHORIZED, Some("Bearer realm=\"daak\"")));
}

#[tokio::test]
async fn an_officer_sees_the_own_department_only() {
    let house = House::open().await;
    house.person("rina", Role::Officer, Some("WCD")).await;
    let number = house.ticket("of the public works").await;
    let cookie = cookie_of(&sign_in(&house, "rina", "correct horse").await);
    assert_eq!(with_cookie(&house, Method::GET, &format!("/api/v1/tickets/{number}"), &cookie, &[]).await.status, StatusCode::FORBIDDEN);
    for query in ["", "?department=PWD"] {
        let found = with_cookie(&house, Method::GET, &format!("/api/v1/tickets{query}"), &cookie, &[]).await.json();
        assert_eq!(found["items"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn another_site_s_page_cannot_use_the_cookie() {
    let house = House::open().await;
    house.person("rina", Role::Agent, None).await;
    let cookie = cookie_of(&sign_in(&house, "rina", "correct horse").await);
    let delete = |headers: &'static [(&str, &str)]| with_cookie(&house, Method::DELETE, "/api/v1/session", &cookie, headers);
    assert_eq!(delete(&[]).await.status, StatusCode::FORBIDDEN, "neither Origin nor a header that no form can set");
    assert_eq!(delete(&[("origin", "https://evil.example"), ("x-requested-with", "x")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(delete(&[("origin", "null")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(delete(&[("origin", "https://console.example")]).await.status, StatusCode::NO_CONTENT, "an origin of the configuration");
    let upgrade = [("upgrade", "websocket"), ("connection", "upgrade"), ("origin", "https://evil.example")];
    assert_eq!(with_cookie(&house, Method::GET, "/api/v1/live", &cookie, &upgrade).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn guessing_is_slow_and_then_locked() {
    let house = House::open().await;
    house.person("rina", Role::Agent, None).await;
    for _ in 0..3 {
        assert_eq!(sign_in(&house, "rina", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let locked = sign_in(&house, "rina", "correct horse").await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(locked.header("retry-after").and_then(|s| s.parse::<u64>().ok()).is_some_and(|s| (1..=900).contains(&s)));
    let (nobody, disabled) = (sign_in(&house, "nobody", "correct horse").await, sign_in(&house, "nobody2", "x").await);
    assert_eq!(nobody.body, disabled.body, "who exists is not told");
    for _ in 0..30 {
        sign_in(&house, "x", "y").await;
    }
    assert_eq!(sign_in(&house, "someone", "else").await.status, StatusCode::TOO_MANY_REQUESTS, "the address comes too often");
}

#[tokio::test]
async fn somebody_disabled_is_out_at_once() {
    let house = House::open().await;
    house.person("rina", Role::Agent, None).await;
    let cookie = cookie_of(&sign_in(&house, "rina", "correct horse").await);
    assert_eq!(with_cookie(&house, Method::GET, "/api/v1/session", &cookie, &[]).await.status, StatusCode::OK);
    house.access.disable("rina").await.expect("known");
    assert_eq!(with_cookie(&house, Method::GET, "/api/v1/session", &cookie, &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&house, "rina", "correct horse").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_sign_in_only_loopback_of_a_benchmark_is_let_in() {
    let closed = House::open().await;
    let open = House::open_with(|settings| settings.loopback_role = Some(Role::Integration)).await;
    let from = |address: [u8; 4], origin: Option<&str>| {
        let mut request = Request::get("/api/v1/session");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1000))));
        request
    };
    assert_eq!(closed.send(from([127, 0, 0, 1], None)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(open.send(from([127, 0, 0, 1], None)).await.json()["role"], "integration");
    assert_eq!(open.send(from([192, 0, 2, 1], None)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(open.send(from([127, 0, 0, 1], Some("http://evil.example"))).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_browsers_obey() {
    let house = House::open().await;
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/healthz", StatusCode::OK),
        ("/readyz", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/api/v1/tickets", StatusCode::UNAUTHORIZED),
    ] {
        let answered = house.send(Request::get(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(answered.status, status, "{path}");
        let policy = answered.header("content-security-policy").expect("a policy");
        assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!((answered.header("x-content-type-options"), answered.header("x-frame-options")), (Some("nosniff"), Some("DENY")));
    }
    let wrong = house.send(Request::delete("/api/v1/contacts").body(Body::empty()).expect("a request")).await;
    assert_eq!((wrong.status, wrong.header("content-type")), (StatusCode::METHOD_NOT_ALLOWED, Some("application/problem+json")));
}

#[tokio::test]
async fn the_public_pages_tell_nothing_without_a_code() {
    let house = House::open().await;
    let number = house.ticket("a secret matter").await;
    for path in [format!("/?lang=en&number={number}"), format!("/track?lang=en&number={number}"), format!("/track?known={number}")] {
        let page = house.send(Request::get(&path).body(Body::empty()).expect("a request")).await;
        let page = String::from_utf8(page.body).expect("text");
        assert!(!page.contains("Registered on") && !page.contains("secret") && !page.contains("Rina"), "{page}");
    }
    let injected = house.send(Request::get("/track?known=%22%3E%3Cscript%3E").body(Body::empty()).expect("a request")).await;
    assert!(!String::from_utf8(injected.body).expect("text").contains("<script>"));
    let mut last = StatusCode::OK;
    for n in 0..30 {
        let form = Body::from(format!("known={}", daak_domain::ticket::Number::from_serial(n)));
        let request = Request::post("/track").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        last = house.send(request.expect("a request")).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "numbers cannot be tried one after another");
}

#[tokio::test]
async fn the_measures_count_answers_by_route() {
    let house = House::open().await;
    crate::observe::measure::recorder();
    house.get(Role::Agent, "/api/v1/tickets/1000000009").await;
    let measures = house.send(Request::get("/metrics").body(Body::empty()).expect("a request")).await;
    let text = String::from_utf8(measures.body).expect("text");
    assert!(text.contains(r#"daak_http_requests_total{route="/api/v1/tickets/{number}",status="4xx"}"#), "{text}");
}
