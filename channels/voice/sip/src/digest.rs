//! Digest authentication, server side (RFC 7616, RFC 8760; MD5 for the telephones that know no other).

use md5::{Digest, Md5};
use sha2::Sha256;
use std::collections::BTreeMap;

/// Passwords of desk phones, as hashes.
pub trait Credentials: Send + Sync + 'static {
    /// The lower-case hexadecimal MD5 of `user:realm:password`, or none if there is no such user.
    fn ha1(&self, user: &str, realm: &str) -> Option<String>;
}

/// What [`Credentials`] keep of a password.
pub fn ha1(user: &str, realm: &str, password: &str) -> String {
    md5(&format!("{user}:{realm}:{password}"))
}

/// How long a challenge may be answered, in seconds.
const FRESH: u64 = 300;

/// What came of looking at credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// This user knows the password.
    Proved(String),
    /// The challenge is too old: challenge again, it was no guess.
    Stale,
    /// Wrong, or nobody.
    Wrong,
}

/// The value of WWW-Authenticate.
pub(crate) fn challenge(realm: &str, secret: &[u8], now_s: u64, stale: bool) -> String {
    let stale = if stale { ", stale=true" } else { "" };
    format!(r#"Digest realm="{realm}", nonce="{}", algorithm=MD5, qop="auth"{stale}"#, nonce(secret, now_s))
}

/// Looks at the value of an Authorization header.
pub(crate) fn prove(header: &str, method: &str, realm: &str, secret: &[u8], now_s: u64, known: &dyn Credentials) -> Proof {
    let Some(fields) = fields(header) else { return Proof::Wrong };
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if get("realm") != realm || !get("algorithm").is_empty() && !get("algorithm").eq_ignore_ascii_case("MD5") {
        return Proof::Wrong;
    }
    match nonce_age(get("nonce"), secret, now_s) {
        None => return Proof::Wrong,
        Some(age) if age > FRESH => return Proof::Stale,
        Some(_) => {}
    }
    let Some(ha1) = known.ha1(get("username"), realm) else { return Proof::Wrong };
    let ha2 = md5(&format!("{method}:{}", get("uri")));
    let expected = match get("qop") {
        "" => md5(&format!("{ha1}:{}:{ha2}", get("nonce"))),
        "auth" => md5(&format!("{ha1}:{}:{}:{}:auth:{ha2}", get("nonce"), get("nc"), get("cnonce"))),
        _ => return Proof::Wrong,
    };
    if same(&expected, &get("response").to_ascii_lowercase()) { Proof::Proved(get("username").to_owned()) } else { Proof::Wrong }
}

/// The time in hexadecimal and a seal over it: a challenge is believed only if we made it, without keeping it.
fn nonce(secret: &[u8], now_s: u64) -> String {
    let seal = Sha256::new().chain_update(secret).chain_update(now_s.to_be_bytes()).finalize();
    format!("{now_s:x}-{}", hex::encode(&seal[..12]))
}

fn nonce_age(nonce_text: &str, secret: &[u8], now_s: u64) -> Option<u64> {
    let made = u64::from_str_radix(nonce_text.split('-').next()?, 16).ok()?;
    (same(&nonce(secret, made), nonce_text) && made <= now_s).then(|| now_s - made)
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// Compares without telling by its time where the difference lies.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

/// The fields of a `Digest …` header. Commas may stand inside quotes.
fn fields(header: &str) -> Option<BTreeMap<String, String>> {
    let mut rest = header.trim().get(..6).filter(|s| s.eq_ignore_ascii_case("digest")).map(|_| header.trim()[6..].trim())?;
    let mut fields = BTreeMap::new();
    while !rest.is_empty() && fields.len() < 20 {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            let (value, next) = quoted.split_once('"')?;
            (value, next.trim_start().trim_start_matches(','))
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        fields.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        rest = next.trim_start();
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct One;
    impl Credentials for One {
        fn ha1(&self, user: &str, realm: &str) -> Option<String> {
            (user == "bob").then(|| md5(&format!("bob:{realm}:zanzibar")))
        }
    }

    fn answer(nonce: &str, password: &str) -> String {
        let ha1 = md5(&format!("bob:daak:{password}"));
        let ha2 = md5("REGISTER:sip:daak");
        let response = md5(&format!("{ha1}:{nonce}:00000001:0a4f113b:auth:{ha2}"));
        format!(
            r#"Digest username="bob", realm="daak", nonce="{nonce}", uri="sip:daak", qop=auth, nc=00000001, cnonce="0a4f113b", response="{response}""#
        )
    }

    #[test]
    fn the_right_password_proves_and_nothing_else_does() {
        let nonce_text = nonce(b"secret", 1_000);
        let prove = |header: &str, now| prove(header, "REGISTER", "daak", b"secret", now, &One);
        assert_eq!(prove(&answer(&nonce_text, "zanzibar"), 1_010), Proof::Proved("bob".into()));
        assert_eq!(prove(&answer(&nonce_text, "guess"), 1_010), Proof::Wrong);
        assert_eq!(prove(&answer(&nonce_text, "zanzibar"), 2_000), Proof::Stale);
        assert_eq!(prove(&answer(&nonce(b"other", 1_000), "zanzibar"), 1_010), Proof::Wrong);
        assert_eq!(prove(&answer(&nonce_text, "zanzibar").replace("bob", "eve"), 1_010), Proof::Wrong);
    }

    #[test]
    fn the_example_of_rfc_2617_is_read() {
        let text = r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b,7102", uri="/dir/index.html", qop=auth, nc=00000001, response="6629""#;
        let fields = fields(text).expect("fields");
        assert_eq!((fields["nonce"].as_str(), fields["nc"].as_str(), fields["qop"].as_str()), ("dcd98b,7102", "00000001", "auth"));
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_it_panic(text in "\\PC{0,200}") {
            prop_assert_ne!(prove(&text, "REGISTER", "daak", b"s", 1, &One), Proof::Proved("bob".into()));
            let _ = prove(&format!("Digest {text}"), "REGISTER", "daak", b"s", 1, &One);
        }
    }
}
