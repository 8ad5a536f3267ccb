//! gomodfetch.toml: what there is to say of proxies beyond GOPROXY.
//!
//! None is needed. There may be one beside the go.mod (in a workspace the go.work) of the project, and
//! one of the user: `gomodfetch/gomodfetch.toml` in the user's configuration directory, or the file
//! that GOMODFETCH_CONFIG names; `GOMODFETCH_CONFIG=off` has neither read.
//!
//! ```toml
//! choice = "in-order"             # among proxies joined by `|`; or "fastest", "spread"
//!
//! [defaults]                      # for every proxy
//! retries = 4
//!
//! [[proxy]]                       # for one, more closely
//! url = "https://athens.example.com"
//! max_fails = 3
//! fail_timeout = "30s"
//! backup = true
//!
//! [[route]]                       # modules with a list of proxies of their own
//! match = "git.example.com/*"
//! goproxy = "https://athens.example.com,direct"
//! private = true                  # those that GONOPROXY names, too
//! ```
//!
//! The keys that a proxy can have are in [`rules`]. What is not known is an error that names the line.
//!
//! What is said of one proxy comes before what is said of all; the project's word comes before the user's.
//! But a project's file came with somebody's repository. So:
//!
//! - No limit (`requests_per_second`, `bytes_per_second`, `max_transfers`) is higher than the user's, and
//!   nothing is out of the bounds in [`rules`].
//! - Its routes come after the user's. They hold for no module that GOPRIVATE, GONOPROXY or GONOSUMDB
//!   names, none at all with GOSUMDB=off (what nothing vouches for comes from where the user says), nor
//!   for Go's own toolchains; and there is no `private` in them.
//! - They lead to none but proxies that the user named: in GOPROXY, in a route, as a `[[proxy]]`. The same
//!   goes for `direct`. A route that leads elsewhere is passed over, with a note.
//! - There is no key for credentials, for what is checked, for which modules are private, or for
//!   anything to be sent or stored somewhere.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Explained;
use crate::config::goproxy::{Proxy, ProxyEntry, ProxyList};
use crate::config::private::Private;
use crate::config::settings::Origin;
use crate::config::vars::TOOLCHAIN_MODULE;
use crate::spec::module::match_prefix_patterns;
use crate::sys::lock;

pub use parse::{FileError, Route, SettingsFile};
pub use rules::Rules;

mod parse;
pub mod rules;

/// The name of the file.
pub const NAME: &str = "gomodfetch.toml";

/// The largest file that is read.
const MAX_FILE: u64 = 64 << 10;

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The user's own.
    User,
    /// The project's, which somebody else may have written.
    Project,
}

/// How one of several proxies joined by `|` is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// In the order in which they stand.
    #[default]
    InOrder,
    /// The fastest first, as far as it is remembered how fast they were.
    Fastest,
    /// Each module has a proxy of its own, and the proxies get as many as their weights say.
    Spread,
}

impl Choice {
    /// The choice of this name.
    fn parse(text: &str) -> Option<Choice> {
        [Choice::InOrder, Choice::Fastest, Choice::Spread]
            .into_iter()
            .find(|choice| choice.to_string() == text)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Choice::InOrder => "in-order",
            Choice::Fastest => "fastest",
            Choice::Spread => "spread",
        })
    }
}

/// What both files say together.
#[derive(Clone, Debug, Default)]
pub struct Files {
    project: SettingsFile,
    user: SettingsFile,
    routes: Vec<(Whose, Route)>,
    notes: Vec<String>,
    explained: Vec<Explained>,
}

impl Files {
    /// Reads the file of the user and that of the project, as far as they are there; `goproxy` is what
    /// the user's GOPROXY says.
    ///
    /// # Errors
    /// When one can't be read or understood.
    pub fn read(
        user: Option<&Path>,
        project: Option<&Path>,
        goproxy: Option<&ProxyList>,
    ) -> Result<Files, FileError> {
        let read = |path: Option<&Path>, whose| match path {
            None => Ok(SettingsFile::default()),
            Some(path) => match lock::read_any(path, MAX_FILE) {
                Ok(data) => SettingsFile::parse(path, &data, whose),
                Err(err) if err.is_not_found() => Ok(SettingsFile::default()),
                Err(err) => Err(err.into()),
            },
        };
        let own = read(user, Whose::User)?;
        let theirs = read(project, Whose::Project)?;
        let mut files = Files::new(own, theirs, goproxy, project.unwrap_or(Path::new(NAME)));
        for (path, file) in [(project, &files.project), (user, &files.user)] {
            let path = path.unwrap_or(Path::new(NAME));
            let told = file.told.iter().map(|(name, value, line)| Explained {
                name: name.clone().into(),
                value: value.clone(),
                origin: Origin::Line(path.to_owned(), *line),
                doc: "See gomodfetch.toml in the manual.",
            });
            files.explained.extend(told);
        }
        Ok(files)
    }

    fn new(
        user: SettingsFile,
        project: SettingsFile,
        goproxy: Option<&ProxyList>,
        project_path: &Path,
    ) -> Files {
        let mut routes: Vec<_> =
            user.routes.iter().map(|route| (Whose::User, route.clone())).collect();
        let mut notes = Vec::new();
        let known = Known::new(&user, goproxy);
        for route in &project.routes {
            match known.list(&route.list) {
                Ok(list) => routes.push((Whose::Project, Route { list, ..route.clone() })),
                Err(unknown) => notes.push(format!(
                    "gomodfetch: {}:{}: route passed over: your own settings do not name {unknown}",
                    project_path.display(),
                    route.line
                )),
            }
        }
        Files { project, user, routes, notes, explained: Vec::new() }
    }

    /// The routes, in the order in which the first that matches is taken.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &Route> {
        self.routes.iter().map(|(_, route)| route)
    }

    /// The route of a module, by its number in [`Files::routes`]; none where GOPROXY holds. `is_checked`
    /// is whether the checksum database must know what go.sum doesn't.
    pub fn route_of(&self, module: &str, private: &Private, is_checked: bool) -> Option<usize> {
        let is_ours = private.is_private(module) || !is_checked || module == TOOLCHAIN_MODULE;
        let avoids = private.bypasses_proxies(module);
        self.routes.iter().position(|(whose, route)| {
            let may = match whose {
                Whose::User => route.private || !avoids,
                Whose::Project => !is_ours && !avoids,
            };
            may && match_prefix_patterns(&route.patterns, module)
        })
    }

    /// How one of several proxies joined by `|` is chosen.
    pub fn choice(&self) -> Choice {
        self.project.choice.or(self.user.choice).unwrap_or_default()
    }

    /// What is said of a proxy.
    pub fn rules(&self, proxy: &Proxy) -> Rules {
        let key = key(proxy).unwrap_or_default();
        let of = |file: &SettingsFile| {
            let found = file.proxies.iter().find(|(known, ..)| *known == key);
            found.map(|(.., rules)| rules.clone()).unwrap_or_default()
        };
        let (theirs, own) = (of(&self.project), of(&self.user));
        let both = theirs.or(&own).or(&self.project.defaults).or(&self.user.defaults);
        both.within(&own.or(&self.user.defaults)).within(&theirs.or(&self.project.defaults))
    }

    /// What is said of all proxies of which nothing else is said.
    pub fn rules_of_others(&self) -> Rules {
        let (theirs, own) = (&self.project.defaults, &self.user.defaults);
        theirs.or(own).within(own)
    }

    /// The addresses of proxies of which something is said, with what holds for them.
    pub fn proxies(&self) -> impl Iterator<Item = (&str, Rules)> {
        let all = self.project.proxies.iter().chain(&self.user.proxies);
        all.map(|(address, proxy, _)| (&**address, self.rules(proxy)))
    }

    /// What a person should know of these files.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Each value that is set, with its place.
    pub fn explain(&self) -> &[Explained] {
        &self.explained
    }
}

/// The proxies that the user named.
struct Known<'a> {
    entries: Vec<&'a Proxy>,
}

impl<'a> Known<'a> {
    fn new(user: &'a SettingsFile, goproxy: Option<&'a ProxyList>) -> Known<'a> {
        // GOPROXY first, since its addresses may hold credentials.
        let lists = goproxy.into_iter().chain(user.routes.iter().map(|route| &route.list));
        let listed = lists.flat_map(|list| list.entries()).map(|entry| &entry.proxy);
        Known { entries: listed.chain(user.proxies.iter().map(|(_, proxy, _)| proxy)).collect() }
    }

    /// The list with the addresses as the user wrote them; what the user did not name otherwise.
    fn list(&self, list: &ProxyList) -> Result<ProxyList, String> {
        let entries = list.entries().iter().map(|entry| {
            let known = match &entry.proxy {
                Proxy::Off => Some(Proxy::Off),
                Proxy::Url(_) => {
                    let wanted = key(&entry.proxy);
                    self.entries.iter().find(|known| key(known) == wanted).map(|p| (*p).clone())
                }
                other => self.entries.contains(&other).then(|| other.clone()),
            };
            let proxy = known.ok_or_else(|| entry.proxy.to_string())?;
            Ok(ProxyEntry { proxy, fallback: entry.fallback })
        });
        Ok(ProxyList::from_entries(entries.collect::<Result<_, String>>()?))
    }
}

/// What tells one proxy from another: its address without credentials, and without a slash at its end.
/// None for what is no address.
pub fn key(proxy: &Proxy) -> Option<String> {
    let Proxy::Url(url) = proxy else { return None };
    Some(address(url.secret()))
}

/// The same of an address.
pub fn address(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

/// The file of the user: what GOMODFETCH_CONFIG names, else the one in the configuration directory.
pub fn user_file(named: Option<&Path>, config_dir: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()),
        None => Some(config_dir?.join("gomodfetch").join(NAME)),
    }
}

#[cfg(test)]
mod tests;
