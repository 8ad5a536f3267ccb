//! Certificates that we show to servers that ask for one: each to the host that it is for, and to no other.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

use crate::sys::lock;

/// The largest file that is read.
const MAX_PEM: u64 = 1 << 20;

/// A certificate for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The host in lower case, perhaps with a port.
    pub host: String,
    /// The file with the certificate in PEM.
    pub cert: PathBuf,
    /// The file with the key in PEM.
    pub key: PathBuf,
}

impl Identity {
    /// Whether it is shown to the server of this URL.
    pub fn is_for(&self, url: &Url) -> bool {
        if url.scheme() != "https" {
            return false;
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(0);
        self.host == host || self.host == format!("{host}:{port}")
    }

    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let read = |path: &Path| lock::read_any(path, MAX_PEM).map_err(|err| err.to_string());
        let bad = |path: &Path, what: &str| format!("{}: no {what} in PEM", path.display());
        let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(&self.cert)?).collect();
        let certs = certs.ok().filter(|certs| !certs.is_empty());
        let certs = certs.ok_or_else(|| bad(&self.cert, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        Ok((certs, key.map_err(|_| bad(&self.key, "key"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_for_its_host() {
        let is_for = |host: &str, url: &str| {
            let identity =
                Identity { host: host.to_owned(), cert: PathBuf::new(), key: PathBuf::new() };
            identity.is_for(&Url::parse(url).unwrap())
        };
        assert!(is_for("a.example", "https://a.example/x"));
        assert!(is_for("a.example", "https://a.example:8443/x"));
        assert!(is_for("a.example:443", "https://a.example/x"));
        assert!(is_for("a.example:8443", "https://a.example:8443/x"));
        assert!(!is_for("a.example:8443", "https://a.example/x"));
        assert!(!is_for("a.example", "https://b.a.example/x"));
        assert!(!is_for("a.example", "http://a.example/x"));
    }

    #[test]
    fn files_that_hold_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.pem");
        let identity = Identity { host: "a".into(), cert: file.clone(), key: file.clone() };
        let shown = file.display();
        let err = identity.read().unwrap_err();
        assert_eq!(err, format!("open {shown}: no such file or directory"));
        std::fs::write(&file, "x").unwrap();
        assert_eq!(identity.read().unwrap_err(), format!("{shown}: no certificate in PEM"));
    }
}
