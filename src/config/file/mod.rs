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
//! projects = true                 # the routes of projects may lead there
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
//! - They lead to none but proxies that the user's GOPROXY leads to, and by no shorter way: what stands
//!   there behind a `,` can only be had behind the same `,`, that is, after the same proxy said "not found";
//!   it may be there to forbid something. The same goes for `direct`. Besides, they lead to a `[[proxy]]`
//!   of the user's with `projects = true`. A route that leads elsewhere is passed over, with a note.
//! - `choice`, `backup` and `weight` are not for it, for the same reason.
//! - There is no key for credentials, for what is checked, for which modules are private, or for
//!   anything to be sent or stored somewhere.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Explained;
use crate::config::goproxy::{Fallback, Proxy, ProxyEntry, ProxyList};
use crate::config::private::Private;
use crate::config::settings::Origin;
use crate::config::vars::TOOLCHAIN_MODULE;
use crate::spec::module::match_prefix_patterns;
use crate::sys::lock;

pub use parse::{FileError, ProxyTable, Route, SettingsFile};
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
                    "gomodfetch: {}:{}: route passed over: your own settings let no project lead to \
                     {unknown}",
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
        self.user.choice.unwrap_or_default()
    }

    /// What is said of a proxy.
    pub fn rules(&self, proxy: &Proxy) -> Rules {
        let key = key(proxy).unwrap_or_default();
        let of = |file: &SettingsFile| {
            let found = file.proxies.iter().find(|table| table.key == key);
            found.map(|table| table.rules.clone()).unwrap_or_default()
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
        all.map(|table| (&*table.key, self.rules(&table.proxy)))
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

/// Where the user lets the routes of projects lead.
struct Known<'a> {
    user: &'a SettingsFile,
    goproxy: &'a [ProxyEntry],
}

impl<'a> Known<'a> {
    fn new(user: &'a SettingsFile, goproxy: Option<&'a ProxyList>) -> Known<'a> {
        Known { user, goproxy: goproxy.map(ProxyList::entries).unwrap_or_default() }
    }

    /// The list with the addresses as the user wrote them; the entry that it must not lead to otherwise.
    fn list(&self, list: &ProxyList) -> Result<ProxyList, String> {
        // How many of the user's commas are behind us.
        let mut passed = 0;
        let mut entries = Vec::new();
        for entry in list.entries() {
            let (level, proxy, is_barrier) =
                self.find(&entry.proxy).ok_or_else(|| entry.proxy.to_string())?;
            if level > passed {
                return Err(entry.proxy.to_string());
            }
            if is_barrier && level == passed && entry.fallback == Fallback::NotFound {
                passed += 1;
            }
            entries.push(ProxyEntry { proxy, fallback: entry.fallback });
        }
        Ok(ProxyList::from_entries(entries))
    }

    /// An entry as the user wrote it: how many commas stand before it, and whether one stands right
    /// behind it.
    fn find(&self, proxy: &Proxy) -> Option<(usize, Proxy, bool)> {
        let wanted = key(proxy);
        let mut level = 0;
        // The first list is the one that matters: NoProxy stands before it, if it is there at all.
        for entry in self.goproxy.iter().filter(|entry| entry.proxy != Proxy::NoProxy) {
            let is_barrier = entry.fallback == Fallback::NotFound;
            let is_same = match wanted {
                Some(_) => key(&entry.proxy) == wanted,
                None => entry.proxy == *proxy,
            };
            if is_same {
                return Some((level, entry.proxy.clone(), is_barrier));
            }
            level += usize::from(is_barrier);
        }
        let mut open = self.user.proxies.iter().filter(|table| table.projects);
        let named = open.find(|table| wanted.as_ref() == Some(&table.key));
        match (proxy, named) {
            (Proxy::Off, _) => Some((0, Proxy::Off, false)),
            (_, Some(table)) => Some((0, table.proxy.clone(), false)),
            _ => None,
        }
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
