//! Finding the repository of a module: by its path, or by asking its host.
//!
//! Implements [Finding a repository for a module path](https://go.dev/ref/mod#vcs-find).
//!
//! - Well-known hosts and paths such as `example.com/x.git` need no question ([`sites`]); for the latter
//!   the schemes that the system has are tried out with its own program.
//! - Else `https://PATH?go-get=1` is asked, and where GOINSECURE names the module and that fails,
//!   `http://`. Any status will do as long as the page has a tag. A tag for a shorter prefix is believed
//!   only if the page of that prefix says the same.
//! - Of `launchpad.net`, what the path tells counts where the page tells nothing.
//! - GOVCS must allow the system.
//!
//! Whatever fails here means that there is no such module, as far as this source knows: so go has it.
//!
//! A path is looked up once in a run, and so is the page of a prefix. Of a page, the first
//! [`MAX_PAGE`] bytes are read: the tags stand in its head.

use std::sync::Arc;

use futures_util::StreamExt;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::net::{
    Ask, BoxFuture, NetError, Patience, Piece, Response, SafeUrl, Transport, format_detail,
};
use crate::spec::goimport::sites::{self, Address};
use crate::spec::goimport::{
    self, ChooseError, Site, System, Tag, check_repository, check_subdirectory, page,
};
use crate::spec::quote::quote;
use crate::sys::once::OnceMap;

/// Bytes of a page that are looked at.
pub const MAX_PAGE: usize = 1 << 20;

/// Where modules are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// With the module proxy at this address.
    Proxy(String),
    /// In a repository.
    Repository(Repository),
}

/// A repository, and what part of the module paths stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The system that keeps it.
    pub system: System,
    /// Its address.
    pub url: String,
    /// The module path of [`Repository::subdirectory`].
    pub root: String,
    /// The directory that the root stands for; mostly empty.
    pub subdirectory: String,
}

/// Whether a repository of a system answers at an address.
pub type Ping = Arc<dyn Fn(System, String) -> BoxFuture<'static, bool> + Send + Sync>;
/// Whether a system may be used for a root.
pub type Allows = Arc<dyn Fn(System, &str) -> Result<(), Error> + Send + Sync>;
/// Whether a module may be fetched without a secure connection.
pub type Insecure = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What the user's settings say about it.
#[derive(Clone)]
pub struct Rules {
    /// GOINSECURE.
    pub insecure: Insecure,
    /// GOVCS.
    pub allows: Allows,
    /// GIT_ALLOW_PROTOCOL.
    pub git_protocols: String,
}

/// Finds repositories.
pub struct Discovery {
    transport: Arc<dyn Transport>,
    /// For modules of GOINSECURE: takes any certificate, and follows redirects from https to http.
    insecure_transport: Arc<dyn Transport>,
    rules: Rules,
    ping: Ping,
    places: OnceMap<String, Result<Arc<Place>, Error>>,
    pages: OnceMap<String, Result<Arc<Vec<Tag>>, Error>>,
}

impl Discovery {
    /// Asks over `transport`, or over `insecure_transport` for modules of GOINSECURE.
    pub fn new(
        transport: Arc<dyn Transport>,
        insecure_transport: Arc<dyn Transport>,
        rules: Rules,
        ping: Ping,
    ) -> Discovery {
        let (places, pages) = Default::default();
        Discovery { transport, insecure_transport, rules, ping, places, pages }
    }

    /// Where the module `path` is, which is a valid module path.
    ///
    /// # Errors
    /// In go's words, and of the kind [`ErrorKind::NotFound`].
    pub async fn find(&self, path: &str) -> Result<Arc<Place>, Error> {
        self.places
            .get_or(&path.to_owned(), || async {
                let found = self.look_up(path).await;
                found.map(Arc::new).map_err(|err| err.of_kind(ErrorKind::NotFound))
            })
            .await
    }

    async fn look_up(&self, path: &str) -> Result<Place, Error> {
        let site = sites::find(path).map_err(|err| Error::new(ErrorKind::NotFound, err))?;
        if let Some(site) = site {
            return self.at_site(site, path).await;
        }
        let asked = self.ask(path).await;
        let Err(err) = asked else { return asked };
        if let Some(site) = self.on_launchpad(path).await {
            return self.at_site(site, path).await;
        }
        Err(err.context(&format!("unrecognized import path {}: ", quote(path))))
    }

    async fn at_site(&self, site: Site, path: &str) -> Result<Place, Error> {
        (self.rules.allows)(site.system, &site.root)?;
        let url = match site.repository {
            Address::Url(url) => url,
            Address::WithoutScheme(rest) => self.with_scheme(site.system, &rest, path).await?,
        };
        let subdirectory = String::new();
        Ok(Place::Repository(Repository {
            system: site.system,
            url,
            root: site.root,
            subdirectory,
        }))
    }

    /// The address at which a repository answers.
    async fn with_scheme(&self, system: System, rest: &str, path: &str) -> Result<String, Error> {
        let insecure = (self.rules.insecure)(path);
        for scheme in system.schemes() {
            if !insecure && !system.is_secure(scheme, &self.rules.git_protocols) {
                continue;
            }
            let url = format!("{scheme}://{rest}");
            // Fossil has no command to try an address with.
            if system == System::Fossil || (self.ping)(system, url.clone()).await {
                return Ok(url);
            }
        }
        let what = if insecure { "" } else { "secure " };
        let text = format!("no {what}protocol found for repository");
        Err(Error::message(ErrorKind::NotFound, text))
    }

    async fn on_launchpad(&self, path: &str) -> Option<Site> {
        let (site, other) = sites::launchpad(path)?;
        let Some((probe, other)) = other else { return Some(site) };
        let url = Url::parse(&format!("https://code.launchpad.net{probe}")).ok()?;
        let answer = self.transport.get(&SafeUrl::new(url), Ask::default()).await;
        Some(if answer.is_ok_and(|answer| answer.status == 200) { site } else { other })
    }

    /// What the page of a path tells.
    async fn ask(&self, path: &str) -> Result<Place, Error> {
        let insecure = (self.rules.insecure)(path);
        let short = short_url(path)?;
        let (url, response) = self.get(path, insecure).await.map_err(|err| {
            let before = if insecure { "http/https fetch: " } else { "https fetch: " };
            err.context(before)
        })?;
        let tags = read_tags(&url, response).await.map_err(|err| err.told(path))?;
        let tag = goimport::choose(&tags, path).map_err(|err| {
            let text = match err {
                ChooseError::Multiple(_) => format!("parse {short}: {err}"),
                ChooseError::Mismatch(_) => {
                    format!("parse {url}: no go-import meta tags ({err})")
                }
            };
            Error::message(ErrorKind::NotFound, text)
        })?;
        if tag.prefix != path {
            // Who can put a page below somebody else's must not speak for all of it.
            let prefix_url = short_url(&tag.prefix)?;
            let page = self.page(&tag.prefix, insecure).await?;
            if goimport::choose(&page, path).ok() != Some(tag) {
                let prefix = &tag.prefix;
                return Err(Error::message(
                    ErrorKind::NotFound,
                    format!("{url} and {prefix_url} disagree about go-import for {prefix}"),
                ));
            }
        }
        self.of_tag(tag, &url)
    }

    fn of_tag(&self, tag: &Tag, url: &str) -> Result<Place, Error> {
        let Tag { prefix, vcs, repository, subdirectory } = tag;
        let wrong = |text: String| Error::message(ErrorKind::NotFound, format!("{url}: {text}"));
        check_subdirectory(subdirectory)
            .map_err(|err| wrong(format!("invalid subdirectory {}: {err}", quote(subdirectory))))?;
        check_repository(repository)
            .map_err(|err| wrong(format!("invalid repo root {}: {err}", quote(repository))))?;
        if vcs == "mod" {
            return Ok(Place::Proxy(repository.clone()));
        }
        let system = System::of(vcs).ok_or_else(|| wrong(format!("unknown vcs {}", quote(vcs))))?;
        (self.rules.allows)(system, prefix)?;
        Ok(Place::Repository(Repository {
            system,
            url: repository.clone(),
            root: prefix.clone(),
            subdirectory: subdirectory.clone(),
        }))
    }

    /// The tags of a prefix's page.
    async fn page(&self, prefix: &str, insecure: bool) -> Result<Arc<Vec<Tag>>, Error> {
        let key = prefix.to_owned();
        let page = self.pages.get_or(&key, || async {
            let (url, response) = self
                .get(prefix, insecure)
                .await
                .map_err(|err| err.context(&format!("fetching {prefix}: ")))?;
            let tags = read_tags(&url, response).await.map_err(|err| err.told(&url))?;
            if tags.is_empty() {
                let text = format!("fetching {prefix}: no go-import meta tag found in {url}");
                return Err(Error::message(ErrorKind::NotFound, text));
            }
            Ok(Arc::new(tags))
        });
        page.await
    }

    /// The answer for a path, whatever its status, and the address that gave it, as it is shown.
    async fn get(&self, path: &str, insecure: bool) -> Result<(String, Response), Error> {
        let short = short_url(path)?;
        if !insecure {
            return Ok(get_url(&*self.transport, format!("https:{short}"), Ask::default()).await?);
        }
        let transport = &*self.insecure_transport;
        // There may be no https server at all.
        let once = Ask { patience: Patience::None, ..Ask::default() };
        if let Ok(answer) = get_url(transport, format!("https:{short}"), once).await {
            return Ok(answer);
        }
        Ok(get_url(transport, format!("http:{short}"), Ask::default()).await?)
    }
}

async fn get_url(
    transport: &dyn Transport,
    shown: String,
    ask: Ask,
) -> Result<(String, Response), NetError> {
    let url = Url::parse(&shown).map_err(|err| NetError::Refused(format!("{shown}: {err}")))?;
    match transport.get(&SafeUrl::new(url), ask).await {
        Ok(response) => Ok((shown, response)),
        Err(err) => Err(shown_as(err, shown)),
    }
}

/// Addresses are shown without their query, which is known to be no secret here.
fn shown_as(err: NetError, shown: String) -> NetError {
    match err {
        NetError::Request { text, cause, .. } => NetError::Request { url: shown, text, cause },
        NetError::Tried { error, tried } => {
            NetError::Tried { error: Box::new(shown_as(*error, shown)), tried }
        }
        err => err,
    }
}

/// The address of a path's page without its scheme, as go shows it.
fn short_url(path: &str) -> Result<String, Error> {
    let (host, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    if !host.contains('.') {
        let text = "import path does not begin with hostname";
        return Err(Error::message(ErrorKind::NotFound, text));
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    Ok(format!("//{host}{rest}?go-get=1"))
}

/// Why a page told nothing.
enum PageFailure {
    /// The answer was an error.
    Status(NetError),
    /// The page can't be read.
    Page(String),
}

impl PageFailure {
    /// `what` is what go says that it parsed.
    fn told(self, what: &str) -> Error {
        match self {
            PageFailure::Status(err) => err.into(),
            PageFailure::Page(text) => {
                Error::message(ErrorKind::NotFound, format!("parsing {what}: {text}"))
            }
        }
    }
}

/// The tags of an answer. What the server says went wrong comes before what is wrong with its page.
async fn read_tags(url: &str, mut response: Response) -> Result<Vec<Tag>, PageFailure> {
    let mut data = Vec::new();
    let mut broken = None;
    while data.len() < MAX_PAGE {
        match response.body.next().await {
            Some(Ok(Piece::Data(piece))) => data.extend_from_slice(&piece),
            Some(Ok(Piece::Restart)) => data.clear(),
            Some(Ok(Piece::Spliced)) => {}
            Some(Err(err)) => {
                broken = Some(err.to_string());
                break;
            }
            None => break,
        }
    }
    data.truncate(MAX_PAGE);
    let tags = page::tags(&data);
    if tags.as_ref().is_ok_and(|tags| !tags.is_empty()) {
        return tags.map_err(|err| PageFailure::Page(err.to_string()));
    }
    if response.status != 200 {
        let detail = match &*response.media_type {
            "text/plain" => format_detail(&data),
            _ => String::new(),
        };
        let (code, text) = (response.status, response.status_text);
        return Err(PageFailure::Status(NetError::Status {
            url: url.to_owned(),
            code,
            text,
            detail,
        }));
    }
    if let Some(text) = broken {
        return Err(PageFailure::Page(text));
    }
    tags.map_err(|err| PageFailure::Page(err.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use bytes::Bytes;

    use super::*;
    use crate::net::error::RequestCause;

    /// Pages by address, and what was asked for.
    #[derive(Default)]
    struct Pages {
        pages: HashMap<String, (u16, String)>,
        asked: Mutex<Vec<String>>,
    }

    impl Transport for Pages {
        fn get<'a>(
            &'a self,
            url: &'a SafeUrl,
            _: Ask,
        ) -> BoxFuture<'a, Result<Response, NetError>> {
            Box::pin(async move {
                let asked = url.secret().to_string();
                self.asked.lock().unwrap().push(asked.clone());
                let Some((status, page)) = self.pages.get(&asked) else {
                    let text = "dial tcp: refused".to_owned();
                    let cause = RequestCause::Connect;
                    return Err(NetError::Request { url: url.to_string(), text, cause });
                };
                let page = Bytes::from(page.clone());
                Ok(Response {
                    url: url.clone(),
                    status: *status,
                    status_text: format!("{status} Whatever"),
                    media_type: "text/plain".into(),
                    length: None,
                    extra: crate::net::Extra::default(),
                    tried: None,
                    body: Box::pin(futures_util::stream::iter([Ok(Piece::Data(page))])),
                })
            })
        }

        fn length<'a>(
            &'a self,
            _: &'a SafeUrl,
            _: Ask,
        ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
            Box::pin(async { Ok(None) })
        }
    }

    fn tag(content: &str) -> String {
        format!("<html><head><meta name=\"go-import\" content=\"{content}\"></head>")
    }

    fn discovery(pages: &[(&str, u16, String)]) -> (Discovery, Arc<Pages>) {
        let pages =
            pages.iter().map(|(url, status, page)| ((*url).to_owned(), (*status, page.clone())));
        let pages = Arc::new(Pages { pages: pages.collect(), asked: Mutex::default() });
        let rules = Rules {
            insecure: Arc::new(|path| path.starts_with("insecure.example")),
            allows: Arc::new(|system, root| match system {
                System::Git | System::Hg => Ok(()),
                _ => Err(Error::message(
                    ErrorKind::Other,
                    format!("no {} for {root}", system.name()),
                )),
            }),
            git_protocols: String::new(),
        };
        let ping: Ping = Arc::new(|_, url| Box::pin(async move { url.ends_with("there/r") }));
        (Discovery::new(pages.clone(), pages.clone(), rules, ping), pages)
    }

    fn shown(place: &Place) -> String {
        match place {
            Place::Proxy(url) => format!("proxy {url}"),
            Place::Repository(Repository { system, url, root, subdirectory }) => {
                format!("{} {url} {root} {subdirectory}", system.name()).trim_end().to_owned()
            }
        }
    }

    async fn find(pages: &[(&str, u16, String)], path: &str) -> String {
        match discovery(pages).0.find(path).await {
            Ok(place) => shown(&place),
            Err(err) => {
                assert_eq!(err.kind(), ErrorKind::NotFound);
                err.to_string()
            }
        }
    }

    #[tokio::test]
    async fn paths_that_tell_all() {
        for (path, want) in [
            ("github.com/u/r/x", "git https://github.com/u/r github.com/u/r"),
            (
                "chiselapp.com/user/u/repository/r",
                "no fossil for chiselapp.com/user/u/repository/r",
            ),
            (
                "there.example/there/r.git/x",
                "git https://there.example/there/r there.example/there/r.git",
            ),
            ("there.example/not/r.hg", "no secure protocol found for repository"),
            ("insecure.example/not/r.hg", "no protocol found for repository"),
            (
                "insecure.example/there/r.git",
                "git git://insecure.example/there/r insecure.example/there/r.git",
            ),
            ("example.com/r.svn", "no svn for example.com/r.svn"),
            ("example.net/x", "no modules on example.net"),
        ] {
            assert_eq!(find(&[], path).await, want, "{path}");
        }
    }

    #[tokio::test]
    async fn pages() {
        let url = "https://example.com/a?go-get=1";
        for (page, want) in [
            (
                tag("example.com/a git https://r.example.com/a"),
                "git https://r.example.com/a example.com/a",
            ),
            (
                tag("example.com/a git https://r.example.com/a b/c"),
                "git https://r.example.com/a example.com/a b/c",
            ),
            (tag("example.com/a mod https://p.example.com"), "proxy https://p.example.com"),
            (
                tag("example.com/a cvs https://r.example.com/a"),
                "https://example.com/a?go-get=1: unknown vcs \"cvs\"",
            ),
            (tag("example.com/a svn https://r.example.com/a"), "no svn for example.com/a"),
            (
                tag("example.com/a git file:///etc"),
                "https://example.com/a?go-get=1: invalid repo root \"file:///etc\": file scheme disallowed",
            ),
            (
                tag("example.com/a git r.example.com"),
                "https://example.com/a?go-get=1: invalid repo root \"r.example.com\": no scheme",
            ),
            (
                tag("example.com/a git https://r.example.com -x"),
                "https://example.com/a?go-get=1: invalid subdirectory \"-x\": leading hyphen",
            ),
            (
                tag("example.org/a git https://r.example.com"),
                "parse https://example.com/a?go-get=1: no go-import meta tags (meta tag example.org/a did not match import path example.com/a)",
            ),
            ("hello".into(), "parse https://example.com/a?go-get=1: no go-import meta tags ()"),
            ("<".into(), "parsing example.com/a: XML syntax error on line 1: unexpected EOF"),
            (
                tag("example.com/a git https://r.example.com")
                    + &tag("example.com/a hg https://r.example.com"),
                "git https://r.example.com example.com/a",
            ),
            (
                tag("example.com/a git https://r.example.com")
                    .replace("</head>", &tag("example.com hg https://r")),
                "parse //example.com/a?go-get=1: multiple meta tags match import path \"example.com/a\"",
            ),
        ] {
            let told = find(&[(url, 200, page.clone())], "example.com/a").await;
            let told =
                told.strip_prefix("unrecognized import path \"example.com/a\": ").unwrap_or(&told);
            assert_eq!(told, want, "{page}");
        }
        // Any status will do for a page that tells something.
        let page = tag("example.com/a git https://r.example.com/a");
        let told = find(&[(url, 404, page)], "example.com/a").await;
        assert_eq!(told, "git https://r.example.com/a example.com/a");
        let told = find(&[(url, 404, "no such\nthing <".into())], "example.com/a").await;
        assert_eq!(
            told,
            "unrecognized import path \"example.com/a\": reading https://example.com/a?go-get=1: \
             404 Whatever\n\tserver response:\n\tno such\n\tthing <"
        );
        assert_eq!(
            find(&[], "example.com/a").await,
            "unrecognized import path \"example.com/a\": https fetch: \
             Get \"https://example.com/a?go-get=1\": dial tcp: refused"
        );
        assert_eq!(
            find(&[], "a/b").await,
            "unrecognized import path \"a/b\": import path does not begin with hostname"
        );
    }

    #[tokio::test]
    async fn a_page_for_a_shorter_prefix_must_agree() {
        let urls = ["https://example.com/a/b?go-get=1", "https://example.com/a?go-get=1"];
        let good = tag("example.com/a git https://r.example.com");
        let other = tag("example.com/a git https://evil.example.com");
        let before = "unrecognized import path \"example.com/a/b\": ";
        for (page, want) in [
            (good.clone(), "git https://r.example.com example.com/a"),
            (
                other,
                "https://example.com/a/b?go-get=1 and //example.com/a?go-get=1 disagree about go-import for example.com/a",
            ),
            (
                String::new(),
                "fetching example.com/a: no go-import meta tag found in https://example.com/a?go-get=1",
            ),
            (
                "<".into(),
                "parsing https://example.com/a?go-get=1: XML syntax error on line 1: unexpected EOF",
            ),
        ] {
            let told =
                find(&[(urls[0], 200, good.clone()), (urls[1], 200, page)], "example.com/a/b")
                    .await;
            assert_eq!(told.strip_prefix(before).unwrap_or(&told), want);
        }
        let told = find(&[(urls[0], 200, good.clone())], "example.com/a/b").await;
        let want =
            "fetching example.com/a: Get \"https://example.com/a?go-get=1\": dial tcp: refused";
        assert_eq!(told.strip_prefix(before), Some(want));

        // One page for all paths below it.
        let all = [
            (urls[0], 200, good.clone()),
            (urls[1], 200, good.clone()),
            ("https://example.com/a/c?go-get=1", 200, good),
        ];
        let (discovery, pages) = discovery(&all);
        for path in ["example.com/a/b", "example.com/a/c", "example.com/a/b"] {
            assert_eq!(
                shown(&discovery.find(path).await.unwrap()),
                "git https://r.example.com example.com/a"
            );
        }
        assert_eq!(
            *pages.asked.lock().unwrap(),
            [urls[0], urls[1], "https://example.com/a/c?go-get=1"]
        );
    }

    #[tokio::test]
    async fn http_only_where_the_user_says_so() {
        let page = tag("insecure.example/a git http://r.example.com");
        let told =
            find(&[("http://insecure.example/a?go-get=1", 200, page)], "insecure.example/a").await;
        assert_eq!(told, "git http://r.example.com insecure.example/a");
        assert_eq!(
            find(&[], "insecure.example/a").await,
            "unrecognized import path \"insecure.example/a\": http/https fetch: \
             Get \"http://insecure.example/a?go-get=1\": dial tcp: refused"
        );
        let page = tag("example.com/a git http://r.example.com");
        let told = find(&[("http://example.com/a?go-get=1", 200, page)], "example.com/a").await;
        assert!(told.contains("https fetch"), "{told}");
    }

    #[tokio::test]
    async fn launchpad_where_its_page_says_nothing() {
        let told = find(&[], "launchpad.net/p/s").await;
        assert_eq!(told, "no bzr for launchpad.net/p");
        let probe = "https://code.launchpad.net/p/s/.bzr/branch-format";
        let told = find(&[(probe, 200, String::new())], "launchpad.net/p/s").await;
        assert_eq!(told, "no bzr for launchpad.net/p/s");
    }
}
