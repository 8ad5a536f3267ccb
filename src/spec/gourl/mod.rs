//! URLs as the go command reads and shows them.
//!
//! GOPROXY, GOSUMDB and the proxy variables hold URLs that go takes apart by the rules of its
//! `net/url` package (after RFC 3986), which differ from those of browsers: nothing is repaired,
//! `http:x` has no host, bytes that needn't be escaped may be, a backslash is no slash. Since what
//! is refused, and in which words, should not depend on the program that reads a setting, these
//! rules are followed here; [`GoUrl::to_request`] hands the result to the HTTP library.
//!
//! ```text
//! URL       = scheme "://" authority [ path ] [ "?" query ] [ "#" fragment ]
//! authority = [ user [ ":" password ] "@" ] host [ ":" port ]
//! ```
//!
//! A URL is shown ([`Display`](fmt::Display) and [`Debug`](fmt::Debug)) with `xxxxx` for its
//! password, as in `https://user:xxxxx@example.com/`, and for a user without one, which may be a token; [`RequestUrl::secret`] gives all of it.
//!
//! ```
//! use gomodfetch::spec::gourl::GoUrl;
//!
//! let url = GoUrl::parse("https://me:secret@example.com/a?b=1").unwrap();
//! assert_eq!(url.to_string(), "https://me:xxxxx@example.com/a?b=1");
//! let err = GoUrl::parse("http://[::1").unwrap_err();
//! assert_eq!(err.to_string(), r#"parse "http://[::1": missing ']' in host"#);
//! ```

use std::borrow::Cow;
use std::fmt;

use url::Url;

mod escape;
mod parse;

pub use parse::{UrlError, UrlErrorReason};

use escape::{Part, escape, written};

/// A URL in its parts. The parts that may be escaped are kept unescaped, as bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GoUrl {
    scheme: String,
    /// What follows the scheme where that isn't a slash.
    opaque: String,
    user: Option<UserInfo>,
    /// Host and port.
    host: Vec<u8>,
    path: Vec<u8>,
    /// The path as it was written, where escaping `path` would give something else.
    raw_path: String,
    /// Written as `scheme:/path`, without the two slashes of a host.
    omit_host: bool,
    /// Ends with a `?` and no query.
    force_query: bool,
    query: String,
    fragment: Vec<u8>,
    /// The fragment as it was written, where escaping `fragment` would give something else.
    raw_fragment: String,
}

#[derive(Clone, PartialEq, Eq)]
struct UserInfo {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// A URL for the HTTP library. It is shown as it was written, without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestUrl {
    shown: String,
    url: Url,
}

impl GoUrl {
    /// The scheme in lower case; empty if there is none.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Reports whether there is a host.
    pub fn has_host(&self) -> bool {
        !self.host.is_empty()
    }

    /// Reports whether the URL is `scheme://` and a path, without host, user and all the rest.
    pub fn is_bare_path(&self) -> bool {
        let bare = GoUrl {
            scheme: self.scheme.clone(),
            path: self.path.clone(),
            raw_path: self.raw_path.clone(),
            ..GoUrl::default()
        };
        *self == bare
    }

    /// Reports whether the URL is `scheme://host`, perhaps with a path in which nothing is escaped
    /// or would have to be: the form of a database's name.
    pub fn is_plain_name(&self) -> bool {
        let plain = GoUrl {
            scheme: self.scheme.clone(),
            host: self.host.clone(),
            path: self.path.clone(),
            ..GoUrl::default()
        };
        *self == plain && self.has_host()
    }

    /// The URL for the HTTP library.
    pub fn to_request(&self) -> Result<RequestUrl, UrlError> {
        let failed = |reason| UrlError { url: self.to_string(), reason };
        // The library would take the first element of the path for the host.
        if self.scheme != "file" && self.host.is_empty() {
            return Err(failed(UrlErrorReason::NoHost));
        }
        let url = Url::parse(&self.render(false)).map_err(|err| failed(err.into()))?;
        let shown = self.to_string();
        Ok(RequestUrl { shown, url })
    }

    /// Every part by its name, as go lists them, without the password.
    pub fn dump(&self) -> String {
        format!(
            "{{Scheme:{} Opaque:{} User:{} Host:{} Path:{} Fragment:{} RawQuery:{} RawPath:{} \
             RawFragment:{} ForceQuery:{} OmitHost:{}}}",
            self.scheme,
            self.shown_opaque(),
            self.user.as_ref().map(|user| user.render(true)).unwrap_or_default(),
            String::from_utf8_lossy(&self.host),
            String::from_utf8_lossy(&self.path),
            String::from_utf8_lossy(&self.fragment),
            self.query,
            self.raw_path,
            self.raw_fragment,
            self.force_query,
            self.omit_host,
        )
    }

    /// What follows the scheme of `ann:secret@host:/path`, which looks like a user name to people: all
    /// up to the last `@` is hidden.
    fn shown_opaque(&self) -> String {
        match self.opaque.rsplit_once('@') {
            Some((_, host)) => format!("xxxxx@{host}"),
            None => self.opaque.clone(),
        }
    }

    fn render(&self, redacted: bool) -> String {
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text.push_str(&self.scheme);
            text.push(':');
        }
        if self.opaque.is_empty() {
            self.render_hierarchy(&mut text, redacted);
        } else if redacted {
            text.push_str(&self.shown_opaque());
        } else {
            text.push_str(&self.opaque);
        }
        if self.force_query || !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            text.push('#');
            text.push_str(&written(&self.fragment, &self.raw_fragment, Part::Fragment));
        }
        text
    }

    /// Writes user, host and path.
    fn render_hierarchy(&self, text: &mut String, redacted: bool) {
        let has_authority = self.has_host() || self.user.is_some();
        let slashes =
            has_authority || (!self.scheme.is_empty() && !self.omit_host && !self.path.is_empty());
        if slashes {
            text.push_str("//");
        }
        if let Some(user) = &self.user {
            text.push_str(&user.render(redacted));
            text.push('@');
        }
        text.push_str(&escape(&self.host, Part::Host));
        let path = written(&self.path, &self.raw_path, Part::Path);
        if self.has_host() && !path.is_empty() && !path.starts_with('/') {
            text.push('/');
        }
        if text.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
            text.push_str("./");
        }
        text.push_str(&path);
    }
}

impl UserInfo {
    fn render(&self, redacted: bool) -> String {
        if redacted && self.password.is_none() {
            // Tokens are passed in the place of a name, too; go shows them.
            return "xxxxx".to_owned();
        }
        let mut text = escape(&self.name, Part::UserInfo).into_owned();
        if let Some(password) = &self.password {
            text.push(':');
            text.push_str(&match redacted {
                true => Cow::Borrowed("xxxxx"),
                false => escape(password, Part::UserInfo),
            });
        }
        text
    }
}

impl fmt::Display for GoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(true))
    }
}

impl fmt::Debug for GoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoUrl({self})")
    }
}

impl RequestUrl {
    /// The whole URL, for sending requests.
    pub fn secret(&self) -> &Url {
        &self.url
    }
}

impl fmt::Display for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestUrl({self})")
    }
}

/// Hides the password in a text that is meant to be a URL, or a `user:password@host` alone: all
/// between the first `:` behind the scheme and the last `@`; without a `:`, the name.
pub fn mask_password(text: &str) -> Cow<'_, str> {
    let Some((before, host)) = text.rsplit_once('@') else {
        return Cow::Borrowed(text);
    };
    let is_scheme =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let (scheme, user) = match before.split_once("://") {
        Some((scheme, user)) if is_scheme(scheme) => (format!("{scheme}://"), user),
        _ => (String::new(), before),
    };
    match user.split_once(':') {
        Some((name, _)) if !name.contains('@') => {
            Cow::Owned(format!("{scheme}{name}:xxxxx@{host}"))
        }
        // Tokens are passed in the place of a name, too, and may stand before another `@`.
        _ => Cow::Owned(format!("{scheme}xxxxx@{host}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        match GoUrl::parse(text) {
            Ok(url) => url.to_string(),
            Err(err) => format!("error: {}", err.reason),
        }
    }

    #[test]
    fn urls_as_they_are_shown() {
        for (text, want) in [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM/A", "https://Example.COM/A"),
            ("https://me@example.com", "https://xxxxx@example.com"),
            ("https://me:@example.com", "https://me:xxxxx@example.com"),
            ("https://me:a@b:c@example.com/", "https://me:xxxxx@example.com/"),
            ("https://m%65:x@example.com", "https://me:xxxxx@example.com"),
            ("ann:secret@example.com:/a", "ann:xxxxx@example.com:/a"),
            ("mailto:example.com", "mailto:example.com"),
            ("https://example.com/%41%2f!", "https://example.com/%41%2f!"),
            ("https://example.com/a b|c", "https://example.com/a%20b%7Cc"),
            ("https://example.com/a\\b", "https://example.com/a%5Cb"),
            ("https://example.com?", "https://example.com?"),
            ("https://example.com/?a?b#c%64", "https://example.com/?a?b#c%64"),
            ("https://example.com:", "https://example.com:"),
            ("https://bücher.example/ü", "https://b%C3%BCcher.example/%C3%BC"),
            ("http://[fe80::1%25e0]:80/", "http://[fe80::1%25e0]:80/"),
            ("postgres://a:1,b:2/x", "postgres://a:1,b:2/x"),
            ("http:x/y", "http:x/y"),
            ("file:/p", "file:/p"),
            ("file:///p", "file:///p"),
            ("file://", "file:"),
            ("//example.com/x", "//example.com/x"),
            ("///x", "///x"),
            ("a/b:c", "a/b:c"),
            ("./a:b", "./a:b"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(told(text), want, "{text:?}");
        }
    }

    #[test]
    fn errors() {
        for (text, want) in [
            ("http://x\ty", "net/url: invalid control character in URL"),
            ("http://x\u{7f}", "net/url: invalid control character in URL"),
            (":x", "missing protocol scheme"),
            ("1x:y", "first path segment in URL cannot contain colon"),
            ("example.com:80", ""),
            ("10.0.0.1:80", "first path segment in URL cannot contain colon"),
            ("http://a b@x", "net/url: invalid userinfo"),
            ("http://a%zz@x", "invalid URL escape \"%zz\""),
            ("http://x/%4", "invalid URL escape \"%4\""),
            ("http://x/%é", "invalid URL escape \"%é\""),
            ("http://x/#%zz", "invalid URL escape \"%zz\""),
            ("http://%41", "invalid URL escape \"%41\""),
            ("http://a b", "invalid character \" \" in host name"),
            ("http://a\\b", "invalid character \"\\\\\" in host name"),
            ("http://x:y", "invalid port \":y\" after host"),
            ("http://x:1:2", "invalid port \":1:2\" after host"),
            ("http://[::1]x", "invalid port \"x\" after host"),
            ("http://[::1", "missing ']' in host"),
            ("http://x[::1]", "invalid IP-literal"),
            ("http://[10.0.0.1]", "invalid IP-literal"),
            ("http://[x]", "invalid host: ParseAddr(\"x\"): unable to parse IP"),
        ] {
            match want {
                "" => assert_eq!(told(text), text),
                _ => assert_eq!(told(text), format!("error: {want}"), "{text:?}"),
            }
        }
    }

    #[test]
    fn errors_hide_passwords() {
        for (text, want) in [
            (
                "https://me:se/cret@x",
                r#"parse "https://me:xxxxx@x": invalid port ":xxxxx" after host"#,
            ),
            ("https://me:se cret@x", r#"parse "https://me:xxxxx@x": net/url: invalid userinfo"#),
            ("https://me:secret@[x", r#"parse "https://me:xxxxx@[x": missing ']' in host"#),
        ] {
            assert_eq!(GoUrl::parse(text).unwrap_err().to_string(), want);
        }
        assert_eq!(mask_password("me:se:c@ret@x:1/y"), "me:xxxxx@x:1/y");
        assert_eq!(mask_password("https://token@x:1"), "https://xxxxx@x:1");
        assert_eq!(mask_password("https://x:1/y"), "https://x:1/y");
        assert_eq!(mask_password("https://token@x:1@y"), "https://xxxxx@y");
        assert_eq!(mask_password("//me:secret@x://y@z"), "//me:xxxxx@z");
    }

    #[test]
    fn for_the_http_library() {
        let request = |text: &str| GoUrl::parse(text).unwrap().to_request();
        let url = request("https://me:pw@example.com/a%2fb?c").unwrap();
        assert_eq!(url.secret().as_str(), "https://me:pw@example.com/a%2fb?c");
        assert_eq!(format!("{url} {url:?}").matches("pw").count(), 0);
        assert_eq!(request("file:///p").unwrap().secret().path(), "/p");
        // The library would make something else of these.
        for text in ["http:///example.com/x", "http:x/y", "x"] {
            let err = request(text).unwrap_err().to_string();
            assert!(err.ends_with(": http: no Host in request URL"), "{err}");
        }
    }

    #[test]
    fn forms() {
        let is_path = |text: &str| GoUrl::parse(text).unwrap().is_bare_path();
        assert!(is_path("file:///p/%70") && is_path("file://"));
        for text in ["file:/p", "file://h/p", "file:///p?", "file:///p#x", "file:p"] {
            assert!(!is_path(text), "{text}");
        }
        let is_name = |text: &str| GoUrl::parse(text).unwrap().is_plain_name();
        assert!(is_name("https://example.com:80/a/b"));
        for text in ["https://u@x", "https:///x", "https://x/%41", "https://x/ü", "https://x?"] {
            assert!(!is_name(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_the_same(text in "(https?|file|x)?:?(//)?([a-z]:?[a-z@]*@)?[a-z.\\[\\]:0-9%]*/?[ -~é]{0,9}|.*") {
            if let Ok(url) = GoUrl::parse(&text) {
                let shown = GoUrl::parse(&url.to_string());
                prop_assert_eq!(shown.map(|url| url.to_string()), Ok(url.to_string()));
            }
        }

        #[test]
        fn passwords_never_show(password in "[a-z]{9}", host in "[a-z.:\\[ ]{0,6}") {
            let text = format!("https://me:{password}@{host}");
            let url = GoUrl::parse(&text);
            let debug = format!("{url:?}");
            prop_assert!(!debug.contains(&password), "{}", debug);
            if let Ok(url) = url {
                prop_assert!(!url.dump().contains(&password));
            }
        }
    }
}
