//! Which credentials a request is sent with, and where they come from.
//!
//! Implements GOAUTH as `go help goauth` describes it. Credentials are for https alone. Those in the URL
//! itself come first. All others are headers that are known for a URL and everything below it, and the
//! longest such URL counts; for the same URL, the first of GOAUTH's entries.
//!
//! | entry     | asked before the first request  | asked after a 4xx answer               |
//! |-----------|---------------------------------|----------------------------------------|
//! | `netrc`   | yes, and then it is known       | has nothing to add                     |
//! | `git dir` | no                              | with the URL ([`Helpers::fill`])       |
//! | command   | yes                             | with the URL, and the answer to read   |
//!
//! After such an answer the request is sent once more, so that a token that has expired is renewed. Of
//! many requests that are refused at the same time one has the programs run, and the others take what they said; only
//! one for which that doesn't do has them run for itself, and each request has them run once.
//!
//! They are for the place that they were given for: a redirect to another host or port gets none, and one on
//! the same host what is known for its own path.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::lock::Mutex as Turn;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use url::Url;

use crate::event::{Event, Observer};
use crate::net::error::NetError;
use crate::net::helper::{Fill, Helpers, Refusal, basic};
use crate::net::url::SafeUrl;
use crate::sys::once::OnceMap;

/// How many programs may be running at once for URLs that were not found, each of which needs its own run.
const TURNS: usize = 4;

/// GOAUTH, taken apart.
#[derive(Clone)]
pub struct AuthSettings {
    /// The entries; go's text if they can't be understood.
    pub methods: Result<Vec<Method>, String>,
    /// How programs are started.
    pub helpers: Helpers,
    /// Checks a URL that a command printed.
    pub check_url: fn(&str) -> Result<(), String>,
}

/// An entry of GOAUTH.
#[derive(Clone)]
pub enum Method {
    /// netrc.
    Netrc(Netrc),
    /// git's helpers, as they are set up in this directory.
    Git(PathBuf),
    /// A command.
    Command {
        /// As typed.
        text: String,
        /// Program and arguments; an error text if it can't be taken apart.
        words: Result<Vec<String>, String>,
    },
}

/// Reads netrc; an error text if it can't be read.
pub type Netrc = Arc<dyn Fn() -> Result<Vec<Login>, String> + Send + Sync>;

/// An entry of netrc.
#[derive(Clone)]
pub struct Login {
    /// The host, perhaps with port and path.
    pub machine: String,
    /// The user name.
    pub login: String,
    /// The password.
    pub password: String,
}

/// All credentials that are known in one run.
pub struct Credentials {
    settings: AuthSettings,
    observer: Arc<dyn Observer>,
    known: Mutex<HashMap<String, Arc<HeaderMap>>>,
    first: OnceMap<(), Result<(), NetError>>,
    turns: [Turn<()>; TURNS],
}

/// What a request is sent with.
#[derive(Clone, Default)]
pub struct Pass {
    headers: Option<Arc<HeaderMap>>,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing was asked about this URL yet.
    #[default]
    Fresh,
    /// What was asked about another URL may do for this one.
    Shared,
    /// Nobody is to be asked: the URL itself says it, GOAUTH was asked about it, or it is not https.
    Final,
}

/// What there is to try after a refusal.
pub struct Renewal {
    /// What the request is sent with.
    pub pass: Pass,
    /// What git filled in for it, to be settled.
    pub fills: Vec<Fill>,
}

impl Pass {
    /// The headers.
    pub fn headers(&self) -> HeaderMap {
        self.headers.as_deref().cloned().unwrap_or_default()
    }

    /// Those of the URL itself.
    fn own(url: &SafeUrl) -> Result<Option<Pass>, NetError> {
        let Some((user, password)) = url.credentials() else { return Ok(None) };
        let value = basic(&user, &password)
            .ok_or_else(|| NetError::Refused(format!("malformed credentials for {url}")))?;
        let headers = Some(Arc::new(HeaderMap::from_iter([(AUTHORIZATION, value)])));
        Ok(Some(Pass { headers, state: State::Final }))
    }

    fn none() -> Pass {
        Pass { headers: None, state: State::Final }
    }
}

impl Credentials {
    /// Nothing is asked yet; `observer` is told what goes wrong.
    pub fn new(settings: AuthSettings, observer: Arc<dyn Observer>) -> Credentials {
        Credentials {
            settings,
            observer,
            known: Mutex::default(),
            first: OnceMap::default(),
            turns: Default::default(),
        }
    }

    /// What the first request for a URL is sent with.
    ///
    /// # Errors
    /// When the URL has credentials and is not https, or GOAUTH can't be understood.
    pub async fn first(&self, url: &SafeUrl) -> Result<Pass, NetError> {
        let own = Pass::own(url)?;
        if url.scheme() != "https" {
            return match own {
                None => Ok(Pass::none()),
                Some(_) => Err(NetError::Refused(format!(
                    "refusing to pass credentials to insecure URL: {url}"
                ))),
            };
        }
        self.first.get_or(&(), || async { self.ask_all(None).await.map(drop) }).await?;
        Ok(own.unwrap_or_else(|| self.known(url.secret())))
    }

    /// What to send a request with that was refused, if there is anything left to be tried.
    ///
    /// # Errors
    /// When GOAUTH names a directory that is none.
    pub async fn again(
        &self,
        url: &SafeUrl,
        pass: &Pass,
        code: u16,
        refusal: impl FnOnce() -> Refusal,
    ) -> Result<Option<Renewal>, NetError> {
        // Those two say that a condition of ours did not hold.
        let is_refusal = (400..500).contains(&code) && !matches!(code, 412 | 416);
        if pass.state == State::Final || !is_refusal || !self.has_programs() {
            return Ok(None);
        }
        let turn = match code {
            404 | 410 => {
                let mut hasher = DefaultHasher::new();
                url.hash(&mut hasher);
                usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0)
            }
            _ => 0,
        };
        let Some(turn) = self.turns.get(turn) else { return Ok(None) };
        let _turn = turn.lock().await;
        if pass.state == State::Fresh {
            let Pass { headers, .. } = self.known(url.secret());
            if headers != pass.headers {
                let pass = Pass { headers, state: State::Shared };
                return Ok(Some(Renewal { pass, fills: Vec::new() }));
            }
        }
        let fills = self.ask_all(Some((url, &refusal()))).await?;
        let pass = Pass { state: State::Final, ..self.known(url.secret()) };
        Ok(Some(Renewal { pass, fills }))
    }

    /// What a request is sent on with when it is redirected from `from` to `to`.
    ///
    /// # Errors
    /// When the address has credentials that fit no header.
    pub fn redirected(&self, pass: &Pass, from: &SafeUrl, to: &SafeUrl) -> Result<Pass, NetError> {
        if from.scheme() != "https" {
            return Ok(Pass::none());
        }
        if let Some(own) = Pass::own(to)? {
            return Ok(own);
        }
        Ok(match from.secret().origin() == to.secret().origin() {
            true if from.credentials().is_some() => pass.clone(),
            true => self.known(to.secret()),
            false => Pass::none(),
        })
    }

    /// Tells git's helpers whether what they filled in was right.
    pub async fn settle(&self, fill: &Fill, was_right: bool) {
        self.settings.helpers.settle(fill, was_right).await;
    }

    fn methods(&self) -> Result<&[Method], NetError> {
        self.settings.methods.as_deref().map_err(|text| NetError::Refused(text.clone()))
    }

    fn has_programs(&self) -> bool {
        let methods = self.methods().unwrap_or_default();
        methods.iter().any(|method| !matches!(method, Method::Netrc(_)))
    }

    /// Has every entry say what it knows, the last one first, so that the first one has the last word.
    async fn ask_all(&self, about: Option<(&SafeUrl, &Refusal)>) -> Result<Vec<Fill>, NetError> {
        let (mut fills, mut errors) = (Vec::new(), Vec::new());
        let helpers = &self.settings.helpers;
        for method in self.methods()?.iter().rev() {
            match method {
                Method::Netrc(read) => match read() {
                    Ok(logins) => logins.iter().rev().for_each(|login| self.keep_login(login)),
                    Err(err) => errors.push(format!("GOAUTH=netrc: {err}")),
                },
                Method::Git(dir) => {
                    check_dir(dir)?;
                    let Some((url, _)) = about else { continue };
                    match helpers.fill(dir, url.secret()).await {
                        Ok(fill) => {
                            self.keep(fill.prefix.as_str(), fill.headers.clone());
                            fills.push(fill);
                        }
                        Err(err) => errors.push(format!("GOAUTH=git {}: {err}", dir.display())),
                    }
                }
                Method::Command { text, words } => {
                    let about = about.map(|(url, refusal)| (url.secret(), refusal));
                    let said = match words {
                        Ok(words) => {
                            helpers.command(text, words, about, self.settings.check_url).await
                        }
                        Err(err) => Err(err.clone()),
                    };
                    match said {
                        Ok(sets) => sets.into_iter().for_each(|(url, set)| self.keep(&url, set)),
                        Err(err) => errors.push(format!("GOAUTH={text}: {err}")),
                    }
                }
            }
        }
        if let Some((url, _)) = about
            && !errors.is_empty()
            && self.known(url.secret()).headers.is_none()
        {
            let mut text = format!("GOAUTH encountered errors for {url}:");
            errors.iter().for_each(|err| text.push_str(&format!("\n  {err}")));
            self.observer.event(&Event::Trace(text));
        }
        Ok(fills)
    }

    fn keep_login(&self, Login { machine, login, password }: &Login) {
        if let Some(value) = basic(login, password) {
            self.keep(machine, HeaderMap::from_iter([(AUTHORIZATION, value)]));
        }
    }

    /// Keeps headers for a URL and everything below it; none take away what was known.
    fn keep(&self, prefix: &str, headers: HeaderMap) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match headers.is_empty() {
            true => drop(known.remove(bare(prefix))),
            false => drop(known.insert(bare(prefix).to_owned(), Arc::new(headers))),
        }
    }

    /// What is known for the URL or, next, the longest that it is below of.
    fn known(&self, url: &Url) -> Pass {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut prefix = Some(bare(url.as_str()));
        while let Some(place) = prefix {
            if let Some(headers) = known.get(place) {
                return Pass { headers: Some(Arc::clone(headers)), state: State::Fresh };
            }
            prefix = place.rsplit_once('/').map(|(above, _)| above);
        }
        Pass::default()
    }
}

/// A URL as netrc names it, without its scheme and without a slash at its end.
fn bare(url: &str) -> &str {
    let url = url.strip_prefix("https://").unwrap_or(url);
    url.strip_suffix('/').unwrap_or(url)
}

/// Checks the directory of `git dir`.
fn check_dir(dir: &std::path::Path) -> Result<(), NetError> {
    let shown = dir.display();
    let text = match std::fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => {
            "GOAUTH=git dir method requires an absolute path to the git working directory, dir is \
                  not a directory"
                .to_owned()
        }
        Err(err) => {
            let reason = crate::sys::error::reason(&err);
            format!("GOAUTH=git encountered an error; cannot stat {shown}: stat {shown}: {reason}")
        }
    };
    Err(NetError::Refused(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Silent;

    fn credentials(methods: Vec<Method>) -> Credentials {
        let settings = AuthSettings {
            methods: Ok(methods),
            helpers: Helpers { path: "/usr/bin:/bin".into(), env: Vec::new() },
            check_url: |_| Ok(()),
        };
        Credentials::new(settings, Arc::new(Silent))
    }

    fn netrc(machines: &'static [&'static str]) -> Method {
        let login = |machine: &&str| Login {
            machine: (*machine).to_owned(),
            login: (*machine).to_owned(),
            password: "p".to_owned(),
        };
        Method::Netrc(Arc::new(move || Ok(machines.iter().map(login).collect())))
    }

    fn command(script: &str) -> Method {
        let words = ["/bin/sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        Method::Command { text: script.to_owned(), words: Ok(words) }
    }

    fn safe(url: &str) -> SafeUrl {
        SafeUrl::new(Url::parse(url).unwrap())
    }

    fn refused() -> Refusal {
        let status = "401 Unauthorized".to_owned();
        Refusal { protocol: "HTTP/1.1", status, headers: HeaderMap::new() }
    }

    /// The user name in basic authentication, or any other header as it is.
    fn user(pass: &Pass) -> Option<String> {
        use base64::Engine as _;
        let headers = pass.headers();
        let value = headers.values().next()?.to_str().unwrap();
        let Some(token) = value.strip_prefix("Basic ") else { return Some(value.to_owned()) };
        let token = base64::engine::general_purpose::STANDARD.decode(token).unwrap();
        let token = String::from_utf8(token).unwrap();
        Some(token.rsplit_once(':').unwrap().0.to_owned())
    }

    #[tokio::test]
    async fn the_longest_url_counts() {
        let machines =
            &["a.example", "a.example", "a.example/x/y", "a.example:8443", "https://b.example/"];
        let credentials = credentials(vec![netrc(machines)]);
        for (url, want) in [
            ("https://a.example", Some("a.example")),
            ("https://a.example/x", Some("a.example")),
            ("https://a.example/x/y/z", Some("a.example/x/y")),
            ("https://a.example/x/yy", Some("a.example")),
            ("https://a.example:8443/x", Some("a.example:8443")),
            ("https://a.example:8444/x", None),
            ("https://b.example/x", Some("https://b.example/")),
            ("https://c.example/?/../a.example", None),
            ("https://sub.a.example/x", None),
            ("http://a.example/x", None),
            ("https://ann:secret@a.example/x", Some("ann")),
        ] {
            let pass = credentials.first(&safe(url)).await.unwrap();
            assert_eq!(user(&pass).as_deref(), want, "{url}");
            // netrc has nothing to add.
            assert!(credentials.again(&safe(url), &pass, 401, refused).await.unwrap().is_none());
        }
        let err = credentials.first(&safe("http://ann:secret@a.example")).await.err().unwrap();
        let want = "refusing to pass credentials to insecure URL: http://ann:xxxxx@a.example";
        assert_eq!(err.to_string(), want);
    }

    #[tokio::test]
    async fn redirects_get_what_is_theirs() {
        let credentials = credentials(vec![netrc(&["a.example/x", "a.example/y", "b.example"])]);
        for (from, to, want) in [
            ("https://a.example/x", "https://a.example/x/z", Some("a.example/x")),
            ("https://a.example/x", "https://a.example/y/z", Some("a.example/y")),
            ("https://a.example/x", "https://a.example/z", None),
            ("https://a.example/x", "https://b.example/z", None),
            ("https://a.example/x", "https://a.example:8443/x", None),
            ("https://a.example/x", "https://ann:p@b.example/z", Some("ann")),
            ("https://ann:p@a.example/x", "https://a.example/z", Some("ann")),
            ("https://ann:p@a.example/x", "https://b.example/z", None),
            ("http://a.example/x", "https://a.example/x", None),
        ] {
            let (from, to) = (safe(from), safe(to));
            let pass = credentials.first(&from).await.unwrap();
            let pass = credentials.redirected(&pass, &from, &to).unwrap();
            assert_eq!(user(&pass).as_deref(), want, "{from} {to}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn earlier_entries_win_and_each_is_asked_again() {
        let counted = "printf 'https://a.example\\n\\nX: one%s\\n\\n' \"$1\"; cat >&2";
        let url = safe("https://a.example/m");
        for (methods, want) in [
            (vec![command(counted), netrc(&["a.example"])], "one"),
            (vec![netrc(&["a.example"]), command(counted)], "a.example"),
            (vec![command("exit 1"), command(counted)], "one"),
            (vec![command("echo garbage"), command(counted)], "one"),
        ] {
            let credentials = credentials(methods);
            let pass = credentials.first(&url).await.unwrap();
            assert_eq!(user(&pass).as_deref(), Some(want));
            let renewal = credentials.again(&url, &pass, 403, refused).await.unwrap().unwrap();
            let renewed = user(&renewal.pass).unwrap();
            let asked = if want == "one" { "onehttps://a.example/m" } else { want };
            assert_eq!(renewed, asked);
            // Once for each request.
            let again = credentials.again(&url, &renewal.pass, 403, refused).await.unwrap();
            assert!(again.is_none());
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_one_request_learnt_others_take() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("runs");
        let script = format!(
            "echo \"$1\" >>{0}; n=$(wc -l <{0}); printf 'https://a.example\\n\\nX: %s\\n\\n' $n",
            file.display()
        );
        let credentials = credentials(vec![command(&script)]);
        let urls: Vec<SafeUrl> =
            (0..20).map(|number| safe(&format!("https://a.example/{number}"))).collect();
        let ask = |url| {
            let credentials = &credentials;
            async move {
                let pass = credentials.first(url).await.unwrap();
                credentials.again(url, &pass, 401, refused).await.unwrap().unwrap().pass
            }
        };
        let passes = futures_util::future::join_all(urls.iter().map(ask)).await;
        // 1 before all requests, 2 for the one that was refused first.
        assert!(passes.iter().all(|pass| user(pass).as_deref() == Some("2")));
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
        // One for which that doesn't do asks for itself.
        let shared = passes.iter().position(|pass| pass.state == State::Shared).unwrap();
        let url = &urls[shared];
        let last = credentials.again(url, &passes[shared], 401, refused).await.unwrap().unwrap();
        assert_eq!(user(&last.pass).as_deref(), Some("3"));
    }

    #[tokio::test]
    async fn answers_that_are_no_refusals() {
        let credentials = credentials(vec![Method::Git(std::env::temp_dir())]);
        let url = safe("https://a.example/m");
        let pass = credentials.first(&url).await.unwrap();
        for code in [200, 302, 412, 416, 500, 503] {
            assert!(credentials.again(&url, &pass, code, refused).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn directories_of_git_must_be_there() {
        let url = safe("https://a.example/m");
        let err = credentials(vec![Method::Git("/nonexistent".into())]).first(&url).await;
        let want = "GOAUTH=git encountered an error; cannot stat /nonexistent: stat /nonexistent: \
                    no such file or directory";
        assert_eq!(err.err().unwrap().to_string(), want);
        let file = tempfile::NamedTempFile::new().unwrap();
        let err = credentials(vec![Method::Git(file.path().to_owned())]).first(&url).await;
        let want = "GOAUTH=git dir method requires an absolute path to the git working directory, \
                    dir is not a directory";
        assert_eq!(err.err().unwrap().to_string(), want);
    }
}
