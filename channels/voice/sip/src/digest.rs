//! Digest authentication, both sides (RFC 7616, RFC 8760; MD5 for those that know no other).

use md5::{Digest, Md5};
use sha2::Sha256;
use std::collections::BTreeMap;

/// Passwords of desk phones, as hashes.
pub trait Credentials: Send + Sync + 'static {
    /// The lower-case hexadecimal MD5 of `user:realm:password`, or none if there is no such user.
    fn ha1(&self, user: &str, realm: &str) -> Option<String>;

    /// The same by SHA-256, for telephones that can (RFC 8760). None: only MD5 is kept.
    fn ha1_sha256(&self, user: &str, realm: &str) -> Option<String> {
        let _ = (user, realm);
        None
    }

    /// Whether [`Credentials::ha1_sha256`] answers, so that telephones are asked for it.
    fn offers_sha256(&self) -> bool {
        false
    }
}

/// What [`Credentials::ha1`] keeps of a password.
pub fn ha1(user: &str, realm: &str, password: &str) -> String {
    Hash::Md5.of(&format!("{user}:{realm}:{password}"))
}

/// What [`Credentials::ha1_sha256`] keeps of a password.
pub fn ha1_sha256(user: &str, realm: &str, password: &str) -> String {
    Hash::Sha256.of(&format!("{user}:{realm}:{password}"))
}

/// How long a challenge may be answered, in seconds.
const FRESH: u64 = 300;

/// What came of looking at credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// This user knows the password.
    Proved(String),
    /// The challenge is too old, or was made before a restart or for another address: challenge again, it was no guess.
    Stale,
    /// Wrong, or nobody.
    Wrong,
}

/// What is looked at beside the header.
pub(crate) struct Door<'a> {
    pub(crate) realm: &'a str,
    pub(crate) secret: &'a [u8],
    pub(crate) now_s: u64,
    /// Who asks; a challenge is good only for the address that it was sent to.
    pub(crate) peer: std::net::IpAddr,
    pub(crate) known: &'a dyn Credentials,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "" | "MD5" => Some(Hash::Md5),
            "SHA-256" => Some(Hash::Sha256),
            _ => None,
        }
    }

    fn of(self, text: &str) -> String {
        match self {
            Hash::Md5 => hex::encode(Md5::digest(text.as_bytes())),
            Hash::Sha256 => hex::encode(Sha256::digest(text.as_bytes())),
        }
    }
}

impl Door<'_> {
    /// The values of WWW-Authenticate, the preferred first.
    pub(crate) fn challenges(&self, stale: bool) -> Vec<String> {
        let stale = if stale { ", stale=true" } else { "" };
        let nonce = self.nonce(self.now_s);
        let algorithms: &[&str] = if self.known.offers_sha256() { &["SHA-256", "MD5"] } else { &["MD5"] };
        algorithms.iter().map(|a| format!(r#"Digest realm="{}", nonce="{nonce}", algorithm={a}, qop="auth"{stale}"#, self.realm)).collect()
    }

    /// Looks at the value of an Authorization header.
    pub(crate) fn prove(&self, header: &str, method: &str) -> Proof {
        let Some(fields) = fields(header) else { return Proof::Stale };
        let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let (Some(hash), true) = (Hash::named(get("algorithm")), get("realm") == self.realm) else { return Proof::Stale };
        match self.nonce_age(get("nonce")) {
            Some(age) if age <= FRESH => {}
            _ => return Proof::Stale,
        }
        let ha1 = match hash {
            Hash::Md5 => self.known.ha1(get("username"), self.realm),
            Hash::Sha256 => self.known.ha1_sha256(get("username"), self.realm),
        };
        let Some(ha1) = ha1 else { return Proof::Wrong };
        let ha2 = hash.of(&format!("{method}:{}", get("uri")));
        let expected = match get("qop") {
            "" => hash.of(&format!("{ha1}:{}:{ha2}", get("nonce"))),
            "auth" => hash.of(&format!("{ha1}:{}:{}:{}:auth:{ha2}", get("nonce"), get("nc"), get("cnonce"))),
            _ => return Proof::Wrong,
        };
        if same(&expected, &get("response").to_ascii_lowercase()) { Proof::Proved(get("username").to_owned()) } else { Proof::Wrong }
    }

    /// The time in hexadecimal and a seal over it: a challenge is believed only if we made it, without keeping it.
    fn nonce(&self, now_s: u64) -> String {
        let seal = Sha256::new().chain_update(self.secret).chain_update(now_s.to_be_bytes()).chain_update(self.peer.to_string()).finalize();
        format!("{now_s:x}-{}", hex::encode(&seal[..12]))
    }

    fn nonce_age(&self, nonce: &str) -> Option<u64> {
        let made = u64::from_str_radix(nonce.split('-').next()?, 16).ok()?;
        (same(&self.nonce(made), nonce) && made <= self.now_s).then(|| self.now_s - made)
    }
}

/// The header that answers a challenge (RFC 7616 §3.4), if it is one that we can answer.
pub(crate) fn answer(challenge: &str, user: &str, password: &str, method: &str, uri: &str, cnonce: &str) -> Option<String> {
    let fields = fields(challenge)?;
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let hash = Hash::named(get("algorithm"))?;
    let (realm, nonce) = (get("realm"), get("nonce"));
    let secret = hash.of(&format!("{user}:{realm}:{password}"));
    let ha2 = hash.of(&format!("{method}:{uri}"));
    let by_qop = get("qop").split(',').any(|q| q.trim().eq_ignore_ascii_case("auth"));
    if !by_qop && !get("qop").is_empty() {
        return None; // auth-int only
    }
    let response = if by_qop {
        hash.of(&format!("{secret}:{nonce}:00000001:{cnonce}:auth:{ha2}"))
    } else {
        hash.of(&format!("{secret}:{nonce}:{ha2}"))
    };
    let mut out = format!(r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}""#);
    if !get("algorithm").is_empty() {
        out.push_str(&format!(", algorithm={}", get("algorithm")));
    }
    if by_qop {
        out.push_str(&format!(r#", qop=auth, nc=00000001, cnonce="{cnonce}""#));
    }
    if fields.contains_key("opaque") {
        out.push_str(&format!(r#", opaque="{}""#, get("opaque")));
    }
    Some(out)
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
            (user == "bob").then(|| Hash::Md5.of(&format!("bob:{realm}:zanzibar")))
        }

        fn ha1_sha256(&self, user: &str, realm: &str) -> Option<String> {
            (user == "bob").then(|| Hash::Sha256.of(&format!("bob:{realm}:zanzibar")))
        }

        fn offers_sha256(&self) -> bool {
            true
        }
    }

    fn door(now_s: u64) -> Door<'static> {
        Door { realm: "daak", secret: b"secret", now_s, peer: [192, 0, 2, 1].into(), known: &One }
    }

    #[test]
    fn the_right_password_proves_and_nothing_else_does() {
        for challenge in door(1_000).challenges(false) {
            let said = |password: &str| answer(&challenge, "bob", password, "REGISTER", "sip:daak", "0a4f113b").expect("a challenge");
            assert_eq!(door(1_010).prove(&said("zanzibar"), "REGISTER"), Proof::Proved("bob".into()));
            assert_eq!(door(1_010).prove(&said("guess"), "REGISTER"), Proof::Wrong);
            assert_eq!(door(1_010).prove(&said("zanzibar"), "INVITE"), Proof::Wrong);
            assert_eq!(door(2_000).prove(&said("zanzibar"), "REGISTER"), Proof::Stale);
            assert_eq!(door(1_010).prove(&said("zanzibar").replace("bob", "eve"), "REGISTER"), Proof::Wrong);
            let elsewhere = Door { peer: [192, 0, 2, 2].into(), ..door(1_010) };
            assert_eq!(elsewhere.prove(&said("zanzibar"), "REGISTER"), Proof::Stale);
            let restarted = Door { secret: b"another", ..door(1_010) };
            assert_eq!(restarted.prove(&said("guess"), "REGISTER"), Proof::Stale, "no guess: the challenge is not ours");
        }
        assert_eq!(door(1).challenges(false).len(), 2);
        assert_eq!(door(1).prove("NoOneKnowsThisScheme opaque-data=here", "REGISTER"), Proof::Stale);
    }

    #[test]
    fn the_example_of_rfc_2617_comes_out_as_printed_there() {
        let challenge = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let said = answer(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b").expect("a challenge");
        assert!(said.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{said}");
        assert!(said.contains(r#"opaque="5ccc069c403ebaf9f0171e9517f40e41""#));
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
            prop_assert_ne!(door(1).prove(&text, "REGISTER"), Proof::Proved("bob".into()));
            let _ = door(1).prove(&format!("Digest {text}"), "REGISTER");
            let _ = answer(&format!("Digest {text}"), "a", "b", "INVITE", "sip:x", "c");
        }
    }
}
