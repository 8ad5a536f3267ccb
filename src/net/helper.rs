//! Programs that know credentials: the commands of GOAUTH, and git's credential helpers.
//!
//! Implements what `go help goauth` says of `command` and `git dir`. A command prints sets of
//! credentials, which are headers of requests and the URLs that they are for:
//!
//! ```text
//! https://example.com
//! https://example.net/api/
//!
//! Authorization: Basic <token>
//!
//! ```
//!
//! After an answer with a 4xx status it is run again, with the URL as its last argument, and reads the
//! answer's status line and headers.
//!
//! Errors are go's texts; they are told with `-x` alone, and hold nothing that a program printed as a
//! credential.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::sys::program::{Output, Program, ProgramError, find};

/// How long a program may print nothing: it may ask a person first.
const STALL: Duration = Duration::from_secs(300);
/// The most that a program may print.
const MAX_OUTPUT: u64 = 1 << 20;
/// Headers that say how a message is sent, or what of a file is wanted, and so are not for others to set.
const OURS: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-match",
    "if-none-match",
    "if-range",
    "keep-alive",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How the programs are started.
#[derive(Clone, Default)]
pub struct Helpers {
    /// PATH.
    pub path: OsString,
    /// Variables that are set for them.
    pub env: Vec<(OsString, OsString)>,
}

/// An answer with a 4xx status, as a command is told of it.
pub struct Refusal {
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: &'static str,
    /// The status line, such as `401 Unauthorized`.
    pub status: String,
    /// The headers.
    pub headers: HeaderMap,
}

/// What git's helpers filled in.
pub struct Fill {
    /// The URL that it is for, and everything below it.
    pub prefix: Url,
    /// The header.
    pub headers: HeaderMap,
    dir: PathBuf,
    /// What is told to the helpers again once it is known whether it was right.
    said: Vec<u8>,
}

impl Helpers {
    /// Runs a command, given as typed and taken apart. `about` is the URL that was refused, and the
    /// refusal. Gives headers and the URLs that they are for, which are checked by `check`.
    ///
    /// # Errors
    /// go's text.
    pub async fn command(
        &self,
        command: &str,
        words: &[String],
        about: Option<(&Url, &Refusal)>,
        check: fn(&str) -> Result<(), String>,
    ) -> Result<Vec<(String, HeaderMap)>, String> {
        let failed = |why: String, stderr: &str| {
            format!("could not run command {command}: {why}\n{stderr}").trim_end().to_owned()
        };
        let mut words = words.iter();
        let name = words.next().map(String::as_str).unwrap_or_default();
        let program = find(name, &self.path).map_err(|err| failed(err.to_string(), ""))?;
        let mut program = self.program(program);
        program.args(words);
        if let Some((url, refusal)) = about {
            program.arg(url.as_str()).stdin(refusal.text());
        }
        let output = program.output().await.map_err(|err| failed(err.to_string(), ""))?;
        if !output.status.is_success() {
            return Err(failed(output.status.to_string(), &output.stderr));
        }
        parse(&String::from_utf8_lossy(&output.stdout), check)
            .map_err(|why| format!("cannot parse output of GOAUTH command {command}: {why}"))
    }

    /// Asks git's helpers, as they are set up in `dir`, for credentials for a URL.
    ///
    /// # Errors
    /// go's text.
    pub async fn fill(&self, dir: &Path, url: &Url) -> Result<Fill, String> {
        let failed = |why: String, stderr: &str| {
            let text = format!("'git credential fill' failed (url={url}): {why}\n{stderr}");
            text.trim_end().to_owned()
        };
        let said = format!("url={url}\n").into_bytes();
        let output = self.git(dir, "fill", said).await;
        let output = output.map_err(|err| failed(err.to_string(), ""))?;
        if !output.status.is_success() {
            return Err(failed(output.status.to_string(), &output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let filled = Filled::parse(&text);
        let (Some(shown), Some(headers)) = (filled.prefix(), filled.headers()) else {
            return Err(format!("'git credential fill' failed for url={url}, could not parse url"));
        };
        match Url::parse(&shown) {
            Ok(prefix) if is_below(url.as_str(), &shown) => {
                Ok(Fill { prefix, headers, dir: dir.to_owned(), said: output.stdout.clone() })
            }
            _ => Err(format!(
                "requested a credential for {url}, but 'git credential fill' provided one for {shown}"
            )),
        }
    }

    /// Tells git's helpers whether what they filled in was right. That they can't be told is no error.
    pub async fn settle(&self, fill: &Fill, was_right: bool) {
        let action = if was_right { "approve" } else { "reject" };
        let _ = self.git(&fill.dir, action, fill.said.clone()).await;
    }

    async fn git(&self, dir: &Path, action: &str, said: Vec<u8>) -> Result<Output, ProgramError> {
        let mut program = self.program(find("git", &self.path)?);
        program.args(["credential", action]).dir(dir).stdin(said);
        program.output().await
    }

    fn program(&self, path: PathBuf) -> Program {
        let mut program = Program::new(path);
        program.stall(STALL).limit(MAX_OUTPUT).interactive();
        for (name, value) in &self.env {
            program.set(name, value);
        }
        program
    }
}

impl Refusal {
    /// What a command reads.
    fn text(&self) -> Vec<u8> {
        let mut text = format!("{} {}\n", self.protocol, self.status).into_bytes();
        for name in self.headers.keys() {
            text.extend_from_slice(canonical(name).as_bytes());
            for (number, value) in self.headers.get_all(name).iter().enumerate() {
                text.extend_from_slice(if number == 0 { b": " } else { b", " });
                text.extend_from_slice(value.as_bytes());
            }
            text.push(b'\n');
        }
        text.push(b'\n');
        text
    }
}

/// The name of a header as Go writes it: `Www-Authenticate`.
fn canonical(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<String>>().join("-")
}

/// The header for user name and password; none if they don't fit one.
pub fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    use base64::Engine as _;
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether `url` is what `prefix` says, or below it.
fn is_below(url: &str, prefix: &str) -> bool {
    let rest = url.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

/// What a command printed: each URL with its headers.
fn parse(
    mut text: &str,
    check: fn(&str) -> Result<(), String>,
) -> Result<Vec<(String, HeaderMap)>, String> {
    let mut found = Vec::new();
    while !text.is_empty() {
        let mut urls = Vec::new();
        while let Some(line) = line_of_block(&mut text, "URLs")? {
            check(line).map_err(|why| {
                // Headers in its place are secret.
                let shown = if line.starts_with("http") { line } else { "xxxxx" };
                let why = if shown == line { why.as_str() } else { "invalid URI for request" };
                format!("could not parse URL {shown}: {why}")
            })?;
            urls.push(line.to_owned());
        }
        let mut headers = HeaderMap::new();
        while let Some(line) = line_of_block(&mut text, "headers")? {
            let header = line.split_once(": ").and_then(|(name, value)| {
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                let mut value = HeaderValue::from_bytes(value.trim().as_bytes()).ok()?;
                value.set_sensitive(true);
                Some((name, value))
            });
            let (name, value) = header.ok_or("invalid format: invalid header line")?;
            if !OURS.contains(&name.as_str()) {
                // A map of headers has a limit of its own.
                headers.try_append(name, value).map_err(|err| err.to_string())?;
            }
        }
        found.extend(urls.into_iter().map(|url| (url, headers.clone())));
    }
    Ok(found)
}

/// The next line, `None` for the empty one that ends a block and must be there.
fn line_of_block<'t>(text: &mut &'t str, what: &str) -> Result<Option<&'t str>, String> {
    let cut = text.split_once('\n');
    let (line, rest) =
        cut.ok_or_else(|| format!("invalid format: missing empty line after {what}"))?;
    *text = rest;
    Ok(Some(line).filter(|line| !line.is_empty()))
}

/// What git's helpers print.
#[derive(Default)]
struct Filled<'t> {
    protocol: &'t str,
    host: &'t str,
    path: &'t str,
    url: Option<&'t str>,
    user: &'t str,
    password: &'t str,
}

impl<'t> Filled<'t> {
    fn parse(text: &'t str) -> Filled<'t> {
        let mut filled = Filled::default();
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            match key {
                "protocol" => filled.protocol = value,
                "host" => filled.host = value,
                "path" => filled.path = value,
                "username" => filled.user = value,
                "password" => filled.password = value,
                // What is none changes nothing.
                "url" if Url::parse(value).is_ok() => filled.url = Some(value),
                _ => {}
            }
        }
        filled
    }

    /// What the credentials are for, with everything below it.
    fn prefix(&self) -> Option<String> {
        if let Some(url) = self.url {
            return Some(url.to_owned());
        }
        if self.protocol.is_empty() || self.host.is_empty() {
            return None;
        }
        let slash = if self.path.is_empty() || self.path.starts_with('/') { "" } else { "/" };
        Some(format!("{}://{}{slash}{}", self.protocol, self.host, self.path))
    }

    fn headers(&self) -> Option<HeaderMap> {
        Some(HeaderMap::from_iter([(AUTHORIZATION, basic(self.user, self.password)?)]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any(_: &str) -> Result<(), String> {
        Ok(())
    }

    fn https(url: &str) -> Result<(), String> {
        if url.starts_with("https://") { Ok(()) } else { Err("bad".to_owned()) }
    }

    /// Each URL, and its headers as text.
    fn told(text: &str) -> Result<Vec<String>, String> {
        let sets = parse(text, https)?;
        let shown = sets.iter().map(|(url, headers)| {
            let headers = headers.iter().map(|(name, value)| {
                format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))
            });
            format!("{url} {}", headers.collect::<Vec<_>>().join(","))
        });
        Ok(shown.collect())
    }

    #[test]
    fn what_commands_print() {
        for (text, want) in [
            ("", &[][..]),
            ("https://a.example\n\nA: x\n\n", &["https://a.example a=x"]),
            (
                "https://a.example\nhttps://b.example/c/\n\nA: x\nA:  y \nB: z\n\nhttps://d.example\n\n\n",
                &[
                    "https://a.example a=x,a=y,b=z",
                    "https://b.example/c/ a=x,a=y,b=z",
                    "https://d.example ",
                ],
            ),
            (
                "https://a.example\n\nHost: b.example\nRange: 1\nA: x\n\n",
                &["https://a.example a=x"],
            ),
            ("\nA: x\n\n", &[]),
        ] {
            assert_eq!(told(text).unwrap(), want, "{text:?}");
        }
        for (text, want) in [
            ("https://a.example", "invalid format: missing empty line after URLs"),
            ("https://a.example\n\nA: x\n", "invalid format: missing empty line after headers"),
            ("https://a.example\n\nA:x\n\n", "invalid format: invalid header line"),
            ("https://a.example\n\nA b: x\n\n", "invalid format: invalid header line"),
            ("https://a.example\n\nA: \x01\n\n", "invalid format: invalid header line"),
            ("Authorization: secret\n\n", "could not parse URL xxxxx: invalid URI for request"),
            ("http://a.example\n\n", "could not parse URL http://a.example: bad"),
        ] {
            assert_eq!(told(text).unwrap_err(), want, "{text:?}");
        }
    }

    #[test]
    fn what_commands_are_told() {
        let mut headers = HeaderMap::new();
        headers.append("www-authenticate", HeaderValue::from_static("Basic"));
        headers.append("www-authenticate", HeaderValue::from_static("Bearer"));
        headers.append("x", HeaderValue::from_static("y"));
        let refusal = Refusal { protocol: "HTTP/2.0", status: "401 Unauthorized".into(), headers };
        let text = String::from_utf8(refusal.text()).unwrap();
        assert_eq!(text, "HTTP/2.0 401 Unauthorized\nWww-Authenticate: Basic, Bearer\nX: y\n\n");
    }

    #[test]
    fn what_git_fills_in() {
        for (text, want) in [
            ("protocol=https\nhost=a.example\nusername=u\npassword=p\n", Some("https://a.example")),
            ("protocol=https\nhost=a.example\npath=x/y\n", Some("https://a.example/x/y")),
            ("url=https://b.example/z\n", Some("https://b.example/z")),
            ("protocol=https\nhost=a.example\nurl=:bad\n", Some("https://a.example")),
            ("host=a.example\n", None),
            ("x\n=\n", None),
        ] {
            let filled = Filled::parse(text);
            assert_eq!(filled.prefix().as_deref(), want, "{text:?}");
        }
        let filled = Filled::parse(" username=ann\npassword=sec=ret\n");
        assert_eq!((filled.user, filled.password), ("ann", "sec=ret"));
        assert_eq!(filled.headers().unwrap()[AUTHORIZATION], basic("ann", "sec=ret").unwrap());
    }

    #[test]
    fn a_prefix_ends_where_a_name_ends() {
        assert!(is_below("https://a.example/x", "https://a.example"));
        assert!(is_below("https://a.example/x", "https://a.example/"));
        assert!(!is_below("https://a.example.org/x", "https://a.example"));
        assert!(!is_below("https://b.example/x", "https://a.example"));
    }

    proptest! {
        #[test]
        fn any_output_is_read(text in "((https://a|A: b|[a-z: ]{0,3})\n|\n){0,8}|.{0,40}") {
            if let Ok(sets) = parse(&text, any) {
                prop_assert!(sets.iter().all(|(url, _)| text.contains(url.as_str())));
            }
            let _ = Filled::parse(&text).prefix();
        }
    }
}
