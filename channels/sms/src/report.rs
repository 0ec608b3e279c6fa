//! Delivery reports (DLR) by callback. The address that we give to the carrier names the message and is signed with
//! our own key, so that nobody else can report; what cannot be verified is not believed.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha2::Sha256;

/// What a carrier reports of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The key under which it was sent.
    pub key: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The carrier's words, shortened to 200 characters.
    pub detail: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It will not arrive.
    Failed,
    /// It is on its way: nothing changes.
    OnItsWay,
}

/// Why a report is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// A parameter is missing.
    #[error("the report has no {0}: give the provider the address as {{report_url}} stands in sms.http")]
    Missing(&'static str),
    /// The signature is not ours.
    #[error("the report is not signed with our key")]
    NotSigned,
    /// The status has no meaning.
    #[error("the report's status is unknown")]
    UnknownStatus,
}

/// Where reports are sent to: the public address of our hook, and the key that signs it.
#[derive(Clone)]
pub struct ReportAddress {
    base: Url,
    secret: Vec<u8>,
    status_escape: String,
    detail_escape: String,
}

impl std::fmt::Debug for ReportAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportAddress").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl ReportAddress {
    /// `base` is the hook's address without query. The escapes are what the provider replaces by status and text;
    /// Kannel's are `%d` and `%A`.
    ///
    /// # Errors
    /// A sentence if the address cannot be read or the key has fewer than 16 bytes.
    pub fn new(base: &str, secret: &[u8]) -> Result<Self, String> {
        let base = Url::parse(base).map_err(|e| format!("{e}: write it as https://helpline.example/hooks/sms/main"))?;
        if secret.len() < 16 {
            return Err("the key for delivery reports needs 16 bytes or more".to_owned());
        }
        Ok(Self { base, secret: secret.to_vec(), status_escape: "%d".to_owned(), detail_escape: "%A".to_owned() })
    }

    /// With other escapes than Kannel's.
    pub fn escapes(mut self, status: &str, detail: &str) -> Self {
        status.clone_into(&mut self.status_escape);
        detail.clone_into(&mut self.detail_escape);
        self
    }

    /// The address for the report of one message. The escapes stand in it unencoded, for the provider to replace.
    pub fn url_for(&self, key: &str) -> String {
        let mut url = self.base.clone();
        url.set_query(None);
        url.query_pairs_mut().append_pair("key", key).append_pair("sig", &self.sign(key));
        format!("{url}&status={}&detail={}", self.status_escape, self.detail_escape)
    }

    /// Reads the query of a request to the hook.
    ///
    /// # Errors
    /// [`ReportError`]; only a report with our signature is believed.
    pub fn read(&self, query: &str) -> Result<Report, ReportError> {
        let mut url = self.base.clone();
        url.set_query(Some(query));
        let get = |name: &str| url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
        let key = get("key").ok_or(ReportError::Missing("key"))?;
        let signature = get("sig").ok_or(ReportError::Missing("sig"))?;
        let signature = hex::decode(signature).map_err(|_| ReportError::NotSigned)?;
        if signature.len() != 16 {
            return Err(ReportError::NotSigned);
        }
        self.mac(&key).verify_truncated_left(&signature).map_err(|_| ReportError::NotSigned)?;
        let verdict = verdict(&get("status").ok_or(ReportError::Missing("status"))?)?;
        let detail = get("detail").map(|d| d.chars().take(200).collect::<String>()).filter(|d| !d.trim().is_empty());
        Ok(Report { key, verdict, detail })
    }

    fn sign(&self, key: &str) -> String {
        hex::encode(&self.mac(key).finalize().into_bytes()[..16])
    }

    fn mac(&self, key: &str) -> Hmac<Sha256> {
        // HMAC takes a key of any length; the fallback is never reached.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
        mac.update(b"daak sms report\0");
        mac.update(key.as_bytes());
        mac
    }
}

/// Kannel's bits (1 delivered, 2 failed, 4 queued, 8 accepted, 16 rejected) and the words of SMPP 3.4 §5.2.28.
fn verdict(status: &str) -> Result<Verdict, ReportError> {
    match status.trim().to_ascii_uppercase().as_str() {
        "1" | "DELIVRD" | "DELIVERED" => Ok(Verdict::Delivered),
        "2" | "16" | "EXPIRED" | "DELETED" | "UNDELIV" | "UNDELIVERED" | "REJECTD" | "REJECTED" | "FAILED" => Ok(Verdict::Failed),
        "4" | "8" | "32" | "ACCEPTD" | "ACCEPTED" | "ENROUTE" | "UNKNOWN" | "SENT" | "QUEUED" | "BUFFERED" => Ok(Verdict::OnItsWay),
        _ => Err(ReportError::UnknownStatus),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address() -> ReportAddress {
        ReportAddress::new("http://127.0.0.1:8080/hooks/sms/main", b"sixteen bytes and more").expect("valid")
    }

    fn query(url: &str) -> String {
        url.split_once('?').expect("a query").1.to_owned()
    }

    #[test]
    fn what_we_signed_is_believed_and_nothing_else() {
        let url = address().url_for("6123:registered");
        assert!(url.ends_with("&status=%d&detail=%A"));
        let reported = query(&url).replace("%d", "1").replace("%A", "id%3A1+stat%3ADELIVRD");
        let report = address().read(&reported).expect("signed");
        assert_eq!(report.verdict, Verdict::Delivered);
        assert_eq!((report.key.as_str(), report.detail.as_deref()), ("6123:registered", Some("id:1 stat:DELIVRD")));
        assert_eq!(address().read(&reported.replace("6123", "6124")), Err(ReportError::NotSigned));
        assert_eq!(address().read(&reported.replace("status=1", "status=99")), Err(ReportError::UnknownStatus));
        assert_eq!(address().read("key=x&status=1"), Err(ReportError::Missing("sig")));
        let other = ReportAddress::new("http://127.0.0.1/x", b"quite another key!").expect("valid");
        assert_eq!(other.read(&reported), Err(ReportError::NotSigned));
        assert!(ReportAddress::new("http://127.0.0.1/x", b"short").is_err());
    }

    proptest! {
        #[test]
        fn no_query_is_believed_or_panics(text in ".{0,200}") {
            prop_assert!(address().read(&text).is_err());
        }
    }
}
