//! Golden cases: a provider's delivery in, what it says out, side by side in `golden/PROVIDER/`. With
//! `DAAK_GOLDEN=write` the right side is written anew, to be read before it is kept.

use daak_domain::Timestamp;
use daak_social::hook::Door;
use daak_social::{Account, Arrival, Provider};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn now() -> Timestamp {
    "2026-11-24T06:30:00Z".parse().expect("a time")
}

fn account(provider: Provider) -> Account {
    let id = match provider {
        Provider::Whatsapp => "106540352242922",
        Provider::Messenger => "682498302938465",
        Provider::Instagram => "17841405309211844",
        Provider::Telegram => "7123456789",
        Provider::X => "4337869213",
    };
    Account {
        provider,
        name: "main".into(),
        id: id.into(),
        secret: "secret".into(),
        verify_token: "verify".into(),
        token: "token".into(),
        base_url: provider.usual_base_url().parse().expect("an address"),
        media_hosts: Vec::new(),
        per_second: 20,
        templates: Vec::new(),
    }
}

fn cases(provider: Provider) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(provider.channel().as_str());
    let files = std::fs::read_dir(folder).expect("a folder of cases").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = files.filter(|p| !p.to_string_lossy().ends_with(".normalised.json")).collect();
    files.sort();
    files
}

#[test]
fn every_delivery_says_what_stands_beside_it() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for provider in Provider::ALL {
        let door = Door::new(Arc::new(account(provider)));
        for file in cases(provider) {
            seen += 1;
            let said = door.read(&std::fs::read(&file).expect("read"), now());
            let said = format!("{}\n", serde_json::to_string_pretty(&said).expect("JSON"));
            let beside = file.with_extension("normalised.json");
            if std::env::var("DAAK_GOLDEN").as_deref() == Ok("write") {
                std::fs::write(&beside, &said).expect("written");
            } else if std::fs::read_to_string(&beside).unwrap_or_default() != said {
                wrong.push(format!("{} now says:\n{said}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 40, "{seen} cases");
}

/// Damaged deliveries: each place of each case replaced, by turns, by another kind of value.
#[test]
fn whatever_is_damaged_is_read_or_kept_and_nothing_panics() {
    let others = [
        Value::Null,
        Value::Bool(true),
        Value::from(-1),
        Value::from(1e300),
        Value::from(""),
        Value::from("\u{0}x~/"),
        Value::Array(vec![]),
        serde_json::json!({}),
    ];
    for provider in Provider::ALL {
        let door = Door::new(Arc::new(account(provider)));
        for file in cases(provider) {
            let whole: Value = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("JSON");
            for pointer in pointers(&whole, String::new()) {
                for other in &others {
                    let mut damaged = whole.clone();
                    if let Some(place) = damaged.pointer_mut(&pointer) {
                        *place = other.clone();
                    }
                    let said = door.read(damaged.to_string().as_bytes(), now());
                    assert!(!said.is_empty(), "{} at {pointer}: nothing is passed over in silence", file.display());
                    for arrival in said {
                        if let Arrival::Said(said) = arrival {
                            assert!(said.contact.external_id.len() <= 500 && said.contact.received_at <= now());
                        }
                    }
                }
            }
        }
    }
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let below: Vec<String> = match value {
        Value::Object(map) => {
            map.iter().flat_map(|(key, v)| pointers(v, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")))).collect()
        }
        Value::Array(items) => items.iter().enumerate().flat_map(|(n, v)| pointers(v, format!("{at}/{n}"))).collect(),
        _ => Vec::new(),
    };
    std::iter::once(at).chain(below).collect()
}
