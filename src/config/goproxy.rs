//! GOPROXY: which module proxies are asked, in which order, and what leads from one to the next.
//!
//! Implements GOPROXY in [Environment variables](https://go.dev/ref/mod#environment-variables) of
//! the Go Modules Reference.
//!
//! ```text
//! GOPROXY = [ entry ] { ( "," | "|" ) [ entry ] }
//! entry   = "off" | "direct" | URL | host [ ":" port ] [ path ]
//! ```
//!
//! - After an entry followed by `,` (or by nothing) the next one is asked only where the answer was
//!   404 or 410; after one followed by `|` on any error.
//! - Blanks around an entry and empty entries are ignored; a list must hold at least one.
//! - `off` and `direct` end the list: what stands behind them isn't even looked at.
//! - An entry with a `.`, `:` or `/` that is neither a URL nor an absolute path means https.
//! - A URL is of the scheme https, http or file, and a file URL is a path alone.
//! - Where GONOPROXY is set, and the list isn't just `direct`, [`Proxy::NoProxy`] comes first:
//!   modules that it names are fetched from their origin, even with `off`, and the others go on to
//!   the list.
//!
//! A list with an error in it is refused whole, at the first module that would be looked up with
//! it.
//!
//! ```
//! use gomodfetch::config::goproxy::{Fallback, Proxy, ProxyList};
//!
//! let list = ProxyList::parse("https://me:pw@a.example|b.example/go,off", "").unwrap();
//! let shown: Vec<String> = list.entries().iter().map(|e| e.proxy.to_string()).collect();
//! assert_eq!(shown, ["https://me:xxxxx@a.example", "https://b.example/go", "off"]);
//! assert_eq!(list.entries()[0].fallback, Fallback::AnyError);
//! ```

use std::fmt;
use std::path::Path;

use thiserror::Error;

use crate::spec::gourl::{GoUrl, RequestUrl, UrlError, mask_password};

/// The entries of GOPROXY in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyList {
    entries: Vec<ProxyEntry>,
}

/// An entry, and when the one behind it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyEntry {
    /// Who is asked.
    pub proxy: Proxy,
    /// When the next one is asked.
    pub fallback: Fallback,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// A module proxy.
    Url(RequestUrl),
    /// The module's own repository.
    Direct,
    /// Nobody.
    Off,
    /// The module's own repository for a module that GONOPROXY names, nobody for others.
    NoProxy,
}

/// When the next entry is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// After 404 and 410 only: the entry is followed by `,` or is the last one.
    NotFound,
    /// After any error: the entry is followed by `|`.
    AnyError,
}

/// What is wrong with GOPROXY.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProxyListError {
    /// Nothing but separators and blanks, or a file that sets it to nothing.
    #[error("GOPROXY list is not the empty string, but contains no entries")]
    NoEntries,
    /// An entry that is no URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A word that has no meaning.
    #[error("invalid proxy URL missing scheme: {0}")]
    MissingScheme(String),
    /// A URL of another scheme.
    #[error("invalid proxy URL scheme (must be https, http, file): {0}")]
    Scheme(String),
    /// A file URL with host, query or the like.
    #[error("invalid file:// proxy URL with non-path elements: {0}")]
    FileUrl(String),
}

impl ProxyList {
    /// Takes the value of GOPROXY apart, given that of GONOPROXY.
    pub fn parse(text: &str, no_proxy: &str) -> Result<ProxyList, ProxyListError> {
        let mut entries = Vec::new();
        for part in text.split_inclusive([',', '|']) {
            let fallback = match part.ends_with('|') {
                true => Fallback::AnyError,
                false => Fallback::NotFound,
            };
            let proxy = match part.trim_end_matches([',', '|']).trim() {
                "" => continue,
                "off" => Proxy::Off,
                "direct" => Proxy::Direct,
                address => Proxy::Url(parse_address(address)?),
            };
            let is_end = matches!(proxy, Proxy::Off | Proxy::Direct);
            entries.push(ProxyEntry { proxy, fallback });
            if is_end {
                break;
            }
        }
        if entries.is_empty() {
            return Err(ProxyListError::NoEntries);
        }
        if !no_proxy.is_empty() && text != "direct" {
            let first = ProxyEntry { proxy: Proxy::NoProxy, fallback: Fallback::NotFound };
            entries.insert(0, first);
        }
        Ok(ProxyList { entries })
    }

    /// A list of these entries.
    pub(super) fn from_entries(entries: Vec<ProxyEntry>) -> ProxyList {
        ProxyList { entries }
    }

    /// The entries in the order in which they are asked.
    pub fn entries(&self) -> &[ProxyEntry] {
        &self.entries
    }
}

/// Reports whether a value of GOPROXY is one file URL and nothing else: the case in which
/// toolchains need no checksum database.
pub fn is_single_file_url(text: &str) -> bool {
    text.starts_with("file://") && !text.contains([',', '|'])
}

/// A value of GOPROXY as it may be shown.
pub fn mask_list(text: &str) -> String {
    let parts = text.split_inclusive([',', '|', ' ']);
    parts.map(mask_password).collect()
}

/// The address of a module proxy.
pub(super) fn parse_address(address: &str) -> Result<RequestUrl, ProxyListError> {
    let is_absolute = address.starts_with('/') || Path::new(address).is_absolute();
    let lacks_scheme = address.contains(['.', ':', '/']) && !address.contains(":/") && !is_absolute;
    let url = match lacks_scheme {
        true => GoUrl::parse(&format!("https://{address}"))?,
        false => GoUrl::parse(address)?,
    };
    match url.scheme() {
        "http" | "https" => {}
        "file" if url.is_bare_path() => {}
        "file" => return Err(ProxyListError::FileUrl(url.to_string())),
        "" => return Err(ProxyListError::MissingScheme(shown(&url))),
        _ => return Err(ProxyListError::Scheme(shown(&url))),
    }
    Ok(url.to_request()?)
}

/// An address that is none, in which anything may have been meant for a secret.
fn shown(url: &GoUrl) -> String {
    mask_password(&url.to_string()).into_owned()
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proxy::Url(url) => url.fmt(f),
            Proxy::Direct => f.write_str("direct"),
            Proxy::Off => f.write_str("off"),
            Proxy::NoProxy => f.write_str("noproxy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The list as it was understood, in the syntax of GOPROXY, or the error.
    fn told(text: &str, no_proxy: &str) -> String {
        match ProxyList::parse(text, no_proxy) {
            Ok(list) => list.entries.iter().map(shown).collect(),
            Err(err) => format!("error: {err}"),
        }
    }

    fn shown(entry: &ProxyEntry) -> String {
        match entry.fallback {
            Fallback::NotFound => format!("{};", entry.proxy),
            Fallback::AnyError => format!("{}|", entry.proxy),
        }
    }

    #[test]
    fn lists() {
        for (text, no_proxy, want) in [
            ("https://a.example,direct", "", "https://a.example;direct;"),
            ("https://a.example|b.example", "", "https://a.example|https://b.example;"),
            (" a.example/x | ,, off , ftp://x", "", "https://a.example/x|off;"),
            ("a.example|", "", "https://a.example|"),
            ("direct|nonsense", "", "direct|"),
            ("localhost:8080", "", "https://localhost:8080;"),
            ("HTTPS://u:p@A.example/", "", "https://u:xxxxx@A.example/;"),
            ("https://token@a.example", "", "https://xxxxx@a.example;"),
            ("file:///p/%70", "", "file:///p/%70;"),
            ("file://", "", "file:;"),
            ("off", "x", "noproxy;off;"),
            ("a.example", "none", "noproxy;https://a.example;"),
            ("direct", "x", "direct;"),
            (" direct", "x", "noproxy;direct;"),
        ] {
            assert_eq!(told(text, no_proxy), want, "{text:?} {no_proxy:?}");
        }
    }

    #[test]
    fn errors() {
        for (text, want) in [
            ("", "GOPROXY list is not the empty string, but contains no entries"),
            (" ,|", "GOPROXY list is not the empty string, but contains no entries"),
            ("noproxy", "invalid proxy URL missing scheme: noproxy"),
            ("token@localhost", "invalid proxy URL missing scheme: xxxxx@localhost"),
            (
                "ann:secret@a.example:/x",
                "invalid proxy URL scheme (must be https, http, file): ann:xxxxx@a.example:/x",
            ),
            ("/a/b", "invalid proxy URL missing scheme: /a/b"),
            ("off2,off", "invalid proxy URL missing scheme: off2"),
            (
                "ftp://token@a.example",
                "invalid proxy URL scheme (must be https, http, file): ftp://xxxxx@a.example",
            ),
            (
                "ftp://u:p@a.example",
                "invalid proxy URL scheme (must be https, http, file): ftp://u:xxxxx@a.example",
            ),
            ("file://host/p", "invalid file:// proxy URL with non-path elements: file://host/p"),
            ("file:/p", "invalid file:// proxy URL with non-path elements: file:/p"),
            ("file:///p?", "invalid file:// proxy URL with non-path elements: file:///p?"),
            ("file:x", r#"parse "https://file:x": invalid port ":x" after host"#),
            (":/x", r#"parse ":/x": missing protocol scheme"#),
            ("http:///x", r#"parse "http:///x": http: no Host in request URL"#),
            ("https://u:p@[::1", r#"parse "https://u:xxxxx@[::1": missing ']' in host"#),
        ] {
            assert_eq!(told(text, ""), format!("error: {want}"), "{text:?}");
            assert_eq!(told(text, "x"), format!("error: {want}"), "{text:?}");
        }
    }

    #[test]
    fn the_password_is_there_but_not_shown() {
        let list = ProxyList::parse("https://u:secret@a.example", "").unwrap();
        assert!(!format!("{list:?}").contains("secret"));
        let Proxy::Url(url) = &list.entries()[0].proxy else {
            panic!("{list:?}");
        };
        assert_eq!(url.secret().password(), Some("secret"));
        assert_eq!(
            mask_list("https://u:secret@a.example|b, u:p@c"),
            "https://u:xxxxx@a.example|b, u:xxxxx@c"
        );
    }

    #[test]
    fn single_file_urls() {
        assert!(is_single_file_url("file:///p"));
        assert!(!is_single_file_url("file:///p,"));
        assert!(!is_single_file_url(" file:///p"));
        assert!(!is_single_file_url("https://a.example"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_or_an_error(text in "[a-z:/@,|. ?#%\\[\\]]{0,20}|.*") {
            if let Ok(list) = ProxyList::parse(&text, "") {
                prop_assert!(!list.entries().is_empty());
            }
        }
    }
}
