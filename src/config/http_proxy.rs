//! HTTP proxies: HTTP_PROXY, HTTPS_PROXY and NO_PROXY by Go's rules, not those of an HTTP library.
//!
//! Implements what Go's `net/http` documents for `ProxyFromEnvironment`:
//!
//! - HTTPS_PROXY counts for https, HTTP_PROXY for http, neither for the other; there is no
//!   ALL_PROXY;
//! - a proxy is a URL (http, https, socks5, socks5h), or a host with or without port, which means
//!   http; what is neither is ignored;
//! - `localhost` and loopback addresses are never proxied;
//! - in a CGI program (REQUEST_METHOD is set) HTTP_PROXY may come from a client's `Proxy` header,
//!   so that to use it is an error.
//!
//! NO_PROXY is a list, joined by commas, of hosts that are reached without proxy. Case and blanks
//! around an entry don't matter; entries that make no sense are ignored.
//!
//! | entry                 | names                                                      |
//! |-----------------------|------------------------------------------------------------|
//! | `*`                   | every host                                                 |
//! | `10.1.2.3`, `[::1]:8` | this address (not names that lead to it)                   |
//! | `10.0.0.0/8`          | the addresses of this range, on all ports                  |
//! | `corp.example`        | this host and all hosts below it                           |
//! | `.corp.example`, `*.corp.example` | the hosts below it                             |
//!
//! With `:port` an address or a name counts for that port only; a URL without port has that of its
//! scheme.
//!
//! ```
//! use gomodfetch::config::http_proxy::HttpProxies;
//! use url::Url;
//!
//! let proxies = HttpProxies::new("", "proxy.example:3128", ".corp.example,10.0.0.0/8", false);
//! let of = |url: &str| proxies.proxy_for(&Url::parse(url).unwrap()).unwrap().map(Url::to_string);
//! assert_eq!(of("https://example.com/x").as_deref(), Some("http://proxy.example:3128/"));
//! assert_eq!(of("https://git.corp.example/x"), None);
//! assert_eq!(of("https://10.1.2.3/x"), None);
//! ```

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

use crate::spec::gourl::{GoUrl, RequestUrl, UrlError};

/// The proxies to use.
#[derive(Clone, Debug, Default)]
pub struct HttpProxies {
    http: Option<Result<RequestUrl, HttpProxyError>>,
    https: Option<Result<RequestUrl, HttpProxyError>>,
    exceptions: Vec<Exception>,
    is_cgi: bool,
}

/// Why no request can be sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HttpProxyError {
    /// HTTP_PROXY in a CGI program.
    #[error("refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy")]
    Cgi,
    /// A proxy that cannot be reached as it is written.
    #[error("invalid proxy address: {0}")]
    Address(#[from] UrlError),
}

/// An entry of NO_PROXY.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    Range(IpNet),
    Address(IpAddr, Option<String>),
    /// A name with a dot before it, whether the name itself is meant too, and a port.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<String>,
    },
}

impl HttpProxies {
    /// The proxies that follow from the values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and from
    /// whether this is a CGI program.
    pub fn new(http: &str, https: &str, no_proxy: &str, is_cgi: bool) -> HttpProxies {
        HttpProxies {
            http: parse_proxy(http),
            https: parse_proxy(https),
            exceptions: no_proxy.split(',').filter_map(Exception::parse).collect(),
            is_cgi,
        }
    }

    /// The proxy for a request to `url`; `None` to send it there directly.
    pub fn proxy_for(&self, url: &Url) -> Result<Option<&Url>, HttpProxyError> {
        let proxy = match url.scheme() {
            "https" => &self.https,
            "http" => &self.http,
            _ => return Ok(None),
        };
        let Some(proxy) = proxy else {
            return Ok(None);
        };
        if self.is_cgi && url.scheme() == "http" {
            return Err(HttpProxyError::Cgi);
        }
        if self.is_excepted(url) {
            return Ok(None);
        }
        let proxy = proxy.as_ref().map_err(HttpProxyError::clone)?;
        Ok(Some(proxy.secret()))
    }

    fn is_excepted(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default().to_string();
        let address = match url.host() {
            Some(Host::Domain("localhost")) | None => return true,
            Some(Host::Domain(name)) => {
                let name = name.to_lowercase();
                return self.exceptions.iter().any(|e| e.names_host(&name, &port));
            }
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical(),
        };
        address.is_loopback() || self.exceptions.iter().any(|e| e.names_ip(address, &port))
    }
}

/// The proxy that a variable names, if it is set to something that can be one.
fn parse_proxy(text: &str) -> Option<Result<RequestUrl, HttpProxyError>> {
    if text.is_empty() {
        return None;
    }
    let url = match GoUrl::parse(text) {
        Ok(url) if !url.scheme().is_empty() && url.has_host() => url,
        other => GoUrl::parse(&format!("http://{text}")).or(other).ok()?,
    };
    Some(url.to_request().map_err(HttpProxyError::from))
}

impl Exception {
    fn parse(entry: &str) -> Option<Exception> {
        let entry = entry.trim().to_lowercase();
        if entry == "*" {
            return Some(Exception::All);
        }
        if let Ok(range) = entry.parse::<IpNet>() {
            return Some(Exception::Range(range));
        }
        let (host, port) = match split_port(&entry) {
            Some((host, port)) => (host, Some(port)),
            None => (entry.as_str(), None),
        };
        let port = port.filter(|port| !port.is_empty()).map(str::to_owned);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Exception::Address(address.to_canonical(), port));
        }
        let host = match host.strip_prefix('*') {
            Some(below) if below.starts_with('.') => below,
            _ => host,
        };
        let name = host.strip_prefix('.');
        if host.is_empty() {
            return None;
        }
        Some(Exception::Domain {
            suffix: format!(".{}", ascii_name(name.unwrap_or(host))),
            itself: name.is_none(),
            port,
        })
    }

    fn names_host(&self, name: &str, its_port: &str) -> bool {
        match self {
            Exception::All => true,
            Exception::Range(_) | Exception::Address(..) => false,
            Exception::Domain { suffix, itself, port } => {
                let is_itself = *itself && suffix.strip_prefix('.') == Some(name);
                (is_itself || name.ends_with(suffix)) && fits(port, its_port)
            }
        }
    }

    fn names_ip(&self, address: IpAddr, its_port: &str) -> bool {
        match self {
            Exception::All => true,
            Exception::Range(range) => range.contains(&address),
            Exception::Address(named, port) => *named == address && fits(port, its_port),
            Exception::Domain { .. } => false,
        }
    }
}

fn fits(port: &Option<String>, its_port: &str) -> bool {
    port.as_deref().is_none_or(|port| port == its_port)
}

/// Splits `host:port` or `[host]:port`; `None` if there is no port, or no telling where it begins.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let is_plain = |part: &str| !part.contains(['[', ']']);
    (is_plain(host) && is_plain(port)).then_some((host, port))
}

/// A host name as it appears in URLs; one that cannot appear there stays as it is.
fn ascii_name(name: &str) -> String {
    match Host::parse(name) {
        Ok(Host::Domain(ascii)) if !name.is_ascii() => ascii,
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "http://p.example:1";

    /// Whether a URL is reached by the proxy, given NO_PROXY.
    fn is_proxied(no_proxy: &str, url: &str) -> bool {
        let proxies = HttpProxies::new(PROXY, PROXY, no_proxy, false);
        proxies.proxy_for(&Url::parse(url).unwrap()).unwrap().is_some()
    }

    #[test]
    fn exceptions() {
        // NO_PROXY: URLs that are proxied | URLs that are not.
        for case in [
            ": https://a.example http://10.0.0.1 | http://localhost http://LocalHost:8 https://127.8.9.1 http://[::1]:1",
            "*: | https://a.example http://10.0.0.1 http://[fd00::1]",
            "a.example: https://xa.example https://a.example.org | https://a.example http://b.a.example:8080",
            ".a.example: https://a.example https://xa.example | https://b.a.example https://c.b.a.example",
            "*.a.example: https://a.example | https://b.a.example",
            "*a.example: https://a.example https://ba.example |",
            " A.Example ,, x: | https://a.example https://x",
            "a.example:8080: https://a.example http://b.a.example | http://a.example:8080 https://b.a.example:8080",
            "a.example:443: http://a.example https://a.example:8443 | https://a.example https://a.example:443",
            "a.example:: | https://a.example https://a.example:1",
            ":80: http://a.example |",
            "10.1.2.3: http://10.1.2.4 http://10.1.2.3.example | http://10.1.2.3 https://10.1.2.3:8",
            "10.1.2.3:8: http://10.1.2.3 | http://10.1.2.3:8",
            "10.0.0.0/8: http://11.0.0.1 http://10.example | http://10.255.0.1:99",
            "10.9.9.9/8: | http://10.0.0.1",
            "10.0.0.0/33,10.0.0.0/: http://10.0.0.1 |",
            "fd00::/8: http://[fe00::1] http://10.0.0.1 | http://[fd12::1]",
            "fd00::1: http://[fd00::2] | http://[fd00::1] http://[fd00:0::1]:8",
            "[fd00::1]:8: http://[fd00::1] | http://[fd00::1]:8",
            "[fd00::1]: http://[fd00::1] |",
            "::ffff:10.0.0.1: | http://10.0.0.1 http://[::ffff:10.0.0.1]",
            "bücher.example: | https://xn--bcher-kva.example https://bücher.example https://a.bücher.example",
        ] {
            let (no_proxy, urls) = case.split_once(": ").unwrap();
            let (proxied, direct) = urls.split_once('|').unwrap();
            for url in proxied.split_whitespace() {
                assert!(is_proxied(no_proxy, url), "{no_proxy} {url}");
            }
            for url in direct.split_whitespace() {
                assert!(!is_proxied(no_proxy, url), "{no_proxy} {url}");
            }
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let proxies = HttpProxies::new("http://a.example", "https://u:pw@b.example", "", false);
        let of = |url: &str| proxies.proxy_for(&Url::parse(url).unwrap()).unwrap().map(Url::as_str);
        assert_eq!(of("http://x"), Some("http://a.example/"));
        assert_eq!(of("https://x"), Some("https://u:pw@b.example/"));
        assert_eq!(of("file:///x"), None);
        assert!(!format!("{proxies:?}").contains("pw"));
        let none = HttpProxies::default();
        assert_eq!(none.proxy_for(&Url::parse("https://x").unwrap()), Ok(None));
    }

    #[test]
    fn spellings() {
        for (text, want) in [
            ("http://p.example", Some("http://p.example/")),
            ("p.example", Some("http://p.example/")),
            ("p.example:3128", Some("http://p.example:3128/")),
            ("10.0.0.1:3128", Some("http://10.0.0.1:3128/")),
            ("me:pw@p.example:3128", Some("http://me:pw@p.example:3128/")),
            ("[fd00::1]:3128", Some("http://[fd00::1]:3128/")),
            ("socks5://p.example:1080", Some("socks5://p.example:1080")),
            ("socks5h://p.example", Some("socks5h://p.example")),
            // What is no URL is tried as a host with a path.
            ("http://p.example:x", Some("http://http//p.example:x")),
            ("%", None),
            ("", None),
        ] {
            let proxies = HttpProxies::new("", text, "", false);
            let proxy = proxies.proxy_for(&Url::parse("https://x").unwrap());
            assert_eq!(proxy.unwrap().map(Url::as_str), want, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_reached_is_an_error() {
        for text in ["http://p.example:99999", "x:y"] {
            let proxies = HttpProxies::new("", text, "", false);
            let err = proxies.proxy_for(&Url::parse("https://x").unwrap()).unwrap_err();
            let start = format!("invalid proxy address: parse {text:?}: ");
            assert!(err.to_string().starts_with(&start), "{err}");
        }
    }

    #[test]
    fn cgi() {
        let proxies = HttpProxies::new(PROXY, PROXY, "", true);
        let of = |url: &str| proxies.proxy_for(&Url::parse(url).unwrap());
        assert_eq!(of("http://x"), Err(HttpProxyError::Cgi));
        assert_eq!(of("http://localhost"), Err(HttpProxyError::Cgi));
        assert!(of("https://x").unwrap().is_some());
        let none = HttpProxies::new("", PROXY, "", true);
        assert_eq!(none.proxy_for(&Url::parse("http://x").unwrap()), Ok(None));
    }

    proptest! {
        #[test]
        fn any_setting_is_taken(proxy: String, no_proxy in "[a-f0-9.:/*\\[\\], ]{0,30}|.*") {
            let proxies = HttpProxies::new(&proxy, &proxy, &no_proxy, false);
            let local = Url::parse("http://127.0.0.1/").unwrap();
            prop_assert_eq!(proxies.proxy_for(&local), Ok(None));
        }
    }
}
