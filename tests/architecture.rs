//! Imports go down only: `src → channels → domain`. Reads `cargo metadata` and refuses any other edge.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Who may import whom, of ours. What is not here is forbidden.
const ALLOWED: &[(&str, &[&str])] = &[
    ("daak-domain", &[]),
    ("daak-intelligence", &["daak-domain"]),
    ("voice-sip", &[]),
    ("voice-media", &[]),
    ("voice-webrtc", &[]),
    ("voice-ivr", &["daak-domain"]),
    ("voice-speech", &["daak-domain"]),
    ("voice-call", &["daak-domain", "voice-ivr"]),
    ("daak-voice", &["daak-domain", "voice-sip", "voice-media", "voice-webrtc", "voice-ivr", "voice-speech", "voice-call"]),
    ("daak-sms", &["daak-domain"]),
    ("daak-email", &["daak-domain"]),
    ("daak-letter", &["daak-domain"]),
    ("daak-social", &["daak-domain"]),
    (
        "daak",
        &[
            "daak-domain",
            "daak-intelligence",
            "daak-voice",
            "daak-sms",
            "daak-email",
            "daak-letter",
            "daak-social",
            "voice-ivr",
            "voice-speech",
        ],
    ),
    ("daak-testkit", &["daak-domain"]),
];

/// Crates that a room must never see.
const FOREIGN: &[(&str, &[&str])] = &[
    ("daak-domain", &["tokio", "sqlx", "rusqlite", "axum", "hyper", "reqwest", "rand", "libc"]),
    ("daak-intelligence", &["tokio", "sqlx", "rusqlite", "axum", "hyper", "reqwest", "rand", "libc"]),
    ("voice-ivr", &["tokio", "sqlx", "rusqlite", "reqwest", "rand", "libc"]),
    ("voice-call", &["tokio", "sqlx", "rusqlite", "reqwest", "rand", "libc", "rsipstack"]),
    ("daak-voice", &["rsipstack", "whisper-rs", "sqlx", "rusqlite", "axum"]),
    ("daak", &["rsipstack", "whisper-rs", "libc"]),
];

#[test]
fn imports_go_down_only() {
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for (package, imports) in &dependencies {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == package) else {
            wrong.push(format!("{package} is not in the plan of the house: add it to ALLOWED with what it may import"));
            continue;
        };
        for import in imports.iter().filter(|i| dependencies.contains_key(*i)) {
            if !allowed.contains(&import.as_str()) {
                wrong.push(format!("{package} must not import {import}"));
            }
        }
        let foreign = FOREIGN.iter().find(|(name, _)| name == package).map_or(&[][..], |(_, crates)| crates);
        wrong.extend(imports.iter().filter(|i| foreign.contains(&i.as_str())).map(|i| format!("{package} must not know {i}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Our packages and the packages that each depends on, tests left out.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().map(|package| (text(&package["name"]), imports(package))).collect()
}

fn imports(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().filter(|d| d["kind"].as_str() != Some("dev")).map(|d| text(&d["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
