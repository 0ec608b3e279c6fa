#![allow(clippy::unwrap_used)]
use super::*;
use crate::Measured;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A server that answers each request with the same bytes after it has read it whole, and hands
/// out what it was sent. Without an answer it keeps the connection open and is silent.
async fn server(answer: Option<Vec<u8>>) -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, sender) = (answer.clone(), sender.clone());
            tokio::spawn(async move {
                sender.send(request(&mut stream).await).await.ok();
                match answer {
                    Some(answer) => stream.write_all(&answer).await.unwrap_or_default(),
                    None => std::future::pending().await,
                }
            });
        }
    });
    (url, receiver)
}

async fn request(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), vec![0; 65536]);
    loop {
        let read = stream.read(&mut piece).await.unwrap_or(0);
        all.extend_from_slice(&piece[..read]);
        let head = all.windows(4).position(|w| w == b"\r\n\r\n");
        let length = head.and_then(|end| {
            let head = String::from_utf8_lossy(&all[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())?;
            Some(end + 4 + length)
        });
        if read == 0 || length.is_some_and(|length| all.len() >= length) {
            return all;
        }
    }
}

fn ok(json: &str) -> Option<Vec<u8>> {
    Some(
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}", json.len())
            .into_bytes(),
    )
}

/// Two seconds of something that sounds.
fn clip() -> Arc<[i16]> {
    (0..16_000).map(|n| ((f64::from(n) * 0.4).sin() * 9000.0) as i16).collect()
}

async fn ask(config: HttpConfig, language: Language) -> Result<Recognition, SpeechError> {
    let recogniser = HttpRecogniser::new(config).unwrap();
    tokio::time::timeout(Duration::from_secs(20), recogniser.recognise(clip(), 8000, language)).await.expect("an answer in time")
}

#[tokio::test]
async fn a_clip_is_sent_as_a_form_with_a_file_and_the_transcript_read() {
    let json = r#"{"text": " The road is broken. ", "duration": 2.0, "segments": [{"avg_logprob": -0.1}, {"avg_logprob": -0.3}],
        "words": [{"word": " The", "start": 0.1, "end": 0.32, "probability": 0.9}]}"#;
    let (url, mut requests) = server(ok(json)).await;
    let dir = tempfile::tempdir().unwrap();
    let trust = dir.path().join("trust.toml");
    let mut table = TrustTable::default();
    table.note("large", Language::En, Measured { wer: 0.05, clips: 50, material: String::new() });
    table.save(&trust).unwrap();
    let config = HttpConfig { trust: Some(trust), key: Some("secret-key".into()), ..HttpConfig::new(url, "large") };
    assert!(!format!("{config:?}").contains("secret-key"));
    let heard = ask(config, Language::En).await.unwrap();
    assert_eq!(heard.text, "The road is broken.");
    assert!(heard.trusted && heard.reliable && !heard.hint);
    assert!((heard.confidence - 0.82).abs() < 0.01, "{}", heard.confidence);
    assert_eq!(heard.words, [Word { text: "The".to_owned(), from_ms: 100, to_ms: 320, confidence: 0.9 }]);
    let sent = requests.recv().await.unwrap();
    let text = String::from_utf8_lossy(&sent);
    assert!(text.starts_with("POST /v1/audio/transcriptions HTTP/1.1\r\n"));
    for part in [
        "authorization: Bearer secret-key",
        "name=\"model\"\r\n\r\nlarge",
        "name=\"language\"\r\n\r\nen",
        "name=\"file\"; filename=\"clip.wav\"",
    ] {
        assert!(text.contains(part), "{part} is missing");
    }
    assert!(!text.contains("name=\"prompt\""));
    let start = sent.windows(4).position(|w| w == b"RIFF").unwrap();
    let sound = Pcm::from_wav(&sent[start..start + 44 + 64_000]).unwrap();
    assert_eq!((sound.rate, sound.samples.len()), (16_000, 32_000));
}

#[tokio::test]
async fn bengali_without_a_measured_model_is_asked_for_with_the_prompt_and_comes_back_a_hint() {
    let (url, mut requests) = server(ok(r#"{"text": "hamader rasta bhenge geche"}"#)).await;
    let heard = ask(HttpConfig::new(url, "base"), Language::Bn).await.unwrap();
    assert!(heard.hint && !heard.trusted && heard.reliable);
    assert!(String::from_utf8_lossy(&requests.recv().await.unwrap()).contains(BENGALI_IN_LATIN));
}

#[tokio::test]
async fn a_server_that_fails_is_an_error_with_its_reason() {
    let answers = [
        (&b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 9\r\n\r\nno memory"[..], "no memory"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", "no transcript"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"text\": 12}", "no transcript"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "302"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"te", "127.0.0.1"),
        (b"nonsense", "127.0.0.1"),
        (b"", "127.0.0.1"),
    ];
    for (answer, expected) in answers {
        let (url, _requests) = server(Some(answer.to_vec())).await;
        let error = ask(HttpConfig::new(url, "m"), Language::En).await.unwrap_err();
        assert!(matches!(&error, SpeechError::Server(why) if why.contains(expected)), "{error}, expected {expected}");
    }
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.extend(vec![b' '; MOST_ANSWER + 10]);
    let (url, _requests) = server(Some(endless)).await;
    assert!(matches!(ask(HttpConfig::new(url, "m"), Language::En).await, Err(SpeechError::Server(why)) if why.contains("megabyte")));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = ask(HttpConfig::new(format!("http://{closed}"), "m"), Language::En).await.unwrap_err();
    assert!(matches!(error, SpeechError::Server(_)), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_left_after_the_limit_and_a_crowd_is_refused_at_once() {
    let (url, mut requests) = server(None).await;
    let limit = Duration::from_millis(300);
    assert_eq!(
        ask(HttpConfig { limit, ..HttpConfig::new(url.clone(), "m") }, Language::En).await.unwrap_err(),
        SpeechError::TimedOut(limit)
    );
    requests.recv().await.unwrap();
    let recogniser = HttpRecogniser::new(HttpConfig { at_once: 1, queue: 1, ..HttpConfig::new(url, "m") }).unwrap();
    let busy = tokio::spawn(recogniser.recognise(clip(), 8000, Language::En));
    requests.recv().await.unwrap();
    let mut waiting = recogniser.recognise(clip(), 8000, Language::En);
    assert!(futures_poll(&mut waiting).await.is_none());
    assert_eq!(recogniser.recognise(clip(), 8000, Language::En).await.unwrap_err(), SpeechError::Busy { waiting: 1 });
    drop(waiting);
    let mut next = recogniser.recognise(clip(), 8000, Language::En);
    assert!(futures_poll(&mut next).await.is_none(), "whoever leaves makes room");
    busy.abort();
    assert!(futures_poll(&mut next).await.is_none());
}

/// Polls once.
async fn futures_poll<T>(future: &mut BoxFuture<'static, T>) -> Option<T> {
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_recognised_is_refused_before_anything_is_sent() {
    let recogniser = HttpRecogniser::new(HttpConfig::new("http://127.0.0.1:9", "m")).unwrap();
    let ask = |samples: usize, rate| recogniser.recognise(vec![0; samples].into(), rate, Language::En);
    assert_eq!(ask(8000, 4000).await.unwrap_err(), SpeechError::BadRate(4000));
    assert_eq!(ask(8000 * 301, 8000).await.unwrap_err(), SpeechError::TooLong { seconds: 301, limit: 300 });
    assert_eq!(ask(40, 8000).await.unwrap_err(), SpeechError::TooShort(5));
    assert!(HttpRecogniser::new(HttpConfig::new("not an address", "m")).is_err());
}
