//! Taking a URL apart, and what can be wrong with it.
//!
//! Implements section 3 of RFC 3986 as Go's `net/url` does:
//!
//! - without a scheme, the part before the first `/` may not hold a `:`, so `host:80` is no URL;
//! - a scheme that isn't followed by `/` is followed by an opaque text, in `mailto:x` as in
//!   `http:x`;
//! - the last `@` before the path ends the user info, so that a password may hold another one;
//! - a port is digits, however many; none at all may follow the `:`;
//! - `[` and `]` enclose an IPv6 address, with `%25` and a zone if need be, and nothing else.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::escape::{Part, escape, unescape};
use super::{GoUrl, UserInfo, mask_password};
use crate::spec::quote::{quote, quote_bytes};

/// A text that is no URL.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("parse {}: {reason}", quote(url))]
pub struct UrlError {
    /// The text, without the password that may be in it.
    pub url: String,
    /// What is wrong with it.
    pub reason: UrlErrorReason,
}

/// Why a text is no URL.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UrlErrorReason {
    /// A control character.
    #[error("net/url: invalid control character in URL")]
    ControlCharacter,
    /// Nothing before the first `:`.
    #[error("missing protocol scheme")]
    MissingScheme,
    /// Something like `a:b` that is neither a scheme nor a path.
    #[error("first path segment in URL cannot contain colon")]
    ColonInFirstSegment,
    /// A character that may not stand before the `@`.
    #[error("net/url: invalid userinfo")]
    UserInfo,
    /// A `%` that is not followed by two digits, or that may not stand where it does.
    #[error("invalid URL escape {}", quote_bytes(.0))]
    Escape(Vec<u8>),
    /// A character that may not stand in a host name.
    #[error("invalid character {} in host name", quote(&.0.to_string()))]
    HostCharacter(char),
    /// A port that is no number.
    #[error("invalid port {} after host", quote(.0))]
    Port(String),
    /// A `[` without `]`.
    #[error("missing ']' in host")]
    MissingBracket,
    /// A `[` within the host, or an address in brackets that isn't an IPv6 one.
    #[error("invalid IP-literal")]
    IpLiteral,
    /// Something in brackets that isn't an address.
    #[error("invalid host: ParseAddr({}): unable to parse IP", quote(.0))]
    Address(String),
    /// No host where one is needed.
    #[error("http: no Host in request URL")]
    NoHost,
    /// Neither a scheme nor a slash at its beginning, where either is needed.
    #[error("invalid URI for request")]
    NotAbsolute,
    /// What the HTTP library does not take, in its words.
    #[error("{0}")]
    Library(#[from] url::ParseError),
}

impl GoUrl {
    /// Takes a URL apart.
    pub fn parse(text: &str) -> Result<GoUrl, UrlError> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = GoUrl::parse_rest(rest).map_err(|reason| UrlError::new(rest, reason))?;
        url.fragment =
            unescape(fragment, Part::Fragment).map_err(|reason| UrlError::new(text, reason))?;
        if fragment != escape(&url.fragment, Part::Fragment) {
            url.raw_fragment = fragment.to_owned();
        }
        Ok(url)
    }

    /// Takes apart what stands before the fragment.
    fn parse_rest(text: &str) -> Result<GoUrl, UrlErrorReason> {
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UrlErrorReason::ControlCharacter);
        }
        let (scheme, mut rest) = split_scheme(text)?;
        let mut url = GoUrl { scheme: scheme.to_ascii_lowercase(), ..GoUrl::default() };
        match rest.split_once('?') {
            Some((before, "")) => (rest, url.force_query) = (before, true),
            Some((before, query)) => (rest, url.query) = (before, query.to_owned()),
            None => {}
        }
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|first| first.contains(':')) {
                return Err(UrlErrorReason::ColonInFirstSegment);
            }
        }
        let has_host = !scheme.is_empty() || !rest.starts_with("///");
        if let Some(after) = rest.strip_prefix("//").filter(|_| has_host) {
            let slash = after.find('/').unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(slash).unwrap_or((after, ""));
            url.set_authority(authority)?;
            rest = path;
        } else {
            url.omit_host = !scheme.is_empty() && rest.starts_with('/');
        }
        url.path = unescape(rest, Part::Path)?;
        if rest != escape(&url.path, Part::Path) {
            url.raw_path = rest.to_owned();
        }
        Ok(url)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), UrlErrorReason> {
        let Some((user, host)) = authority.rsplit_once('@') else {
            self.host = parse_host(&self.scheme, authority)?;
            return Ok(());
        };
        self.host = parse_host(&self.scheme, host)?;
        if !user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)) {
            return Err(UrlErrorReason::UserInfo);
        }
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (user, None),
        };
        self.user = Some(UserInfo {
            name: unescape(name, Part::UserInfo)?,
            password: password.map(|p| unescape(p, Part::UserInfo)).transpose()?,
        });
        Ok(())
    }
}

impl UrlError {
    fn new(text: &str, reason: UrlErrorReason) -> UrlError {
        let url = mask_password(text);
        let reason = match reason {
            // It may be the beginning of a password with a slash in it.
            UrlErrorReason::Port(port) if !url.contains(&port) => {
                UrlErrorReason::Port(":xxxxx".to_owned())
            }
            reason => reason,
        };
        UrlError { url: url.into_owned(), reason }
    }
}

/// Splits off the scheme, which is empty if there is none.
fn split_scheme(text: &str) -> Result<(&str, &str), UrlErrorReason> {
    match text.split_once(':') {
        Some(("", _)) => Err(UrlErrorReason::MissingScheme),
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

/// Checks and unescapes a host with its port.
fn parse_host(scheme: &str, host: &str) -> Result<Vec<u8>, UrlErrorReason> {
    if host.starts_with('[') && host.rfind('[') == Some(0) {
        return parse_bracketed(host);
    }
    if host.contains('[') {
        return Err(UrlErrorReason::IpLiteral);
    }
    // Lists of hosts, as databases have them, are let pass where they aren't HTTP.
    let colon = match scheme {
        "http" | "https" => host.find(':'),
        _ => host.rfind(':'),
    };
    check_port(colon.and_then(|at| host.get(at..)).unwrap_or_default())?;
    unescape(host, Part::Host)
}

/// Checks and unescapes an IPv6 address in brackets, perhaps with zone and port.
fn parse_bracketed(host: &str) -> Result<Vec<u8>, UrlErrorReason> {
    let (address, port) = host
        .strip_prefix('[')
        .and_then(|rest| rest.rsplit_once(']'))
        .ok_or(UrlErrorReason::MissingBracket)?;
    check_port(port)?;
    let zone_at = address.find("%25").unwrap_or(address.len());
    let (address, zone) = address.split_at_checked(zone_at).unwrap_or((address, ""));
    let mut inner = unescape(address, Part::Host)?;
    inner.extend(unescape(zone, Part::Zone)?);

    let text = String::from_utf8_lossy(&inner);
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (&*text, None),
    };
    if zone.is_none() && address.parse::<Ipv4Addr>().is_ok() {
        return Err(UrlErrorReason::IpLiteral);
    }
    if zone == Some("") || address.parse::<Ipv6Addr>().is_err() {
        return Err(UrlErrorReason::Address(text.into_owned()));
    }
    Ok([b"[", inner.as_slice(), b"]", port.as_bytes()].concat())
}

/// Checks a port with the colon before it, or nothing.
fn check_port(port: &str) -> Result<(), UrlErrorReason> {
    match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        None if port.is_empty() => Ok(()),
        _ => Err(UrlErrorReason::Port(port.to_owned())),
    }
}
