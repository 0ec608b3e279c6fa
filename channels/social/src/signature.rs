//! Signatures over the raw body, compared in constant time.

use crate::account::{Account, Provider};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Why a delivery is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// There is no signature.
    #[error("the delivery carries no {0}")]
    Missing(&'static str),
    /// It is another one.
    #[error("the delivery is not signed with this account's secret")]
    Wrong,
}

/// The header in which a provider signs.
pub(crate) fn header(provider: Provider) -> &'static str {
    match provider {
        Provider::Whatsapp | Provider::Messenger | Provider::Instagram => "x-hub-signature-256",
        Provider::Telegram => "x-telegram-bot-api-secret-token",
        Provider::X => "x-twitter-webhooks-signature",
    }
}

/// Header and value by which the provider signs `body`: for tests, and for replaying recorded deliveries.
pub fn sign(provider: Provider, secret: &str, body: &[u8]) -> (&'static str, String) {
    let digest = || mac(secret, body).finalize().into_bytes();
    let value = match provider {
        Provider::Telegram => secret.to_owned(),
        Provider::X => format!("sha256={}", STANDARD.encode(digest())),
        Provider::Whatsapp | Provider::Messenger | Provider::Instagram => format!("sha256={}", hex::encode(digest())),
    };
    (header(provider), value)
}

/// Believes a delivery, or not.
pub(crate) fn verify(account: &Account, given: Option<&str>, body: &[u8]) -> Result<(), Unsigned> {
    let given = given.ok_or(Unsigned::Missing(header(account.provider)))?;
    let (mac, claimed) = match account.provider {
        // The secret itself is sent. Comparing MACs of both hides how much of it was right.
        Provider::Telegram => {
            let claimed = mac(&account.secret, given.as_bytes()).finalize().into_bytes().to_vec();
            (mac(&account.secret, account.secret.as_bytes()), Some(claimed))
        }
        Provider::X => (mac(&account.secret, body), given.strip_prefix("sha256=").and_then(|text| STANDARD.decode(text).ok())),
        _ => (mac(&account.secret, body), given.strip_prefix("sha256=").and_then(|text| hex::decode(text).ok())),
    };
    let claimed = claimed.ok_or(Unsigned::Wrong)?;
    mac.verify_slice(&claimed).map_err(|_| Unsigned::Wrong)
}

/// The answer to X's challenge.
pub(crate) fn challenge(account: &Account, crc_token: &str) -> String {
    format!("sha256={}", STANDARD.encode(mac(&account.secret, crc_token.as_bytes()).finalize().into_bytes()))
}

/// Whether two secrets are the same, in constant time.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let claimed = mac(one, other.as_bytes()).finalize().into_bytes();
    mac(one, one.as_bytes()).verify_slice(&claimed).is_ok()
}

#[allow(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104 section 2)")]
fn mac(secret: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body);
    mac
}
