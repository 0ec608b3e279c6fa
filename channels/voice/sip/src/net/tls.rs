//! Certificates.

use crate::config::{SipError, TlsFiles};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Certificates that are read from one file.
const MOST_CERTIFICATES: usize = 32;

/// For those who connect to us.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, SipError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| fault(&files.key, format!("it holds no private key in PEM ({e})")))?;
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| fault(&files.certificate, e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|e| fault(&files.certificate, e.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// For those whom we connect to: they are believed by the public authorities, or by our own certificate, which a
/// small installation may have signed itself.
pub(crate) fn connector(files: Option<&TlsFiles>) -> Result<TlsConnector, SipError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in files.map(|f| certificates(&f.certificate)).transpose()?.unwrap_or_default() {
        let _ = roots.add(certificate); // a leaf that may sign nothing is no root, and is not needed as one
    }
    let path = files.map_or_else(|| "[sip.tls]".into(), |f| f.certificate.clone());
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| fault(&path, e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SipError> {
    let read = CertificateDer::pem_file_iter(path).map_err(|e| fault(path, e.to_string()))?;
    let certificates: Vec<_> = read.take(MOST_CERTIFICATES).collect::<Result<_, _>>().map_err(|e| fault(path, e.to_string()))?;
    if certificates.is_empty() { Err(fault(path, "it holds no certificate in PEM".into())) } else { Ok(certificates) }
}

fn fault(path: &Path, why: String) -> SipError {
    SipError::Tls { path: path.to_owned(), why }
}
