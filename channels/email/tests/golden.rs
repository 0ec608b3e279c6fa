//! The golden cases: each raw mail in `golden/` beside what it becomes. Set DAAK_WRITE_GOLDEN=1 to write them anew, and look
//! at the diff.

use daak_domain::Timestamp;
use daak_email::reading::{self, Reading, Rules};
use daak_email::thread::Ours;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[test]
fn every_mail_becomes_what_stands_beside_it() {
    let cases = cases();
    assert!(cases.len() >= 36, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let raw = std::fs::read(&case).expect("readable");
        let found = format!("{:#}\n", shown(&reading::read(&raw, Timestamp::UNIX_EPOCH, &rules())));
        let kept = case.with_extension("json");
        if std::env::var_os("DAAK_WRITE_GOLDEN").is_some() {
            std::fs::write(&kept, &found).expect("writable");
        }
        if std::fs::read_to_string(&kept).unwrap_or_default() != found {
            wrong.push(format!("{}: it becomes\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_copy_is_the_same_and_another_mail_under_its_name_is_not() {
    let raw = std::fs::read(folder().join("03-reply-above-quotation.eml")).expect("readable");
    let id = |raw: &[u8]| match reading::read(raw, Timestamp::UNIX_EPOCH, &rules()) {
        Reading::Contact(arrival) => arrival.contact.external_id,
        other => panic!("{other:?}"),
    };
    let text = String::from_utf8(raw.clone()).expect("text");
    let elsewhere = format!("Delivered-To: other@cm.example.org\r\nReceived: from y by z\r\n{text}\r\n");
    assert_eq!(id(&raw), id(elsewhere.as_bytes()), "in another mailbox");
    assert_eq!(id(&raw), id(text.replace("\r\n", "\n").as_bytes()), "from a file");
    assert_ne!(id(&raw), id(text.replace("Please hurry", "Never mind").as_bytes()), "another mail under the same Message-ID");
    assert!(id(&raw).starts_with("CA+3@mail.gmail.com#"));
}

#[test]
fn no_case_panics_however_it_is_cut_or_bent() {
    for case in cases() {
        let raw = std::fs::read(&case).expect("readable");
        let step = (raw.len() / 60).max(1);
        for at in (0..raw.len()).step_by(step) {
            let _ = reading::read(&raw[..at], Timestamp::UNIX_EPOCH, &rules());
            let mut bent = raw.clone();
            bent[at] = bent[at].wrapping_add(128);
            let _ = reading::read(&bent, Timestamp::UNIX_EPOCH, &rules());
        }
    }
}

fn rules() -> Rules {
    Rules {
        ours: Ours::new(["helpline@cm.example.org".to_owned()]),
        trusted_server: Some("mx.cm.example.org".into()),
        keep_original: false,
        ..Rules::default()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> = std::fs::read_dir(folder()).expect("golden/").map(|entry| entry.expect("readable").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    cases.sort();
    cases
}

fn shown(reading: &Reading) -> Value {
    match reading {
        Reading::Contact(arrival) => {
            let files = arrival.parts.iter().map(|part| {
                let mut shown = json!({ "name": part.name, "media_type": part.media_type, "role": part.role, "size": part.content.len() });
                if part.media_type == "text/html" {
                    shown["page"] = json!(String::from_utf8_lossy(&part.content));
                }
                shown
            });
            json!({ "contact": arrival.contact, "files": files.collect::<Vec<_>>() })
        }
        Reading::News(news) => json!({ "news": news.iter().map(|delivery| format!("{delivery:?}")).collect::<Vec<_>>() }),
        Reading::Nothing(why) => json!({ "nothing": why }),
        Reading::Held(hold) => {
            json!({ "held": hold.reason, "external_id": hold.external_id, "sender": hold.sender, "excerpt": hold.excerpt })
        }
    }
}
