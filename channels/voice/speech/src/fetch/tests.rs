#![allow(clippy::unwrap_used)]
use super::download::{Source, fetch as download};
use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn content() -> Vec<u8> {
    (0..100_000u32).map(|n| (n % 251) as u8).collect()
}

/// Serves bytes, from where it is asked if `ranges`, and breaks off after `most` each time.
async fn server(content: Vec<u8>, ranges: bool, most: usize) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/model.bin", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let noted = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let range = head.lines().find_map(|l| l.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
            noted.lock().unwrap().push(head);
            let begin = range.filter(|_| ranges).unwrap_or(0);
            let body = &content[begin.min(content.len())..];
            let status = if begin > 0 { "206 Partial Content" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap_or_default();
            stream.write_all(&body[..body.len().min(most)]).await.unwrap_or_default();
        }
    });
    (url, requests)
}

fn source(url: String) -> Source {
    let sum: &'static str = Box::leak(hex::encode(Sha256::digest(content())).into_boxed_str());
    Source { url, size: 100_000, sum }
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_was_left() {
    let (url, requests) = server(content(), true, 60_000).await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("model.bin");
    let mut lines = Vec::new();
    let first = download(&source(url.clone()), &to, &mut |line: &str| lines.push(line.to_owned())).await;
    assert!(first.is_err() && !to.exists());
    download(&source(url), &to, &mut |line: &str| lines.push(line.to_owned())).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), content());
    assert!(requests.lock().unwrap()[1].contains("range: bytes=60000-"));
    assert!(!lines.is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_server_without_ranges_is_asked_for_the_whole_again() {
    let (url, _) = server(content(), false, usize::MAX).await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("model.bin");
    std::fs::write(to.with_extension("bin.part"), b"half of something").unwrap();
    download(&source(url), &to, &mut |_: &str| {}).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), content());
}

#[tokio::test]
async fn another_file_than_the_known_one_is_thrown_away() {
    for content in [vec![7; 100_000], vec![7; 200_000], b"<html>not found</html>".to_vec()] {
        let (url, _) = server(content, true, usize::MAX).await;
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("model.bin");
        assert!(download(&source(url), &to, &mut |_: &str| {}).await.is_err());
        assert!(!to.exists());
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let why = download(&source(format!("http://{nobody}/")), &dir.path().join("m.bin"), &mut |_: &str| {}).await.unwrap_err();
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn what_is_known_of_the_model_is_noted_beside_what_was_measured_here() {
    let dir = tempfile::tempdir().unwrap();
    let path = TrustTable::beside(&dir.path().join(MODEL_FILE));
    let own = Measured { wer: 0.5, clips: 9, material: "our callers".to_owned() };
    let mut table = TrustTable::default();
    table.note(CONVERTED, Language::En, own.clone());
    table.save(&path).unwrap();
    note_what_is_known(dir.path()).unwrap();
    let table = TrustTable::load(&path).unwrap();
    assert_eq!(table.measured(CONVERTED, Language::En), Some(&own), "a measurement here counts more");
    assert!(table.measured(CONVERTED, Language::Hi).is_some());
}
