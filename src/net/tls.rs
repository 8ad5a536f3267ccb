//! Which certificate authorities are trusted, found as Go finds them.
//!
//! `SSL_CERT_FILE` names one file and `SSL_CERT_DIR` a colon-separated list of directories; each
//! replaces the system's default of its kind. Without them the platform's own store is used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::net::certificate::NamingVerifier;
use crate::net::identity::Identity;

/// Where the system keeps its bundle of certificates, in the order in which Go looks.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The client's TLS settings: HTTP/2 preferred, HTTP/1.1 accepted; `identity` is shown to servers that ask.
///
/// # Errors
/// When the cryptographic provider can't offer the safe protocol versions, or our own certificate can't be
/// read.
pub fn client_config(
    cert_file: Option<&Path>,
    cert_dirs: &[PathBuf],
    identity: Option<&Identity>,
) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(cert_file, cert_dirs) {
        // One unreadable certificate must not take the others with it.
        let _ = roots.add(certificate);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = NamingVerifier::new(roots, Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        // Nothing is allowed by it that webpki refuses.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let (certs, key) = identity.read()?;
            let shown = identity.cert.display();
            config.with_client_auth_cert(certs, key).map_err(|err| format!("{shown}: {err}"))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The same for servers whose certificate isn't looked at; that they have its key still is. They are
/// shown no certificate.
///
/// # Errors
/// As [`client_config`].
pub fn unverified_config() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(AnyCertificate(provider.signature_verification_algorithms));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Takes whatever certificate a server has.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

fn certificates(cert_file: Option<&Path>, cert_dirs: &[PathBuf]) -> Vec<CertificateDer<'static>> {
    if cert_file.is_none() && cert_dirs.is_empty() {
        return rustls_native_certs::load_native_certs().certs;
    }
    let file = cert_file
        .map(Path::to_path_buf)
        .or_else(|| BUNDLES.iter().map(PathBuf::from).find(|path| path.exists()));
    let mut found = rustls_native_certs::load_certs_from_paths(file.as_deref(), None).certs;
    let system = [PathBuf::from("/etc/ssl/certs")];
    let dirs = if cert_dirs.is_empty() { &system[..] } else { cert_dirs };
    for dir in dirs {
        found.extend(rustls_native_certs::load_certs_from_paths(None, Some(dir)).certs);
    }
    found.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    found.dedup();
    found
}
