//! Who we are towards browsers: one certificate for as long as the program runs.

use std::sync::Arc;
use str0m::config::DtlsCert;
use str0m::crypto::{CryptoProvider, from_feature_flags};

/// The certificate that all peers show, and the cryptography that they use. Making it costs 60 ms, so it is made once.
#[derive(Clone)]
pub struct Identity {
    pub(crate) certificate: DtlsCert,
    pub(crate) provider: Arc<CryptoProvider>,
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
#[error("no DTLS certificate can be made: the system gives no random numbers; browsers cannot be called")]
pub struct NoIdentity;

impl Identity {
    /// Makes a certificate.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn new() -> Result<Self, NoIdentity> {
        let provider = Arc::new(from_feature_flags());
        let certificate = provider.dtls_provider.generate_certificate().ok_or(NoIdentity)?;
        Ok(Self { certificate, provider })
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(key not shown)")
    }
}
