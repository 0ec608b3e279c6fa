//! Messengers end to end: a signed delivery becomes a ticket, the acknowledgement reaches the provider's API (a real HTTP server
//! that checks what we send), and what the provider reports of it stands on the timeline.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use daak_social::{Provider, sign};
use daak_testkit::program::{Program, eventually};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const DAAK: &str = env!("CARGO_BIN_EXE_daak");
/// The beginning of a JPEG.
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0 a photograph";
/// The beginning of an Ogg stream.
const VOICE: &[u8] = b"OggS a voice note";

/// The sending side of every provider: notes what it gets, refuses what is wrong.
#[derive(Clone, Default)]
struct Peer(Arc<Seen>);

#[derive(Default)]
struct Seen {
    sent: Mutex<Vec<(String, Value)>>,
    count: AtomicUsize,
    wrong: Mutex<Vec<String>>,
    files_down: AtomicBool,
    address: Mutex<String>,
}

impl Peer {
    async fn open() -> (Self, String) {
        let peer = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        (*peer.0.address.lock().expect("no panic")).clone_from(&address);
        let router = Router::new()
            .route("/{id}/messages", post(messages))
            .route("/{id}/comments", post(comments))
            .route("/{id}/{file}", get(telegram_file))
            .route("/{id}/sendMessage", post(telegram))
            .route("/file/{bot}/voice/file_7.oga", get(|State(p): State<Peer>| async move { p.file(VOICE) }))
            .route("/media/photo", get(photograph))
            .route("/{id}", get(media))
            .route("/2/dm_conversations/with/{id}/messages", post(private))
            .route("/2/tweets", post(public))
            .with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peer, address)
    }

    fn note(&self, path: &str, body: &str) -> (usize, Value) {
        let body: Value = serde_json::from_str(body).unwrap_or_else(|_| json!({ "not": "json" }));
        self.0.sent.lock().expect("no panic").push((path.to_owned(), body.clone()));
        (self.0.count.fetch_add(1, Ordering::SeqCst), body)
    }

    fn check(&self, holds: bool, what: &str) {
        if !holds {
            self.0.wrong.lock().expect("no panic").push(what.to_owned());
        }
    }

    fn file(&self, content: &'static [u8]) -> Response {
        if self.0.files_down.load(Ordering::SeqCst) { StatusCode::BAD_GATEWAY.into_response() } else { content.into_response() }
    }

    /// What was sent to a path that ends so.
    fn sent(&self, end: &str) -> Vec<Value> {
        let sent = self.0.sent.lock().expect("no panic");
        sent.iter().filter(|(path, _)| path.ends_with(end)).map(|(_, body)| body.clone()).collect()
    }

    fn assert_right(&self) {
        let wrong = self.0.wrong.lock().expect("no panic");
        assert!(wrong.is_empty(), "what we sent was wrong: {wrong:?}");
    }
}

fn bearer(headers: &HeaderMap) -> &str {
    headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default()
}

/// Cloud API, Messenger, Instagram.
async fn messages(State(peer): State<Peer>, Path(id): Path<String>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let (n, body) = peer.note(uri.path(), &body);
    let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    peer.check(kind == "application/json", "the content is JSON");
    if id == "1064" {
        peer.check(bearer(&headers) == "wa-token", "WhatsApp's token");
        peer.check(body["messaging_product"] == "whatsapp" && body["recipient_type"] == "individual", "WhatsApp's frame");
        peer.check(body["to"].as_str().is_some_and(|to| to.bytes().all(|b| b.is_ascii_digit())), "a number without +");
        let text = body["type"] == "text" && body["text"]["body"].as_str().is_some_and(|t| !t.is_empty() && t.chars().count() <= 4096);
        let template =
            body["type"] == "template" && body["template"]["name"].is_string() && body["template"]["language"]["code"].is_string();
        peer.check(text || template, "a text or a template");
        return axum::Json(json!({ "messaging_product": "whatsapp", "messages": [{ "id": format!("wamid.OUT{n}") }] })).into_response();
    }
    peer.check(bearer(&headers) == "page-token" || bearer(&headers) == "ig-token", "the page's token");
    peer.check(body["recipient"]["id"].is_string(), "a recipient");
    let most = if id == "1784" { 1_000 } else { 2_000 };
    peer.check(
        body["message"]["text"].as_str().is_some_and(|t| t.len() <= most || (id != "1784" && t.chars().count() <= most)),
        "a text within limits",
    );
    peer.check(id == "1784" || body["messaging_type"] == "RESPONSE", "Messenger's type");
    axum::Json(json!({ "recipient_id": body["recipient"]["id"], "message_id": format!("m_out{n}") })).into_response()
}

async fn comments(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let (n, body) = peer.note(uri.path(), &body);
    peer.check(bearer(&headers) == "page-token" && body["message"].is_string(), "a comment");
    axum::Json(json!({ "id": format!("1_{n}") })).into_response()
}

async fn telegram(State(peer): State<Peer>, Path(bot): Path<String>, uri: Uri, body: String) -> Response {
    let (n, body) = peer.note(uri.path(), &body);
    peer.check(bot == "bot7123:tg-token", "the bot's token");
    let right = body["text"].as_str().is_some_and(|t| !t.is_empty() && t.encode_utf16().count() <= 4_096);
    peer.check(right, "a text within Telegram's limit");
    axum::Json(json!({ "ok": true, "result": { "message_id": 900 + n, "chat": { "id": body["chat_id"].as_str().and_then(|c| c.parse::<i64>().ok()) }, "date": 1 } }))
        .into_response()
}

async fn telegram_file(State(peer): State<Peer>, Path((bot, what)): Path<(String, String)>, uri: Uri) -> Response {
    peer.check(bot == "bot7123:tg-token" && what == "getFile" && uri.query() == Some("file_id=AwACAgUAAxk"), "asks for the file");
    axum::Json(json!({ "ok": true, "result": { "file_id": "AwACAgUAAxk", "file_size": VOICE.len(), "file_path": "voice/file_7.oga" } }))
        .into_response()
}

async fn media(State(peer): State<Peer>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    peer.check(bearer(&headers) == "wa-token" && id == "7001", "asks for the media");
    let address = peer.0.address.lock().expect("no panic").clone();
    axum::Json(json!({ "url": format!("{address}/media/photo"), "mime_type": "image/jpeg", "file_size": PICTURE.len(), "id": id }))
        .into_response()
}

async fn photograph(State(peer): State<Peer>, headers: HeaderMap) -> Response {
    peer.check(bearer(&headers) == "wa-token", "fetches with the token");
    peer.file(PICTURE)
}

async fn private(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let (n, body) = peer.note(uri.path(), &body);
    peer.check(bearer(&headers) == "x-token" && body["text"].is_string(), "a private message");
    (StatusCode::CREATED, axum::Json(json!({ "data": { "dm_event_id": format!("55{n}"), "dm_conversation_id": "1-2" } }))).into_response()
}

async fn public(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let (n, body) = peer.note(uri.path(), &body);
    peer.check(bearer(&headers) == "x-token", "X's token");
    peer.check(body["text"].as_str().is_some_and(|t| t.chars().count() <= 280), "a post within limits");
    (StatusCode::CREATED, axum::Json(json!({ "data": { "id": format!("77{n}"), "text": body["text"] } }))).into_response()
}

/// The program with an account of each provider, and its peer.
struct Town {
    program: Program,
    peer: Peer,
    token: String,
}

impl Town {
    async fn open() -> Self {
        let (peer, address) = Peer::open().await;
        let account = |provider: &str, id: &str, token: &str| {
            format!(
                "[[social.accounts]]\nprovider = \"{provider}\"\nname = \"main\"\nid = \"{id}\"\nsecret = \"{provider}-secret\"\n\
                 verify_token = \"let-me-in\"\ntoken = \"{token}\"\nbase_url = \"{address}\"\n\n"
            )
        };
        let settings = [
            "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n".to_owned(),
            account("whatsapp", "1064", "wa-token"),
            account("messenger", "6824", "page-token"),
            account("instagram", "1784", "ig-token"),
            account("telegram", "7123", "7123:tg-token"),
            account("x", "4337", "x-token"),
        ];
        let program = Program::start(DAAK, &settings.concat());
        let token = program.run(&["token", "create", "--role", "admin", "--name", "test"], "").trim().to_owned();
        Self { program, peer, token }
    }

    async fn deliver(&self, provider: Provider, body: &str) -> u16 {
        self.deliver_signed(provider, body, &format!("{}-secret", provider.channel())).await
    }

    async fn deliver_signed(&self, provider: Provider, body: &str, secret: &str) -> u16 {
        let (header, value) = sign(provider, secret, body.as_bytes());
        let url = self.program.url(&format!("/hooks/{}/main", provider.channel()));
        let answer = reqwest::Client::new().post(url).header(header, value).body(body.to_owned()).send().await.expect("an answer");
        answer.status().as_u16()
    }

    fn ask(&self, path: &str) -> Value {
        let (status, body) = self.program.ask("GET", path, &self.token, "");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    fn tickets(&self, channel: &str) -> Vec<String> {
        let page = self.ask(&format!("/api/v1/tickets?channel={channel}"));
        page["items"].as_array().expect("items").iter().map(|t| t["number"].as_str().expect("a number").to_owned()).collect()
    }

    fn ticket(&self, number: &str) -> Value {
        self.ask(&format!("/api/v1/tickets/{number}"))
    }

    /// The timeline's events of a type.
    fn events(&self, number: &str, kind: &str) -> Vec<Value> {
        let ticket = self.ticket(number);
        ticket["timeline"].as_array().expect("a timeline").iter().filter(|e| e["type"] == kind).cloned().collect()
    }
}

fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn whatsapp(messages: &Value, statuses: &Value) -> String {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "913322145678", "phone_number_id": "1064" },
        "contacts": [{ "profile": { "name": "Rina" }, "wa_id": "919830012345" }], "messages": messages, "statuses": statuses } }] }] })
    .to_string()
}

fn text(id: &str, words: &str) -> Value {
    json!({ "from": "919830012345", "id": id, "timestamp": now().to_string(), "type": "text", "text": { "body": words } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whatsapp_conversation_from_the_first_message_to_the_second_tick() {
    install();
    let town = Town::open().await;
    let first = whatsapp(&json!([text("wamid.A", "street light broken near the school in Amdanga")]), &json!([]));
    assert_eq!(town.deliver_signed(Provider::Whatsapp, &first, "another-secret").await, 403);
    assert!(town.tickets("whatsapp").is_empty(), "nothing unsigned is believed");
    for _ in 0..3 {
        assert_eq!(town.deliver(Provider::Whatsapp, &first).await, 200);
    }
    let numbers = town.tickets("whatsapp");
    let [number] = numbers.as_slice() else { panic!("one ticket, not {numbers:?}") };

    let sent = eventually("the acknowledgement is sent", 30, || town.peer.sent("/1064/messages").first().cloned());
    assert_eq!(sent["to"], "919830012345");
    assert_eq!(sent["context"]["message_id"], "wamid.A");
    let key = sent["biz_opaque_callback_data"].as_str().expect("our key").to_owned();
    let state = |name: &str, with: Value| {
        let mut status = json!({ "id": "wamid.OUT0", "status": name, "timestamp": now().to_string(), "recipient_id": "919830012345" });
        status.as_object_mut().expect("an object").extend(with.as_object().expect("an object").clone());
        whatsapp(&json!([]), &json!([status]))
    };
    assert_eq!(town.deliver(Provider::Whatsapp, &state("delivered", json!({ "biz_opaque_callback_data": key }))).await, 200);
    eventually("the outbox knows the carrier's name", 20, || {
        town.events(number, "message").iter().any(|e| e["channel"] == "whatsapp" && e["state"] == "delivered").then_some(())
    });
    assert_eq!(town.deliver(Provider::Whatsapp, &state("read", json!({ "biz_opaque_callback_data": key }))).await, 200);
    let read = town.events(number, "message").iter().any(|e| e["channel"] == "whatsapp" && e["state"] == "read");
    assert!(read, "{:?}", town.events(number, "message"));

    // The conversation goes on: a photograph, an edit, a sign. One ticket, and no second acknowledgement.
    let more = json!([
        { "from": "919830012345", "id": "wamid.B", "timestamp": now().to_string(), "type": "image", "image": { "id": "7001", "mime_type": "image/jpeg" } },
        { "from": "919830012345", "id": "wamid.C", "timestamp": now().to_string(), "type": "edit",
          "edit": { "original_message_id": "wamid.A", "message": { "type": "text", "text": { "body": "street light broken near the college" } } } },
        { "from": "919830012345", "id": "wamid.D", "timestamp": now().to_string(), "type": "revoke", "revoke": { "original_message_id": "wamid.A" } },
    ]);
    let more = whatsapp(&more, &json!([]));
    for _ in 0..2 {
        assert_eq!(town.deliver(Provider::Whatsapp, &more).await, 200);
    }
    let fetched =
        eventually("the photograph is fetched", 30, || town.events(number, "amended").into_iter().find(|e| e["amendment"] == "fetched"));
    let blob = fetched["attachments"][0]["blob"].as_str().expect("a blob").to_owned();
    assert_eq!(fetched["attachments"][0]["media_type"], "image/jpeg");
    let (status, content) = town.program.ask("GET", &format!("/api/v1/tickets/{number}/attachments/{blob}"), &town.token, "");
    assert_eq!((status, content.as_slice()), (200, PICTURE));
    let kinds: Vec<_> = town.events(number, "amended").iter().map(|e| e["amendment"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds.iter().filter(|k| *k == "edited").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|k| *k == "deleted").count(), 1, "{kinds:?}");
    assert_eq!(town.ticket(number)["contacts"].as_array().map(Vec::len), Some(2));
    assert_eq!(town.tickets("whatsapp").len(), 1);
    assert_eq!(town.peer.sent("/1064/messages").len(), 1);

    // An officer's reply goes out by the channel, within the window.
    let reply = json!({ "type": "reply", "text": "We are on our way.", "channel": "whatsapp" }).to_string();
    let (status, body) = town.program.ask("POST", &format!("/api/v1/tickets/{number}/events"), &town.token, &reply);
    assert!(status < 300, "{}", String::from_utf8_lossy(&body));
    eventually("the reply is sent", 30, || {
        town.peer.sent("/1064/messages").iter().any(|b| b["text"]["body"] == "We are on our way.").then_some(())
    });
    town.peer.assert_right();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_strange_is_kept_and_what_is_unsigned_is_not() {
    install();
    let town = Town::open().await;
    assert_eq!(town.deliver(Provider::Whatsapp, "{\"entry\": [").await, 200);
    assert_eq!(town.deliver(Provider::Whatsapp, "{\"entry\": [").await, 200);
    let other = whatsapp(&json!([text("wamid.Z", "hello")]), &json!([])).replace("\"1064\"", "\"2000\"");
    assert_eq!(town.deliver(Provider::Whatsapp, &other).await, 200);
    let held = town.ask("/api/v1/held");
    let reasons: Vec<_> = held["items"].as_array().expect("items").iter().map(|h| h["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.iter().any(|r| r.contains("no JSON")) && reasons.iter().any(|r| r.contains("account 2000")), "{reasons:?}");
    let id = held["items"].as_array().expect("items").iter().find(|h| h["reason"].as_str().is_some_and(|r| r.contains("no JSON")));
    let (status, raw) = town.program.ask("GET", &format!("/api/v1/held/{}/raw", id.expect("held")["id"]), &town.token, "");
    assert_eq!((status, raw.as_slice()), (200, &b"{\"entry\": ["[..]));
    assert!(town.tickets("whatsapp").is_empty());

    let ask = |path: &str| town.program.ask("GET", path, "", "").0;
    assert_eq!(ask("/hooks/whatsapp/main?hub.mode=subscribe&hub.verify_token=let-me-in&hub.challenge=77"), 200);
    assert_eq!(ask("/hooks/whatsapp/main?hub.mode=subscribe&hub.verify_token=guess&hub.challenge=77"), 403);
    assert_eq!(ask("/hooks/whatsapp/other?hub.mode=subscribe&hub.verify_token=let-me-in&hub.challenge=77"), 404);
    assert_eq!(ask("/hooks/x/main?crc_token=abc"), 200);
    assert_eq!(town.program.ask("POST", "/hooks/telegram/main", "", "{}").0, 403);
    assert_eq!(town.program.ask("POST", "/hooks/smoke/main", "", "{}").0, 404);
    let (_, measures) = town.program.ask("GET", "/metrics", "", "");
    assert!(String::from_utf8_lossy(&measures).contains("daak_hook_arrivals_total{provider=\"telegram\",outcome=\"unsigned\"} 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_network_is_answered_in_its_own_way_and_in_public_nothing_is_said_of_the_matter() {
    install();
    let mut town = Town::open().await;
    let ms = now() * 1000;
    let page = json!({ "object": "page", "entry": [{ "id": "6824", "time": ms, "messaging": [{ "sender": { "id": "24005" }, "recipient": { "id": "6824" },
        "timestamp": ms, "message": { "mid": "m_1", "text": "no water in our village for two days" } }] }] });
    assert_eq!(town.deliver(Provider::Messenger, &page.to_string()).await, 200);
    let instagram = json!({ "object": "instagram", "entry": [{ "id": "1784", "time": ms, "messaging": [{ "sender": { "id": "7001" },
        "recipient": { "id": "1784" }, "timestamp": ms, "message": { "mid": "ig_1", "text": "ration card not received" } }] }] });
    assert_eq!(town.deliver(Provider::Instagram, &instagram.to_string()).await, 200);
    town.peer.0.files_down.store(true, Ordering::SeqCst);
    let voice = json!({ "update_id": 5, "message": { "message_id": 41, "date": now(), "from": { "id": 5171248, "is_bot": false, "first_name": "Rina" },
        "chat": { "id": 5171248, "type": "private" }, "voice": { "file_id": "AwACAgUAAxk", "duration": 7, "mime_type": "audio/ogg" } } });
    assert_eq!(town.deliver(Provider::Telegram, &voice.to_string()).await, 200);
    let private = json!({ "for_user_id": "4337", "direct_message_events": [{ "type": "message_create", "id": "9544", "created_timestamp": ms.to_string(),
        "message_create": { "target": { "recipient_id": "4337" }, "sender_id": "3001", "message_data": { "text": "pension stopped since May" } } }] });
    assert_eq!(town.deliver(Provider::X, &private.to_string()).await, 200);
    let post = json!({ "for_user_id": "4337", "tweet_create_events": [{ "id_str": "1861", "text": "@helpline the bridge is broken", "timestamp_ms": ms.to_string(),
        "user": { "id_str": "3002", "name": "Rahul" }, "entities": { "user_mentions": [{ "id_str": "4337" }] } }] });
    assert_eq!(town.deliver(Provider::X, &post.to_string()).await, 200);

    let got = |end: &str| eventually(&format!("an answer at {end}"), 30, || town.peer.sent(end).first().cloned());
    assert_eq!(got("/6824/messages")["recipient"]["id"], "24005");
    assert_eq!(got("/1784/messages")["recipient"]["id"], "7001");
    assert_eq!(got("/sendMessage")["reply_parameters"]["message_id"], 41);
    assert!(got("/with/3001/messages")["text"].is_string());
    let answer = got("/2/tweets");
    assert_eq!(answer["reply"]["in_reply_to_tweet_id"], "1861");
    let said = answer["text"].as_str().expect("a text").to_owned();
    for number in town.tickets("x") {
        let ticket = town.ticket(&number);
        let grouped = ticket["number_grouped"].as_str().expect("grouped");
        assert!(!said.contains(grouped) && !said.contains(&number), "{said}");
    }
    let post = town.tickets("x").into_iter().map(|n| town.ticket(&n)).find(|t| t["contacts"][0]["public"] == true);
    assert!(post.is_some(), "the post is marked as public");

    // Messenger reports reading as a time.
    let numbers = town.tickets("messenger");
    eventually("the answer is sent", 20, || town.events(&numbers[0], "message").iter().any(|e| e["state"] == "sent").then_some(()));
    let read = json!({ "object": "page", "entry": [{ "id": "6824", "messaging": [{ "sender": { "id": "24005" }, "recipient": { "id": "6824" },
        "timestamp": now() * 1000 + 1000, "read": { "watermark": now() * 1000 + 1000 } }] }] });
    assert_eq!(town.deliver(Provider::Messenger, &read.to_string()).await, 200);
    assert!(town.events(&numbers[0], "message").iter().any(|e| e["state"] == "read"), "{:?}", town.events(&numbers[0], "message"));

    // The voice note could not be fetched. The power goes; afterwards it comes.
    town.program.kill_and_restart();
    town.peer.0.files_down.store(false, Ordering::SeqCst);
    let number = town.tickets("telegram").remove(0);
    let fetched = eventually("the voice note is fetched after all", 60, || {
        town.events(&number, "amended").into_iter().find(|e| e["amendment"] == "fetched")
    });
    assert_eq!(fetched["attachments"][0]["role"], "statement");
    assert_eq!(town.ticket(&number)["contacts"][0]["kind"], "voice_only");
    town.peer.assert_right();
}
