//! A certificate authority made when the test runs, and the certificates that it issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

/// The names under which a server is reached.
pub const LOOPBACK: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

/// An authority, whose certificate lies in a file for `SSL_CERT_FILE`. Clones are the same authority.
#[derive(Clone)]
pub struct Authority {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: TempDir,
}

impl Authority {
    /// A new authority.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "Test Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("ca.pem"), &pem).expect("the file of the authority");
        Self { inner: Arc::new(Inner { issuer: Issuer::new(params, key), pem, folder }) }
    }

    /// The certificate of the authority as PEM.
    pub fn pem(&self) -> &str {
        &self.inner.pem
    }

    /// The file with the certificate of the authority.
    pub fn file(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    /// A folder with nothing but that file, for `SSL_CERT_DIR`.
    pub fn folder(&self) -> &Path {
        self.inner.folder.path()
    }

    /// A certificate for a client, and its key, as PEM.
    pub fn client(&self) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "Test Client");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.inner.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// Lets nobody in but clients with a certificate of this authority.
    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.pem().as_bytes());
        roots.add(certificate.expect("a certificate")).expect("an authority");
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        verifier.build().expect("a verifier")
    }

    /// What a server of these names needs; `expired` certificates ended in 2001. With `clients`, only
    /// those with a certificate of that authority are let in.
    pub fn server_config(
        &self,
        names: &[&str],
        expired: bool,
        alpn: &[&[u8]],
        clients: Option<&Authority>,
    ) -> ServerConfig {
        let (certificate, key) = self.certify(names, expired);
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions");
        let config = match clients {
            Some(authority) => config.with_client_cert_verifier(authority.verifier()),
            None => config.with_no_client_auth(),
        };
        let mut config = config
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate that fits its key");
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    /// Writes what a server of these names needs as `server.pem` and `server.key` below the folder.
    pub fn write_server_files(&self, names: &[&str], dir: &Path) {
        let (certificate, key) = self.certify(names, false);
        std::fs::write(dir.join("server.pem"), certificate.pem()).expect("a certificate file");
        std::fs::write(dir.join("server.key"), key.serialize_pem()).expect("a key file");
    }

    fn certify(&self, names: &[&str], expired: bool) -> (Certificate, KeyPair) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("host names");
        params.distinguished_name.push(DnType::CommonName, "Test Server");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        if expired {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.inner.issuer).expect("a certificate");
        (certificate, key)
    }
}
