//! Certificates that we show to servers that ask for one, by host. The go command has none.
//!
//! ```text
//! GOMODFETCH_CLIENT_CERT = entry { ";" entry }
//! entry                  = host [ ":" port ] "=" file [ "," file ]
//! ```
//!
//! The first file holds the certificate, and those that lead to its authority, in PEM; the second one the
//! key. With one file, it holds the key too. Without a port an entry counts for every port of the host.
//!
//! ```
//! use gomodfetch::config::client_cert;
//!
//! let certs = client_cert::parse("proxy.corp.example=/etc/me.pem,/etc/me.key").unwrap();
//! assert_eq!(certs[0].host, "proxy.corp.example");
//! assert_eq!(certs[0].key, std::path::Path::new("/etc/me.key"));
//! ```

use std::path::PathBuf;

use thiserror::Error;

/// A certificate for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCert {
    /// The host in lower case, perhaps with a port.
    pub host: String,
    /// The file with the certificate.
    pub cert: PathBuf,
    /// The file with the key.
    pub key: PathBuf,
}

/// An entry that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid GOMODFETCH_CLIENT_CERT (must be HOST=CERT.pem,KEY.pem): {0}")]
pub struct ClientCertError(String);

/// Takes the value of the variable apart.
///
/// # Errors
/// When an entry lacks the host or the file.
pub fn parse(text: &str) -> Result<Vec<ClientCert>, ClientCertError> {
    let entries = text.split(';').map(str::trim).filter(|entry| !entry.is_empty());
    let parse = |entry: &str| {
        let (host, files) = entry.split_once('=')?;
        let (cert, key) = files.split_once(',').unwrap_or((files, files));
        let is_whole = ![host, cert, key].iter().any(|part| part.trim().is_empty());
        is_whole.then(|| ClientCert {
            host: host.trim().to_ascii_lowercase(),
            cert: cert.trim().into(),
            key: key.trim().into(),
        })
    };
    entries.map(|entry| parse(entry).ok_or_else(|| ClientCertError(entry.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let told = |text: &str| match parse(text) {
            Ok(certs) => certs
                .iter()
                .map(|c| format!("{} {} {};", c.host, c.cert.display(), c.key.display()))
                .collect(),
            Err(err) => err.to_string(),
        };
        for (text, want) in [
            ("", ""),
            ("A.example=/c", "a.example /c /c;"),
            ("a:8443=/c,/k; b = c , k ;", "a:8443 /c /k;b c k;"),
            ("a", "invalid GOMODFETCH_CLIENT_CERT (must be HOST=CERT.pem,KEY.pem): a"),
            ("=/c", "invalid GOMODFETCH_CLIENT_CERT (must be HOST=CERT.pem,KEY.pem): =/c"),
            ("a=,/k", "invalid GOMODFETCH_CLIENT_CERT (must be HOST=CERT.pem,KEY.pem): a=,/k"),
        ] {
            assert_eq!(told(text), want, "{text:?}");
        }
    }
}
