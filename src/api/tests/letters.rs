use super::house::House;
use crate::access::Role;
use axum::http::{Method, Request, StatusCode, header};
use daak_domain::ticket::Number;
use daak_letter::code::Code;
use daak_letter::scan::{Bounds, Scan};
use serde_json::json;

async fn hand_in(house: &House, role: Role, name: &str, content: &'static [u8]) -> StatusCode {
    let request = Request::builder().method(Method::POST).uri(format!("/api/v1/letters?name={name}"));
    let request = request.header(header::AUTHORIZATION, format!("Bearer {}", house.token(role).await));
    house.send(request.body(content.into()).expect("a request")).await.status
}

#[tokio::test]
async fn a_scan_that_is_handed_in_lies_whole_in_the_inbox() {
    let mut inbox = None;
    let house = House::open_with(|settings| inbox = settings.letters.clone()).await;
    let inbox = inbox.expect("an inbox");
    assert_eq!(hand_in(&house, Role::Processor, "..%2F..%2Fetc%2Fpasswd", b"%PDF-1.4").await, StatusCode::ACCEPTED);
    let files: Vec<_> = std::fs::read_dir(&inbox).expect("there").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(std::fs::read(&files[0]).expect("read"), b"%PDF-1.4");
    assert_eq!(hand_in(&house, Role::Analyst, "x", b"%PDF-1.4").await, StatusCode::FORBIDDEN);
    assert_eq!(hand_in(&house, Role::Processor, "x", b"").await, StatusCode::UNPROCESSABLE_ENTITY);
    let none = House::open_with(|settings| settings.letters = None).await;
    assert_eq!(hand_in(&none, Role::Processor, "x", b"%PDF-1.4").await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_letter_is_written_kept_with_the_ticket_and_bears_its_code() {
    let house = House::open().await;
    let number = house.ticket("রাস্তা ভাঙা").await;
    let path = format!("/api/v1/tickets/{number}/letter");
    let letter = json!({ "to": "রহিমা বিবি\nগ্রাম চাঁপাডাঙা\nহুগলি 712401", "body": "আপনার রাস্তাটি মেরামত করা হয়েছে।" });
    let written = house.post(Role::Processor, &path, letter).await;
    assert_eq!(written.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&written.body));
    let url = written.json()["url"].as_str().expect("a url").to_owned();
    let pdf = house.get(Role::Agent, &url).await;
    assert!(pdf.body.starts_with(b"%PDF-"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &pdf.body).expect("written");
    let page = Scan::open(file.path(), Bounds::default()).and_then(|scan| scan.page(1)).expect("poppler draws it");
    assert_eq!(Code::find(&page.gray, page.dpi), vec![Code::Ticket(Number::parse(&number).expect("a number"))]);
    let seven = json!({ "to": "1\n2\n3\n4\n5\n6\n7", "body": "x" });
    assert_eq!(house.post(Role::Processor, &path, seven).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.post(Role::Analyst, &path, json!({ "to": "x", "body": "x" })).await.status, StatusCode::FORBIDDEN);
}
