//! Webhooks out, with a server that takes calls, refuses them, and takes them again.

use super::house::House;
use crate::access::Role;
use crate::clock::Clock;
use crate::follow::{Caller, signature};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Another system that is called.
#[derive(Clone, Default)]
struct Portal {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    refuses: Arc<AtomicBool>,
}

impl Portal {
    async fn open(&self) -> String {
        let portal = self.clone();
        let take = move |headers: HeaderMap, body: String| {
            let portal = portal.clone();
            async move {
                portal.heard.lock().expect("no panic").push((headers, body));
                if portal.refuses.load(Ordering::SeqCst) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = axum::Router::new().route("/daak", axum::routing::post(take));
        tokio::spawn(async move {
            let service = hyper_util::service::TowerToHyperService::new(router);
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    let _ = server.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
                });
            }
        });
        format!("http://{address}/daak")
    }

    /// Names of all changes that were told, in their order.
    fn told(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("no panic");
        let bodies = heard.iter().map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
        bodies
            .flat_map(|body| body["changes"].as_array().expect("changes").clone())
            .map(|change| change["id"].as_str().expect("a name").to_owned())
            .collect()
    }
}

#[tokio::test]
async fn each_change_is_told_in_order_signed_again_after_a_refusal_and_anew_when_asked() {
    let house = House::open().await;
    let portal = Portal::default();
    let url = portal.open().await;
    let clock = Clock::standing_at(daak_domain::Timestamp::now() + jiff::SignedDuration::from_secs(5));
    let caller = Caller::new(house.store.clone(), clock.clone()).expect("a client");
    for (body, says) in
        [(json!({ "name": "X", "url": url }), "name:"), (json!({ "name": "portal", "url": "http://portal.example/" }), "url:")]
    {
        let refused = house.post(Role::Admin, "/api/v1/webhooks", body).await;
        assert!(
            refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.json()["detail"].as_str().is_some_and(|d| d.starts_with(says))
        );
    }
    let earlier = house.ticket("before the webhook was made").await;
    let made = house.post(Role::Admin, "/api/v1/webhooks", json!({ "name": "portal", "url": url })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&made.body));
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();

    let trial = house.ask(Role::Admin, Method::POST, "/api/v1/webhooks/portal/test", None).await.json();
    assert_eq!((&trial["taken"], &trial["changes"]), (&json!(true), &json!(0)));
    let first = house.ticket("a secret matter").await;
    assert_eq!(caller.round().await.expect("the store works"), 1);
    let (headers, body) = portal.heard.lock().expect("no panic").last().expect("a call").clone();
    let timestamp: i64 = headers["daak-timestamp"].to_str().expect("text").parse().expect("a number");
    assert_eq!(headers["daak-signature"].to_str().expect("text"), signature(&secret, timestamp, body.as_bytes()));
    assert!(!body.contains("secret matter") && !body.contains("Rina") && !body.contains("9830012345"), "{body}");

    portal.refuses.store(true, Ordering::SeqCst);
    let second = house.ticket("another matter").await;
    assert_eq!(caller.round().await.expect("the store works"), 0);
    assert_eq!(caller.round().await.expect("the store works"), 0, "not before its time");
    let calls = portal.heard.lock().expect("no panic").len();
    portal.refuses.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(11));
    assert_eq!(caller.round().await.expect("the store works"), 1);
    assert_eq!(portal.heard.lock().expect("no panic").len(), calls + 1);
    let told = portal.told();
    assert_eq!(told, [format!("{first}-1"), format!("{second}-1"), format!("{second}-1")], "the refused one again, in order");

    let log = house.get(Role::Admin, "/api/v1/webhooks/portal/calls").await.json();
    let taken: Vec<_> = log.as_array().expect("calls").iter().map(|call| call["taken"].clone()).collect();
    assert_eq!(taken, [true, false, true, true]);
    let replayed = house.post(Role::Admin, "/api/v1/webhooks/portal/replay", json!({ "after": "0-0" })).await;
    assert_eq!(replayed.status, StatusCode::OK);
    assert_eq!(caller.round().await.expect("the store works"), 1);
    assert_eq!(portal.told()[3..], [format!("{earlier}-1"), format!("{first}-1"), format!("{second}-1")]);
    assert_eq!(house.ask(Role::Admin, Method::DELETE, "/api/v1/webhooks/portal", None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.get(Role::Admin, "/api/v1/webhooks/portal/calls").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(Role::Integration, "/api/v1/webhooks").await.status, StatusCode::FORBIDDEN);
}
