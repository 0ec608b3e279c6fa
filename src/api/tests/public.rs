//! The citizen's own door: codes, sessions, and what they show.

use super::house::{Answered, House, TERMS};
use crate::access::Role;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

async fn send(house: &House, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answered {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map_or(Body::empty(), |json| Body::from(json.to_string()));
    house.send(request.body(body).expect("a request")).await
}

async fn ask(house: &House, wish: Value) -> Answered {
    send(house, Method::POST, "/public/v1/otp", None, Some(wish)).await
}

async fn show(house: &House, challenge: &str, code: &str) -> Answered {
    send(house, Method::POST, "/public/v1/session", None, Some(json!({ "challenge": challenge, "code": code }))).await
}

fn challenge(asked: &Answered) -> String {
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", String::from_utf8_lossy(&asked.body));
    asked.json()["challenge"].as_str().expect("a challenge").to_owned()
}

fn code_in(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.into_iter().find(|word| word.len() == 6).expect("six digits").to_owned()
}

/// A session of whoever registered from this telephone.
async fn session(house: &House, wish: Value) -> String {
    let challenge = challenge(&ask(house, wish).await);
    let (_, text) = house.codes().await.pop().expect("a code was sent");
    let opened = show(house, &challenge, &code_in(&text)).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    opened.json()["token"].as_str().expect("a token").to_owned()
}

async fn contact(house: &House, sender: Value, text: &str) -> String {
    let body = json!({ "channel": "portal", "sender": sender, "body": text });
    let taken = house.post(Role::Integration, "/api/v1/contacts", body).await;
    taken.json()["ticket"]["number"].as_str().expect("a number").to_owned()
}

#[tokio::test]
async fn a_code_goes_to_whoever_registered_and_opens_their_ticket() {
    let house = House::open().await;
    let number = house.ticket("রাস্তা ভাঙা").await;
    let asked = ask(&house, json!({ "number": number, "language": "en" })).await;
    let challenge = challenge(&asked);
    let sent = house.codes().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, "+919830012345");
    let opened = show(&house, &challenge, &code_in(&sent[0].1)).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let token = opened.json()["token"].as_str().expect("a token").to_owned();

    let seen = send(&house, Method::GET, &format!("/public/v1/tickets/{number}?lang=en"), Some(&token), None).await;
    assert_eq!(seen.status, StatusCode::OK);
    let seen = seen.json();
    assert_eq!((&seen["says"], &seen["about"], &seen["with"]), (&json!("Registered"), &json!("Roads"), &json!("PWD")));
    assert_eq!(seen["statement"], "রাস্তা ভাঙা");
    assert_eq!(seen["timeline"][0]["says"], "Your complaint was registered");
    let list = send(&house, Method::GET, "/public/v1/tickets", Some(&token), None).await;
    assert_eq!(list.json()[0]["number"], json!(number));

    assert_eq!(show(&house, &challenge, &code_in(&sent[0].1)).await.status, StatusCode::UNAUTHORIZED, "a code is good once");
    assert_eq!(send(&house, Method::DELETE, "/public/v1/session", Some(&token), None).await.status, StatusCode::NO_CONTENT);
    let over = send(&house, Method::GET, &format!("/public/v1/tickets/{number}"), Some(&token), None).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_tells_whether_a_number_or_a_telephone_is_known() {
    let house = House::open().await;
    let number = house.ticket("রাস্তা ভাঙা").await;
    let unknown = daak_domain::ticket::Number::from_serial(123_456).digits();
    let wishes = [
        json!({ "number": number }),
        json!({ "number": unknown }),
        json!({ "phone": "9830012345" }),
        json!({ "phone": "9830099999" }),
        json!({ "email": "nobody@example.org" }),
    ];
    let mut challenges = Vec::new();
    let mut answers = Vec::new();
    for wish in &wishes {
        let asked = ask(&house, wish.clone()).await;
        let challenge = challenge(&asked);
        let rest = String::from_utf8(asked.body.clone()).expect("text").replace(&challenge, "");
        let headers: Vec<_> = asked.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        answers.push((asked.status, rest, challenge.len(), headers));
        challenges.push(challenge);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // Nothing was looked up or written when the answers were given: all work comes after them, the same for all.
    assert!(house.store.messages(None, None, 50).await.expect("read").items.iter().all(|row| row.message.template != "otp"));
    let sent = house.codes().await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    // A wrong code is refused in the same words whether or not there was a right one.
    let mut refused = Vec::new();
    for challenge in challenges.iter().map(String::as_str).chain(["daakq_unknown"]) {
        let wrong = show(&house, challenge, "000000x").await;
        refused.push((wrong.status, wrong.body));
    }
    assert!(refused.iter().all(|answer| *answer == refused[0]));
    // Too often is too often for whom nobody knows as well.
    let mut last = Vec::new();
    for number in [&number, &unknown] {
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(ask(&house, json!({ "number": number })).await.status.as_u16());
        }
        last.push(statuses);
    }
    assert_eq!(last[0], last[1]);
    assert_eq!(last[0], [202, 202, 202, 202, 429]);
}

#[tokio::test]
async fn a_code_bears_few_guesses_and_is_never_read_in_the_outbox() {
    let house = House::open().await;
    let number = house.ticket("রাস্তা ভাঙা").await;
    let challenge = challenge(&ask(&house, json!({ "number": number })).await);
    let (_, text) = house.codes().await.pop().expect("a code");
    let code = code_in(&text);
    let shown = |items: &Value| items.as_array().expect("items").iter().map(|m| m["text"].to_string()).collect::<String>();
    let before = house.get(Role::Admin, "/api/v1/messages").await.json();
    assert!(!shown(&before["items"]).contains(&code), "not while it waits");
    let key = before["items"].as_array().expect("items").iter().find(|m| m["template"] == "otp").expect("it is there")["key"].clone();
    let sent = crate::store::Progress::Sent { carrier_id: None };
    house.store.outbox_mark(key.as_str().expect("a key"), sent, daak_domain::Timestamp::now()).await.expect("marked");
    let after = house.get(Role::Admin, "/api/v1/messages").await.json();
    assert!(shown(&after["items"]).contains("······"));
    let file = rusqlite::Connection::open(house.folder().join("daak.sqlite")).expect("by hand");
    let kept = file.query_row("SELECT count(*) FROM outbox WHERE body LIKE '%' || ?1 || '%'", [&code], |row| row.get::<_, i64>(0));
    assert_eq!(kept, Ok(0), "nor in the database, after it was sent");
    for _ in 0..TERMS.tries {
        assert_eq!(show(&house, &challenge, "999999").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(show(&house, &challenge, &code).await.status, StatusCode::UNAUTHORIZED, "it bears no more tries");
}

#[tokio::test]
async fn nobody_sees_the_ticket_of_another_or_what_is_written_inside() {
    let house = House::open().await;
    let own = house.ticket("রাস্তা ভাঙা").await;
    // The same person in the books: known by the address, and somebody else's telephone stands beside it.
    let shared = contact(&house, json!({ "phone": "9830012345", "email": "family@example.org" }), "জল নেই").await;
    let other = contact(&house, json!({ "email": "family@example.org" }), "আলো নেই").await;
    let stranger = contact(&house, json!({ "phone": "9830011111" }), "secret of a stranger").await;
    let note = json!({ "type": "note", "text": "secret: call the inspector" });
    assert_eq!(house.post(Role::Agent, &format!("/api/v1/tickets/{own}/events"), note).await.status, StatusCode::CREATED);
    let forward = json!({ "type": "forward", "department": "PWD", "reason": "secret: he complains always" });
    assert_eq!(house.post(Role::Agent, &format!("/api/v1/tickets/{own}/events"), forward).await.status, StatusCode::CREATED);

    let by_phone = session(&house, json!({ "phone": "98300 12345" })).await;
    let see = async |token: &str, number: &str| {
        let seen = send(&house, Method::GET, &format!("/public/v1/tickets/{number}?lang=bn"), Some(token), None).await;
        (seen.status, String::from_utf8(seen.body).expect("text"))
    };
    let (status, seen) = see(&by_phone, &own).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!seen.contains("secret") && !seen.contains("agent-1"), "{seen}");
    assert_eq!(see(&by_phone, &shared).await.0, StatusCode::OK);
    let (status, nothing) = see(&by_phone, &other).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the mail address registered it, not the telephone");
    let unknown = daak_domain::ticket::Number::from_serial(123_456);
    for number in [stranger, unknown.digits()] {
        let (status, body) = see(&by_phone, &number).await;
        let grouped = number.parse::<daak_domain::ticket::Number>().expect("a number").grouped();
        let other = other.parse::<daak_domain::ticket::Number>().expect("a number").grouped();
        assert_eq!((status, body.replace(&grouped, "")), (StatusCode::NOT_FOUND, nothing.replace(&other, "")), "the same words");
    }
    let by_mail = session(&house, json!({ "email": "Family@Example.org" })).await;
    assert_eq!(see(&by_mail, &other).await.0, StatusCode::OK);
    assert_eq!(see(&by_mail, &own).await.0, StatusCode::NOT_FOUND);
    let list = send(&house, Method::GET, "/public/v1/tickets", Some(&by_mail), None).await.json();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_no_number_is_told_what_to_do() {
    let house = House::open().await;
    for (wish, says) in [
        (json!({}), "exactly one"),
        (json!({ "number": "471 830 9263", "phone": "9830012345" }), "exactly one"),
        (json!({ "number": "1234567890" }), "number:"),
        (json!({ "phone": "12" }), "phone:"),
        (json!({ "email": "x" }), "email:"),
    ] {
        let refused = ask(&house, wish.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wish}");
        assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{wish}");
    }
}

/// A form as a browser sends it.
fn form(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    for (name, file, content) in files {
        let head = format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--line--\r\n");
    ("multipart/form-data; boundary=line".to_owned(), body)
}

async fn submit(house: &House, path: &str, cookie: &str, (kind, body): (String, Vec<u8>), origin: Option<&str>) -> Answered {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, kind).header(header::COOKIE, cookie).header(header::HOST, "h");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    house.send(request.body(Body::from(body)).expect("a request")).await
}

async fn page(house: &House, path: &str, cookie: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("a request");
    let answered = house.send(request).await;
    assert!(answered.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")), "{path}");
    (answered.status, String::from_utf8(answered.body).expect("text"))
}

fn text(answered: &Answered) -> String {
    String::from_utf8(answered.body.clone()).expect("text")
}

const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0 a picture";

#[tokio::test]
async fn a_grievance_is_filed_once_with_its_files_and_what_is_wrong_is_said_beside_what_was_written() {
    let house = House::open().await;
    let (status, first) = page(&house, "/file", "").await;
    assert!(
        status == StatusCode::OK && first.contains("<option value=\"312\">") && first.starts_with("<!doctype html>\n<html lang=\"bn\"")
    );
    let (_, asked) = page(&house, "/file?district=312&lang=en", "").await;
    let key = asked.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key").to_owned();
    assert!(asked.contains("Hooghly") && asked.contains("<select id=\"block\""));

    let wrong =
        submit(&house, "/file?lang=en", "", form(&[("key", &key), ("district", "312"), ("name", EVIL), ("phone", "12")], &[]), None).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(&wrong);
    assert!(wrong.contains("href=\"#phone\"") && wrong.contains("href=\"#text\""), "both mistakes at once");
    assert!(wrong.contains("&lt;script&gt;") && !wrong.contains("<script>alert") && !wrong.contains("<img"), "and what was written stays");

    let fields = [
        ("key", key.as_str()),
        ("district", "312"),
        ("category", "pwd.roads"),
        ("text", EVIL),
        ("name", EVIL),
        ("phone", "98300 55555"),
        ("confidential", "1"),
        ("lat", "22.9"),
        ("lon", "88.4"),
    ];
    let files: [(&str, &str, &[u8]); 2] = [("files", "../\"<b>.jpg", PICTURE), ("files", "empty", b"")];
    let filed = submit(&house, "/file?lang=en", "", form(&fields, &files), Some("http://h")).await;
    assert_eq!(filed.status, StatusCode::CREATED, "{}", text(&filed));
    let filed = text(&filed);
    let number = filed.split("class=\"number\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a number").replace(' ', "");
    let again = text(&submit(&house, "/file?lang=en", "", form(&fields, &files), None).await);
    assert!(again.contains(&format!("known={number}")), "sent twice, it is the same");

    let seen = house.get(Role::Agent, &format!("/api/v1/tickets/{number}")).await.json();
    assert_eq!(seen["contacts"].as_array().map(Vec::len), Some(1));
    let contact = &seen["contacts"][0];
    assert_eq!((&contact["channel"], &contact["unproven"], &contact["confidential"]), (&json!("web"), &json!(true), &json!(true)));
    assert_eq!((&contact["attachments"][0]["media_type"], &contact["location"]["lat"]), (&json!("image/jpeg"), &json!(22.9)));
    assert_eq!(seen["person"]["phones"], json!(["+919830055555"]));
    house.person("anita", Role::Officer, Some("PWD")).await;
    for path in [format!("/api/v1/tickets/{number}"), "/api/v1/tickets".to_owned()] {
        let officer = house.get(Role::Officer, &path).await;
        assert!(!text(&officer).contains("9830055555"), "the office does not learn who: {path}");
    }
}

#[tokio::test]
async fn what_is_no_picture_or_from_another_site_is_not_taken() {
    let house = House::open().await;
    let fields = [("district", "312"), ("text", "রাস্তা ভাঙা"), ("phone", "98300 55555")];
    for content in [&b"MZ\x90\0 a program"[..], b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"]
    {
        let refused = submit(&house, "/file?lang=en", "", form(&fields, &[("files", "a.jpg", content)]), None).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text(&refused).contains("cannot be taken"));
    }
    let large = vec![0xff; 1_200_000];
    let refused = submit(&house, "/file", "", form(&fields, &[("files", "a.jpg", &large)]), None).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let foreign = submit(&house, "/file", "", form(&fields, &[]), Some("https://evil.example")).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for _ in 0..6 {
        assert_eq!(submit(&house, "/file", "", form(&fields, &[]), None).await.status, StatusCode::CREATED);
    }
    let flood = submit(&house, "/file", "", form(&fields, &[]), None).await;
    assert_eq!(flood.status, StatusCode::TOO_MANY_REQUESTS, "the telephone gets an SMS for each");
    assert!(text(&flood).contains("রাস্তা ভাঙা"), "and nothing that was written is lost");
}

#[tokio::test]
async fn a_citizen_follows_and_answers_on_the_page_and_a_stored_script_stays_inert() {
    let house = House::open().await;
    let number = contact(&house, json!({ "phone": "9830012345", "name": EVIL }), EVIL).await;
    let question = json!({ "type": "ask", "question": EVIL });
    assert_eq!(house.post(Role::Agent, &format!("/api/v1/tickets/{number}/events"), question).await.status, StatusCode::CREATED);
    let urlencoded = |body: String| ("application/x-www-form-urlencoded".to_owned(), body.into_bytes());
    let asked = text(&submit(&house, "/track?lang=en", "", urlencoded(format!("known={number}")), None).await);
    let challenge =
        asked.split("name=\"challenge\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a challenge").to_owned();
    let unknown = daak_domain::ticket::Number::from_serial(123_456);
    let nobody = text(&submit(&house, "/track?lang=en", "", urlencoded(format!("known={unknown}")), None).await);
    let plain = |page: &str, number: &str| {
        let secret =
            page.split("name=\"challenge\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a challenge").to_owned();
        page.replace(number, "").replace(&secret, "")
    };
    assert_eq!(plain(&asked, &number), plain(&nobody, &unknown.digits()), "the page is the same for a number that nobody has");

    let wrong = submit(&house, "/track/open?lang=en", "", urlencoded(format!("known={number}&challenge={challenge}&code=1")), None).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, sms) = house.codes().await.pop().expect("a code");
    let code = code_in(&sms);
    let opened = submit(&house, "/track/open", "", urlencoded(format!("known={number}&challenge={challenge}&code={code}")), None).await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::SEE_OTHER, Some(format!("/track/{number}").as_str())));
    let cookie = opened.header("set-cookie").expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();

    let (status, seen) = page(&house, &format!("/track/{number}?lang=en"), &cookie).await;
    assert_eq!(status, StatusCode::OK);
    assert!(seen.contains("&lt;script&gt;") && !seen.contains("<script>") && !seen.contains("<img"), "{seen}");
    assert!(seen.contains("Answer our question"));
    let token = seen.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token").to_owned();
    let say = format!("/track/{number}/say");
    let forged = submit(&house, &say, &cookie, form(&[("text", "x"), ("form", "0")], &[]), None).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "without what only the page knows");
    let said = submit(&house, &say, &cookie, form(&[("text", EVIL), ("form", &token)], &[("files", "a.jpg", PICTURE)]), None).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    let rated = submit(&house, &format!("/track/{number}/rate"), &cookie, urlencoded(format!("form={token}&stars=5")), None).await;
    assert_eq!(rated.status, StatusCode::CONFLICT, "not before it is over");

    let (status, _) = page(&house, &format!("/track/{unknown}"), &cookie).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let other = contact(&house, json!({ "phone": "9830011111" }), "secret of a stranger").await;
    let (status, body) = page(&house, &format!("/track/{other}"), &cookie).await;
    assert!(status == StatusCode::NOT_FOUND && !body.contains("secret"));
    let left = submit(&house, "/track/leave", &cookie, urlencoded(format!("form={token}")), None).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    let request = Request::get(format!("/track/{number}")).header(header::COOKIE, &cookie).body(Body::empty()).expect("a request");
    assert_eq!(house.send(request).await.status, StatusCode::SEE_OTHER, "a code first");
}

#[tokio::test]
async fn residents_abroad_write_by_mail_and_see_the_hours_by_their_clock() {
    let house = House::open().await;
    let (_, abroad) = page(&house, "/abroad?country=US&zone=America/Chicago&lang=en", "").await;
    assert!(abroad.contains("America&#x2f;Chicago") && abroad.contains("America&#x2f;New_York"));
    let (_, form_page) = page(&house, "/file?district=-&lang=en", "daak_zone=America/Chicago").await;
    assert!(form_page.contains("type=\"email\"") && !form_page.contains("type=\"tel\""));
    let fields = [("district", "-"), ("text", "My mother's pension does not come"), ("email", "Rina@Example.org"), ("country", "US")];
    let filed = submit(&house, "/file?lang=en", "daak_zone=America/Chicago", form(&fields, &[]), None).await;
    assert_eq!(filed.status, StatusCode::CREATED);
    let by_mail = session(&house, json!({ "email": "rina@example.org" })).await;
    let list = send(&house, Method::GET, "/public/v1/tickets", Some(&by_mail), None).await.json();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn public_figures_show_no_small_count() {
    let house = House::open().await;
    for n in 0..12 {
        contact(&house, json!({ "phone": format!("98300123{n:02}") }), "রাস্তা ভাঙা").await;
    }
    let (status, figures) = page(&house, "/figures?lang=en", "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(figures.contains("<td class=\"n\">10</td>") && !figures.contains(">12<"), "{figures}");
}
