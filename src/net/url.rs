//! Addresses that hide their secrets when they are printed, and Go's escaping of paths.

use std::fmt;

use url::Url;

/// A URL whose `Display` and `Debug` mask credentials.
///
/// A password is shown as `xxxxx`, as Go's `URL.Redacted` does; a user name without a password is
/// masked too, since tokens are passed that way. The query is never printed: mirrors sign URLs there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl {
    url: Url,
}

impl SafeUrl {
    /// Takes a parsed URL.
    pub fn new(url: Url) -> SafeUrl {
        SafeUrl { url }
    }

    /// The URL with its secrets, for sending the request and for nothing else.
    pub fn secret(&self) -> &Url {
        &self.url
    }

    /// The scheme: `https`, `http` or `file`.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// This URL with `path` appended after one slash. `path` must be escaped ([`escape_path`]).
    pub fn join(&self, path: &str) -> SafeUrl {
        let mut url = self.url.clone();
        let joined =
            format!("{}/{}", self.url.path().trim_end_matches('/'), path.trim_start_matches('/'));
        url.set_path(&joined);
        SafeUrl { url }
    }

    /// User name and password given in the URL itself, percent-decoded.
    pub fn credentials(&self) -> Option<(String, String)> {
        if self.url.username().is_empty() && self.url.password().is_none() {
            return None;
        }
        Some((unescape(self.url.username()), unescape(self.url.password().unwrap_or(""))))
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        write!(f, "{}://", url.scheme())?;
        match (url.username(), url.password()) {
            ("", None) => {}
            (_, None) => f.write_str("xxxxx@")?,
            (user, Some(_)) => write!(f, "{user}:xxxxx@")?,
        }
        f.write_str(url.host_str().unwrap_or(""))?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(match url.path() {
            "/" => "",
            path => path,
        })
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

/// Escapes a path as the `go` command sends it: what Go's `url.PathEscape` leaves alone stays, and
/// so does the slash. An escaped module path's `!` becomes `%21`.
pub fn escape_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    for &byte in path.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"$&+-.:=@_~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Decodes `%XX`; what is no escape stays as it is.
pub fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let decoded = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(url: &str) -> SafeUrl {
        SafeUrl::new(Url::parse(url).unwrap())
    }

    #[test]
    fn secrets_are_masked() {
        for (url, want) in [
            ("https://user:pass@example.com/p", "https://user:xxxxx@example.com/p"),
            ("https://token@example.com/p", "https://xxxxx@example.com/p"),
            ("https://example.com/p?sig=secret", "https://example.com/p"),
            ("https://example.com:8443/", "https://example.com:8443"),
            ("file:///srv/proxy/x", "file:///srv/proxy/x"),
        ] {
            assert_eq!(safe(url).to_string(), want);
            assert!(!format!("{:?}", safe(url)).contains("pass"));
        }
    }

    #[test]
    fn joining_and_escaping() {
        let base = safe("https://example.com/go/");
        let path = format!("{}/@v/v1.0.0+incompatible.info", "example.com/!my!mod");
        assert_eq!(
            base.join(&escape_path(&path)).to_string(),
            "https://example.com/go/example.com/%21my%21mod/@v/v1.0.0+incompatible.info"
        );
        assert_eq!(escape_path("a b,c;d"), "a%20b%2Cc%3Bd");
        assert_eq!(unescape("a%20b%zz%4"), "a b%zz%4");
    }

    #[test]
    fn credentials_are_decoded() {
        let url = safe("https://us%40er:p%3Ass@example.com");
        assert_eq!(url.credentials(), Some(("us@er".into(), "p:ss".into())));
        assert_eq!(safe("https://example.com").credentials(), None);
    }
}
