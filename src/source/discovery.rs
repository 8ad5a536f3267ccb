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
mod tests;
