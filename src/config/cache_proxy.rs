//! GOCACHEPROXY: caches that are asked before everybody else. The go command has no such variable.
//!
//! ```text
//! GOCACHEPROXY = [ URL ] { "," [ URL ] }
//! ```
//!
//! The URLs are those of GOPROXY: https, http or file, and a host alone means https. They are of caches in
//! GOPROXY's layout. GOCACHEPROXY_WRITE=1 has them store what came from elsewhere.
//!
//! ```
//! use gomodfetch::config::cache_proxy::CacheProxies;
//!
//! let caches = CacheProxies::parse("https://me:pw@cache.example.com, file:///srv/cache", "1").unwrap();
//! let shown: Vec<String> = caches.urls.iter().map(|url| url.to_string()).collect();
//! assert_eq!(shown, ["https://me:xxxxx@cache.example.com", "file:///srv/cache"]);
//! assert!(caches.write);
//! ```

use thiserror::Error;

use super::goproxy::{ProxyListError, parse_address};
use crate::spec::gourl::RequestUrl;

/// The caches, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheProxies {
    /// Where they are.
    pub urls: Vec<RequestUrl>,
    /// Whether what came from elsewhere is stored in them.
    pub write: bool,
}

/// What is wrong with GOCACHEPROXY.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid GOCACHEPROXY: {0}")]
pub struct CacheProxyError(#[from] ProxyListError);

impl CacheProxies {
    /// Takes the values of both variables apart.
    pub fn parse(urls: &str, write: &str) -> Result<CacheProxies, CacheProxyError> {
        let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty());
        let urls = urls.map(parse_address).collect::<Result<_, _>>()?;
        Ok(CacheProxies { urls, write: write == "1" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let told = |urls: &str| match CacheProxies::parse(urls, "") {
            Ok(caches) => caches.urls.iter().map(|url| format!("{url};")).collect(),
            Err(err) => err.to_string(),
        };
        for (urls, want) in [
            ("", ""),
            (" , ", ""),
            ("cache.example/x", "https://cache.example/x;"),
            ("http://a.example,file:///b", "http://a.example;file:///b;"),
            ("direct", "invalid GOCACHEPROXY: invalid proxy URL missing scheme: direct"),
            (
                "ftp://a.example",
                "invalid GOCACHEPROXY: invalid proxy URL scheme (must be https, http, file): \
                 ftp://a.example",
            ),
        ] {
            assert_eq!(told(urls), want, "{urls:?}");
        }
        let write = |text| CacheProxies::parse("", text).unwrap().write;
        assert_eq!(["1", "", "0", "true"].map(write), [true, false, false, false]);
    }
}
